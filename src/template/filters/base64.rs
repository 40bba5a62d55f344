//! `base64` and `base64_decode`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::{Error, Value};

use super::{invalid, no_arguments};
use crate::template::native::{Doubt, Plain};
use crate::template::text_of;

/// Text to Base64.
pub fn encode(value: &Value) -> String {
    STANDARD.encode(text_of(value).as_bytes())
}

/// Base64 to text.
pub fn decode(value: &Value) -> Result<String, Error> {
    let text = text_of(value);
    let bytes = STANDARD
        .decode(text.trim())
        .map_err(|error| invalid(format!("\"{text}\" is no Base64: {error}")))?;
    String::from_utf8(bytes).map_err(|_| invalid("the decoded Base64 is no text in UTF-8"))
}

/// The plain form of [`encode`].
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    no_arguments(arguments)?;
    Ok(Plain::owned(STANDARD.encode(value.as_text()?)))
}
