//! Watches CSV on its way to the reader, which forgives everything: quotes that never close, text
//! behind a closing quote, cells without end. What is wrong is named by its line.

use std::io::{self, Read};

/// How cells are told apart.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    pub delimiter: u8,
    /// Nothing stands around cells where this is nothing.
    pub quote: Option<u8>,
    /// What makes a quote inside quotes part of the cell, besides a second one.
    pub escape: Option<u8>,
    /// Bytes of a cell at most.
    pub cell: u64,
}

/// What is wrong with CSV.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsvFault {
    /// A quote is never closed.
    #[error(
        "line {0} has a quote that is never closed; where quotes are no quotes, say format: {{ csv: {{ quote: \"\" }} }}"
    )]
    Open(u64),
    /// Something stands behind a closing quote.
    #[error(
        "line {0}: text stands behind a closing quote: {1:?}; where a backslash stands before quotes, say format: {{ csv: {{ escape: \"\\\\\" }} }}, where quotes are no quotes, quote: \"\""
    )]
    Behind(u64, String),
    /// A cell is too long.
    #[error(
        "line {0}: a cell that begins there is longer than {1} bytes: is its quote never closed? Raise format: {{ csv: {{ max_cell: … }} }} if that is meant"
    )]
    Long(u64, u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A cell begins.
    Start,
    /// In a cell without quotes.
    Plain,
    /// In quotes.
    Quoted,
    /// Behind an escape.
    Escaped,
    /// Behind a quote that closes, or is the first of two.
    Closed,
    /// Behind blanks behind a quote that closes.
    Blank,
}

/// Passes CSV on, and fails where it is broken.
pub struct Watch<R> {
    input: R,
    dialect: Dialect,
    state: State,
    /// Line ends so far.
    lines: u64,
    /// The line on which the cell begins.
    from: u64,
    /// Bytes of the cell in pieces that were passed on before.
    length: u64,
    is_over: bool,
    /// The last byte that was passed on.
    last: Option<u8>,
}

impl<R: Read> Watch<R> {
    /// Watches from the line behind `lines` others.
    pub fn new(input: R, dialect: Dialect, lines: u64) -> Self {
        Self {
            input,
            dialect,
            state: State::Start,
            lines,
            from: lines + 1,
            length: 0,
            is_over: false,
            last: None,
        }
    }

    /// Whether what was passed on ends with a line end.
    pub fn ends_a_line(&self) -> bool {
        matches!(self.last, None | Some(b'\n' | b'\r' | 0 | 0x1A))
    }

    fn watch(&mut self, piece: &[u8]) -> Result<(), CsvFault> {
        let Dialect {
            delimiter,
            quote,
            escape,
            cell,
        } = self.dialect;
        let mut at = 0;
        // Line ends are counted up to here.
        let mut counted = 0;
        // Where the cell begins in this piece.
        let mut begin = 0;
        while at < piece.len() {
            // What can't change anything is jumped over.
            let rest = &piece[at..];
            let next = match (self.state, quote, escape) {
                (State::Start | State::Plain, ..) => {
                    let next = quote.and_then(|quote| memchr::memchr(quote, rest));
                    let end = at + next.unwrap_or(rest.len());
                    if self.length + (end - begin) as u64 > cell {
                        // One of the cells up to there may be too long.
                        match self.state {
                            State::Plain => memchr::memchr3(delimiter, b'\n', b'\r', rest),
                            _ => Some(0),
                        }
                    } else {
                        // Only where the last cell begins can matter.
                        let last = memchr::memrchr3(delimiter, b'\n', b'\r', &piece[at..end]);
                        if let Some(last) = last {
                            begin = at + last + 1;
                            self.length = 0;
                            self.state = State::Start;
                        }
                        if begin < end {
                            self.state = State::Plain;
                        }
                        next
                    }
                }
                (State::Quoted, Some(quote), Some(escape)) => memchr::memchr2(quote, escape, rest),
                (State::Quoted, Some(quote), None) => memchr::memchr(quote, rest),
                _ => Some(0),
            };
            let Some(next) = next else { break };
            at += next;
            let byte = piece[at];
            let is_end = byte == delimiter || byte == b'\n' || byte == b'\r';
            self.state = match self.state {
                State::Start | State::Plain if is_end => {
                    if self.length + (at - begin) as u64 > cell {
                        let line = match self.length {
                            0 => self.lines + line_ends(&piece[counted..begin.max(counted)]) + 1,
                            _ => self.from,
                        };
                        return Err(CsvFault::Long(line, cell));
                    }
                    State::Start
                }
                State::Start if quote == Some(byte) => {
                    self.lines += line_ends(&piece[counted..at]);
                    counted = at;
                    self.from = self.lines + 1;
                    State::Quoted
                }
                State::Start | State::Plain => State::Plain,
                State::Quoted if quote == Some(byte) => State::Closed,
                State::Quoted => State::Escaped,
                State::Escaped => State::Quoted,
                State::Closed if quote == Some(byte) => State::Quoted,
                State::Closed | State::Blank if is_end => {
                    // Its quotes are not of the cell.
                    if self.length + (at - begin) as u64 > cell + 2 {
                        return Err(CsvFault::Long(self.from, cell));
                    }
                    State::Start
                }
                State::Closed | State::Blank if matches!(byte, b' ' | b'\t' | 0 | 0x1A) => {
                    State::Blank
                }
                State::Closed | State::Blank => {
                    let line = self.lines + line_ends(&piece[counted..at]) + 1;
                    let text = &piece[at..piece.len().min(at + 30)];
                    let text = String::from_utf8_lossy(text);
                    let text = text.lines().next().unwrap_or_default().to_owned();
                    return Err(CsvFault::Behind(line, text));
                }
            };
            at += 1;
            if self.state == State::Start {
                begin = at;
                self.length = 0;
            }
        }
        self.lines += line_ends(&piece[counted..]);
        self.length += (piece.len() - begin) as u64;
        if self.state != State::Quoted {
            self.from = self.lines + 1;
        }
        let most = match self.state {
            State::Start | State::Plain => cell,
            State::Quoted | State::Escaped | State::Closed | State::Blank => cell + 2,
        };
        if self.length > most {
            return Err(CsvFault::Long(self.from, cell));
        }
        Ok(())
    }
}

