//! `hash(kind)`: a digest in hexadecimal.

use std::fmt::Write as _;

use minijinja::{Error, Value};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use super::{by_value, invalid, optional_text};
use crate::template::native::{Doubt, Plain};
use crate::template::text_of;

/// The digest of a text: `sha256` (the default), `sha512`, `sha1` or `md5`.
pub fn hash(value: &Value, kind: Option<&str>) -> Result<String, Error> {
    let text = text_of(value);
    let bytes = text.as_bytes();
    let digest = match kind.unwrap_or("sha256") {
        "sha256" => Sha256::digest(bytes).to_vec(),
        "sha512" => Sha512::digest(bytes).to_vec(),
        "sha1" => Sha1::digest(bytes).to_vec(),
        "md5" => md5::Md5::digest(bytes).to_vec(),
        other => {
            return Err(invalid(format!(
                "no hash is called `{other}`: sha256, sha512, sha1 or md5"
            )));
        }
    };
    Ok(digest.iter().fold(String::new(), |mut hex, byte| {
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
