//! `upper` and `lower`; minijinja's, in their plain form.

use std::borrow::Cow;

use super::no_arguments;
use crate::template::native::{Doubt, Plain};

/// The plain form of `upper`.
pub fn upper<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    changed(value, arguments, u8::is_ascii_lowercase, str::to_uppercase)
}

/// The plain form of `lower`.
pub fn lower<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    changed(value, arguments, u8::is_ascii_uppercase, str::to_lowercase)
}

/// Text that is ASCII without letters to change stays as it is.
fn changed<'r>(
    value: Plain<'r>,
    arguments: &[Plain<'r>],
    is_to_change: fn(&u8) -> bool,
    change: fn(&str) -> String,
) -> Result<Plain<'r>, Doubt> {
    no_arguments(arguments)?;
    let text = value.into_text()?;
    let stays = text
        .bytes()
        .all(|byte| byte.is_ascii() && !is_to_change(&byte));
    Ok(Plain::Text(if stays {
        text
    } else {
        Cow::Owned(change(&text))
    }))
}
