//! Parquet: columns of typed values, read as records and written from rows.

#[cfg(feature = "parquet")]
mod read;
#[cfg(not(feature = "parquet"))]
mod unbuilt;
#[cfg(feature = "parquet")]
mod write;

#[cfg(feature = "parquet")]
pub use read::read;
#[cfg(not(feature = "parquet"))]
pub use unbuilt::read;
#[cfg(not(feature = "parquet"))]
use unbuilt::write;
#[cfg(feature = "parquet")]
use write::write;

use std::path::Path;

use indexmap::IndexMap;
use jiff::civil::Date;

use super::compiler::FormatCompiler;
use super::{FormatKind, Kept, Signs, WriteError, WrittenFormat, WrittenName};
use crate::row::Row;
use crate::spec::file_target::{FileTarget, WrittenParquet};
use crate::spec::places::Placed;
use crate::template::Value;
use crate::template::date::parse_date;

/// How Parquet is told: by its first bytes.
pub const SIGNS: Signs = Signs {
    by_name: |hints, beginning| beginning.starts_with(MAGIC) || hints.ends(&[".parquet"]),
    by_beginning: |_, _| false,
    perhaps: |_, _| false,
    kind: || FormatKind::Parquet,
};

/// How a file begins (Apache Parquet, File Format).
const MAGIC: &[u8] = b"PAR1";

/// The content type of a file (IANA).
pub const CONTENT_TYPE: &str = "application/vnd.apache.parquet";

/// By which ending of its name a file is written so.
pub const WRITTEN: [WrittenName; 1] = [(".parquet", || {
    WrittenFormat::Parquet(WrittenParquetPlan::default())
})];

/// What bytes are instead, where their first ones show it beyond doubt.
pub(super) fn is_instead(start: &[u8]) -> Option<&'static str> {
    if start.starts_with(b"PARE") {
        return Some("Parquet that is encrypted");
    }
    (start.len() >= MAGIC.len() && !start.starts_with(MAGIC)).then_some("something else")
}

/// The type of a column that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Text.
    Text,
    /// A whole number of 64 bits.
    Int,
    /// A number of 64 bits with a fraction.
    Double,
    /// A number with so many digits behind the point, none of which is lost.
    Decimal(u8),
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// An instant, in microseconds.
    Timestamp,
}

/// Digits of a decimal at most: those of 64 bits.
const DIGITS: u8 = 18;

/// A value of a column, as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ColumnValue {
    Text(String),
    /// A whole number, the digits of a decimal, microseconds since 1970.
    Long(i64),
    Double(f64),
    Boolean(bool),
    /// Days since 1970.
    Days(i32),
}

impl ColumnType {
    /// The type of a spec's word: `int`, `decimal(2)`.
    fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "string" => Self::Text,
            "int" => Self::Int,
            "double" => Self::Double,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            other => {
                let digits = other.strip_prefix("decimal(")?.strip_suffix(')')?;
                let digits = digits.trim().parse().ok()?;
                Self::Decimal(Some(digits).filter(|digits| *digits < DIGITS)?)
            }
        })
    }

    /// The value of a text; nothing where there is none, an error where it is of another type.
    pub(super) fn value(self, text: &str) -> Result<Option<ColumnValue>, &'static str> {
        let trimmed = text.trim();
        if self != Self::Text && trimmed.is_empty() {
            return Ok(None);
        }
        let value = match self {
            Self::Text => Some(ColumnValue::Text(text.to_owned())),
            Self::Int => trimmed.parse().ok().map(ColumnValue::Long),
            Self::Double => {
                let number = trimmed.parse::<f64>().ok();
                number
                    .filter(|number| number.is_finite())
                    .map(ColumnValue::Double)
            }
            Self::Decimal(digits) => decimal(trimmed, digits).map(ColumnValue::Long),
            Self::Boolean => match trimmed {
                "true" | "1" => Some(ColumnValue::Boolean(true)),
                "false" | "0" => Some(ColumnValue::Boolean(false)),
                _ => None,
            },
            Self::Date => days_of(trimmed).map(ColumnValue::Days),
            Self::Timestamp => micros_of(trimmed).map(ColumnValue::Long),
        };
        value.map(Some).ok_or(match self {
            Self::Text => "text",
            Self::Int => "a whole number of 64 bits",
            Self::Double => "a number",
            Self::Decimal(_) if is_number(trimmed) => {
                "a number with so few digits: round it first, or write it as double or string"
            }
            Self::Decimal(_) => "a number: to_number reads 1.234,56 and 1,234.56",
            Self::Boolean => "true or false",
            Self::Date | Self::Timestamp => {
                "a date: write it as 2024-01-31, or 2024-01-31T12:00:00Z: date(row.day, '%d.%m.%Y')"
            }
        })
    }
}

