//! Rows of Parquet as records.

use std::io::{self, Seek as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row};
use parquet::schema::types::Type;
use serde_json::value::RawValue;

use crate::digest::base64;
use crate::formats::json::double;
use crate::formats::reading::Decoding;
use crate::formats::{PageFindings, ReadError, Sink};
use crate::row::text::write_string;
use crate::template::document;

/// Reads all rows. What stands where is written at the end of a file, so its bytes go to the disk first.
pub fn read(input: Decoding<'_>, sink: &mut Sink<'_>) -> Result<PageFindings, ReadError> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut input.into_read(), &mut file)?;
    file.rewind()?;
    // Bytes that are no Parquet break some of its reader's promises to itself.
    let read = catch_unwind(AssertUnwindSafe(|| read_file(file, sink)));
    read.unwrap_or_else(|_| Err(broken(&"its bytes contradict each other")))
}

fn of_file(error: ParquetError) -> ReadError {
    let reason = error.to_string();
    let reason = reason.strip_prefix("Parquet error: ").unwrap_or(&reason);
    match reason.strip_prefix("Disabled feature at compile time: ") {
        Some(packing) => ReadError::Asked(format!(
            "this Parquet is packed by {packing}, which is not read: write it with snappy, gzip, zstd, lz4 or none"
        )),
        None => broken(&reason),
    }
}

fn broken(reason: &dyn std::fmt::Display) -> ReadError {
    ReadError::Broken {
        format: "Parquet",
        reason: reason.to_string(),
    }
}

fn read_file(file: std::fs::File, sink: &mut Sink<'_>) -> Result<PageFindings, ReadError> {
    let reader = SerializedFileReader::new(file).map_err(of_file)?;
    let schema = reader.metadata().file_metadata().schema();
    if let Some(column) = unread(schema) {
        return Err(ReadError::Asked(format!(
            "column `{column}` of the Parquet file is an interval, which is not read: leave it out of the file"
        )));
    }
    let keys = schema
        .get_fields()
        .iter()
        .map(|field| field.name().to_owned());
    let keys: Vec<String> = keys.collect();
    // Its reader finds columns by their names.
    let twice = keys
        .iter()
        .enumerate()
        .find(|(index, name)| keys[..*index].contains(name));
    if let Some((_, name)) = twice {
        return Err(ReadError::Asked(format!(
            "the Parquet file has two columns called `{name}`, which are not read: give one another name there"
        )));
    }
    let mut text = Vec::new();
    for row in reader.get_row_iter(None).map_err(of_file)? {
        let row = row.map_err(of_file)?;
        text.clear();
        write_row(&row, Some(schema), &mut text);
        let json = String::from_utf8_lossy(&text).into_owned();
        let raw = RawValue::from_string(json).map_err(|error| broken(&error))?;
        sink(document::read(raw).map_err(|error| broken(&error))?)?;
    }
    Ok(PageFindings {
        keys,
        ..PageFindings::default()
    })
}

/// A column of a type that the reader has no value for.
fn unread(schema: &Type) -> Option<String> {
    if schema.is_group() {
        return schema.get_fields().iter().find_map(|field| unread(field));
    }
    let info = schema.get_basic_info();
    (info.converted_type() == ConvertedType::INTERVAL).then(|| info.name().to_owned())
}

/// The elements of a list's schema: those of three levels, and those of two that old writers made.
fn element_of(list: &Type) -> Option<&Type> {
    let repeated = list
        .is_group()
        .then(|| list.get_fields().first())
        .flatten()?;
    if !repeated.is_group() || repeated.get_fields().len() != 1 {
        return Some(repeated);
    }
    let is_element = repeated.name() == "array" || repeated.name().ends_with("_tuple");
    if is_element {
        Some(repeated)
    } else {
        repeated.get_fields().first().map(AsRef::as_ref)
    }
}

/// A row as JSON.
fn write_row(row: &Row, schema: Option<&Type>, out: &mut Vec<u8>) {
    let fields = schema.filter(|schema| schema.is_group());
    let fields = fields.map(Type::get_fields).unwrap_or_default();
    out.push(b'{');
    for (index, (name, field)) in row.get_column_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(name, out);
        out.push(b':');
        write_field(field, fields.get(index).map(AsRef::as_ref), out);
    }
    out.push(b'}');
}

