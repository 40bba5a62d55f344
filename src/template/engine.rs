//! The one minijinja environment: our filters, tests, functions and operators, and no others.

use std::sync::OnceLock;

use minijinja::value::{Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{AutoEscape, Environment, Error, State, UndefinedBehavior};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::filters::{Nothing, Numbers};
use super::number::{plain, plain_elements};
use super::operators::{Arithmetic, CONCAT, Comparison, IN, ITEM, NEGATE, NOT_IN, TRUTH};
use super::text::{is_nothing, text_of};
use super::{arithmetic, compare, filters, functions, methods, tests, truth};

/// What is said where a value in a path is nothing: it would be another path.
pub const NOTHING_IN_PATH: &str = "a value in the path is nothing";

/// How values print in the path of a request: encoded as one segment.
pub const SEGMENT: &str = "segment";

/// What a segment needs no encoding for (RFC 3986, unreserved).
const IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Text as one segment of a path: `a/b` is `a%2Fb`.
pub fn segment(text: &str) -> Result<String, Error> {
    if text.is_empty() {
        return Err(Error::new(
            minijinja::ErrorKind::InvalidOperation,
            NOTHING_IN_PATH,
        ));
    }
    // These would be steps up, encoded or not.
    if matches!(text, "." | "..") {
        return Err(Error::new(
            minijinja::ErrorKind::InvalidOperation,
            format!("a value in a path can't be `{text}`"),
        ));
    }
    Ok(utf8_percent_encode(text, IN_SEGMENT).to_string())
}

/// The environment; made once, when the first template runs.
pub fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(build)
}

fn build() -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Chainable);
    env.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    env.set_formatter(|out, state, value| {
        let text = text_of(value);
        match state.auto_escape() {
            AutoEscape::Custom(kind) if *kind == SEGMENT => out.write_str(&segment(&text)?)?,
            _ => out.write_str(&text)?,
        }
        Ok(())
    });
    for filter in filters::all() {
        let function = (filter.make)();
        let (nothing, numbers) = (filter.nothing, filter.numbers);
        let filter: &'static filters::Filter = filter;
        env.add_filter(
            filter.name,
            move |state: &mut State, args: Rest<ValueOrKwargs>| -> Result<Value, Error> {
                let mut args = filter.in_order(args.into_values())?;
                if nothing == Nothing::PassedOn && args.first().is_none_or(is_nothing) {
                    return Ok(Value::UNDEFINED);
                }
                if numbers != Numbers::AsWritten {
                    for arg in &mut args {
                        *arg = plain(arg);
                    }
                }
                if numbers == Numbers::PlainInside {
                    if let Some(list) = args.first_mut() {
                        *list = plain_elements(list);
                    }
                }
                function.call(state, &args)
            },
        );
    }
    for test in tests::all() {
        let function = (test.make)();
        env.add_test(
            test.name,
            move |state: &mut State, args: Rest<ValueOrKwargs>| -> Result<bool, Error> {
                let args: Vec<Value> = args.into_values().iter().map(plain).collect();
                Ok(function.call(state, &args)?.is_true())
            },
        );
    }
    functions::add_to(&mut env);
    add_operators(&mut env);
    env
}

fn add_operators(env: &mut Environment<'static>) {
    for op in Arithmetic::ALL {
        env.add_filter(
            op.filter(),
            move |left: &Value, right: &Value, a: &str, b: &str| {
                arithmetic::apply(op, left, right, (a, b))
            },
        );
    }
    env.add_filter(NEGATE, |value: &Value, source: &str| {
        arithmetic::negate(value, source)
    });
    env.add_filter(TRUTH, |value: &Value| truth::is_true(value));
    env.add_filter(CONCAT, |left: &Value, right: &Value, _: &str, _: &str| {
        format!("{}{}", text_of(left), text_of(right))
    });
    for op in Comparison::ALL {
        env.add_filter(
            op.filter(),
            move |left: &Value, right: &Value, a: &str, b: &str| {
                compare::holds(op, left, right, (a, b))
            },
        );
    }
    env.add_filter(IN, |wanted: &Value, list: &Value, _: &str, _: &str| {
        compare::contains(list, wanted)
    });
    env.add_filter(NOT_IN, |wanted: &Value, list: &Value, _: &str, _: &str| {
        compare::contains(list, wanted).map(|contains| !contains)
    });
    env.add_filter(ITEM, |owner: &Value, key: &Value| -> Result<Value, Error> {
        if is_nothing(owner) || is_nothing(key) {
            return Ok(Value::UNDEFINED);
        }
        owner.get_item(&plain(key))
    });
    env.add_filter("__slice", slice);
    env.add_filter("__method", methods::call);
}

/// `value[start:stop:step]` on text and lists, as Python has it.
fn slice(value: &Value, start: &Value, stop: &Value, step: &Value) -> Result<Value, Error> {
    if is_nothing(value) {
        return Ok(Value::UNDEFINED);
    }
    let number = |value: &Value| {
        let value = plain(value);
        if is_nothing(&value) {
            Ok(None)
        } else {
            i64::try_from(value).map(Some)
        }
    };
    let (start, stop, step) = (number(start)?, number(stop)?, number(step)?.unwrap_or(1));
    if step == 0 {
        return Err(Error::new(
            minijinja::ErrorKind::InvalidOperation,
            "a slice can't have the step 0",
        ));
    }
    if let Some(text) = value.as_str() {
        let chars: Vec<char> = text.chars().collect();
        let indices = slice_indices(chars.len(), start, stop, step);
        return Ok(indices.map(|index| chars[index]).collect::<String>().into());
    }
    if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Err(Error::new(
            minijinja::ErrorKind::InvalidOperation,
            format!("a {} can't be sliced: text and lists can", value.kind()),
        ));
    }
    let items: Vec<Value> = value.try_iter()?.collect();
    let indices = slice_indices(items.len(), start, stop, step);
    Ok(indices.map(|index| items[index].clone()).collect())
}

fn slice_indices(
    length: usize,
    start: Option<i64>,
    stop: Option<i64>,
    step: i64,
) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let clamp = |index: i64, low: i64, high: i64| {
        let index = if index < 0 {
            index.saturating_add(length)
        } else {
            index
        };
        index.clamp(low, high)
    };
    let (start, stop) = if step > 0 {
        (
            start.map_or(0, |at| clamp(at, 0, length)),
            stop.map_or(length, |at| clamp(at, 0, length)),
        )
    } else {
        (
            start.map_or(length - 1, |at| clamp(at, -1, length - 1)),
            stop.map_or(-1, |at| clamp(at, -1, length - 1)),
        )
    };
    let mut at = start;
    std::iter::from_fn(move || {
        let inside = if step > 0 { at < stop } else { at > stop };
        let index = usize::try_from(at).ok().filter(|_| inside)?;
        at = at.saturating_add(step);
        Some(index)
    })
}
