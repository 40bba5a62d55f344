//! Functions: `now()`, `duration()`, `uuid()`, `date()`, `range()`, `namespace()`.

use minijinja::value::{Rest, Value, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State};

use super::date::{DateValue, parse_date, parse_with_format};
use super::duration::DurationValue;
use super::signature::{Parameter, Takes, in_order};
use super::text::is_nothing;

/// A function by its name.
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Makes it.
    make: fn() -> Value,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// What it gives, in a sentence.
    pub about: &'static str,
}

/// All functions, by name.
pub static ALL: [Function; 6] = [
    Function {
        name: "date",
        make: || Value::from_function(date),
        parameters: &[
            Parameter::always("text", Takes::Any),
            Parameter::maybe("format", Takes::DateReading, ""),
        ],
        about: "The date that a text is, read in a format where one is named.",
    },
    Function {
        name: "duration",
        make: || Value::from_function(duration),
        parameters: &[Parameter::always("text", Takes::Duration)],
        about: "A span of time, to be added to a date: `since - duration('2d')`.",
    },
    Function {
        name: "namespace",
        make: || Value::from_function(minijinja::functions::namespace),
        parameters: &[Parameter::any_name("name")],
        about: "Values that a loop changes for what is behind it: `{% set ns.sum = ns.sum + 1 %}`.",
    },
    Function {
        name: "now",
        make: || Value::from_function(|| DateValue::now().into_value()),
        parameters: &[],
        about: "The present.",
    },
    Function {
        name: "range",
        make: || Value::from_function(minijinja::functions::range),
        parameters: &[
            Parameter::always("lower", Takes::Whole),
            Parameter::maybe("upper", Takes::Whole, ""),
            Parameter::maybe("step", Takes::Whole, ""),
        ],
        about: "The numbers from 0, or from `lower`, up to but without the last.",
    },
    Function {
        name: "uuid",
        make: || Value::from_function(|| crate::clock::uuid().to_string()),
        parameters: &[],
        about: "A new identifier, never the same.",
    },
];

/// The names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    ALL.iter().map(|function| function.name)
}

/// A function by its name.
pub fn find(name: &str) -> Option<&'static Function> {
    ALL.iter().find(|function| function.name == name)
}

/// Makes the functions known to the engine.
pub fn add_to(env: &mut Environment<'static>) {
    for function in &ALL {
        let call = (function.make)();
        let (name, parameters) = (function.name, function.parameters);
        env.add_function(
            name,
            move |state: &mut State, args: Rest<ValueOrKwargs>| -> Result<Value, Error> {
                let args = in_order(name, parameters, args.into_values(), 0)?;
                call.call(state, &args)
            },
        );
    }
}

fn duration(text: &Value) -> Result<Value, Error> {
    if is_nothing(text) {
        return Ok(Value::UNDEFINED);
    }
    DurationValue::parse(&text.to_string())
        .map(Value::from_object)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidOperation,
                format!("\"{text}\" is no duration: write 10s, 5m, 2h, 30d or P1M"),
            )
        })
}

fn date(text: &Value, format: Option<&str>) -> Result<Value, Error> {
    if is_nothing(text) {
        return Ok(Value::UNDEFINED);
    }
    let date = match format {
        Some(format) => Some(parse_with_format(&text.to_string(), format)?),
        None => parse_date(text)?,
    };
    Ok(date.map_or(Value::UNDEFINED, DateValue::into_value))
}
