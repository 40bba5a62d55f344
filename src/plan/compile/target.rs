//! `target`: entries, and how the rows of each are sent.

use std::sync::Arc;

use super::Compiler;
use super::request::Purpose;
use super::results::SeenByResults;
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::around::AroundPlan;
use crate::plan::reads::BodyReads;
use crate::plan::scopes::Scopes;
use crate::plan::target::{
    BatchPlan, ItemPlan, ResultsPlan, SubmitPlan, TRANSACTION_ROWS, TargetKind, TargetPlan,
};
use crate::plan::{Change, EntryPlan};
use crate::spec::places::{HasPlace, Placed};
use crate::spec::request::Request;
use crate::spec::target::{EntryKind, Means, MoreKey, Results, Target, TargetKeys, TargetStep};
use crate::spec::target_job::Requests;
use crate::spec::values::MOST_AT_A_TIME;
use crate::spec::{self, Mode};
use crate::template::Uses;
use crate::template::scope::{Name, Scope};

/// An entry, and what its `log` reads.
pub struct Entry {
    pub plan: EntryPlan,
    pub logs: Uses,
}

/// Whose keys an entry has: its own, which win, and those beside it.
struct Owners<'s> {
    own: Option<&'s Placed<spec::target::Entry>>,
    shared: &'s Placed<Target>,
}

impl<'s> Owners<'s> {
    /// What the first says that says it.
    fn first<T: ?Sized>(&self, get: impl Fn(&'s TargetKeys) -> Option<&'s T>) -> Option<&'s T> {
        self.each().find_map(get)
    }

    fn each(&self) -> impl Iterator<Item = &'s TargetKeys> {
        let own = self.own.map(|own| &own.keys);
        own.into_iter().chain([&self.shared.keys])
    }

    /// Those of the entry, or of the target where there are no entries.
    fn own(&self) -> (&'s TargetKeys, &'s std::ops::Range<usize>) {
        match self.own {
            Some(own) => (&own.keys, &own.span),
            None => (&self.shared.keys, &self.shared.span),
        }
    }
}

/// What the templates of one target see.
pub(super) struct TargetScopes {
    /// For a row: the finished row, what its mapping saw, `item`.
    pub row: Scope,
    /// For what is sent: the same, or the batch.
    pub sent: Scope,
    pub purpose: Purpose,
}

