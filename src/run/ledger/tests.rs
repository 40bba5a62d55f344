use super::*;
use crate::columns::{Finished, Outcome, Status};
use crate::row::Scanner;

/// So many rows, of which none is known.
fn add(ledger: &mut Ledger, count: usize) -> u64 {
    let rows = vec![r#"{"id":"1"}"#; count].join(",");
    let batch = Scanner::default().rows(format!("[{rows}]").into_bytes());
    let batch = Arc::new(batch.unwrap());
    let chunk = Chunk {
        rows: Finished::Batch(Arc::clone(&batch)),
        outcomes: vec![Outcome::ok(); count],
        frames: Vec::new(),
    };
    ledger.add(chunk, batch, vec![false; count])
}

fn note(ledger: &mut Ledger, place: u64, status: Status) {
    ledger.note(RowOutcome {
        place,
        outcome: Outcome::of(status, String::new()),
        answers: None,
    });
}

/// The statuses of the next rows that can be told; they are told then.
fn tell(ledger: &mut Ledger) -> Vec<Status> {
    let Some((open, due)) = ledger.due() else {
        return Vec::new();
    };
    let told = open.chunk.outcomes[due.clone()].iter();
    let told = told.map(|outcome| outcome.status).collect();
    ledger.is_told(due.end);
    told
}

#[test]
fn rows_are_told_in_their_order_however_they_come_to_be_known() {
    let mut ledger = Ledger::default();
    assert_eq!(add(&mut ledger, 2), 0);
    assert_eq!(add(&mut ledger, 1), 2);
    note(&mut ledger, 2, Status::Failed);
    note(&mut ledger, 1, Status::Unknown);
    assert_eq!(tell(&mut ledger), []);
    assert_eq!(ledger.oldest(), 0);
    note(&mut ledger, 0, Status::Ok);
    assert_eq!(tell(&mut ledger), [Status::Ok, Status::Unknown]);
    assert_eq!(ledger.oldest(), 2);
    assert_eq!(tell(&mut ledger), [Status::Failed]);
    assert_eq!(ledger.oldest(), 3);
    assert!(ledger.rest().is_none());
}

#[test]
fn a_row_that_is_told_is_not_told_again() {
    let mut ledger = Ledger::default();
    add(&mut ledger, 3);
    note(&mut ledger, 0, Status::Ok);
    assert_eq!(tell(&mut ledger), [Status::Ok]);
    assert_eq!(tell(&mut ledger), []);
    note(&mut ledger, 1, Status::Ok);
    assert_eq!(tell(&mut ledger), [Status::Ok]);
}

#[test]
fn at_the_end_what_is_known_behind_a_gap_is_left_to_tell() {
    let mut ledger = Ledger::default();
    add(&mut ledger, 3);
    note(&mut ledger, 0, Status::Ok);
    note(&mut ledger, 2, Status::Failed);
    assert_eq!(tell(&mut ledger), [Status::Ok]);
    let (_, known) = ledger.rest().unwrap();
    assert_eq!(known, [2]);
    assert!(ledger.rest().is_none());
}

#[test]
fn a_place_that_nobody_has_is_passed_over() {
    let mut ledger = Ledger::default();
    add(&mut ledger, 1);
    note(&mut ledger, 7, Status::Failed);
    assert!(ledger.find(7).is_none());
    assert_eq!(ledger.find(0).unwrap().1, 0);
}
