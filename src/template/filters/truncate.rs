//! `truncate(n, end)`: at most n characters.

use std::borrow::Cow;

use minijinja::Value;

use super::optional_text;
use crate::template::native::{Doubt, Plain};
use crate::template::text_of;

/// At most `n` characters, `end` included.
pub fn truncate(value: &Value, n: usize, end: Option<&str>) -> String {
    cut(&text_of(value), n, end.unwrap_or_default()).into_owned()
}

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let n = arguments.first().ok_or(Doubt)?.as_count()?;
    let end = optional_text(arguments, 1)?.unwrap_or_default();
    Ok(match value.into_text()? {
        Cow::Borrowed(text) => Plain::Text(cut(text, n, end)),
        Cow::Owned(text) => Plain::owned(cut(&text, n, end).into_owned()),
    })
}

fn cut<'t>(text: &'t str, n: usize, end: &str) -> Cow<'t, str> {
    // A text of n bytes has no more than n characters.
    if text.len() <= n || text.chars().nth(n).is_none() {
        return Cow::Borrowed(text);
    }
    let kept = n.saturating_sub(end.chars().count());
    let kept = match text.char_indices().nth(kept) {
        Some((at, _)) => text[..at].trim_end(),
        None => text,
    };
    if end.is_empty() {
        return Cow::Borrowed(kept);
    }
    let mut cut = kept.to_owned();
    cut.extend(end.chars().take(n));
    Cow::Owned(cut)
}
