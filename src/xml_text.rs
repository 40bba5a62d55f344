//! XML that is written: names (XML 1.0, fifth edition, 2.3), text, and whether what an author wrote around
//! rows, and a row, are well-formed.

use std::borrow::Cow;
use std::fmt::Write as _;

use roxmltree::{Document, ParsingOptions};

use crate::template::is_xml_char;
use crate::text_encoding::TextEncoding;

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
pub fn fitted<'t>(name: &'t str, is_ascii: bool, prefixes: &[String]) -> Cow<'t, str> {
    let is_prefixed = name.split_once(':').is_some_and(|(prefix, local)| {
        is_declared(prefix, prefixes) && is_xml_name(local) && !local.contains(':')
    });
    let fits = |c: char| is_part(c) && (c.is_ascii() || !is_ascii) && (c != ':' || is_prefixed);
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

/// Whether a prefix means something: `xml` always does.
pub fn is_declared(prefix: &str, prefixes: &[String]) -> bool {
    prefix == "xml" || prefixes.iter().any(|declared| declared == prefix)
}

/// The prefix that a key of a map declares: `@xmlns:g` is an attribute.
pub fn declared_prefix(key: &str) -> Option<&str> {
    key.strip_prefix("@xmlns:")
        .filter(|prefix| is_xml_name(prefix))
}

/// Text between tags or quotes. Characters that XML can't hold at all are left out.
pub fn escaped(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| is_xml_char(c) && !matches!(c, '&' | '<' | '>' | '"' | '\r');
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // A reader would make a line end of it.
            '\r' => escaped.push_str("&#13;"),
            c if is_xml_char(c) => escaped.push(c),
            _ => {}
        }
    }
    Cow::Owned(escaped)
}

/// What is wrong with XML that an author wrote, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct XmlFault(String);

impl XmlFault {
    fn new(words: std::fmt::Arguments<'_>) -> Self {
        Self(words.to_string())
    }
}

/// What stands around the rows of an XML file, and is well-formed with any row that is.
#[derive(Debug, Default)]
pub struct XmlAround {
    /// A tag that declares what the text before the rows declares.
    open: String,
    prefixes: Vec<String>,
    /// What it is written in, where that may lack characters.
    encoding: Option<TextEncoding>,
}

/// What stands for the rows.
const ROWS: &str = "runner-rows";

impl XmlAround {
    /// That of the text before and after the rows; an error is what is wrong with them together.
    pub fn of(before: &str, after: &str) -> Result<Self, XmlFault> {
        let text = format!("{before}<{ROWS}/>{after}");
        let options = ParsingOptions {
            allow_dtd: true,
            ..ParsingOptions::default()
        };
        let document = Document::parse_with_options(&text, options).map_err(|error| {
            let at = error.pos();
            let lines = before.split('\n').count();
            let is_before = usize::try_from(at.row).is_ok_and(|row| row < lines);
            XmlFault(if is_before {
                format!(
                    "{}, in line {} of what stands before the rows",
                    reason(&error),
                    at.row
                )
            } else {
                reason(&error)
            })
        })?;
        let rows = document
            .descendants()
            .find(|node| node.has_tag_name(ROWS) || node.tag_name().name() == ROWS);
        let Some(rows) = rows else {
            return Err(XmlFault("the rows would stand in a comment".to_owned()));
        };
        if rows.parent_element().is_none() {
            return Err(XmlFault("no element stands around the rows".to_owned()));
        }
        let mut around = Self {
            open: format!("<{ROWS}"),
            prefixes: Vec::new(),
            encoding: None,
        };
        for namespace in rows.namespaces() {
            let Some(prefix) = namespace.name().filter(|prefix| *prefix != "xml") else {
                continue;
            };
            // Writing into a string does not fail.
            let _ = write!(
                around.open,
                " xmlns:{prefix}=\"{}\"",
                escaped(namespace.uri())
            );
            around.prefixes.push(prefix.to_owned());
        }
        around.open.push('>');
        Ok(around)
    }

    /// The same in a file of this encoding.
    #[must_use]
    pub fn written_in(self, encoding: Option<TextEncoding>) -> Self {
        Self {
            encoding: encoding.filter(|encoding| !encoding.is_utf8()),
            ..self
        }
    }

    /// The prefixes whose name spaces are declared around the rows.
    pub fn prefixes(&self) -> &[String] {
        &self.prefixes
    }

