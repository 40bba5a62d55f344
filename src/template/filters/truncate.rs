//! `truncate(n, end)`: at most n characters.

use minijinja::value::Kwargs;
use minijinja::{Error, Value};

use crate::template::text_of;

/// At most `n` characters, `end` included.
pub fn truncate(
    value: &Value,
    n: usize,
    end: Option<&str>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let end = match end {
        Some(end) => end.to_owned(),
        None => kwargs.get::<Option<String>>("end")?.unwrap_or_default(),
    };
    kwargs.assert_all_used()?;
    let text = text_of(value);
    if text.chars().count() <= n {
        return Ok(text.into_owned());
    }
    let kept = n.saturating_sub(end.chars().count());
    let mut cut: String = text.chars().take(kept).collect();
    cut.truncate(cut.trim_end().len());
    cut.extend(end.chars().take(n));
    Ok(cut)
}
