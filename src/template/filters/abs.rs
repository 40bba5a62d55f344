//! `abs`: a number without its sign; minijinja's, in its plain form.

use minijinja::filters as stock;

use super::by_value;
use crate::template::native::{Doubt, Plain};

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    match (&value, arguments) {
        (Plain::Number(_), []) => by_value(&value, |value| stock::abs(value.clone())),
        _ => Err(Doubt),
    }
}
