//! What the rows of one run become: the plan with these option values.

use std::sync::Arc;

use super::body::{BodyWriter, refuse_infinite, write_value};
use super::emit::SetName;
use super::empty::Filled;
use super::error::MappingError;
use super::fit::Fit;
use super::flatten::is_nested;
use super::forms::Forms;
use super::layout::{Layout, Step};
use super::lookups::LookupTables;
use super::mapper::Input;
use super::sight::{Sight, Vars};
use super::source_columns::SourceColumns;
use crate::plan::{ColumnPlan, Plan};
use crate::row::Row;
use crate::row::pattern::Pattern;
use crate::template::native::Scene;
use crate::template::{Frame, Template, Value, is_nothing};

/// Why a mapping can't begin.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SetupError {
    /// A column's name could not be worked out.
    #[error("the column name `{name}` can't be worked out: {reason}")]
    Name {
        /// As written.
        name: String,
        /// Why.
        reason: String,
    },
    /// A column's name is empty.
    #[error("the column name `{0}` is empty with these options")]
    EmptyName(String),
    /// Two columns have the same name.
    #[error("the column `{0}` is set twice with these options")]
    SetTwice(String),
}

/// What the rows of one run become.
pub struct Rules {
    pub plan: Arc<Plan>,
    pub set: Vec<SetName>,
    /// The names of those without a star, for look-up.
    pub fixed: Vec<Option<String>>,
    pub base: Arc<Frame>,
    pub forms: Forms,
    /// How records are written, where the mapping alone tells.
    pub record_layout: Option<Layout>,
    /// Which columns held something so far.
    pub filled: Arc<Filled>,
    /// The columns that the end user chose.
    pub source_columns: Arc<SourceColumns>,
    /// What lookups found, where the spec has any.
    pub lookups: Option<Arc<LookupTables>>,
    /// Whether rows are only written, by plain forms: nothing judges them, nothing of them is kept.
    pub only_writes: bool,
}

/// What `where` and `reject` say about a row.
pub enum Judgement {
    GoesOn,
    LeftOut,
    Rejected(String),
}

impl Rules {
    /// The rules of a plan with these option values (seen through `base`).
    pub fn new(plan: Arc<Plan>, base: &Arc<Frame>) -> Result<Self, SetupError> {
        let mut set = Vec::new();
        let mut fixed: Vec<Option<String>> = Vec::new();
        for column in &plan.mapping.columns {
            let name = set_name(&column.name, column.name_template.as_ref(), base)?;
            let one = match &name {
                SetName::One(name) => Some(name.clone()),
                SetName::Star(_) => None,
            };
            if let Some(name) = &one {
                if fixed.contains(&one) {
                    return Err(SetupError::SetTwice(name.clone()));
                }
            }
            fixed.push(one);
            set.push(name);
        }
        let forms = Forms::new(&plan.mapping, base);
        let has_lookups = !plan.lookups.is_empty();
        let watched = plan.mapping.columns.iter().map(ColumnPlan::watched);
        Ok(Self {
            record_layout: Layout::of_record(&plan.mapping, &set),
            filled: Arc::new(Filled::new(watched.collect())),
            source_columns: Arc::new(SourceColumns::new(&plan, base)),
            lookups: has_lookups.then(|| Arc::new(LookupTables::new(&plan.lookups))),
            only_writes: only_writes(&plan, &forms),
            forms,
            plan,
            set,
            fixed,
            base: Arc::clone(base),
        })
    }

    /// The same rules where other names are seen.
    pub fn on(&self, base: &Arc<Frame>) -> Self {
        let forms = Forms::new(&self.plan.mapping, base);
        Self {
            only_writes: only_writes(&self.plan, &forms),
            forms,
            plan: Arc::clone(&self.plan),
            record_layout: Layout::of_record(&self.plan.mapping, &self.set),
            filled: Arc::clone(&self.filled),
            source_columns: Arc::clone(&self.source_columns),
            lookups: self.lookups.clone(),
            set: self.set.clone(),
            fixed: self.fixed.clone(),
            base: Arc::clone(base),
        }
    }

