//! YAML text → [`Node`] tree: anchors, aliases and merge keys resolved, duplicates, tags, second
//! documents and unquoted templates refused.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::tree::{Entry, Node, NodeValue, Scalar};
use super::yaml_mistakes::{explain, unquoted_template};
use crate::diagnostics::{Code, Diagnostic};

/// The most nodes a spec may have once its aliases are written out.
const NODE_BUDGET: usize = 200_000;
/// The deepest nesting a spec may have.
const DEPTH_LIMIT: usize = 100;

/// Reads one YAML document. What is wrong is added to `diagnostics`; no tree comes back where the
/// text is no YAML at all.
pub fn compose(source: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut composer = Composer {
        source,
        parser: Parser::new_from_str(source),
        anchors: HashMap::new(),
        nodes: 0,
        diagnostics,
    };
    match composer.document() {
        Ok(node) => node,
        Err(diagnostic) => {
            // Where braces were read as maps, what can't be read behind them follows from it.
            let follows = |told: &Diagnostic| told.code == Code::UnquotedTemplate;
            if !composer.diagnostics.iter().any(follows) {
                composer.diagnostics.push(diagnostic);
            }
            None
        }
    }
}

struct Composer<'s, 'd> {
    source: &'s str,
    parser: Parser<'s, granit_parser::StrInput<'s>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl<'s> Composer<'s, '_> {
    fn next(&mut self) -> Result<(Event<'s>, Range<usize>), Diagnostic> {
        loop {
            match self.parser.next() {
                Some(Ok((Event::Comment(..) | Event::Anchor(..), _))) => {}
                Some(Ok((event, span))) => {
                    if event.tag().is_some() {
                        let tag = span
                            .tag_span()
                            .map_or_else(|| bytes(&span), |tag| bytes(&tag));
                        self.diagnostics.push(
                            Diagnostic::new(Code::Yaml, tag, "tags are not part of the language")
                                .hint("remove the tag; quote a value to make it text"),
                        );
                    }
                    return Ok((event, bytes(&span)));
                }
                Some(Err(error)) => return Err(self.syntax_error(&error)),
                None => return Ok((Event::StreamEnd, self.source.len()..self.source.len())),
            }
        }
    }

