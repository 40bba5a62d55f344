//! Layouts write what the long way writes.

use super::*;
use crate::plan::{OptionValues, load};

/// Rows of several shapes, with everything that may have to be told apart.
const ROWS: &str = r#"[{"id":"1","title":"A \"b\"","price":"9.90","tmp":"x"},
    {"id":"2","title":"B","price":"","tmp":"y"},{"title":"C","id":"3"},{},[],
    { "price" : "1", "id" : 4, "title" : null , "n" : {"a":[1]} },
    {"id":"5","id":"6","title":"\u00e4\/"},{"price":"x","id":"7"},{"old":"1","new":"2","id":"8"}]"#;

const MAPPINGS: [&str; 12] = [
    "",
    "columns: { copy: \"{{ row.title }}\" }",
    "columns: { title: \"{{ row.id }}: {{ row.title }}\", n: 1.50, e: \"\" }",
    "columns: { id: \"{{ row.id | int + 1 }}\", \"price\": \"{{ row.price | to_number }}\" }\non_error: keep",
    "keep: none\ncolumns: { b: \"{{ row.title }}\", a: x }",
    "keep: [id, \"t*\"]\ncolumns: { price: \"{{ row.price or none }}\" }",
    "drop: [tmp, \"pri*\"]\nrename: { title: name }",
    "rename: { \"*i*\": \"*1*\" }\ncolumns: { zip: \"{{ row.id }}\" }\non_error: keep",
    "rename: { old: new }\non_error: keep",
    "columns: { list: \"{{ [row.id, row.title] }}\", title: \"{{ row.title.upper() }}\" }",
    "columns: { \"m_*\": \"{{ { row.id: 1 } }}\", late: \"{{ row.late }}\" }",
    "columns: { drop_me: \"{{ row.price | to_number / 0 }}\" }\ndrop: [drop_me]\non_error: keep",
];

/// A cell: its name, its text, and whether it is a string. How it is escaped, and the white
/// space around it, may differ.
type Cell = (String, String, bool);

/// What a mapping makes of the rows: rows and errors.
fn mapped(mapping: &str, has_layouts: bool) -> (Vec<Vec<Cell>>, Vec<String>) {
    let spec = format!("version: 1\nname: x\nmode: data-service\n{mapping}\n");
    let plan = load("x.yaml", &spec)
        .unwrap_or_else(|errors| panic!("{errors}"))
        .plan;
    let options = OptionValues::default().to_value();
    let base = Arc::new(Frame::default().with("options", options));
    let mut mapper = Mapper::new(Arc::new(plan), &base, &Spare::default()).unwrap();
    let batch = Arc::new(Scanner::default().rows(ROWS.as_bytes().to_vec()).unwrap());
    let mapped = if has_layouts {
        mapper.map_batch(&batch).unwrap()
    } else {
        let rules = Arc::clone(&mapper.rules);
        let frames = &BatchFrames::new(&rules.base, &batch, false);
        for (index, row) in batch.rows().enumerate() {
            let cells = mapper.fits.of(&rules, row.shape()).cells.clone();
            let layout = None;
            let input = Input::Row { row, index, frames };
            mapper.map(&rules, &input, &Fit { cells, layout }).unwrap();
        }
        mapper.finish().unwrap()
    };
    let cells = |row: Row<'_>| {
        let cell = |cell: usize| {
            let is_string = row.raw_string(cell).is_some();
            (
                row.name(cell).to_owned(),
                row.text(cell).into_owned(),
                is_string,
            )
        };
        (0..row.len()).map(cell).collect()
    };
    let batches = mapped
        .chunks
        .iter()
        .map(|chunk| chunk.rows.batch().unwrap());
    let rows = batches.flat_map(|batch| batch.rows().map(cells).collect::<Vec<_>>());
    let errors = mapped.errors.iter().map(ToString::to_string);
    (rows.collect(), errors.collect())
}

#[test]
fn layouts_write_what_the_long_way_writes() {
    for mapping in MAPPINGS {
        let (rows, errors) = mapped(mapping, true);
        assert_eq!(rows.len(), 9, "{mapping}");
        assert_eq!((rows, errors), mapped(mapping, false), "{mapping}");
    }
}