    /// Whether XML that an author wrote is one element, so that one row spoils no file; an error is
    /// what is wrong with it.
    pub fn check_row(&self, row: &str) -> Result<(), XmlFault> {
        let text = format!("{}{row}</{ROWS}>", self.open);
        let document = Document::parse(&text).map_err(|error| XmlFault(reason(&error)))?;
        if let Some(reference) = no_character(row) {
            return Err(XmlFault::new(format_args!(
                "`{reference}` is no character that XML can hold"
            )));
        }
        self.check_names(row, &text, &document)?;
        let mut elements = 0;
        for node in document.root_element().children() {
            if node.is_element() {
                elements += 1;
            }
            if node
                .text()
                .is_some_and(|text| node.is_text() && !text.trim().is_empty())
            {
                return Err(XmlFault(
                    "text stands outside of the row's element".to_owned(),
                ));
            }
        }
        match elements {
            1 => Ok(()),
            0 => Err(XmlFault("there is no element in it".to_owned())),
            more => Err(XmlFault::new(format_args!(
                "{more} elements stand side by side, and a row is one"
            ))),
        }
    }
}

impl XmlAround {
    /// What the parser lets pass: names that begin with a colon, a prefix without a name space (Namespaces
    /// in XML 1.0, 3 and 5), a second declaration, and what can't be written as references.
    fn check_names(&self, row: &str, text: &str, document: &Document<'_>) -> Result<(), XmlFault> {
        let is_plain = !["<?", "<:", " :", "xmlns", "<!["]
            .iter()
            .any(|odd| row.contains(odd));
        let lacks = |part: &str| {
            let encoding = self.encoding;
            encoding.is_some_and(|encoding| encoding.lacks(part))
        };
        if is_plain && !lacks(row) {
            return Ok(());
        }
        let written = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
        for node in document.descendants().skip(1) {
            if let Some(pi) = node.pi() {
                if pi.target.eq_ignore_ascii_case("xml") {
                    return Err(XmlFault::new(format_args!(
                        "`<?{}` stands in it",
                        pi.target
                    )));
                }
            }
            if node.is_text()
                && written(node.range()).contains("<![CDATA[")
                && lacks(written(node.range()))
            {
                return Err(XmlFault(
                    "the file's encoding lacks a character of a CDATA section".to_owned(),
                ));
            }
            if !node.is_element() {
                continue;
            }
            if written(node.range()).starts_with("<:") {
                return Err(XmlFault(
                    "the name of an element begins with a colon".to_owned(),
                ));
            }
            let names = node
                .attributes()
                .map(|attribute| written(attribute.range_qname()));
            for name in names.chain([node.tag_name().name()]) {
                if name.starts_with(':') {
                    return Err(XmlFault::new(format_args!(
                        "the name of the attribute `{name}` begins with a colon"
                    )));
                }
                if lacks(name) {
                    return Err(XmlFault::new(format_args!(
                        "the file's encoding lacks a character of the name `{name}`"
                    )));
                }
            }
            let is_empty =
                |space: &roxmltree::Namespace<'_>| space.name().is_some() && space.uri().is_empty();
            if let Some(space) = node.namespaces().find(|space| is_empty(space)) {
                return Err(XmlFault::new(format_args!(
                    "the prefix `{}` has no name space",
                    space.name().unwrap_or_default()
                )));
            }
        }
        Ok(())
    }
}

/// A reference to a character that there is not (XML 1.0, 2.2), outside of sections that have none.
fn no_character(row: &str) -> Option<&str> {
    let mut rest = row;
    loop {
        let at = rest.find(['&', '<'])?;
        rest = &rest[at..];
        let closed = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
        if let Some((open, close)) = closed.iter().find(|(open, _)| rest.starts_with(open)) {
            let end = rest[open.len()..].find(close)?;
            rest = &rest[open.len() + end + close.len()..];
            continue;
        }
        let reference = rest
            .strip_prefix("&#")
            .and_then(|number| number.split_once(';'));
        if let Some((number, _)) = reference {
            let code = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            let character = code.ok().and_then(char::from_u32);
            let is_one = character.is_some_and(|character| {
                matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
            });
            if !is_one {
                return rest.get(..number.len() + 3);
            }
        }
        rest = &rest[1..];
    }
}

