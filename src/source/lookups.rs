//! Lookups: tables read once before the first row, keys asked for many at a time.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::fetch::{Item, fetch};
use super::{Context, SourceError, files};
use crate::clock;
use crate::columns::LookupTables;
use crate::digest::{Hash, hex};
use crate::plan::lookup::{CachePlan, LookupKind, LookupPlan};
use crate::plan::source::CONCURRENCY;
use crate::spec::LogLevel;
use crate::spec::source::StepOnError;
use crate::state::{Asker, BYTES_KEPT, KEYS_KEPT};
use crate::template::{Frame, Value, text_of};

/// The lookups of a run.
#[derive(Clone)]
pub struct Lookups {
    context: Context,
    tables: Arc<LookupTables>,
    /// A hash of the options by which they ask; nothing where nothing is remembered.
    options: Option<Arc<str>>,
}

impl Lookups {
    /// Lookups whose records go into these tables. With `options` they remember what their `cache` says.
    pub fn new(context: Context, tables: &Arc<LookupTables>, options: Option<Arc<str>>) -> Self {
        Self {
            context,
            tables: Arc::clone(tables),
            options,
        }
    }

    /// Reads those that are read once. The others begin with what is remembered.
    pub async fn prepare(&self) -> Result<(), SourceError> {
        let plans = self.tables.plans();
        if self.options.is_some() {
            let known: Vec<&str> = plans.iter().map(|plan| &*plan.name).collect();
            self.context.state.forget_lookups_but(&known);
        }
        for (index, plan) in plans.iter().enumerate() {
            if self.remember(index, plan) {
                continue;
            }
            if plan.batch.is_none() {
                let read = self.read(plan, &self.context.base);
                let records = Box::pin(self.skipping(plan, read)).await?;
                if let Some(records) = records {
                    self.keep(plan, &[], &records).await;
                    self.tables.fill(index, &[], records);
                }
            }
        }
        Ok(())
    }

    /// Takes what is remembered; whether that is all there is.
    fn remember(&self, index: usize, plan: &LookupPlan) -> bool {
        let (Some(cache), Some(asked)) = (&plan.cache, self.asked(plan)) else {
            return false;
        };
        let lasts = i64::try_from(cache.lasts.as_secs()).unwrap_or(i64::MAX);
        let since = clock::now().as_second().saturating_sub(lasts);
        let asker = Asker {
            lookup: &plan.name,
            asked: &asked,
        };
        let found = self.context.state.found(asker, since);
        let keys = found.records.iter().map(|(key, _)| key.clone());
        let keys: Vec<String> = keys.collect();
        if !keys.is_empty() {
            self.context.observations.has_some(&plan.label);
            self.tables.fill(index, &keys, found.records);
        }
        found.is_whole
    }

    /// Keeps what was found for runs to come: records of these keys, or all there are.
    async fn keep(&self, plan: &LookupPlan, keys: &[String], records: &[(String, Value)]) {
        let Some(asked) = self.asked(plan) else {
            return;
        };
        let mut found: HashMap<String, Vec<Value>> = HashMap::new();
        for (key, record) in records {
            if plan.batch.is_none() || keys.contains(key) {
                found.entry(key.clone()).or_default().push(record.clone());
            }
        }
        if found.is_empty() {
            return;
        }
        let asker = Asker {
            lookup: &plan.name,
            asked: &asked,
        };
        let (now, is_whole) = (clock::now().as_second(), plan.batch.is_none());
        let state = &self.context.state;
        if !state.note_found(asker, now, is_whole, found) {
            let most = BYTES_KEPT / 1024 / 1024;
            let message = format!(
                "`cache` keeps {KEYS_KEPT} keys and {most} MB at most, and this is more: the next run asks for the rest again"
            );
            self.context
                .warn_once(&plan.label, "cache is full", &message)
                .await;
        }
    }

