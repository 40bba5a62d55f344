//! What is known about the rows of a shape, worked out once.

use std::collections::HashMap;
use std::sync::Arc;

use super::layout::Layout;
use super::names::Names;
use super::rules::Rules;
use crate::row::Shape;

/// Shapes that are remembered; a feed with more has them worked out again.
const REMEMBERED: usize = 512;

/// What is known about the rows of a shape.
pub struct Fit {
    /// The cell of each slot of the forms.
    pub cells: Vec<Option<usize>>,
    /// How they are written, where the shape alone tells.
    pub layout: Option<Layout>,
}

/// The fits of the shapes that were seen, by the shapes' addresses.
#[derive(Default)]
pub struct Fits {
    known: HashMap<usize, (Arc<Shape>, Arc<Fit>)>,
    names: Names,
}

impl Fits {
    /// What is known about a shape.
    pub fn of(&mut self, rules: &Rules, shape: &Arc<Shape>) -> Arc<Fit> {
        let key = Arc::as_ptr(shape).addr();
        if let Some((_, fit)) = self.known.get(&key) {
            return Arc::clone(fit);
        }
        rules.filled.sample_row(shape.distinct_names());
        rules.source_columns.note(shape);
        let (mapping, set, fixed) = (&rules.plan.mapping, &rules.set, &rules.fixed);
        let reads = rules.forms.reads.iter();
        let fit = Arc::new(Fit {
            cells: reads.map(|name| shape.find(name)).collect(),
            layout: Layout::new(shape, mapping, set, fixed, &mut self.names),
        });
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        // The shape is kept with it, so that no other one gets its address.
        self.known
            .insert(key, (Arc::clone(shape), Arc::clone(&fit)));
        fit
    }
}
