//! What a row becomes: `split`, `vars`, `where`, `reject`, `columns`, `keep`, `drop`, `rename`,
//! `unique`, in this order. Plain synchronous code.

mod body;
mod chunk;
mod emit;
mod empty;
mod error;
mod fit;
mod flatten;
mod forms;
mod keys;
mod layout;
mod lookups;
mod mapper;
mod names;
mod outcome;
mod rules;
mod sight;
mod source_columns;
mod unique;

pub use body::{Body, BodyWriter, CellError, refuse_infinite, write_value};
pub use chunk::{Chunk, Finished};
pub use empty::Filled;
pub use error::MappingError;
pub use lookups::LookupTables;
pub use mapper::{Input, Mapped, Mapper, RowError};
pub use outcome::{Outcome, Status};
pub use rules::SetupError;
pub use source_columns::MissingColumn;