/// Whether a text is a number, whatever its digits.
fn is_number(text: &str) -> bool {
    let text = text.trim_start_matches(['-', '+']);
    let has_digits = text.bytes().any(|byte| byte.is_ascii_digit());
    has_digits
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// The day of a text, as it is written there: the zone behind it moves it nowhere. A number is none, but for
/// one of eight digits.
fn days_of(text: &str) -> Option<i32> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let day: Date = if is_digits {
        let (year, rest) = text.split_at_checked(4).filter(|_| text.len() == 8)?;
        format!("{year}-{}-{}", &rest[..2], &rest[2..])
            .parse()
            .ok()?
    } else if let Some(day) = text.get(..10).and_then(|day| day.parse().ok()) {
        // What follows is a time, or it is no date at all.
        let rest = &text[10..];
        let is_time = rest.is_empty() || rest.starts_with(['T', 't', ' ']);
        Some(day).filter(|_| is_time)?
    } else {
        let date = parse_date(&Value::from(text)).ok().flatten()?;
        date.day()
    };
    let days = day.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
    i32::try_from(days).ok()
}

/// The instant of a text, in microseconds since 1970. A number of few digits is none.
fn micros_of(text: &str) -> Option<i64> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits && text.len() < 9 {
        return None;
    }
    if let Some(day) = days_of(text).filter(|_| text.len() == 10 && !is_digits) {
        return Some(i64::from(day) * 86_400_000_000);
    }
    let date = parse_date(&Value::from(text)).ok().flatten()?;
    Some(date.timestamp().as_microsecond())
}

/// The digits of a number with so many behind the point; nothing where some would be lost.
fn decimal(text: &str, digits: u8) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = !(whole.is_empty() && fraction.is_empty());
    if fraction.len() > usize::from(digits) || !are_digits(whole) || !is_number {
        return None;
    }
    let all = format!("{whole}{fraction:0<width$}", width = usize::from(digits));
    let number: i64 = are_digits(&all).then(|| all.parse().ok()).flatten()?;
    let most = 10_i64.pow(u32::from(DIGITS));
    (number < most).then_some(sign * number)
}

/// How Parquet is written.
#[derive(Debug, Default)]
pub struct WrittenParquetPlan {
    /// The types of columns; all others are text.
    types: IndexMap<String, ColumnType>,
}

impl WrittenParquetPlan {
    pub(super) fn compile(parquet: &WrittenParquet, compiler: &mut dyn FormatCompiler) -> Self {
        let mut types = IndexMap::new();
        for (name, word) in parquet.types.iter().flatten() {
            match ColumnType::of_word(word) {
                Some(kind) => {
                    types.insert(name.clone(), kind);
                }
                None => compiler.mistake(
                    word,
                    format!("`{}` is no type of a column", word.value),
                    "types are string, int, double, decimal(2), boolean, date and timestamp",
                ),
            }
        }
        Self { types }
    }

    /// The type of a column.
    #[cfg(feature = "parquet")]
    pub(super) fn kind(&self, column: &str) -> ColumnType {
        self.types.get(column).copied().unwrap_or(ColumnType::Text)
    }

