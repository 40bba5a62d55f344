//! Prints plain forms, and writes them as JSON straight into the row: what a column holds is copied
//! as it came, without being decoded and encoded again.

use std::io::Write as _;

use super::bound::{Bound, Operand};
use super::evaluate::Scene;
use super::tree::Node;
use super::{Doubt, Plain};
use crate::row::text::{write_escaped, write_string};
use crate::template::arithmetic::Number;

impl Bound {
    /// Writes the value of a cell. On a doubt, what was written so far is to be cut off again.
    #[inline]
    pub fn write_cell<'s>(&'s self, scene: &Scene<'s>, out: &mut Vec<u8>) -> Result<(), Doubt> {
        self.0.write_cell(scene, out)
    }
}

impl Node<Operand> {
    fn write_cell<'s>(&'s self, scene: &Scene<'s>, out: &mut Vec<u8>) -> Result<(), Doubt> {
        match self {
            Self::Leaf(Operand::Column(slot)) => {
                let whole = scene
                    .cell(*slot)
                    .filter(|(row, cell)| row.is_whole_string(*cell));
                if let Some((row, cell)) = whole {
                    out.extend_from_slice(row.raw_value(cell).as_bytes());
                    return Ok(());
                }
                out.push(b'"');
                self.print_escaped(scene, out)?;
                out.push(b'"');
                Ok(())
            }
            Self::Text(_) => {
                out.push(b'"');
                self.print_escaped(scene, out)?;
                out.push(b'"');
                Ok(())
            }
            Self::Choice(choice) => {
                if choice.test.holds(scene)? {
                    choice.then.write_cell(scene, out)
                } else {
                    choice.or.write_cell(scene, out)
                }
            }
            _ => write_plain(&self.value(scene)?, out),
        }
    }

    /// Prints as part of a JSON string.
    fn print_escaped<'s>(&'s self, scene: &Scene<'s>, out: &mut Vec<u8>) -> Result<(), Doubt> {
        match self {
            Self::Leaf(Operand::Column(slot)) => {
                if let Some((row, cell)) = scene.cell(*slot) {
                    match row.raw_string(cell) {
                        Some(string) if string.is_whole() => {
                            out.extend_from_slice(string.raw.as_bytes());
                        }
                        _ => write_escaped(&row.text(cell), out),
                    }
                }
                Ok(())
            }
            Self::Text(parts) => parts
                .iter()
                .try_for_each(|part| part.print_escaped(scene, out)),
            Self::Choice(choice) => {
                if choice.test.holds(scene)? {
                    choice.then.print_escaped(scene, out)
                } else {
                    choice.or.print_escaped(scene, out)
                }
            }
            _ => match self.value(scene)? {
                Plain::Text(text) => {
                    write_escaped(&text, out);
                    Ok(())
                }
                // Nothing else prints anything that would have to be escaped.
                other => print(&other, out),
            },
        }
    }

    /// Prints as text.
    pub(super) fn print<'s>(&'s self, scene: &Scene<'s>, out: &mut Vec<u8>) -> Result<(), Doubt> {
        print(&self.value(scene)?, out)
    }
}

fn print(value: &Plain<'_>, out: &mut Vec<u8>) -> Result<(), Doubt> {
    match value {
        Plain::Nothing => {}
        Plain::Text(text) | Plain::Written(text) => out.extend_from_slice(text.as_bytes()),
        Plain::Bool(true) => out.extend_from_slice(b"true"),
        Plain::Bool(false) => out.extend_from_slice(b"false"),
        Plain::Number(Number::Whole(whole)) => {
            out.extend_from_slice(itoa::Buffer::new().format(*whole).as_bytes());
        }
        Plain::Number(Number::Real(real)) if real.is_finite() => {
            let start = out.len();
            // Writing into a vector does not fail.
            let _ = write!(out, "{real}");
            // A real number shows that it is one, as the engine prints it.
            if !out[start..].contains(&b'.') {
                out.extend_from_slice(b".0");
            }
        }
        Plain::Number(Number::Real(_)) => return Err(Doubt),
    }
    Ok(())
}

impl Plain<'_> {
    /// Prints as text.
    pub(super) fn print(&self, out: &mut Vec<u8>) -> Result<(), Doubt> {
        print(self, out)
    }
}

/// Writes a cell: nothing is `""`, booleans are text, numbers stay numbers.
fn write_plain(value: &Plain<'_>, out: &mut Vec<u8>) -> Result<(), Doubt> {
    match value {
        Plain::Nothing => out.extend_from_slice(b"\"\""),
        Plain::Text(text) => write_string(text, out),
        Plain::Bool(true) => out.extend_from_slice(b"\"true\""),
        Plain::Bool(false) => out.extend_from_slice(b"\"false\""),
        Plain::Number(_) | Plain::Written(_) => print(value, out)?,
    }
    Ok(())
}
