//! What stands in a request: names and values of headers, parameters of a query, pairs of a form.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{HeaderName, HeaderValue};

/// What needs no encoding in parameters and forms.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What can't stand in a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A header can't be called so.
    #[error("`{0}` is no name of a header")]
    HeaderName(String),
    /// A header can't hold its value, which is not shown: it may be a secret.
    #[error("the header `{0}` has a line break or another character that a header can't hold")]
    HeaderValue(String),
    /// The request can't be signed, and why.
    #[error("the request can't be signed: {0}")]
    Unsigned(String),
}

/// Text as it stands in a parameter or a form.
pub fn encoded(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, PLAIN).into()
}

/// A header's name.
pub fn header_name(name: &str) -> Result<HeaderName, WireError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| WireError::HeaderName(name.to_owned()))
}

/// A header's value, without white space around it.
pub fn header_value(name: &str, value: &str) -> Result<HeaderValue, WireError> {
    HeaderValue::from_str(value.trim()).map_err(|_| WireError::HeaderValue(name.to_owned()))
}

/// The header `Cookie` with these besides those that there are.
pub fn with_cookies(
    own: Option<&HeaderValue>,
    cookies: &[(String, String)],
) -> Result<HeaderValue, WireError> {
    let own = own.and_then(|own| own.to_str().ok()).map(str::to_owned);
    let pairs = cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let all: Vec<String> = own.into_iter().chain(pairs).collect();
    let mut value = header_value("cookie", &all.join("; "))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Sets a parameter of a query: those of the same name that it has are gone.
pub fn set_parameter<'v>(
    query: &mut String,
    name: &str,
    values: impl IntoIterator<Item = &'v str>,
) {
    let is_other = |pair: &&str| {
        let mut read = form_urlencoded::parse(pair.as_bytes());
        read.next().is_none_or(|(known, _)| known != name)
    };
    if query.split('&').any(|pair| !is_other(&pair)) {
        let others: Vec<&str> = query.split('&').filter(is_other).collect();
        *query = others.join("&");
    }
    for value in values {
        add_parameter(query, name, value);
    }
}

/// Adds a parameter to a query, or a pair to a form.
pub fn add_parameter(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(&encoded(name));
    query.push('=');
    query.push_str(&encoded(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_takes_the_place_of_those_of_its_name() {
        let mut query = "a=1&b=2&a=3&c".to_owned();
        set_parameter(&mut query, "a", ["x y", "z"]);
        assert_eq!(query, "b=2&c&a=x%20y&a=z");
        set_parameter(&mut query, "b", []);
        assert_eq!(query, "c&a=x%20y&a=z");
    }

    #[test]
    fn a_value_that_no_header_holds_is_not_shown() {
        let error = header_value("x-key", "secret\nvalue").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the header `x-key` has a line break or another character that a header can't hold"
        );
        assert_eq!(header_value("x-key", " v ").unwrap(), "v");
        assert!(header_name("a b").is_err());
    }
}
