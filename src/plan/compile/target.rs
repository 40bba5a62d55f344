//! `target`: entries, and how the rows of each are sent.

use std::sync::Arc;

use super::Compiler;
use super::request::Purpose;
use super::results::SeenByResults;
use super::values::{flag, whole};
use crate::check::Diagnostic;
use crate::plan::around::AroundPlan;
use crate::plan::reads::BodyReads;
use crate::plan::scopes::Scopes;
use crate::plan::target::{
    BATCH_ROWS, BatchPlan, ByPlan, Groups, ItemPlan, ResultsPlan, SubmitPlan, TargetJobPlan,
    TargetKind, TargetPlan, TargetStepPlan,
};
use crate::plan::{Change, EntryPlan, WatchedPlan};
use crate::spec::Mode;
use crate::spec::tree::{Node, NodeValue};
use crate::template::Uses;
use crate::template::scope::{Name, Scope};

/// By which means rows are sent: one of these.
const KINDS: [&str; 4] = ["request", "steps", "job", "file"];

/// An entry, and what its `log` reads.
pub struct Entry {
    pub plan: EntryPlan,
    pub logs: Uses,
}

/// The nodes that an entry's keys stand in: its own, which win, and those beside it.
struct Owners<'n> {
    own: Option<&'n Node>,
    shared: &'n Node,
}

impl<'n> Owners<'n> {
    fn get(&self, key: &str) -> Option<&'n Node> {
        let own = self.own.and_then(|own| own.get(key));
        own.or_else(|| self.shared.get(key))
    }

    fn each(&self) -> impl Iterator<Item = &'n Node> {
        self.own.into_iter().chain([self.shared])
    }
}

/// What the templates of one target see.
struct Seen {
    /// For a row: the finished row, what its mapping saw, `item`.
    row: Scope,
    /// For what is sent: the same, or the batch.
    sent: Scope,
    purpose: Purpose,
}

