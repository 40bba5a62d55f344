//! `map(attribute='a.b')` and `map('filter', …)`.

use minijinja::value::Kwargs;
use minijinja::value::{Rest, Value, ValueOrKwargs};
use minijinja::{Error, State};

use super::{at_path, invalid};
use crate::template::is_nothing;

/// One attribute of each element (nothing where it has none), or each element through a filter.
pub fn map(state: &mut State, list: &Value, args: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let mut args = args.into_values();
    let options = match args.last() {
        Some(last) if last.is_kwargs() => Kwargs::try_from(args.pop().unwrap_or_default())?,
        _ => Kwargs::from_iter(Vec::<(String, Value)>::new()),
    };
    let elements = list.try_iter()?;
    if let Some(path) = options.get::<Option<String>>("attribute")? {
        let other = options.get::<Option<Value>>("default")?.unwrap_or_default();
        options.assert_all_used()?;
        return Ok(elements
            .map(|element| {
                let found = at_path(&element, &path);
                if is_nothing(&found) {
                    other.clone()
                } else {
                    found
                }
            })
            .collect());
    }
    let Some((filter, rest)) = args.split_first() else {
        return Err(invalid(
            "map takes attribute='name' or the name of a filter",
        ));
    };
    let name = filter.as_str().unwrap_or_default().to_owned();
    let mut mapped = Vec::new();
    for element in elements {
        let mut call = vec![element];
        call.extend_from_slice(rest);
        mapped.push(state.apply_filter(&name, &call)?);
    }
    Ok(Value::from(mapped))
}
