//! What lookups found, and how the templates of a row see it.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};

use minijinja::value::{Enumerator, Object};

use super::error::MappingError;
use crate::plan::lookup::LookupPlan;
use crate::spec::lookup::LookupIfNone;
use crate::template::{Frame, Resolve, Value, is_nothing, text_of};

/// Keys that are remembered of one lookup; beyond that it begins anew.
const REMEMBERED: usize = 200_000;

/// The records of all lookups, by key.
#[derive(Debug)]
pub struct LookupTables {
    plans: Vec<Arc<LookupPlan>>,
    found: RwLock<Vec<Table>>,
    /// Lookups before this one have been asked about the rows at hand.
    ready: AtomicUsize,
}

type Table = HashMap<Arc<str>, Arc<Vec<Value>>>;

impl LookupTables {
    /// Nothing is known yet.
    pub fn new(plans: &[Arc<LookupPlan>]) -> Self {
        Self {
            plans: plans.to_vec(),
            found: RwLock::new(plans.iter().map(|_| Table::new()).collect()),
            ready: AtomicUsize::new(0),
        }
    }

    /// The lookups.
    pub fn plans(&self) -> &[Arc<LookupPlan>] {
        &self.plans
    }

    /// Lookups before this one may be read.
    pub fn set_ready(&self, count: usize) {
        self.ready.store(count, Ordering::Relaxed);
    }

    /// Of these keys, those that nothing is known about.
    pub fn missing(&self, lookup: usize, keys: Vec<String>) -> Vec<String> {
        let mut found = self.found.write().unwrap_or_else(PoisonError::into_inner);
        let table = &mut found[lookup];
        if table.len() > REMEMBERED {
            table.clear();
        }
        keys.into_iter()
            .filter(|key| !table.contains_key(key.as_str()))
            .collect()
    }

    /// Notes records by key; keys that were asked for and have none are known to have none.
    pub fn fill(&self, lookup: usize, asked: &[String], records: Vec<(String, Value)>) {
        let mut grouped: HashMap<String, Vec<Value>> = HashMap::new();
        for key in asked {
            grouped.entry(key.clone()).or_default();
        }
        for (key, record) in records {
            // What nobody asked for may not be all there is.
            if !asked.is_empty() && !grouped.contains_key(&key) {
                continue;
            }
            grouped.entry(key).or_default().push(record);
        }
        let mut found = self.found.write().unwrap_or_else(PoisonError::into_inner);
        for (key, records) in grouped {
            found[lookup].insert(Arc::from(key), Arc::new(records));
        }
    }

    /// What a key has: a record, or the list of them; nothing where there is none.
    fn get(&self, lookup: usize, key: &str) -> Value {
        let found = self.found.read().unwrap_or_else(PoisonError::into_inner);
        let Some(records) = found[lookup].get(key).filter(|records| !records.is_empty()) else {
            return Value::UNDEFINED;
        };
        if self.plans[lookup].many {
            return Value::from(records.to_vec());
        }
        records[0].clone()
    }

    fn keys(&self, lookup: usize) -> Vec<Value> {
        let found = self.found.read().unwrap_or_else(PoisonError::into_inner);
        let keys = found[lookup].keys();
        keys.map(|key| Value::from(Arc::clone(key))).collect()
    }
}

/// A lookup that was read once and is seen as a whole.
struct TableValue {
    tables: Arc<LookupTables>,
    lookup: usize,
}

impl fmt::Debug for TableValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tables.plans[self.lookup].name)
    }
}

impl Object for TableValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(self.tables.get(self.lookup, &text_of(key)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.tables.keys(self.lookup))
    }
}

/// What becomes of a row by its lookups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupFate {
    /// It goes on.
    GoesOn,
    /// It is left out.
    LeftOut,
    /// Its mapping fails.
    Failed(String),
}

/// The lookups of one row, each worked out when its name is read.
pub struct RowLookups {
    tables: Arc<LookupTables>,
    /// What `for` sees, lookups aside.
    frame: Arc<Frame>,
    found: Box<[OnceLock<Value>]>,
    noted: Mutex<Noted>,
    own: Weak<Self>,
}

