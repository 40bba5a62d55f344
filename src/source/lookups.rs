//! Lookups: tables read once before the first row, keys asked for many at a time.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::fetch::{Item, fetch};
use super::{Context, SourceError, files};
use crate::columns::LookupTables;
use crate::plan::lookup::{LookupKind, LookupPlan};
use crate::plan::source::CONCURRENCY;
use crate::spec::LogLevel;
use crate::spec::source::StepOnError;
use crate::template::{Frame, Value, text_of};

/// The lookups of a run.
#[derive(Clone)]
pub struct Lookups {
    context: Context,
    tables: Arc<LookupTables>,
}

impl Lookups {
    /// Lookups whose records go into these tables.
    pub fn new(context: Context, tables: &Arc<LookupTables>) -> Self {
        Self {
            context,
            tables: Arc::clone(tables),
        }
    }

    /// Reads those that are read once. The others begin with nothing.
    pub async fn prepare(&self) -> Result<(), SourceError> {
        for (index, plan) in self.tables.plans().iter().enumerate() {
            if plan.batch.is_none() {
                let read = self.read(plan, &self.context.base);
                let records = Box::pin(self.skipping(plan, read)).await?;
                self.tables.fill(index, &[], records);
            }
        }
        Ok(())
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
            self.tables.fill(index, keys, records);
        }
        Ok(())
    }

    /// `on_error: skip`: keys are left without a match, which is logged.
    async fn skipping(
        &self,
        plan: &LookupPlan,
        read: impl Future<Output = Result<Vec<(String, Value)>, SourceError>>,
    ) -> Result<Vec<(String, Value)>, SourceError> {
        match read.await {
            Err(error) if plan.on_error == StepOnError::Skip && error.can_be_skipped() => {
                let message = format!("{error}. What was looked up stays without a match");
                self.context
                    .api
                    .log(LogLevel::Warning, &message, None)
                    .await;
                Ok(Vec::new())
            }
            read => read,
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
