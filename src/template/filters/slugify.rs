//! `slugify`: ASCII, lower case, dashes.

use minijinja::Value;

use super::no_arguments;
use crate::template::native::{Doubt, Plain};
use crate::template::text_of;

/// `Größe L` is `groesse-l`.
pub fn slugify(value: &Value) -> String {
    slug(&text_of(value))
}

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    no_arguments(arguments)?;
    Ok(Plain::owned(slug(value.as_text()?)))
}

fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_ascii() => push(c, &mut slug),
            // German umlauts have letters of their own; elsewhere the dots just go.
            'ä' | 'Ä' => slug.push_str("ae"),
            'ö' | 'Ö' => slug.push_str("oe"),
            'ü' | 'Ü' => slug.push_str("ue"),
            c => {
                let letters = deunicode::deunicode_char(c).unwrap_or("-");
                letters.chars().for_each(|c| push(c, &mut slug));
            }
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

fn push(c: char, slug: &mut String) {
    if c.is_ascii_alphanumeric() {
        slug.push(c.to_ascii_lowercase());
    } else if c != '\'' && !slug.is_empty() && !slug.ends_with('-') {
        slug.push('-');
    }
}
