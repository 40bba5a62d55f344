//! Paths followed in answers: plain ones by hand, others by jsonpath-rust over the answer's values.

use std::borrow::Cow;
use std::sync::Arc;

use indexmap::IndexMap;
use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::query::js_path_process;
use jsonpath_rust::query::queryable::Queryable;
use minijinja::value::ValueKind;

use crate::formats::{Missing, Shape, Wanted, parse_page};
use crate::json_path::{PathPlan, PathStep, QueryPath};
use crate::template::{Frame, TemplateError, TextTree, Value, plain, text_of};

/// The first value that a path leads to in an answer, its text and what that holds; nothing where it leads
/// nowhere. `frame` sees the answer.
pub fn first(
    path: &PathPlan,
    (text, body): (&str, impl Fn() -> Value),
    frame: &Arc<Frame>,
) -> Result<Value, TemplateError> {
    match path {
        PathPlan::Plain(plain) => {
            let wanted = Wanted {
                records: Some(plain),
                probes: &[plain],
            };
            let found = match parse_page(text, wanted, &mut |_| Ok(())) {
                Ok(found) => found.probes,
                // XML is followed through its tree.
                Err(_) => all(path, &body(), frame)?,
            };
            Ok(found.into_iter().next().unwrap_or_default())
        }
        PathPlan::Query(_) => {
            let mut all = all(path, &body(), frame)?;
            Ok(if all.is_empty() {
                Value::UNDEFINED
            } else {
                all.swap_remove(0)
            })
        }
        PathPlan::Template(template) => template.value(frame),
    }
}

/// All values that a path leads to. Of a template: the elements of the list it gives, else the value.
pub fn all(path: &PathPlan, body: &Value, frame: &Arc<Frame>) -> Result<Vec<Value>, TemplateError> {
    match path {
        PathPlan::Plain(plain) => {
            let mut nodes = Vec::new();
            crate::formats::collect(body, &plain.steps, &mut nodes);
            Ok(nodes)
        }
        PathPlan::Query(path) => {
            let found = queried(path, body)?;
            // The root of a document may be left out, as in plain paths.
            match body.downcast_object_ref::<TextTree>() {
                Some(document) if found.is_empty() => queried(path, document.root()),
                Some(_) | None => Ok(found),
            }
        }
        PathPlan::Template(template) => Ok(elements(template.value(frame)?)),
    }
}

fn queried(path: &QueryPath, body: &Value) -> Result<Vec<Value>, TemplateError> {
    let tree = Tree::of(body.clone());
    let found = js_path_process(&path.query, &tree).map_err(|error| {
        TemplateError::new(format!(
            "the path `{}` can't be followed: {error}",
            path.text
        ))
    })?;
    let values = found.into_iter().map(|node| node.val.value.clone());
    Ok(values.collect())
}

/// What stands where a path goes on, and has nothing below it: a few words, a number, `true`. Nothing is
/// said by what is nothing, `false`, or empty.
pub fn in_the_way(path: &PathPlan, body: &Value) -> Option<Value> {
    let mut nodes = vec![body.clone()];
    let steps = match path {
        PathPlan::Plain(plain) => Cow::Borrowed(&*plain.steps),
        PathPlan::Query(path) => {
            let names = names_of(&path.query);
            // What comes behind the names looks into what is there.
            let goes_on = names.len() < path.query.segments.len();
            Cow::Owned(
                names
                    .into_iter()
                    .chain(goes_on.then_some(PathStep::Each))
                    .collect(),
            )
        }
        PathPlan::Template(_) => return None,
    };
    for step in steps.iter() {
        if let Some(words) = nodes.iter().find(|node| are_words(node)) {
            return Some(words.clone());
        }
        let mut below = Vec::new();
        for node in &nodes {
            crate::formats::collect(node, std::slice::from_ref(step), &mut below);
        }
        nodes = below;
    }
    None
}

fn are_words(value: &Value) -> bool {
    match value.kind() {
        ValueKind::String => value.as_str().is_some_and(|text| !text.trim().is_empty()),
        ValueKind::Number => true,
        ValueKind::Bool => value.is_true(),
        _ => false,
    }
}

