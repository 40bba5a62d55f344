//! The names of the filters that operators are lowered to. Authors can't write them: the check
//! refuses filter names that are not in the list.

use minijinja::machinery::ast::{BinOpKind, CompareOpKind};

/// The filter of an arithmetic operator; nothing for `and` and `or`, which stay as they are.
pub fn arithmetic_filter(op: BinOpKind) -> Option<&'static str> {
    Some(match op {
        BinOpKind::ScAnd | BinOpKind::ScOr => return None,
        BinOpKind::Add => "__add",
        BinOpKind::Sub => "__sub",
        BinOpKind::Mul => "__mul",
        BinOpKind::Div => "__div",
        BinOpKind::FloorDiv => "__floordiv",
        BinOpKind::Rem => "__rem",
        BinOpKind::Pow => "__pow",
        BinOpKind::Concat => "__concat",
        BinOpKind::Eq => "__eq",
        BinOpKind::Ne => "__ne",
        BinOpKind::Lt => "__lt",
        BinOpKind::Lte => "__le",
        BinOpKind::Gt => "__gt",
        BinOpKind::Gte => "__ge",
        BinOpKind::In => "__in",
    })
}

/// The filter of a comparison.
pub fn compare_filter(op: CompareOpKind) -> &'static str {
    match op {
        CompareOpKind::Eq => "__eq",
        CompareOpKind::Ne => "__ne",
        CompareOpKind::Lt => "__lt",
        CompareOpKind::Lte => "__le",
        CompareOpKind::Gt => "__gt",
        CompareOpKind::Gte => "__ge",
        CompareOpKind::In => "__in",
        CompareOpKind::NotIn => "__not_in",
    }
}

/// The operator as it is written.
pub fn symbol(filter: &str) -> &'static str {
    match filter {
        "__add" => "+",
        "__sub" => "-",
        "__mul" => "*",
        "__div" => "/",
        "__floordiv" => "//",
        "__rem" => "%",
        "__pow" => "**",
        "__concat" => "~",
        "__eq" => "==",
        "__ne" => "!=",
        "__lt" => "<",
        "__le" => "<=",
        "__gt" => ">",
        "__ge" => ">=",
        _ => "in",
    }
}
