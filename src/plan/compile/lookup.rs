//! Lookups.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::Compiler;
use super::reading::Reads;
use crate::diagnostics::Diagnostic;
use crate::digest::{Hash, hex};
use crate::plan::lookup::{BATCH, CachePlan, LookupKind, LookupPlan};
use crate::plan::scopes::{RESERVED, Scopes};
use crate::spec::Lookup;
use crate::spec::lookup::Origin;
use crate::spec::places::{HasPlace, Placed};
use crate::template::scope::Name;

impl Compiler<'_> {
    pub(super) fn lookups(&mut self, scopes: &mut Scopes) -> Vec<Arc<LookupPlan>> {
        let mut plans = Vec::new();
        for spec in &self.spec().lookups {
            if let Some(plan) = self.lookup(spec, scopes) {
                plans.push(Arc::new(plan));
            }
            self.new_name(&spec.name, scopes);
            scopes.lookups.push(spec.name.value.clone());
        }
        plans
    }

    fn lookup(&mut self, spec: &Placed<Lookup>, scopes: &Scopes) -> Option<LookupPlan> {
        let label = format!("lookup `{}`", spec.name.value);
        let scope = scopes.lookup();
        let words: Vec<_> = spec.origins().iter().map(Origin::word).collect();
        let places: Vec<_> = spec.origins().iter().map(HasPlace::place).collect();
        self.one_of(spec, (&words, &places), &Origin::WORDS, "a lookup")?;
        let origin = spec.origins().into_iter().next()?;
        let reading = Reads {
            records: spec.records.as_ref(),
            format: spec.format.as_ref(),
            pages: spec.pages.as_ref(),
            may_lack: spec.if_none.is_said(),
        };
        let wanted = spec.wanted.as_deref();
        let (kind, sent) = self.watched(|compiler| match origin {
            Origin::Request(request) => {
                let fetch = compiler.fetch(request, reading, &label, scopes, &scope, true);
                LookupKind::Request(Box::new(fetch))
            }
            Origin::File(file) => LookupKind::File(Box::new(
                compiler.file(file, reading, &label, scopes, &scope),
            )),
            Origin::Rows(rows) => {
                let base = scopes.base();
                let rows = rows.iter();
                LookupKind::Rows(rows.map(|row| compiler.template(row, &base)).collect())
            }
        });
        let asks_for_one = sent.names.contains("key") && !sent.names.contains("keys");
        let asks = sent.names.contains("key") || sent.names.contains("keys");
        if wanted.is_none() && asks {
            self.error(
                &origin,
                "without `for` there are no keys: the lookup is read once, as a table",
                "add for: \"{{ record.brand_id }}\", or leave `keys` out",
            );
        }
        if let (true, Some(batch)) = (asks_for_one, &spec.batch) {
            if batch.value > 1 {
                self.error(
                    batch,
                    "the request asks for one `key`, so no more can go into a batch",
                    "send `keys`, or leave `batch` out",
                );
            }
        }
        let batch = if asks_for_one { 1 } else { BATCH };
        let is_asked = wanted.is_some() && matches!(kind, LookupKind::Request(_));
        let cache = self.cache(spec, &kind);
        let mapping = scopes.mapping();
        let record = scopes.base().with("record", Name::Any);
        Some(LookupPlan {
            name: Arc::from(spec.name.value.as_str()),
            label: label.into(),
            wanted: self.optional(wanted, &mapping),
            batch: is_asked.then(|| {
                spec.batch
                    .as_ref()
                    .map_or(batch, |batch| batch.value as usize)
            }),
            kind,
            key: self.template(&spec.key, &record),
            many: spec.many,
            if_none: spec.if_none.value,
            on_error: spec.on_error,
            when: spec
                .when
                .as_ref()
                .map(|when| self.condition(when, &mapping)),
            cache,
        })
    }

    /// How long it remembers.
    fn cache(&mut self, spec: &Lookup, kind: &LookupKind) -> Option<CachePlan> {
        let cache = spec.cache.as_ref()?;
        if matches!(kind, LookupKind::Rows(_)) {
            self.error(
                cache,
                "the records stand in the spec: there is nothing to remember",
                "leave `cache` out",
            );
        }
        let lasts = self.duration(Some(cache), Duration::MAX);
        if lasts.is_zero() {
            self.error(
                cache,
                "what is remembered for no time is not remembered",
                "leave `cache` out, or write 7d",
            );
        }
        let spec = Hash::Sha256.digest(self.document.source.as_bytes());
        Some(CachePlan {
            lasts,
            spec: hex(&spec),
        })
    }

    /// A name that is neither the language's nor another step's or lookup's.
    pub(super) fn new_name(&mut self, at: &Placed<String>, scopes: &Scopes) {
        let name = at.value.as_str();
        let is_taken = scopes
            .steps
            .iter()
            .chain(&scopes.lookups)
            .chain(&scopes.around)
            .any(|known| known == name);
        if RESERVED.contains(&name) {
            self.error(
                at,
                format!("`{name}` is a name of the language"),
                "call the step after what it holds: product, variant",
            );
        } else if is_taken {
            self.error(
                at,
                format!("two steps are called `{name}`"),
                "rename one of them",
            );
        }
    }

    /// Of several origins, of which there are to be one, whether there is one.
    pub(super) fn one_of<T>(
        &mut self,
        owner: &Placed<T>,
        (words, places): (&[&str], &[Range<usize>]),
        all: &[&str],
        what: &str,
    ) -> Option<()> {
        if words.is_empty() {
            // One that has a mistake was taken out, and said.
            let is_inside = |error: &Diagnostic| {
                owner.span.start <= error.span.start && error.span.end <= owner.span.end
            };
            if self.errors.iter().any(is_inside) {
                return None;
            }
            self.error(
                owner,
                format!("{what} says where its records come from"),
                format!("one of {}", all.join(", ")),
            );
            return None;
        }
        if let ([first, second, ..], [_, at, ..]) = (words, places) {
            self.error(
                at,
                format!("{what} has one origin, and here are `{first}` and `{second}`"),
                "leave one of them out",
            );
        }
        Some(())
    }
}
