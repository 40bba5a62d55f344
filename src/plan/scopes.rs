//! Which names are seen where (language, §2).

use std::sync::Arc;

use crate::spec::{LogAt, Mode, OptionType};
use crate::template::scope::{Field, Name, Scope, SpecFile, Watch};
use crate::template::shapes::Shapes;

use super::options::OptionPlan;
use super::target::Groups;

/// Names of the language: steps can't have them.
pub const RESERVED: [&str; 26] = [
    "options",
    "run",
    "since",
    "record",
    "row",
    "vars",
    "part",
    "page",
    "response",
    "rows",
    "items",
    "batch",
    "item",
    "result",
    "submit",
    "poll",
    "change",
    "outcome",
    "key",
    "keys",
    "token",
    "timestamp",
    "nonce",
    "error",
    "loop",
    "self",
];

/// The fields of `run`.
const RUN: [&str; 15] = [
    "id",
    "started",
    "mode",
    "dry_run",
    "file",
    "rows_read",
    "rows_written",
    "rows_filtered",
    "rows_skipped",
    "rows_ok",
    "rows_failed",
    "rows_rejected",
    "rows_unknown",
    "requests",
    "batches",
];

/// Builds the scopes of one spec.
#[derive(Clone)]
pub struct Scopes {
    mode: Mode,
    base: Scope,
    /// Names of steps, in order.
    pub steps: Vec<String>,
    /// The fields of `vars` seen so far.
    pub vars: Vec<Field>,
    /// Whether there is `since`.
    pub is_incremental: bool,
    /// Names of lookups.
    pub lookups: Vec<String>,
    /// The columns of a finished row, where the spec names all of them.
    pub columns: Option<Vec<String>>,
    /// Names of a target's answers: those of its steps, `submit` and `poll`.
    pub answers: Vec<String>,
    /// Names of the answers before a target's first row.
    pub around: Vec<String>,
}

/// The fields of `page`.
const PAGE: [&str; 8] = [
    "number", "index", "offset", "size", "cursor", "first", "count", "last",
];

/// The fields of `response`.
pub const RESPONSE: [&str; 6] = ["status", "headers", "headers_all", "body", "text", "url"];

/// The fields of `batch`.
const BATCH: [&str; 2] = ["number", "size"];

impl Scopes {
    /// The scopes of a spec in `mode` with these options; `steps` are the names that it gives.
    pub fn new(
        mode: Mode,
        options: &[OptionPlan],
        steps: Vec<String>,
        file: SpecFile,
        shapes: Arc<Shapes>,
        watch: Option<Arc<Watch>>,
    ) -> Self {
        let fields = options.iter().map(|option| Field {
            name: option.key.clone(),
            is_text: matches!(
                option.kind,
                OptionType::Input
                    | OptionType::Textarea
                    | OptionType::Select
                    | OptionType::StageColumnsDropdown
            ),
            is_secret: option.kind == OptionType::Password,
        });
        let base = Scope::default()
            .with("options", Name::Fields(fields.collect()))
            .with_fields("run", &RUN)
            .with_steps(steps)
            .with_file(file)
            .with_shapes(shapes)
            .with_watch(watch);
        Self {
            mode,
            base,
            steps: Vec::new(),
            vars: Vec::new(),
            is_incremental: false,
            lookups: Vec::new(),
            columns: None,
            answers: Vec::new(),
            around: Vec::new(),
        }
    }

    /// What every place sees: `options` and `run`.
    pub fn base(&self) -> Scope {
        let base = self.base.clone();
        if self.is_incremental {
            base.with("since", Name::Any)
        } else {
            base
        }
    }

    /// What a step's request sees: the steps before it, and the page.
    pub fn request(&self) -> Scope {
        self.step().with_fields("page", &PAGE)
    }

    /// What a lookup's request sees.
    pub fn lookup(&self) -> Scope {
        let keys = self.base().with("keys", Name::Any).with("key", Name::Any);
        keys.with_fields("page", &PAGE)
    }

    /// The same with the page.
    pub fn paged(scope: &Scope) -> Scope {
        scope.clone().with_fields("page", &PAGE)
    }

    /// The same with the answer.
    pub fn answered(scope: &Scope) -> Scope {
        scope.clone().with_fields("response", &RESPONSE)
    }

    /// What the name of a column sees: `options`.
    pub fn column_name(&self) -> Scope {
        let options = self.base.get("options").cloned().unwrap_or(Name::Any);
        Scope::default().with("options", options).shown()
    }

    /// What a step sees: the steps before it.
    pub fn step(&self) -> Scope {
        let mut scope = self.base();
        if !self.steps.is_empty() {
            scope = scope.with("record", Name::Any);
        }
        for step in &self.steps {
            scope = scope.with(step, Name::Any);
        }
        scope
    }

