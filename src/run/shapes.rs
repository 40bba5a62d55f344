//! What records and answers look like on a tape: for the check of templates.

use std::sync::Arc;

use super::{Run, RunInput};
use crate::plan::Plan;
use crate::source::Records;
use crate::spec::Mode;
use crate::tape::Tape;
use crate::template::shapes::Shapes;
use crate::template::{Value, json};

/// More records than these tell nothing new.
const ENOUGH: u64 = 2_000;

/// The shapes of `record`, of each of the steps by its name, of `response` and of `row`. What can't be replayed is
/// left out, and why it can't be is told.
pub async fn shapes(
    plan: Arc<Plan>,
    tape: &Tape,
    given: RunInput<'_>,
    steps: &[String],
) -> (Shapes, Option<String>) {
    let mut shapes = Shapes::new();
    let bodies = tape.exchanges.iter().map(|exchange| &exchange.answer);
    for answer in bodies.filter(|answer| answer.status < 300) {
        if let Ok(body) = json::read(&answer.body) {
            let response = Value::from_pairs([("body".to_owned(), body)]);
            shapes
                .entry("response".to_owned())
                .or_default()
                .observe(&response);
        }
    }
    if plan.mode != Mode::DataSource {
        let columns = tape.head.columns.iter();
        if !tape.head.columns.is_empty() {
            let row = columns.map(|column| (column.clone(), Value::from("")));
            let row = Value::from_pairs(row.collect::<Vec<_>>());
            shapes.entry("row".to_owned()).or_default().observe(&row);
        }
        return (shapes, None);
    }
    let most = tape.head.records.unwrap_or(ENOUGH).min(ENOUGH);
    let run = match Run::new(Arc::clone(&plan), given, None) {
        Ok(run) => run,
        Err((_, error)) => return (shapes, Some(error.to_string())),
    };
    let mut records = Records::start(&run.context(), &plan.source);
    let mut seen = 0;
    let mut gap = None;
    while seen < most {
        let chunk = match records.next().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(error) => {
                gap = Some(error.to_string());
                break;
            }
        };
        for record in chunk.iter().filter(|record| !record.is_root) {
            seen += 1;
            for step in steps {
                let Some(value) = record.frame.get(step) else {
                    continue;
                };
                shapes.entry(step.clone()).or_default().observe(&value);
                // In a step itself `record` is its own.
                shapes
                    .entry("record".to_owned())
                    .or_default()
                    .observe(&value);
            }
            shapes
                .entry("record".to_owned())
                .or_default()
                .observe(&record.record);
        }
    }
    (shapes, gap)
}
