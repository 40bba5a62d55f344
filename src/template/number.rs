//! Numbers as they were written: `19.90` stays `19.90`, a 20-digit id keeps its digits.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};

/// A number whose text minijinja would print differently. It prints as it was written; filters,
/// tests, functions, methods and operators get the [`plain`] number.
#[derive(Debug)]
pub struct NumberText {
    text: Box<str>,
    number: Value,
}

impl NumberText {
    /// The value of a JSON or YAML number: native where its text would be the same.
    ///
    /// Text that is no number comes back as text.
    pub fn value_of(text: &str) -> Value {
        if let Ok(number) = text.parse::<i64>() {
            if itoa::Buffer::new().format(number) == text {
                return Value::from(number);
            }
        }
        let number = match text.parse::<i128>() {
            Ok(number) => Value::from(number),
            Err(_) => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Value::from(number),
                _ => return Value::from(text),
            },
        };
        if number.to_string() == text {
            return number;
        }
        Value::from_object(Self {
            text: text.into(),
            number,
        })
    }

    /// The number as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Object for NumberText {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.number.is_true()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The value with a number in place of a number's text; anything else as it is.
pub fn plain(value: &Value) -> Value {
    match value.downcast_object_ref::<NumberText>() {
        Some(number) => number.number.clone(),
        None => value.clone(),
    }
}

/// A list whose elements are plain numbers, for filters that compare or add them.
pub fn plain_elements(value: &Value) -> Value {
    let has_texts = value.try_iter().is_ok_and(|mut elements| {
        elements.any(|element| element.downcast_object_ref::<NumberText>().is_some())
    });
    match value.try_iter() {
        Ok(elements) if has_texts && value.as_str().is_none() => {
            elements.map(|element| plain(&element)).collect()
        }
        _ => value.clone(),
    }
}
