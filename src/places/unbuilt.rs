//! Places that this program was built without: the cargo features `ftp`, `s3` and `sftp`.

#![allow(
    missing_docs,
    clippy::unused_async,
    reason = "its functions are called as those of places that are built"
)]

#[cfg(not(all(feature = "ftp", feature = "sftp")))]
pub use server::Server;
#[cfg(not(feature = "s3"))]
pub use store::Store;

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
mod store {
    use std::convert::Infallible;
    use std::marker::PhantomData;
    use std::path::Path;
    use std::sync::Arc;

    use crate::http::{Answer, Http, Rest};
    use crate::places::{AddressError, FileEntry, Login, PlaceError};
    use crate::plan::request::RequestPlan;
    use crate::template::Frame;

    /// A bucket that nobody here speaks to: there is none.
    pub struct Store<'s>(Infallible, PhantomData<&'s ()>);

    impl<'s> Store<'s> {
        pub fn new(
            _: &'s Http,
            _: &'s Arc<Frame>,
            _: &'s RequestPlan,
            _: &str,
            _: &Login,
        ) -> Result<Self, AddressError> {
            Err(AddressError::Unbuilt("s3"))
        }

        pub async fn find(&self, _: &str) -> Result<Vec<FileEntry>, PlaceError> {
            match self.0 {}
        }

        pub async fn object(&self, _: &str) -> Result<(Arc<Answer>, Option<Rest>), PlaceError> {
            match self.0 {}
        }

        pub async fn put(&self, _: &Path, _: &str) -> Result<(), PlaceError> {
            match self.0 {}
        }
    }
}