/// The elements of a list, else the value; none where it is nothing.
pub fn elements(value: Value) -> Vec<Value> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Vec::new(),
        ValueKind::Seq | ValueKind::Iterable => value.try_iter().into_iter().flatten().collect(),
        _ => vec![value],
    }
}

/// How many elements the list has that a path goes through, where it selects some of them, or what is in
/// them; nothing where it gives the elements themselves, or no list is known.
pub fn listed(path: &PathPlan, body: impl FnOnce() -> Value) -> Option<u64> {
    let steps = match path {
        PathPlan::Plain(plain) => Cow::Borrowed(plain.into_elements()?),
        PathPlan::Query(path) => Cow::Owned(names_of(&path.query)),
        PathPlan::Template(_) => return None,
    };
    // Only here: of a page whose records are its elements the body is read once.
    let mut nodes = Vec::new();
    crate::formats::collect(&body(), &steps, &mut nodes);
    let list = nodes.first().filter(|node| crate::formats::is_list(node))?;
    list.len().map(|count| count as u64)
}

/// Whether the list can be told that a path goes through: not where it looks anywhere.
pub fn is_countable(path: &PathPlan) -> bool {
    match path {
        PathPlan::Plain(_) | PathPlan::Template(_) => true,
        PathPlan::Query(path) => {
            let segments = path.query.segments.iter();
            !segments
                .into_iter()
                .any(|segment| matches!(segment, Segment::Descendant(_)))
        }
    }
}

/// The names that a query begins with.
fn names_of(query: &JpQuery) -> Vec<PathStep> {
    let names = query.segments.iter().map_while(|segment| match segment {
        Segment::Selector(Selector::Name(name)) => Some(PathStep::Key(name.as_str().into())),
        _ => None,
    });
    names.collect()
}

/// Where a path leads that found nothing: the names it begins with must be there, what its filters
/// leave is a matter of the data.
pub fn shape_of(query: &JpQuery, body: &Value) -> Shape {
    let names = names_of(query);
    // What comes next goes through a list: by index, by a filter, as a slice.
    let goes_through = query.segments.get(names.len()).is_some_and(|next| {
        let of_list = |selector: &Selector| {
            matches!(
                selector,
                Selector::Index(_) | Selector::Slice(..) | Selector::Filter(_)
            )
        };
        match next {
            Segment::Selector(selector) => of_list(selector),
            Segment::Selectors(selectors) => selectors.iter().all(of_list),
            Segment::Descendant(_) => false,
        }
    });
    match Shape::of(body, &names) {
        missing @ Shape::Missing(_) => missing,
        other @ (Shape::Plain(_) | Shape::One) if goes_through => other,
        _ => astray(query, &names, body).unwrap_or(Shape::List),
    }
}

/// Where a query looks, behind the names that it begins with, for a name that stands nowhere, if that is
/// so.
fn astray(query: &JpQuery, names: &[PathStep], body: &Value) -> Option<Shape> {
    let mut nodes = Vec::new();
    crate::formats::collect(body, names, &mut nodes);
    let node = nodes.into_iter().next()?;
    let rest = query.segments[names.len()..].iter();
    let wanted = rest
        .map_while(|segment| match segment {
            Segment::Descendant(inner) => Some(&**inner),
            Segment::Selector(_) | Segment::Selectors(_) => Some(segment),
        })
        .take_while(|segment| !has_filter(segment))
        .find_map(|segment| match segment {
            Segment::Selector(Selector::Name(name)) if !stands_in(&node, name) => Some(name),
            _ => None,
        })?;
    // An empty list beside is an end like any other.
    let is_empty_list = |value: Value| value.len() == Some(0) && crate::formats::is_list(&value);
    let mut below = node.try_iter().ok()?;
    let is_map = node.kind() == ValueKind::Map;
    if is_map && below.any(|key| node.get_item(&key).is_ok_and(is_empty_list)) {
        return None;
    }
    let elements = node.try_iter().ok()?;
    let first = elements.into_iter().next()?;
    let is_list = crate::formats::is_list(&node);
    let at = names.iter().map(|step| match step {
        PathStep::Key(key) => format!(".{key}"),
        PathStep::Each => "[*]".to_owned(),
    });
    Some(Shape::Astray(Missing {
        at: format!("${}", at.collect::<String>()),
        wanted: Some(wanted.clone()),
        keys: crate::formats::keys_of(if is_list { &first } else { &node }),
    }))
}

