//! A spec's text, its tree and what serde makes of it.

use std::sync::Arc;

use super::compose::compose;
use super::places::read;
use super::refused::Refused;
use super::structure::{self, Checked};
use super::tree::Node;
use super::{Spec, schema};
use crate::diagnostics::{Code, Diagnostic};

/// A spec that was read. What was refused is cut out of the tree, so that the rest can be checked
/// in the same go.
#[derive(Debug)]
pub struct Document {
    /// The file as the user named it.
    pub file: String,
    /// Its text.
    pub source: Arc<str>,
    /// The tree without what was refused.
    pub root: Node,
    /// The names that its steps and lookups are given.
    pub names: Vec<String>,
    /// What stood in parts that were refused.
    pub refused: Vec<Refused>,
    /// The typed spec, made from `root`.
    pub spec: Spec,
}

/// A key that stands in the wrong place is not missing in the right one.
fn not_missing(source: &str, diagnostics: &mut Vec<Diagnostic>) {
    let unknown: Vec<String> = diagnostics
        .iter()
        .filter(|told| told.code == Code::UnknownKey)
        .filter_map(|told| Some(format!("`{}` is missing", source.get(told.span.clone())?)))
        .collect();
    diagnostics.retain(|told| {
        let is_there = |missing: &String| told.message.starts_with(missing);
        told.code != Code::MissingKey || !unknown.iter().any(is_there)
    });
}

/// Mistakes of a part of a spec: of any YAML those of its syntax, of `keys` of the top level those of
/// structure too; that others are missing is none.
pub fn lint_part(source: &str, keys: bool) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let tree = compose(source, &mut diagnostics);
    if let Some(tree) = tree.filter(|_| keys) {
        structure::check(&tree, schema::annotated(), &mut diagnostics);
        diagnostics
            .retain(|told| told.code != Code::MissingKey || told.span.start > tree.span.start);
    }
    diagnostics
}

/// The names that steps and lookups are given.
fn given_names(root: &Node) -> Vec<String> {
    fn gather(node: &Node, names: &mut Vec<String>) {
        let name = node.get("name").and_then(Node::as_text);
        names.extend(name.map(str::to_owned));
        for entry in node.entries() {
            gather(&entry.value, names);
        }
        node.items().iter().for_each(|item| gather(item, names));
    }
    let mut names = Vec::new();
    for key in ["source", "lookups", "target"] {
        if let Some(part) = root.get(key) {
            gather(part, &mut names);
        }
    }
    names
}

impl Document {
    /// Reads a spec's text. Mistakes in syntax and structure are added to `diagnostics`; nothing
    /// comes back where so much is wrong that the rest can't be checked.
    pub fn read(
        file: impl Into<String>,
        source: impl Into<Arc<str>>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let source = source.into();
        let tree = compose(&source, diagnostics)?;
        let Checked { root, refused } = structure::check(&tree, schema::annotated(), diagnostics)?;
        not_missing(&source, diagnostics);
        match read::<Spec>(&root) {
            Ok(spec) => Some(Self {
                file: file.into(),
                source,
                names: given_names(&root),
                root,
                refused,
                spec,
            }),
            Err(error) => {
                // The structure check has accepted the tree, so this says where the two differ.
                diagnostics.push(Diagnostic::new(
                    Code::Refused,
                    0..0,
                    format!("the spec can't be read: {error}"),
                ));
                None
            }
        }
    }
}
