//! What a sending leaves behind though it came to no good end: what it changed, what nobody knows of.

/// What sendings of the same rows left behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traces {
    /// Nobody knows whether an attempt was carried out.
    pub is_doubtful: bool,
    /// A step changed something.
    pub has_changed: bool,
}

/// Words for what was refused, after an attempt of which nobody knows.
pub const DOUBTED: &str = "; an attempt at it may have been carried out";

impl Traces {
    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            is_doubtful: self.is_doubtful || other.is_doubtful,
            has_changed: self.has_changed || other.has_changed,
        }
    }

    /// Those that stay where the channel says that it applied nothing.
    #[must_use]
    pub fn of_nothing_applied(self) -> Self {
        Self {
            has_changed: false,
            ..self
        }
    }

    /// Whether there are any.
    pub fn any(self) -> bool {
        self.is_doubtful || self.has_changed
    }

    /// What is told of rows that go no further.
    pub fn words(self) -> &'static str {
        match self {
            Self {
                has_changed: true, ..
            } => "; what came before it is done",
            Self {
                is_doubtful: true, ..
            } => DOUBTED,
            Self { .. } => "",
        }
    }
}
