//! `length` and `count`; minijinja's, in their plain form: a text's length in characters.

use crate::template::arithmetic::Number;
use crate::template::native::{Doubt, Plain};

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    match (value, arguments) {
        (Plain::Text(text), []) => {
            let length = i128::try_from(text.chars().count()).map_err(|_| Doubt)?;
            Ok(Plain::Number(Number::Whole(length)))
        }
        _ => Err(Doubt),
    }
}
