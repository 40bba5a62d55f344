//! Where a cursor stands in a spec: under which keys, at a key or at a value. Text that is being written
//! is seldom YAML yet, so this reads it as people do: by its indentation, its dashes and its braces.

use std::ops::Range;

/// A step from the top of a spec to a place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into the value of a key.
    Key(String),
    /// Into an element of a list.
    Item,
}

/// What stands under a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A key of the map at the path, or the place of one.
    Key,
    /// The value at the path.
    Value,
}

/// Where a cursor stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The way from the top; of a key to the map that has it.
    pub path: Vec<Step>,
    /// What stands there.
    pub part: Part,
    /// Bytes of what is written of it so far: from its beginning to the cursor.
    pub written: Range<usize>,
    /// Whether it stands in braces or brackets, where a line is no end.
    pub is_in_flow: bool,
}

/// An open brace or bracket.
#[derive(Debug)]
struct Flow {
    is_map: bool,
    key: Option<String>,
}

#[derive(Debug, Default)]
struct Reader {
    /// The keys and dashes that are open, with their columns.
    open: Vec<(usize, Step)>,
    flow: Vec<Flow>,
    /// The column of the key whose block of text goes on, and its path's length.
    block: Option<usize>,
    /// The quote that is open.
    quote: Option<char>,
    /// Where the word began that is being read in braces.
    word: usize,
}

/// Where the byte `at` of a text stands.
pub fn cursor(text: &str, at: usize) -> Cursor {
    let mut cursor = read(text, at);
    let written = &text[cursor.written.clone()];
    cursor.written.start += written.len() - written.trim_start().len();
    cursor
}

fn read(text: &str, at: usize) -> Cursor {
    let mut reader = Reader::default();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let is_last = at < end || end == text.len() && !line.ends_with('\n');
        let line = line.trim_end_matches(['\n', '\r']);
        if is_last {
            let before = &line[..at.saturating_sub(start).min(line.len())];
            return reader.last(before, start);
        }
        reader.line(line, start);
        start = end;
    }
    reader.last("", start)
}

impl Reader {
    fn is_inside(&self) -> bool {
        !self.flow.is_empty() || self.quote.is_some()
    }

    /// Whether a line belongs to a block of text that began above it.
    fn is_of_block(&mut self, line: &str) -> bool {
        let Some(column) = self.block else {
            return false;
        };
        let goes_on = line.trim().is_empty() || indent_of(line) > column;
        if !goes_on {
            self.block = None;
        }
        goes_on
    }

    /// A line above that of the cursor.
    fn line(&mut self, line: &str, start: usize) {
        if self.is_inside() {
            self.scan(line, start);
            return;
        }
        if self.is_of_block(line) || line.trim().is_empty() || line.trim_start().starts_with('#') {
            return;
        }
        let value = self.opened(line);
        self.value(&line[value..], start + value);
    }

    /// The line of the cursor, as far as it.
    fn last(mut self, before: &str, start: usize) -> Cursor {
        let end = start + before.len();
        if self.is_inside() {
            self.scan(before, start);
            return self.in_flow(end);
        }
        if self.is_of_block(before) && !before.trim().is_empty() {
            let path = self.path();
            return Cursor {
                path,
                part: Part::Value,
                written: start + indent_of(before)..end,
                is_in_flow: false,
            };
        }
        self.block = None;
        let value = self.opened(before);
        let rest = &before[value..];
        let has_key = matches!(self.open.last(), Some((_, Step::Key(_)))) && has_key(before);
        self.value(rest, start + value);
        if self.is_inside() {
            return self.in_flow(end);
        }
        Cursor {
            path: self.path(),
            part: if has_key { Part::Value } else { Part::Key },
            written: start + value..end,
            is_in_flow: false,
        }
    }

    /// Takes the dashes and the key of a line; where its value begins.
    fn opened(&mut self, line: &str) -> usize {
        let mut column = indent_of(line);
        loop {
            let rest = &line[column..];
            let is_dash = rest == "-" || rest.starts_with("- ");
            let is_deeper = |(open, step): &(usize, Step)| {
                *open > column || *open == column && !(is_dash && matches!(step, Step::Key(_)))
            };
            while self.open.last().is_some_and(is_deeper) {
                self.open.pop();
            }
            if !is_dash {
                break;
            }
            self.open.push((column, Step::Item));
            let behind = &rest[1..];
            column += 1 + (behind.len() - behind.trim_start_matches(' ').len());
        }
        match key_of(&line[column..]) {
            Some((key, length)) => {
                self.open.push((column, Step::Key(key)));
                column + length
            }
            None => column,
        }
    }

    /// The value behind a key or a dash.
    fn value(&mut self, value: &str, start: usize) {
        let lead = value.len() - value.trim_start().len();
        let mut value = value.trim_start();
        let mut start = start + lead;
        if value.starts_with('&') {
            let name = value.find(' ').map_or(value.len(), |end| end + 1);
            value = &value[name..];
            start += name;
        }
        match value.chars().next() {
            Some('|' | '>') => self.block = self.open.last().map(|(column, _)| *column),
            Some('{' | '[' | '"' | '\'') => self.scan(value, start),
            _ => {}
        }
    }

