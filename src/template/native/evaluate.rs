//! Works plain forms out, row by row.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use super::bound::{Bound, Operand, RecordPath};
use super::tree::{Native, Node};
use super::{Doubt, Plain};
use crate::row::Row;
use crate::template::arithmetic::{self, Number};
use crate::template::compare;
use crate::template::document::{DocumentValue, PathKey, PathValue};
use crate::template::filters::Nothing;
use crate::template::operators::{Arithmetic, Comparison};
use crate::template::{Frame, Value, truth};

/// What a row's plain forms see.
#[derive(Clone)]
pub struct Scene<'s> {
    /// The row, where there is one.
    pub row: Option<Row<'s>>,
    /// The cell of each slot; nothing where the row has no such column.
    pub cells: &'s [Option<usize>],
    /// The vars that are worked out so far; one of no plain kind is empty.
    pub vars: &'s [OnceCell<Plain<'s>>],
    /// The fields of the row's outcome, where it is known.
    pub outcome: &'s [Plain<'s>],
    /// Where records are found by name, where there are any.
    pub frame: Option<&'s Arc<Frame>>,
    /// The paths through them, by number.
    pub paths: &'s [RecordPath],
    /// The record that was looked for last.
    pub looked_up: LookedUp<'s>,
}

/// The record that a path of a scene led to last: most templates of a row read the same.
#[derive(Clone, Default)]
pub struct LookedUp<'s>(Cell<Option<(usize, &'s DocumentValue)>>);

impl<'s> Scene<'s> {
    /// The cell of a slot.
    #[inline]
    pub(super) fn cell(&self, slot: usize) -> Option<(Row<'s>, usize)> {
        Some((self.row?, (*self.cells.get(slot)?)?))
    }

    #[inline]
    fn look_up(&self, place: Operand) -> Result<Plain<'s>, Doubt> {
        match place {
            Operand::Column(slot) => Ok(match self.cell(slot) {
                Some((row, cell)) => Plain::Text(row.text(cell)),
                None => Plain::Nothing,
            }),
            Operand::Var(number) => match self.vars.get(number).and_then(OnceCell::get) {
                Some(Plain::Text(text)) => Ok(Plain::Text(Cow::Borrowed(text))),
                Some(value) => Ok(value.clone()),
                None => Err(Doubt),
            },
            Operand::Outcome(number) => self.outcome.get(number).cloned().ok_or(Doubt),
            Operand::Path(number) => {
                let path = self.paths.get(number).ok_or(Doubt)?;
                if let Some((owner, document)) = self.looked_up.0.get() {
                    if owner == path.owner {
                        return plain_of(document.at(&path.keys));
                    }
                }
                let record = self.record(path)?;
                if let Some(document) = record.downcast_object_ref::<DocumentValue>() {
                    self.looked_up.0.set(Some((path.owner, document)));
                    return plain_of(document.at(&path.keys));
                }
                let mut value = record.clone();
                for key in &path.keys {
                    let next = match key {
                        PathKey::Name(name) => value.get_attr(name.as_str()),
                        PathKey::Index(index) => value.get_item_by_index(*index),
                    };
                    value = next.map_err(|_| Doubt)?;
                }
                Plain::of(&value).map(Plain::into_owned).ok_or(Doubt)
            }
        }
    }

    /// The record that a path begins at; one that is not there may be something else.
    fn record(&self, path: &RecordPath) -> Result<&'s Value, Doubt> {
        self.frame
            .and_then(|frame| frame.get_ref(&path.record))
            .ok_or(Doubt)
    }

    /// The elements of a list as text.
    fn join(&self, place: Operand, keys: &'s [PathKey], between: &str) -> Result<Plain<'s>, Doubt> {
        let Operand::Path(number) = place else {
            return Err(Doubt);
        };
        let path = self.paths.get(number).ok_or(Doubt)?;
        let record = self.record(path)?;
        let document = record.downcast_object_ref::<DocumentValue>().ok_or(Doubt)?;
        let list = match document.at(&path.keys) {
            PathValue::List(list) => list,
            PathValue::Nothing => return Ok(Plain::Nothing),
            _ => return Err(Doubt),
        };
        let mut text = Vec::new();
        let mut is_first = true;
        for element in list.at(keys) {
            let element = plain_of(element)?;
            if element.is_nothing() {
                continue;
            }
            if !std::mem::take(&mut is_first) {
                text.extend_from_slice(between.as_bytes());
            }
            element.print(&mut text)?;
        }
        String::from_utf8(text).map(Plain::owned).map_err(|_| Doubt)
    }
}