#[derive(Default)]
struct Noted {
    /// A lookup was read that was not asked yet.
    touched: bool,
    fate: Option<LookupFate>,
}

impl RowLookups {
    /// The lookups of a row that `frame` sees.
    pub fn new(tables: &Arc<LookupTables>, frame: &Arc<Frame>) -> Arc<Self> {
        Arc::new_cyclic(|own| Self {
            tables: Arc::clone(tables),
            frame: Arc::clone(frame),
            found: tables.plans.iter().map(|_| OnceLock::new()).collect(),
            noted: Mutex::default(),
            own: own.clone(),
        })
    }

    /// A frame that sees the lookups.
    pub fn frame(self: &Arc<Self>) -> Arc<Frame> {
        Arc::new(Frame::on(&self.frame).resolved_by(Arc::clone(self) as Arc<dyn Resolve>))
    }

    /// Whether a lookup was read that was not asked yet.
    pub fn is_touched(&self) -> bool {
        self.noted().touched
    }

    /// The key that is looked up for this row; nothing where there is none.
    pub fn key(&self, lookup: usize) -> Result<Option<String>, MappingError> {
        let plan = &self.tables.plans[lookup];
        let Some(own) = self.own.upgrade() else {
            return Ok(None);
        };
        let frame = own.frame();
        let Some(wanted) = &plan.wanted else {
            return Ok(None);
        };
        let value = wanted
            .value(&frame)
            .map_err(MappingError::at(&plan.label))?;
        let text = text_of(&value).into_owned();
        Ok((!is_nothing(&value) && !text.is_empty()).then_some(text))
    }

    /// Whether this row is looked up at all.
    pub fn is_wanted(&self, lookup: usize) -> Result<bool, MappingError> {
        let plan = &self.tables.plans[lookup];
        match (&plan.when, self.own.upgrade()) {
            (Some(when), Some(own)) => when
                .holds(&own.frame())
                .map_err(MappingError::at(&plan.label)),
            _ => Ok(true),
        }
    }

    /// Works all lookups out; what becomes of the row.
    pub fn fate(&self) -> LookupFate {
        for lookup in 0..self.tables.plans.len() {
            self.get(lookup);
        }
        let noted = self.noted();
        noted.fate.clone().unwrap_or(LookupFate::GoesOn)
    }

    fn noted(&self) -> std::sync::MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, lookup: usize) -> Value {
        if lookup >= self.tables.ready.load(Ordering::Relaxed) {
            self.noted().touched = true;
            return Value::UNDEFINED;
        }
        if let Some(value) = self.found[lookup].get() {
            return value.clone();
        }
        let plan = &self.tables.plans[lookup];
        let value = if plan.wanted.is_none() {
            Value::from_object(TableValue {
                tables: Arc::clone(&self.tables),
                lookup,
            })
        } else {
            match self.is_wanted(lookup).and_then(|is_wanted| {
                Ok(if is_wanted {
                    Some(self.key(lookup)?)
                } else {
                    None
                })
            }) {
                Ok(None) => Value::UNDEFINED,
                Ok(Some(key)) => {
                    let value = key.map_or(Value::UNDEFINED, |key| self.tables.get(lookup, &key));
                    if is_nothing(&value) {
                        self.note_none(plan);
                    }
                    value
                }
                Err(error) => {
                    let fate = LookupFate::Failed(error.to_string());
                    self.noted().fate.get_or_insert(fate);
                    Value::UNDEFINED
                }
            }
        };
        self.found[lookup].get_or_init(|| value).clone()
    }

    fn note_none(&self, plan: &LookupPlan) {
        let fate = match plan.if_none {
            LookupIfNone::Keep => return,
            LookupIfNone::Drop => LookupFate::LeftOut,
            LookupIfNone::Fail => LookupFate::Failed(format!("{}: no match", plan.label)),
        };
        self.noted().fate.get_or_insert(fate);
    }
}

impl Resolve for RowLookups {
    fn resolve(&self, name: &str) -> Option<Value> {
        let lookup = self
            .tables
            .plans
            .iter()
            .position(|plan| &*plan.name == name)?;
        Some(self.get(lookup))
    }
}
