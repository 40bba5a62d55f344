//! What stands where records are looked for: a list, one record, nothing, or no such place.

use minijinja::value::ValueKind;

use super::json::{collect, is_list, keys_of};
use crate::json_path::PathStep;
use crate::template::{Value, is_nothing, text_of};

/// What stands where records are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Shape {
    /// There was no body, or `null`: no records.
    #[default]
    Nothing,
    /// A list, which may be empty.
    List,
    /// One record.
    One,
    /// A text, a number, or true or false, where records were to be.
    Plain(String),
    /// The path leads nowhere.
    Missing(Missing),
    /// It leads into elements, and in none of them on: a matter of the data, or an error.
    Astray(Missing),
}

/// How far a path leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Where it ends: `$.data`.
    pub at: String,
    /// The name that is not there, where one was looked for.
    pub wanted: Option<String>,
    /// The names that are there.
    pub keys: Vec<String>,
}

impl Shape {
    /// What stands at the end of a path, or at its first `[*]`: what is behind that is a matter of
    /// each element.
    pub fn of(value: &Value, steps: &[PathStep]) -> Self {
        let mut node = value.clone();
        let mut at = "$".to_owned();
        for (index, step) in steps.iter().enumerate() {
            let PathStep::Key(key) = step else {
                return Self::of_node(&node, true);
            };
            if is_nothing(&node) && index > 0 {
                return Self::Nothing;
            }
            if !has_key(&node, key) {
                return Self::Missing(Missing {
                    at,
                    wanted: Some(key.to_string()),
                    keys: keys_of(&node),
                });
            }
            at = format!("{at}.{key}");
            node = node.get_attr(key).unwrap_or_default();
        }
        Self::of_node(&node, !steps.is_empty())
    }

    /// Where a path leads into elements of which none has what it names next, if that is so.
    pub fn astray(value: &Value, steps: &[PathStep]) -> Option<Self> {
        let first = steps.iter().position(|step| *step == PathStep::Each)?;
        let mut at = "$".to_owned();
        let mut nodes = vec![value.clone()];
        for (index, step) in steps.iter().enumerate() {
            // What is nothing has no names, and need not.
            nodes.retain(|node| !is_nothing(node));
            let is_plain = |node: &Value| !is_list(node) && node.kind() != ValueKind::Map;
            if *step == PathStep::Each && index > first && !nodes.is_empty() {
                if nodes.iter().all(is_plain) {
                    return Some(Self::Astray(Missing {
                        at,
                        ..Missing::default()
                    }));
                }
            }
            if let PathStep::Key(key) = step {
                let lacks = |node: &Value| !has_key(node, key);
                if index > first && !nodes.is_empty() && nodes.iter().all(lacks) {
                    return Some(Self::Astray(Missing {
                        at,
                        wanted: Some(key.to_string()),
                        keys: keys_of(&nodes[0]),
                    }));
                }
            }
            match step {
                PathStep::Key(key) => at = format!("{at}.{key}"),
                PathStep::Each => at.push_str("[*]"),
            }
            let mut below = Vec::new();
            for node in &nodes {
                collect(node, std::slice::from_ref(step), &mut below);
            }
            nodes = below;
        }
        None
    }

    /// What a value is. Where a path led to it, a single text or number is no record.
    fn of_node(node: &Value, has_path: bool) -> Self {
        match node.kind() {
            _ if is_nothing(node) => Self::Nothing,
            _ if is_list(node) => Self::List,
            ValueKind::Map => Self::One,
            _ if has_path => Self::Plain(text_of(node).chars().take(60).collect()),
            _ => Self::One,
        }
    }
}

/// Whether a map has a key, `null` included.
fn has_key(node: &Value, wanted: &str) -> bool {
    if node.kind() != ValueKind::Map {
        return false;
    }
    if node.get_attr(wanted).is_ok_and(|value| !is_nothing(&value)) {
        return true;
    }
    let mut keys = node.try_iter().into_iter().flatten();
    keys.any(|key| text_of(&key) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(json: &str, path: &[&str]) -> Shape {
        let value = crate::template::json::read(json).unwrap();
        Shape::of(&value, &steps(path))
    }

    fn steps(path: &[&str]) -> Vec<PathStep> {
        let steps = path.iter().map(|step| match *step {
            "*" => PathStep::Each,
            key => PathStep::Key(key.into()),
        });
        steps.collect()
    }

    #[test]
    fn elements_that_all_lack_what_comes_next_lead_astray() {
        let astray = |json: &str, path: &[&str]| {
            let value = crate::template::json::read(json).unwrap();
            match Shape::astray(&value, &steps(path)) {
                Some(Shape::Astray(missing)) => Some((missing.at, missing.keys)),
                _ => None,
            }
        };
        let there = |at: &str, keys: &[&str]| {
            let keys = keys.iter().map(ToString::to_string).collect();
            Some((at.to_owned(), keys))
        };
        let path = ["d", "*", "v", "*"];
        assert_eq!(
            astray(r#"{"d":[{"error":"x"}]}"#, &path),
            there("$.d[*]", &["error"])
        );
        assert_eq!(astray(r#"{"d":[{},{"v":[]}]}"#, &path), None);
        assert_eq!(astray(r#"{"d":[null]}"#, &path), None);
        assert_eq!(astray(r#"{"d":[]}"#, &path), None);
        assert_eq!(astray(r#"{"d":[{"id":1}]}"#, &["d", "*"]), None);
        assert_eq!(
            astray(r#"{"error":{"code":1}}"#, &["*", "items", "*"]),
            there("$[*]", &["code"])
        );
        assert_eq!(astray(r#"{"a":{"items":[]}}"#, &["*", "items", "*"]), None);
    }

    #[test]
    fn a_place_is_a_list_a_record_nothing_or_missing() {
        assert_eq!(shape(r#"{"d":[]}"#, &["d", "*"]), Shape::List);
        assert_eq!(shape(r#"{"d":[]}"#, &["d"]), Shape::List);
        assert_eq!(shape(r#"{"d":{"id":1}}"#, &["d"]), Shape::One);
        assert_eq!(shape(r#"{"d":{"1":{},"2":{}}}"#, &["d", "*"]), Shape::One);
        assert_eq!(shape(r#"{"d":null}"#, &["d", "*"]), Shape::Nothing);
        assert_eq!(shape(r#"{"d":null}"#, &["d", "e", "*"]), Shape::Nothing);
        assert_eq!(shape("null", &[]), Shape::Nothing);
        assert_eq!(shape("[1]", &[]), Shape::List);
        assert_eq!(
            shape(r#"{"d":""}"#, &["d", "*"]),
            Shape::Plain(String::new())
        );
        assert_eq!(
            shape(r#"{"d":false}"#, &["d"]),
            Shape::Plain("false".to_owned())
        );
        let missing = |at: &str, wanted: &str, keys: &[&str]| {
            Shape::Missing(Missing {
                at: at.to_owned(),
                wanted: Some(wanted.to_owned()),
                keys: keys.iter().map(ToString::to_string).collect(),
            })
        };
        assert_eq!(
            shape(r#"{"error":"x"}"#, &["d", "*"]),
            missing("$", "d", &["error"])
        );
        assert_eq!(
            shape(r#"{"d":{"x":1}}"#, &["d", "items", "*"]),
            missing("$.d", "items", &["x"])
        );
        assert_eq!(shape("[]", &["d", "*"]), missing("$", "d", &[]));
        assert_eq!(shape("null", &["d", "*"]), missing("$", "d", &[]));
    }
}
