//! `urlencode`: text for a part of a URL.

use minijinja::Value;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::template::text_of;

/// What RFC 3986 leaves as it is: letters, digits, `-._~`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Everything but letters, digits and `-._~` percent-encoded.
pub fn urlencode(value: &Value) -> String {
    utf8_percent_encode(&text_of(value), ENCODED).to_string()
}
