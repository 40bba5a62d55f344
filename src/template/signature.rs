//! What filters, tests, functions and methods take: one description that the check, the
//! documentation, hover and completion share.

use std::fmt;

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Error, ErrorKind};

use super::date_format;
use super::duration::DurationValue;
use super::filters::number::is_example;
use super::filters::regex::mistake as pattern_mistake;
use crate::diagnostics::nearest::hint;

/// One argument.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// How it is given.
    pub given: Given,
    /// What it is where it is left out, as a template writes it; empty where nothing stands for it.
    pub default: &'static str,
}

/// How an argument is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// By its place or its name, always.
    Always,
    /// By its place or its name, or not at all.
    Maybe,
    /// By its name, or not at all.
    ByName,
    /// By place, as often as one likes; the last of all.
    Often,
    /// By names of the author's own.
    AnyName,
}

/// What an argument takes; told where it is written out.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// Anything.
    Any,
    /// Text.
    Text,
    /// A whole number, 0 or more.
    Count,
    /// A whole number, 1 or more.
    Positive,
    /// A whole number.
    Whole,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A regular expression.
    Pattern,
    /// How a date is printed.
    DateFormat,
    /// How a date is read.
    DateReading,
    /// A time zone's name.
    Zone,
    /// A number as an example: `1.234,56`.
    Example,
    /// A decimal sign: `,` or `.`.
    Sign,
    /// A duration: `2d`.
    Duration,
    /// The name of a filter; what comes behind it are its arguments.
    FilterName,
    /// The name of a test; what comes behind it are its arguments.
    TestName,
}

impl Parameter {
    /// One that has to be given.
    pub const fn always(name: &'static str, takes: Takes) -> Self {
        Self::new(name, takes, Given::Always, "")
    }

    /// One that may be left out; `default` then stands for it.
    pub const fn maybe(name: &'static str, takes: Takes, default: &'static str) -> Self {
        Self::new(name, takes, Given::Maybe, default)
    }

    /// One that is given by its name, or not at all.
    pub const fn named(name: &'static str, takes: Takes, default: &'static str) -> Self {
        Self::new(name, takes, Given::ByName, default)
    }

    /// As many as one likes.
    pub const fn often(name: &'static str, takes: Takes) -> Self {
        Self::new(name, takes, Given::Often, "")
    }

    /// As many as one likes, each by a name of one's own.
    pub const fn any_name(name: &'static str) -> Self {
        Self::new(name, Takes::Any, Given::AnyName, "")
    }

    const fn new(name: &'static str, takes: Takes, given: Given, default: &'static str) -> Self {
        Self {
            name,
            takes,
            given,
            default,
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.given {
            Given::Always => f.write_str(self.name),
            Given::Often => write!(f, "{}, …", self.name),
            Given::AnyName => write!(f, "{}=…, …", self.name),
            Given::Maybe | Given::ByName if self.default.is_empty() => {
                write!(f, "{}=…", self.name)
            }
            Given::Maybe | Given::ByName => write!(f, "{}={}", self.name, self.default),
        }
    }
}

/// A name with its arguments, as documentation writes it: `truncate(n, end='')`.
pub fn written(name: &str, parameters: &[Parameter]) -> String {
    if parameters.is_empty() {
        return name.to_owned();
    }
    let arguments: Vec<String> = parameters.iter().map(ToString::to_string).collect();
    format!("{name}({})", arguments.join(", "))
}

/// How many arguments may be given by their place; nothing where there is no end to them.
pub fn most_by_place(parameters: &[Parameter]) -> Option<usize> {
    if parameters.iter().any(|one| one.given == Given::Often) {
        return None;
    }
    let by_place = parameters
        .iter()
        .filter(|one| !matches!(one.given, Given::ByName | Given::AnyName));
    Some(by_place.count())
}

/// The place, from 0, of an argument that may be given by place.
pub fn place_of(parameters: &[Parameter], name: &str) -> Option<usize> {
    parameters
        .iter()
        .position(|known| known.name == name)
        .filter(|at| matches!(parameters[*at].given, Given::Always | Given::Maybe))
}

/// The arguments in the order of the parameters, behind `before` values that are none. Those that
/// are given by name alone stay behind the others, by name.
pub fn in_order(
    called: &str,
    parameters: &[Parameter],
    mut args: Vec<Value>,
    before: usize,
) -> Result<Vec<Value>, Error> {
    let has_own_names = parameters.iter().any(|one| one.given == Given::AnyName);
    if has_own_names || !args.last().is_some_and(Value::is_kwargs) {
        return Ok(args);
    }
    let named = args.pop().unwrap_or_default();
    let mut by_name = Vec::new();
    for name in named.try_iter()? {
        let word = name.as_str().unwrap_or_default();
        let value = named.get_item(&name)?;
        let Some(at) = place_of(parameters, word) else {
            if !parameters.iter().any(|known| known.name == word) {
                let message = format!("`{called}` has no argument `{word}`");
                return Err(Error::new(ErrorKind::InvalidOperation, message));
            }
            by_name.push((word.to_owned(), value));
            continue;
        };
        let at = at + before;
        if args.len() <= at {
            args.resize(at + 1, Value::UNDEFINED);
        }
        args[at] = value;
    }
    if !by_name.is_empty() {
        args.push(Kwargs::from_iter(by_name).into());
    }
    Ok(args)
}

/// What is wrong with an argument that is written out, and what to do about it.
pub struct Mistake {
    /// What, in a sentence that begins with what was written.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Takes {
    /// What it takes, in words.
    pub fn words(self) -> String {
        match self {
            Self::Any => "any value".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Count => "a whole number, 0 or more".to_owned(),
            Self::Positive => "a whole number, 1 or more".to_owned(),
            Self::Whole => "a whole number".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::Pattern => "a regular expression".to_owned(),
            Self::DateFormat | Self::DateReading => "a date format, such as '%d.%m.%Y'".to_owned(),
            Self::Zone => "a time zone, such as 'Europe/Berlin'".to_owned(),
            Self::Example => "an example of a number, such as '1.234,56'".to_owned(),
            Self::Sign => "a decimal sign: ',' or '.'".to_owned(),
            Self::Duration => "a duration, such as '2d'".to_owned(),
            Self::FilterName => "the name of a filter".to_owned(),
            Self::TestName => "the name of a test".to_owned(),
        }
    }

