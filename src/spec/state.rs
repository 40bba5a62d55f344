//! `state`: where a connector remembers.

use schemars::JsonSchema;
use serde::Deserialize;

use super::places::Placed;

/// Where a connector keeps what it remembers from run to run.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// A file of the platform's bucket, which the portal links to the connector: fetched before anything
    /// is read, written once after success. Letters, digits, `.`, `_` and `-`, with `/` between folders.
    pub bucket: Placed<String>,
}

/// A bucket has no such file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no file of a bucket: letters, digits, `.`, `_` and `-`, with `/` between folders"
)]
pub struct BucketFileError(String);

/// Whether a bucket can have a file of this name, which stands in an address and below the shared
/// directory.
pub fn bucket_file(name: &str) -> Result<(), BucketFileError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_part = |part: &str| !part.trim_matches('.').is_empty() && part.chars().all(is_plain);
    if name.split('/').all(is_part) {
        Ok(())
    } else {
        Err(BucketFileError(name.to_owned()))
    }
}
