//! The filters: ours, one file each, and minijinja's. This list is the only one: the check, the
//! engine and the documentation's test read it.

mod abs;
mod base64;
mod bool;
mod case;
mod date;
mod default;
pub mod escape;
mod format;
mod hash;
pub mod join;
mod json;
mod length;
mod map;
mod money;
mod number;
mod or_null;
mod pick;
pub mod regex;
mod replace;
mod round;
mod selectattr;
mod slugify;
mod string;
mod strip_tags;
mod to_map;
mod to_number;
mod trim;
mod truncate;
mod urlencode;

use minijinja::filters as stock;
use minijinja::value::Value;
use minijinja::{Error, ErrorKind};

use super::native::{Doubt, NativeFilter, Plain};

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
    /// The names of its arguments, in order, where they may be given by name; a filter of
    /// minijinja's own knows its names itself.
    pub parameters: &'static [&'static str],
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

macro_rules! filter {
    ($name:literal, $function:expr) => {
        filter!($name, $function, PassedOn, Plain, [])
    };
    ($name:literal, $function:expr, [$($parameter:literal),*]) => {
        filter!($name, $function, PassedOn, Plain, [$($parameter),*])
    };
    ($name:literal, $function:expr, $nothing:ident, $numbers:ident) => {
        filter!($name, $function, $nothing, $numbers, [])
    };
    ($name:literal, $function:expr, $nothing:ident, $numbers:ident, [$($parameter:literal),*]) => {
        Filter {
            name: $name,
            make: || Value::from_function($function),
            nothing: Nothing::$nothing,
            numbers: Numbers::$numbers,
            parameters: &[$($parameter),*],
            native: None,
        }
    };
}

/// A filter by its name.
pub fn find(name: &str) -> Option<&'static Filter> {
    all().iter().find(|filter| filter.name == name)
}

impl Filter {
    /// The filter with a plain form.
    const fn natively(mut self, native: NativeFilter) -> Self {
        self.native = Some(native);
        self
    }

    /// The arguments in the order of the parameters; the value itself stands first.
    pub fn in_order(&self, mut args: Vec<Value>) -> Result<Vec<Value>, Error> {
        if self.parameters.is_empty() || !args.last().is_some_and(Value::is_kwargs) {
            return Ok(args);
        }
        let named = args.pop().unwrap_or_default();
        for name in named.try_iter()? {
            let word = name.as_str().unwrap_or_default();
            let Some(at) = self.parameters.iter().position(|known| *known == word) else {
                return Err(invalid(self.unknown_argument(word)));
            };
            let at = at + 1;
            if args.len() <= at {
                args.resize(at + 1, Value::UNDEFINED);
            }
            args[at] = named.get_item(&name)?;
        }
        Ok(args)
    }

    /// What to say about an argument that there is not.
    pub fn unknown_argument(&self, name: &str) -> String {
        format!("`{}` has no argument `{name}`", self.name)
    }
}

/// The names of all filters.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().iter().map(|filter| filter.name)
}

/// All filters, by name.
pub fn all() -> &'static [Filter] {
    const ALL: &[Filter] = &[
        filter!("abs", stock::abs).natively(abs::native),
        filter!("attr", stock::attr),
        filter!("base64", base64::encode).natively(base64::native),
        filter!("base64_decode", base64::decode),
        filter!("batch", stock::batch),
        filter!("bool", bool::bool).natively(bool::native),
        filter!("capitalize", stock::capitalize),
        filter!("chain", stock::chain),
        filter!("count", stock::length).natively(length::native),
        filter!(
            "d",
            default::default,
            Seen,
            AsWritten,
            ["default_value", "boolean"]
        )
        .natively(default::native),
        filter!("date", date::date, ["format", "tz"]).natively(date::native),
        filter!(
            "default",
            default::default,
            Seen,
            AsWritten,
            ["default_value", "boolean"]
        )
        .natively(default::native),
        filter!("dictsort", stock::dictsort),
        filter!("escape", escape::escape),
        filter!("first", stock::first),
        filter!("float", to_number::float, Seen, Plain, ["default"])
            .natively(to_number::native_float),
        filter!("format", format::format),
        filter!("groupby", stock::groupby, PassedOn, PlainInside),
        filter!("hash", hash::hash, ["kind"]).natively(hash::native),
        filter!("indent", stock::indent),
        filter!("int", to_number::int, Seen, Plain, ["default"]).natively(to_number::native_int),
        filter!("items", stock::items),
        filter!("join", join::join, PassedOn, AsWritten, ["d", "attribute"]),
        filter!("json", json::json, PassedOn, AsWritten),
        filter!("last", stock::last),
        filter!("length", stock::length).natively(length::native),
        filter!("lines", stock::lines),
        filter!("list", stock::list),
        filter!("lower", stock::lower).natively(case::lower),
        filter!("map", map::map),
        filter!("max", stock::max, PassedOn, PlainInside),
        filter!("min", stock::min, PassedOn, PlainInside),
        filter!("money", money::money, ["digits"]).natively(money::native),
        filter!("number", number::number, ["example"]).natively(number::native),
        filter!("omit", pick::omit),
        filter!("or_null", or_null::or_null, Seen, AsWritten),
        filter!("parse_json", json::parse_json),
        filter!("pick", pick::pick),
        filter!("regex_replace", regex::replace, ["pattern", "by"]).natively(regex::native_replace),
        filter!("regex_search", regex::search, ["pattern", "group"]).natively(regex::native_search),
        filter!("reject", selectattr::reject),
        filter!("rejectattr", selectattr::rejectattr),
        filter!("replace", stock::replace).natively(replace::native),
        filter!("reverse", stock::reverse),
        filter!("round", stock::round).natively(round::native),
        filter!("select", selectattr::select),
        filter!("selectattr", selectattr::selectattr),
        filter!("slice", stock::slice),
        filter!("slugify", slugify::slugify).natively(slugify::native),
        filter!("sort", stock::sort, PassedOn, PlainInside),
        filter!("split", stock::split),
        filter!("string", string::string, PassedOn, AsWritten).natively(string::native),
        filter!("strip_tags", strip_tags::strip_tags).natively(strip_tags::native),
        filter!("sum", stock::sum, PassedOn, PlainInside),
        filter!("title", stock::title),
        filter!("to_map", to_map::to_map, ["key", "value"]),
        filter!(
            "to_number",
            to_number::to_number,
            Seen,
            Plain,
            ["default", "decimal"]
        )
        .natively(to_number::native),
        filter!("trim", stock::trim).natively(trim::native),
        filter!("truncate", truncate::truncate, ["n", "end"]).natively(truncate::native),
        filter!("unique", stock::unique, PassedOn, PlainInside),
        filter!("upper", stock::upper).natively(case::upper),
        filter!("urlencode", urlencode::urlencode).natively(urlencode::native),
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