impl Compiler<'_> {
    /// Tells scopes which answers of a target are seen by name.
    pub(super) fn name_answers(&mut self, scopes: &mut Scopes) {
        let mut add = |name: &str| {
            if !scopes.answers.iter().any(|known| known == name) {
                scopes.answers.push(name.to_owned());
            }
        };
        for keys in self.spec().target.iter().flat_map(|target| target.owners()) {
            let job = keys.job.as_deref();
            if job.is_some() {
                add("submit");
                add("poll");
            }
            let submit: &[TargetStep] = match job.map(|job| &job.submit.value) {
                Some(Requests::Several(steps)) => steps,
                Some(Requests::Path(_) | Requests::One(_)) | None => &[],
            };
            for step in keys
                .steps
                .iter()
                .flat_map(|steps| &steps.value)
                .chain(submit)
            {
                if let Some(name) = &step.name {
                    add(name);
                }
            }
        }
    }

    pub(super) fn entries(&mut self, scopes: &Scopes) -> Vec<Entry> {
        let spec = self.spec();
        match spec.mode.value {
            Mode::DataSource | Mode::DataService => return Vec::new(),
            Mode::Export => {
                let target = spec.target.as_ref().and_then(|shared| {
                    let owners = Owners { own: None, shared };
                    self.target(&owners, "target", scopes)
                });
                let plan = EntryPlan {
                    change: None,
                    around: AroundPlan::default(),
                    log: Vec::new(),
                    target: target.map(Arc::new),
                };
                let logs = Uses::default();
                return vec![Entry { plan, logs }];
            }
            Mode::ExportDelta => {}
        }
        let Some(shared) = &spec.target else {
            self.needs_an_entry(&spec.mode);
            return Vec::new();
        };
        let mut entries = Vec::new();
        for (kind, entry) in shared.entries() {
            let change = match kind {
                EntryKind::New => Change::New,
                EntryKind::Modified => Change::Modified,
                EntryKind::Deleted => Change::Deleted,
                EntryKind::Unchanged => Change::Unchanged,
            };
            let label = format!("target, {}", change.word());
            let mut scopes = scopes.clone();
            let mut around = self.around(Some(&entry.keys), &label, &mut scopes);
            let scopes = &scopes;
            let owners = Owners {
                own: Some(entry),
                shared,
            };
            let (plan, sent) = self.watched(|compiler| compiler.target(&owners, &label, scopes));
            around.note_reads(&sent);
            let (log, uses) = self.watched(|compiler| compiler.log_rules(&entry.log, scopes, true));
            let plan = EntryPlan {
                change: Some(change),
                around,
                log,
                target: plan.map(Arc::new),
            };
            entries.push(Entry { plan, logs: uses });
        }
        self.shared_file(shared, entries.len());
        if entries.is_empty() && self.errors.is_empty() {
            self.needs_an_entry(shared);
        }
        entries
    }

    /// A file that entries share: the last of them would take the place of the others.
    fn shared_file(&mut self, shared: &Placed<Target>, entries: usize) {
        let Some(file) = shared.keys.file.as_deref().filter(|_| entries > 1) else {
            return;
        };
        let own = shared
            .entries()
            .filter(|(_, entry)| !entry.keys.means().is_empty());
        let names = [&file.url, &file.transport, &file.name];
        let mut texts = names
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_text());
        if entries - own.count() > 1 && !texts.any(|text| text.contains("change")) {
            self.error(
                file,
                "several entries write this file, and each would take the place of the one before",
                "put {{ change }} into its name: url: \"sftp://HOST/offers-{{ change }}.csv\"",
            );
        }
    }

    fn needs_an_entry(&mut self, at: &impl HasPlace) {
        if self.errors.is_empty() {
            self.error(
                at,
                "mode export-delta needs at least one entry in `target`",
                "add target: { new: {}, modified: {}, deleted: {} }; an entry left out is not read",
            );
        }
    }

    /// How rows are sent; nothing where they are only read, judged and reported.
    fn target(&mut self, owners: &Owners<'_>, label: &str, scopes: &Scopes) -> Option<TargetPlan> {
        let means = self.means(owners)?;
        let (mut plan, uses) =
            self.watched(|compiler| compiler.target_by(means, owners, label, scopes));
        let is_read = ["item", "items", "groups"]
            .iter()
            .any(|name| uses.names.contains(*name));
        // Entries share `item`: it is made where something reads it, or the rows of a file are it.
        if !is_read && !matches!(means, Means::File(_) | Means::Sql(_)) {
            plan.item = None;
            let item = owners.shared.keys.item.as_ref();
            if let (Mode::Export, Some(item)) = (self.spec().mode.value, item) {
                let place = item.span.start..item.span.start + 1;
                self.warnings.push(
                    Diagnostic::new(Code::ItemUnsent, place, "no request reads `item`, so it is not sent")
                        .hint("write json: \"{{ item }}\", or json: \"{{ items }}\" in the request of a batch"),
                );
            }
        }
        plan.note_reads(&uses);
        Some(plan)
    }

    fn target_by(
        &mut self,
        means: Means<'_>,
        owners: &Owners<'_>,
        label: &str,
        scopes: &Scopes,
    ) -> TargetPlan {
        // Keys that entries share need not fit all of them.
        let is_file = matches!(means, Means::File(_));
        let batch_spec = owners
            .first(|keys| keys.batch.as_ref())
            .filter(|_| !is_file);
        let results_spec = owners
            .first(|keys| keys.results.as_ref())
            .filter(|_| !is_file);
        let item_spec = owners.first(|keys| keys.item.as_ref());
        let item = self.item(item_spec, batch_spec.is_some(), scopes);
        let batch = batch_spec.map(|batch| self.batch(batch, &scopes.sent_row()));
        let batch = batch.or_else(|| {
            matches!(means, Means::Sql(_)).then_some(BatchPlan {
                rows: TRANSACTION_ROWS,
                bytes: None,
                by: None,
            })
        });
        let row = item_scope(&scopes.sent_row(), item.as_ref());
        let seen = seen_by(scopes, row, item.as_ref(), batch.as_ref());
        let rules = owners.each().filter_map(|keys| keys.on_response.as_ref());
        self.target_rules = rules.flat_map(|rules| rules.value.clone()).collect();
        let mut answers = seen.sent.clone();
        let mut results_scope = seen.row.clone();
        let mut kind = match means {
            Means::Steps(steps) => {
                let steps = self.target_steps(steps, steps, label, scopes, &seen);
                for name in steps.iter().filter_map(|step| step.name.as_deref()) {
                    answers = Scopes::with_answer(&answers, name);
                    results_scope = Scopes::with_answer(&results_scope, name);
                }
                TargetKind::Steps(steps)
            }
            Means::Job(job) => {
                let job = self.target_job(job, label, scopes, &seen);
                let names = match &job.submit {
                    SubmitPlan::Steps(steps) => steps.as_slice(),
                    SubmitPlan::Request(_) => &[],
                };
                let names = names.iter().filter_map(|step| step.name.as_deref());
                for name in names.chain(["submit", "poll"]) {
                    answers = Scopes::with_answer(&answers, name);
                    results_scope = Scopes::with_answer(&results_scope, name);
                }
                TargetKind::Job(Box::new(job))
            }
            Means::File(file) => {
                // What entries share need not be for this one.
                let own_item = owners.own().0.item.as_ref();
                let file = self.file_target(file, label, scopes, &seen.row, own_item);
                TargetKind::File(Arc::new(file))
            }
            Means::Sql(sql) => {
                let plan = self.sql_target(sql, item_spec, scopes, &seen.row);
                TargetKind::Sql(Box::new(plan))
            }
            Means::Request(request) => {
                let purpose = seen.purpose;
                let (plan, uses) = self.watched(|compiler| {
                    compiler.request(request, label, scopes, &seen.sent, purpose)
                });
                if batch.is_some() {
                    self.needs_rows(request, &uses, item.is_some());
                }
                TargetKind::Request(Box::new(plan))
            }
        };
        self.target_rules.clear();
        let download = match means {
            Means::Job(job) => job.download.as_ref(),
            Means::Request(_) | Means::Steps(_) | Means::File(_) | Means::Sql(_) => None,
        };
        let scopes_of_results = (&answers, &results_scope);
        let results = self.results_of(
            &mut kind,
            results_spec,
            download,
            label,
            scopes,
            scopes_of_results,
        );
        // `concurrency` of `http` is for reading: more than one send gives up the order of sending.
        let concurrency = owners.first(|keys| keys.concurrency.as_ref());
        let concurrency =
            concurrency.map_or(1, |count| self.whole(count, "concurrency", MOST_AT_A_TIME));
        let (ok, ok_uses) = self.watched(|compiler| {
            let scope = Scopes::answered(&answers);
            let ok = owners.first(|keys| keys.ok.as_ref());
            ok.map(|ok| compiler.condition(ok, &scope))
        });
        TargetPlan {
            label: label.into(),
            kind,
            batch,
            item,
            ok,
            ok_reads: BodyReads::of(&ok_uses, "response"),
            results_read: reads_of(results.as_ref()),
            results,
            concurrency: concurrency.max(1),
        }
    }

    /// Each row's fate, where `results` says it; who reads an answer is told so.
    fn results_of(
        &mut self,
        kind: &mut TargetKind,
        spec: Option<&Placed<Results>>,
        download: Option<&Placed<Request>>,
        label: &str,
        scopes: &Scopes,
        (answers, row): (&Scope, &Scope),
    ) -> Option<ResultsPlan> {
        let may_come_late = match &*kind {
            TargetKind::Request(_) | TargetKind::File(_) | TargetKind::Sql(_) => false,
            // What an earlier step changed may be of all rows.
            TargetKind::Steps(steps) => steps.split_last().is_some_and(|(last, before)| {
                !last.request.changes() || before.iter().any(|step| step.request.changes())
            }),
            TargetKind::Job(_) => true,
        };
        let results = spec.map(|spec| {
            let seen = SeenByResults {
                answers,
                row,
                may_come_late,
            };
            self.results(spec, download, label, scopes, &seen)
        });
        let is_read_here = results
            .as_ref()
            .is_some_and(|results| results.request.is_none());
        match kind {
            TargetKind::Request(request) => request.errors_are_read = is_read_here,
            TargetKind::Steps(steps) => {
                if let Some(last) = steps.last_mut() {
                    last.request.errors_are_read = is_read_here;
                }
            }
            TargetKind::Job(_) | TargetKind::File(_) | TargetKind::Sql(_) => {}
        }
        if let (None, Some(download)) = (&results, download) {
            self.error(
                download,
                "what is downloaded is each row's fate, and nothing says how it is read",
                "add results: { match: { row: …, result: … }, ok: … }",
            );
        }
        results
    }

    /// By which means rows are sent.
    fn means<'s>(&mut self, owners: &Owners<'s>) -> Option<Means<'s>> {
        let mut found = None;
        for keys in owners.each() {
            let means = keys.means();
            if let [first, second, ..] = means[..] {
                self.error(
                    &second,
                    format!(
                        "rows are sent by one means, and here are `{}` and `{}`",
                        first.word(),
                        second.word()
                    ),
                    "leave one of them out",
                );
            }
            found = found.or(means.first().copied());
        }
        let (own, span) = owners.own();
        let more = own.more();
        let Some(means) = found else {
            // Entries without a means only report; what says how to send without saying by what is
            // forgotten. A means that has a mistake was taken out, and said.
            let is_inside =
                |error: &Diagnostic| span.start <= error.span.start && error.span.end <= span.end;
            let is_said = self.errors.iter().any(is_inside);
            if let Some((key, at)) = more.first().filter(|_| !is_said) {
                self.error(
                    at,
                    format!(
                        "`{}` says how rows are sent, and nothing says by what",
                        key.word()
                    ),
                    format!("add one of {}", Means::WORDS.join(", ")),
                );
            }
            return None;
        };
        if let Means::File(_) | Means::Sql(_) = means {
            let is_file = matches!(means, Means::File(_));
            for (key, at) in more {
                let hint = match key {
                    MoreKey::Item => continue,
                    MoreKey::Batch if !is_file => continue,
                    MoreKey::Concurrency if is_file => "a file is written in order",
                    MoreKey::Concurrency => "rows go over one connection, in order",
                    _ if !is_file => "a database has no answer: it says of each row what is wrong",
                    MoreKey::Batch | MoreKey::Results | MoreKey::Ok | MoreKey::OnResponse => {
                        "all rows go into one file, and share its fate"
                    }
                };
                self.error(
                    &at,
                    format!(
                        "`{}` is not for a target with `{}`",
                        key.word(),
                        means.word()
                    ),
                    hint,
                );
            }
        }
        Some(means)
    }
}