fn has_filter(segment: &Segment) -> bool {
    let is_filter = |selector: &Selector| matches!(selector, Selector::Filter(_));
    match segment {
        Segment::Descendant(inner) => has_filter(inner),
        Segment::Selector(selector) => is_filter(selector),
        Segment::Selectors(selectors) => selectors.iter().any(is_filter),
    }
}

/// Whether a name stands in a value, however deep.
fn stands_in(value: &Value, name: &str) -> bool {
    let below = || value.try_iter().into_iter().flatten();
    match value.kind() {
        ValueKind::Map => below().any(|key| {
            text_of(&key) == name
                || value
                    .get_item(&key)
                    .is_ok_and(|item| stands_in(&item, name))
        }),
        ValueKind::Seq | ValueKind::Iterable => below().any(|item| stands_in(&item, name)),
        _ => false,
    }
}

/// A value as jsonpath-rust walks it; what it finds is the value itself, numbers as they were
/// written.
#[derive(Debug, Clone, Default)]
struct Tree {
    value: Value,
    below: Below,
}

#[derive(Debug, Clone, Default)]
enum Below {
    #[default]
    None,
    List(Vec<Tree>),
    Map(IndexMap<String, Tree>),
}

impl Tree {
    fn of(value: Value) -> Self {
        let below = match value.kind() {
            ValueKind::Seq | ValueKind::Iterable => Below::List(
                value
                    .try_iter()
                    .into_iter()
                    .flatten()
                    .map(Self::of)
                    .collect(),
            ),
            ValueKind::Map => Below::Map(
                value
                    .try_iter()
                    .into_iter()
                    .flatten()
                    .map(|key| {
                        let item = value.get_item(&key).unwrap_or_default();
                        (text_of(&key).into_owned(), Self::of(item))
                    })
                    .collect(),
            ),
            _ => Below::None,
        };
        Self { value, below }
    }

    fn leaf(value: Value) -> Self {
        Self {
            value,
            below: Below::None,
        }
    }
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        plain(&self.value) == plain(&other.value)
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::leaf(text.into())
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Self {
        Self::leaf(text.into())
    }
}

impl From<bool> for Tree {
    fn from(value: bool) -> Self {
        Self::leaf(value.into())
    }
}

impl From<i64> for Tree {
    fn from(number: i64) -> Self {
        Self::leaf(number.into())
    }
}

impl From<f64> for Tree {
    fn from(number: f64) -> Self {
        Self::leaf(number.into())
    }
}

impl From<Vec<Self>> for Tree {
    fn from(items: Vec<Self>) -> Self {
        Self {
            value: items.iter().map(|item| item.value.clone()).collect(),
            below: Below::List(items),
        }
    }
}

impl Queryable for Tree {
    fn get(&self, key: &str) -> Option<&Self> {
        match &self.below {
            Below::Map(map) => map.get(key),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<&Vec<Self>> {
        match &self.below {
            Below::List(items) => Some(items),
            _ => None,
        }
    }

    fn as_object(&self) -> Option<Vec<(&str, &Self)>> {
        match &self.below {
            Below::Map(map) => Some(
                map.iter()
                    .map(|(key, value)| (key.as_str(), value))
                    .collect(),
            ),
            _ => None,
        }
    }

    fn as_str(&self) -> Option<&str> {
        self.value.as_str()
    }

    fn as_i64(&self) -> Option<i64> {
        let value = plain(&self.value);
        (value.kind() == ValueKind::Number && value.is_integer())
            .then(|| i64::try_from(value).ok())
            .flatten()
    }

    fn as_f64(&self) -> Option<f64> {
        let value = plain(&self.value);
        (value.kind() == ValueKind::Number)
            .then(|| f64::try_from(value).ok())
            .flatten()
    }

    fn as_bool(&self) -> Option<bool> {
        (self.value.kind() == ValueKind::Bool).then(|| self.value.is_true())
    }

    fn null() -> Self {
        Self::default()
    }

    fn extension_custom(_: &str, _: Vec<Cow<'_, Self>>) -> Self {
        Self::null()
    }
}