    /// The elements a row is split by; none where it stays one row.
    pub fn parts(&self, input: &Input<'_>, fit: &Fit) -> Result<Vec<Value>, MappingError> {
        let Some(split) = &self.plan.mapping.split else {
            return Ok(Vec::new());
        };
        let vars = Vars::new(0);
        let no_names = Arc::default();
        let sight = Sight::new(input, &fit.cells, None, &vars, &no_names);
        let list = split
            .value(sight.frame())
            .map_err(MappingError::at("split"))?;
        if is_nothing(&list) {
            return Ok(Vec::new());
        }
        let no_list = || MappingError::NoList(list.kind());
        if list.as_str().is_some() || list.kind() == minijinja::value::ValueKind::Map {
            return Err(no_list());
        }
        Ok(list.try_iter().map_err(|_| no_list())?.collect())
    }

    /// `where` and `reject`.
    #[inline]
    pub fn judge<'s>(&'s self, sight: &Sight<'s>) -> Result<Judgement, MappingError> {
        let mapping = &self.plan.mapping;
        if let Some(filter) = &mapping.filter {
            let holds = sight
                .holds(filter, self.forms.filter.as_ref())
                .map_err(MappingError::at("where"))?;
            if !holds {
                return Ok(Judgement::LeftOut);
            }
        }
        for (rule, form) in mapping.reject.iter().zip(&self.forms.reject) {
            let rejected = sight
                .holds(&rule.when, form.as_ref())
                .map_err(MappingError::at("reject"))?;
            if rejected {
                let message = rule
                    .message
                    .text(sight.frame())
                    .map_err(MappingError::at("reject"))?;
                return Ok(Judgement::Rejected(message));
            }
        }
        Ok(Judgement::GoesOn)
    }

    /// Writes a row's cells by its layout; without a `sight` by plain forms alone. False where a value
    /// is an error or no plain cell: what was written is to be taken back.
    #[inline]
    pub fn write_layout<'s>(
        &'s self,
        layout: &Layout,
        row: Option<Row<'_>>,
        scene: &Scene<'s>,
        sight: Option<&Sight<'s>>,
        writer: &mut BodyWriter,
    ) -> bool {
        for step in &layout.steps {
            match step {
                Step::Copy { first, last } => {
                    let Some(row) = row else { return false };
                    writer.raw_cells(row.raw_cells(*first, *last));
                }
                Step::Renamed { name, cell } => {
                    let Some(row) = row else { return false };
                    let value = row.raw_value(*cell);
                    writer.start_cell(name).extend_from_slice(value.as_bytes());
                }
                Step::Set { name, column } => {
                    let out = writer.start_cell(name);
                    let mark = out.len();
                    let form = self.forms.columns[*column].as_ref();
                    if form.is_some_and(|form| form.write_cell(scene, out).is_ok()) {
                        if !self.filled.is_filled(*column) && &out[mark..] != b"\"\"" {
                            self.filled.fill(*column);
                        }
                        continue;
                    }
                    out.truncate(mark);
                    let template = &self.plan.mapping.columns[*column].value;
                    match sight.map(|sight| template.value(sight.frame())) {
                        Some(Ok(value))
                            if !is_nested(&value) && refuse_infinite(&value).is_ok() =>
                        {
                            self.filled.note(*column, &value);
                            write_value(&value, out);
                        }
                        _ => return false,
                    }
                }
            }
        }
        true
    }
}

fn only_writes(plan: &Plan, forms: &Forms) -> bool {
    let mapping = &plan.mapping;
    let is_judged = mapping.filter.is_some() || !mapping.reject.is_empty();
    let is_kept = mapping.keeps_frames || plan.reads_finished_rows;
    let is_plain = mapping.split.is_none() && mapping.vars.is_empty() && plan.lookups.is_empty();
    is_plain && !is_judged && !is_kept && forms.columns.iter().all(Option::is_some)
}

fn set_name(
    written: &str,
    template: Option<&Template>,
    base: &Arc<Frame>,
) -> Result<SetName, SetupError> {
    // A `*` is looked for before options are filled in, so that a column called `a*b` by an
    // option is that column.
    let pattern = Pattern::new(written);
    let Some(template) = template else {
        return Ok(match pattern.as_name() {
            Some(name) => SetName::One(name.to_owned()),
            None => SetName::Star(pattern),
        });
    };
    let name = template.text(base).map_err(|error| SetupError::Name {
        name: written.to_owned(),
        reason: error.message,
    })?;
    if name.is_empty() {
        return Err(SetupError::EmptyName(written.to_owned()));
    }
    Ok(if pattern.stars() > 0 {
        SetName::Star(Pattern::new(&name))
    } else {
        SetName::One(name)
    })
}