/// What is sent, row by row or in batches, sees.
fn seen_by(
    scopes: &Scopes,
    row: Scope,
    item: Option<&ItemPlan>,
    batch: Option<&BatchPlan>,
) -> TargetScopes {
    match batch {
        None => TargetScopes {
            sent: row.clone(),
            row,
            purpose: Purpose::Row,
        },
        Some(batch) => TargetScopes {
            sent: match &item {
                Some(_) => scopes.sent_batch(batch.groups()).with("items", Name::Any),
                None => scopes.sent_batch(batch.groups()).with_hint(
                    "items",
                    "add item: { id: \"{{ row.id }}\" } to the target: it makes each of the items",
                ),
            },
            row: Scopes::placed(&row),
            purpose: Purpose::Batch,
        },
    }
}

fn item_scope(scope: &Scope, item: Option<&ItemPlan>) -> Scope {
    match item {
        Some(_) => scope.clone().with("item", Name::Any),
        None => scope.clone(),
    }
}

/// What `results` read of the answer to what was sent. What can't be read is told by those who read it.
fn reads_of(results: Option<&ResultsPlan>) -> BodyReads {
    match results {
        Some(ResultsPlan { request: None, .. }) => BodyReads::AsText,
        Some(_) | None => BodyReads::Nothing,
    }
}
