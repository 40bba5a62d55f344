//! Places in a text as editors count them: lines, and UTF-16 units on a line, both from 0.

use std::ops::Range;

/// A place as the Language Server Protocol counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The UTF-16 units before it on the line.
    pub character: u32,
}

/// Where the lines of a text begin.
#[derive(Debug, Clone)]
pub struct Lines(Vec<usize>);

impl Lines {
    /// Those of a text.
    pub fn of(text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(ends).collect())
    }

    /// The position of a byte.
    pub fn position(&self, text: &str, at: usize) -> Position {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let line = self.0.partition_point(|start| *start <= at) - 1;
        let units = text[self.0[line]..at].encode_utf16().count();
        Position {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            character: u32::try_from(units).unwrap_or(u32::MAX),
        }
    }

    /// The positions of a range of bytes.
    pub fn range(&self, text: &str, range: &Range<usize>) -> (Position, Position) {
        (
            self.position(text, range.start),
            self.position(text, range.end),
        )
    }

    /// The byte at a position; the end of the line, or of the text, where there is none.
    pub fn byte(&self, text: &str, position: Position) -> usize {
        let Some(start) = self.0.get(position.line as usize).copied() else {
            return text.len();
        };
        let mut units = 0;
        for (at, c) in text[start..].char_indices() {
            if units >= position.character as usize || c == '\n' {
                return start + at;
            }
            units += c.len_utf16();
        }
        text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_units_of_utf_16() {
        let text = "aä\n😀b\n";
        let lines = Lines::of(text);
        for (at, line, character) in [
            (0, 0, 0),
            (3, 0, 2),
            (4, 1, 0),
            (8, 1, 2),
            (9, 1, 3),
            (10, 2, 0),
        ] {
            let position = Position { line, character };
            assert_eq!(lines.position(text, at), position);
            assert_eq!(lines.byte(text, position), at);
        }
        assert_eq!(
            lines.byte(
                text,
                Position {
                    line: 0,
                    character: 99
                }
            ),
            3
        );
        assert_eq!(
            lines.byte(
                text,
                Position {
                    line: 9,
                    character: 0
                }
            ),
            10
        );
    }
}
