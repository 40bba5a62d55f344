//! Arguments of filters, tests, functions and methods: how many, which names, and what is written
//! out, against what each takes.

use std::ops::Range;

use minijinja::machinery::ast::{CallArg, Expr};

use super::Lowering;
use crate::diagnostics::Code;
use crate::diagnostics::nearest::hint;
use crate::template::filters::regex::group_mistake;
use crate::template::signature::{Given, Parameter, Takes, most_by_place, written};
use crate::template::{filters, tests};

/// What is called, for messages.
pub(super) struct Called<'n> {
    /// Its name.
    pub name: &'n str,
    /// Where the name stands.
    pub place: Range<usize>,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// Whether its arguments may be given by name.
    pub by_name: bool,
}

impl<'s> Lowering<'s, '_> {
    /// Checks the arguments of a call; what can't be seen is let be.
    pub(super) fn check_arguments(&mut self, called: &Called<'_>, args: &[CallArg<'s>]) {
        let is_open =
            |arg: &CallArg<'_>| matches!(arg, CallArg::PosSplat(_) | CallArg::KwargSplat(_));
        if args.iter().any(is_open) {
            return;
        }
        let by_place: Vec<&Expr<'s>> = args.iter().filter_map(by_place).collect();
        self.check_values(called, &by_place, args);
    }

    /// The same for values that are given by their place, and those of `args` that have names.
    fn check_values(&mut self, called: &Called<'_>, by_place: &[&Expr<'s>], args: &[CallArg<'s>]) {
        if let Some(most) = most_by_place(called.parameters) {
            if let Some(surplus) = by_place.get(most) {
                let place = self.extent(surplus);
                self.problem(
                    Code::Argument,
                    place,
                    too_many(called, most, by_place.len()),
                    shape(called),
                );
                return;
            }
        }
        let mut given = vec![false; called.parameters.len()];
        let placed = called.parameters.iter().enumerate();
        let placed = placed.filter(|(_, one)| !matches!(one.given, Given::ByName | Given::AnyName));
        for (index, ((at, parameter), value)) in placed.zip(by_place).enumerate() {
            given[at] = true;
            self.check_written(parameter, value);
            if matches!(parameter.takes, Takes::FilterName | Takes::TestName) {
                self.check_named(parameter.takes, value, &by_place[index + 1..]);
                break;
            }
        }
        let before = self.problems.len();
        if matches!(called.name, "regex_search" | "regex_replace") {
            self.check_groups(by_place, args);
        }
        self.check_names(called, args, &mut given);
        if self.problems.len() == before {
            self.check_missing(called, &given);
        }
    }

    /// The groups of a pattern that are asked for.
    fn check_groups(&mut self, by_place: &[&Expr<'s>], args: &[CallArg<'s>]) {
        let named = |wanted: &[&str]| {
            args.iter().find_map(|arg| match arg {
                CallArg::Kwarg(name, value) if wanted.contains(name) => Some(value),
                _ => None,
            })
        };
        let pattern = by_place.first().copied().or_else(|| named(&["pattern"]));
        let asked = by_place.get(1).copied().or_else(|| named(&["group", "by"]));
        let (Some(pattern), Some(asked)) = (pattern, asked) else {
            return;
        };
        let (Some(pattern), Some(value)) = (pattern.as_const(), asked.as_const()) else {
            return;
        };
        let place = self.extent(asked);
        let mistake = pattern
            .as_str()
            .and_then(|pattern| group_mistake(pattern, &value));
        if let Some(has) = mistake {
            let message = format!("there is no such group: {has}");
            let help = "group 0 is all that was found, 1 the first in round brackets".to_owned();
            self.problem(Code::Argument, place, message, help);
        }
    }

    /// The arguments of a filter or test that is named by another's argument.
    fn check_named(&mut self, takes: Takes, named: &Expr<'s>, rest: &[&Expr<'s>]) {
        let place = self.extent(named);
        let Some(named) = named.as_const() else {
            return;
        };
        let Some(name) = named.as_str() else {
            return;
        };
        let parameters = match takes {
            Takes::FilterName => filters::find(name).map(|filter| filter.parameters),
            _ => tests::find(name).map(|test| test.parameters),
        };
        match parameters {
            Some(parameters) => {
                let by_name = matches!(takes, Takes::FilterName);
                let called = Called {
                    name,
                    place,
                    parameters,
                    by_name,
                };
                self.check_values(&called, rest, &[]);
            }
            None if matches!(takes, Takes::FilterName) => {
                let help = unknown_filter_help(name);
                self.problem(
                    Code::UnknownFilter,
                    place,
                    format!("unknown filter `{name}`"),
                    help,
                );
            }
            None => {
                let help = hint(name, tests::names());
                self.problem(
                    Code::UnknownFilter,
                    place,
                    format!("unknown test `{name}`"),
                    help,
                );
            }
        }
    }

    fn check_names(&mut self, called: &Called<'_>, args: &[CallArg<'s>], given: &mut [bool]) {
        let has_own_names = |one: &Parameter| one.given == Given::AnyName;
        if called.parameters.iter().any(has_own_names) {
            return;
        }
        for arg in args {
            let CallArg::Kwarg(name, value) = arg else {
                continue;
            };
            let place = self.place_of(name);
            if !called.by_name {
                let message = format!("`{}` takes its arguments by place", called.name);
                self.problem(Code::Argument, place, message, shape(called));
                return;
            }
            let known = called.parameters.iter().position(|one| one.name == *name);
            let Some(at) = known.filter(|at| called.parameters[*at].given != Given::Often) else {
                let names = called.parameters.iter();
                let names = names.filter(|one| one.given != Given::Often);
                let help = hint(name, names.map(|one| one.name));
                let message = format!("`{}` has no argument `{name}`", called.name);
                self.problem(Code::Argument, place, message, help);
                continue;
            };
            if std::mem::replace(&mut given[at], true) {
                let message = format!("`{name}` of `{}` is given twice", called.name);
                self.problem(Code::Argument, place, message, shape(called));
            }
            self.check_written(&called.parameters[at], value);
        }
    }

    fn check_missing(&mut self, called: &Called<'_>, given: &[bool]) {
        let missing = called.parameters.iter().zip(given);
        let mut missing = missing.filter(|(one, given)| one.given == Given::Always && !**given);
        if let Some((parameter, _)) = missing.next() {
            let message = format!(
                "`{}` needs `{}`: {}",
                called.name,
                parameter.name,
                parameter.takes.words()
            );
            self.problem(Code::Argument, called.place.clone(), message, shape(called));
        } else if called.name == "map" && !given.iter().any(|given| *given) {
            let message = "`map` needs a field or a filter".to_owned();
            let help = "write map(attribute='name') or map('upper')".to_owned();
            self.problem(Code::Argument, called.place.clone(), message, help);
        }
    }

    /// Checks a value that is written out.
    fn check_written(&mut self, parameter: &Parameter, value: &Expr<'s>) {
        let Some(constant) = value.as_const() else {
            return;
        };
        if let Some(mistake) = parameter.takes.mistake(&constant) {
            let place = self.extent(value);
            let message = format!("`{}`: {}", parameter.name, mistake.message);
            self.problem(Code::Argument, place, message, mistake.help);
        }
    }
}

/// What to do about a filter that is not there.
pub(super) fn unknown_filter_help(name: &str) -> String {
    match filters::known_elsewhere(name) {
        Some(ours) => ours.to_owned(),
        None => hint(name, filters::names()),
    }
}

fn by_place<'a, 's>(arg: &'a CallArg<'s>) -> Option<&'a Expr<'s>> {
    match arg {
        CallArg::Pos(value) => Some(value),
        CallArg::Kwarg(..) | CallArg::PosSplat(_) | CallArg::KwargSplat(_) => None,
    }
}

fn too_many(called: &Called<'_>, most: usize, given: usize) -> String {
    let name = called.name;
    match most {
        0 => format!("`{name}` takes no arguments"),
        1 => format!("`{name}` takes one argument, and here are {given}"),
        _ => format!("`{name}` takes {most} arguments, and here are {given}"),
    }
}

fn shape(called: &Called<'_>) -> String {
    format!("it is written {}", written(called.name, called.parameters))
}