impl Bound {
    /// The value for a row.
    pub fn value<'s>(&'s self, scene: &Scene<'s>) -> Result<Plain<'s>, Doubt> {
        self.0.value(scene)
    }

    /// Whether a condition holds for a row.
    pub fn holds<'s>(&'s self, scene: &Scene<'s>) -> Result<bool, Doubt> {
        self.0.holds(scene)
    }
}

impl Node<Operand> {
    pub(super) fn value<'s>(&'s self, scene: &Scene<'s>) -> Result<Plain<'s>, Doubt> {
        match self {
            Self::Leaf(place) => scene.look_up(*place),
            Self::Constant(Plain::Text(text)) => Ok(Plain::Text(Cow::Borrowed(text))),
            Self::Constant(value) => Ok(value.clone()),
            Self::Text(parts) => {
                let mut text = Vec::new();
                for part in parts {
                    part.print(scene, &mut text)?;
                }
                String::from_utf8(text).map(Plain::owned).map_err(|_| Doubt)
            }
            Self::Choice(choice) => {
                if choice.test.holds(scene)? {
                    choice.then.value(scene)
                } else {
                    choice.or.value(scene)
                }
            }
            Self::And(sides) => {
                let left = sides[0].value(scene)?;
                if left.is_true() {
                    sides[1].value(scene)
                } else {
                    Ok(left)
                }
            }
            Self::Or(sides) => {
                let left = sides[0].value(scene)?;
                if left.is_true() {
                    Ok(left)
                } else {
                    sides[1].value(scene)
                }
            }
            Self::Arithmetic(op, sides) => {
                let (left, right) = (sides[0].value(scene)?, sides[1].value(scene)?);
                arithmetic(*op, left, right)
            }
            Self::Join(place, keys, between) => scene.join(*place, keys, between),
            Self::Filter(filter, nodes) => {
                let (value, arguments) = nodes.split_first().ok_or(Doubt)?;
                let mut value = value.value(scene)?;
                if !filter.as_written {
                    value = value.plain();
                }
                if filter.nothing == Nothing::PassedOn && value.is_nothing() {
                    // An argument may be an error all the same.
                    for argument in arguments {
                        argument.value(scene)?;
                    }
                    return Ok(Plain::Nothing);
                }
                call(*filter, value, arguments, scene)
            }
            Self::Not(_)
            | Self::Truth(_)
            | Self::IsNothing(_)
            | Self::Compare(..)
            | Self::InText(_)
            | Self::InList(..) => self.holds(scene).map(Plain::Bool),
        }
    }

