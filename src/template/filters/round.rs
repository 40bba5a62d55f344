//! `round(precision)`; minijinja's, in its plain form.

use crate::template::arithmetic::Number;
use crate::template::native::{Doubt, Plain};

/// More digits than this a real number never has.
const MOST_DIGITS: usize = 1074;

/// The plain form. Formatting rounds half to even, as Python does; scaling first would not.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let digits = match arguments {
        [] => 0,
        [digits] => digits.as_count()?,
        _ => return Err(Doubt),
    };
    match value {
        Plain::Number(Number::Real(real)) if digits <= MOST_DIGITS => {
            let rounded = format!("{real:.digits$}").parse().map_err(|_| Doubt)?;
            Ok(Plain::Number(Number::Real(rounded)))
        }
        Plain::Number(Number::Whole(_)) => Ok(value),
        _ => Err(Doubt),
    }
}
