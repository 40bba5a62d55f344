//! Places that this program was built without: the cargo features `ftp`, `s3` and `sftp`.

#![allow(
    missing_docs,
    clippy::unused_async,
    reason = "its functions are called as those of places that are built"
)]

#[cfg(not(feature = "s3"))]
pub use s3::S3;
#[cfg(not(all(feature = "ftp", feature = "sftp")))]
pub use server::Server;

#[cfg(not(all(feature = "ftp", feature = "sftp")))]
mod server {
    use std::convert::Infallible;
    use std::path::Path;
    use std::time::Duration;

    use crate::places::address::{AddressError, ServerAddress};
    use crate::places::{FileEntry, Opened, PlaceError};
    use crate::stop::Stop;

    /// A server that nobody here speaks to: there is none.
    pub struct Server(Infallible);

    impl Server {
        pub fn new(server: &ServerAddress, _: Duration) -> Result<Self, AddressError> {
            let feature = if server.scheme == "sftp" {
                "sftp"
            } else {
                "ftp"
            };
            Err(AddressError::Unbuilt(feature))
        }

        pub async fn find(&self, _: &str) -> Result<Vec<FileEntry>, PlaceError> {
            match self.0 {}
        }

        pub async fn open(&self, _: &str) -> Result<Opened, PlaceError> {
            match self.0 {}
        }

        pub async fn put(&self, _: &Path, _: &str, _: &Stop) -> Result<(), PlaceError> {
            match self.0 {}
        }

        #[cfg(not(feature = "sftp"))]
        pub fn doubt(&self) -> Option<String> {
            match self.0 {}
        }
    }
}

#[cfg(not(feature = "s3"))]
mod s3 {
    use std::convert::Infallible;

    use reqwest::Url;

    use crate::places::bucket::Verb;
    use crate::places::{AddressError, Login, PlaceError};

    /// A bucket that nobody here speaks to: there is none.
    pub struct S3(Infallible);

    impl S3 {
        pub fn new(_: &str, _: &Login) -> Result<Self, AddressError> {
            Err(AddressError::Unbuilt("s3"))
        }

        pub fn of_google(name: &str, login: &Login) -> Result<Self, AddressError> {
            Self::new(name, login)
        }

        pub fn list(&self, _: &str, _: Option<&str>) -> Result<Url, PlaceError> {
            match self.0 {}
        }

        pub fn object(&self, _: &str, _: Verb) -> Result<Url, PlaceError> {
            match self.0 {}
        }
    }
}
