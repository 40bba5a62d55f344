//! `runner schema`: the JSON Schema of specs.

use crate::exit::Exit;

/// Prints the schema.
pub fn schema() -> Exit {
    say!("{:#}", crate::spec::schema::published());
    Exit::Done
}