impl Compiler<'_> {
    /// Tells scopes which answers of a target are seen by name.
    pub(super) fn name_answers(&mut self, scopes: &mut Scopes) {
        let Some(target) = self.root().get("target") else {
            return;
        };
        let entries = target.entries().iter();
        let owners = entries.filter(|entry| change_of(&entry.key).is_some());
        let owners: Vec<&Node> = owners.map(|entry| &entry.value).chain([target]).collect();
        let mut add = |name: &str| {
            if !scopes.answers.iter().any(|known| known == name) {
                scopes.answers.push(name.to_owned());
            }
        };
        for owner in owners {
            let job = owner.get("job");
            if job.is_some() {
                add("submit");
                add("poll");
            }
            let submit = job.and_then(|job| job.get("submit"));
            for step in owner
                .get("steps")
                .into_iter()
                .chain(submit)
                .flat_map(Node::items)
            {
                if let Some(name) = step.get("name").and_then(Node::as_text) {
                    add(name);
                }
            }
        }
    }

    pub(super) fn entries(&mut self, scopes: &Scopes) -> Vec<Entry> {
        let spec = &self.document.spec;
        let node = self.root().get("target");
        if spec.mode == Mode::Export {
            let target = node.and_then(|shared| {
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
        let Some(shared) = node.filter(|_| spec.mode == Mode::ExportDelta) else {
            if spec.mode == Mode::ExportDelta {
                self.needs_an_entry(self.root().get("mode").unwrap_or(self.root()));
            }
            return Vec::new();
        };
        let mut entries = Vec::new();
        for entry in shared.entries() {
            let Some(change) = change_of(&entry.key) else {
                continue;
            };
            let target = spec.target.as_ref();
            let own = target.and_then(|target| match change {
                Change::New => target.new.as_ref(),
                Change::Modified => target.modified.as_ref(),
                Change::Deleted => target.deleted.as_ref(),
                Change::Unchanged => target.unchanged.as_ref(),
            });
            let logs = own.map_or(&[][..], |entry| &entry.log);
            let own = Some(&entry.value);
            let label = format!("target, {}", entry.key);
            let mut scopes = scopes.clone();
            let mut around = self.around(own, &label, &mut scopes);
            let scopes = &scopes;
            let owners = Owners { own, shared };
            let (plan, sent) = self.watched(|compiler| compiler.target(&owners, &label, scopes));
            around.note_reads(&sent);
            let (log, uses) = self
                .watched(|compiler| compiler.log_rules(entry.value.get("log"), logs, scopes, true));
            let plan = EntryPlan {
                change: Some(change),
                around,
                log,
                target: plan.map(Arc::new),
            };
            entries.push(Entry { plan, logs: uses });
        }
        if entries.is_empty() && self.errors.is_empty() {
            self.needs_an_entry(shared);
        }
        entries
    }

    fn needs_an_entry(&mut self, at: &Node) {
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
        let (word, at) = self.means(owners)?;
        let (mut plan, uses) =
            self.watched(|compiler| compiler.target_by(word, at, owners, label, scopes));
        let is_read = ["item", "items", "groups"]
            .iter()
            .any(|name| uses.names.contains(*name));
        // Entries share `item`: it is made where something reads it, or the rows of a file are it.
        if !is_read && word != "file" {
            plan.item = None;
            if let (Mode::Export, Some(node)) = (self.document.spec.mode, owners.shared.get("item"))
            {
                let place = node.span.start..node.span.start + 1;
                self.warnings.push(
                    Diagnostic::new(place, "no request reads `item`, so it is not sent")
                        .hint("write json: \"{{ item }}\", or json: \"{{ items }}\" in the request of a batch"),
                );
            }
        }
        plan.note_reads(&uses);
        Some(plan)
    }

    fn target_by(
        &mut self,
        word: &'static str,
        at: &Node,
        owners: &Owners<'_>,
        label: &str,
        scopes: &Scopes,
    ) -> TargetPlan {
        // Keys that entries share need not fit all of them.
        let fits = |key: &str| !unfit_keys(word).contains(&key);
        let shared = |key: &str| owners.get(key).filter(|_| fits(key));
        let batch_node = shared("batch");
        let item = self.item(owners.get("item"), batch_node.is_some(), scopes);
        let batch = batch_node.map(|node| self.batch(node, &scopes.sent_row()));
        let row = item_scope(&scopes.sent_row(), item.as_ref());
        let seen = match &batch {
            None => Seen {
                sent: row.clone(),
                row,
                purpose: Purpose::Row,
            },
            Some(batch) => Seen {
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
        };
        let rules = owners
            .each()
            .filter(|owner| owner.get("on_response").is_some());
        self.target_rules = rules.cloned().collect();
        let mut answers = seen.sent.clone();
        let mut results_scope = seen.row.clone();
        // What entries share need not be for this one.
        let own_item = owners.own.unwrap_or(owners.shared).get("item");
        let mut kind = match word {
            "steps" => {
                let steps = self.target_steps(at, label, scopes, &seen);
                for name in steps.iter().filter_map(|step| step.name.as_deref()) {
                    answers = Scopes::with_answer(&answers, name);
                    results_scope = Scopes::with_answer(&results_scope, name);
                }
                TargetKind::Steps(steps)
            }
            "job" => {
                let job = self.target_job(at, label, scopes, &seen);
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
            "file" => TargetKind::File(Arc::new(
                self.file_target(at, label, scopes, &seen.row, own_item),
            )),
            _ => {
                let purpose = seen.purpose;
                let (request, uses) = self
                    .watched(|compiler| compiler.request(at, label, scopes, &seen.sent, purpose));
                if batch.is_some() {
                    self.needs_rows(at, &uses, item.is_some());
                }
                TargetKind::Request(Box::new(request))
            }
        };
        self.target_rules.clear();
        let scopes_of_results = (&answers, &results_scope);
        let results = self.results_of(
            &mut kind,
            shared("results"),
            at,
            label,
            scopes,
            scopes_of_results,
        );
        // `concurrency` of `http` is for reading: more than one send gives up the order of sending.
        let concurrency = whole(owners.get("concurrency"))
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(1);
        let (ok, ok_uses) = self.watched(|compiler| {
            owners.get("ok").map(|node| {
                let scope = Scopes::answered(&answers);
                compiler.condition(node, &scope)
            })
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
        node: Option<&Node>,
        at: &Node,
        label: &str,
        scopes: &Scopes,
        (answers, row): (&Scope, &Scope),
    ) -> Option<ResultsPlan> {
        let may_come_late = match &*kind {
            TargetKind::Request(_) | TargetKind::File(_) => false,
            // What an earlier step changed may be of all rows.
            TargetKind::Steps(steps) => steps.split_last().is_some_and(|(last, before)| {
                !last.request.changes() || before.iter().any(|step| step.request.changes())
            }),
            TargetKind::Job(_) => true,
        };
        let download = at.get("download");
        let results = node.map(|node| {
            let seen = SeenByResults {
                answers,
                row,
                may_come_late,
            };
            self.results(node, download, label, scopes, &seen)
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
            TargetKind::Job(_) | TargetKind::File(_) => {}
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
    fn means<'n>(&mut self, owners: &Owners<'n>) -> Option<(&'static str, &'n Node)> {
        let mut found = None;
        for owner in owners.each() {
            let kinds = KINDS
                .iter()
                .filter_map(|kind| owner.get(kind).map(|at| (*kind, at)));
            let kinds: Vec<_> = kinds.collect();
            if let [first, (second, at), ..] = kinds[..] {
                self.error(
                    at,
                    format!(
                        "rows are sent by one means, and here are `{}` and `{second}`",
                        first.0
                    ),
                    "leave one of them out",
                );
            }
            found = found.or(kinds.first().copied());
        }
        let Some((word, at)) = found else {
            // Entries without a means only report; what says how to send without saying by what is
            // forgotten.
            let keys = [
                "batch",
                "item",
                "results",
                "ok",
                "on_response",
                "concurrency",
            ];
            let is_entry = owners.own.is_some();
            let stray = keys.iter().find_map(|key| {
                let owner = if is_entry {
                    owners.own
                } else {
                    Some(owners.shared)
                };
                owner.and_then(|owner| owner.get(key)).map(|at| (*key, at))
            });
            // A means that has a mistake was taken out, and said.
            let owner = if is_entry { owners.own } else { None }.unwrap_or(owners.shared);
            let is_inside = |error: &Diagnostic| {
                owner.span.start <= error.span.start && error.span.end <= owner.span.end
            };
            let stray = stray.filter(|_| !self.errors.iter().any(is_inside));
            if let Some((key, at)) = stray {
                self.error(
                    at,
                    format!("`{key}` says how rows are sent, and nothing says by what"),
                    format!("add one of {}", KINDS.join(", ")),
                );
            }
            return None;
        };
        let own = owners.own.unwrap_or(owners.shared);
        for key in unfit_keys(word) {
            if let Some(node) = own.get(key) {
                self.error(
                    node,
                    format!("`{key}` is not for a target with `{word}`"),
                    unfit_hint(word, key),
                );
            }
        }
        Some((word, at))
    }

    fn item(&mut self, node: Option<&Node>, is_batched: bool, scopes: &Scopes) -> Option<ItemPlan> {
        let node = node?;
        let row = scopes.sent_row();
        let scope = if is_batched {
            Scopes::placed(&row)
        } else {
            row
        };
        let (tree, uses) = self.watched(|compiler| compiler.tree(node, &scope));
        let mut keys = Vec::new();
        for entry in node.entries() {
            let is_constant = |node: &Node| {
                node.as_text()
                    .is_none_or(|text| !text.contains("{{") && !text.contains("{%"))
            };
            if matches!(entry.value.value, NodeValue::Scalar(_)) {
                let before = self.errors.len();
                let (_, uses) = self.watched(|compiler| compiler.template(&entry.value, &scope));
                // Its mistakes were told with the tree.
                self.errors.truncate(before);
                keys.push(WatchedPlan {
                    name: entry.key.clone(),
                    is_constant: is_constant(&entry.value),
                    reads: uses
                        .fields
                        .into_iter()
                        .filter(|(owner, _)| owner == "row")
                        .collect(),
                });
            }
        }
        Some(ItemPlan {
            tree,
            keys,
            reads_batch: uses.names.contains("batch"),
        })
    }

    fn batch(&mut self, node: &Node, scope: &Scope) -> BatchPlan {
        let rows = whole(Some(node)).or_else(|| whole(node.get("rows")));
        let bytes = self.size(node.get("bytes"));
        let by = self.optional(node.get("by"), scope);
        let is_said = |key: &str| flag(node.get(key)).unwrap_or_default();
        let groups = match (is_said("whole"), is_said("split")) {
            (false, false) => Groups::Alone,
            (true, false) => Groups::Packed,
            (_, true) => Groups::Cut,
        };
        if let (Some(whole), true, true) = (node.get("whole"), is_said("whole"), is_said("split")) {
            self.error(
                whole,
                "groups are kept whole, or are split, not both",
                "leave one of them out",
            );
        }
        let stray = ["whole", "split"].iter().find(|key| is_said(key));
        if let (Some(key), None) = (stray, &by) {
            let at = node.get(key).unwrap_or(node);
            self.error(
                at,
                format!("`{key}` is about groups, and nothing says which rows are one"),
                "add by: \"{{ row.parent }}\"",
            );
        }
        BatchPlan {
            rows: rows
                .and_then(|rows| usize::try_from(rows).ok())
                .unwrap_or(BATCH_ROWS)
                .max(1),
            bytes,
            by: by.map(|value| ByPlan { value, groups }),
        }
    }

    /// A batch's request that never reads its rows would be sent without them.
    fn needs_rows(&mut self, at: &Node, uses: &Uses, has_item: bool) {
        let reads = ["items", "rows", "groups"]
            .iter()
            .any(|name| uses.names.contains(*name));
        if !reads && self.errors.is_empty() {
            let hint = if has_item {
                "write json: { products: \"{{ items }}\" }"
            } else {
                "add item: { id: \"{{ row.id }}\" } beside it, and json: { products: \"{{ items }}\" }"
            };
            self.error(
                at,
                "what is sent once a batch reads neither `items` nor `rows`",
                hint,
            );
        }
    }

    fn target_steps(
        &mut self,
        at: &Node,
        label: &str,
        scopes: &Scopes,
        seen: &Seen,
    ) -> Vec<TargetStepPlan> {
        self.has_steps = true;
        let turn = self.in_turn(
            at.items(),
            (label, "step"),
            scopes,
            &seen.sent,
            seen.purpose,
        );
        self.has_steps = false;
        if at.items().is_empty() {
            self.error(
                at,
                "a list of steps without a step",
                "add - { request: { path: /products, json: \"{{ item }}\" } }",
            );
        } else if seen.purpose == Purpose::Batch {
            self.needs_rows(at, &turn.uses, seen.sent.get("items").is_some());
        }
        turn.plans
    }

    fn target_job(
        &mut self,
        at: &Node,
        label: &str,
        scopes: &Scopes,
        seen: &Seen,
    ) -> TargetJobPlan {
        let label_of_submit = format!("{label}, submit");
        let node = at.get("submit").unwrap_or(at);
        let mut sent = seen.sent.clone();
        let submit = if matches!(node.value, NodeValue::List(_)) {
            let steps = self.target_steps(node, &label_of_submit, scopes, seen);
            for name in steps.iter().filter_map(|step| step.name.as_deref()) {
                sent = Scopes::with_answer(&sent, name);
            }
            SubmitPlan::Steps(steps)
        } else {
            let (request, uses) = self.watched(|compiler| {
                compiler.request(node, &label_of_submit, scopes, &seen.sent, seen.purpose)
            });
            if seen.purpose == Purpose::Batch {
                // The scope of items has a name of its own for them.
                self.needs_rows(at, &uses, seen.sent.get("items").is_some());
            }
            SubmitPlan::Request(Box::new(request))
        };
        let submitted = Scopes::with_answer(&sent, "submit");
        let polled = Scopes::with_answer(&submitted, "poll");
        let asking = match seen.purpose {
            Purpose::Batch => Purpose::PollOfBatch,
            _ => Purpose::Records,
        };
        let all_or_nothing = at.get("all_or_nothing");
        let is_said = flag(all_or_nothing).unwrap_or_default();
        if let (Some(node), true, false) = (all_or_nothing, is_said, seen.purpose == Purpose::Batch)
        {
            self.error(
                node,
                "a job of one row has no halves",
                "add batch: 100 to the target, or remove it",
            );
        }
        TargetJobPlan {
            submit,
            submit_reads: BodyReads::Nothing,
            all_or_nothing: is_said,
            poll: self.poll(at, label, scopes, &submitted, &polled, asking),
        }
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

fn change_of(word: &str) -> Option<Change> {
    Change::ALL.into_iter().find(|change| change.word() == word)
}

/// Keys that do not go with a means.
fn unfit_keys(word: &str) -> &'static [&'static str] {
    match word {
        "file" => &["batch", "results", "ok", "on_response", "concurrency"],
        _ => &[],
    }
}

fn unfit_hint(word: &str, key: &str) -> &'static str {
    match (word, key) {
        ("file", "concurrency") => "a file is written in order",
        _ => "all rows go into one file, and share its fate",
    }
}
