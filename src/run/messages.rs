//! `log` and `notify` as the run goes.

use std::sync::Arc;

use super::Run;
use super::error::RunError;
use crate::columns::Chunk;
use crate::plan::LogRule;
use crate::row::{Batch, row_value};
use crate::spec::{LogAt, LogLevel, NotifyAt};
use crate::template::{Frame, TemplateError, Value, json};

impl Run {
    /// Logs what is due at this moment. A message that can't be worked out is logged as a warning.
    pub(super) async fn log(&self, at: LogAt, rules: &[LogRule], frame: &Arc<Frame>) {
        for rule in rules.iter().filter(|rule| rule.at == at) {
            match message(rule, frame) {
                Ok(None) => {}
                Ok(Some((message, context))) => {
                    self.api.log(rule.level, &message, Some(&context)).await;
                }
                Err(error) => {
                    let message = format!("a log message at {} failed: {error}", at.word());
                    self.api.log(LogLevel::Warning, &message, None).await;
                }
            }
        }
    }

    /// Sends what is due at this moment.
    pub(super) async fn notify(&self, at: NotifyAt, frame: &Arc<Frame>) {
        for rule in self.plan.notify.iter().filter(|rule| rule.at == at) {
            match rule.message.text(frame) {
                Ok(message) => self.api.notify(rule.kind, &message).await,
                Err(error) => {
                    let message = format!("a notification failed: {error}");
                    self.api.log(LogLevel::Warning, &message, None).await
                }
            };
        }
    }

    /// Whether anything is logged at a moment.
    pub(super) fn logs_at(&self, at: LogAt, entry: &[LogRule]) -> bool {
        self.plan.log.iter().chain(entry).any(|rule| rule.at == at)
    }

    /// Logs rows and the batch, once what became of them is known.
    pub(super) async fn log_chunk(
        &self,
        chunk: &Chunk,
        number: u64,
        entry: &[LogRule],
        base: &Arc<Frame>,
    ) -> Result<(), RunError> {
        self.log_rows(chunk, 0..chunk.rows.len(), entry, base)
            .await?;
        if self.logs_at(LogAt::Batch, entry) {
            let rows = chunk.rows.batch().map_err(|_| RunError::Bug)?;
            let rows = (0..rows.len()).map(|index| row_value(&rows, index));
            self.log_batch(rows.collect(), number, entry, base).await;
        }
        Ok(())
    }

    /// Logs rows of a chunk.
    pub(super) async fn log_rows(
        &self,
        chunk: &Chunk,
        places: impl IntoIterator<Item = usize>,
        entry: &[LogRule],
        base: &Arc<Frame>,
    ) -> Result<(), RunError> {
        if !self.logs_at(LogAt::Row, entry) {
            return Ok(());
        }
        let rows = chunk.rows.batch().map_err(|_| RunError::Bug)?;
        for index in places {
            let frame = outcome_frame(chunk, &rows, index, base);
            self.log(LogAt::Row, entry, &frame).await;
            self.log(LogAt::Row, &self.plan.log, &frame).await;
        }
        Ok(())
    }

    /// Logs a batch.
    pub(super) async fn log_batch(
        &self,
        rows: Vec<Value>,
        number: u64,
        entry: &[LogRule],
        base: &Arc<Frame>,
    ) {
        let frame = batch_frame(base, rows, number);
        self.log(LogAt::Batch, entry, &frame).await;
        self.log(LogAt::Batch, &self.plan.log, &frame).await;
    }
}

/// What `log` at `batch` sees.
pub(super) fn batch_frame(base: &Arc<Frame>, rows: Vec<Value>, number: u64) -> Arc<Frame> {
    let batch = Value::from_pairs([
        ("number", Value::from(number)),
        ("size", Value::from(rows.len())),
    ]);
    let frame = Frame::on(base)
        .with("rows", Value::from(rows))
        .with("batch", batch);
    Arc::new(frame)
}

/// What `feedback` and `log` at `row` see: the finished row, its outcome, what its mapping saw and what
/// the channel answered.
pub(super) fn outcome_frame(
    chunk: &Chunk,
    rows: &Arc<Batch>,
    index: usize,
    base: &Arc<Frame>,
) -> Arc<Frame> {
    let frame = finished_frame(chunk, rows, index, base);
    Arc::new(frame.with("outcome", chunk.outcomes[index].to_value()))
}

/// What is seen of a finished row: itself, and what its mapping saw.
pub(super) fn finished_frame(
    chunk: &Chunk,
    rows: &Arc<Batch>,
    index: usize,
    base: &Arc<Frame>,
) -> Frame {
    let below = chunk.frames.get(index).unwrap_or(base);
    Frame::on(below)
        .with("run", base.get("run").unwrap_or_default())
        .with("row", row_value(rows, index))
}

/// A message and its context.
pub(super) type Message = (String, serde_json::Map<String, serde_json::Value>);

pub(super) fn message(
    rule: &LogRule,
    frame: &Arc<Frame>,
) -> Result<Option<Message>, TemplateError> {
    if let Some(when) = &rule.when {
        if !when.holds(frame)? {
            return Ok(None);
        }
    }
    let mut context = serde_json::Map::new();
    for (name, template) in &rule.context {
        let value = template.value(frame)?;
        if value.is_undefined() {
            continue;
        }
        let mut text = Vec::new();
        json::write(&value, &mut text);
        let value = serde_json::from_slice(&text).unwrap_or(serde_json::Value::Null);
        context.insert(name.to_string(), value);
    }
    Ok(Some((rule.message.text(frame)?, context)))
}
