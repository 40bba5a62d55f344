//! `strip_tags` and `html_text`: HTML to text.

use std::borrow::Cow;

use minijinja::{Error, Value};

use super::no_arguments;
use crate::template::native::{Doubt, Plain};
use crate::template::{is_nothing, text_of};

/// HTML to text: entities decoded, block tags to spaces, white space folded, trimmed. Comments,
/// scripts and styles are left out. Tags that are kept stay without their attributes; the result is HTML
/// then, so entities stay too.
pub fn strip_tags(value: &Value, keep: Option<Value>) -> Result<String, Error> {
    let html = text_of(value);
    let Some(keep) = keep.filter(|keep| !is_nothing(keep)) else {
        return Ok(text(&html));
    };
    let names: Vec<String> = if let Some(one) = keep.as_str() {
        vec![one.to_ascii_lowercase()]
    } else {
        let names = keep.try_iter()?;
        names
            .map(|name| text_of(&name).to_ascii_lowercase())
            .collect()
    };
    Ok(folded(&without_tags(&html, &Instead::Kept(&names))))
}

/// HTML to text of lines: what begins a line of its own there does here, and what is listed has a dash.
pub fn html_text(value: &Value) -> String {
    let html = text_of(value);
    let text = without_tags(&html, &Instead::Lines);
    let text = htmlize::unescape(&*text);
    let lines = text.split('\n').map(folded);
    let lines: Vec<String> = lines
        .filter(|line| !line.is_empty() && line != "-")
        .collect();
    lines.join("\n")
}

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    no_arguments(arguments)?;
    Ok(Plain::owned(text(value.as_text()?)))
}

fn text(html: &str) -> String {
    let text = without_tags(html, &Instead::Spaces);
    if text.contains('&') {
        folded(&htmlize::unescape(&*text))
    } else {
        folded(&text)
    }
}

/// What comes in the place of a tag that ends a word.
enum Instead<'k> {
    /// A space.
    Spaces,
    /// A line end, where it ends a line.
    Lines,
    /// The tag itself, if it is one of these.
    Kept(&'k [String]),
}

impl Instead<'_> {
    fn put(&self, tag: &Tag<'_>, text: &mut String) {
        match self {
            Self::Kept(names) if names.iter().any(|name| tag.is(name)) => {
                text.push_str(if tag.is_closing { "</" } else { "<" });
                text.push_str(&tag.name.to_ascii_lowercase());
                text.push('>');
            }
            Self::Lines if tag.is_line() => {
                text.push('\n');
                if tag.is("li") && !tag.is_closing {
                    text.push_str("- ");
                }
            }
            Self::Spaces | Self::Lines | Self::Kept(_) => {
                if !tag.is_inline() {
                    text.push(' ');
                }
            }
        }
    }

    /// Text between tags: a line end in it is a space.
    fn put_text(&self, piece: &str, text: &mut String) {
        match self {
            Self::Lines => text.extend(piece.chars().map(|c| if c == '\n' { ' ' } else { c })),
            Self::Spaces | Self::Kept(_) => text.push_str(piece),
        }
    }
}

fn without_tags<'h>(html: &'h str, instead: &Instead<'_>) -> Cow<'h, str> {
    let Some(first) = html.find('<') else {
        let mut text = String::new();
        return match instead {
            Instead::Lines => {
                instead.put_text(html, &mut text);
                Cow::Owned(text)
            }
            Instead::Spaces | Instead::Kept(_) => Cow::Borrowed(html),
        };
    };
    let mut text = String::with_capacity(html.len());
    instead.put_text(&html[..first], &mut text);
    let mut rest = &html[first..];
    // Where no tag ends any more, what is left is text; looking for each end would take long.
    let last_end = html.rfind('>').map_or(0, |at| at + 1);
    while !rest.is_empty() {
        if html.len() - rest.len() >= last_end {
            instead.put_text(rest, &mut text);
            break;
        }
        // `rest` begins with a `<`.
        let behind = match Tag::read(rest) {
            None => {
                text.push('<');
                &rest[1..]
            }
            Some(tag) => {
                instead.put(&tag, &mut text);
                tag.content_behind(rest)
            }
        };
        let next = behind.find('<').unwrap_or(behind.len());
        instead.put_text(&behind[..next], &mut text);
        rest = &behind[next..];
    }
    Cow::Owned(text)
}

