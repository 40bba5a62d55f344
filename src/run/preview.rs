//! The first rows, without writing any: the same reading and mapping as in a run.

use std::sync::Arc;

use super::dispatch::Incoming;
use super::file_dispatch::FileDispatch;
use super::messages::finished_frame;
use super::{Run, RunError, RunInput};
use crate::columns::{Mapped, Mapper, Status};
use crate::container_api::{Handed, InputReader, InputType};
use crate::http::{Rehearsed, Trace, TraceEntry};
use crate::plan::around::AroundPlan;
use crate::plan::target::{TargetKind, TargetPlan};
use crate::plan::{EntryPlan, Plan};
use crate::row::Scanner;
use crate::source::Records;
use crate::spec::{Mode, OnError};
use crate::target::{AroundError, BatchSender, Gatherer, in_turn};
use crate::template::{Frame, json};

/// Where `where` leaves rows out, so many more records are looked at.
const LOOKED_AT: u64 = 10_000;

/// The first rows, and where they come from. Secrets are hidden.
#[derive(Debug, Default)]
pub struct Preview {
    /// The rows.
    pub rows: Vec<PreviewRow>,
    /// Records or rows that were read.
    pub read: u64,
    /// Rows that could not be mapped.
    pub errors: Vec<String>,
    /// Where records were looked for in vain.
    pub looked: Vec<String>,
    /// Columns that were empty in every row.
    pub empty: Vec<String>,
    /// Requests and their answers.
    pub requests: Vec<TraceEntry>,
    /// What an export would send for these rows.
    pub sendings: Vec<Sending>,
    /// Why it broke off.
    pub failure: Option<String>,
}

/// What an export would send for some of the rows.
#[derive(Debug)]
pub struct Sending {
    /// The rows, by their numbers in the preview, from 1; none where it is a file of all.
    pub rows: Vec<usize>,
    /// The requests, in turn.
    pub requests: Vec<Rehearsed>,
    /// Why nothing is sent, or what is wrong.
    pub note: Option<String>,
}

/// A row.
#[derive(Debug)]
pub struct PreviewRow {
    /// Its columns.
    pub cells: Vec<(String, String)>,
    /// The record, or the row, that it came from, as JSON.
    pub record: String,
}

/// Reads and maps the first `limit` records or rows.
pub async fn preview(plan: Arc<Plan>, given: RunInput<'_>, limit: u32) -> Preview {
    let trace = Arc::new(Trace::default());
    let mut preview = Preview::default();
    let run = match Run::new(plan, given, Some(Arc::clone(&trace))) {
        Ok(run) => run,
        Err((run, error)) => {
            preview.failure = Some(run.api.redacted(&error.to_string()));
            return preview;
        }
    };
    if let Err(error) = run.first_rows(limit, &mut preview).await {
        preview.failure = Some(error.to_string());
    }
    preview.requests = trace.entries();
    run.hide_in(&mut preview);
    preview
}

impl Run {
    async fn first_rows(&self, limit: u32, preview: &mut Preview) -> Result<(), RunError> {
        let mut mapper =
            Mapper::new(Arc::clone(&self.plan), &self.base, self.api.spare())?.going_on();
        if self.plan.mode == Mode::DataSource {
            Box::pin(self.first_records(u64::from(limit), &mut mapper, preview)).await?;
        } else {
            if self.plan.entries.is_empty() {
                mapper = mapper.on(&self.base);
                let input = InputType::Input;
                Box::pin(self.first_of_input(input, limit, &mut mapper, preview)).await?;
            }
            let base_of_all = self.before(&self.plan.around, &self.base).await?;
            self.note_around(preview);
            for entry in &self.plan.entries {
                let (kind, base) = Self::of_entry(entry, &base_of_all);
                let base = self.before(&entry.around, &base).await?;
                self.note_around(preview);
                mapper = mapper.on(&base);
                let before = preview.rows.len();
                let looking = self.first_of_input(kind, limit, &mut mapper, preview);
                let mapped = Box::pin(looking).await?;
                if let (Some(mapped), Some(target)) = (mapped, &entry.target) {
                    Box::pin(self.rehearse(entry, target, &base, mapped, before, preview)).await?;
                }
                self.rehearse_after(&entry.around, &base, preview).await;
            }
            self.rehearse_after(&self.plan.around, &base_of_all, preview)
                .await;
        }
        if !preview.errors.is_empty() && self.plan.on_error == OnError::Fail {
            let why = "a row can't be mapped, and the spec ends a run there: on_error: skip leaves such rows out";
            preview.failure = Some(why.to_owned());
        }
        if !preview.rows.is_empty() {
            preview.empty = mapper.empty_columns();
            let missing = mapper.missing_columns().into_iter();
            preview
                .empty
                .extend(missing.map(|missing| missing.sentence));
        }
        Ok(())
    }

