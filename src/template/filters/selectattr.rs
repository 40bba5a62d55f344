//! `select('test', …)`, `selectattr('path', 'test', …)`, `reject` and `rejectattr`: without a test, as text
//! is a truth elsewhere.

use minijinja::value::{Rest, Value};
use minijinja::{Error, State};

use super::at_path;
use crate::template::{plain, truth};

/// The elements that pass the test (without one: are true).
pub fn select(
    state: &mut State,
    list: &Value,
    test: Option<&str>,
    args: Rest<Value>,
) -> Result<Value, Error> {
    filtered(state, list, None, test, &args, true)
}

/// The elements that do not pass the test.
pub fn reject(
    state: &mut State,
    list: &Value,
    test: Option<&str>,
    args: Rest<Value>,
) -> Result<Value, Error> {
    filtered(state, list, None, test, &args, false)
}

/// The elements whose attribute passes the test (without one: is true). An element that lacks the
/// attribute has nothing there.
pub fn selectattr(
    state: &mut State,
    list: &Value,
    path: &str,
    test: Option<&str>,
    args: Rest<Value>,
) -> Result<Value, Error> {
    filtered(state, list, Some(path), test, &args, true)
}

/// The elements whose attribute does not pass the test.
pub fn rejectattr(
    state: &mut State,
    list: &Value,
    path: &str,
    test: Option<&str>,
    args: Rest<Value>,
) -> Result<Value, Error> {
    filtered(state, list, Some(path), test, &args, false)
}

fn filtered(
    state: &mut State,
    list: &Value,
    path: Option<&str>,
    test: Option<&str>,
    args: &[Value],
    wanted: bool,
) -> Result<Value, Error> {
    let mut selected = Vec::new();
    for element in list.try_iter()? {
        let attribute = match path {
            Some(path) => plain(&at_path(&element, path)),
            None => plain(&element),
        };
        let passes = match test {
            None => truth::is_true(&attribute),
            Some(test) => {
                let mut call = vec![attribute];
                call.extend_from_slice(args);
                state.perform_test(test, &call)?
            }
        };
        if passes == wanted {
            selected.push(element);
        }
    }
    Ok(Value::from(selected))
}
