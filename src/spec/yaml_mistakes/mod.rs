//! Text that is no YAML: what was most likely done, where, and how to mend it.
//!
//! The parser says where it could go no further, in its own terms. What people did is often further
//! up: a quote or bracket that was left open, a line that is indented otherwise than its
//! neighbours.

mod indentation;
mod open;

use std::ops::Range;

use self::open::Mark;
use crate::diagnostics::nearest::nearest;
use crate::diagnostics::{Code, Diagnostic};
use crate::spec::odd_characters::curly_quote;

/// What was done, where the parser stopped at `at` and said `reason`.
pub fn explain(source: &str, at: usize, reason: &str) -> Diagnostic {
    let text = Text::new(source, at);
    text.control()
        .or_else(|| text.tab())
        .or_else(|| text.by_reason(reason))
        .unwrap_or_else(|| {
            let message = format!("this is no YAML: {reason}");
            mistake(at..at, message, "texts with `: `, ` #`, or a leading `*`, `&`, `!`, `%`, `@`, `{` or `[` need quotes")
        })
}

/// A template that stands there without quotes, from its first brace on.
pub fn unquoted_template(source: &str, start: usize) -> Diagnostic {
    let rest = &source[start..];
    let line = rest.lines().next().unwrap_or_default();
    let line = line.find(" #").map_or(line, |comment| &line[..comment]);
    let line = line.trim_end();
    // In a list or map on one line the template ends before the next comma or bracket outside of it.
    let behind = line.find("}}").map(|end| &line[end + 2..]);
    let is_in_flow = behind.is_some_and(|behind| behind.trim_start().starts_with([',', '}', ']']));
    let end = if is_in_flow {
        line.find("}}").map_or(line.len(), |end| end + 2)
    } else {
        line.len()
    };
    let template = line[..end].replace('"', "'");
    Diagnostic::new(
        Code::UnquotedTemplate,
        start..start + end,
        "a template without quotes is a YAML map",
    )
    .hint(format!("put quotes around it: \"{template}\""))
}

/// Where an unquoted template begins in a line that failed to parse.
fn unquoted_start(line: &str) -> Option<usize> {
    let value = line
        .find(": ")
        .or_else(|| line.find("- "))
        .map(|at| at + 2)?;
    let value = value + (line[value..].len() - line[value..].trim_start().len());
    let text = &line[value..];
    (text.starts_with("{{") || text.starts_with("{%")).then_some(value)
}

fn mistake(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::Yaml, span, message).hint(help)
}

/// The source, and where the parser stopped.
struct Text<'s> {
    source: &'s str,
    at: usize,
    /// Where the line of `at` begins.
    line_start: usize,
    line: &'s str,
}

impl<'s> Text<'s> {
    fn new(source: &'s str, at: usize) -> Self {
        let at = at.min(source.len());
        let line_start = source[..at].rfind('\n').map_or(0, |at| at + 1);
        let line = source[line_start..].lines().next().unwrap_or_default();
        Self {
            source,
            at,
            line_start,
            line,
        }
    }

    fn tab(&self) -> Option<Diagnostic> {
        // A text that goes on in a line with a tab is refused before that line.
        let next = self.line_start + self.line.len() + 1;
        let below = self
            .source
            .get(next..)
            .and_then(|below| below.lines().next());
        let lines = [
            (self.line_start, self.line),
            (next, below.unwrap_or_default()),
        ];
        let at = lines
            .into_iter()
            .find_map(|(start, line)| Some(start + line[..indent_of(line)].find('\t')?))?;
        let help = "indent with spaces: YAML allows no tabs there";
        Some(mistake(at..at + 1, "a tab as indentation", help))
    }

    fn by_reason(&self, reason: &str) -> Option<Diagnostic> {
        if reason.contains("unknown anchor") {
            return Some(self.anchor());
        }
        if let Some(start) = unquoted_start(self.line) {
            return Some(unquoted_template(self.source, self.line_start + start));
        }
        if reason.contains("escape character") {
            return self.escape();
        }
        if reason.contains("unexpected character") {
            return self.first_character();
        }
        if reason.contains("trailing content after") {
            return self.behind_quote();
        }
        if reason.contains("unclosed quote") {
            let help = "close it at the end of the text";
            return Some(mistake(
                self.at..self.at + 1,
                "this quote is never closed",
                help,
            ));
        }
        if reason.contains("unclosed bracket") {
            return Some(self.open_bracket(self.at));
        }
        if reason.contains("document start") {
            return self.first_line();
        }
        if reason.contains("misplaced bracket") {
            let help = "take it out, or open one before it";
            return Some(mistake(
                self.at..self.at + 1,
                "this bracket closes nothing",
                help,
            ));
        }
        let open = self.open();
        if let Some(bracket) = open.brackets.last() {
            return Some(self.in_brackets(*bracket));
        }
        self.colon_in_value()
            .or_else(|| self.block_text())
            .or_else(|| self.no_key())
            .or_else(|| self.indentation())
            .or_else(|| self.below()?.indentation())
    }

