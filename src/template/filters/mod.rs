//! The filters: ours, one file each, and minijinja's; `table` lists them.

mod abs;
mod amounts;
mod base64;
mod bool;
mod case;
mod category;
mod date;
mod default;
pub mod escape;
mod format;
pub mod hash;
mod index_by;
pub mod join;
mod json;
mod length;
mod map;
mod money;
pub mod number;
mod or_null;
mod pick;
pub mod product_codes;
pub mod regex;
mod replace;
mod round;
mod selectattr;
mod similar;
mod slugify;
mod string;
mod strip_tags;
mod table;
mod title_case;
mod to_map;
mod to_number;
mod trim;
mod truncate;
mod urlencode;

pub use table::all;

use minijinja::value::Value;
use minijinja::{Error, ErrorKind};

use super::native::{Doubt, NativeFilter, Plain};
use super::signature::{Parameter, in_order, place_of, written};

/// A filter by its name.
pub struct Filter {
    /// Its name.
    pub name: &'static str,
    /// Makes the function.
    pub make: fn() -> Value,
    /// What it does with nothing.
    pub nothing: Nothing,
    /// How it sees numbers.
    pub numbers: Numbers,
    /// What it takes besides the value before the `|`.
    pub parameters: &'static [Parameter],
    /// What it does, in a sentence or two.
    pub about: &'static str,
    /// A template over the record of `docs/templates.md`, and what it gives, as JSON.
    pub example: (&'static str, &'static str),
    /// Its plain form, where it has one.
    pub native: Option<NativeFilter>,
}

/// What a filter does with nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nothing {
    /// Nothing in, nothing out.
    PassedOn,
    /// It is there to see it.
    Seen,
}

/// How a filter sees numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// As numbers: `19.90` is 19.9.
    Plain,
    /// As they were written.
    AsWritten,
    /// As numbers, also inside the list.
    PlainInside,
}

/// A filter by its name.
pub fn find(name: &str) -> Option<&'static Filter> {
    all().iter().find(|filter| filter.name == name)
}

impl Filter {
    /// A filter without arguments that passes nothing on and sees numbers as numbers.
    const fn new(name: &'static str, make: fn() -> Value) -> Self {
        Self {
            name,
            make,
            nothing: Nothing::PassedOn,
            numbers: Numbers::Plain,
            parameters: &[],
            about: "",
            example: ("", ""),
            native: None,
        }
    }

    const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    const fn example(mut self, template: &'static str, result: &'static str) -> Self {
        self.example = (template, result);
        self
    }

    const fn takes(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    const fn sees_nothing(mut self) -> Self {
        self.nothing = Nothing::Seen;
        self
    }

    const fn numbers(mut self, numbers: Numbers) -> Self {
        self.numbers = numbers;
        self
    }

    /// The filter with a plain form.
    const fn natively(mut self, native: NativeFilter) -> Self {
        self.native = Some(native);
        self
    }

    /// As documentation writes it: `truncate(n, end='')`.
    pub fn written(&self) -> String {
        written(self.name, self.parameters)
    }

    /// The place, from 0, of an argument that may be given by place.
    pub fn place_of(&self, name: &str) -> Option<usize> {
        place_of(self.parameters, name)
    }

    /// The arguments in the order of the parameters; the value itself stands first.
    pub fn in_order(&self, args: Vec<Value>) -> Result<Vec<Value>, Error> {
        in_order(self.name, self.parameters, args, 1)
    }
}

/// What other tools call a filter of ours, or a way to do without.
pub fn known_elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "tojson" | "to_json" | "dump" | "json_encode" => "write json",
        "fromjson" | "from_json" | "json_decode" => "write parse_json",
        "md5" => "write hash('md5')",
        "sha1" => "write hash('sha1')",
        "sha256" => "write hash('sha256')",
        "b64encode" | "base64_encode" => "write base64",
        "b64decode" => "write base64_decode",
        "strftime" | "date_format" | "format_date" | "format_datetime" | "datetime" => {
            "write date('%Y-%m-%d')"
        }
        "safe" | "e" | "raw" => "nothing is escaped by itself: leave it out, or write escape",
        "substr" | "substring" => "write value[0:5]",
        "uppercase" | "upcase" => "write upper",
        "lowercase" | "downcase" => "write lower",
        "strip" => "write trim",
        "size" => "write length",
        "append" | "concat" => "write a ~ b",
        "prepend" => "write b ~ a",
        "where" | "filter" => "write selectattr('name', 'eq', value)",
        "plus" => "write a + b",
        "minus" => "write a - b",
        "times" => "write a * b",
        "divided_by" => "write a / b",
        "ceil" => "write round(0, 'ceil')",
        "floor" => "write round(0, 'floor')",
        "slug" => "write slugify",
        "number_format" => "write number('1.234,56')",
        _ => return None,
    })
}

/// The names of all filters.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().iter().map(|filter| filter.name)
}

/// The value at `a.b.0` inside another; nothing where the path leads nowhere.
fn at_path(value: &Value, path: &str) -> Value {
    let mut found = value.clone();
    for part in path.split('.') {
        let next = match part.parse::<usize>() {
            Ok(index) if found.kind() == minijinja::value::ValueKind::Seq => {
                found.get_item_by_index(index)
            }
            _ => found.get_attr(part),
        };
        match next {
            Ok(next) => found = next,
            Err(_) => return Value::UNDEFINED,
        }
    }
    found
}

/// An error of the row that the filter was given.
fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// The plain form of a filter that is called with values: right by construction, and without the
/// engine around it.
fn by_value(
    value: &Plain<'_>,
    call: impl FnOnce(&Value) -> Result<Value, Error>,
) -> Result<Plain<'static>, Doubt> {
    Plain::made(call(&value.to_value()))
}

/// What a filter that takes no arguments says to some.
fn no_arguments(arguments: &[Plain<'_>]) -> Result<(), Doubt> {
    if arguments.is_empty() {
        Ok(())
    } else {
        Err(Doubt)
    }
}

/// An optional text among a plain form's arguments.
fn optional_text<'a>(arguments: &'a [Plain<'_>], at: usize) -> Result<Option<&'a str>, Doubt> {
    match arguments.get(at) {
        None | Some(Plain::Nothing) => Ok(None),
        Some(argument) => argument.as_text().map(Some),
    }
}