    async fn first_records(
        &self,
        limit: u64,
        mapper: &mut Mapper,
        preview: &mut Preview,
    ) -> Result<(), RunError> {
        let context = crate::source::Context {
            is_frugal: true,
            ..self.context()
        };
        let lookups = self.lookups(mapper).await?;
        let mut records = Records::start(&context, &self.plan.source);
        let mut stop = self.api.stop().clone();
        while (preview.rows.len() as u64) < limit && preview.read < limit + LOOKED_AT {
            let next = tokio::select! {
                biased;
                () = stop.stopped() => {
                    records.wind_down().await;
                    return Err(RunError::Stopped);
                }
                next = records.next() => next,
            };
            let Some(mut chunk) = next? else { break };
            chunk.retain(|seen| !seen.is_root);
            if let Some(lookups) = &lookups {
                let keys = |lookup| {
                    let records = chunk.iter().map(|seen| (&seen.record, &seen.frame));
                    mapper.keys_of_records(records, lookup)
                };
                lookups.ask(keys).await?;
            }
            for seen in chunk {
                preview.read += 1;
                self.counters.add_taken(1);
                let early = mapper.map_record(&seen.record, &seen.frame)?;
                let mut text = Vec::new();
                json::write(&seen.record, &mut text);
                let record = String::from_utf8_lossy(&text).into_owned();
                let rest = mapper.finish()?;
                for mapped in early.into_iter().chain([rest]) {
                    add(preview, &mapped, std::slice::from_ref(&record));
                }
                if preview.rows.len() as u64 >= limit {
                    preview
                        .rows
                        .truncate(usize::try_from(limit).unwrap_or(usize::MAX));
                    break;
                }
            }
        }
        preview.looked = context.observations.sentences();
        if preview.read > 0 {
            preview.looked.clear();
        }
        Ok(())
    }

    async fn first_of_input(
        &self,
        kind: InputType,
        limit: u32,
        mapper: &mut Mapper,
        preview: &mut Preview,
    ) -> Result<Option<Mapped>, RunError> {
        let lookups = self.lookups(mapper).await?;
        let mut reader = InputReader::new(self.api.clone(), kind, &self.plan.input, limit);
        let Some(handed) = reader.next().await? else {
            return Ok(None);
        };
        let mut scanner = Scanner::default();
        let batch = match handed {
            Handed::Rows(batch) => batch,
            Handed::Unread(unread) => match unread.scan(&mut scanner) {
                Some(batch) => batch,
                None => return Ok(None),
            },
        };
        if let Some(lookups) = &lookups {
            lookups
                .ask(|lookup| mapper.keys_of_batch(&batch, lookup))
                .await?;
        }
        preview.read += batch.len() as u64;
        self.counters.add_taken(batch.len() as u64);
        let mapped = mapper.map_batch(&batch)?;
        let records: Vec<String> = batch.rows().map(|row| row.json().to_owned()).collect();
        // Where rows are left out or split, nobody knows which came from which.
        let is_one_to_one = records.len() as u64
            == mapped
                .chunks
                .iter()
                .map(|chunk| chunk.rows.len() as u64)
                .sum::<u64>();
        add(preview, &mapped, if is_one_to_one { &records } else { &[] });
        Ok(Some(mapped))
    }

    /// Whatever the rows come to, which nobody knows yet.
    async fn rehearse_after(&self, around: &AroundPlan, base: &Arc<Frame>, preview: &mut Preview) {
        if let Err(AroundError::Failed(reason)) =
            in_turn(&self.context(), &around.after, base).await
        {
            preview.errors.push(reason);
        }
        self.note_around(preview);
    }

    /// Requests around a target, which are of no row.
    fn note_around(&self, preview: &mut Preview) {
        let requests = self.http.rehearsal().map(|rehearsal| rehearsal.take());
        let requests = requests.unwrap_or_default();
        if !requests.is_empty() {
            preview.sendings.push(Sending {
                rows: Vec::new(),
                requests,
                note: None,
            });
        }
    }

