//! An embedded Container API on 127.0.0.1: the platform offers no way to run a connector locally.

mod answer;
mod cells;
mod exchange;
mod input_file;
mod inputs;
mod logs;
mod output;
mod report;
mod routes;
mod server;

pub use input_file::{InputFile, InputFileError};
pub use report::Report;
pub use server::{Config, Sandbox, SandboxError};