    /// Why a row can't stand in the file: a value is not of its column's type.
    pub(super) fn misfit(&self, row: Row<'_>) -> Option<String> {
        self.types.iter().find_map(|(name, kind)| {
            let cell = row.shape().find(name)?;
            let text = row.text(cell);
            let wanted = kind.value(&text).err()?;
            Some(format!("column `{name}`: {text:?} is not {wanted}"))
        })
    }

    /// Writes rows into the file at `path`. Columns with a type are there without a value too.
    pub fn write(&self, path: &Path, rows: Kept) -> Result<(), WriteError> {
        let mut names = rows.names.clone();
        names.extend(self.types.keys().cloned());
        if names.is_empty() {
            let message = "there is no column, and Parquet has none to write: name some in `types`";
            return Err(WriteError::Row(message.to_owned()));
        }
        write(self, path, &names, rows)
    }

    /// What can be seen before a file's name is worked out.
    pub(super) fn check(at: &Placed<FileTarget>, compiler: &mut dyn FormatCompiler) {
        for (key, said) in [("header", &at.header), ("footer", &at.footer)] {
            if let Some(said) = said {
                let message = format!("`{key}` is text, and Parquet has none around its rows");
                compiler.mistake(said, message, "leave it out");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_types() {
        assert_eq!(
            ColumnType::of_word("decimal(2)"),
            Some(ColumnType::Decimal(2))
        );
        assert_eq!(ColumnType::of_word("int"), Some(ColumnType::Int));
        for wrong in ["decimal", "decimal()", "decimal(18)", "Int", ""] {
            assert_eq!(ColumnType::of_word(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn decimals_lose_no_digit() {
        let of = |text: &str| decimal(text, 2);
        assert_eq!(of("19.9"), Some(1990));
        assert_eq!(of("-0.05"), Some(-5));
        assert_eq!(of("19.9000"), Some(1990));
        assert_eq!(of("+7"), Some(700));
        assert_eq!(of(".5"), Some(50));
        for wrong in [
            "19.905",
            "",
            ".",
            "1e3",
            "1,5",
            "--1",
            "99999999999999999.99",
            "-",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        assert_eq!(of("9999999999999999.9"), Some(999_999_999_999_999_990));
    }

    #[test]
    fn values_are_of_their_type() {
        let value = |kind: ColumnType, text: &str| kind.value(text);
        assert_eq!(value(ColumnType::Int, ""), Ok(None));
        assert_eq!(
            value(ColumnType::Text, ""),
            Ok(Some(ColumnValue::Text(String::new())))
        );
        assert_eq!(
            value(ColumnType::Date, "1970-01-02"),
            Ok(Some(ColumnValue::Days(1)))
        );
        assert_eq!(
            value(ColumnType::Date, "1969-12-31"),
            Ok(Some(ColumnValue::Days(-1)))
        );
        let days = |text: &str| value(ColumnType::Date, text);
        assert_eq!(days("9999-12-31"), Ok(Some(ColumnValue::Days(2_932_896))));
        assert_eq!(days("19700102"), Ok(Some(ColumnValue::Days(1))));
        assert_eq!(
            days("1970-01-02T00:30:00+02:00"),
            Ok(Some(ColumnValue::Days(1)))
        );
        assert_eq!(
            days("Fri, 02 Jan 1970 00:30:00 +0200"),
            Ok(Some(ColumnValue::Days(1)))
        );
        for wrong in ["2024", "45000", "31.12.2024", "2024-01-01x", "20241301"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
        assert!(value(ColumnType::Timestamp, "45000").is_err());
        let micros = Ok(Some(ColumnValue::Long(1_500_000)));
        assert_eq!(
            value(ColumnType::Timestamp, "1970-01-01T00:00:01.5Z"),
            micros
        );
        for (kind, wrong) in [
            (ColumnType::Int, "1.5"),
            (ColumnType::Double, "NaN"),
            (ColumnType::Boolean, "yes"),
            (ColumnType::Date, "soon"),
        ] {
            assert!(value(kind, wrong).is_err(), "{kind:?} {wrong}");
        }
    }
}
