//! Names of XML elements and attributes (XML 1.0, fifth edition, 2.3).

use std::borrow::Cow;

fn is_start(c: char) -> bool {
    matches!(c,
        ':' | '_' | 'A'..='Z' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}'
        | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

fn is_part(c: char) -> bool {
    is_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Whether a text can be the name of an element.
pub fn is_xml_name(text: &str) -> bool {
    text.starts_with(is_start) && !text.starts_with(':') && text.chars().all(is_part)
}

/// A name of the data as the name of an element: what can't stand there is `_`. Where only ASCII can
/// be written, nothing else stands in a name; a prefix stays one only where its name space is declared.
pub fn fitted(name: &str, is_ascii: bool, has_prefixes: bool) -> Cow<'_, str> {
    let fits = |c: char| is_part(c) && (c.is_ascii() || !is_ascii) && (c != ':' || has_prefixes);
    if is_xml_name(name) && name.chars().all(fits) {
        return Cow::Borrowed(name);
    }
    let mut fitting: String = name
        .chars()
        .map(|c| if fits(c) { c } else { '_' })
        .collect();
    if !is_xml_name(&fitting) {
        fitting.insert(0, '_');
    }
    Cow::Owned(fitting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_data_fit() {
        assert_eq!(fitted("g:price", false, true), "g:price");
        assert_eq!(fitted("g:price", false, false), "g_price");
        assert_eq!(fitted("1 a/b", false, true), "_1_a_b");
        assert_eq!(fitted("Größe", false, true), "Größe");
        assert_eq!(fitted("Größe", true, true), "Gr__e");
        assert_eq!(fitted("a²", false, true), "a_");
        assert_eq!(fitted("", false, true), "_");
        assert!(!is_xml_name("ªa") && !is_xml_name("-a") && is_xml_name("漢"));
    }
}
