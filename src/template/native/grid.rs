//! Every plain form against the engine: the same value, of the same kind, or a doubt.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use super::{Binder, Bound, Doubt, LookedUp, Plain, Scene};
use crate::columns::{refuse_infinite, write_value};
use crate::row::{Batch, Scanner, row_value};
use crate::template::scope::{Field, Name, Scope};
use crate::template::{Frame, Template, Uses, Value, document, text_of};

/// Rows with everything that cells may hold, and without some of it.
const ROWS: &str = r#"[
    {"a":"Trail shoe","b":"trail shoe","empty":"","whole":"12","real":"19.90","comma":"1.234,56",
     "neg":"-3","big":"123456789012345678901234567890","money":"12.99 EUR","html":"<p>A &amp; <b>B</b></p>",
     "uni":"Größe \u00c4 😀","esc":"say \"hi\"\\\/\n","space":"  x y  ","date":"2026-11-24","zero":"0","half":"\ud83d","other":"\uDE00!"},
    {"a":"","b":"B","whole":"0012","real":"1e3","neg":"- 3","big":"1e400","money":"€ 1,50","html":"a < b",
     "uni":"\u00e4\ud83d\ude00","esc":"\u0022\t","space":"\u00a0x\u00a0","date":"0000-00-00","zero":"0.0"},
    {"a":"12","b":"12","whole":12,"real":19.90,"neg":true,"big":null,"money":[1,2],"html":{"a":"b"},
     "uni":"ẞ","esc":"\\","space":" ","date":"no date","zero":false},
    {"a":"first","a":"second","b":"SECOND","whole":"3","real":".5","neg":"+1","money":"x"},
    {}
]"#;

/// A whole number that only the engine has room for.
const BIG: &str = "340282366920938463463374607431768211455";

/// Values that forms are built on.
const VALUES: &[&str] = &[
    "row.a",
    "row['b']",
    "row.empty",
    "row.missing",
    "row.whole",
    "row.real",
    "row.comma",
    "row.neg",
    "row.big",
    "row.money",
    "row.html",
    "row.uni",
    "row.esc",
    "row.space",
    "row.date",
    "row.zero",
    "row.half",
    "(row.half ~ row.other)",
    BIG,
    "row[options.COLUMN]",
    "row[options.NONE]",
    "options.TEXT",
    "options.NONE",
    "options.FLAG",
    "vars.number",
    "vars.text",
    "change",
    "'text'",
    "''",
    "12",
    "1.5",
    "-2",
    "0",
    "true",
    "none",
    "(row.whole | int)",
    "(row.real | to_number(0))",
    "(row.a ~ row.b)",
];

/// What is done with one value.
const FORMS: &[&str] = &[
    "V",
    "V | default('x')",
    "V | default(row.b, true)",
    "V | default",
    "V | upper",
    "V | lower",
    "V | trim",
    "V | trim('x')",
    "V | replace('a', 'bb')",
    "V | replace('', '-')",
    "V | replace('l s', '')",
    "V | replace(1, 2)",
    "V | truncate(3)",
    "V | truncate(5, '…')",
    "V | truncate(n=4, end='...')",
    "V | truncate(0)",
    "V | strip_tags",
    "V | slugify",
    "V | to_number",
    "V | to_number(7)",
    "V | to_number(decimal=',')",
    "V | int",
    "V | int(0)",
    "V | float",
    "V | float(default=1)",
    "V | to_number | round",
    "V | to_number | round(1)",
    "V | to_number | abs",
    "V | to_number | number('1.234,56')",
    "V | number('1')",
    "V | money",
    "V | money(3)",
    "V | string",
    "V | length",
    "V | count",
    "V | urlencode",
    "V | base64",
    "V | hash",
    "V | hash('md5')",
    "V | date",
    "V | date('%Y', tz='Europe/Berlin')",
    "V | regex_search('[0-9]+')",
    "V | regex_search('(.)(.)', 2)",
    "V | regex_replace('[aeiou]', '<$0>')",
    "V | regex_replace('x*', '-')",
    "V is none",
    "V is defined",
    "not V",
    "V and row.b",
    "V or row.b",
    "V or none",
    "'yes' if V else 'no'",
    "'yes' if V",
    "V in ['12', 'first', 12, true]",
    "V not in ['text', row.a]",
    "V in row.a",
    "'r' in V",
    "V ~ '/' ~ V",
    "-V",
    "(V ~ 'x') | upper",
    "V | int if V else V",
    // Arguments and items that are errors in some rows, needed or not.
    "V in ['12', row.b | int]",
    "V not in ['first', row.a | to_number, 12]",
    "V | truncate(row.b | int)",
    "V | replace(row.a, row.b)",
    "V | default(row.b | int)",
    "V | regex_replace(row.a, 'x')",
];

/// More arguments than there are: errors, which are the engine's.
const SURPLUS: &[&str] = &[
    "V | slugify('x')",
    "V | strip_tags(1)",
    "V | urlencode(1)",
    "V | base64('x')",
    "V | string(1)",
    "V | upper(1)",
    "V | length(1)",
    "V | hash('md5', 1)",
    "V | truncate(3, '.', 9)",
    "V | int(0, 1)",
    "V | float(0, 1)",
    "V | to_number(0, '.', 1)",
    "V | default('x', true, 1)",
    "V | money(2, 3)",
    "V | number('1', 2)",
    "V | date('%Y', 'UTC', 1)",
    "V | round(1, 'floor')",
    "V | replace('a', 'b', 1)",
];

/// What is done with two.
const PAIRS: &[&str] = &[
    "V == W",
    "V != W",
    "V < W",
    "V <= W",
    "V > W",
    "V >= W",
    "V + W",
    "V - W",
    "V * W",
    "V / W",
    "V // W",
    "V % W",
    "V ** W",
    "V ~ W",
    "V and W",
    "V or W",
    "V in W",
    "V < W < 100",
];

/// Text with templates in it.
const TEXTS: &[&str] = &[
    "{{ row.a }} and {{ row.b }}",
    "\"{{ row.esc }}\"\n",
    "{{ row.missing }}-{{ row.uni }}",
    "a {% if row.a %}{{ row.a }}!{% else %}none{% endif %} z",
    "{% if row.whole | int(0) > 3 %}many{% elif row.whole %}few{% endif %}",
    "{{ row.whole | int(0) * 2 }} pieces, {{ row.a is none }}",
    "{{ row.real | to_number(0) / 3 }}",
    "{{ row.money }}{{ options.TEXT }}{{ change }}",
    "{{ row.half }}{{ row.other }}",
];

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
