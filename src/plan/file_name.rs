//! Where a file goes and what it is called; its endings say how it is written and packed.

use std::sync::Arc;

use super::file_target::{FilePlace, FileTargetPlan};
use crate::formats::WrittenFormat;
use crate::template::{Frame, TemplateError};

/// Where a file goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The whole URL, or the path on the transport.
    pub whole: String,
    /// Behind the last `/`.
    pub name: String,
}

/// What a file is packed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// It is as it is.
    None,
    /// `.gz`.
    Gzip,
    /// `.zst`.
    Zstd,
    /// `.zip`, with one file in it.
    Zip,
}

impl FileName {
    /// Works it out.
    pub fn of(plan: &FileTargetPlan, frame: &Arc<Frame>) -> Result<Self, FileNameError> {
        let (key, template) = match &plan.place {
            FilePlace::Url(template, _) => ("url", template),
            FilePlace::Transport(template) => ("transport", template),
        };
        let mut whole = template
            .text(frame)
            .map_err(|error| FileNameError::Template(key, error))?;
        if whole.ends_with('/') {
            let name = match &plan.name {
                Some(name) => name
                    .text(frame)
                    .map_err(|error| FileNameError::Template("name", error))?,
                None => String::new(),
            };
            whole.push_str(&name);
        } else if plan.name.is_some() {
            return Err(FileNameError::Twice(key, whole));
        }
        let name = whole.rsplit('/').next().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(FileNameError::Missing(key, whole));
        }
        Ok(Self { whole, name })
    }

    /// The same name without what it is packed by.
    #[must_use]
    pub fn unpacked(&self) -> Self {
        let name = self.packing().1.to_owned();
        Self {
            whole: name.clone(),
            name,
        }
    }

    /// How it is packed, and its name without that ending. What stands behind a `?` in a URL is not
    /// part of a name.
    pub fn packing(&self) -> (Packing, &str) {
        let is_url = self.whole.starts_with("http");
        let name = if is_url {
            self.name.split('?').next().unwrap_or_default()
        } else {
            &self.name
        };
        let endings = [
            (".gz", Packing::Gzip),
            (".zst", Packing::Zstd),
            (".zip", Packing::Zip),
        ];
        for (ending, packing) in endings {
            if let Some(rest) = strip_ending(name, ending) {
                return (packing, rest);
            }
        }
        (Packing::None, name)
    }

    /// How it is written, by its name.
    pub fn format(&self) -> Result<WrittenFormat, FileNameError> {
        let (_, name) = self.packing();
        WrittenFormat::of_name(name).ok_or_else(|| FileNameError::NoFormat(self.name.clone()))
    }
}

/// What is wrong with a file's name.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FileNameError {
    /// A template failed.
    #[error("file.{0}: {1}")]
    Template(&'static str, TemplateError),
    /// A name beside a place that has one.
    #[error("file.name is for a {0} that ends in `/`, and this is {1}")]
    Twice(&'static str, String),
    /// No name anywhere.
    #[error("file.{0} `{1}` names no file: add `name`, or write it behind the `/`")]
    Missing(&'static str, String),
    /// The name does not end in a format.
    #[error(
        "the name `{0}` does not say how the file is written: add format: {words}",
        words = WrittenFormat::words()
    )]
    NoFormat(String),
}

/// A name without an ending, in any case.
fn strip_ending<'n>(name: &'n str, ending: &str) -> Option<&'n str> {
    let at = name.len().checked_sub(ending.len())?;
    let (rest, found) = (name.get(..at)?, name.get(at..)?);
    (found.eq_ignore_ascii_case(ending) && !rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_say_packing_and_format() {
        let of = |whole: &str| {
            let name = whole.rsplit('/').next().unwrap_or_default().to_owned();
            let file = FileName {
                whole: whole.to_owned(),
                name,
            };
            let (packing, rest) = file.packing();
            (packing, rest.to_owned(), file.format().is_ok())
        };
        assert_eq!(of("a/b.csv"), (Packing::None, "b.csv".into(), true));
        assert_eq!(of("a/b.XML.GZ"), (Packing::Gzip, "b.XML".into(), true));
        assert_eq!(of("b.jsonl.zst"), (Packing::Zstd, "b.jsonl".into(), true));
        assert_eq!(of("b.zip"), (Packing::Zip, "b".into(), false));
        assert_eq!(
            of("https://x.example/b.tsv?sig=a.zip"),
            (Packing::None, "b.tsv".into(), true)
        );
        assert_eq!(of("a/.csv"), (Packing::None, ".csv".into(), false));
    }
}
