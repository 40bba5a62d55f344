//! A terminal for the program under test: what it shows there, and what is typed.

use std::fs::File;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A terminal; who tests holds one side, the program the other.
pub struct Terminal {
    /// The side of the test.
    pub own: File,
    name: String,
}

impl Terminal {
    pub fn open() -> Self {
        let own = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&own).unwrap();
        unlockpt(&own).unwrap();
        let name = ptsname(&own, Vec::new()).unwrap();
        Self {
            name: name.into_string().unwrap(),
            own: File::from(own),
        }
    }

    /// The program's side.
    pub fn side(&self) -> File {
        let mut options = File::options();
        options.read(true).write(true).open(&self.name).unwrap()
    }
}
