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
        parse_date(&value).map_err(|error| {
            TemplateError::new(format!(
                "windows: {what}: {}",
                error.detail().unwrap_or("no date")
            ))
        })
    };
    let from = date(plan.from.value(frame)?, "from")?;
    let Some(first) = from else {
        return Err(TemplateError::new(
            "windows: `from` is nothing: write from: \"{{ since or '2024-01-01' }}\"".to_owned(),
        ));
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
            return Err(TemplateError::new(format!(
                "windows: more than {MOST}: is `step` meant so short?"
            )));
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
    date.shift(by, back).map_err(|error| {
        TemplateError::new(format!("windows: {}", error.detail().unwrap_or("no date")))
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
        return Err(TemplateError::new(
            "windows: `gap` is longer than `step`: windows would end before they begin".to_owned(),
        ));
    }
    let print = |date: &DateValue| -> Result<Value, TemplateError> {
        let Some(format) = &plan.format else {
            return Ok(date.clone().into_value());
        };
        date.format(format, "UTC")
            .map(Value::from)
            .map_err(|error| {
                TemplateError::new(format!(
                    "windows: {}",
                    error.detail().unwrap_or("no format")
                ))
            })
    };
    Ok(Value::from_object(Window {
        shown: [print(from)?, print(&last)?],
        from: from.clone(),
        to: to.clone(),
        is_last,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    fn plan(from: &str, to: &str, step: &str, gap: &str) -> WindowsPlan {
        let span = |text: &str| DurationValue::parse(text).unwrap();
        WindowsPlan {
            from: Template::constant(Value::from(from)),
            to: Some(Template::constant(Value::from(to))),
            step: span(step),
            gap: span(gap),
            format: Some("%m-%dT%H:%M:%S".to_owned()),
        }
    }

    fn shown(window: &Value) -> String {
        let end = |name: &str| window.get_attr(name).unwrap().to_string();
        format!("{} {}", end("from"), end("to"))
    }

    /// The windows, and the halves of the last one.
    fn cut(plan: &WindowsPlan) -> Vec<String> {
        let windows = windows(plan, &Arc::default()).unwrap();
        windows.iter().map(shown).collect()
    }

    #[test]
    fn the_last_window_ends_at_the_end_and_has_nothing_taken_off() {
        let days = plan("2024-01-01", "2024-01-03", "1d", "1s");
        assert_eq!(
            cut(&days),
            [
                "01-01T00:00:00 01-01T23:59:59",
                "01-02T00:00:00 01-03T00:00:00"
            ]
        );
        let odd = plan("2024-01-01", "2024-01-02T00:00:01Z", "1d", "1s");
        assert_eq!(
            cut(&odd),
            [
                "01-01T00:00:00 01-01T23:59:59",
                "01-02T00:00:00 01-02T00:00:01"
            ]
        );
        // The last is shorter than the gap: it is there all the same.
        let week = plan("2024-01-01", "2024-01-08T06:00:00Z", "7d", "1d");
        assert_eq!(
            cut(&week),
            [
                "01-01T00:00:00 01-07T00:00:00",
                "01-08T00:00:00 01-08T06:00:00"
            ]
        );
    }

    #[test]
    fn without_a_gap_each_window_ends_where_the_next_begins() {
        let days = plan("2024-01-01", "2024-01-02T12:00:00Z", "1d", "0s");
        assert_eq!(
            cut(&days),
            [
                "01-01T00:00:00 01-02T00:00:00",
                "01-02T00:00:00 01-02T12:00:00"
            ]
        );
        assert!(cut(&plan("2024-01-02", "2024-01-01", "1d", "0s")).is_empty());
        assert!(cut(&plan("2024-01-01", "2024-01-01", "1d", "0s")).is_empty());
        // Both ends count: there is one moment to ask for.
        let moment = cut(&plan("2024-01-01", "2024-01-01", "1d", "1s"));
        assert_eq!(moment, ["01-01T00:00:00 01-01T00:00:00"]);
    }

    #[test]
    fn no_window_ends_before_it_begins() {
        let days = plan("2024-01-01", "2024-01-03", "1d", "1d");
        assert_eq!(
            cut(&days),
            [
                "01-01T00:00:00 01-01T00:00:00",
                "01-02T00:00:00 01-03T00:00:00"
            ]
        );
        let inverted = plan("2024-01-01", "2024-01-04", "1d", "2d");
        assert!(windows(&inverted, &Arc::default()).is_err());
    }

    #[test]
    fn halves_leave_no_gap_and_the_second_ends_as_the_whole_did() {
        for (gap, first) in [("0s", "01-01T12:00:00"), ("1s", "01-01T11:59:59")] {
            let day = plan("2024-01-01", "2024-01-02", "1d", gap);
            let all = windows(&day, &Arc::default()).unwrap();
            let [before, after] = halves(&day, &all[0]).unwrap().unwrap();
            assert_eq!(shown(&before), format!("01-01T00:00:00 {first}"));
            assert_eq!(shown(&after), "01-01T12:00:00 01-02T00:00:00");
        }
        let second = plan("2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z", "1d", "0s");
        let all = windows(&second, &Arc::default()).unwrap();
        assert!(halves(&second, &all[0]).unwrap().is_none());
    }
}