fn line_ends(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

impl<R: Read> Read for Watch<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.is_over || into.is_empty() {
            return Ok(0);
        }
        let count = self.input.read(into)?;
        if count == 0 {
            self.is_over = true;
            return match self.state {
                State::Quoted | State::Escaped => Err(io::Error::other(CsvFault::Open(self.from))),
                _ => Ok(0),
            };
        }
        self.last = into.get(count - 1).copied();
        self.watch(&into[..count]).map_err(io::Error::other)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads in pieces of every length: what is said must not depend on where they end.
    fn fault(text: &str, escape: Option<u8>) -> Option<CsvFault> {
        let dialect = Dialect {
            delimiter: b',',
            quote: Some(b'"'),
            escape,
            cell: 20,
        };
        let mut faults = (1..=text.len()).map(|length| {
            let mut watch = Watch::new(text.as_bytes(), dialect, 0);
            let mut piece = vec![0; length];
            loop {
                match watch.read(&mut piece) {
                    Ok(0) => return None,
                    Ok(_) => {}
                    Err(error) => {
                        let fault = error.into_inner().unwrap();
                        return Some(*fault.downcast::<CsvFault>().unwrap());
                    }
                }
            }
        });
        let first = faults.next().unwrap();
        for other in faults {
            let kind = |fault: &Option<CsvFault>| fault.as_ref().map(std::mem::discriminant);
            assert_eq!(kind(&first), kind(&other), "{text}");
        }
        let whole = Watch::new(text.as_bytes(), dialect, 0).watch(text.as_bytes());
        whole.err().or(first)
    }

    #[test]
    fn what_is_whole_passes() {
        for text in [
            "a,b\n1,2\n",
            "a,\"b\nc\"\r\n1,\"\"\"x\"\"\"\n",
            "5\" wheel,x\n",
            "\"a\" ,\"b\"\t\n",
            ",,\n\"\",\"\"\n",
        ] {
            assert_eq!(fault(text, None), None, "{text}");
        }
        assert_eq!(fault("1,\"15\\\" wheel\",2\n", Some(b'\\')), None);
    }

    #[test]
    fn what_is_broken_is_named_by_its_line() {
        assert_eq!(fault("a\n1,\"x\ny\n", None), Some(CsvFault::Open(2)));
        assert_eq!(
            fault("a\n1,\"15\\\" wheel\",2\n", None),
            Some(CsvFault::Behind(2, "wheel\",2".to_owned()))
        );
        assert_eq!(
            fault("a\n\"x\ny\"z\n", None),
            Some(CsvFault::Behind(3, "z".to_owned()))
        );
        let long = format!("a\n\n1,\"{}", "x\n".repeat(20));
        assert_eq!(fault(&long, None), Some(CsvFault::Long(3, 20)));
        let long = format!("a\n{}\n", "x".repeat(21));
        assert_eq!(fault(&long, None), Some(CsvFault::Long(2, 20)));
        let long = format!("a\n\"{}\"\n", "x".repeat(21));
        assert_eq!(fault(&long, None), Some(CsvFault::Long(2, 20)));
        let fits = format!("a\n\"{}\"\n{0}\n", "x".repeat(20));
        assert_eq!(fault(&fits, None), None);
    }
}
