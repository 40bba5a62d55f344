use super::*;
use crate::plan::{Plan, load};
use crate::target::parcel::Parcel;

/// A target whose results are these.
fn plan(results: &str) -> Plan {
    let text = format!(
        "version: 1\nname: a\nmode: export\ntarget:\n  batch: {{ rows: 100 }}\n  request: {{ url: \"https://api.example.com/batch\", json: {{ items: \"{{{{ rows }}}}\" }} }}\n  results: {results}\n"
    );
    match load("a.yaml", &text) {
        Ok(loaded) => loaded.plan,
        Err(errors) => panic!("{errors:?}"),
    }
}

/// What elements say of rows with these ids: a letter for each row, and what is odd.
fn judged(results: &str, ids: &[&str], elements: &str) -> (String, RowResults) {
    let plan = plan(results);
    let target = plan.entries[0].target.as_ref().unwrap();
    let parcels = ids.iter().zip(0..).map(|(id, place)| {
        let row = Value::from_pairs([("id", Value::from(*id))]);
        Parcel {
            place,
            frame: Arc::new(Frame::default().with("row", row)),
            item: Value::UNDEFINED,
            group: None,
            refused: None,
        }
    });
    let unit = Unit {
        number: Some(1),
        ..Unit::alone(parcels.clone().next().unwrap())
    };
    let unit = Unit {
        parcels: parcels.collect(),
        ..unit
    };
    let elements = crate::template::json::read(elements).unwrap();
    let elements: Vec<Value> = elements.try_iter().unwrap().collect();
    let matching = Matching {
        plan: target.results.as_ref().unwrap(),
        unit: &unit,
        answers: &[],
        frame: &Arc::default(),
        has_report: true,
        has_list: true,
    };
    let found = matching.verdicts(&elements).unwrap();
    let letters = found.rows.iter().map(|row| match row {
        RowResult::Ok(_) => 'o',
        RowResult::Failed(_) => 'f',
        RowResult::Again(_) => 'a',
        RowResult::Unknown(_) => 'u',
        RowResult::Missing => 'm',
    });
    (letters.collect(), found)
}

const BY_KEY: &str = "{ list: $.items, match: { row: \"{{ row.id }}\", result: \"{{ result.id }}\" }, ok: \"{{ result.ok }}\" }";

#[test]
fn by_position_as_many_results_as_rows_are_needed() {
    let results = "{ list: $.items, match: position, ok: \"{{ result.ok }}\" }";
    let (rows, _) = judged(results, &["1", "2"], r#"[{"ok":true},{"ok":false}]"#);
    assert_eq!(rows, "of");
    let (rows, found) = judged(results, &["1", "2"], r#"[{"ok":true}]"#);
    assert_eq!(rows, "mm");
    assert!(found.mismatch.is_some());
}

#[test]
fn by_key_the_order_does_not_matter_and_strangers_are_counted() {
    let elements = r#"[{"id":"2","ok":false},{"id":1,"ok":true},{"id":"9","ok":true}]"#;
    let (rows, found) = judged(BY_KEY, &["1", "2", "3"], elements);
    assert_eq!(rows, "ofm");
    assert_eq!(found.strays, 1);
    assert!(!found.is_empty);
}

#[test]
fn of_several_results_of_a_row_a_fault_has_the_word() {
    let elements = r#"[{"id":"1","ok":true},{"id":"1","ok":false}]"#;
    let (rows, _) = judged(BY_KEY, &["1"], elements);
    assert_eq!(rows, "f");
}

#[test]
fn a_key_that_is_nothing_is_no_rows() {
    let (rows, _) = judged(BY_KEY, &["", "2"], r#"[{"ok":false},{"id":"","ok":false}]"#);
    assert!(!rows.starts_with('f'), "{rows}");
}

#[test]
fn no_results_say_nothing() {
    let (rows, found) = judged(BY_KEY, &["1"], "[]");
    assert_eq!(rows, "m");
    assert!(found.is_empty);
}
