//! `format(…)`: values put into a pattern with `%s` and its kin.

use minijinja::filters as stock;
use minijinja::value::{Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Error, State};

use crate::template::text_of;

/// `'%s of %d' | format(a, b)`; booleans, lists and maps print our way.
pub fn format(
    state: &mut State,
    pattern: &Value,
    args: Rest<ValueOrKwargs>,
) -> Result<Value, Error> {
    let printable = args.into_values().into_iter().map(|value| {
        let keep = value.kind() == ValueKind::Number
            || value.as_str().is_some()
            || value.is_kwargs()
            || value.kind() == ValueKind::Map;
        if keep {
            value
        } else {
            Value::from(text_of(&value).into_owned())
        }
    });
    let all: Vec<Value> = std::iter::once(pattern.clone()).chain(printable).collect();
    Value::from_function(stock::format).call(state, &all)
}
