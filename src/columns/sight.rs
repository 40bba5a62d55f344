//! What the templates of one row see: plain forms directly, the engine through a frame that is made
//! only when it is asked for.

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::value::{Enumerator, Object};

use super::lookups::{LookupTables, RowLookups};
use super::mapper::Input;
use crate::row::{Batch, Row, row_value};
use crate::template::native::{Bound, LookedUp, Plain, RecordPath, Scene};
use crate::template::{Frame, Slots, Template, TemplateError, Value};

/// The frames of a batch's rows.
pub struct BatchFrames {
    base: Arc<Frame>,
    batch: Arc<Batch>,
    /// Frames are read after the row was mapped, so that each row needs its own.
    are_kept: bool,
    shared: OnceCell<(Arc<Cursor>, Arc<Frame>)>,
}

impl BatchFrames {
    /// The frames of a batch on top of `base`.
    pub fn new(base: &Arc<Frame>, batch: &Arc<Batch>, are_kept: bool) -> Self {
        Self {
            base: Arc::clone(base),
            batch: Arc::clone(batch),
            are_kept,
            shared: OnceCell::new(),
        }
    }

    /// The frame in which `row` is the row at an index: until the next row is asked for, unless
    /// frames are kept.
    fn of_row(&self, index: usize) -> Arc<Frame> {
        if self.are_kept {
            let row = row_value(&self.batch, index);
            return Arc::new(Frame::on(&self.base).with("row", row));
        }
        let (cursor, frame) = self.shared.get_or_init(|| {
            let cursor = Arc::new(Cursor {
                batch: Arc::clone(&self.batch),
                row: AtomicUsize::new(index),
            });
            let row = Value::from_dyn_object(Arc::clone(&cursor));
            (cursor, Arc::new(Frame::on(&self.base).with("row", row)))
        });
        cursor.row.store(index, Ordering::Relaxed);
        Arc::clone(frame)
    }
}

/// `row` in templates, for all rows of a batch in turn.
#[derive(Debug)]
struct Cursor {
    batch: Arc<Batch>,
    row: AtomicUsize,
}

impl Cursor {
    fn row(&self) -> Row<'_> {
        self.batch.row(self.row.load(Ordering::Relaxed))
    }
}

impl Object for Cursor {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.row().get(key).map(|text| Value::from(&*text))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(
            self.row()
                .shape()
                .distinct_names()
                .map(Value::from)
                .collect(),
        )
    }
}

/// The values of `vars`, filled in one after another.
pub struct Vars<'s> {
    plain: Vec<OnceCell<Plain<'s>>>,
    /// Those that the engine made.
    made: Vec<OnceCell<Value>>,
}

impl Vars<'_> {
    /// Room for so many.
    #[inline]
    pub fn new(count: usize) -> Self {
        Self {
            plain: (0..count).map(|_| OnceCell::new()).collect(),
            made: (0..count).map(|_| OnceCell::new()).collect(),
        }
    }

    fn value(&self, number: usize) -> Option<Value> {
        let plain = || self.plain[number].get().map(Plain::to_value);
        self.made[number].get().cloned().or_else(plain)
    }
}

/// What the templates of a row see.
pub struct Sight<'s> {
    scene: Scene<'s>,
    input: &'s Input<'s>,
    part: Option<Value>,
    vars: &'s Vars<'s>,
    var_names: &'s Arc<[Arc<str>]>,
    lookups: Option<&'s Arc<LookupTables>>,
    frame: OnceCell<Arc<Frame>>,
    slots: OnceCell<Arc<Slots>>,
    looked_up: OnceCell<Arc<RowLookups>>,
}

