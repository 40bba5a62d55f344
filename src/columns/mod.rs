//! What a row becomes: `split`, `vars`, `where`, `reject`, `columns`, `keep`, `drop`, `rename`,
//! `unique`, in this order. Plain synchronous code.

mod emit;
mod flatten;
mod mapper;
mod names;
mod outcome;
mod unique;

pub use mapper::{Chunk, Input, Mapped, Mapper, RowError, SetupError};
pub use outcome::{Outcome, Status};
