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

/// The shapes of `record`, of each of the steps by its name, and of `response`. What can't be replayed is
/// left out.
pub async fn shapes(plan: Arc<Plan>, tape: &Tape, given: RunInput<'_>, steps: &[String]) -> Shapes {
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
        return shapes;
    }
    let Ok(run) = Run::new(Arc::clone(&plan), given, None) else {
        return shapes;
    };
    let mut records = Records::start(&run.context(), &plan.source);
    let mut seen = 0;
    while let (true, Ok(Some(chunk))) = (seen < ENOUGH, records.next().await) {
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
    shapes
}