    /// What would be sent for rows; `before` of them stand in the preview already.
    async fn rehearse(
        &self,
        entry: &EntryPlan,
        target: &Arc<TargetPlan>,
        base: &Arc<Frame>,
        mapped: Mapped,
        before: usize,
        preview: &mut Preview,
    ) -> Result<(), RunError> {
        let Some(rehearsal) = self.http.rehearsal() else {
            return Ok(());
        };
        if matches!(target.kind, TargetKind::File(_)) {
            let mut rows = 0;
            let dispatch = FileDispatch::new(self, entry, target, base, &mut rows)?;
            let (to, from) = tokio::sync::mpsc::channel(2);
            // There is room for both.
            let _ = to.send(Incoming::Rows(mapped)).await;
            let _ = to.send(Incoming::End).await;
            drop(to);
            Box::pin(dispatch.run(from)).await?;
            preview.sendings.push(Sending {
                rows: Vec::new(),
                requests: rehearsal.take(),
                note: None,
            });
            return Ok(());
        }
        let sender = BatchSender::new(target, self.context(), base, &self.counters);
        let mut gatherer = Gatherer::new(target, &self.counters);
        let mut place = 0;
        for chunk in &mapped.chunks {
            let rows = chunk.rows.batch().map_err(|_| RunError::Bug)?;
            for (index, outcome) in chunk.outcomes.iter().enumerate() {
                place += 1;
                let notes = if outcome.status == Status::Ok {
                    let frame = Arc::new(finished_frame(chunk, &rows, index, base));
                    gatherer.add(place, frame)
                } else {
                    let reason = outcome.message.clone().unwrap_or_default();
                    vec![(place, format!("{}: {reason}", outcome.status.word()))]
                };
                for (place, note) in notes {
                    let number = usize::try_from(place).unwrap_or_default();
                    preview.sendings.push(Sending {
                        rows: vec![before + number],
                        requests: Vec::new(),
                        note: Some(note),
                    });
                }
            }
        }
        gatherer.flush();
        while let Some(unit) = gatherer.ready().pop_front() {
            let places = unit.parcels.iter().map(|parcel| parcel.place);
            let rows = places.filter_map(|place| usize::try_from(place).ok());
            let rows = rows.map(|place| before + place).collect();
            let sent = sender.send(unit).await;
            let failed = sent
                .told
                .into_iter()
                .find(|told| told.outcome.status != Status::Ok);
            preview.sendings.push(Sending {
                rows,
                requests: rehearsal.take(),
                note: failed.and_then(|told| told.outcome.message),
            });
        }
        preview
            .sendings
            .sort_by_key(|sending| sending.rows.first().copied());
        Ok(())
    }

    fn hide_in(&self, preview: &mut Preview) {
        let hide = |text: &mut String| *text = self.api.redacted(text);
        for row in &mut preview.rows {
            hide(&mut row.record);
            for (name, text) in &mut row.cells {
                hide(name);
                hide(text);
            }
        }
        let sentences = preview.errors.iter_mut().chain(&mut preview.looked);
        sentences.chain(&mut preview.empty).for_each(hide);
        let notes = preview.sendings.iter_mut();
        notes
            .filter_map(|sending| sending.note.as_mut())
            .for_each(hide);
        preview.failure.iter_mut().for_each(hide);
        for entry in &mut preview.requests {
            hide(&mut entry.request);
            hide(&mut entry.answer);
            entry.body.iter_mut().for_each(hide);
            entry.headers.iter_mut().for_each(|(_, value)| hide(value));
        }
    }
}

/// Adds finished rows; `records` are those they came from, one for all or one for each.
fn add(preview: &mut Preview, mapped: &Mapped, records: &[String]) {
    preview
        .errors
        .extend(mapped.errors.iter().map(ToString::to_string));
    for chunk in &mapped.chunks {
        let Ok(batch) = chunk.rows.batch() else {
            continue;
        };
        for (number, row) in batch.rows().enumerate() {
            let record = records.get(number).or(records.first());
            let cells =
                (0..row.len()).map(|cell| (row.name(cell).to_owned(), row.text(cell).into_owned()));
            preview.rows.push(PreviewRow {
                cells: cells.collect(),
                record: record.cloned().unwrap_or_default(),
            });
        }
    }
}
