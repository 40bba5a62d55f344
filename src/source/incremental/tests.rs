use super::*;

fn newest(values: &[Value]) -> Result<Option<serde_json::Value>, String> {
    let newest = Newest::default();
    for value in values {
        newest
            .note_one(None, value.clone())
            .map_err(|error| error.to_string())?;
    }
    Ok(newest.to_keep(&State::default()).all)
}

#[test]
fn the_newest_is_kept_as_it_was_read() {
    let dates = ["2024-05-01", "2024-06-01T00:00:00Z", "2024-05-31"].map(Value::from);
    assert_eq!(newest(&dates), Ok(Some("2024-06-01T00:00:00Z".into())));
    let numbers = [Value::from(9), Value::from("10"), Value::from(9.5)];
    assert_eq!(newest(&numbers), Ok(Some("10".into())));
}

#[test]
fn ids_are_compared_by_all_their_digits() {
    let ids = ["9007199254740993", "9007199254740992"].map(Value::from);
    assert_eq!(newest(&ids), Ok(Some("9007199254740993".into())));
}

#[test]
fn nothing_is_not_newer_than_anything() {
    let values = [Value::from(""), Value::UNDEFINED, Value::from(())];
    assert_eq!(newest(&values), Ok(None));
}

#[test]
fn dates_and_numbers_have_no_order() {
    let mixed = [Value::from("2024-05-01"), Value::from(7)];
    let error = newest(&mixed).unwrap_err();
    assert!(
        error.contains("some values are dates, others numbers"),
        "{error}"
    );
    assert!(newest(&[Value::from("soon")]).is_err());
}
