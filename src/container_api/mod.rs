//! The client of the Container API, the sidecar through which everything goes.
//!
//! Wire facts are the vendor's public documentation and generated client (`docs/container-api.md`).

mod buckets;
mod call;
mod client;
mod error;
mod input;
mod logs;
mod output;
mod processes;
mod wait;

pub use buckets::{BucketError, InBucket};
pub use client::{ContainerApi, DEFAULT_URL};
pub use error::ApiError;
pub use input::{Handed, InputReader, InputType, Unread};
pub use output::{OutputFile, WriteError};
pub use processes::{ProcessEnd, SHARED, StartError};
