//! A plain form bound to one run: columns are slots, options are their values.

use std::sync::Arc;

use super::Plain;
use super::tree::{Choice, Named, Node, Tree};
use crate::template::Frame;
use crate::template::document::PathKey;

/// A value that is looked up while a row is mapped.
#[derive(Clone, Copy)]
pub enum Operand {
    /// The column of this slot.
    Column(usize),
    /// The var with this number.
    Var(usize),
    /// The field of the row's outcome with this number.
    Outcome(usize),
    /// The path with this number.
    Path(usize),
}

/// A path through a record that a frame has under a name.
pub struct RecordPath {
    /// The name.
    pub record: Box<str>,
    /// The number of that name among those of all paths.
    pub owner: usize,
    /// The path.
    pub keys: Box<[PathKey]>,
}

/// A plain form, ready to be worked out.
pub struct Bound(pub(super) Node<Operand>);

/// Binds the plain forms of one run. Its slots are the columns that they read.
pub struct Binder<'b> {
    base: &'b Arc<Frame>,
    vars: &'b [Arc<str>],
    outcome: &'b [&'b str],
    columns: Vec<Box<str>>,
    paths: Vec<RecordPath>,
}

impl<'b> Binder<'b> {
    /// A binder over `base`, in which options and the like are found. `vars` and `outcome` are the
    /// names of what a scene has under these, in order.
    pub fn new(base: &'b Arc<Frame>, vars: &'b [Arc<str>], outcome: &'b [&'b str]) -> Self {
        Self {
            base,
            vars,
            outcome,
            columns: Vec::new(),
            paths: Vec::new(),
        }
    }

    /// Binds a form; nothing where one of its values is of no plain kind.
    pub fn bind(&mut self, tree: &Tree) -> Option<Bound> {
        self.node(&tree.0).map(Bound)
    }

    /// The columns that are read, by slot.
    pub fn into_columns(self) -> Vec<Box<str>> {
        self.columns
    }

    /// The columns that are read, by slot, and the paths through records, by number.
    pub fn into_reads(self) -> (Vec<Box<str>>, Vec<RecordPath>) {
        (self.columns, self.paths)
    }

    fn place(&mut self, named: &Named) -> Option<Operand> {
        match self.leaf(named)? {
            Node::Leaf(place) => Some(place),
            _ => None,
        }
    }

    fn leaf(&mut self, named: &Named) -> Option<Node<Operand>> {
        Some(match named {
            Named::Column(name) => self.column(name),
            Named::ColumnOf(option) => match self.fixed("options", Some(option))? {
                Plain::Text(name) => self.column(&name),
                Plain::Nothing => Node::Constant(Plain::Nothing),
                _ => return None,
            },
            Named::Var(name) => {
                let number = self.vars.iter().position(|var| **var == **name)?;
                Node::Leaf(Operand::Var(number))
            }
            Named::Outcome(name) => {
                let number = self.outcome.iter().position(|field| *field == &**name)?;
                Node::Leaf(Operand::Outcome(number))
            }
            Named::Path(record, keys) => {
                let same = self.paths.iter().find(|path| path.record == *record);
                let owner = same.map_or(self.paths.len(), |path| path.owner);
                self.paths.push(RecordPath {
                    record: record.clone(),
                    owner,
                    keys: keys.clone(),
                });
                Node::Leaf(Operand::Path(self.paths.len() - 1))
            }
            Named::Fixed(name, field) => Node::Constant(self.fixed(name, field.as_deref())?),
        })
    }

    fn column(&mut self, name: &str) -> Node<Operand> {
        let known = self.columns.iter().position(|column| **column == *name);
        let slot = known.unwrap_or_else(|| {
            self.columns.push(name.into());
            self.columns.len() - 1
        });
        Node::Leaf(Operand::Column(slot))
    }

    /// A value that does not change while a batch is mapped.
    fn fixed(&self, name: &str, field: Option<&str>) -> Option<Plain<'static>> {
        let mut value = self.base.get(name)?;
        if let Some(field) = field {
            value = value.get_attr(field).ok()?;
        }
        Plain::of(&value).map(Plain::into_owned)
    }

    fn nodes(&mut self, nodes: &[Node<Named>]) -> Option<Vec<Node<Operand>>> {
        nodes.iter().map(|node| self.node(node)).collect()
    }

    fn pair(&mut self, pair: &[Node<Named>; 2]) -> Option<Box<[Node<Operand>; 2]>> {
        Some(Box::new([self.node(&pair[0])?, self.node(&pair[1])?]))
    }

    fn boxed(&mut self, node: &Node<Named>) -> Option<Box<Node<Operand>>> {
        self.node(node).map(Box::new)
    }

    fn node(&mut self, node: &Node<Named>) -> Option<Node<Operand>> {
        Some(match node {
            Node::Leaf(named) => self.leaf(named)?,
            Node::Constant(value) => Node::Constant(value.clone()),
            Node::Text(parts) => Node::Text(self.nodes(parts)?),
            Node::Choice(choice) => Node::Choice(Box::new(Choice {
                test: self.node(&choice.test)?,
                then: self.node(&choice.then)?,
                or: self.node(&choice.or)?,
            })),
            Node::And(pair) => Node::And(self.pair(pair)?),
            Node::Or(pair) => Node::Or(self.pair(pair)?),
            Node::Not(node) => Node::Not(self.boxed(node)?),
            Node::Truth(node) => Node::Truth(self.boxed(node)?),
            Node::IsNothing(node) => Node::IsNothing(self.boxed(node)?),
            Node::Compare(op, pair) => Node::Compare(*op, self.pair(pair)?),
            Node::InText(pair) => Node::InText(self.pair(pair)?),
            Node::InList(wanted, items) => Node::InList(self.boxed(wanted)?, self.nodes(items)?),
            Node::Arithmetic(op, pair) => Node::Arithmetic(*op, self.pair(pair)?),
            Node::Filter(filter, nodes) => Node::Filter(*filter, self.nodes(nodes)?),
            Node::Join(list, keys, between) => {
                Node::Join(self.place(list)?, keys.clone(), between.clone())
            }
        })
    }
}
