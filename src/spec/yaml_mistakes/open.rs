//! Quotes and brackets that were opened and not closed.

use super::{Text, indent_of};

/// A quote or bracket and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub sign: char,
    pub at: usize,
}

/// What is open where the parser stopped.
#[derive(Default)]
pub(super) struct Open {
    /// The quote that is open, or the last that was closed.
    pub quote: Option<Mark>,
    /// Brackets that are open, innermost last.
    pub brackets: Vec<Mark>,
}

impl Text<'_> {
    /// Quotes and brackets that are open where the parser stopped; texts of blocks and comments are
    /// passed over.
    pub(super) fn open(&self) -> Open {
        let mut open = Open::default();
        let mut quote: Option<Mark> = None;
        let mut block: Option<usize> = None;
        let mut start = 0;
        for line in self.source.split_inclusive('\n') {
            let indent = indent_of(line);
            if let Some(owner) = block {
                if line.trim().is_empty() || indent > owner {
                    start += line.len();
                    continue;
                }
                block = None;
            }
            let mut before = ' ';
            for (at, sign) in line.char_indices() {
                let here = start + at;
                if here >= self.at {
                    open.quote = quote.or(open.quote);
                    return open;
                }
                let begins = matches!(before, ' ' | '[' | '{' | '}' | ',' | '\t');
                match (quote, sign) {
                    (Some(mark), sign) if sign == mark.sign && before != '\\' => {
                        open.quote = quote.take();
                    }
                    (None, '#') if begins => break,
                    (None, '"' | '\'') if begins => quote = Some(Mark { sign, at: here }),
                    (None, '[' | '{') if begins || !open.brackets.is_empty() => {
                        open.brackets.push(Mark { sign, at: here });
                    }
                    (None, ']' | '}') => {
                        open.brackets.pop();
                    }
                    (None, '|' | '>') if begins && quote.is_none() => {
                        let rest = line[at + 1..].trim();
                        if rest.chars().all(|c| matches!(c, '-' | '+' | '0'..='9')) {
                            block = Some(indent);
                        }
                    }
                    (Some(_) | None, _) => {}
                }
                before = sign;
            }
            start += line.len();
        }
        open.quote = quote.or(open.quote);
        open
    }
}