    /// By what a lookup asks, where it remembers.
    fn asked(&self, plan: &LookupPlan) -> Option<String> {
        let CachePlan { spec, .. } = plan.cache.as_ref()?;
        let options = self.options.as_ref()?;
        let asked = format!("{spec} {options}");
        Some(hex(&Hash::Sha256.digest(asked.as_bytes())))
    }

    /// Asks for what the rows at hand need: lookups in turn, since one may need what another found.
    /// `keys` gives the keys of a lookup.
    pub async fn ask(&self, mut keys: impl FnMut(usize) -> Vec<String>) -> Result<(), SourceError> {
        let plans = self.tables.plans();
        for (index, plan) in plans.iter().enumerate() {
            self.tables.set_ready(index);
            if let Some(batch) = plan.batch {
                let missing = self.tables.missing(index, keys(index));
                self.ask_one(index, plan, batch, &missing).await?;
            }
        }
        self.tables.set_ready(plans.len());
        Ok(())
    }

    async fn ask_one(
        &self,
        index: usize,
        plan: &Arc<LookupPlan>,
        batch: usize,
        keys: &[String],
    ) -> Result<(), SourceError> {
        let asked = stream::iter(keys.chunks(batch)).map(|keys| async move {
            let list: Vec<Value> = keys.iter().map(|key| Value::from(key.as_str())).collect();
            let first = list.first().cloned().unwrap_or_default();
            let frame = Frame::on(&self.context.base)
                .with("key", first)
                .with("keys", Value::from(list));
            let frame = Arc::new(frame);
            let read = self.read(plan, &frame);
            let records = Box::pin(self.skipping(plan, read)).await?;
            Ok::<_, SourceError>((keys, records))
        });
        let mut asked = asked.buffered(CONCURRENCY);
        while let Some((keys, records)) = asked.try_next().await? {
            if let Some(records) = &records {
                self.keep(plan, keys, records).await;
            }
            self.tables.fill(index, keys, records.unwrap_or_default());
        }
        Ok(())
    }

    /// `on_error: skip`: keys are left without a match, which is logged. Then nothing is known of them.
    async fn skipping(
        &self,
        plan: &LookupPlan,
        read: impl Future<Output = Result<Vec<(String, Value)>, SourceError>>,
    ) -> Result<Option<Vec<(String, Value)>>, SourceError> {
        match read.await {
            Err(error) if plan.on_error == StepOnError::Skip && error.can_be_skipped() => {
                let message = format!("{error}. What was looked up stays without a match");
                self.context
                    .api
                    .log(LogLevel::Warning, &message, None)
                    .await;
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// The records of a lookup, each with its key.
    async fn read(
        &self,
        plan: &LookupPlan,
        frame: &Arc<Frame>,
    ) -> Result<Vec<(String, Value)>, SourceError> {
        let context = &self.context;
        let mut records = Vec::new();
        let mut add = |record: Value| -> Result<(), SourceError> {
            let seen = Frame::on(&context.base).with("record", record.clone());
            let key = plan
                .key
                .value(&Arc::new(seen))
                .map_err(|error| SourceError::of_template(&plan.label, error))?;
            let key = text_of(&key).into_owned();
            if !key.is_empty() {
                records.push((key, record));
            }
            Ok(())
        };
        match &plan.kind {
            LookupKind::Rows(rows) => {
                for row in rows {
                    let row = row
                        .value(frame)
                        .map_err(|error| SourceError::of_template(&plan.label, error))?;
                    add(row)?;
                }
            }
            LookupKind::File(file) => {
                let mut give = async |record| add(record);
                files::read(context, &plan.label, file, frame, &mut give).await?;
            }
            LookupKind::Request(request) => {
                let mut give = async |given: Item<'_>| match given {
                    Item::Record(record, _) => add(record),
                    Item::PageOver => Ok(()),
                };
                fetch(context, request, frame, &mut give).await?;
            }
        }
        Ok(records)
    }
}
