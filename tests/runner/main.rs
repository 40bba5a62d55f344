//! Everything a user meets, through the real binary: specs as folders of cases under `tests/cases/`,
//! faults between runner and a Container API, diagnostics, templates, the command line.

mod support;

mod cases;
mod container_api;
mod faults;
