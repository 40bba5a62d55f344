//! `hash(kind)`: a digest in hexadecimal.

use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use minijinja::{Error, Value};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512, digest};

use super::{by_value, invalid, optional_text};
use crate::template::native::{Doubt, Plain};
use crate::template::text_of;

/// The kinds there are.
pub const KINDS: [&str; 4] = ["sha256", "sha512", "sha1", "md5"];

/// The digest of a text: `sha256` (the default), `sha512`, `sha1` or `md5`.
pub fn hash(value: &Value, kind: Option<&str>) -> Result<String, Error> {
    let text = text_of(value);
    let bytes = text.as_bytes();
    let by = |algorithm| digest(algorithm, bytes).as_ref().to_vec();
    let hashed = match kind.unwrap_or("sha256") {
        "sha256" => by(&SHA256),
        "sha512" => by(&SHA512),
        "sha1" => by(&SHA1_FOR_LEGACY_USE_ONLY),
        "md5" => Md5::digest(bytes).to_vec(),
        other => {
            return Err(invalid(format!(
                "no hash is called `{other}`: {}",
                KINDS.join(", ")
            )));
        }
    };
    Ok(hashed.iter().fold(String::new(), |mut hex, byte| {
        // Writing into a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let kind = optional_text(arguments, 0)?;
    by_value(&value, |value| hash(value, kind).map(Value::from))
}