    fn document(&mut self) -> Result<Option<Node>, Diagnostic> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(..), _) => {}
                (Event::StreamEnd, span) => {
                    return Err(Diagnostic::new(Code::Yaml, span, "the spec is empty")
                        .hint("begin with `version: 1`, `name: …`, `mode: …`"));
                }
                (event, span) => {
                    let node = self.node(event, span, 0)?;
                    loop {
                        match self.next()? {
                            (Event::DocumentEnd, _) => {}
                            (Event::StreamEnd, _) => return Ok(Some(node)),
                            (_, span) => {
                                return Err(Diagnostic::new(Code::Yaml, span, "a second document")
                                    .hint("a spec is one YAML document; remove the `---`"));
                            }
                        }
                    }
                }
            }
        }
    }

    fn count(&mut self, span: &Range<usize>, nodes: usize) -> Result<(), Diagnostic> {
        self.nodes += nodes;
        if self.nodes > NODE_BUDGET {
            return Err(Diagnostic::new(
                Code::Yaml,
                span.clone(),
                format!("more than {NODE_BUDGET} values once every alias is written out"),
            )
            .hint("use fewer aliases inside anchored values"));
        }
        Ok(())
    }

    fn node(
        &mut self,
        event: Event<'s>,
        span: Range<usize>,
        depth: usize,
    ) -> Result<Node, Diagnostic> {
        self.count(&span, 1)?;
        if depth > DEPTH_LIMIT {
            return Err(Diagnostic::new(
                Code::Yaml,
                span,
                format!("nested more than {DEPTH_LIMIT} levels deep"),
            ));
        }
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let scalar = if style == ScalarStyle::Plain {
                    Scalar::plain(text.into_owned())
                } else {
                    Scalar::text(text.into_owned())
                };
                let value = NodeValue::Scalar(scalar);
                (Node { span, value }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                let end = loop {
                    match self.next()? {
                        (Event::SequenceEnd, end) => break end,
                        (event, span) => items.push(self.node(event, span, depth + 1)?),
                    }
                };
                let span = span.start..end.end.max(span.end);
                let value = NodeValue::List(items);
                (Node { span, value }, anchor)
            }
            Event::MappingStart(_, anchor, _) => (self.map(span, depth)?, anchor),
            Event::Alias(id) => {
                let Some(node) = self.anchors.get(&id).cloned() else {
                    return Err(Diagnostic::new(
                        Code::Yaml,
                        span,
                        "this alias stands inside its own anchor",
                    )
                    .hint("an anchored value can't contain itself"));
                };
                self.count(&span, size(&node))?;
                return Ok(node);
            }
            _ => {
                return Err(Diagnostic::new(Code::Yaml, span, "no value stands here"));
            }
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn map(&mut self, span: Range<usize>, depth: usize) -> Result<Node, Diagnostic> {
        let mut written: Vec<(Node, Node)> = Vec::new();
        let end = loop {
            match self.next()? {
                (Event::MappingEnd, end) => break end,
                (event, span) => {
                    let key = self.node(event, span, depth + 1)?;
                    let (event, span) = self.next()?;
                    let value = self.node(event, span, depth + 1)?;
                    written.push((key, value));
                }
            }
        };
        let span = span.start..end.end.max(span.end);
        if self.source[span.start..].starts_with("{{") {
            self.diagnostics
                .push(unquoted_template(self.source, span.start));
            return Ok(Node::refused(span));
        }
        let own: Vec<String> = written
            .iter()
            .filter_map(|(key, _)| key.scalar().map(|scalar| scalar.text.clone()))
            .collect();
        let mut entries: Vec<Entry> = Vec::new();
        for (key, value) in written {
            let Some(scalar) = key.scalar() else {
                if !matches!(key.value, NodeValue::Refused) {
                    self.diagnostics.push(
                        Diagnostic::new(Code::Yaml, key.span, "a key must be text")
                            .hint("quote it, or write one `key: value` a line"),
                    );
                }
                continue;
            };
            if scalar.text == "<<" {
                self.merge(&value, &own, &mut entries);
            } else if let Some(first) = entries.iter().find(|entry| entry.key == scalar.text) {
                let line = line_of(self.source, first.key_span.start);
                self.diagnostics.push(
                    Diagnostic::new(
                        Code::DuplicateKey,
                        key.span.clone(),
                        format!("`{}` is set twice", scalar.text),
                    )
                    .hint(format!(
                        "it is already set in line {line}; keep one of them"
                    )),
                );
            } else {
                entries.push(Entry {
                    key: scalar.text.clone(),
                    key_span: key.span.clone(),
                    value,
                });
            }
        }
        Ok(Node {
            span,
            value: NodeValue::Map(entries),
        })
    }

    /// Merged keys stand where `<<` stands; own keys win, and so do the maps named first.
    fn merge(&mut self, value: &Node, own: &[String], entries: &mut Vec<Entry>) {
        let maps: Vec<&Node> = match &value.value {
            NodeValue::List(items) => items.iter().collect(),
            _ => vec![value],
        };
        for map in maps {
            let NodeValue::Map(merged) = &map.value else {
                self.diagnostics.push(
                    Diagnostic::new(
                        Code::Yaml,
                        map.span.clone(),
                        "`<<` merges maps, and this is none",
                    )
                    .hint("point it at an anchored map: `<<: *name`"),
                );
                continue;
            };
            for entry in merged {
                let known = own.contains(&entry.key)
                    || entries.iter().any(|present| present.key == entry.key);
                if !known {
                    entries.push(entry.clone());
                }
            }
        }
    }

    fn syntax_error(&self, error: &granit_parser::ScanError) -> Diagnostic {
        let at = error.marker().byte_offset().unwrap_or(self.source.len());
        explain(self.source, at, &error.info())
    }
}

fn bytes(span: &Span) -> Range<usize> {
    span.byte_range().unwrap_or(0..0)
}

fn size(node: &Node) -> usize {
    match &node.value {
        NodeValue::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        NodeValue::Map(entries) => 1 + entries.iter().map(|e| size(&e.value)).sum::<usize>(),
        _ => 1,
    }
}

/// The line, from 1, of a byte of the source.
pub fn line_of(source: &str, byte: usize) -> usize {
    source[..byte].matches('\n').count() + 1
}
