//! The plain forms of a mapping, bound to the option values of one run.

use std::sync::Arc;

use crate::plan::MappingPlan;
use crate::template::native::{Binder, Bound, RecordPath};
use crate::template::{Frame, Template};

/// The plain form of each template that has one.
pub struct Forms {
    /// The columns that they read, by slot.
    pub reads: Vec<Box<str>>,
    /// Paths through records, by number.
    pub paths: Vec<RecordPath>,
    /// Of `vars`, in order.
    pub vars: Vec<Option<Bound>>,
    /// Of `where`.
    pub filter: Option<Bound>,
    /// Of the conditions of `reject`, in order.
    pub reject: Vec<Option<Bound>>,
    /// Of `columns`, in order.
    pub columns: Vec<Option<Bound>>,
}

impl Forms {
    /// Binds the forms of a mapping to what `base` holds.
    pub fn new(plan: &MappingPlan, base: &Arc<Frame>) -> Self {
        let mut binder = Binder::new(base, &plan.var_names, &[]);
        let mut bind = |template: &Template| binder.bind(template.native()?);
        let vars = plan.vars.iter().map(&mut bind).collect();
        let filter = plan.filter.as_ref().and_then(&mut bind);
        let reject = plan.reject.iter().map(|rule| bind(&rule.when)).collect();
        let columns = plan.columns.iter();
        let columns = columns.map(|column| bind(&column.value)).collect();
        let (reads, paths) = binder.into_reads();
        Self {
            reads,
            paths,
            vars,
            filter,
            reject,
            columns,
        }
    }
}
