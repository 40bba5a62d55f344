//! `incremental`: the newest value of a run, and `since` of the next.

use std::cmp::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::ValueKind;

use crate::plan::source::IncrementalPlan;
use crate::state::State;
use crate::template::date::parse_date;
use crate::template::{Frame, TemplateError, Value, is_nothing, json, plain, text_of};

/// The newest value that was seen.
#[derive(Debug, Default)]
pub struct Newest(Mutex<Option<(Rank, Value)>>);

/// What is compared: of two values the greater is the newer.
#[derive(Debug, Clone, Copy)]
enum Rank {
    /// A whole number: ids may have more digits than a float holds.
    Whole(i128),
    Number(f64),
    /// Nanoseconds since 1970.
    Date(i128),
}

impl Rank {
    /// The order of two; nothing where one is a date and the other a number.
    fn order(self, other: Self) -> Option<Ordering> {
        #[allow(
            clippy::cast_precision_loss,
            reason = "beside a number with a fraction"
        )]
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) | (Self::Date(a), Self::Date(b)) => Some(a.cmp(&b)),
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(&b),
            (Self::Whole(a), Self::Number(b)) => (a as f64).partial_cmp(&b),
            (Self::Number(a), Self::Whole(b)) => a.partial_cmp(&(b as f64)),
            _ => None,
        }
    }
}

impl Newest {
    /// Looks at a record, which `frame` sees.
    pub fn note(&self, plan: &IncrementalPlan, frame: &Arc<Frame>) -> Result<(), TemplateError> {
        let value = plan.value.value(frame)?;
        if matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
            // Of several dates the newest counts.
            for each in value.try_iter().into_iter().flatten() {
                self.note_one(each)?;
            }
            return Ok(());
        }
        self.note_one(value)
    }

    fn note_one(&self, value: Value) -> Result<(), TemplateError> {
        if is_nothing(&value) || value.as_str() == Some("") {
            return Ok(());
        }
        let Some(rank) = rank(&value)? else {
            return Ok(());
        };
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_newer = match &*newest {
            None => true,
            Some((known, _)) => match rank.order(*known) {
                Some(order) => order.is_gt(),
                None => {
                    return Err(TemplateError::new(
                        "incremental: some values are dates, others numbers".to_owned(),
                    ));
                }
            },
        };
        if is_newer {
            *newest = Some((rank, value));
        }
        Ok(())
    }

    /// What is to be kept: the newest value, unless what was kept is newer still.
    pub fn to_keep(&self, state: &State) -> Option<serde_json::Value> {
        let newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (newest, value) = newest.as_ref()?;
        let kept = state.since().map(|kept| of_json(&kept));
        let kept = kept.and_then(|kept| rank(&kept).ok().flatten());
        let is_older = |kept: Rank| newest.order(kept).is_some_and(Ordering::is_le);
        if kept.is_some_and(is_older) {
            return None;
        }
        let mut text = Vec::new();
        json::write(value, &mut text);
        serde_json::from_slice(&text).ok()
    }
}

fn rank(value: &Value) -> Result<Option<Rank>, TemplateError> {
    let written = text_of(value).into_owned();
    if let Ok(whole) = written.trim().parse() {
        return Ok(Some(Rank::Whole(whole)));
    }
    let value = plain(value);
    let number = match value.as_str() {
        Some(text) => text.parse().ok(),
        None if value.kind() == ValueKind::Number => f64::try_from(value.clone()).ok(),
        None => None,
    };
    if let Some(number) = number {
        return Ok(Some(Rank::Number(number)));
    }
    let date = parse_date(&value).map_err(|error| {
        TemplateError::new(format!(
            "incremental: {}",
            error
                .detail()
                .unwrap_or("a value is neither a date nor a number")
        ))
    })?;
    Ok(date.map(|date| Rank::Date(date.timestamp().as_nanosecond())))
}

fn of_json(value: &serde_json::Value) -> Value {
    json::read(&value.to_string()).unwrap_or_default()
}

/// `since`: the saved value less `lookback`, else `start`, else nothing.
pub fn since_of(
    plan: &IncrementalPlan,
    state: &State,
    base: &Arc<Frame>,
) -> Result<Value, TemplateError> {
    let Some(kept) = state.since() else {
        let Some(start) = &plan.start else {
            return Ok(Value::UNDEFINED);
        };
        let start = start.value(base)?;
        return Ok(as_date(&start).unwrap_or(start));
    };
    let kept = of_json(&kept);
    let Some(lookback) = &plan.lookback else {
        return Ok(as_date(&kept).unwrap_or(kept));
    };
    let number = match rank(&kept) {
        Ok(Some(Rank::Number(number))) => Some(number),
        #[allow(clippy::cast_precision_loss, reason = "an epoch fits")]
        Ok(Some(Rank::Whole(number))) => Some(number as f64),
        _ => None,
    };
    if let Some(number) = number {
        // An epoch; in milliseconds where it would be the year 5138 in seconds.
        let unit = if number.abs() >= 100_000_000_000.0 {
            1000.0
        } else {
            1.0
        };
        let earlier = number - lookback.seconds() * unit;
        #[allow(clippy::cast_possible_truncation, reason = "an epoch fits")]
        return Ok(if number.fract() == 0.0 {
            Value::from(earlier as i64)
        } else {
            Value::from(earlier)
        });
    }
    let moved = |error: &minijinja::Error| {
        TemplateError::new(format!(
            "incremental: {}",
            error.detail().unwrap_or("no date")
        ))
    };
    let date = parse_date(&kept).map_err(|error| moved(&error))?;
    match date {
        Some(date) => Ok(date
            .shift(lookback, true)
            .map_err(|error| moved(&error))?
            .into_value()),
        None => Ok(kept),
    }
}

/// A date that was kept as text is a date again; a number stays one.
fn as_date(value: &Value) -> Option<Value> {
    let text = text_of(value);
    if value.as_str().is_none() || text.parse::<f64>().is_ok() {
        return None;
    }
    let date = parse_date(value).ok().flatten()?;
    Some(date.into_value())
}

#[cfg(test)]
mod tests;
