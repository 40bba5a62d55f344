//! `round(precision)`; minijinja's, in its plain form.

use minijinja::filters as stock;
use minijinja::value::{Kwargs, Value};

use super::by_value;
use crate::template::native::{Doubt, Plain};

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let precision = match arguments {
        [] => None,
        [precision] => Some(i32::try_from(precision.as_count()?).map_err(|_| Doubt)?),
        _ => return Err(Doubt),
    };
    match value {
        Plain::Number(_) => by_value(&value, |value| {
            let no_names = Kwargs::from_iter(Vec::<(String, Value)>::new());
            stock::round(value.clone(), precision, None, no_names)
        }),
        _ => Err(Doubt),
    }
}
