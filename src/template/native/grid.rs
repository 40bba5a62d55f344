//! Every plain form against the engine: the same value, of the same kind, or a doubt.

mod forms;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use forms::{BIG, FORMS, PAIRS, ROWS, SURPLUS, TEXTS, VALUES};

use super::{Binder, Bound, Doubt, LookedUp, Plain, Scene};
use crate::columns::{refuse_infinite, write_value};
use crate::row::{Batch, Scanner, row_value};
use crate::template::scope::{Field, Name, Scope};
use crate::template::{Frame, Template, Uses, Value, document, text_of};

struct Grid {
    scope: Scope,
    base: Arc<Frame>,
    batch: Arc<Batch>,
    vars: [Arc<str>; 2],
    /// Values that were compared, and doubts.
    compared: usize,
    doubts: usize,
    report: String,
}

impl Grid {
    fn new() -> Self {
        let text = |name: &str| Field {
            is_text: true,
            ..Field::any(name)
        };
        let fields = vec![
            text("TEXT"),
            text("NONE"),
            Field::any("FLAG"),
            text("COLUMN"),
        ];
        let scope = Scope::default()
            .with("row", Name::Row)
            .with("options", Name::Fields(fields))
            .with_fields("vars", &["number", "text"])
            .with("change", Name::Any)
            .with("product", Name::Any);
        let options = Value::from_pairs([
            ("TEXT", Value::from("Möwe \"x\"")),
            ("NONE", Value::UNDEFINED),
            ("FLAG", Value::from(true)),
            ("COLUMN", Value::from("uni")),
        ]);
        let vars =
            Value::from_pairs([("number", Value::from(2.5)), ("text", Value::from("v\"ar"))]);
        let base = Frame::default()
            .with("options", options)
            .with("vars", vars)
            .with("change", Value::from("new"));
        Self {
            scope,
            base: Arc::new(base),
            batch: Arc::new(Scanner::default().rows(ROWS.as_bytes().to_vec()).unwrap()),
            vars: ["number".into(), "text".into()],
            compared: 0,
            doubts: 0,
            report: String::new(),
        }
    }

    /// Compares a template on all rows; whether it has a plain form. One that is refused is skipped.
    fn judge(&mut self, text: &str) -> Option<bool> {
        let mut diagnostics = Vec::new();
        let (scope, mut uses) = (&self.scope, Uses::default());
        let place = |range| range;
        let template = Template::compile_text(text, &place, scope, &mut uses, &mut diagnostics);
        if !diagnostics.is_empty() {
            return None;
        }
        let found = (&mut uses, &mut diagnostics);
        let condition = Template::compile_text_as(text, &place, scope, found, true);
        let (base, vars) = (Arc::clone(&self.base), self.vars.clone());
        let mut binder = Binder::new(&base, &vars, &[]);
        let form = template.native().and_then(|tree| binder.bind(tree));
        let decides = condition.native().and_then(|tree| binder.bind(tree));
        let columns = binder.into_columns();
        let (Some(form), Some(decides)) = (form, decides) else {
            return Some(false);
        };
        let batch = Arc::clone(&self.batch);
        let number = Value::from(2.5);
        for (index, row) in batch.rows().enumerate() {
            let cells: Vec<_> = columns.iter().map(|name| row.shape().find(name)).collect();
            let values = [Plain::of(&number).unwrap(), Plain::owned("v\"ar".into())];
            let values = values.map(OnceCell::from);
            let scene = Scene {
                row: Some(row),
                cells: &cells,
                vars: &values,
                outcome: &[],
                frame: None,
                paths: &[],
                looked_up: LookedUp::default(),
            };
            let frame = Frame::on(&base).with("row", row_value(&batch, index));
            if let Err(difference) = self.compare(
                (&template, &form),
                (&condition, &decides),
                &scene,
                &Arc::new(frame),
            ) {
                writeln!(self.report, "{text}\n  {}\n  {difference}", row.json()).unwrap();
            }
        }
        Some(true)
    }

