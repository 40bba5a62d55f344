//! Values of a body, templates at any depth, and the JSON that they make.

use std::sync::Arc;

use minijinja::value::{Value, ValueKind};

use super::{Frame, Template, TemplateError, json, text_of};
use crate::row::text::write_string;

/// Values of a body, templates at any depth.
#[derive(Debug)]
pub enum TemplateTree {
    /// A literal `null`: sent as one.
    Null,
    /// One value; nothing is left out.
    Leaf(Template),
    /// A list.
    List(Vec<TemplateTree>),
    /// A map.
    Map(Vec<(Arc<str>, TemplateTree)>),
}

/// The error with the key whose value can't be made.
pub fn placed(
    owner: &str,
    tree: &TemplateTree,
    frame: &Arc<Frame>,
    error: TemplateError,
) -> TemplateError {
    let mut place = owner.to_owned();
    let mut tree = tree;
    while let TemplateTree::Map(entries) = tree {
        let guilty = entries
            .iter()
            .find(|(_, value)| json_of(value, frame).is_err());
        let Some((key, value)) = guilty else { break };
        place = format!("{place}.{key}");
        tree = value;
    }
    error.within(&place)
}

/// A tree as JSON.
pub fn json_of(tree: &TemplateTree, frame: &Arc<Frame>) -> Result<Vec<u8>, TemplateError> {
    let mut bytes = Vec::new();
    if !write_tree(tree, frame, &mut bytes)? {
        bytes.extend_from_slice(b"null");
    }
    Ok(bytes)
}

/// Writes a tree; false where it is nothing, and then nothing was written.
pub fn write_tree(
    tree: &TemplateTree,
    frame: &Arc<Frame>,
    out: &mut Vec<u8>,
) -> Result<bool, TemplateError> {
    match tree {
        TemplateTree::Null => out.extend_from_slice(b"null"),
        TemplateTree::Leaf(template) => return Ok(write_value(&template.value(frame)?, out)),
        TemplateTree::List(items) => {
            out.push(b'[');
            let mut is_first = true;
            for item in items {
                let mark = out.len();
                if !is_first {
                    out.push(b',');
                }
                if write_tree(item, frame, out)? {
                    is_first = false;
                } else {
                    out.truncate(mark);
                }
            }
            out.push(b']');
        }
        TemplateTree::Map(entries) => {
            out.push(b'{');
            let mut is_first = true;
            for (key, value) in entries {
                let mark = out.len();
                if !is_first {
                    out.push(b',');
                }
                write_string(key, out);
                out.push(b':');
                if write_tree(value, frame, out)? {
                    is_first = false;
                } else {
                    out.truncate(mark);
                }
            }
            out.push(b'}');
        }
    }
    Ok(true)
}

/// Writes a value as JSON; keys of maps whose value is nothing are left out, `or_null` aside. False
/// where all of it is nothing.
pub fn write_value(value: &Value, out: &mut Vec<u8>) -> bool {
    if value.is_undefined() {
        return false;
    }
    if let Some(json) = json::exact(value) {
        out.extend_from_slice(json.as_bytes());
        return true;
    }
    match value.kind() {
        ValueKind::Map if !value.is_none() => {
            out.push(b'{');
            let mut is_first = true;
            for key in value.try_iter().into_iter().flatten() {
                let item = value.get_item(&key).unwrap_or_default();
                let mark = out.len();
                if !is_first {
                    out.push(b',');
                }
                write_string(&text_of(&key), out);
                out.push(b':');
                if write_value(&item, out) {
                    is_first = false;
                } else {
                    out.truncate(mark);
                }
            }
            out.push(b'}');
        }
        ValueKind::Seq | ValueKind::Iterable => {
            out.push(b'[');
            for (index, item) in value.try_iter().into_iter().flatten().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                // A list keeps its places.
                if !write_value(&item, out) {
                    out.extend_from_slice(b"null");
                }
            }
            out.push(b']');
        }
        _ => json::write(value, out),
    }
    true
}