    /// Reads braces, brackets and quotes.
    fn scan(&mut self, text: &str, start: usize) {
        let mut chars = text.char_indices().peekable();
        if self.quote.is_none() {
            self.word = start;
        }
        while let Some((index, c)) = chars.next() {
            let at = start + index;
            if let Some(quote) = self.quote {
                match c {
                    '\\' if quote == '"' => {
                        chars.next();
                    }
                    _ if c == quote => self.quote = None,
                    _ => {}
                }
                continue;
            }
            let next = chars.peek().map(|(_, next)| *next);
            match c {
                '"' | '\'' => self.quote = Some(c),
                '{' | '[' => {
                    self.flow.push(Flow {
                        is_map: c == '{',
                        key: None,
                    });
                    self.word = at + 1;
                }
                '}' | ']' => {
                    self.flow.pop();
                    self.word = at + 1;
                }
                ',' => {
                    if let Some(flow) = self.flow.last_mut() {
                        flow.key = None;
                    }
                    self.word = at + 1;
                }
                ':' if next.is_none_or(|next| matches!(next, ' ' | '"' | '\'' | '{' | '[')) => {
                    let word = text.get(self.word.saturating_sub(start)..index);
                    if let Some(flow) = self.flow.last_mut().filter(|flow| flow.is_map) {
                        let word = word.unwrap_or_default().trim();
                        flow.key = Some(word.trim_matches(['"', '\'']).to_owned());
                    }
                    self.word = at + 1;
                }
                '#' if text[..index].ends_with(' ') => break,
                _ => {}
            }
        }
    }

    fn in_flow(&self, end: usize) -> Cursor {
        let part = match self.flow.last() {
            Some(Flow {
                is_map: true,
                key: None,
            }) => Part::Key,
            _ => Part::Value,
        };
        Cursor {
            path: self.path(),
            part,
            written: self.word.min(end)..end,
            is_in_flow: !self.flow.is_empty(),
        }
    }

    fn path(&self) -> Vec<Step> {
        let open = self.open.iter().map(|(_, step)| step.clone());
        let flow = self
            .flow
            .iter()
            .filter_map(|flow| match (flow.is_map, &flow.key) {
                (true, key) => key.clone().map(Step::Key),
                (false, _) => Some(Step::Item),
            });
        open.chain(flow).collect()
    }
}

fn has_key(line: &str) -> bool {
    let line = line[indent_of(line)..].trim_start_matches("- ");
    key_of(line.trim_start()).is_some()
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The key that a line begins with, and its length with the colon.
pub(super) fn key_of(line: &str) -> Option<(String, usize)> {
    let (key, behind) = match line.chars().next()? {
        quote @ ('"' | '\'') => {
            let end = 1 + line[1..].find(quote)?;
            (&line[1..end], end + 1)
        }
        '{' | '[' | '#' | '|' | '>' | '*' | '&' | '!' => return None,
        _ => {
            let end = line
                .match_indices(':')
                .map(|(at, _)| at)
                .find(|at| line[at + 1..].is_empty() || line[at + 1..].starts_with(' '))?;
            (&line[..end], end)
        }
    };
    let rest = &line[behind..];
    let is_key = rest == ":" || rest.starts_with(": ");
    is_key.then(|| (key.trim().to_owned(), behind + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `|` is the cursor; the path, `?` or `=` for key or value, and what is written.
    fn told(text: &str) -> String {
        let at = text.find('^').expect("a cursor");
        let text = text.replacen('^', "", 1);
        let cursor = cursor(&text, at);
        let path: Vec<&str> = cursor
            .path
            .iter()
            .map(|step| match step {
                Step::Key(key) => key.as_str(),
                Step::Item => "-",
            })
            .collect();
        let part = match cursor.part {
            Part::Key => '?',
            Part::Value => '=',
        };
        format!("{}{part}{}", path.join("."), &text[cursor.written])
    }

    #[test]
    fn the_path_of_a_cursor_is_known_while_text_is_written() {
        for (text, path) in [
            ("ver^", "?ver"),
            ("version: 1\n^", "?"),
            ("mode: dat^", "mode=dat"),
            ("http:\n  ^", "http?"),
            ("http:\n  base_url: x\n  tim^", "http?tim"),
            ("http:\n  auth: { bea^", "http.auth?bea"),
            (
                "http:\n  auth: { bearer: \"{{ opt^",
                "http.auth.bearer=\"{{ opt",
            ),
            ("source:\n  - name: a\n    ^", "source.-?"),
            (
                "source:\n  - name: a\n    request: { path: /x, query: { a: b, ^",
                "source.-.request.query?",
            ),
            ("source:\n- name: a\n  pag^", "source.-?pag"),
            ("source:\n  - ^", "source.-?"),
            (
                "columns:\n  a: >-\n    {{ row.^\n  b: x\n",
                "columns.a={{ row.",
            ),
            ("columns:\n  a: |\n    x: y\n  b^", "columns?b"),
            ("log:\n  - { at: finish, level: ^", "log.-.level="),
            ("keep: [id, pri^", "keep.-=pri"),
            ("a: { b: 1,\n  c: ^", "a.c="),
            ("# x: y\na:\n  \"{{ options.X }}\": ^", "a.{{ options.X }}="),
            ("http: { retry: { attempts: 1 } }\n^", "?"),
            ("a: 1\n\nb^", "?b"),
            ("a: \"x: {\"\nb: ^", "b="),
            ("a: it's {{ x }}\nb^", "?b"),
        ] {
            assert_eq!(told(text), path.replace('^', ""), "{text}");
        }
    }
}
