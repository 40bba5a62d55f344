//! The operators that are lowered to filters of ours. Authors can't write these filters' names: the
//! check refuses filter names that are not in the list.

use std::cmp::Ordering;

use minijinja::machinery::ast::{BinOpKind, CompareOpKind};

/// An operator that works with numbers, and partly with dates, durations, texts and lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Rem,
    Pow,
}

impl Arithmetic {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::FloorDiv,
        Self::Rem,
        Self::Pow,
    ];

    /// The filter it is lowered to.
    pub fn filter(self) -> &'static str {
        match self {
            Self::Add => "__add",
            Self::Sub => "__sub",
            Self::Mul => "__mul",
            Self::Div => "__div",
            Self::FloorDiv => "__floordiv",
            Self::Rem => "__rem",
            Self::Pow => "__pow",
        }
    }

    /// The operator as it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::FloorDiv => "//",
            Self::Rem => "%",
            Self::Pow => "**",
        }
    }
}

/// A comparison of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Comparison {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Eq, Self::Ne, Self::Lt, Self::Le, Self::Gt, Self::Ge];

    /// The filter it is lowered to.
    pub fn filter(self) -> &'static str {
        match self {
            Self::Eq => "__eq",
            Self::Ne => "__ne",
            Self::Lt => "__lt",
            Self::Le => "__le",
            Self::Gt => "__gt",
            Self::Ge => "__ge",
        }
    }

    /// Whether it holds for two values in this order.
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
        }
    }
}

/// The filter of `~`.
pub const CONCAT: &str = "__concat";
/// The filter of a lone `-`.
pub const NEGATE: &str = "__neg";
/// The filter of a value that decides in a condition.
pub const TRUTH: &str = "__truth";
/// The filter of `[…]` with what is not known when the spec loads.
pub const ITEM: &str = "__item";
/// The filters of `in` and `not in`.
pub const IN: &str = "__in";
pub const NOT_IN: &str = "__not_in";

/// The filter of an operator between two values; nothing for `and` and `or`, which stay as they are.
pub fn binary_filter(op: BinOpKind) -> Option<&'static str> {
    Some(match op {
        BinOpKind::ScAnd | BinOpKind::ScOr => return None,
        BinOpKind::Add => Arithmetic::Add.filter(),
        BinOpKind::Sub => Arithmetic::Sub.filter(),
        BinOpKind::Mul => Arithmetic::Mul.filter(),
        BinOpKind::Div => Arithmetic::Div.filter(),
        BinOpKind::FloorDiv => Arithmetic::FloorDiv.filter(),
        BinOpKind::Rem => Arithmetic::Rem.filter(),
        BinOpKind::Pow => Arithmetic::Pow.filter(),
        BinOpKind::Concat => CONCAT,
        BinOpKind::Eq => Comparison::Eq.filter(),
        BinOpKind::Ne => Comparison::Ne.filter(),
        BinOpKind::Lt => Comparison::Lt.filter(),
        BinOpKind::Lte => Comparison::Le.filter(),
        BinOpKind::Gt => Comparison::Gt.filter(),
        BinOpKind::Gte => Comparison::Ge.filter(),
        BinOpKind::In => IN,
    })
}

/// The filter of a comparison.
pub fn compare_filter(op: CompareOpKind) -> &'static str {
    match op {
        CompareOpKind::Eq => Comparison::Eq.filter(),
        CompareOpKind::Ne => Comparison::Ne.filter(),
        CompareOpKind::Lt => Comparison::Lt.filter(),
        CompareOpKind::Lte => Comparison::Le.filter(),
        CompareOpKind::Gt => Comparison::Gt.filter(),
        CompareOpKind::Gte => Comparison::Ge.filter(),
        CompareOpKind::In => IN,
        CompareOpKind::NotIn => NOT_IN,
    }
}