    pub(super) fn holds<'s>(&'s self, scene: &Scene<'s>) -> Result<bool, Doubt> {
        match self {
            Self::Not(node) => node.holds(scene).map(|holds| !holds),
            Self::IsNothing(node) => Ok(node.value(scene)?.is_nothing()),
            Self::Compare(op, sides) => {
                compare(*op, &sides[0].value(scene)?, &sides[1].value(scene)?)
            }
            Self::InText(sides) => match (&sides[0].value(scene)?, &sides[1].value(scene)?) {
                (_, Plain::Nothing) | (Plain::Nothing, Plain::Text(_)) => Ok(false),
                (Plain::Text(wanted), Plain::Text(text)) => Ok(text.contains(&**wanted)),
                _ => Err(Doubt),
            },
            Self::InList(wanted, items) => {
                let wanted = wanted.value(scene)?;
                // The list is there before anything is looked for in it: each item may be an error.
                let items: Result<Vec<_>, _> = items.iter().map(|item| item.value(scene)).collect();
                for item in items? {
                    if compare(Comparison::Eq, &item, &wanted)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::And(sides) => Ok(sides[0].holds(scene)? && sides[1].holds(scene)?),
            Self::Or(sides) => Ok(sides[0].holds(scene)? || sides[1].holds(scene)?),
            Self::Truth(node) => match &**node {
                Self::Leaf(Operand::Column(slot)) => {
                    Ok(scene.cell(*slot).is_some_and(|(row, cell)| {
                        let raw = row.raw_value(cell);
                        // Long text is true, whatever escapes stand in it.
                        raw.len() > 200 || raw != "null" && truth::is_true_text(&row.text(cell))
                    }))
                }
                node => Ok(match node.value(scene)? {
                    Plain::Text(text) => truth::is_true_text(&text),
                    value => value.is_true(),
                }),
            },
            _ => Ok(self.value(scene)?.is_true()),
        }
    }
}

/// What stands in a record, if it is of a plain kind.
fn plain_of(found: PathValue<'_>) -> Result<Plain<'_>, Doubt> {
    match found {
        PathValue::Nothing => Ok(Plain::Nothing),
        PathValue::Text(text) => Ok(Plain::Text(text)),
        PathValue::Bool(value) => Ok(Plain::Bool(value)),
        PathValue::Number(text) => Plain::of_number(text),
        PathValue::List(_) | PathValue::Map | PathValue::Unclear => Err(Doubt),
    }
}

/// Calls a filter; few take more than two arguments.
fn call<'s>(
    filter: Native,
    value: Plain<'s>,
    arguments: &'s [Node<Operand>],
    scene: &Scene<'s>,
) -> Result<Plain<'s>, Doubt> {
    // What is handed on as it was written is so as an argument too: `default(product.price)`.
    let argument = |node: &'s Node<Operand>| {
        let value = node.value(scene)?;
        Ok(if filter.as_written {
            value
        } else {
            value.plain()
        })
    };
    let filter = filter.call;
    match arguments {
        [] => filter(value, &[]),
        [one] => filter(value, &[argument(one)?]),
        [one, two] => filter(value, &[argument(one)?, argument(two)?]),
        more => {
            let arguments: Result<Vec<_>, _> = more.iter().map(argument).collect();
            filter(value, &arguments?)
        }
    }
}

/// Only numbers: dates, lists and what is an error are the engine's.
fn arithmetic<'s>(op: Arithmetic, left: Plain<'s>, right: Plain<'s>) -> Result<Plain<'s>, Doubt> {
    match (left.plain(), right.plain()) {
        (Plain::Number(a), Plain::Number(b)) => arithmetic::numbers(op, a, b, "")
            .map(Plain::Number)
            .map_err(|_| Doubt),
        (Plain::Text(a), Plain::Text(b)) if op == Arithmetic::Add => {
            Ok(Plain::owned(format!("{a}{b}")))
        }
        _ => Err(Doubt),
    }
}

fn compare(op: Comparison, left: &Plain<'_>, right: &Plain<'_>) -> Result<bool, Doubt> {
    match (left, right) {
        (Plain::Text(a), Plain::Text(b)) => Ok(op.holds(a.cmp(b))),
        (Plain::Number(Number::Whole(a)), Plain::Number(Number::Whole(b))) => {
            Ok(op.holds(a.cmp(b)))
        }
        (Plain::Written(_), _) | (_, Plain::Written(_)) => {
            let (left, right) = (left.clone().plain(), right.clone().plain());
            compare(op, &left, &right)
        }
        _ => compare::holds(op, &left.to_value(), &right.to_value(), ("", "")).map_err(|_| Doubt),
    }
}
