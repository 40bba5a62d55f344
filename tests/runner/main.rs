//! Everything a user meets, through the real binary: specs as folders of cases under `tests/cases/`,
//! faults between runner and a Container API, diagnostics, templates, the command line.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails where it can't go on"
)]

mod support;

mod authoring;
mod book;
mod buckets;
mod cases;
mod checks;
mod client_certificates;
mod command_line;
mod container_api;
mod convert;
mod databases;
mod diagnostics;
mod export_ends;
mod export_fates;
mod faults;
mod file_targets;
mod files;
mod floors;
mod lsp;
mod mutations;
mod options;
mod portal;
mod preview;
mod readme;
mod recipes;
mod requests;
mod rows;
mod sandbox;
mod secrets;
mod signals;
mod signatures;
mod spec_files;
mod spec_tests;
mod state;
mod tapes;
mod templates;
mod under_way;
