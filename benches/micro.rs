//! The parts of the row path, one by one: `cargo bench --bench micro`.

#![allow(clippy::expect_used, reason = "a bench ends where it can't go on")]

use std::sync::Arc;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use runner::columns::Mapper;
use runner::plan::{OptionValues, load};
use runner::row::{Batch, Scanner, Spare, row_value};
use runner::template::native::{Binder, LookedUp, Scene};
use runner::template::scope::{Name, Scope};
use runner::template::{Frame, Template, Uses};

#[path = "end_to_end/feed.rs"]
#[allow(dead_code, reason = "the other bench uses all of it")]
mod feed;

use feed::{BATCH, Feed, Writing};

fn main() {
    divan::main();
}

fn answer(writing: Writing) -> Vec<u8> {
    Feed::new(BATCH, writing).answer(0).to_vec()
}

fn batch() -> Arc<Batch> {
    let batch = Scanner::default().answer(answer(Writing::Plain));
    Arc::new(batch.expect("the feed is JSON"))
}

/// Bytes to cells, a batch of 999 rows.
#[divan::bench(args = [Writing::Plain, Writing::Php])]
fn scan(bencher: Bencher, writing: Writing) {
    let answer = answer(writing);
    let spare = Spare::default();
    let mut scanner = Scanner::new(spare.clone());
    bencher
        .counter(BytesCount::new(answer.len()))
        .bench_local(|| {
            let mut bytes = spare.bytes(answer.len() + 128);
            bytes.extend_from_slice(&answer);
            scanner.answer(bytes).map(|batch| black_box(batch.len()))
        });
}

const TEMPLATES: [&str; 6] = [
    "{{ row.title }}",
    "{{ row.brand }} {{ row.title }}",
    "{{ 'yes' if row.stock | int > 5 else 'no' }}",
    "{{ (row.price | to_number * 1.19) | round(2) }}",
    "{{ row.title | slugify }}",
    "{{ row.description | strip_tags | truncate(60) }}",
];

fn compile(text: &str) -> Template {
    let scope = Scope::default().with("row", Name::Row);
    let (mut uses, mut mistakes) = (Uses::default(), Vec::new());
    let template = Template::compile_text(text, &|range| range, &scope, &mut uses, &mut mistakes);
    assert!(mistakes.is_empty(), "{text} has a mistake");
    template
}

/// A template for 999 rows without the engine.
#[divan::bench(args = TEMPLATES)]
fn template_plain(bencher: Bencher, text: &str) {
    let (template, batch) = (compile(text), batch());
    let base = Arc::new(Frame::default());
    let mut binder = Binder::new(&base, &[], &[]);
    let form = template.native().and_then(|tree| binder.bind(tree));
    let form = form.expect("a plain form");
    let columns = binder.into_columns();
    let shape = batch.row(0).shape();
    let cells: Vec<_> = columns.iter().map(|name| shape.find(name)).collect();
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        for row in batch.rows() {
            out.clear();
            let scene = Scene {
                row: Some(row),
                cells: &cells,
                vars: &[],
                outcome: &[],
                frame: None,
                paths: &[],
                looked_up: LookedUp::default(),
            };
            let written = form.write_cell(&scene, &mut out);
            assert!(written.is_ok(), "no doubt in this feed");
            black_box(&out);
        }
    });
}

/// The same by the engine.
#[divan::bench(args = TEMPLATES)]
fn template_engine(bencher: Bencher, text: &str) {
    let (template, batch) = (compile(text), batch());
    let base = Arc::new(Frame::default());
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        for index in 0..batch.len() {
            let frame = Frame::on(&base).with("row", row_value(&batch, index));
            black_box(template.value(&Arc::new(frame)).is_ok());
        }
    });
}

/// Cells to a body, 999 rows.
#[divan::bench(args = ["copy", "light", "heavy", "filter"])]
fn map(bencher: Bencher, spec: &str) {
    let file = format!("{}/benches/specs/{spec}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).expect("a spec");
    let Ok(loaded) = load(&file, &text) else {
        panic!("{file} has a mistake");
    };
    let options = OptionValues::default().to_value();
    let base = Arc::new(Frame::default().with("options", options));
    let mapper = Mapper::new(Arc::new(loaded.plan), &base, &Spare::default());
    let mut mapper = mapper.expect("columns without options");
    let batch = batch();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let mapped = mapper.map_batch(&batch);
        assert!(mapped.is_ok(), "the feed has no row that fails");
    });
}
