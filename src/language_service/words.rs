//! Filters, functions, tests and methods of templates.

use crate::template::signature::{Parameter, written};
use crate::template::{filters, functions, methods, tests};
use std::fmt::Write as _;

/// What a word of templates means.
pub struct WordDoc {
    /// What it is: `filter`, `function`, `test`, `method`.
    pub kind: &'static str,
    /// Its name.
    pub name: &'static str,
    /// How it is written, with its arguments.
    pub written: String,
    /// What it does.
    pub about: String,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// A template and what it gives.
    pub example: Option<(&'static str, &'static str)>,
}

/// All words with this name.
pub fn of_word(name: &str) -> Vec<WordDoc> {
    let filter = filters::find(name).map(|filter| WordDoc {
        kind: "filter",
        name: filter.name,
        written: filter.written(),
        about: filter.about.to_owned(),
        parameters: filter.parameters,
        example: Some(filter.example),
    });
    let function = functions::find(name).map(|function| WordDoc {
        kind: "function",
        name: function.name,
        written: match function.parameters {
            [] => format!("{}()", function.name),
            parameters => written(function.name, parameters),
        },
        about: function.about.to_owned(),
        parameters: function.parameters,
        example: None,
    });
    let test = tests::find(name).map(|test| WordDoc {
        kind: "test",
        name: test.name,
        written: format!("is {}", written(test.name, test.parameters)),
        about: format!("Holds where {}.", test.about),
        parameters: test.parameters,
        example: None,
    });
    let method = methods::find(name).map(|method| WordDoc {
        kind: "method",
        name: method.name,
        written: match method.parameters {
            [] => format!(".{}()", method.name),
            parameters => format!(".{}", written(method.name, parameters)),
        },
        about: format!("Of {}: {}.", method.of, method.about),
        parameters: method.parameters,
        example: None,
    });
    [filter, function, test, method]
        .into_iter()
        .flatten()
        .collect()
}

impl WordDoc {
    /// The text that hover and `explain` show.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "# `{}`, a {}\n\n`{}`\n\n{}",
            self.name, self.kind, self.written, self.about
        );
        for parameter in self.parameters {
            // Writing into a string does not fail.
            let _ = write!(
                text,
                "\n- `{}`: {}",
                parameter.name,
                parameter.takes.words()
            );
        }
        if let Some((template, result)) = self.example {
            let _ = write!(text, "\n\n`{template}` gives `{result}`");
        }
        text
    }
}

/// The names of all words.
pub fn names() -> impl Iterator<Item = &'static str> {
    let filters = filters::names().chain(functions::names());
    filters.chain(tests::names()).chain(methods::names())
}