/// What is wrong, without where: rows with the same mistake are told together.
fn reason(error: &roxmltree::Error) -> String {
    let at = error.pos();
    error
        .to_string()
        .replacen(&format!(" at {}:{}", at.row, at.col), "", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_of_characters() {
        let wrong = |row| no_character(row);
        assert_eq!(wrong("<p>&#xD800;</p>"), Some("&#xD800;"));
        assert_eq!(wrong("<p a='&#55296;'/>"), Some("&#55296;"));
        assert_eq!(wrong("<p>&#11;</p>"), Some("&#11;"));
        assert_eq!(wrong("<p>&#xFFFE;</p>"), Some("&#xFFFE;"));
        assert_eq!(wrong("<p>&#9;&#228;&#x1F600;&amp;</p>"), None);
        assert_eq!(wrong("<p><![CDATA[&#xD800;]]><!-- &#0; --></p>"), None);
    }

    #[test]
    fn names_of_the_data_fit() {
        let declared = ["g".to_owned()];
        assert_eq!(fitted("g:price", false, &declared), "g:price");
        assert_eq!(fitted("c:price", false, &declared), "c_price");
        assert_eq!(fitted("g:a:b", false, &declared), "g_a_b");
        assert_eq!(fitted("g:1", false, &declared), "g_1");
        assert_eq!(fitted("xml:lang", false, &[]), "xml:lang");
        assert_eq!(fitted("1 a/b", false, &[]), "_1_a_b");
        assert_eq!(fitted("Größe", false, &[]), "Größe");
        assert_eq!(fitted("Größe", true, &[]), "Gr__e");
        assert_eq!(fitted("a²", false, &[]), "a_");
        assert_eq!(fitted("", false, &[]), "_");
        assert!(!is_xml_name("ªa") && !is_xml_name("-a") && is_xml_name("漢"));
    }

    #[test]
    fn a_row_is_one_element_that_spoils_no_file() {
        let around = XmlAround::of("<rss xmlns:g=\"urn:g\"><a>", "</a></rss>").unwrap();
        for row in [
            "<p>a</p>",
            " <p a=\"1\" g:c='2'/>\n",
            "<p>&amp;&#10;&#x1F600;<g:q/></p>",
            "<p xmlns:c=\"urn:c\"><c:d/></p>",
            "<!-- one - only --><p><![CDATA[ & < ]] > ]]></p>",
        ] {
            assert_eq!(around.check_row(row), Ok(()), "{row}");
        }
        for row in [
            "",
            "text",
            "<p/>text",
            "<p/><q/>",
            "<p>a<b</p>",
            "<p>a",
            "a</p>",
            "<p>&nbsp;</p>",
            "<p a=1>x</p>",
            "<p>a & b</p>",
            "<p><q></p></q>",
            "<1/>",
            "<p a=\"x\" a=\"y\"/>",
            "<p a=\"<\"/>",
            "<p>a ]]> b</p>",
            "<p>\u{b}</p>",
            "<p a=\"\u{1}\"/>",
            "<p>&#11;</p>",
            "<p>&#0;</p>",
            "<x:y/>",
            "<p x:y=\"1\"/>",
            "<p><!-- a -- b --></p>",
            "<p><!-- a ---></p>",
            "</runner-rows><runner-rows>",
            "<p></p></a><a>",
            "<!DOCTYPE p><p/>",
            "<?xml version=\"1.0\"?><p/>",
            "<p><!-- \u{1} --></p>",
            "<p><![CDATA[\u{1}]]></p>",
            "<?XmL version='1'?><p/>",
            "<:b/>",
            "<p :a=\"1\"/>",
            "<p xmlns:q=\"\"/>",
        ] {
            assert!(around.check_row(row).is_err(), "{row}");
        }
        let around = around.written_in(TextEncoding::of_label("windows-1252"));
        assert_eq!(
            around.check_row("<Größe a=\"漢\">漢<!-- 漢 --></Größe>"),
            Ok(())
        );
        for row in ["<漢/>", "<p 漢=\"1\"/>", "<p><![CDATA[漢]]></p>"] {
            assert!(around.check_row(row).is_err(), "{row}");
        }
        let said = around.check_row("<p>\n  a ]]> b</p>").unwrap_err();
        assert_eq!(
            said.to_string(),
            "']]>' is not allowed inside a character data"
        );
    }

    #[test]
    fn what_stands_before_rows_is_closed_behind_them() {
        for (before, after) in [
            ("<a>", "</a>"),
            (
                "<?xml version='1.0' encoding='iso-8859-1'?>\n<!DOCTYPE a SYSTEM \"a.dtd\">\n<a><b>1</b>",
                "<c/></a>\n",
            ),
            ("<a xmlns=\"urn:a\">", "</a><!-- the end -->"),
        ] {
            assert!(XmlAround::of(before, after).is_ok(), "{before}");
        }
        for (before, after) in [
            ("", ""),
            ("<a>", ""),
            ("<a>", "</b>"),
            ("<a></a>", ""),
            ("<a>", "</a><b/>"),
            ("<a>A & B", "</a>"),
            ("<a><!-- ", " --></a>"),
            ("<rows><?xml version='1.0'?>", "</rows>"),
            ("<a x:y=\"1\">", "</a>"),
        ] {
            assert!(XmlAround::of(before, after).is_err(), "{before}");
        }
        let around = XmlAround::of("<a xmlns:g=\"urn:a&amp;b\" xmlns=\"urn:d\">", "</a>").unwrap();
        assert_eq!(around.prefixes(), ["g"]);
        assert_eq!(around.check_row("<g:x/>"), Ok(()));
    }

    #[test]
    fn what_xml_can_not_hold_is_escaped_or_left_out() {
        assert_eq!(escaped("a & <b> \"c\""), "a &amp; &lt;b&gt; &quot;c&quot;");
        assert_eq!(escaped("a\u{0}b\u{8}\u{fffe}\u{ffff}c\t\n"), "abc\t\n");
        assert_eq!(escaped("\u{1f600}€"), "\u{1f600}€");
    }
}
