//! Records inside texts: CSV in base64 that a report carries, JSON that somebody has put into a string.

use std::io::Cursor;
use std::sync::Arc;

use minijinja::value::ValueKind;

use super::read::{self, ReadTask};
use super::{Context, SourceError};
use crate::plan::source::TextsPlan;
use crate::template::{Frame, Value, is_nothing, text_of};

/// Reads texts; `give` gets each record.
pub async fn read(
    context: &Context,
    label: &str,
    plan: &TextsPlan,
    frame: &Arc<Frame>,
    give: &mut impl AsyncFnMut(Value) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let value = plan.texts.value(frame);
    let value = value.map_err(|error| SourceError::of_template(label, error))?;
    let texts: Vec<Value> = match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => value.try_iter().into_iter().flatten().collect(),
        _ => vec![value],
    };
    for text in texts.into_iter().filter(|text| !is_nothing(text)) {
        let bytes = text_of(&text).into_owned().into_bytes();
        let job = ReadTask {
            plan: &plan.reading,
            probes: &[],
            frame,
            label,
            origin: "the text of for_each",
            redactor: context.http.redactor(),
        };
        let read = read::read_file(&job, Box::new(Cursor::new(bytes)), "", give).await?;
        super::files::judge(context, &job, &read).await?;
    }
    Ok(())
}