    /// Compares a template on all records; whether it has a plain form.
    fn judge_records(&mut self, text: &str) -> Option<bool> {
        let mut diagnostics = Vec::new();
        let (scope, mut uses) = (&self.scope, Uses::default());
        let place = |range| range;
        let template = Template::compile_text(text, &place, scope, &mut uses, &mut diagnostics);
        if !diagnostics.is_empty() {
            return None;
        }
        let found = (&mut uses, &mut diagnostics);
        let condition = Template::compile_text_as(text, &place, scope, found, true);
        let base = Arc::clone(&self.base);
        let mut binder = Binder::new(&base, &[], &[]);
        let form = template.native().and_then(|tree| binder.bind(tree));
        let decides = condition.native().and_then(|tree| binder.bind(tree));
        let (_, paths) = binder.into_reads();
        let (Some(form), Some(decides)) = (form, decides) else {
            return Some(false);
        };
        for json in RECORDS {
            let record = document::read(serde_json::from_str(json).unwrap()).unwrap();
            let frame = Arc::new(Frame::on(&base).with("product", record));
            let scene = Scene {
                row: None,
                cells: &[],
                vars: &[],
                outcome: &[],
                frame: Some(&frame),
                paths: &paths,
                looked_up: LookedUp::default(),
            };
            if let Err(difference) =
                self.compare((&template, &form), (&condition, &decides), &scene, &frame)
            {
                writeln!(self.report, "{text}\n  {json}\n  {difference}").unwrap();
            }
        }
        Some(true)
    }

    /// Judges all templates. All of them are plain but those with too big a number, there are so many,
    /// and most have a value that is compared.
    fn walk(
        &mut self,
        texts: &BTreeSet<String>,
        judge: fn(&mut Self, &str) -> Option<bool>,
        least: usize,
    ) {
        let (mut plain, mut others) = (0, Vec::new());
        for text in texts {
            match judge(self, text) {
                Some(true) => plain += 1,
                Some(false) if text.contains(BIG) => {}
                Some(false) => others.push(text),
                None => {}
            }
        }
        let report: Vec<&str> = self.report.lines().take(60).collect();
        assert!(report.is_empty(), "\n{}", report.join("\n"));
        assert!(others.is_empty(), "{others:?}");
        assert!(plain > least, "{plain} templates");
        assert!(
            self.compared > self.doubts,
            "{} values compared, {} doubts",
            self.compared,
            self.doubts
        );
    }

