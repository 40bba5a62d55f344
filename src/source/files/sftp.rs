//! Files on an SFTP server.

use std::io::Read;

use super::{Found, Login};

/// A server.
pub struct Server {
    #[allow(dead_code)]
    address: (String, u16),
    #[allow(dead_code)]
    login: Login,
}

impl Server {
    pub fn new(address: (String, u16), login: Login) -> Self {
        Self { address, login }
    }

    /// The files that a path means: itself, or all that match.
    pub async fn find(&self, _path: &str) -> Result<Vec<Found>, String> {
        Err("not yet".to_owned())
    }

    /// Opens a file.
    pub async fn open(&self, _path: &str) -> Result<Box<dyn Read + Send>, String> {
        Err("not yet".to_owned())
    }
}