    /// What `split` sees: the row, or the records.
    pub fn split(&self) -> Scope {
        let mut scope = match self.mode {
            Mode::DataSource => Self::answered(&self.step().with("record", Name::Any)),
            _ => self.base().with("row", Name::Row),
        };
        if self.mode == Mode::ExportDelta {
            scope = scope.with("change", Name::Any);
        }
        scope
    }

    /// What `vars`, `where`, `reject` and `columns` see.
    pub fn mapping(&self) -> Scope {
        let mut scope = self.split().with("vars", Name::Fields(self.vars.clone()));
        for lookup in &self.lookups {
            scope = scope.with(lookup, Name::Any);
        }
        match self.mode {
            Mode::DataSource | Mode::DataService => scope.with("part", Name::Any),
            _ => scope,
        }
    }

    /// What requests around a target see.
    pub fn around(&self) -> Scope {
        let base = match self.mode {
            Mode::ExportDelta => self.base().with("change", Name::Any),
            _ => self.base(),
        };
        self.with_around(base)
    }

    /// The same with the answers before a target's first row.
    fn with_around(&self, scope: Scope) -> Scope {
        self.around
            .iter()
            .fold(scope, |scope, name| Self::with_answer(&scope, name))
    }

    /// What is sent for a row sees: the finished row, and what its mapping saw.
    pub fn sent_row(&self) -> Scope {
        self.with_around(self.mapping())
            .with("row", self.finished_row())
            .with_hint("items", "this is sent for each row alone, and sees item; items is for a batch: add batch: 100")
            .with_hint("rows", "this is about one row; rows is for a batch: add batch: 100")
    }

    fn finished_row(&self) -> Name {
        match &self.columns {
            Some(columns) => Name::Fields(columns.iter().map(Field::any).collect()),
            None => Name::Row,
        }
    }

    /// What is sent for a batch sees: its rows.
    pub fn sent_batch(&self, groups: Option<Groups>) -> Scope {
        let scope = self
            .with_around(self.base())
            .with("rows", Name::Any)
            .with_fields("batch", &BATCH)
            .with_hint("row", "this is sent once for many rows: write rows, or add `item` to the target and write items")
            .with_hint("item", "this is sent once for many rows: write items");
        let scope = match groups {
            Some(Groups::Packed) => scope.with("groups", Name::Any),
            Some(Groups::Alone | Groups::Cut) | None => scope.with_hint(
                "groups",
                "whole groups are sent together where batch says so: batch: { rows: 100, by: \"{{ row.parent }}\", whole: true }",
            ),
        };
        match self.mode {
            Mode::ExportDelta => scope.with("change", Name::Any),
            _ => scope,
        }
    }

    /// The same with the row's place in its batch, which is known before the batch is whole.
    pub fn placed(scope: &Scope) -> Scope {
        scope.clone().with_fields("batch", &["number", "index"])
    }

    /// The same with a step's answer.
    pub fn with_answer(scope: &Scope, name: &str) -> Scope {
        scope.clone().with_answer(name, &RESPONSE)
    }

    /// What `feedback` and `log` at `row` see: the finished row, its outcome, and what the channel
    /// answered.
    pub fn outcome(&self) -> Scope {
        let mut scope = self
            .sent_row()
            .with_fields("outcome", &["status", "code", "message", "attempts"]);
        if self.mode.is_export() {
            scope = Self::answered(&scope);
        }
        for name in &self.answers {
            scope = Self::with_answer(&scope, name);
        }
        scope.shown()
    }

    /// Whether a name is of what a target's channel answered.
    pub fn is_of_answers(&self, name: &str) -> bool {
        self.mode.is_export()
            && (name == "response" || self.answers.iter().any(|answer| answer == name))
    }

    /// Whether only the mapping of a row knows what a name holds.
    pub fn is_of_mapping(&self, name: &str) -> bool {
        matches!(name, "vars" | "part" | "record")
            || name == "response" && !self.mode.is_export()
            || self.steps.iter().any(|step| step == name)
            || self.lookups.iter().any(|lookup| lookup == name)
    }

    /// What a log message sees.
    pub fn log(&self, at: LogAt, in_entry: bool) -> Scope {
        let scope = match at {
            LogAt::Start | LogAt::Finish if in_entry => self.base().with("change", Name::Any),
            LogAt::Start | LogAt::Finish => self.base(),
            LogAt::Failure => self
                .base()
                .with_fields("error", &["message", "step", "row"]),
            LogAt::Row => self.outcome(),
            LogAt::Batch => self.sent_batch(None),
        };
        scope.shown()
    }
}