    fn compare<'s>(
        &mut self,
        (template, form): (&Template, &'s Bound),
        (condition, decides): (&Template, &'s Bound),
        scene: &Scene<'s>,
        frame: &Arc<Frame>,
    ) -> Result<(), String> {
        let engine = template.value(frame);
        match (form.value(scene), &engine) {
            (Err(Doubt), _) => self.doubts += 1,
            (Ok(ours), Ok(theirs)) => {
                self.compared += 1;
                let value = ours.to_value();
                let is_same = value.kind() == theirs.kind()
                    && value.is_integer() == theirs.is_integer()
                    && text_of(&value) == text_of(theirs);
                if !is_same {
                    return Err(format!("value {value:?}, not {theirs:?}"));
                }
            }
            (Ok(ours), Err(error)) => {
                return Err(format!(
                    "value {:?}, not the error {error}",
                    ours.to_value()
                ));
            }
        }
        match (decides.holds(scene), condition.holds(frame)) {
            (Ok(ours), Ok(theirs)) if ours == theirs => {}
            (Err(Doubt), _) => {}
            (ours, theirs) => return Err(format!("holds {ours:?}, not {theirs:?}")),
        }
        let mut cell = Vec::new();
        match (form.write_cell(scene, &mut cell), engine) {
            (Ok(()), Ok(value)) if refuse_infinite(&value).is_ok() => {
                let mut theirs = Vec::new();
                write_value(&value, &mut theirs);
                if as_text(&cell) != as_text(&theirs) {
                    let texts =
                        [cell, theirs].map(|text| String::from_utf8_lossy(&text).into_owned());
                    return Err(format!("cell {}, not {}", texts[0], texts[1]));
                }
            }
            (Err(Doubt), _) => {}
            (Ok(()), value) => return Err(format!("a cell, not {value:?}")),
        }
        Ok(())
    }
}

/// A cell's text and whether it is a number: escapes may be written in several ways.
fn as_text(cell: &[u8]) -> (bool, String) {
    match serde_json::from_slice::<String>(cell) {
        Ok(text) => (false, text),
        Err(_) => (true, String::from_utf8(cell.to_vec()).unwrap()),
    }
}

#[test]
fn plain_forms_and_the_engine_agree() {
    let mut grid = Grid::new();
    let mut texts: BTreeSet<String> = TEXTS.iter().map(|text| (*text).to_owned()).collect();
    for value in VALUES {
        for form in FORMS {
            texts.insert(format!("{{{{ {} }}}}", form.replace('V', value)));
        }
        for other in VALUES {
            for pair in PAIRS {
                let pair = pair
                    .replace('W', "\u{0}")
                    .replace('V', value)
                    .replace('\u{0}', other);
                texts.insert(format!("{{{{ {pair} }}}}"));
            }
        }
    }
    for value in VALUES {
        for form in SURPLUS {
            grid.judge(&format!("{{{{ {} }}}}", form.replace('V', value)));
        }
    }
    grid.walk(&texts, Grid::judge, 15_000);
}

const RECORDS: [&str; 6] = [
    r#"{"n":7,"price":19.90,"big":12345678901234567890,"e":1e3,"zero":0.00,"neg":-0,"text":"Größe L","esc":"a\"b\n\u00e4","num":"12,5","none":null,"flag":true,"off":false,"empty":"","list":[1,2.50,null,"x",true],"items":[{"name":"A","a":{"b":1.0}},{"name":null},{},{"name":"B"}],"deep":{"x":{"y":"z","n":0.10}},"k.e y":"odd","dup":1,"dup":2}"#,
    r#"{"n":"7","price":"9.90","text":5,"list":"no list","items":[],"deep":[{"x":1}],"esc":"","flag":"true"}"#,
    r#"{"n":-3,"price":0,"zero":1,"list":[[1],{"a":1}],"items":{"name":"M"},"deep":null,"none":1,"empty":" "}"#,
    r#"{"price":1E-7,"big":-12345678901234567890123,"n":9007199254740993,"list":[],"items":[{"name":["x"]},{"name":19.90}]}"#,
    r"{}",
    r#"{"n":3.0,"price":3,"e":3.00,"text":"3","deep":{"x":"text"},"\u006eum":"1"}"#,
];

const OF_RECORDS: [&str; 26] = [
    "product.n",
    "product.price",
    "product.big",
    "product.e",
    "product.zero",
    "product.neg",
    "product.text",
    "product.esc",
    "product.num",
    "product.none",
    "product.flag",
    "product.off",
    "product.empty",
    "product.missing.deeper",
    "product.deep.x.y",
    "product.deep.x.n",
    "product['k.e y']",
    "product.list[1]",
    "product.list[9]",
    "product.items[0].name",
    "product.items[0]['a'].b",
    "product.dup",
    "product.list | join('-')",
    "product.list | join",
    "product.items | map(attribute='name') | join(' > ')",
    "product.items | map(attribute='a.b') | join(',')",
];

#[test]
fn paths_through_records_and_the_engine_agree() {
    let mut grid = Grid::new();
    let mut texts: BTreeSet<String> = BTreeSet::new();
    for value in OF_RECORDS {
        texts.insert(format!("{{{{ {value} }}}}"));
        texts.insert(format!("<{{{{ {value} }}}}>"));
        for form in FORMS {
            texts.insert(format!(
                "{{{{ {} }}}}",
                form.replace('V', &format!("({value})"))
            ));
        }
        for other in OF_RECORDS {
            for pair in PAIRS {
                let pair = pair
                    .replace('W', "\u{0}")
                    .replace('V', &format!("({value})"))
                    .replace('\u{0}', &format!("({other})"));
                texts.insert(format!("{{{{ {pair} }}}}"));
            }
        }
    }
    grid.walk(&texts, Grid::judge_records, 5_000);
}
