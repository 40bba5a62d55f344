//! `incremental`: the newest value of a run, and `since` of the next.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::ValueKind;

use crate::plan::source::{IncrementalPlan, PartitionPlan};
use crate::state::{State, ToKeep};
use crate::template::date::parse_date;
use crate::template::{Frame, TemplateError, Value, is_nothing, json, plain, text_of};

/// The newest values that were seen: that of all records, or one for each value of `by`.
#[derive(Debug, Default)]
pub struct Newest(Mutex<HashMap<Option<String>, (Rank, Value)>>);

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
        let key = match &plan.by {
            Some(by) => Some(by.key.text(frame)?),
            None => None,
        };
        if matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
            // Of several dates the newest counts.
            for each in value.try_iter().into_iter().flatten() {
                self.note_one(key.as_ref(), each)?;
            }
            return Ok(());
        }
        self.note_one(key.as_ref(), value)
    }

    fn note_one(&self, key: Option<&String>, value: Value) -> Result<(), TemplateError> {
        if is_nothing(&value) || value.as_str() == Some("") {
            return Ok(());
        }
        let Some(rank) = rank(&value)? else {
            return Ok(());
        };
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key.cloned();
        let is_newer = match newest.get(&key) {
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
            newest.insert(key, (rank, value));
        }
        Ok(())
    }

    /// What is to be kept: the newest values, unless what was kept is newer still.
    pub fn to_keep(&self, state: &State) -> ToKeep {
        let newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut to_keep = ToKeep::default();
        for (key, (newest, value)) in newest.iter() {
            let kept = match key {
                None => state.since(),
                Some(key) => state.since_by(key),
            };
            let kept = kept.and_then(|kept| rank(&of_json(&kept)).ok().flatten());
            let is_older = |kept: Rank| newest.order(kept).is_some_and(Ordering::is_le);
            if kept.is_some_and(is_older) {
                continue;
            }
            let mut text = Vec::new();
            json::write(value, &mut text);
            let Ok(value) = serde_json::from_slice(&text) else {
                continue;
            };
            match key {
                None => to_keep.all = Some(value),
                Some(key) => {
                    to_keep.by.insert(key.clone(), value);
                }
            }
        }
        to_keep
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

/// `since`: the saved value less `lookback`, else `start`, else nothing. With `by` that is of those that are
/// new.
pub fn since_of(
    plan: &IncrementalPlan,
    state: &State,
    base: &Arc<Frame>,
) -> Result<Value, TemplateError> {
    let kept = state.since().filter(|_| plan.by.is_none());
    since_after(plan, kept, base)
}

/// `since` of a record of the step that `by` names.
pub fn since_by(
    plan: &IncrementalPlan,
    by: &PartitionPlan,
    state: &State,
    frame: &Arc<Frame>,
) -> Result<Value, TemplateError> {
    let key = by.key.text(frame)?;
    since_after(plan, state.since_by(&key), frame)
}

fn since_after(
    plan: &IncrementalPlan,
    kept: Option<serde_json::Value>,
    base: &Arc<Frame>,
) -> Result<Value, TemplateError> {
    let Some(kept) = kept else {
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
