//! Multipart forms.

use std::borrow::Cow;
use std::sync::Arc;

use minijinja::value::{Value, ValueKind};

use super::body::{CSV, JSONL, Rendered, ValueError, csv_bytes, elements, jsonl_bytes};
use crate::plan::request::{FileContent, FilePartPlan, PartPlan};
use crate::template::{Frame, is_nothing, text_of};
/// What a file of a multipart form holds, and its type where that is known.
fn file_content(
    content: &FileContent,
    frame: &Arc<Frame>,
) -> Result<(Vec<u8>, Option<&'static str>), ValueError> {
    Ok(match content {
        FileContent::Text(text) => (text.text(frame)?.into_bytes(), None),
        FileContent::Csv(list) => {
            let values = elements("csv", &list.value(frame)?)?;
            (csv_bytes(&values)?, Some(CSV))
        }
        FileContent::Jsonl(list) => (jsonl_bytes(&list.value(frame)?)?, Some(JSONL)),
    })
}

/// A part of a multipart form.
struct Part<'p> {
    name: Cow<'p, str>,
    content: Vec<u8>,
    /// The file's name and content type, where it is one.
    file: Option<(String, String)>,
}

impl<'p> Part<'p> {
    fn text(name: impl Into<Cow<'p, str>>, value: &Value) -> Self {
        Self {
            name: name.into(),
            content: text_of(value).into_owned().into_bytes(),
            file: None,
        }
    }
}

/// The parts that a plan gives.
fn parts_of<'p>(plan: &'p PartPlan, frame: &Arc<Frame>) -> Result<Vec<Part<'p>>, ValueError> {
    match plan {
        PartPlan::Text(name, text) => {
            let part = Part::text(&**name, &text.value(frame)?);
            let is_left_out = part.content.is_empty() && text.as_constant().is_none();
            Ok(if is_left_out { Vec::new() } else { vec![part] })
        }
        PartPlan::File(name, part) => {
            let FilePartPlan {
                content,
                name: file,
                kind,
            } = &**part;
            let file = file.as_ref().map(|file| file.text(frame)).transpose()?;
            let kind = kind.as_ref().map(|kind| kind.text(frame)).transpose()?;
            let (content, own) = file_content(content, frame)?;
            let kind = kind.or(own.map(str::to_owned));
            Ok(vec![Part {
                name: (&**name).into(),
                content,
                file: Some((
                    file.unwrap_or_else(|| "file".to_owned()),
                    kind.unwrap_or_else(|| "application/octet-stream".to_owned()),
                )),
            }])
        }
        PartPlan::Fields(template) => {
            let value = template.value(frame)?;
            if is_nothing(&value) {
                return Err(ValueError::NoParts);
            }
            if value.kind() == ValueKind::Map {
                let keys = value.try_iter().into_iter().flatten();
                return Ok(keys
                    .map(|key| {
                        let text = value.get_item(&key).unwrap_or_default();
                        Part::text(text_of(&key).into_owned(), &text)
                    })
                    .collect());
            }
            let field = |field: Value| {
                let name = field.get_attr("name").unwrap_or_default();
                if is_nothing(&name) {
                    return Err(ValueError::NoField(field.kind()));
                }
                let text = field.get_attr("value").unwrap_or_default();
                Ok(Part::text(text_of(&name).into_owned(), &text))
            };
            elements("multipart", &value)?
                .into_iter()
                .map(field)
                .collect()
        }
    }
}

pub(super) fn multipart(plans: &[PartPlan], frame: &Arc<Frame>) -> Result<Rendered, ValueError> {
    let boundary = crate::clock::uuid().simple().to_string();
    let mut bytes = Vec::new();
    let quoted = |text: &str| {
        let text = text.replace('"', "%22");
        text.replace(['\r', '\n'], " ")
    };
    for plan in plans {
        for part in parts_of(plan, frame)? {
            let name = quoted(&part.name);
            let file = part.file.as_ref().map_or(String::new(), |(file, kind)| {
                let (file, kind) = (quoted(file), quoted(kind));
                format!("; filename=\"{file}\"\r\nContent-Type: {kind}")
            });
            let head =
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}");
            bytes.extend_from_slice(head.as_bytes());
            bytes.extend_from_slice(b"\r\n\r\n");
            bytes.extend_from_slice(&part.content);
            bytes.extend_from_slice(b"\r\n");
        }
    }
    bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(Rendered {
        kind: format!("multipart/form-data; boundary={boundary}"),
        bytes,
    })
}
