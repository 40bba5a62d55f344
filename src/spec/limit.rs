//! `max_errors` and `max_failures`: a number of rows, or a share of them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::Error as _;

/// How many rows may go wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// This many.
    Rows(u64),
    /// This share, in percent, of the rows whose fate is known.
    Percent(f64),
}

/// Rows that must be known before a percentage is judged in the middle of a run.
const JUDGED_FROM: u64 = 100;

impl Limit {
    /// Whether `wrong` of `known` rows are too many. Percentages wait for the 100th row unless the
    /// run is at its end.
    pub fn is_passed(self, wrong: u64, known: u64, at_end: bool) -> bool {
        match self {
            Self::Rows(most) => wrong > most,
            #[allow(clippy::cast_precision_loss, reason = "row counts stay far below 2^52")]
            Self::Percent(most) => {
                (at_end || known >= JUDGED_FROM) && wrong as f64 * 100.0 > most * known as f64
            }
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rows(rows) => write!(f, "{rows}"),
            Self::Percent(share) => write!(f, "{share}%"),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_yaml::Value::deserialize(deserializer)? {
            serde_yaml::Value::Number(number) => number
                .as_u64()
                .map(Self::Rows)
                .ok_or_else(|| D::Error::custom("a whole number of rows, or a percentage")),
            serde_yaml::Value::String(text) => text
                .trim()
                .strip_suffix('%')
                .and_then(|share| share.trim().parse().ok())
                .map(Self::Percent)
                .ok_or_else(|| D::Error::custom("a number of rows, or a percentage like 5%")),
            _ => Err(D::Error::custom(
                "a number of rows, or a percentage like 5%",
            )),
        }
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of rows, or a share of them: `5%`.",
            "type": ["integer", "string"],
            "minimum": 0,
            "pattern": "^ *([0-9]{1,2}(\\.[0-9]+)?|100(\\.0+)?) *% *$",
        })
    }
}
