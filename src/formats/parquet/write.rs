//! Rows as Parquet: a column of values at a time, in groups of rows that memory holds.

use std::path::Path;
use std::sync::Arc;

use indexmap::IndexSet;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::{ColumnType, ColumnValue, DIGITS, WrittenParquetPlan};
use crate::formats::WriteError;
use crate::formats::cells::{Cells, Kept};

/// Rows of a group at most.
const ROWS: usize = 50_000;
/// Bytes of text of a group, from which on it ends.
const BYTES: usize = 16 * 1024 * 1024;

type Column = Vec<Option<ColumnValue>>;

/// Writes rows with these columns into the file at `path`.
pub fn write(
    plan: &WrittenParquetPlan,
    path: &Path,
    names: &IndexSet<String>,
    mut rows: Kept,
) -> Result<(), WriteError> {
    let kinds: Vec<ColumnType> = names.iter().map(|name| plan.kind(name)).collect();
    let schema = schema(names, &kinds).map_err(broken)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by("runner".to_owned())
        .build();
    let file = std::fs::File::create(path)?;
    let writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties));
    let mut writer = writer.map_err(broken)?;
    let mut columns: Vec<Column> = names.iter().map(|_| Column::new()).collect();
    let mut bytes = 0;
    let mut cells = Cells::new(names);
    while let Some(batch) = rows.next_batch()? {
        for row in batch.rows() {
            for ((place, column), kind) in cells.of(row).iter().zip(&mut columns).zip(&kinds) {
                let text = place.map(|cell| row.text(cell));
                bytes += text.as_deref().map_or(0, str::len) + size_of::<Option<ColumnValue>>();
                // What does not fit has failed before.
                let value = text.and_then(|text| kind.value(&text).ok().flatten());
                column.push(value);
            }
            let is_full = columns.first().is_some_and(|first| first.len() >= ROWS);
            if is_full || bytes >= BYTES {
                write_group(&mut writer, &kinds, &mut columns)?;
                bytes = 0;
            }
        }
    }
    write_group(&mut writer, &kinds, &mut columns)?;
    writer.close().map_err(broken)?;
    Ok(())
}

fn broken(error: ParquetError) -> WriteError {
    WriteError::Row(format!("parquet: {error}"))
}

fn schema(names: &IndexSet<String>, kinds: &[ColumnType]) -> Result<Type, ParquetError> {
    let fields = names.iter().zip(kinds).map(|(name, kind)| {
        let (physical, logical) = match kind {
            ColumnType::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            ColumnType::Int => (Physical::INT64, None),
            ColumnType::Double => (Physical::DOUBLE, None),
            ColumnType::Decimal(scale) => {
                let kind = LogicalType::decimal(i32::from(*scale), i32::from(DIGITS));
                (Physical::INT64, Some(kind))
            }
            ColumnType::Boolean => (Physical::BOOLEAN, None),
            ColumnType::Date => (Physical::INT32, Some(LogicalType::Date)),
            ColumnType::Timestamp => {
                let kind = LogicalType::timestamp(true, TimeUnit::MICROS);
                (Physical::INT64, Some(kind))
            }
        };
        let mut field = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        if let ColumnType::Decimal(scale) = kind {
            field = field
                .with_precision(i32::from(DIGITS))
                .with_scale(i32::from(*scale));
        }
        field.build().map(Arc::new)
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder("rows").with_fields(fields).build()
}

/// Writes what is held as a group of rows; no group without rows.
fn write_group(
    writer: &mut SerializedFileWriter<std::fs::File>,
    kinds: &[ColumnType],
    columns: &mut [Column],
) -> Result<(), WriteError> {
    if columns.first().is_none_or(Vec::is_empty) {
        return Ok(());
    }
    let mut group = writer.next_row_group().map_err(broken)?;
    for (column, kind) in columns.iter_mut().zip(kinds) {
        if let Some(mut to) = group.next_column().map_err(broken)? {
            write_column(&mut to, *kind, std::mem::take(column)).map_err(broken)?;
            to.close().map_err(broken)?;
        }
    }
    group.close().map_err(broken)?;
    Ok(())
}

fn write_column(
    to: &mut SerializedColumnWriter<'_>,
    kind: ColumnType,
    column: Column,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = column
        .iter()
        .map(|value| i16::from(value.is_some()))
        .collect();
    let values = column.into_iter().flatten();
    match kind {
        ColumnType::Text => {
            write_values::<ByteArrayType>(to, &levels, values, |value| match value {
                ColumnValue::Text(text) => Some(ByteArray::from(text.into_bytes())),
                _ => None,
            })
        }
        ColumnType::Int | ColumnType::Decimal(_) | ColumnType::Timestamp => {
            write_values::<Int64Type>(to, &levels, values, |value| match value {
                ColumnValue::Long(number) => Some(number),
                _ => None,
            })
        }
        ColumnType::Double => {
            write_values::<DoubleType>(to, &levels, values, |value| match value {
                ColumnValue::Double(number) => Some(number),
                _ => None,
            })
        }
        ColumnType::Boolean => write_values::<BoolType>(to, &levels, values, |value| match value {
            ColumnValue::Boolean(flag) => Some(flag),
            _ => None,
        }),
        ColumnType::Date => write_values::<Int32Type>(to, &levels, values, |value| match value {
            ColumnValue::Days(days) => Some(days),
            _ => None,
        }),
    }
}

/// Writes the values of a column, as its physical type has them.
fn write_values<T: DataType>(
    to: &mut SerializedColumnWriter<'_>,
    levels: &[i16],
    values: impl Iterator<Item = ColumnValue>,
    of: impl Fn(ColumnValue) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let values: Vec<T::T> = values.filter_map(of).collect();
    to.typed::<T>().write_batch(&values, Some(levels), None)?;
    Ok(())
}
