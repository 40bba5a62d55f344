//! Rates: `10/s`, `300/min`, `1000/h`.

use std::time::Duration;

/// Requests are spaced no further: a clock can't be asked about a time a million years away.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// So many requests in so much time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Requests.
    pub count: f64,
    /// In this time.
    pub per: Duration,
}

impl Rate {
    /// Reads a rate.
    pub fn parse(text: &str) -> Option<Self> {
        let (count, per) = text.trim().split_once('/')?;
        let count: f64 = count.trim().parse().ok()?;
        let seconds = match per.trim() {
            "s" | "sec" | "second" => 1,
            "m" | "min" | "minute" => 60,
            "h" | "hour" => 3600,
            "d" | "day" => 86_400,
            _ => return None,
        };
        (count > 0.0 && count.is_finite()).then_some(Self {
            count,
            per: Duration::from_secs(seconds),
        })
    }

    /// The time between two requests that are spaced evenly.
    pub fn spacing(self) -> Duration {
        let spacing = Duration::try_from_secs_f64(self.per.as_secs_f64() / self.count);
        spacing.map_or(LONGEST, |spacing| spacing.min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read() {
        let spacing = |text| Rate::parse(text).map(Rate::spacing);
        assert_eq!(spacing("10/s"), Some(Duration::from_millis(100)));
        assert_eq!(spacing(" 300 / min "), Some(Duration::from_millis(200)));
        assert_eq!(spacing("0.5/s"), Some(Duration::from_secs(2)));
        assert_eq!(spacing("1e-300/s"), Some(LONGEST));
        assert_eq!(spacing("0.0000000001/d"), Some(LONGEST));
        for wrong in ["10", "10/", "/s", "0/s", "-1/s", "ten/s", "10/week"] {
            assert_eq!(spacing(wrong), None, "{wrong}");
        }
    }
}
