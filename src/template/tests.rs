//! Tests (`is …`): minijinja's, with our meaning of nothing and of comparing.

use minijinja::tests as stock;
use minijinja::value::{Value, ValueKind};

use super::compare;
use super::date::DateValue;
use super::operators::Comparison;
use super::text::is_nothing;

/// A test by its name.
pub struct Test {
    pub name: &'static str,
    pub make: fn() -> Value,
}

macro_rules! test {
    ($name:literal, $function:expr) => {
        Test {
            name: $name,
            make: || Value::from_function($function),
        }
    };
}

/// The names of all tests.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().iter().map(|test| test.name)
}

/// All tests, by name.
pub fn all() -> &'static [Test] {
    const ALL: &[Test] = &[
        test!("boolean", stock::is_boolean),
        test!("date", |value: &Value| value
            .downcast_object_ref::<DateValue>()
            .is_some()),
        test!("defined", |value: &Value| !is_nothing(value)),
        test!("divisibleby", stock::is_divisibleby),
        test!("endingwith", starts_or_ends::ends),
        test!("eq", compare::equal),
        test!("equalto", compare::equal),
        test!("even", stock::is_even),
        test!("false", stock::is_false),
        test!("float", stock::is_float),
        test!("ge", |a: &Value, b: &Value| compare::test(
            Comparison::Ge,
            a,
            b
        )),
        test!("greaterthan", |a: &Value, b: &Value| compare::test(
            Comparison::Gt,
            a,
            b
        )),
        test!("gt", |a: &Value, b: &Value| compare::test(
            Comparison::Gt,
            a,
            b
        )),
        test!("in", |value: &Value, list: &Value| compare::contains(
            list, value
        )),
        test!("integer", stock::is_integer),
        test!("iterable", |value: &Value| !is_nothing(value)
            && stock::is_iterable(value)),
        test!("le", |a: &Value, b: &Value| compare::test(
            Comparison::Le,
            a,
            b
        )),
        test!("lessthan", |a: &Value, b: &Value| compare::test(
            Comparison::Lt,
            a,
            b
        )),
        test!("lower", |value: &Value| value
            .as_str()
            .is_some_and(|text| text.to_lowercase() == text)),
        test!("lt", |a: &Value, b: &Value| compare::test(
            Comparison::Lt,
            a,
            b
        )),
        test!("mapping", |value: &Value| value.kind() == ValueKind::Map),
        test!("ne", |a: &Value, b: &Value| compare::equal(a, b)
            .map(|equal| !equal)),
        test!("none", |value: &Value| is_nothing(value)),
        test!("number", |value: &Value| value.is_number()),
        test!("odd", stock::is_odd),
        test!("sequence", |value: &Value| value.kind() == ValueKind::Seq),
        test!("startingwith", starts_or_ends::starts),
        test!("string", |value: &Value| value.as_str().is_some()),
        test!("true", stock::is_true),
        test!("undefined", |value: &Value| is_nothing(value)),
        test!("upper", |value: &Value| value
            .as_str()
            .is_some_and(|text| text.to_uppercase() == text)),
    ];
    ALL
}

/// `startingwith` and `endingwith`: nothing starts and ends with nothing.
mod starts_or_ends {
    use minijinja::value::Value;

    pub fn starts(value: &Value, with: &str) -> bool {
        value.as_str().is_some_and(|text| text.starts_with(with))
    }

    pub fn ends(value: &Value, with: &str) -> bool {
        value.as_str().is_some_and(|text| text.ends_with(with))
    }
}
