//! Entities that an XML document declares itself. What they may grow to is bounded: a few lines can
//! stand for gigabytes.

use std::collections::HashMap;

/// Entities inside each other at most.
const DEEPEST: usize = 8;
/// What one entity may stand for, in bytes.
const LONGEST: usize = 64 * 1024;
/// What all entities of a document may stand for together, in bytes.
const MOST: usize = 16 * 1024 * 1024;
/// Entities of a document.
const DECLARED: usize = 1000;

/// Why entities are not put into their places.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntityError {
    /// More are declared than anybody needs.
    #[error("it declares more than {DECLARED} entities")]
    Declarations,
    /// All together stand for too much.
    #[error("its entities stand for more than {} MB", MOST / 1024 / 1024)]
    Sum,
    /// One stands for too much.
    #[error("the entity `{name}` stands for more than {} KB", LONGEST / 1024)]
    Length {
        /// What it is called.
        name: String,
    },
    /// One stands in itself.
    #[error("the entity `{0}` has more than {DEEPEST} others inside each other, or itself")]
    Depth(String),
}

/// The entities of a document.
#[derive(Debug, Default)]
pub struct Entities {
    declared: HashMap<String, String>,
    /// What was resolved so far, in bytes.
    resolved: usize,
}

impl Entities {
    /// Notes what a document type declares in its own brackets. What stands elsewhere (`SYSTEM`,
    /// `PUBLIC`) is never fetched.
    pub fn declare(&mut self, document_type: &str) -> Result<(), EntityError> {
        let mut rest = document_type;
        while let Some((_, declaration)) = rest.split_once("<!ENTITY") {
            rest = declaration;
            let Some((name, value)) = read_declaration(declaration) else {
                continue;
            };
            if self.declared.len() >= DECLARED {
                return Err(EntityError::Declarations);
            }
            // The first declaration counts (XML 1.0, 4.2).
            self.declared.entry(name).or_insert(value);
        }
        Ok(())
    }

    /// What an entity stands for; nothing where the document does not declare it.
    pub fn resolve(&mut self, name: &str) -> Result<Option<String>, EntityError> {
        if !self.declared.contains_key(name) {
            return Ok(None);
        }
        let mut text = String::new();
        self.append(name, name, 0, &mut text)?;
        self.resolved += text.len();
        if self.resolved > MOST {
            return Err(EntityError::Sum);
        }
        Ok(Some(text))
    }

    /// A text with the entities that the document declares in place.
    pub fn replace(&mut self, text: &str) -> Result<String, EntityError> {
        if self.declared.is_empty() || !text.contains('&') {
            return Ok(text.to_owned());
        }
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('&') {
            replaced.push_str(before);
            let known = match behind.split_once(';') {
                Some((name, after)) => self.resolve(name)?.map(|value| (value, after)),
                None => None,
            };
            if let Some((value, after)) = known {
                replaced.push_str(&value);
                rest = after;
            } else {
                replaced.push('&');
                rest = behind;
            }
        }
        replaced.push_str(rest);
        Ok(replaced)
    }

    fn append(
        &self,
        name: &str,
        outermost: &str,
        depth: usize,
        text: &mut String,
    ) -> Result<(), EntityError> {
        if depth > DEEPEST {
            return Err(EntityError::Depth(outermost.to_owned()));
        }
        let Some(value) = self.declared.get(name) else {
            text.push_str(&htmlize::unescape(format!("&{name};")));
            return Ok(());
        };
        let mut rest = value.as_str();
        while let Some((before, behind)) = rest.split_once('&') {
            text.push_str(before);
            if let Some((inner, after)) = behind.split_once(';') {
                self.append(inner, outermost, depth + 1, text)?;
                rest = after;
            } else {
                text.push('&');
                rest = behind;
            }
            if text.len() > LONGEST {
                return Err(EntityError::Length {
                    name: outermost.to_owned(),
                });
            }
        }
        text.push_str(rest);
        Ok(())
    }
}

/// Name and value of a declaration behind its word; nothing for those that lie elsewhere, and for
/// those of the document type itself (`%`).
fn read_declaration(text: &str) -> Option<(String, String)> {
    let text = text.trim_start();
    let end = text.find(|c: char| c.is_whitespace())?;
    let (name, value) = text.split_at(end);
    let value = value.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let value = value[1..].split(quote).next()?;
    (name != "%").then(|| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(text: &str) -> Entities {
        let mut entities = Entities::default();
        entities.declare(text).unwrap();
        entities
    }

    #[test]
    fn declared_entities_are_resolved() {
        let mut entities = declared(
            r#"products [<!ENTITY shop "ACME"> <!ENTITY full '&shop; Ltd &amp; Co'>
               <!ENTITY far SYSTEM "http://127.0.0.1/x"> <!ENTITY % part "x">]"#,
        );
        assert_eq!(entities.resolve("shop").unwrap().unwrap(), "ACME");
        assert_eq!(entities.resolve("full").unwrap().unwrap(), "ACME Ltd & Co");
        assert_eq!(entities.resolve("far").unwrap(), None);
        assert_eq!(entities.resolve("part").unwrap(), None);
        assert_eq!(
            entities.replace("by &shop; & &other;").unwrap(),
            "by ACME & &other;"
        );
    }

    #[test]
    fn entities_do_not_grow_without_end() {
        let mut entities = declared(r#"x [<!ENTITY a "&b;"> <!ENTITY b "&a;">]"#);
        assert!(
            entities
                .resolve("a")
                .unwrap_err()
                .to_string()
                .contains("itself")
        );
        let long = "x".repeat(1000);
        let mut text = format!(r#"x [<!ENTITY l0 "{long}">"#);
        for level in 1..6 {
            let inner = format!("&l{};", level - 1).repeat(10);
            text = format!(r#"{text}<!ENTITY l{level} "{inner}">"#);
        }
        let mut entities = declared(&text);
        assert_eq!(entities.resolve("l1").unwrap().unwrap().len(), 10_000);
        assert!(
            entities
                .resolve("l5")
                .unwrap_err()
                .to_string()
                .contains("64 KB")
        );
        let mut often = declared(&format!(r#"x [<!ENTITY big "{}">]"#, "x".repeat(60_000)));
        let error = (0..1000).find_map(|_| often.resolve("big").err());
        assert!(error.unwrap().to_string().contains("16 MB"));
    }
}
