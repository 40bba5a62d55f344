//! What a request sends: one of the kinds of body, and how it is packed.

use std::sync::Arc;

use super::Compiler;
use crate::plan::request::{BodyPlan, FileContent, FilePartPlan, PartPlan};
use crate::spec;
use crate::spec::places::{Key, Keyed, Placed, read};
use crate::spec::request::{Body, Compress, Content, FilePart, Multipart, RequestKeys};
use crate::spec::tree::{Node, NodeValue, ScalarKind};
use crate::template::scope::Scope;
use crate::template::tree::TemplateTree;

impl Compiler<'_> {
    /// How a body is packed, where there is one; `is_own` is whether the request itself says so.
    pub(super) fn compress(
        &mut self,
        compress: Option<&Placed<Compress>>,
        is_own: bool,
        has_body: bool,
    ) -> Option<Compress> {
        let compress = compress?;
        if !has_body && is_own {
            self.error(
                compress,
                "a body is packed, and there is none",
                "remove it, or add json: \"{{ item }}\"",
            );
        }
        has_body.then_some(compress.value)
    }

    /// The body of a request: of the first owner that has one.
    pub(super) fn body<'s>(
        &mut self,
        owners: impl Iterator<Item = &'s RequestKeys>,
        scope: &Scope,
    ) -> Option<BodyPlan> {
        for owner in owners {
            let mut bodies = owner.bodies();
            let Some(body) = bodies.next() else {
                continue;
            };
            if let Some(second) = bodies.next() {
                self.error(
                    &second,
                    format!(
                        "a request has one body, and here are `{}` and `{}`",
                        body.word(),
                        second.word()
                    ),
                    "leave one of them out",
                );
            }
            return Some(self.body_of(body, scope));
        }
        None
    }

    fn body_of(&mut self, body: Body<'_>, scope: &Scope) -> BodyPlan {
        match body {
            Body::Json(tree) => BodyPlan::Json(self.tree(tree, scope)),
            Body::Form(fields) => BodyPlan::Form(self.map_tree(fields, scope)),
            Body::Text(text) => BodyPlan::Text {
                kind: self.optional(text.kind.as_deref(), scope),
                body: self.template(&text.body, scope),
            },
            Body::GraphQl(graphql) => BodyPlan::GraphQl {
                query: self.template(&graphql.query, scope),
                variables: self.map_tree(&graphql.variables, scope),
                operation: self.optional(graphql.operation.as_deref(), scope),
            },
            Body::Jsonl(list) => BodyPlan::Jsonl(self.template(list, scope)),
            Body::Csv(list) => BodyPlan::Csv(self.template(list, scope)),
            Body::Xml(text) => BodyPlan::Xml(self.template(text, scope)),
            Body::Multipart(multipart) => BodyPlan::Multipart(match &multipart.value {
                Multipart::Parts(parts) => {
                    let parts = parts.iter();
                    parts
                        .map(|(name, part)| self.part(&name.text, part, scope))
                        .collect()
                }
                Multipart::InTurn(items) => {
                    let items = items.iter();
                    items.flat_map(|item| self.parts(item, scope)).collect()
                }
            }),
        }
    }

    /// Parts of a list of them: a template that gives some, or a map of them.
    fn parts(&mut self, item: &Node, scope: &Scope) -> Vec<PartPlan> {
        match item.as_text() {
            Some(text) if text.contains("{{") || text.contains("{%") => {
                return vec![PartPlan::Fields(self.template(item, scope))];
            }
            Some(_) => self.error(
                item,
                "in a list of `multipart` text gives parts, and this is only text",
                "write \"{{ place.body.parameters }}\", or { name: text }",
            ),
            None => {}
        }
        let inner = item.items().iter();
        let mut parts: Vec<PartPlan> = inner.flat_map(|item| self.parts(item, scope)).collect();
        for entry in item.entries() {
            parts.push(self.part(&entry.key, &entry.value, scope));
        }
        parts
    }

    fn part(&mut self, name: &str, part: &Node, scope: &Scope) -> PartPlan {
        let name = Arc::from(name);
        let Some((file, content)) = self.file_part(part, scope) else {
            return PartPlan::Text(name, self.template(part, scope));
        };
        let file = FilePartPlan {
            content,
            name: self.optional(file.name.as_deref(), scope),
            kind: self.optional(file.kind.as_deref(), scope),
        };
        PartPlan::File(name, Box::new(file))
    }

    /// A file of a multipart form, and what it holds, where a part is one.
    fn file_part(&mut self, part: &Node, scope: &Scope) -> Option<(FilePart, FileContent)> {
        let NodeValue::Map(entries) = &part.value else {
            return None;
        };
        let at = entries.first().map_or(part, |entry| &entry.value);
        let file: FilePart = match read(part) {
            Ok(file) => file,
            Err(error) => {
                self.error(
                    at,
                    error.to_string(),
                    "allowed: file, csv, jsonl, name, type",
                );
                return None;
            }
        };
        let contents: Vec<_> = file.contents().collect();
        let Some(content) = contents.first() else {
            self.error(
                at,
                "a part is text, or a file: one of `file`, `csv` and `jsonl`",
                "write { csv: \"{{ items }}\", name: rows.csv }",
            );
            return None;
        };
        if let Some(second) = contents.get(1) {
            self.error(
                second,
                format!(
                    "a file holds one thing, and here are `{}` and `{}`",
                    content.word(),
                    second.word()
                ),
                "leave one of them out",
            );
        }
        if let Some(stray) = entries.iter().find(|entry| !FilePart::has(&entry.key)) {
            self.error(
                &stray.value,
                format!("unknown key `{}` in a file of `multipart`", stray.key),
                "allowed: file, csv, jsonl, name, type",
            );
        }
        let plan = match content {
            Content::File(text) => FileContent::Text(self.template(text, scope)),
            Content::Csv(list) => FileContent::Csv(self.template(list, scope)),
            Content::Jsonl(list) => FileContent::Jsonl(self.template(list, scope)),
        };
        Some((file.clone(), plan))
    }

    /// A key of a body, which is no template.
    pub(in crate::plan) fn fixed_key(&mut self, key: &Key) {
        if key.text.contains("{{") {
            self.error(
                key,
                "a key stands as it is: a template in it is not filled in",
                "make the whole map by a template: \"{{ { row.id: row.title } }}\"",
            );
        }
    }

    /// Values of a body.
    pub(in crate::plan) fn map_tree(
        &mut self,
        fields: &Keyed<spec::Tree>,
        scope: &Scope,
    ) -> TemplateTree {
        let fields = fields.iter();
        TemplateTree::Map(
            fields
                .map(|(name, value)| {
                    self.fixed_key(name);
                    (Arc::from(name.text.as_str()), self.tree(value, scope))
                })
                .collect(),
        )
    }

    /// Values of a body.
    pub(in crate::plan) fn tree(&mut self, node: &Node, scope: &Scope) -> TemplateTree {
        match &node.value {
            NodeValue::Scalar(scalar) if scalar.kind == ScalarKind::Null => TemplateTree::Null,
            NodeValue::Scalar(_) | NodeValue::Refused => {
                TemplateTree::Leaf(self.template(node, scope))
            }
            NodeValue::List(items) => {
                TemplateTree::List(items.iter().map(|item| self.tree(item, scope)).collect())
            }
            NodeValue::Map(entries) => TemplateTree::Map(
                entries
                    .iter()
                    .map(|entry| {
                        self.fixed_key(&Key {
                            span: entry.key_span.clone(),
                            text: entry.key.clone(),
                        });
                        let key = Arc::from(entry.key.as_str());
                        (key, self.tree(&entry.value, scope))
                    })
                    .collect(),
            ),
        }
    }
}
