//! A row's fate.

use std::borrow::Cow;

use crate::template::Value;
use crate::template::native::Plain;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It went through.
    Ok,
    /// A rule of `reject` held.
    Rejected,
    /// Its mapping failed under `on_error: skip`.
    Skipped,
}

impl Status {
    /// The word in templates.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Rejected => "rejected",
            Self::Skipped => "skipped",
        }
    }
}

/// What became of a row, and why.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What became of it.
    pub status: Status,
    /// Why, where there is a reason.
    pub message: Option<String>,
}

impl Outcome {
    /// A row that went through.
    pub fn ok() -> Self {
        Self {
            status: Status::Ok,
            message: None,
        }
    }

    /// A row that did not, and why.
    pub fn of(status: Status, message: String) -> Self {
        Self {
            status,
            message: Some(message),
        }
    }

    /// The fields of [`Outcome::to_plain`], in order.
    pub const FIELDS: [&'static str; 2] = ["status", "message"];

    /// Its fields for plain forms.
    pub fn to_plain(&self) -> [Plain<'_>; 2] {
        let message = self.message.as_deref();
        [
            Plain::Text(Cow::Borrowed(self.status.word())),
            message.map_or(Plain::Nothing, |text| Plain::Text(Cow::Borrowed(text))),
        ]
    }

    /// As `outcome` in templates.
    pub fn to_value(&self) -> Value {
        let message = self
            .message
            .as_deref()
            .map_or(Value::UNDEFINED, Value::from);
        Value::from_pairs([
            ("status", Value::from(self.status.word())),
            ("message", message),
        ])
    }
}
