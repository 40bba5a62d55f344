//! Spans of time: records `{from, to}`.

use std::sync::Arc;

use crate::plan::source::WindowsPlan;
use crate::template::date::{DateValue, parse_date};
use crate::template::{DurationValue, Frame, TemplateError, Value};

/// More windows are a mistake.
const MOST: usize = 100_000;

/// The windows of a plan, the first first.
pub fn windows(plan: &WindowsPlan, frame: &Arc<Frame>) -> Result<Vec<Value>, TemplateError> {
    let date = |value: Value, what: &str| -> Result<Option<DateValue>, TemplateError> {
        parse_date(&value).map_err(|error| TemplateError {
            message: format!("windows: {what}: {}", error.detail().unwrap_or("no date")),
        })
    };
    let from = date(plan.from.value(frame)?, "from")?;
    let Some(first) = from else {
        return Err(TemplateError {
            message: "windows: `from` is nothing: write from: \"{{ since or '2024-01-01' }}\""
                .to_owned(),
        });
    };
    let to = match &plan.to {
        Some(to) => date(to.value(frame)?, "to")?,
        None => None,
    };
    let end = to.unwrap_or_else(DateValue::now);
    let mut windows = Vec::new();
    let mut from = first.clone();
    while from.timestamp() < end.timestamp() {
        // From the first on, so that months that begin on the 31st do so again after a short one.
        let next = shifted(
            &first,
            &plan
                .step
                .times(i64::try_from(windows.len()).unwrap_or(i64::MAX) + 1),
            false,
        )?;
        let until = if next.timestamp() < end.timestamp() {
            next.clone()
        } else {
            end.clone()
        };
        let is_last = until.timestamp() == end.timestamp();
        windows.push(window(plan, &from, &until, is_last)?);
        if windows.len() > MOST {
            return Err(TemplateError {
                message: format!("windows: more than {MOST}: is `step` meant so short?"),
            });
        }
        from = next;
    }
    // Where both ends count, a window without length is the moment itself.
    let is_moment = first.timestamp() == end.timestamp();
    if is_moment && plan.gap.seconds() > 0.0 {
        windows.push(window(plan, &first, &end, true)?);
    }
    Ok(windows)
}

/// Both halves of a window; nothing where it is a second or less.
pub fn halves(plan: &WindowsPlan, window: &Value) -> Result<Option<[Value; 2]>, TemplateError> {
    let dates = window.downcast_object_ref::<Window>();
    let Some(Window {
        from, to, is_last, ..
    }) = dates
    else {
        return Ok(None);
    };
    let seconds = to.timestamp().as_second() - from.timestamp().as_second();
    if seconds < 2 {
        return Ok(None);
    }
    let half = DurationValue::parse(&format!("{}s", seconds / 2)).unwrap_or_default();
    let middle = shifted(from, &half, false)?;
    if shifted(&middle, &plan.gap, true)?.timestamp() < from.timestamp() {
        return Ok(None);
    }
    Ok(Some([
        self::window(plan, from, &middle, false)?,
        self::window(plan, &middle, to, *is_last)?,
    ]))
}

fn shifted(date: &DateValue, by: &DurationValue, back: bool) -> Result<DateValue, TemplateError> {
    date.shift(by, back).map_err(|error| TemplateError {
        message: format!("windows: {}", error.detail().unwrap_or("no date")),
    })
}

/// A window as a record, which remembers its dates.
#[derive(Debug)]
struct Window {
    from: DateValue,
    to: DateValue,
    /// Whether it ends where all of them end.
    is_last: bool,
    shown: [Value; 2],
}

impl minijinja::value::Object for Window {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "from" => Some(self.shown[0].clone()),
            "to" => Some(self.shown[1].clone()),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> minijinja::value::Enumerator {
        minijinja::value::Enumerator::Str(&["from", "to"])
    }
}

/// A window; the last one ends at `to` itself, all others a gap before the next one begins.
fn window(
    plan: &WindowsPlan,
    from: &DateValue,
    to: &DateValue,
    is_last: bool,
) -> Result<Value, TemplateError> {
    let last = if is_last {
        to.clone()
    } else {
        shifted(to, &plan.gap, true)?
    };
    if last.timestamp() < from.timestamp() {
        return Err(TemplateError {
            message: "windows: `gap` is longer than `step`: windows would end before they begin"
                .to_owned(),
        });
    }
    let print = |date: &DateValue| -> Result<Value, TemplateError> {
        let Some(format) = &plan.format else {
            return Ok(date.clone().into_value());
        };
        date.format(format, "UTC")
            .map(Value::from)
            .map_err(|error| TemplateError {
                message: format!("windows: {}", error.detail().unwrap_or("no format")),
            })
    };
    Ok(Value::from_object(Window {
        shown: [print(from)?, print(&last)?],
        from: from.clone(),
        to: to.clone(),
        is_last,
    }))
}
