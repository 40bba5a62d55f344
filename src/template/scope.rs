//! The names that a place in the spec sees, for the check.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::shapes::{Shape, Shapes};

/// What is known about a name when the spec loads.
#[derive(Debug, Clone)]
pub enum Name {
    /// The data says what it holds.
    Any,
    /// A row of the platform: any column, always text.
    Row,
    /// The spec says which fields it has.
    Fields(Vec<Field>),
}

/// A field of a name that the spec describes.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Whether it is always text (so that comparing it with a number is a mistake).
    pub is_text: bool,
    /// Whether it is a secret, or was made of one.
    pub is_secret: bool,
}

impl Field {
    /// A field of any type that is no secret.
    pub fn any(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            is_text: false,
            is_secret: false,
        }
    }
}

/// The names that a template may use, and whether what it makes is shown.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    names: BTreeMap<String, Name>,
    /// What is said of names that are not seen here, and might be meant.
    hints: BTreeMap<&'static str, &'static str>,
    /// The spec's file, which errors of templates name.
    file: Option<Arc<SpecFile>>,
    /// What values looked like on a tape.
    shapes: Arc<Shapes>,
    /// Who wants to know what is seen at a place of the spec.
    watch: Option<Arc<Watch>>,
    /// Names of steps and lookups of the spec, those that come later too.
    steps: BTreeSet<String>,
    /// Names of answers of a target's channel.
    answers: BTreeSet<String>,
    /// Whether the result is written into rows, logs or messages: secrets are refused there.
    pub is_shown: bool,
}

/// Remembers what is compiled of a spec: for editors.
#[derive(Debug, Default)]
pub struct Watch {
    at: Option<usize>,
    seen: Mutex<Seen>,
}

/// What was compiled of a spec.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// What the template at the place that is watched sees.
    pub scope: Option<Scope>,
    /// Each template: its text, and its bytes in the spec.
    pub templates: Vec<(String, Range<usize>)>,
    /// What templates read.
    pub reads: Vec<Read>,
}

/// A name that a template reads, or a field of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The name.
    pub name: String,
    /// The field.
    pub field: Option<String>,
    /// Bytes of the name, or of the field where there is one; of a field in brackets with its quotes.
    pub place: Range<usize>,
}

impl Watch {
    /// Watches all, and what the template sees that the byte `at` of the spec stands in.
    pub fn new(at: Option<usize>) -> Self {
        Self {
            at,
            seen: Mutex::default(),
        }
    }

    /// What was compiled.
    pub fn seen(&self) -> Seen {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file of a spec.
#[derive(Debug)]
pub struct SpecFile {
    /// Its name, without folders.
    pub name: String,
    /// Where its lines begin.
    lines: Vec<usize>,
}

impl SpecFile {
    /// The file of this path with this text.
    pub fn new(path: &str, text: &str) -> Self {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Self { name, lines }
    }

    /// The line, from 1, of a byte.
    pub fn line_of(&self, byte: usize) -> usize {
        self.lines.partition_point(|start| *start <= byte)
    }
}

impl Scope {
    /// A scope whose templates stand in this file.
    #[must_use]
    pub fn with_file(mut self, file: SpecFile) -> Self {
        self.file = Some(Arc::new(file));
        self
    }

    /// The file in which templates stand.
    pub fn file(&self) -> Option<&SpecFile> {
        self.file.as_deref()
    }

    /// A scope that knows what values looked like on a tape.
    #[must_use]
    pub fn with_shapes(mut self, shapes: Arc<Shapes>) -> Self {
        self.shapes = shapes;
        self
    }

    /// A scope that is told to who watches a place of the spec.
    #[must_use]
    pub fn with_watch(mut self, watch: Option<Arc<Watch>>) -> Self {
        self.watch = watch;
        self
    }

    /// Whether somebody wants to know what is compiled.
    pub fn is_watched(&self) -> bool {
        self.watch.is_some()
    }

    /// A template at this place of the spec sees these names.
    pub fn told_at(&self, place: &Range<usize>) {
        let Some(watch) = &self.watch else { return };
        let is_meant = |at: usize| place.start <= at && at <= place.end;
        if watch.at.is_some_and(is_meant) {
            let seen = Self {
                watch: None,
                ..self.clone()
            };
            watch.lock().scope = Some(seen);
        }
    }

    /// A template of this text was compiled at this place of the spec, and reads this.
    pub fn told_reads(&self, text: &str, place: Range<usize>, reads: Vec<Read>) {
        let Some(watch) = &self.watch else { return };
        let mut seen = watch.lock();
        seen.templates.push((text.to_owned(), place));
        seen.reads.extend(reads);
    }

    /// What a name held on the tape.
    pub fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    /// A scope that knows which names the spec gives anywhere.
    #[must_use]
    pub fn with_steps(mut self, steps: impl IntoIterator<Item = String>) -> Self {
        self.steps.extend(steps);
        self
    }

    /// Whether the spec gives this name, and it is not seen here.
    pub fn comes_elsewhere(&self, name: &str) -> bool {
        self.steps.contains(name) && !self.names.contains_key(name)
    }

    /// Whether the spec says that a name has this field.
    pub fn has_field(&self, name: &str, field: &str) -> bool {
        match self.names.get(name) {
            Some(Name::Fields(fields)) => fields.iter().any(|known| known.name == field),
            Some(Name::Any | Name::Row) | None => false,
        }
    }

    /// A scope with one more name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, known: Name) -> Self {
        self.names.insert(name.into(), known);
        self
    }

    /// A scope with one more name, whose fields are these.
    #[must_use]
    pub fn with_fields(self, name: &str, fields: &[&str]) -> Self {
        let fields = fields.iter().map(|field| Field::any(*field)).collect();
        self.with(name, Name::Fields(fields))
    }

    /// A scope with one more name, which is what a target's channel answered; its fields are these.
    #[must_use]
    pub fn with_answer(mut self, name: &str, fields: &[&str]) -> Self {
        self.answers.insert(name.to_owned());
        self.with_fields(name, fields)
    }

    /// Whether a name is what a target's channel answered.
    pub fn is_answer(&self, name: &str) -> bool {
        self.answers.contains(name)
    }

    /// The scope with something to say of a name that is not seen here.
    #[must_use]
    pub fn with_hint(mut self, name: &'static str, hint: &'static str) -> Self {
        self.hints.insert(name, hint);
        self
    }

    /// What is said of a name that is not seen here.
    pub fn hint(&self, name: &str) -> Option<&'static str> {
        self.hints.get(name).copied()
    }

    /// The same names, for a place whose result is shown to people.
    #[must_use]
    pub fn shown(&self) -> Self {
        Self {
            is_shown: true,
            ..self.clone()
        }
    }

    /// What is known about a name.
    pub fn get(&self, name: &str) -> Option<&Name> {
        self.names.get(name)
    }

    /// All names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }
}
