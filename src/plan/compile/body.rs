//! What a request sends: one of the kinds of body, and how it is packed.

use std::sync::Arc;

use super::Compiler;
use crate::plan::request::{BodyPlan, FileContent, FilePartPlan, PartPlan, TreePlan};
use crate::spec::request::Compress;
use crate::spec::tree::{Node, NodeValue, ScalarKind};
use crate::template::scope::Scope;

/// The bodies a request may have: one of them.
const BODIES: [&str; 8] = [
    "json",
    "form",
    "text",
    "graphql",
    "jsonl",
    "csv",
    "xml",
    "multipart",
];

impl Compiler<'_> {
    /// How a body is packed, where there is one.
    pub(super) fn compress(&mut self, node: Option<&Node>, has_body: bool) -> Option<Compress> {
        let node = node?;
        let http = self
            .root()
            .get("http")
            .and_then(|http| http.get("compress"));
        let is_own = http.is_none_or(|http| http.span != node.span);
        if !has_body && is_own {
            self.error(
                node,
                "a body is packed, and there is none",
                "remove it, or add json: \"{{ item }}\"",
            );
        }
        has_body.then_some(Compress::Gzip)
    }

    /// The body of a request: of the first owner that has one.
    pub(super) fn body<'n>(
        &mut self,
        owners: impl Iterator<Item = &'n Node>,
        scope: &Scope,
    ) -> Option<BodyPlan> {
        for owner in owners {
            let mut bodies = BODIES
                .iter()
                .filter_map(|kind| owner.get(kind).map(|node| (*kind, node)));
            let Some((kind, node)) = bodies.next() else {
                continue;
            };
            if let Some((second, at)) = bodies.next() {
                self.error(
                    at,
                    format!("a request has one body, and here are `{kind}` and `{second}`"),
                    "leave one of them out",
                );
            }
            return Some(self.body_of(kind, node, scope));
        }
        None
    }

    fn body_of(&mut self, kind: &str, node: &Node, scope: &Scope) -> BodyPlan {
        match kind {
            "json" => BodyPlan::Json(self.tree(node, scope)),
            "form" => BodyPlan::Form(self.tree(node, scope)),
            "text" => BodyPlan::Text {
                kind: self.optional(node.get("type"), scope),
                body: self.template(node.get("body").unwrap_or(node), scope),
            },
            "graphql" => BodyPlan::GraphQl {
                query: self.template(node.get("query").unwrap_or(node), scope),
                variables: match node.get("variables") {
                    Some(variables) => self.tree(variables, scope),
                    None => TreePlan::Map(Vec::new()),
                },
                operation: self.optional(node.get("operation"), scope),
            },
            "jsonl" => BodyPlan::Jsonl(self.template(node, scope)),
            "csv" => BodyPlan::Csv(self.template(node, scope)),
            "xml" => BodyPlan::Xml(self.template(node, scope)),
            _ => BodyPlan::Multipart(self.parts(node, scope)),
        }
    }

    /// Parts of a multipart form, by their names or in turn.
    fn parts(&mut self, node: &Node, scope: &Scope) -> Vec<PartPlan> {
        let mut parts = Vec::new();
        for item in node.items() {
            match item.as_text() {
                Some(text) if text.contains("{{") || text.contains("{%") => {
                    parts.push(PartPlan::Fields(self.template(item, scope)));
                }
                Some(_) => self.error(
                    item,
                    "in a list of `multipart` text gives parts, and this is only text",
                    "write \"{{ place.body.parameters }}\", or { name: text }",
                ),
                None => parts.extend(self.parts(item, scope)),
            }
        }
        for entry in node.entries() {
            let name = Arc::from(entry.key.as_str());
            parts.push(match self.file_content(&entry.value, scope) {
                Some(content) => PartPlan::File(
                    name,
                    Box::new(FilePartPlan {
                        content,
                        name: self.optional(entry.value.get("name"), scope),
                        kind: self.optional(entry.value.get("type"), scope),
                    }),
                ),
                None => PartPlan::Text(name, self.template(&entry.value, scope)),
            });
        }
        parts
    }

    /// What a file of a multipart form holds, where a part is one.
    fn file_content(&mut self, part: &Node, scope: &Scope) -> Option<FileContent> {
        let words = ["file", "csv", "jsonl"];
        let mut found = words
            .iter()
            .filter_map(|word| Some((*word, part.get(word)?)));
        let Some((word, node)) = found.next() else {
            if let NodeValue::Map(entries) = &part.value {
                let at = entries.first().map_or(part, |entry| &entry.value);
                self.error(
                    at,
                    "a part is text, or a file: one of `file`, `csv` and `jsonl`",
                    "write { csv: \"{{ items }}\", name: rows.csv }",
                );
            }
            return None;
        };
        if let Some((second, at)) = found.next() {
            self.error(
                at,
                format!("a file holds one thing, and here are `{word}` and `{second}`"),
                "leave one of them out",
            );
        }
        if let NodeValue::Map(entries) = &part.value {
            let known = [word, "name", "type", "file", "csv", "jsonl"];
            let stray = entries
                .iter()
                .find(|entry| !known.contains(&entry.key.as_str()));
            if let Some(stray) = stray {
                self.error(
                    &stray.value,
                    format!("unknown key `{}` in a file of `multipart`", stray.key),
                    "allowed: file, csv, jsonl, name, type",
                );
            }
        }
        let content = self.template(node, scope);
        Some(match word {
            "csv" => FileContent::Csv(content),
            "jsonl" => FileContent::Jsonl(content),
            _ => FileContent::Text(content),
        })
    }

    /// Values of a body.
    pub(super) fn tree(&mut self, node: &Node, scope: &Scope) -> TreePlan {
        match &node.value {
            NodeValue::Scalar(scalar) if scalar.kind == ScalarKind::Null => TreePlan::Null,
            NodeValue::Scalar(_) | NodeValue::Refused => TreePlan::Leaf(self.template(node, scope)),
            NodeValue::List(items) => {
                TreePlan::List(items.iter().map(|item| self.tree(item, scope)).collect())
            }
            NodeValue::Map(entries) => TreePlan::Map(
                entries
                    .iter()
                    .map(|entry| {
                        if entry.key.contains("{{") {
                            let at = Node::refused(entry.key_span.clone());
                            self.error(
                                &at,
                                "a key stands as it is: a template in it is not filled in",
                                "make the whole map by a template: \"{{ { row.id: row.title } }}\"",
                            );
                        }
                        let key = Arc::from(entry.key.as_str());
                        (key, self.tree(&entry.value, scope))
                    })
                    .collect(),
            ),
        }
    }
}
