//! Values to JSON and back, numbers as they were written.

use minijinja::value::{Value, ValueKind};
use serde_json::value::RawValue;

use super::document::DocumentValue;
use super::number::NumberText;
use crate::row::text::{decode, write_string};

/// Writes a value as JSON. Nothing is `null`; numbers that JSON does not have (`inf`) are too;
/// dates and durations are text.
pub fn write(value: &Value, out: &mut Vec<u8>) {
    if let Some(text) = value.as_str() {
        write_string(text, out);
        return;
    }
    if let Some(number) = value.downcast_object_ref::<NumberText>() {
        out.extend_from_slice(number.text().as_bytes());
        return;
    }
    if let Some(json) = exact(value) {
        out.extend_from_slice(json.as_bytes());
        return;
    }
    match value.kind() {
        ValueKind::Undefined | ValueKind::None | ValueKind::Invalid => out.extend(b"null"),
        ValueKind::Bool => out.extend(if value.is_true() {
            b"true".as_slice()
        } else {
            b"false"
        }),
        ValueKind::Number => match f64::try_from(value.clone()) {
            Ok(number) if !number.is_finite() => out.extend(b"null"),
            _ => out.extend(value.to_string().as_bytes()),
        },
        ValueKind::Seq | ValueKind::Iterable => {
            out.push(b'[');
            for (index, item) in value.try_iter().into_iter().flatten().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(&item, out);
            }
            out.push(b']');
        }
        ValueKind::Map => {
            out.push(b'{');
            for (index, key) in value.try_iter().into_iter().flatten().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_string(&super::text_of(&key), out);
                out.push(b':');
                write(&value.get_item(&key).unwrap_or_default(), out);
            }
            out.push(b'}');
        }
        _ => write_string(&value.to_string(), out),
    }
}

/// JSON that is sent on as it stands.
pub fn exact(value: &Value) -> Option<&str> {
    value.downcast_object_ref::<DocumentValue>()?.exact_json()
}

/// Reads JSON text; `null` becomes nothing. An error is `serde_json`'s.
pub fn read(text: &str) -> Result<Value, serde_json::Error> {
    from_raw(serde_json::from_str(text)?)
}

/// Lists and maps inside each other at most, as `serde_json` has it.
const DEEPEST: usize = 128;

/// The value of checked JSON, read in one pass. An error is JSON that is too deep.
pub fn from_raw(raw: &RawValue) -> Result<Value, serde_json::Error> {
    let mut reader = Reader {
        text: raw.get(),
        at: 0,
        depth: 0,
        is_too_deep: false,
    };
    let value = reader.value();
    if reader.is_too_deep {
        let message = format!("more than {DEEPEST} lists and maps stand inside each other");
        return Err(serde::de::Error::custom(message));
    }
    Ok(value)
}

/// Reads JSON that was checked: what can't stand there is not looked for.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    is_too_deep: bool,
}

impl Reader<'_> {
    fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return *byte;
            }
            self.at += 1;
        }
        0
    }

    fn value(&mut self) -> Value {
        match self.peek() {
            b'"' => self.string(),
            b'{' | b'[' if self.depth >= DEEPEST => {
                // Nothing more is read.
                self.is_too_deep = true;
                self.at = self.text.len();
                Value::UNDEFINED
            }
            b'{' => self.below(Self::map),
            b'[' => self.below(Self::list),
            b't' => self.word(4, Value::from(true)),
            b'f' => self.word(5, Value::from(false)),
            b'n' => self.word(4, Value::UNDEFINED),
            _ => self.number(),
        }
    }

    fn below(&mut self, read: impl FnOnce(&mut Self) -> Value) -> Value {
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn word(&mut self, length: usize, value: Value) -> Value {
        self.at += length;
        value
    }

    fn number(&mut self) -> Value {
        let bytes = &self.text.as_bytes()[self.at..];
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = bytes.iter().take_while(|byte| is_part(byte)).count();
        let text = &self.text[self.at..self.at + length];
        self.at += length.max(1);
        NumberText::value_of(text)
    }

    /// The bytes of a string, and whether it has escapes; `at` stands behind it.
    fn string_text(&mut self) -> (usize, usize, bool) {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut at = start + 1;
        let mut has_escapes = false;
        while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
            at += found;
            if bytes[at] == b'"' {
                break;
            }
            has_escapes = true;
            at += 2;
        }
        self.at = (at + 1).min(bytes.len());
        (start, self.at, has_escapes)
    }

    fn string(&mut self) -> Value {
        let (start, end, has_escapes) = self.string_text();
        if has_escapes {
            return Value::from(decode(&self.text[start + 1..end - 1]).into_owned());
        }
        Value::from(&self.text[start + 1..end - 1])
    }

    fn list(&mut self) -> Value {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            match self.peek() {
                b']' => {
                    self.at += 1;
                    return Value::from(items);
                }
                b',' => self.at += 1,
                0 => return Value::from(items),
                _ => items.push(self.value()),
            }
        }
    }

    fn map(&mut self) -> Value {
        self.at += 1;
        let mut pairs = Vec::new();
        loop {
            match self.peek() {
                b'}' => {
                    self.at += 1;
                    break;
                }
                b'"' => {
                    let key = self.string();
                    self.peek();
                    // The colon.
                    self.at += 1;
                    let value = self.value();
                    pairs.push((key, value));
                }
                b',' => self.at += 1,
                _ => break,
            }
        }
        Value::from_pairs(pairs)
    }
}
