//! What the tests share: the binary, a sandbox to run it against, a proxy between both.

pub mod case;
pub mod channel;
pub mod cli;
pub mod database_servers;
pub mod file_servers;
pub mod http;
pub mod judge;
pub mod mock;
pub mod odd_channel;
pub mod odd_ftp;
pub mod proxy;
pub mod requests;
pub mod sandbox;
pub mod server;
pub mod terminal;
pub mod tls_server;

use std::path::PathBuf;

/// A path inside the project.
pub fn project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
