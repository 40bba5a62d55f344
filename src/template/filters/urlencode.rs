//! `urlencode`: text for a part of a URL.

use minijinja::Value;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::no_arguments;
use crate::template::native::{Doubt, Plain};
use crate::template::text_of;

/// What RFC 3986 leaves as it is: letters, digits, `-._~`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Everything but letters, digits and `-._~` percent-encoded.
pub fn urlencode(value: &Value) -> String {
    encoded(&text_of(value))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    no_arguments(arguments)?;
    Ok(Plain::owned(encoded(value.as_text()?)))
}