    /// `*name` without `&name` before it.
    fn anchor(&self) -> Diagnostic {
        let rest = &self.source[self.at..];
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}'))
            .unwrap_or(rest.len());
        let (written, name) = (&rest[..end], rest[..end].trim_start_matches('*'));
        let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '-');
        let before = &self.source[..self.at];
        let anchors = before.match_indices('&').map(|(at, _)| {
            let name = &before[at + 1..];
            let end = name.find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}'));
            &name[..end.unwrap_or(name.len())]
        });
        let help = match nearest(name, anchors.filter(|name| !name.is_empty())) {
            Some(near) => format!("did you mean `*{near}`?"),
            None if is_name => format!(
                "write `&{name}` before the value that is meant, further up; a text that begins with * needs quotes: \"{written}\""
            ),
            None => format!("a text that begins with * needs quotes: \"{written}\""),
        };
        let message = format!("nothing above has the anchor `&{name}`");
        mistake(self.at..self.at + end, message, help)
    }

    fn escape(&self) -> Option<Diagnostic> {
        let rest = &self.source[self.at..];
        let mut signs = rest.char_indices().skip(1).peekable();
        while let Some((at, sign)) = signs.next() {
            if sign != '\\' {
                continue;
            }
            let (_, next) = signs.next()?;
            if "0abtnvfre \"/\\N_LPxuU\n\t\r".contains(next) {
                continue;
            }
            let at = self.at + at;
            let message = format!("`\\{next}` means nothing in double quotes");
            let help = format!("put the text in single quotes, or write \\\\{next}");
            return Some(mistake(at..at + 1 + next.len_utf8(), message, help));
        }
        None
    }

    /// A character that no text of YAML may have, before the place where the parser stopped or behind it.
    fn control(&self) -> Option<Diagnostic> {
        let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
        let start = self.line_start;
        let (at, c) = self.source[start..]
            .char_indices()
            .find(|(_, c)| is_control(*c))?;
        let place = start + at..start + at + c.len_utf8();
        let message = format!("a control character, U+{:04X}, is in this text", c as u32);
        let help = format!(
            "remove it, or write it in double quotes as \\x{:02x}",
            c as u32
        );
        Some(mistake(place, message, help))
    }

    fn first_character(&self) -> Option<Diagnostic> {
        let sign = self.source[self.at..].chars().next()?;
        let value = self.line[self.at - self.line_start..].trim_end();
        let value = value
            .find(" #")
            .map_or(value, |comment| value[..comment].trim_end());
        let help = format!("put quotes around it: \"{}\"", value.replace('"', "'"));
        let message = format!("a text can't begin with `{sign}`");
        Some(mistake(self.at..self.at + value.len(), message, help))
    }

    /// Something behind a closing quote.
    fn behind_quote(&self) -> Option<Diagnostic> {
        let quote = self.open().quote?;
        let opened_on = Self::new(self.source, quote.at);
        // `{{ x }}"`: what looks like an opening quote was to be the closing one.
        if self.source[..quote.at].ends_with("}}") {
            let before = &self.source[opened_on.line_start..quote.at];
            let start = opened_on.line_start + before.rfind("{{")?;
            let template = &self.source[start..quote.at];
            let message = "a template without a quote before it is a YAML map";
            let help = format!(
                "put a quote before it: {}{template}{}",
                quote.sign, quote.sign
            );
            return Some(mistake(start..quote.at + 1, message, help));
        }
        if opened_on.line_start != self.line_start {
            let help =
                "the next quote, some lines below, was read as its end: close it on its own line";
            return Some(mistake(
                quote.at..quote.at + 1,
                "this quote is not closed",
                help,
            ));
        }
        let from = quote.at - self.line_start;
        let value = self.line[from..].trim_end();
        let inner = value.trim_matches(quote.sign);
        let whole = if value.ends_with(quote.sign) && value.len() > 1 {
            inner.to_owned()
        } else {
            value.replace(quote.sign, "")
        };
        // In braces another entry may follow, whose comma is missing.
        let behind = self.source[self.at..].trim_start();
        if behind.starts_with(';') {
            let help = "entries have commas between them: { a: 1, b: 2 }".to_owned();
            return Some(mistake(
                self.at..self.at + 1,
                "a `;` ends nothing here",
                help,
            ));
        }
        let key = behind.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')));
        let is_entry = key.is_some_and(|end| end > 0 && behind[end..].starts_with(": "));
        if is_entry {
            let message = "a comma is missing before this";
            let help = "entries have commas between them: { a: 1, b: 2 }".to_owned();
            return Some(mistake(self.at..self.at + 1, message, help));
        }
        let help = format!(
            "use one kind of quote outside and the other inside: \"{}\"",
            whole.replace('"', "'")
        );
        let message = "the text ends at its second quote, and something stands behind it";
        Some(mistake(self.at..self.at + 1, message, help))
    }

    fn open_bracket(&self, at: usize) -> Diagnostic {
        let sign = self.source[at..].chars().next().unwrap_or('{');
        let closing = if sign == '[' { ']' } else { '}' };
        let message = format!("this `{sign}` is never closed");
        mistake(
            at..at + 1,
            message,
            format!("write `{closing}` behind the last entry"),
        )
    }

    /// Something is wrong in `{ }` or `[ ]`.
    fn in_brackets(&self, bracket: Mark) -> Diagnostic {
        let opened_on = Self::new(self.source, bracket.at);
        let is_later = opened_on.line_start != self.line_start;
        if is_later && indent_of(self.line) <= indent_of(opened_on.line) {
            return self.open_bracket(bracket.at);
        }
        let before = &self.source[bracket.at..self.at];
        let word = before
            .rsplit([',', '{', '[', ' '])
            .next()
            .unwrap_or_default();
        let sign = self.source[self.at..].chars().next();
        if matches!(sign, Some('[' | '{')) && !word.is_empty() {
            let start = self.at - word.len();
            let rest = &self.source[start..];
            let end = rest
                .find(|c: char| matches!(c, ',' | '\n') || (c.is_whitespace()))
                .unwrap_or(rest.len());
            let is_curly = word.chars().any(|c| curly_quote(c).is_some());
            let help = if is_curly {
                "type the quotes anew: YAML has \" and ', and these are curly".to_owned()
            } else {
                format!("put quotes around it: \"{}\"", &rest[..end])
            };
            let message = "a text with brackets needs quotes here";
            return mistake(start..start + end, message, help);
        }
        let message = "a comma is missing before this, or quotes around a text with `: ` in it";
        let help = format!(
            "in `{}` entries have commas between them: {{ a: 1, b: 2 }}, [1, 2]",
            bracket.sign
        );
        mistake(self.at..self.at + 1, message, help)
    }

    /// `title: a: b`.
    fn colon_in_value(&self) -> Option<Diagnostic> {
        let before = &self.line[..self.at - self.line_start];
        let key_end = before.find(": ")?;
        let value = self.line[key_end + 2..].trim();
        if value.starts_with(['"', '\'', '[', '{']) || !value.contains(": ") {
            return None;
        }
        let start = self.line_start + key_end + 2;
        let help = format!("put quotes around it: \"{}\"", value.replace('"', "'"));
        let message = "a text with `: ` in it needs quotes";
        Some(mistake(start..start + value.len(), message, help))
    }

    /// The lines above that hold something, the nearest first, each with its place.
    fn above(&self) -> impl Iterator<Item = (usize, &'s str)> {
        let mut end = self.line_start;
        let source = self.source;
        std::iter::from_fn(move || {
            loop {
                let until = source[..end].strip_suffix('\n')?;
                let start = until.rfind('\n').map_or(0, |at| at + 1);
                end = start;
                let line = until[start..].trim_end_matches('\r');
                if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
                    return Some((start, line));
                }
            }
        })
    }
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// The key of a line that is `key: …`, `- key: …`.
fn key_of(line: &str) -> Option<&str> {
    let entry = line.trim_start().trim_start_matches("- ").trim_start();
    let end = entry.find(':')?;
    Some(entry[..end].trim_matches(['"', '\'']))
}
