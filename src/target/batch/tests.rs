use super::*;
use crate::plan::target::ByPlan;
use crate::spec::Mode;
use crate::template::{Frame, Template, Value};

fn plan(rows: usize, bytes: Option<u64>, groups: Option<Groups>) -> BatchPlan {
    BatchPlan {
        rows,
        bytes,
        by: groups.map(|groups| ByPlan {
            value: Template::constant(Value::UNDEFINED),
            groups,
        }),
    }
}

fn batcher(plan: &BatchPlan) -> Batcher<'_> {
    Batcher::new(plan, Arc::new(Counters::new(Mode::Export, false)))
}

fn parcel(place: u64) -> Parcel {
    Parcel {
        place,
        frame: Arc::<Frame>::default(),
        item: Value::UNDEFINED,
        group: None,
        refused: None,
    }
}

/// The number of each batch and the places of its rows.
fn shown(units: Vec<Unit>) -> Vec<(u64, Vec<u64>)> {
    let places = |unit: &Unit| unit.parcels.iter().map(|parcel| parcel.place).collect();
    let units = units.iter();
    units
        .map(|unit| (unit.number.unwrap(), places(unit)))
        .collect()
}

#[test]
fn a_batch_is_due_when_it_has_its_rows() {
    let plan = plan(2, None, None);
    let mut batcher = batcher(&plan);
    assert_eq!(batcher.place(""), (1, 0));
    assert_eq!(shown(batcher.push("", parcel(0), 0).due), vec![]);
    assert_eq!(batcher.place(""), (1, 1));
    assert_eq!(
        shown(batcher.push("", parcel(1), 0).due),
        vec![(1, vec![0, 1])]
    );
    assert_eq!(shown(batcher.push("", parcel(2), 0).due), vec![]);
    assert_eq!(shown(batcher.flush()), vec![(2, vec![2])]);
    assert_eq!(shown(batcher.flush()), vec![]);
}

#[test]
fn bytes_close_a_batch_before_the_row_that_has_no_room() {
    let plan = plan(100, Some(10), None);
    let mut batcher = batcher(&plan);
    // One that is too large for any batch goes alone.
    assert!(batcher.has_room("", 99));
    batcher.push("", parcel(0), 6);
    assert!(batcher.has_room("", 4));
    assert!(!batcher.has_room("", 5));
    let closed = batcher.close("").into_iter().collect();
    assert_eq!(shown(closed), vec![(1, vec![0])]);
    assert!(batcher.close("").is_none());
}

#[test]
fn rows_of_one_value_go_together_and_are_cut_where_that_is_said() {
    let plan = plan(2, None, Some(Groups::Cut));
    let mut batcher = batcher(&plan);
    batcher.push("a", parcel(0), 0);
    batcher.push("b", parcel(1), 0);
    let due = batcher.push("a", parcel(2), 0).due;
    assert_eq!(shown(due), vec![(1, vec![0, 2])]);
    batcher.push("a", parcel(3), 0);
    assert_eq!(shown(batcher.flush()), vec![(2, vec![1]), (3, vec![3])]);
}

#[test]
fn a_group_that_is_larger_than_a_batch_is_refused_whole() {
    let plan = plan(2, None, Some(Groups::Alone));
    let mut batcher = batcher(&plan);
    batcher.push("a", parcel(0), 0);
    batcher.push("a", parcel(1), 0);
    let refused = batcher.push("a", parcel(2), 0).refused;
    let places: Vec<u64> = refused.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [0, 1, 2]);
    assert!(
        refused[0].1.contains("it has more than 2 rows"),
        "{}",
        refused[0].1
    );
    // And so is what comes later.
    assert_eq!(batcher.push("a", parcel(3), 0).refused.len(), 1);
    assert_eq!(shown(batcher.flush()), vec![]);
}

#[test]
fn whole_groups_share_a_batch_as_long_as_there_is_room() {
    let plan = plan(3, None, Some(Groups::Packed));
    let mut batcher = batcher(&plan);
    for (place, by) in [(0, "a"), (1, "b"), (2, "a"), (3, "b")] {
        assert!(batcher.push(by, parcel(place), 0).due.is_empty());
    }
    assert_eq!(
        shown(batcher.flush()),
        vec![(1, vec![0, 2]), (2, vec![1, 3])]
    );
}

#[test]
fn a_group_that_waits_too_far_behind_goes_out() {
    let plan = plan(100, None, Some(Groups::Alone));
    let mut batcher = batcher(&plan);
    batcher.push("a", parcel(0), 0);
    let due = batcher.push("b", parcel(BEHIND), 0).due;
    assert_eq!(shown(due), vec![(1, vec![0])]);
    let late = batcher.push("a", parcel(BEHIND + 1), 0).refused;
    assert!(late[0].1.contains("sort the rows by it"), "{}", late[0].1);
}