    /// What is wrong with a value that is written out; names of filters and tests are looked up by
    /// whoever knows them.
    pub fn mistake(self, value: &Value) -> Option<Mistake> {
        if value.is_undefined() || value.is_none() {
            return None;
        }
        match self {
            Self::Any => None,
            Self::Count | Self::Positive | Self::Whole => self.no_whole_number(value),
            Self::Flag => {
                let is_flag = value.kind() == ValueKind::Bool;
                (!is_flag).then(|| self.wrong_kind(value))
            }
            Self::Text
            | Self::Word(_)
            | Self::Pattern
            | Self::DateFormat
            | Self::DateReading
            | Self::Zone
            | Self::Example
            | Self::Sign
            | Self::Duration
            | Self::FilterName
            | Self::TestName => match value.as_str() {
                Some(text) => self.mistake_of_text(text),
                // Seconds are a duration too.
                None if matches!(self, Self::Duration) && value.is_number() => None,
                None => Some(self.wrong_kind(value)),
            },
        }
    }

    fn no_whole_number(self, value: &Value) -> Option<Mistake> {
        let whole = i64::try_from(value.clone()).ok();
        let least = match self {
            Self::Whole => i64::MIN,
            Self::Positive => 1,
            _ => 0,
        };
        let is_fine = value.is_integer() && whole.is_some_and(|whole| whole >= least);
        (!is_fine).then(|| self.wrong_kind(value))
    }

    fn wrong_kind(self, value: &Value) -> Mistake {
        let shown = match value.as_str() {
            Some(text) => format!("'{text}'"),
            None => value.to_string(),
        };
        Mistake {
            message: format!("{shown} is not {}", self.words()),
            help: format!("write {}", self.words()),
        }
    }

    fn mistake_of_text(self, text: &str) -> Option<Mistake> {
        let told = |message: String, help: String| Some(Mistake { message, help });
        match self {
            Self::Word(words) if !words.contains(&text) => told(
                format!("there is no `{text}` here"),
                hint(text, words.iter().copied()),
            ),
            Self::Pattern => {
                let reason = pattern_mistake(text)?;
                told(
                    format!("no regular expression: {reason}"),
                    "a character that has a meaning, such as ( or *, needs a \\ before it, or [(]"
                        .to_owned(),
                )
            }
            Self::DateFormat => date_format::mistake(text, date_format::Use::Printing),
            Self::DateReading => date_format::mistake(text, date_format::Use::Reading),
            Self::Zone => date_format::zone_mistake(text),
            Self::Example if !is_example(text) => told(
                format!("'{text}' is no example of a number"),
                "write a number as it is to look: '1.234,56', '1234.56', '1 234'".to_owned(),
            ),
            Self::Sign if !matches!(text, "," | ".") => told(
                format!("'{text}' is no decimal sign"),
                "write ',' or '.'".to_owned(),
            ),
            Self::Duration if DurationValue::parse(text).is_none() => told(
                format!("'{text}' is no duration"),
                "write 500ms, 10s, 5m, 2h, 30d or P1M".to_owned(),
            ),
            Self::Any
            | Self::Text
            | Self::Count
            | Self::Positive
            | Self::Whole
            | Self::Flag
            | Self::Word(_)
            | Self::Example
            | Self::Sign
            | Self::Duration
            | Self::FilterName
            | Self::TestName => None,
        }
    }
}
