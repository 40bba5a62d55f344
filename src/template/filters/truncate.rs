//! `truncate(n, end)`: at most n characters.

use minijinja::Value;

use crate::template::text_of;

/// At most `n` characters, `end` included.
pub fn truncate(value: &Value, n: usize, end: Option<&str>) -> String {
    let end = end.unwrap_or_default();
    let text = text_of(value);
    if text.chars().count() <= n {
        return text.into_owned();
    }
    let kept = n.saturating_sub(end.chars().count());
    let mut cut: String = text.chars().take(kept).collect();
    cut.truncate(cut.trim_end().len());
    cut.extend(end.chars().take(n));
    cut
}
