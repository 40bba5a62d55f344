//! Decoders become `format`, where that is not found out.

use serde_json::{Value, json};

use super::block::Block;
use super::manifest::{get, kind, text};

/// How answers are read, where that is not found out.
pub fn decoded(decoder: &Value) -> Result<Option<Value>, String> {
    Ok(match kind(decoder) {
        "JsonDecoder" | "" => None,
        "JsonlDecoder" => Some(json!("jsonl")),
        "XmlDecoder" => Some(json!("xml")),
        "CsvDecoder" => {
            let mut csv = Block::new();
            for key in ["delimiter", "encoding"] {
                if let Some(text) = text(decoder, key).filter(|text| text != "," && text != "utf-8")
                {
                    csv.insert(key.to_owned(), json!(text));
                }
            }
            Some(if csv.is_empty() {
                json!("csv")
            } else {
                json!({ "csv": csv })
            })
        }
        // How it is packed is found out.
        "GzipDecoder" | "ZipfileDecoder" | "CompositeRawDecoder" => {
            let inner = get(decoder, "decoder").or(get(decoder, "parser"));
            match inner.map(|inner| (kind(inner), inner)) {
                None | Some(("JsonParser", _)) => None,
                Some(("JsonLineParser", _)) => Some(json!("jsonl")),
                Some(("CsvParser", _)) => Some(json!("csv")),
                Some(("GzipParser", inner)) => return decoded_inner(inner),
                Some((_, inner)) => return decoded(inner),
            }
        }
        other => return Err(format!("`{other}` has no counterpart")),
    })
}

fn decoded_inner(parser: &Value) -> Result<Option<Value>, String> {
    match get(parser, "inner_parser").map(kind) {
        None | Some("JsonParser") => Ok(None),
        Some("JsonLineParser") => Ok(Some(json!("jsonl"))),
        Some("CsvParser") => Ok(Some(json!("csv"))),
        Some(other) => Err(format!("`{other}` has no counterpart")),
    }
}