/// White space folded and trimmed.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    if text.is_ascii() {
        let is_space = |c: char| matches!(c, ' ' | '\t'..='\r');
        push_words(text.split(is_space), &mut folded);
    } else {
        push_words(text.split(char::is_whitespace), &mut folded);
    }
    folded
}

fn push_words<'t>(words: impl Iterator<Item = &'t str>, folded: &mut String) {
    for word in words.filter(|word| !word.is_empty()) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
}

/// A tag or a comment.
struct Tag<'h> {
    /// Its name; nothing where it is a comment.
    name: &'h str,
    is_closing: bool,
    /// Its length in bytes.
    length: usize,
}

impl<'h> Tag<'h> {
    /// The tag that `html` begins with, its `<` included.
    fn read(html: &'h str) -> Option<Self> {
        if let Some(comment) = html.strip_prefix("<!--") {
            let length = comment.find("-->").map_or(html.len(), |end| end + 7);
            return Some(Self {
                name: "",
                is_closing: false,
                length,
            });
        }
        let inside = html[1..].trim_start_matches('/');
        if !inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
            return None;
        }
        let letters = inside.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let mut quote = None;
        for (at, byte) in html.bytes().enumerate().skip(1) {
            match (quote, byte) {
                (None, b'>') => {
                    return Some(Self {
                        name: &inside[..letters],
                        is_closing: html.as_bytes()[1] == b'/',
                        length: at + 1,
                    });
                }
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), byte) if open == byte => quote = None,
                _ => {}
            }
        }
        None
    }

    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether what is behind it is on a line of its own.
    fn is_line(&self) -> bool {
        const LINES: [&str; 29] = [
            "address",
            "article",
            "aside",
            "blockquote",
            "br",
            "caption",
            "dd",
            "div",
            "dl",
            "dt",
            "figcaption",
            "figure",
            "footer",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "li",
            "main",
            "ol",
            "p",
            "section",
            "table",
            "tr",
            "ul",
        ];
        LINES.iter().any(|name| self.is(name))
    }

    /// Whether it ends no word: everything else becomes a space.
    fn is_inline(&self) -> bool {
        let mut name = [0; 8];
        let Some(lower) = name.get_mut(..self.name.len()) else {
            return false;
        };
        lower.copy_from_slice(self.name.as_bytes());
        lower.make_ascii_lowercase();
        matches!(
            &*lower,
            b"" | b"a"
                | b"abbr"
                | b"acronym"
                | b"b"
                | b"bdi"
                | b"bdo"
                | b"big"
                | b"cite"
                | b"code"
                | b"del"
                | b"dfn"
                | b"em"
                | b"font"
                | b"i"
                | b"ins"
                | b"kbd"
                | b"label"
                | b"mark"
                | b"q"
                | b"s"
                | b"samp"
                | b"small"
                | b"span"
                | b"strike"
                | b"strong"
                | b"sub"
                | b"sup"
                | b"time"
                | b"tt"
                | b"u"
                | b"var"
                | b"wbr"
        )
    }

    /// What is shown of the HTML behind the tag: what an opening `script` or `style` holds is not.
    fn content_behind(&self, html: &'h str) -> &'h str {
        let behind = &html[self.length..];
        let hides = |name: &str| !self.is_closing && self.name.eq_ignore_ascii_case(name);
        let end = match () {
            () if hides("script") => "</script",
            () if hides("style") => "</style",
            () => return behind,
        };
        let end = behind.to_ascii_lowercase().find(end);
        end.map_or("", |end| &behind[end..])
    }
}
