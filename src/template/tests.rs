//! Tests (`is …`): minijinja's, with our meaning of nothing and of comparing.

use minijinja::tests as stock;
use minijinja::value::{Value, ValueKind};

use super::compare;
use super::date::DateValue;
use super::filters::product_codes::{is_gtin, is_isbn};
use super::operators::Comparison;
use super::signature::{Parameter, Takes};
use super::text::{is_nothing, text_of};

/// A test by its name.
pub struct Test {
    /// Its name.
    pub name: &'static str,
    /// Makes the function.
    pub make: fn() -> Value,
    /// What it takes besides the value before `is`.
    pub parameters: &'static [Parameter],
    /// When it holds.
    pub about: &'static str,
}

/// A test by its name.
pub fn find(name: &str) -> Option<&'static Test> {
    all().iter().find(|test| test.name == name)
}

macro_rules! test {
    ($name:literal, $about:literal, $function:expr) => {
        test!($name, $about, $function, [])
    };
    ($name:literal, $about:literal, $function:expr, [$($parameter:expr),*]) => {
        Test {
            name: $name,
            make: || Value::from_function($function),
            parameters: &[$($parameter),*],
            about: $about,
        }
    };
}

/// The names of all tests.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().iter().map(|test| test.name)
}

/// All tests, by name.
pub fn all() -> &'static [Test] {
    ALL
}

const ALL: &[Test] = &[
    test!("boolean", "it is true or false", stock::is_boolean),
    test!("date", "it is a date", |value: &Value| value
        .downcast_object_ref::<DateValue>()
        .is_some()),
    test!("defined", "it is not nothing", |value: &Value| !is_nothing(
        value
    )),
    test!(
        "divisibleby",
        "it can be divided by the number",
        stock::is_divisibleby,
        [Parameter::always("other", Takes::Whole)]
    ),
    test!("email", "it is an address of e-mail", is_email),
    test!(
        "endingwith",
        "it ends with the text",
        starts_or_ends::ends,
        [Parameter::always("other", Takes::Text)]
    ),
    test!(
        "eq",
        "it equals the other",
        compare::equal,
        [Parameter::always("other", Takes::Any)]
    ),
    test!(
        "equalto",
        "it equals the other",
        compare::equal,
        [Parameter::always("other", Takes::Any)]
    ),
    test!("even", "it is an even number", stock::is_even),
    test!("false", "it is false", stock::is_false),
    test!("float", "it is a number with decimals", stock::is_float),
    test!(
        "ge",
        "it is greater or equal",
        |a: &Value, b: &Value| compare::test(Comparison::Ge, a, b),
        [Parameter::always("other", Takes::Any)]
    ),
    test!(
        "greaterthan",
        "it is greater",
        |a: &Value, b: &Value| compare::test(Comparison::Gt, a, b),
        [Parameter::always("other", Takes::Any)]
    ),
    test!(
        "gt",
        "it is greater",
        |a: &Value, b: &Value| compare::test(Comparison::Gt, a, b),
        [Parameter::always("other", Takes::Any)]
    ),
    test!(
        "gtin",
        "it has 8, 12, 13 or 14 digits, and the last checks the others",
        is_gtin
    ),
    test!(
        "in",
        "it is in the list, or part of the text",
        |value: &Value, list: &Value| compare::contains(list, value),
        [Parameter::always("other", Takes::Any)]
    ),
    test!("integer", "it is a whole number", stock::is_integer),
    test!(
        "isbn",
        "it is an ISBN of 10 or 13 digits, with or without dashes",
        is_isbn
    ),
    test!(
        "iterable",
        "it can be counted through",
        |value: &Value| !is_nothing(value) && stock::is_iterable(value)
    ),
    test!(
        "le",
        "it is less or equal",
        |a: &Value, b: &Value| compare::test(Comparison::Le, a, b),
        [Parameter::always("other", Takes::Any)]
    ),
    test!(
        "lessthan",
        "it is less",
        |a: &Value, b: &Value| compare::test(Comparison::Lt, a, b),
        [Parameter::always("other", Takes::Any)]
    ),
    test!("lower", "it has small letters only", |value: &Value| value
        .as_str()
        .is_some_and(|text| text.to_lowercase() == text)),
    test!(
        "lt",
        "it is less",
        |a: &Value, b: &Value| compare::test(Comparison::Lt, a, b),
        [Parameter::always("other", Takes::Any)]
    ),
    test!("mapping", "it is a map", |value: &Value| value.kind()
        == ValueKind::Map),
    test!(
        "ne",
        "it does not equal the other",
        |a: &Value, b: &Value| compare::equal(a, b).map(|equal| !equal),
        [Parameter::always("other", Takes::Any)]
    ),
    test!("none", "it is nothing", |value: &Value| is_nothing(value)),
    test!("number", "it is a number", |value: &Value| value
        .is_number()),
    test!("odd", "it is an odd number", stock::is_odd),
    test!("sequence", "it is a list", |value: &Value| value.kind()
        == ValueKind::Seq),
    test!(
        "startingwith",
        "it begins with the text",
        starts_or_ends::starts,
        [Parameter::always("other", Takes::Text)]
    ),
    test!("string", "it is text", |value: &Value| value
        .as_str()
        .is_some()),
    test!("true", "it is true", stock::is_true),
    test!("undefined", "it is nothing", |value: &Value| is_nothing(
        value
    )),
    test!("upper", "it has large letters only", |value: &Value| value
        .as_str()
        .is_some_and(|text| text.to_uppercase() == text)),
    test!("url", "it is a whole address by http or https", is_url),
];