impl<'s> Sight<'s> {
    /// What is seen of `input`; `cells` are those of the forms' slots.
    #[inline]
    pub fn new(
        input: &'s Input<'s>,
        cells: &'s [Option<usize>],
        part: Option<Value>,
        vars: &'s Vars<'s>,
        var_names: &'s Arc<[Arc<str>]>,
    ) -> Self {
        Self {
            scene: Scene {
                row: input.row(),
                cells,
                vars: &vars.plain,
                outcome: &[],
                frame: input.frame(),
                paths: &[],
                looked_up: LookedUp::default(),
            },
            input,
            part,
            vars,
            var_names,
            lookups: None,
            frame: OnceCell::new(),
            slots: OnceCell::new(),
            looked_up: OnceCell::new(),
        }
    }

    /// The same with paths through records.
    #[must_use]
    pub fn with_paths(mut self, paths: &'s [RecordPath]) -> Self {
        self.scene.paths = paths;
        self
    }

    /// The same with lookups.
    #[must_use]
    pub fn with_lookups(mut self, tables: Option<&'s Arc<LookupTables>>) -> Self {
        self.lookups = tables;
        self
    }

    /// The row's lookups, if there are any in the spec.
    pub fn looked_up(&self) -> Option<&Arc<RowLookups>> {
        self.lookups?;
        self.frame();
        self.looked_up.get()
    }

    /// What plain forms see.
    pub fn scene(&self) -> &Scene<'s> {
        &self.scene
    }

    /// What the engine sees.
    pub fn frame(&self) -> &Arc<Frame> {
        self.frame.get_or_init(|| {
            let frame = self.frame_of_row();
            let Some(tables) = self.lookups else {
                return frame;
            };
            let lookups = self
                .looked_up
                .get_or_init(|| RowLookups::new(tables, &frame));
            lookups.frame()
        })
    }

    /// What the engine sees, lookups aside.
    fn frame_of_row(&self) -> Arc<Frame> {
        let below = match self.input {
            Input::Row { index, frames, .. } => frames.of_row(*index),
            Input::Record { frame, .. } => Arc::clone(frame),
        };
        if self.var_names.is_empty() && self.part.is_none() {
            return below;
        }
        let slots = self.slots.get_or_init(|| {
            let slots = Slots::new(self.var_names);
            for number in 0..self.var_names.len() {
                if let Some(value) = self.vars.value(number) {
                    slots.fill(number, value);
                }
            }
            Arc::new(slots)
        });
        let vars = Value::from_dyn_object(Arc::clone(slots));
        let mut frame = Frame::on(&below).with("vars", vars);
        if let Some(part) = &self.part {
            frame.set("part", part.clone());
        }
        Arc::new(frame)
    }

    /// Works out the var with this number.
    pub fn fill_var(
        &self,
        number: usize,
        template: &Template,
        form: Option<&'s Bound>,
    ) -> Result<(), TemplateError> {
        // A var is filled once.
        let plain = form.and_then(|form| form.value(&self.scene).ok());
        if let Some(value) = plain {
            let _ = self.vars.plain[number].set(value);
        } else {
            let value = template.value(self.frame())?;
            let made = self.vars.made[number].get_or_init(|| value);
            if let Some(value) = Plain::of(made) {
                let _ = self.vars.plain[number].set(value);
            }
        }
        if let (Some(slots), Some(value)) = (self.slots.get(), self.vars.value(number)) {
            slots.fill(number, value);
        }
        Ok(())
    }

    /// A template's value.
    pub fn value(
        &self,
        template: &Template,
        form: Option<&'s Bound>,
    ) -> Result<Value, TemplateError> {
        match form.and_then(|form| form.value(&self.scene).ok().map(|value| value.to_value())) {
            Some(value) => Ok(value),
            None => template.value(self.frame()),
        }
    }

    /// Whether a condition holds.
    pub fn holds(
        &self,
        template: &Template,
        form: Option<&'s Bound>,
    ) -> Result<bool, TemplateError> {
        match form.and_then(|form| form.holds(&self.scene).ok()) {
            Some(holds) => Ok(holds),
            None => template.holds(self.frame()),
        }
    }
}
