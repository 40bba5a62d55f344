//! What a format needs to be compiled; the plan's compiler gives it.

use globset::{Glob, GlobMatcher};

use crate::spec::format::{Inside, Insides};
use crate::spec::places::{HasPlace, Placed};
use crate::spec::tree::Node;
use crate::template::Template;
use crate::template::tree::TemplateTree;
use crate::text_encoding::TextEncoding;

/// Compiles the values of a format, in whatever its templates see.
pub trait FormatCompiler {
    /// Notes a mistake, and what to do about it.
    fn mistake(&mut self, at: &dyn HasPlace, message: String, hint: &str);
    /// A template over what is known once a file.
    fn template(&mut self, node: &Node) -> Template;
    /// A tree of templates over a row that is written.
    fn row_tree(&mut self, node: &Node) -> TemplateTree;
    /// A template over a row that is written.
    fn row_template(&mut self, node: &Node) -> Template;
    /// A condition over a row that is written.
    fn row_condition(&mut self, node: &Node) -> Template;
    /// A number of bytes.
    fn size(&mut self, node: &Node) -> Option<u64>;
}

/// What stands around the rows of a file, compiled.
#[derive(Debug, Clone, Copy, Default)]
pub struct Around<'p> {
    /// Text before the first row.
    pub header: Option<&'p Template>,
    /// Text after the last row.
    pub footer: Option<&'p Template>,
}

/// An encoding by its label.
pub(super) fn encoding(
    label: Option<&Placed<String>>,
    compiler: &mut dyn FormatCompiler,
) -> Option<TextEncoding> {
    let label = label?;
    let encoding = TextEncoding::of_label(label);
    if encoding.is_none() {
        compiler.mistake(
            label,
            format!("`{}` is no encoding", label.value),
            "encodings are utf-8, utf-16le, windows-1252, iso-8859-15, cp850, shift_jis …",
        );
    }
    encoding
}

/// What something is inside of: whether of base64, and of which packing. A packing inside another is found
/// out.
pub(super) fn inside(
    inside: Option<&Insides>,
    compiler: &mut dyn FormatCompiler,
) -> (bool, Option<Inside>) {
    let is_text = |one: Inside| one == Inside::Base64;
    match inside {
        None => (false, None),
        Some(Insides::One(one)) => (is_text(*one), Some(*one).filter(|one| !is_text(*one))),
        Some(Insides::Many(all)) => {
            for one in all.iter().skip(1).filter(|one| is_text(one.value)) {
                let message = "base64 is text around all else, and stands first".to_owned();
                compiler.mistake(one, message, "inside: [base64, gzip]");
            }
            let is_base64 = all.first().is_some_and(|one| is_text(one.value));
            let packing = all.iter().map(|one| one.value).find(|one| !is_text(*one));
            (is_base64, packing)
        }
    }
}

/// The encoding of a file that is written.
pub(super) fn written_encoding(
    label: Option<&Placed<String>>,
    compiler: &mut dyn FormatCompiler,
) -> Option<TextEncoding> {
    let encoding = encoding(label, compiler);
    if let (Some(encoding), Some(label)) = (encoding, label) {
        if !encoding.is_written() {
            compiler.mistake(
                label,
                format!("files are not written in {}", encoding.name()),
                "use utf-8, utf-16le, or an encoding of one byte a character, such as windows-1252",
            );
        }
    }
    encoding
}

/// A pattern for the names of a zip's files.
pub(super) fn member(
    member: Option<&Placed<String>>,
    compiler: &mut dyn FormatCompiler,
) -> Option<GlobMatcher> {
    let member = member?;
    match Glob::new(member) {
        Ok(glob) => Some(glob.compile_matcher()),
        Err(error) => {
            let message = format!("`{}` is no pattern: {error}", member.value);
            compiler.mistake(member, message, "write *.csv");
            None
        }
    }
}