/// Whether a text is a whole address of the web.
fn is_url(value: &Value) -> bool {
    let text = text_of(value);
    let has_space = text.chars().any(char::is_whitespace);
    let url = reqwest::Url::parse(&text).ok();
    let is_web = |url: &reqwest::Url| {
        matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some_and(|host| !host.is_empty())
    };
    let has_host = text
        .find("://")
        .is_some_and(|at| !text[at + 3..].starts_with('/'));
    !has_space && has_host && url.as_ref().is_some_and(is_web)
}

/// Whether a text looks like an address of e-mail: whether somebody reads it nobody knows before.
fn is_email(value: &Value) -> bool {
    let text = text_of(value);
    let Some((local, host)) = text.rsplit_once('@') else {
        return false;
    };
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !"()<>[]:;,\\\"@".contains(c);
    let parts: Vec<&str> = host.split('.').collect();
    let is_part = |part: &&str| {
        let is_letter = |c: char| c.is_alphanumeric() || c == '-';
        !part.is_empty()
            && part.chars().all(is_letter)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let is_local = !local.is_empty()
        && local.chars().all(is_plain)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    is_local && parts.len() > 1 && parts.iter().all(is_part) && text.len() <= 254
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

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_looks_like_them() {
        let url = |text: &str| is_url(&Value::from(text));
        for good in [
            "https://a.example/x?y=1",
            "http://127.0.0.1:80",
            "HTTPS://A.example",
        ] {
            assert!(url(good), "{good}");
        }
        for bad in [
            "a.example/x",
            "ftp://a.example",
            "https:a",
            "https:///x",
            "https://a b",
            "",
        ] {
            assert!(!url(bad), "{bad}");
        }
        let email = |text: &str| is_email(&Value::from(text));
        for good in ["me@a.example", "a.b+c@x-y.co.uk", "ü@bücher.example"] {
            assert!(email(good), "{good}");
        }
        for bad in [
            "me@a",
            "@a.example",
            "a b@c.example",
            "a@b..example",
            "a@-b.example",
            "a",
            "a,b@c.de",
        ] {
            assert!(!email(bad), "{bad}");
        }
    }
}
