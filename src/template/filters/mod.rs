//! The filters: ours, one file each, and minijinja's. This list is the only one: the check, the
//! engine and the documentation's test read it.

mod base64;
mod date;
mod default;
mod format;
mod hash;
pub mod join;
mod json;
mod map;
mod money;
mod number;
mod or_null;
mod pick;
pub mod regex;
mod selectattr;
mod slugify;
mod string;
mod strip_tags;
mod to_map;
mod to_number;
mod truncate;
mod urlencode;

use minijinja::filters as stock;
use minijinja::value::Value;
use minijinja::{Error, ErrorKind};

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

macro_rules! filter {
    ($name:literal, $function:expr) => {
        filter!($name, $function, PassedOn, Plain)
    };
    ($name:literal, $function:expr, $nothing:ident, $numbers:ident) => {
        Filter {
            name: $name,
            make: || Value::from_function($function),
            nothing: Nothing::$nothing,
            numbers: Numbers::$numbers,
        }
    };
}

/// The names of all filters.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().iter().map(|filter| filter.name)
}

/// All filters, by name.
pub fn all() -> &'static [Filter] {
    const ALL: &[Filter] = &[
        filter!("abs", stock::abs),
        filter!("attr", stock::attr),
        filter!("base64", base64::encode),
        filter!("base64_decode", base64::decode),
        filter!("batch", stock::batch),
        filter!("bool", stock::bool),
        filter!("capitalize", stock::capitalize),
        filter!("chain", stock::chain),
        filter!("count", stock::length),
        filter!("d", default::default, Seen, AsWritten),
        filter!("date", date::date),
        filter!("default", default::default, Seen, AsWritten),
        filter!("dictsort", stock::dictsort),
        filter!("escape", stock::escape),
        filter!("first", stock::first),
        filter!("float", to_number::float),
        filter!("format", format::format),
        filter!("groupby", stock::groupby, PassedOn, PlainInside),
        filter!("hash", hash::hash),
        filter!("indent", stock::indent),
        filter!("int", to_number::int),
        filter!("items", stock::items),
        filter!("join", join::join, PassedOn, AsWritten),
        filter!("json", json::json, PassedOn, AsWritten),
        filter!("last", stock::last),
        filter!("length", stock::length),
        filter!("lines", stock::lines),
        filter!("list", stock::list),
        filter!("lower", stock::lower),
        filter!("map", map::map),
        filter!("max", stock::max, PassedOn, PlainInside),
        filter!("min", stock::min, PassedOn, PlainInside),
        filter!("money", money::money),
        filter!("number", number::number),
        filter!("omit", pick::omit),
        filter!("or_null", or_null::or_null, Seen, AsWritten),
        filter!("parse_json", json::parse_json),
        filter!("pick", pick::pick),
        filter!("regex_replace", regex::replace),
        filter!("regex_search", regex::search),
        filter!("reject", stock::reject),
        filter!("rejectattr", selectattr::rejectattr),
        filter!("replace", stock::replace),
        filter!("reverse", stock::reverse),
        filter!("round", stock::round),
        filter!("select", stock::select),
        filter!("selectattr", selectattr::selectattr),
        filter!("slice", stock::slice),
        filter!("slugify", slugify::slugify),
        filter!("sort", stock::sort, PassedOn, PlainInside),
        filter!("split", stock::split),
        filter!("string", string::string, PassedOn, AsWritten),
        filter!("strip_tags", strip_tags::strip_tags),
        filter!("sum", stock::sum, PassedOn, PlainInside),
        filter!("title", stock::title),
        filter!("to_map", to_map::to_map),
        filter!("to_number", to_number::to_number),
        filter!("trim", stock::trim),
        filter!("truncate", truncate::truncate),
        filter!("unique", stock::unique, PassedOn, PlainInside),
        filter!("upper", stock::upper),
        filter!("urlencode", urlencode::urlencode),
        filter!("zip", stock::zip),
    ];
    ALL
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
