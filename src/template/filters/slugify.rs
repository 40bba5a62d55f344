//! `slugify`: ASCII, lower case, dashes.

use minijinja::Value;

use crate::template::text_of;

/// `Größe L` is `groesse-l`.
pub fn slugify(value: &Value) -> String {
    let mut slug = String::new();
    let mut push = |part: &str| {
        for c in part.chars() {
            if c.is_ascii_alphanumeric() {
                slug.push(c.to_ascii_lowercase());
            } else if c != '\'' && !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
    };
    for c in text_of(value).chars() {
        match c {
            // German umlauts have letters of their own; elsewhere the dots just go.
            'ä' | 'Ä' => push("ae"),
            'ö' | 'Ö' => push("oe"),
            'ü' | 'Ü' => push("ue"),
            c => push(deunicode::deunicode_char(c).unwrap_or("-")),
        }
    }
    slug.trim_end_matches('-').to_owned()
}
