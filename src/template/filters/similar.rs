//! `similar`: how alike two texts are.

use minijinja::Value;

use crate::template::text_of;

/// Of longer texts the beginning is compared: the work grows with both lengths.
const MOST: usize = 1000;

/// From 0 to 1: the share of letters that need not be changed, in two digits. Case does not count.
pub fn similar(value: &Value, other: &Value) -> f64 {
    let plain = |value: &Value| -> String {
        let lower = text_of(value).trim().to_lowercase();
        lower.chars().take(MOST).collect()
    };
    let alike = strsim::normalized_damerau_levenshtein(&plain(value), &plain(other));
    (alike * 100.0).round() / 100.0
}
