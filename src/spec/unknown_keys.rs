//! Keys that the language does not have where they stand: misspelt, one level off, or none at all.

use serde_json::{Map, Value};

use super::kinds::accepts;
use super::odd_characters::invisible;
use super::structure::Checker;
use super::tree::Entry;
use crate::diagnostics::Code;
use crate::diagnostics::nearest::{hint, nearest};

/// `message:"x"` in braces is one key; the key that is meant, and its value.
fn without_space<'k>(
    key: &'k str,
    mut allowed: impl Iterator<Item = &'k str>,
) -> Option<(&'k str, &'k str)> {
    let (name, value) = key.split_once(':')?;
    allowed.any(|known| known == name).then_some((name, value))
}

impl<'a> Checker<'a> {
    /// Refuses a key. Where it is clear which one was meant, that one with its schema comes back,
    /// and all goes on as if it stood there.
    pub(super) fn unknown_key(
        &mut self,
        entry: &Entry,
        properties: Option<&'a Map<String, Value>>,
        name: &str,
    ) -> Option<(&'a str, &'a Value)> {
        let allowed: Vec<(&'a str, &'a Value)> = properties
            .into_iter()
            .flatten()
            .filter(|(_, property)| !self.is_of_other_mode(property))
            .map(|(key, property)| (key.as_str(), property))
            .collect();
        let names = || allowed.iter().map(|(key, _)| *key);
        let unknown = match name {
            "the spec" => format!("unknown key `{}`", entry.key),
            name => format!("unknown key `{}` in {name}", entry.key),
        };
        if let Some((key, value)) = without_space(&entry.key, names()) {
            let help = format!("put a space behind the colon: {key}: {value}");
            self.report(Code::UnknownKey, &entry.key_span, unknown, Some(help));
            return allowed.into_iter().find(|(name, _)| *name == key);
        }
        let near = nearest(&entry.key, names());
        let elsewhere = self.further_out(&entry.key).or_else(|| match near {
            None => self.further_in(&entry.key, properties),
            Some(_) => None,
        });
        let help = match (elsewhere, near) {
            (Some(elsewhere), _) => {
                self.report(Code::UnknownKey, &entry.key_span, unknown, Some(elsewhere));
                return None;
            }
            // A key that merely misses its place among many is best helped by the nearest alone.
            (None, Some(name)) if entry.key.chars().any(|c| invisible(c).is_some()) => {
                format!("type it anew: {name}; a letter of no width stands in it")
            }
            (None, Some(name)) if allowed.len() > 12 => format!("did you mean `{name}`?"),
            (None, _) => hint(&entry.key, names()),
        };
        self.report(Code::UnknownKey, &entry.key_span, unknown, Some(help));
        let (key, property) = allowed.iter().find(|(key, _)| Some(*key) == near)?;
        let siblings = self.parents.last().map(|(_, keys)| keys);
        let is_known = siblings.is_some();
        let choices = self.choices(property);
        let fits = choices.iter().any(|one| accepts(one, &entry.value.value));
        (is_known && fits).then_some((*key, *property))
    }

    /// The map around this one that has the key.
    fn further_out(&self, key: &str) -> Option<String> {
        // The last is the map in which the key stands.
        let (_, around) = self.parents.split_last()?;
        let (owner, _) = around.iter().rev().find(|(_, properties)| {
            let property = properties.and_then(|properties| properties.get(key));
            property.is_some_and(|property| !self.is_of_other_mode(property))
        })?;
        Some(match owner.as_str() {
            "the spec" => {
                format!("`{key}` belongs to the spec itself: move it to the left, beside `mode`")
            }
            owner => format!("`{key}` belongs to {owner}: move it to the left"),
        })
    }

    /// The key beside this one inside which it may stand.
    fn further_in(&self, key: &str, properties: Option<&'a Map<String, Value>>) -> Option<String> {
        let (owner, _) = properties.into_iter().flatten().find(|(_, property)| {
            let choices = self.choices(property).into_iter();
            let mut choices = choices.filter(|choice| choice["properties"].get(key).is_some());
            !self.is_of_other_mode(property) && choices.next().is_some()
        })?;
        Some(format!("`{key}` belongs to `{owner}`: write it inside"))
    }
}