/// A value as JSON: no digit is lost, dates are as ISO 8601 has them.
fn write_field(field: &Field, schema: Option<&Type>, out: &mut Vec<u8>) {
    let info = schema.map(Type::get_basic_info);
    let logical = info.and_then(|info| info.logical_type_ref());
    match field {
        Field::Null => out.extend_from_slice(b"null"),
        Field::Bool(_)
        | Field::Byte(_)
        | Field::Short(_)
        | Field::Int(_)
        | Field::UByte(_)
        | Field::UShort(_)
        | Field::UInt(_)
        | Field::ULong(_)
        | Field::Decimal(_) => out.extend_from_slice(field.to_string().as_bytes()),
        Field::Long(number) => match logical {
            Some(LogicalType::Timestamp(kind)) if kind.unit == TimeUnit::NANOS => {
                let since = SignedDuration::from_nanos(*number);
                write_instant(since, kind.is_adjusted_to_u_t_c, out);
            }
            Some(LogicalType::Time(kind)) if kind.unit == TimeUnit::NANOS => {
                write_time(*number, out);
            }
            _ => out.extend_from_slice(number.to_string().as_bytes()),
        },
        Field::Float16(number) => write_number(f64::from(*number), f32::from(*number), out),
        Field::Float(number) => write_number(f64::from(*number), *number, out),
        Field::Double(number) => write_number(*number, *number, out),
        Field::Str(text) => write_string(text, out),
        Field::Bytes(bytes) => match (logical, std::str::from_utf8(bytes.data())) {
            (Some(LogicalType::Uuid), _) => match uuid::Uuid::from_slice(bytes.data()) {
                Ok(uuid) => write_string(&uuid.to_string(), out),
                Err(_) => write_string(&base64(bytes.data()), out),
            },
            // Old writers do not say that it is text.
            (_, Ok(text)) => write_string(text, out),
            (_, Err(_)) => write_string(&base64(bytes.data()), out),
        },
        Field::Date(days) => {
            match DAY_ONE.checked_add(SignedDuration::from_hours(i64::from(*days) * 24)) {
                Ok(day) => write_string(&day.to_string(), out),
                Err(_) => write_beyond(out),
            }
        }
        Field::TimeMillis(millis) => write_time(i64::from(*millis) * 1_000_000, out),
        Field::TimeMicros(micros) => write_time(micros.saturating_mul(1000), out),
        Field::TimestampMillis(millis) => {
            write_instant(SignedDuration::from_millis(*millis), is_utc(logical), out);
        }
        Field::TimestampMicros(micros) => {
            write_instant(SignedDuration::from_micros(*micros), is_utc(logical), out);
        }
        Field::Group(row) => write_row(row, schema, out),
        Field::ListInternal(list) => {
            let element = schema.and_then(element_of);
            out.push(b'[');
            for (index, field) in list.elements().iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_field(field, element, out);
            }
            out.push(b']');
        }
        Field::MapInternal(map) => {
            let pair = schema.and_then(element_of);
            let of = |at: usize| pair.filter(|pair| pair.is_group())?.get_fields().get(at);
            out.push(b'{');
            for (index, (key, value)) in map.entries().iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                let mut name = Vec::new();
                write_field(key, of(0).map(AsRef::as_ref), &mut name);
                match name.first() {
                    Some(b'"') => out.append(&mut name),
                    _ => write_string(&String::from_utf8_lossy(&name), out),
                }
                out.push(b':');
                write_field(value, of(1).map(AsRef::as_ref), out);
            }
            out.push(b'}');
        }
    }
}

/// Whether instants are those of UTC: those without a logical type are.
fn is_utc(logical: Option<&LogicalType>) -> bool {
    match logical {
        Some(LogicalType::Timestamp(kind)) => kind.is_adjusted_to_u_t_c,
        _ => true,
    }
}

/// A number with the digits that its type has; what is none is nothing.
fn write_number(number: f64, as_it_is: impl serde::Serialize, out: &mut Vec<u8>) {
    out.extend_from_slice(double(number, as_it_is).as_bytes());
}

/// Where days are counted from.
const DAY_ONE: Date = Date::constant(1970, 1, 1);

/// An instant, or what clocks showed at one, so long after the beginning of 1970.
fn write_instant(since: SignedDuration, is_utc: bool, out: &mut Vec<u8>) {
    let start: DateTime = DAY_ONE.at(0, 0, 0, 0);
    match start.checked_add(since) {
        Ok(at) => write_string(&format!("{at}{}", if is_utc { "Z" } else { "" }), out),
        Err(_) => write_beyond(out),
    }
}

/// A date that no calendar here has: told as what it is, so that nothing takes it for an empty cell.
fn write_beyond(out: &mut Vec<u8>) {
    write_string("beyond the year 9999", out);
}

/// A time of day, of nanoseconds since midnight.
fn write_time(nanos: i64, out: &mut Vec<u8>) {
    // A day of 1970 has that time.
    let at = Timestamp::from_nanosecond(i128::from(nanos)).ok();
    let text = at.map(|at| at.to_string()).unwrap_or_default();
    let time = text.split('T').nth(1).unwrap_or_default();
    write_string(time.trim_end_matches('Z'), out);
}
