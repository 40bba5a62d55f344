//! What lookups found, kept for as long as their `cache` says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Kept, State, StateError};
use crate::template::{Value, json};

/// Bytes that are kept of one lookup at most.
pub const BYTES_KEPT: usize = 64 * 1024 * 1024;
/// Keys that are kept of one lookup at most.
pub const KEYS_KEPT: usize = 100_000;

/// What a lookup found.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptLookup {
    /// A hash of what asked: another spec, or other options, begin anew.
    asked: String,
    /// When it was read as a whole, in seconds since 1970; nothing where it is asked by key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read: Option<i64>,
    /// The records of keys.
    found: BTreeMap<String, KeptRecords>,
    /// How many bytes they have.
    #[serde(skip)]
    bytes: usize,
}

/// The records of a key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptRecords {
    /// When they were found, in seconds since 1970.
    at: i64,
    /// As they were read: no digit is lost.
    records: Vec<Box<RawValue>>,
}

impl KeptRecords {
    fn bytes(&self, key: &str) -> usize {
        let records: usize = self.records.iter().map(|record| record.get().len()).sum();
        key.len() + records
    }
}

/// Who asks: a lookup, by what it is known.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// Its name.
    pub lookup: &'a str,
    /// A hash of what it asks by.
    pub asked: &'a str,
}

/// What is still known of a lookup.
#[derive(Debug, Default)]
pub struct Found {
    /// Whether it was read as a whole, and is known as that.
    pub is_whole: bool,
    /// Records, each with its key.
    pub records: Vec<(String, Value)>,
}

impl State {
    /// What runs before found, and no earlier than `since` (seconds since 1970). What is older is forgotten.
    pub fn found(&self, asker: Asker<'_>, since: i64) -> Found {
        let mut kept = self.lock();
        let Some(lookup) = kept.lookups.get_mut(asker.lookup) else {
            return Found::default();
        };
        let is_whole = lookup.read.is_some_and(|read| read >= since);
        if lookup.asked != asker.asked || (lookup.read.is_some() && !is_whole) {
            kept.lookups.remove(asker.lookup);
            return Found::default();
        }
        lookup.found.retain(|_, records| records.at >= since);
        let found = lookup.found.iter();
        lookup.bytes = found.map(|(key, records)| records.bytes(key)).sum();
        let mut all = Found {
            is_whole,
            records: Vec::new(),
        };
        for (key, kept) in &lookup.found {
            // What was written here can be read.
            let records = kept.records.iter().flat_map(|one| json::from_raw(one));
            all.records.extend(records.map(|one| (key.clone(), one)));
        }
        all
    }

    /// Keeps what a lookup found at a time; `is_whole` where that is all there is. Whether there was room.
    pub fn note_found(
        &self,
        asker: Asker<'_>,
        at: i64,
        is_whole: bool,
        found: impl IntoIterator<Item = (String, Vec<Value>)>,
    ) -> bool {
        let mut kept = self.lock();
        let lookup = kept.lookups.entry(asker.lookup.to_owned()).or_default();
        if is_whole || lookup.asked != asker.asked {
            *lookup = KeptLookup::default();
            asker.asked.clone_into(&mut lookup.asked);
        }
        lookup.read = is_whole.then_some(at);
        let mut fits = true;
        for (key, records) in found {
            let records = records.iter().filter_map(|record| {
                let mut text = Vec::new();
                json::write(record, &mut text);
                let text = String::from_utf8(text).ok()?;
                RawValue::from_string(text).ok()
            });
            let records = KeptRecords {
                at,
                records: records.collect(),
            };
            let bytes = records.bytes(&key);
            if lookup.found.len() >= KEYS_KEPT || lookup.bytes + bytes > BYTES_KEPT {
                fits = false;
                break;
            }
            lookup.bytes += bytes;
            lookup.found.insert(key, records);
        }
        // A part of a table is none.
        if is_whole && !fits {
            kept.lookups.remove(asker.lookup);
        }
        kept.is_unsaved = true;
        fits
    }

    /// Forgets lookups that there are no more.
    pub fn forget_lookups_but(&self, known: &[&str]) {
        let mut kept = self.lock();
        kept.lookups
            .retain(|name, _| known.contains(&name.as_str()));
    }

    /// Writes what lookups found, where it is not written yet.
    pub fn keep_found(&self) -> Result<(), StateError> {
        let mut kept = self.lock();
        if !std::mem::take(&mut kept.is_unsaved) {
            return Ok(());
        }
        let kept: &Kept = &kept;
        self.save(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::super::StatePlace;
    use super::*;

    const BRAND: Asker<'_> = Asker {
        lookup: "brand",
        asked: "1",
    };

    fn state(bytes: Option<&[u8]>) -> State {
        State::of(StatePlace::Bucket("state.json".to_owned()), bytes, "shop").unwrap()
    }

    fn shown(found: &Found) -> Vec<String> {
        let records = found.records.iter();
        let text = |value: &Value| {
            let mut text = Vec::new();
            json::write(value, &mut text);
            String::from_utf8(text).unwrap()
        };
        let mut shown: Vec<String> = records
            .map(|(key, value)| format!("{key}: {}", text(value)))
            .collect();
        if found.is_whole {
            shown.insert(0, "whole".to_owned());
        }
        shown
    }

    fn record(text: &str) -> Value {
        json::read(text).unwrap()
    }

    #[test]
    fn what_was_found_is_kept_as_it_was_read_until_it_is_too_old() {
        let before = state(None);
        let found = [
            ("a".to_owned(), vec![record(r#"{"p":19.90}"#)]),
            ("b".to_owned(), vec![record("1"), record("2")]),
        ];
        assert!(before.note_found(BRAND, 100, false, found));
        let later = [("c".to_owned(), vec![record("{}")])];
        assert!(before.note_found(BRAND, 200, false, later));
        before.keep_found().unwrap();
        let (_, bytes) = before.take_unsaved().unwrap();
        let after = state(Some(&bytes));
        let all = ["a: {\"p\":19.90}", "b: 1", "b: 2", "c: {}"];
        assert_eq!(shown(&after.found(BRAND, 100)), all);
        assert_eq!(shown(&after.found(BRAND, 101)), ["c: {}"]);
        // What is too old is forgotten.
        assert_eq!(shown(&after.found(BRAND, 0)), ["c: {}"]);
        let other = Asker {
            asked: "2",
            ..BRAND
        };
        assert!(shown(&after.found(other, 0)).is_empty());
        assert!(shown(&after.found(BRAND, 0)).is_empty());
    }

    #[test]
    fn a_table_is_kept_whole_or_not_at_all() {
        let state = state(None);
        let table = || [("a".to_owned(), vec![record("1")])];
        assert!(state.note_found(BRAND, 100, true, table()));
        assert_eq!(shown(&state.found(BRAND, 100)), ["whole", "a: 1"]);
        assert!(shown(&state.found(BRAND, 101)).is_empty());
        let many = (0..=KEYS_KEPT).map(|key| (key.to_string(), vec![record("1")]));
        assert!(!state.note_found(BRAND, 100, true, many));
        assert!(shown(&state.found(BRAND, 0)).is_empty());
    }
}
