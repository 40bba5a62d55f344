//! One file of all rows, compiled.

use std::sync::Arc;

use super::request::RequestPlan;
use super::source::LoginPlan;
use crate::formats::{TextOut, WrittenFormat};
use crate::template::Template;

/// One file of all rows.
#[derive(Debug)]
pub struct FileTargetPlan {
    /// Where it goes.
    pub place: FilePlace,
    /// Its name, where the place ends in `/`.
    pub name: Option<Template>,
    /// Who writes.
    pub login: LoginPlan,
    /// How it is written; by its name where nothing is said.
    pub format: Option<Arc<WrittenFormat>>,
    /// How its text is encoded.
    pub text_out: TextOut,
    /// Text before the first row.
    pub header: Option<Template>,
    /// Text after the last row.
    pub footer: Option<Template>,
}

/// Where a file goes.
#[derive(Debug)]
pub enum FilePlace {
    /// To a URL; how HTTP is spoken there.
    Url(Template, Box<RequestPlan>),
    /// To a path on the site's own transport.
    Transport(Template),
}
