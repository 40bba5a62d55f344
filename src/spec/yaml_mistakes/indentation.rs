//! Lines that are indented otherwise than their neighbours, and lines that are no `key: value`.

use super::{Text, indent_of, key_of, mistake};
use crate::diagnostics::Diagnostic;

impl Text<'_> {
    /// `text: >-` whose text is not indented.
    pub(super) fn block_text(&self) -> Option<Diagnostic> {
        let (_, above) = self.above().next()?;
        let word = above.trim_end().rsplit(' ').next()?;
        if !word.starts_with(['|', '>']) {
            return None;
        }
        let message = format!("the text behind `{word}` is not indented");
        let help = format!("move its lines to the right of `{}`", key_of(above)?);
        let start = self.line_start + indent_of(self.line);
        Some(mistake(
            start..self.line_start + self.line.len(),
            message,
            help,
        ))
    }

    /// A line above that is no `key: value`.
    pub(super) fn no_key(&self) -> Option<Diagnostic> {
        let own = [(self.line_start, self.line)];
        let lines = own.into_iter().chain(self.above().take(1));
        for (start, line) in lines {
            let indent = indent_of(line);
            let text = line[indent..].trim_end();
            let entry = text.trim_start_matches("- ").trim_start();
            // An entry of a list may be a text, if nothing goes on behind it.
            let is_element = text.starts_with('-') && indent_of(self.line) <= indent;
            let is_key = entry.contains(": ") || entry.ends_with(':') || is_element;
            let is_whole =
                entry.ends_with(',') || entry.starts_with(['"', '\'', '{', '[', '}', ']']);
            if is_key || is_whole || text.is_empty() {
                continue;
            }
            let help = match entry.split_once(':') {
                Some((key, value)) if value.starts_with('\u{a0}') => {
                    format!(
                        "what stands behind the colon only looks like a space: type it anew: {key}: {}",
                        value.trim()
                    )
                }
                Some((key, value)) => format!("put a space behind the colon: {key}: {value}"),
                None => {
                    "each line is `key: value`; a text that goes on over lines stands behind `>-`"
                        .to_owned()
                }
            };
            let place = start + indent..start + indent + text.len();
            return Some(mistake(place, format!("`{text}` is no `key: value`"), help));
        }
        None
    }

    /// A line that is indented otherwise than its neighbours.
    pub(super) fn indentation(&self) -> Option<Diagnostic> {
        let own = indent_of(self.line);
        let place = self.line_start..self.line_start + self.line.trim_end().len();
        let (_, above) = self.above().next()?;
        let key = key_of(self.line).unwrap_or(self.line.trim());
        if own > indent_of(above) && self.is_above_odd(own) {
            let (start, above) = self.above().next()?;
            let key_above = key_of(above).unwrap_or(above.trim());
            let message = format!("`{key_above}` is too far to the left");
            let help = format!("it goes {own} spaces in to stand beside `{key}`");
            let place = start..start + above.trim_end().len();
            return Some(mistake(place, message, help));
        }
        if own > indent_of(above) {
            // A dash is part of the indentation of what stands behind it.
            let first = above.trim_start().trim_start_matches("- ");
            let beside =
                above.len() - above.trim_start().len() + (above.trim_start().len() - first.len());
            let neighbour = key_of(above).unwrap_or(first);
            let side = if own > beside { "right" } else { "left" };
            let message = format!("`{key}` is too far to the {side}");
            let help = format!(
                "it goes {beside} spaces in to stand beside `{neighbour}`, which has a value of its own"
            );
            return Some(mistake(place, message, help));
        }
        let before = self.above().nth(1).map(|(_, before)| indent_of(before));
        let is_odd = indent_of(above) % 2 == 1 && own.is_multiple_of(2);
        if is_odd && before != Some(indent_of(above)) {
            let (start, above) = self.above().next()?;
            let key_above = key_of(above).unwrap_or(above.trim());
            let message = format!("`{key_above}` is too far to the right");
            let help = format!("it goes {own} spaces in to stand beside `{key}`");
            return Some(mistake(
                start..start + above.trim_end().len(),
                message,
                help,
            ));
        }
        let mut inner = None;
        for (_, line) in self.above() {
            let indent = indent_of(line);
            if indent > own {
                inner = Some(line);
            } else {
                let inner = inner?;
                let first = inner.trim_start().trim_start_matches("- ");
                let beside = inner.len() - first.len();
                let message = format!("`{key}` stands between two levels");
                let help = format!(
                    "it goes {beside} spaces in to stand beside `{}`, {indent} to stand beside `{}`",
                    key_of(inner).unwrap_or(first),
                    key_of(line).unwrap_or(line.trim())
                );
                return Some(mistake(place, message, help));
            }
        }
        None
    }

    /// The next line that holds something.
    pub(super) fn below(&self) -> Option<Self> {
        let mut start = self.line_start + self.line.len() + 1;
        for line in self.source.get(start..)?.lines() {
            if !line.trim().is_empty() {
                return Some(Self::new(self.source, start));
            }
            start += line.len() + 1;
        }
        None
    }

    /// Whether the line above is the one that is indented otherwise than its neighbours.
    fn is_above_odd(&self, own: usize) -> bool {
        let mut above = self.above();
        let (Some((_, first)), before) = (above.next(), above.next()) else {
            return false;
        };
        if first.trim_start().starts_with("- ") {
            return false;
        }
        let indent = indent_of(first);
        let is_between = indent % 2 == 1 && own.is_multiple_of(2);
        let is_outside = before.is_some_and(|(_, before)| {
            let opens = before.trim_end().ends_with(':') && indent_of(before) >= indent;
            opens || indent_of(before) == own
        });
        is_between || is_outside
    }

    /// A first line that is further to the right than those below.
    pub(super) fn first_line(&self) -> Option<Diagnostic> {
        let (start, line) = self.above().last()?;
        let indent = indent_of(line);
        if indent <= indent_of(self.line) {
            return None;
        }
        let key = key_of(line).unwrap_or(line.trim());
        let message = format!("`{key}` is too far to the right");
        let help = format!(
            "it goes {} spaces in, as the lines below",
            indent_of(self.line)
        );
        Some(mistake(start..start + line.trim_end().len(), message, help))
    }
}
