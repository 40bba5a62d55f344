//! `hash(kind)`: a digest in hexadecimal. `hmac(key, kind)`: a keyed one.

use minijinja::{Error, Value};

use super::{by_value, invalid, optional_text};
use crate::digest::{Hash, WORDS, base64, hex};
use crate::template::native::{Doubt, Plain};
use crate::template::{is_nothing, text_of};

/// The kinds there are.
pub const KINDS: [&str; 5] = WORDS;

/// How a keyed digest is written.
pub const ENCODINGS: [&str; 2] = ["hex", "base64"];

fn kind_of(kind: Option<&str>) -> Result<Hash, Error> {
    let word = kind.unwrap_or("sha256");
    Hash::of_word(word)
        .ok_or_else(|| invalid(format!("no hash is called `{word}`: {}", KINDS.join(", "))))
}

/// The digest of a text: `sha256` (the default), `sha512`, `sha384`, `sha1` or `md5`.
pub fn hash(value: &Value, kind: Option<&str>) -> Result<String, Error> {
    Ok(hex(&kind_of(kind)?.digest(text_of(value).as_bytes())))
}

/// The keyed digest of a text by the same kinds, as `hex` (the default) or `base64`.
pub fn hmac(
    value: &Value,
    key: &Value,
    kind: Option<&str>,
    encode: Option<&str>,
) -> Result<String, Error> {
    if is_nothing(key) {
        return Err(invalid("the key of `hmac` is nothing"));
    }
    let bytes = kind_of(kind)?.keyed(text_of(key).as_bytes(), text_of(value).as_bytes());
    match encode.unwrap_or("hex") {
        "hex" => Ok(hex(&bytes)),
        "base64" => Ok(base64(&bytes)),
        other => Err(invalid(format!("`{other}` is neither hex nor base64"))),
    }
}

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let kind = optional_text(arguments, 0)?;
    by_value(&value, |value| hash(value, kind).map(Value::from))
}
