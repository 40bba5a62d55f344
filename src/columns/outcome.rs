//! A row's fate.

use std::borrow::Cow;

use crate::template::Value;
use crate::template::arithmetic::Number;
use crate::template::native::Plain;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It went through.
    Ok,
    /// A rule of `reject` held.
    Rejected,
    /// Its mapping failed under `on_error: skip`, or the channel's answer says `then: skip`.
    Skipped,
    /// The channel surely did not take it.
    Failed,
    /// The channel may have taken it or not.
    Unknown,
}

impl Status {
    /// Whether `rows: failed` tells of it.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Rejected | Self::Unknown)
    }

    /// The word in templates.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Rejected => "rejected",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// What became of a row, and why.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What became of it.
    pub status: Status,
    /// The channel's code, where there is one.
    pub code: Option<String>,
    /// Why, where there is a reason.
    pub message: Option<String>,
    /// How often it was sent.
    pub attempts: u32,
}

impl Outcome {
    /// A row that went through.
    pub fn ok() -> Self {
        Self {
            status: Status::Ok,
            code: None,
            message: None,
            attempts: 0,
        }
    }

    /// A row that did not, and why.
    pub fn of(status: Status, message: String) -> Self {
        Self {
            status,
            message: Some(message),
            ..Self::ok()
        }
    }

    /// The fields of [`Outcome::to_plain`], in order.
    pub const FIELDS: [&'static str; 4] = ["status", "message", "code", "attempts"];

    /// Its fields for plain forms.
    pub fn to_plain(&self) -> [Plain<'_>; 4] {
        let text = |text: Option<&'_ String>| match text {
            Some(text) => Plain::Text(Cow::Owned(text.clone())),
            None => Plain::Nothing,
        };
        [
            Plain::Text(Cow::Borrowed(self.status.word())),
            text(self.message.as_ref()),
            text(self.code.as_ref()),
            Plain::Number(Number::Whole(self.attempts.into())),
        ]
    }

    /// As `outcome` in templates.
    pub fn to_value(&self) -> Value {
        let text = |text: &Option<String>| text.as_deref().map_or(Value::UNDEFINED, Value::from);
        Value::from_pairs([
            ("status", Value::from(self.status.word())),
            ("code", text(&self.code)),
            ("message", text(&self.message)),
            ("attempts", Value::from(self.attempts)),
        ])
    }
}
