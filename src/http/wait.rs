//! How long to wait: what a header asks for, and waits that double.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::HeaderMap;

use crate::plan::request::RetryPlan;
use crate::retry::Growing;
use crate::template::DurationValue;

/// From this number on, a header means a point in time: as seconds it would be a wait of years.
const EPOCH_FROM: f64 = 1_000_000_000.0;
/// From this number on, an epoch is in milliseconds.
const MILLISECONDS_FROM: f64 = 100_000_000_000.0;

/// A wait of so many seconds or more is one in milliseconds: no API counts days down in seconds.
const LONG_FROM: f64 = 86_400.0;

/// The wait that the header `name` asks for; where its name ends in `-ms` or `Ms` it counts
/// milliseconds.
pub fn asked_by(name: &str, text: &str) -> Option<Duration> {
    let is_in_milliseconds = ["-ms", "_ms", "Ms", "-millis", "-milliseconds"]
        .iter()
        .any(|end| name.ends_with(end))
        || name.to_ascii_lowercase().ends_with("-ms")
        || name
            .strip_suffix("MS")
            .is_some_and(|start| start.ends_with(char::is_lowercase));
    let number = text.trim().parse::<f64>().ok();
    if let Some(number) = number.filter(|number| is_in_milliseconds && *number < EPOCH_FROM) {
        return Duration::try_from_secs_f64(number.max(0.0) / 1000.0).ok();
    }
    asked(text)
}

/// The wait until a limit is reset, by the header `name`: as `asked_by`, and where it would be longer
/// than a day in seconds it is in milliseconds.
pub fn until_reset(name: &str, text: &str) -> Option<Duration> {
    let number = text.trim().parse::<f64>().ok();
    match number.filter(|number| (LONG_FROM..EPOCH_FROM).contains(number)) {
        Some(number) => Duration::try_from_secs_f64(number / 1000.0).ok(),
        None => asked_by(name, text),
    }
}

/// The wait that a header asks for: seconds, an epoch, or a date.
pub fn asked(text: &str) -> Option<Duration> {
    let text = text.trim();
    let now = SystemTime::now();
    if let Ok(number) = text.parse::<f64>() {
        let since_epoch = now.duration_since(UNIX_EPOCH).ok()?.as_secs_f64();
        let seconds = if number >= MILLISECONDS_FROM {
            number / 1000.0 - since_epoch
        } else if number >= EPOCH_FROM {
            number - since_epoch
        } else {
            number
        };
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    if let Ok(date) = httpdate::parse_http_date(text) {
        return Some(date.duration_since(now).unwrap_or_default());
    }
    if let Some(duration) = DurationValue::parse(text) {
        return Duration::try_from_secs_f64(duration.seconds().max(0.0)).ok();
    }
    let date: jiff::Timestamp = text.parse().ok()?;
    let left = date.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(left).unwrap_or_default())
}

/// The wait before the next attempt; `attempt` counts from 1.
pub fn before_next(retry: &RetryPlan, attempt: u32, headers: Option<&HeaderMap>) -> Duration {
    let from = |name: &str| {
        let value = headers?.get(name)?.to_str().ok()?;
        asked_by(name, value)
    };
    let named = retry.wait_header.as_deref().and_then(from);
    if let Some(asked) = from("retry-after").into_iter().chain(named).max() {
        return asked.min(retry.max_wait);
    }
    let growing = Growing {
        first: retry.wait,
        longest: retry.max_wait,
    };
    growing.jittered_after(attempt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_header_or_its_size_say_milliseconds() {
        let millis = |value| Some(Duration::from_millis(value));
        assert_eq!(asked_by("X-Retry-After-Ms", "2500"), millis(2500));
        assert_eq!(asked_by("x-retry-after-ms", "2500"), millis(2500));
        assert_eq!(asked_by("X-Rate-Limit-ResetMs", "300"), millis(300));
        assert_eq!(asked_by("retry-after-ms", "-5"), Some(Duration::ZERO));
        assert_eq!(asked_by("x-forms", "3"), millis(3000));
        assert_eq!(asked_by("X-FORMS", "3"), millis(3000));
        assert_eq!(asked_by("X-ResetMS", "300"), millis(300));
        assert_eq!(asked_by("retry-after", "100000"), millis(100_000_000));
        assert_eq!(until_reset("x-reset", "90000"), millis(90_000));
        assert_eq!(until_reset("x-reset", "86399"), millis(86_399_000));
        assert_eq!(
            until_reset("X-Rate-Limit-Time-Reset-Ms", "15000"),
            millis(15_000)
        );
        let epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis()
            + 60_000;
        let wait = until_reset("x-reset-ms", &epoch.to_string()).unwrap();
        assert!((57..=60).contains(&wait.as_secs()), "{wait:?}");
    }

    #[test]
    fn headers_ask_in_seconds_epochs_and_dates() {
        assert_eq!(asked("3"), Some(Duration::from_secs(3)));
        assert_eq!(asked("0.5"), Some(Duration::from_millis(500)));
        assert_eq!(asked("-1"), Some(Duration::ZERO));
        assert_eq!(asked("soon"), None);
        assert_eq!(asked("2s"), Some(Duration::from_secs(2)));
        assert_eq!(asked("250ms"), Some(Duration::from_millis(250)));
        let now = SystemTime::now();
        let epoch = now.duration_since(UNIX_EPOCH).unwrap().as_secs() + 60;
        let is_a_minute = |text: &str| {
            let seconds = asked(text).unwrap().as_secs();
            assert!((57..=60).contains(&seconds), "{text}: {seconds}");
        };
        is_a_minute(&epoch.to_string());
        is_a_minute(&(epoch * 1000).to_string());
        is_a_minute(&httpdate::fmt_http_date(now + Duration::from_secs(60)));
        is_a_minute(&(jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60)).to_string());
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
    }
}
