//! runner: a YAML file becomes a working connector for the Productsup platform.
//!
//! The modules follow the way of a row: a [`spec`] is checked ([`diagnostics`]) and compiled
//! ([`template`], [`plan`]); rows ([`row`]) come in, are mapped, and go out ([`run`]) through the
//! Container API ([`container_api`], of which [`sandbox`] is an embedded one).

pub mod authoring;
pub mod cli;
pub mod clock;
pub mod columns;
pub mod container_api;
pub mod counters;
pub mod diagnostics;
pub mod digest;
pub mod exit;
pub mod formats;
pub mod http;
pub mod json_path;
pub mod language_service;
pub mod path;
pub mod places;
pub mod plan;
pub mod portal;
pub mod retry;
pub mod row;
pub mod run;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod secret_names;
pub mod source;
pub mod spec;
pub mod sql;
pub mod sql_text;
pub mod state;
pub mod stop;
#[cfg(feature = "sandbox")]
mod table;
pub mod tape;
pub mod target;
pub mod template;
#[cfg(feature = "sandbox")]
pub mod testing;
pub mod text_encoding;
pub mod wire;
mod work_thread;
pub mod xml_text;
mod zstd;
