//! The plain forms of templates, worked out without the engine: a column, literals, `~` and mixed
//! text, `if … else`, `and`, `or`, `not`, comparisons, arithmetic, and filters on one value.
//!
//! Only text, numbers, booleans and nothing occur here. On any doubt (a value of another kind, an
//! error that would have to be told) the answer is [`Doubt`], and the engine works the template out
//! anew: it alone has the last word.

mod bound;
mod evaluate;
#[cfg(test)]
mod grid;
mod plain;
mod tree;
mod write;

pub use bound::{Binder, Bound, RecordPath};
pub use evaluate::{LookedUp, Scene};
pub use plain::Plain;
pub use tree::Tree;

/// The engine is to work it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt;

/// A filter's plain form: the value, then its arguments in order. Nothing is never the value where
/// the filter passes nothing on.
pub type NativeFilter = for<'r> fn(Plain<'r>, &[Plain<'r>]) -> Result<Plain<'r>, Doubt>;
