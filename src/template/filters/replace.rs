//! `replace(from, to)`; minijinja's, in its plain form.

use std::borrow::Cow;

use crate::template::native::{Doubt, Plain};

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let [from, to] = arguments else {
        return Err(Doubt);
    };
    let (from, to) = (from.as_text()?, to.as_text()?);
    let text = value.into_text()?;
    Ok(Plain::Text(if text.contains(from) {
        Cow::Owned(text.replace(from, to))
    } else {
        text
    }))
}
