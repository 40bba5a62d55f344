//! What a template sees: names and their values, worked out only when asked for.

use std::fmt;
use std::sync::{Arc, OnceLock};

use minijinja::value::{Enumerator, Object, Value};
use smallvec::SmallVec;

/// Values that are worked out when their name is read.
pub trait Resolve: Send + Sync {
    /// The value of a name; nothing where it is none of these.
    fn resolve(&self, name: &str) -> Option<Value>;
}

/// A name of a frame: one of the language, or one of a spec.
#[derive(Debug, Clone)]
pub enum FrameName {
    /// Of the language.
    Static(&'static str),
    /// Of a spec.
    Shared(Arc<str>),
}

impl FrameName {
    fn as_str(&self) -> &str {
        match self {
            Self::Static(name) => name,
            Self::Shared(name) => name,
        }
    }
}

impl From<&'static str> for FrameName {
    fn from(name: &'static str) -> Self {
        Self::Static(name)
    }
}

impl From<Arc<str>> for FrameName {
    fn from(name: Arc<str>) -> Self {
        Self::Shared(name)
    }
}

/// Names with their values; what is not found is looked for in the frame below.
#[derive(Clone, Default)]
pub struct Frame {
    /// Most frames have one or two.
    names: SmallVec<[(FrameName, Value); 2]>,
    resolver: Option<Arc<dyn Resolve>>,
    below: Option<Arc<Frame>>,
}

impl Frame {
    /// An empty frame on top of another.
    pub fn on(below: &Arc<Frame>) -> Self {
        Self {
            names: SmallVec::new(),
            resolver: None,
            below: Some(Arc::clone(below)),
        }
    }

    /// The frame with names that are worked out when they are read.
    #[must_use]
    pub fn resolved_by(mut self, resolver: Arc<dyn Resolve>) -> Self {
        self.resolver = Some(resolver);
        self
    }

    /// Adds a name, or replaces it.
    pub fn set(&mut self, name: impl Into<FrameName>, value: Value) {
        let name = name.into();
        let same = |(known, _): &&mut (FrameName, Value)| known.as_str() == name.as_str();
        match self.names.iter_mut().find(same) {
            Some((_, known)) => *known = value,
            None => self.names.push((name, value)),
        }
    }

    /// The value of a name, looked for in this frame and those below.
    pub fn get(&self, name: &str) -> Option<Value> {
        let mut frame = self;
        loop {
            if let Some((_, value)) = frame.names.iter().find(|(known, _)| known.as_str() == name) {
                return Some(value.clone());
            }
            if let Some(value) = frame.resolver.as_ref().and_then(|r| r.resolve(name)) {
                return Some(value);
            }
            frame = frame.below.as_deref()?;
        }
    }

    /// The value of a name, where it lies in a frame; names that are worked out are not found.
    pub fn get_ref(&self, name: &str) -> Option<&Value> {
        let mut frame = self;
        loop {
            if let Some((_, value)) = frame.names.iter().find(|(known, _)| known.as_str() == name) {
                return Some(value);
            }
            frame = frame.below.as_deref()?;
        }
    }

    /// The frame with one more name.
    #[must_use]
    pub fn with(mut self, name: impl Into<FrameName>, value: Value) -> Self {
        self.set(name, value);
        self
    }
}

impl fmt::Debug for Frame {
    /// Names alone: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.names.iter().map(|(name, _)| name.as_str()))
            .finish()
    }
}

impl Object for Frame {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.get(key)
    }
}

/// A map whose values are filled in one after another: `vars`.
pub struct Slots {
    names: Arc<[Arc<str>]>,
    values: Box<[OnceLock<Value>]>,
}

impl Slots {
    /// Empty slots for these names.
    pub fn new(names: &Arc<[Arc<str>]>) -> Self {
        Self {
            names: Arc::clone(names),
            values: names.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// Fills a slot; a slot is filled once.
    pub fn fill(&self, index: usize, value: Value) {
        if let Some(slot) = self.values.get(index) {
            // Only the first value of a slot counts, and there is no second.
            let _ = slot.set(value);
        }
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names.iter()).finish()
    }
}

impl Object for Slots {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let index = self.names.iter().position(|name| &**name == key)?;
        self.values[index].get().cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.names.iter().map(|name| Value::from(&**name)).collect())
    }
}
