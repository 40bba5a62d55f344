//! What templates read of an answer.

use crate::template::Uses;

/// What templates read of an answer's body, the most of it last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum BodyReads {
    /// Nothing.
    #[default]
    Nothing,
    /// It as text.
    AsText,
    /// What it holds.
    AsData,
    /// Something in it, by its name.
    Inside,
}

impl BodyReads {
    /// What is read of the answer of this name.
    pub fn of(uses: &Uses, name: &str) -> Self {
        if uses.reads_inside(name, "body") {
            Self::Inside
        } else if uses.reads(name, "body") {
            Self::AsData
        } else if uses.reads(name, "text") {
            Self::AsText
        } else {
            Self::Nothing
        }
    }

    /// Whether anything is read.
    pub fn any(self) -> bool {
        self != Self::Nothing
    }
}
