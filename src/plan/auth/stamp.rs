//! `timestamp` and `nonce`: the time of a request that is signed, and a text that no other has.

use std::sync::Arc;

use minijinja::Value;

use crate::clock;
use crate::template::Frame;

/// The time and the text of one request.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// Seconds since 1970.
    pub timestamp: i64,
    /// 32 hexadecimal digits.
    pub nonce: String,
}

impl Stamp {
    /// How templates call them.
    pub const NAMES: [&'static str; 2] = ["timestamp", "nonce"];

    /// That of now.
    pub fn of_now() -> Self {
        Self {
            timestamp: clock::now().as_second(),
            nonce: clock::uuid().simple().to_string(),
        }
    }

    /// A frame that has one: that which the request was rendered with, else a new one.
    pub(super) fn over(frame: &Arc<Frame>) -> Arc<Frame> {
        let Self { timestamp, nonce } = Self::of_now();
        let values = [Value::from(timestamp), Value::from(nonce)];
        let mut seen = Frame::on(frame);
        for (name, value) in Self::NAMES.into_iter().zip(values) {
            if frame.get(name).is_none() {
                seen.set(name, value);
            }
        }
        Arc::new(seen)
    }
}
