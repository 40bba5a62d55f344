//! `version` and `name`.

use schemars::JsonSchema;
use serde::Deserialize;

/// The version of the language: 1.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Version(#[schemars(range(min = 1, max = 1))] pub u32);

/// A connector's name: lower-case letters, digits and dashes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Name(#[schemars(regex(pattern = "^[a-z0-9-]+$"))] pub String);
