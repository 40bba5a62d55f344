//! The present and new identifiers. A tape and a test fix both, so that a run asks and makes the same
//! as before; waits then take no time.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use jiff::Timestamp;

/// Milliseconds since 1970, where the present is fixed.
static FIXED: AtomicI64 = AtomicI64::new(i64::MIN);
/// Identifiers made since the present was fixed.
static MADE: AtomicU64 = AtomicU64::new(0);
/// Whether waits take no time.
static HURRIES: AtomicBool = AtomicBool::new(false);

/// Fixes the present for all of the process, and begins the identifiers anew. With `hurries` nothing
/// is waited for: what is waited for has been there already.
pub fn fix(at: Timestamp, hurries: bool) {
    MADE.store(0, Ordering::Relaxed);
    HURRIES.store(hurries, Ordering::Relaxed);
    FIXED.store(at.as_millisecond(), Ordering::Relaxed);
}

/// The present.
pub fn now() -> Timestamp {
    let fixed = FIXED.load(Ordering::Relaxed);
    if fixed == i64::MIN {
        return Timestamp::now();
    }
    Timestamp::from_millisecond(fixed).unwrap_or_else(|_| Timestamp::now())
}

/// Whether waits take no time.
pub fn hurries() -> bool {
    HURRIES.load(Ordering::Relaxed)
}

/// A new identifier; where the present is fixed the next of a row that is always the same.
pub fn uuid() -> uuid::Uuid {
    if FIXED.load(Ordering::Relaxed) == i64::MIN {
        return uuid::Uuid::new_v4();
    }
    let number = MADE.fetch_add(1, Ordering::Relaxed) + 1;
    uuid::Builder::from_random_bytes(u128::from(number).to_be_bytes()).into_uuid()
}
