//! A lowered template as a tree of plain forms, if it has no others.

use minijinja::Value;
use minijinja::machinery::ast::{
    BinOp, BinOpKind, CallArg, Expr, Filter, Spanned, Stmt, Test, UnaryOp, UnaryOpKind,
};

use super::{NativeFilter, Plain};
use crate::template::arithmetic::Number;
use crate::template::document::PathKey;
use crate::template::filters::{self, Nothing, Numbers};
use crate::template::operators::{Arithmetic, CONCAT, Comparison, IN, ITEM, NEGATE, NOT_IN, TRUTH};
use crate::template::scope::{Name, Scope};
use crate::template::signature::most_by_place;

/// What a plain form is made of.
pub enum Node<L> {
    /// A value that is looked up.
    Leaf(L),
    /// A value that is written out.
    Constant(Plain<'static>),
    /// Values printed one behind another.
    Text(Vec<Node<L>>),
    /// `then if test else or`.
    Choice(Box<Choice<L>>),
    /// `a and b`.
    And(Box<[Node<L>; 2]>),
    /// `a or b`.
    Or(Box<[Node<L>; 2]>),
    /// `not a`.
    Not(Box<Node<L>>),
    /// Whether a value that decides in a condition is true.
    Truth(Box<Node<L>>),
    /// `a is none`.
    IsNothing(Box<Node<L>>),
    /// `a < b` and its kin.
    Compare(Comparison, Box<[Node<L>; 2]>),
    /// `a in b` with a text.
    InText(Box<[Node<L>; 2]>),
    /// `a in [b, c]`.
    InList(Box<Node<L>>, Vec<Node<L>>),
    /// `a + b` and its kin.
    Arithmetic(Arithmetic, Box<[Node<L>; 2]>),
    /// A filter: the value first, then the arguments in order.
    Filter(Native, Vec<Node<L>>),
    /// The elements of a list as text, or one field of each, with something between.
    Join(L, Vec<PathKey>, Box<str>),
}

/// A filter's plain form, and what it does with what it gets.
#[derive(Clone, Copy)]
pub struct Native {
    pub call: NativeFilter,
    pub nothing: Nothing,
    /// Whether it hands numbers on as they were written.
    pub as_written: bool,
}

/// `then if test else or`.
pub struct Choice<L> {
    pub test: Node<L>,
    pub then: Node<L>,
    pub or: Node<L>,
}

/// A value that is looked up, as the template names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// `row.NAME`.
    Column(Box<str>),
    /// `row[options.NAME]`: the column that an option names.
    ColumnOf(Box<str>),
    /// `vars.NAME`.
    Var(Box<str>),
    /// `outcome.NAME`.
    Outcome(Box<str>),
    /// `product.price.amount`: a path through a record.
    Path(Box<str>, Box<[PathKey]>),
    /// A name, or a field of it, that does not change while a batch is mapped: `options.NAME`,
    /// `change`.
    Fixed(Box<str>, Option<Box<str>>),
}

/// A template of plain forms alone.
pub struct Tree(pub(super) Node<Named>);

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tree")
    }
}

impl Tree {
    /// A value that is always the same, if it is of a plain kind.
    pub fn of_constant(value: &Value) -> Option<Self> {
        let value = Plain::of(value)?.into_owned();
        Some(Self(Node::Constant(value)))
    }

    /// An expression, if all of it is plain.
    pub fn of_expression(expression: &Expr<'_>, scope: &Scope) -> Option<Self> {
        Reader { scope }.node(expression).map(Self)
    }

    /// Text with templates in it, if all of them are plain.
    pub fn of_statement(statement: &Stmt<'_>, scope: &Scope) -> Option<Self> {
        let Stmt::Template(template) = statement else {
            return None;
        };
        Reader { scope }.text(&template.children).map(Self)
    }
}

struct Reader<'c> {
    scope: &'c Scope,
}

impl Reader<'_> {
    fn text(&self, statements: &[Stmt<'_>]) -> Option<Node<Named>> {
        let parts = statements.iter().map(|statement| match statement {
            Stmt::EmitRaw(raw) => {
                let text = raw.raw.to_owned();
                Some(Node::Constant(Plain::owned(text)))
            }
            Stmt::EmitExpr(emit) => self.node(&emit.expr),
            Stmt::IfCond(cond) => Some(Node::Choice(Box::new(Choice {
                test: self.node(&cond.expr)?,
                then: self.text(&cond.true_body)?,
                or: self.text(&cond.false_body)?,
            }))),
            _ => None,
        });
        parts.collect::<Option<_>>().map(Node::Text)
    }

    fn node(&self, expression: &Expr<'_>) -> Option<Node<Named>> {
        match expression {
            Expr::Const(constant) => {
                let value = Plain::of(&constant.value)?;
                Some(Node::Constant(value.into_owned()))
            }
            Expr::Var(var) if var.id == "change" => {
                Some(Node::Leaf(Named::Fixed("change".into(), None)))
            }
            Expr::GetAttr(attr) => self.field(&attr.expr, attr.name),
            Expr::GetItem(item) => {
                let key = item.subscript_expr.as_const()?;
                match key.as_str() {
                    Some(name) => self.field(&item.expr, name),
                    None => self.path(expression).map(Node::Leaf),
                }
            }
            Expr::UnaryOp(unary) => self.unary(unary),
            Expr::BinOp(binary) => self.binary(binary),
            Expr::IfExpr(cond) => Some(Node::Choice(Box::new(Choice {
                test: self.node(&cond.test_expr)?,
                then: self.node(&cond.true_expr)?,
                or: match &cond.false_expr {
                    Some(or) => self.node(or)?,
                    None => Node::Constant(Plain::Nothing),
                },
            }))),
            Expr::Filter(filter) => self.filter(filter),
            Expr::Test(test) => self.test(test),
            _ => None,
        }
    }

    fn field(&self, owner: &Expr<'_>, name: &str) -> Option<Node<Named>> {
        let Expr::Var(owner) = owner else {
            let (record, mut keys) = self.keys(owner)?;
            keys.push(PathKey::name(name));
            return Some(Node::Leaf(Named::Path(record, keys.into())));
        };
        let leaf = match (owner.id, self.scope.get(owner.id)?) {
            ("row", Name::Row) => Named::Column(name.into()),
            ("vars", Name::Fields(_)) => Named::Var(name.into()),
            ("outcome", Name::Fields(_)) => Named::Outcome(name.into()),
            ("options", Name::Fields(_)) => Named::Fixed("options".into(), Some(name.into())),
            (record, Name::Any) => Named::Path(record.into(), Box::new([PathKey::name(name)])),
            _ => return None,
        };
        Some(Node::Leaf(leaf))
    }

    /// A path through a record.
    fn path(&self, expression: &Expr<'_>) -> Option<Named> {
        let (record, keys) = self.keys(expression)?;
        Some(Named::Path(record, keys.into()))
    }

    fn keys(&self, expression: &Expr<'_>) -> Option<(Box<str>, Vec<PathKey>)> {
        let (owner, key) = match expression {
            Expr::Var(var) => {
                let is_record = matches!(self.scope.get(var.id)?, Name::Any);
                return is_record.then(|| (var.id.into(), Vec::new()));
            }
            Expr::GetAttr(attr) => (&attr.expr, PathKey::name(attr.name)),
            Expr::GetItem(item) => {
                let key = item.subscript_expr.as_const()?;
                let key = match key.as_str() {
                    Some(name) => PathKey::name(name),
                    None => PathKey::Index(usize::try_from(key).ok()?),
                };
                (&item.expr, key)
            }
            Expr::Filter(filter) if filter.name == ITEM => {
                let Some(CallArg::Pos(Expr::Const(key))) = filter.args.first() else {
                    return None;
                };
                let key = match key.value.as_str() {
                    Some(name) => PathKey::name(name),
                    None => PathKey::Index(usize::try_from(key.value.clone()).ok()?),
                };
                (filter.expr.as_ref()?, key)
            }
            _ => return None,
        };
        let (record, mut keys) = self.keys(owner)?;
        keys.push(key);
        Some((record, keys))
    }

    /// `list | join(', ')` and `list | map(attribute='name') | join(', ')`.
    fn join(&self, value: &Expr<'_>, args: &[CallArg<'_>]) -> Option<Node<Named>> {
        let text = |expression: &Expr<'_>| match expression {
            Expr::Const(constant) => constant.value.as_str().map(Box::<str>::from),
            _ => None,
        };
        let between = match args {
            [] => "".into(),
            [CallArg::Pos(between)] => text(between)?,
            _ => return None,
        };
        if let Expr::Filter(map) = value {
            let ("map", Some(list)) = (map.name, &map.expr) else {
                return None;
            };
            let [CallArg::Kwarg("attribute", attribute)] = map.args.as_slice() else {
                return None;
            };
            let attribute = text(attribute)?;
            // A part that is a number may be an index.
            let keys = attribute.split('.').map(|part| {
                let is_name = part.parse::<usize>().is_err();
                is_name.then(|| PathKey::name(part))
            });
            return Some(Node::Join(
                self.path(list)?,
                keys.collect::<Option<_>>()?,
                between,
            ));
        }
        Some(Node::Join(self.path(value)?, Vec::new(), between))
    }

    fn pair(&self, left: &Expr<'_>, right: &Expr<'_>) -> Option<Box<[Node<Named>; 2]>> {
        Some(Box::new([self.node(left)?, self.node(right)?]))
    }

    /// `-value`, as the engine has it: `0 - value`.
    fn negated(&self, value: &Expr<'_>) -> Option<Node<Named>> {
        let zero = Node::Constant(Plain::Number(Number::Whole(0)));
        let sides = Box::new([zero, self.node(value)?]);
        Some(Node::Arithmetic(Arithmetic::Sub, sides))
    }

    fn unary(&self, unary: &Spanned<UnaryOp<'_>>) -> Option<Node<Named>> {
        match (&unary.op, &unary.expr) {
            (UnaryOpKind::Not, expr) => Some(Node::Not(Box::new(self.node(expr)?))),
            // A number with a sign: anything else behind a `-` was lowered.
            (UnaryOpKind::Neg, Expr::Const(_)) => self.negated(&unary.expr),
            (UnaryOpKind::Neg, _) => None,
        }
    }

    fn binary(&self, binary: &Spanned<BinOp<'_>>) -> Option<Node<Named>> {
        let pair = self.pair(&binary.left, &binary.right)?;
        match binary.op {
            BinOpKind::ScAnd => Some(Node::And(pair)),
            BinOpKind::ScOr => Some(Node::Or(pair)),
            _ => None,
        }
    }

    fn test(&self, test: &Spanned<Test<'_>>) -> Option<Node<Named>> {
        let is_nothing = match test.name {
            "none" | "undefined" => true,
            "defined" => false,
            _ => return None,
        };
        if !test.args.is_empty() {
            return None;
        }
        let node = Node::IsNothing(Box::new(self.node(&test.expr)?));
        Some(if is_nothing {
            node
        } else {
            Node::Not(Box::new(node))
        })
    }

    fn filter(&self, filter: &Spanned<Filter<'_>>) -> Option<Node<Named>> {
        let value = filter.expr.as_ref()?;
        if filter.name.starts_with("__") {
            return self.operator(filter.name, value, &filter.args);
        }
        if filter.name == "join" {
            return self.join(value, &filter.args);
        }
        let known = filters::find(filter.name)?;
        let native = Native {
            call: known.native?,
            nothing: known.nothing,
            as_written: known.numbers == Numbers::AsWritten,
        };
        let mut nodes = vec![self.node(value)?];
        for arg in &filter.args {
            match arg {
                CallArg::Pos(arg) => nodes.push(self.node(arg)?),
                CallArg::Kwarg(name, arg) => {
                    let at = known.place_of(name)? + 1;
                    while nodes.len() <= at {
                        nodes.push(Node::Constant(Plain::Nothing));
                    }
                    nodes[at] = self.node(arg)?;
                }
                CallArg::PosSplat(_) | CallArg::KwargSplat(_) => return None,
            }
        }
        // More than it takes is an error, and so the engine's.
        let most = most_by_place(known.parameters);
        let is_surplus = most.is_some_and(|most| nodes.len() > most + 1);
        (!is_surplus).then_some(Node::Filter(native, nodes))
    }

    /// An operator, which was lowered to a filter of ours.
    fn operator(&self, name: &str, left: &Expr<'_>, args: &[CallArg<'_>]) -> Option<Node<Named>> {
        if name == NEGATE {
            return self.negated(left);
        }
        if name == TRUTH {
            return Some(Node::Truth(Box::new(self.node(left)?)));
        }
        let Some(CallArg::Pos(right)) = args.first() else {
            return None;
        };
        match name {
            ITEM => {
                return self.item(left, right).or_else(|| {
                    let key = match right {
                        Expr::Const(key) => key.value.clone(),
                        _ => return None,
                    };
                    let (record, mut keys) = self.keys(left)?;
                    keys.push(match key.as_str() {
                        Some(name) => PathKey::name(name),
                        None => PathKey::Index(usize::try_from(key).ok()?),
                    });
                    Some(Node::Leaf(Named::Path(record, keys.into())))
                });
            }
            CONCAT => {
                let mut parts = Vec::new();
                for side in [left, right] {
                    match self.node(side)? {
                        // `a ~ b ~ c` is one text of three parts.
                        Node::Text(inner) => parts.extend(inner),
                        other => parts.push(other),
                    }
                }
                return Some(Node::Text(parts));
            }
            IN => return self.contains(left, right),
            NOT_IN => return Some(Node::Not(Box::new(self.contains(left, right)?))),
            _ => {}
        }
        if let Some(op) = Comparison::ALL.into_iter().find(|op| op.filter() == name) {
            return Some(Node::Compare(op, self.pair(left, right)?));
        }
        let op = Arithmetic::ALL.into_iter().find(|op| op.filter() == name)?;
        Some(Node::Arithmetic(op, self.pair(left, right)?))
    }

    /// `row[options.NAME]`.
    fn item(&self, owner: &Expr<'_>, key: &Expr<'_>) -> Option<Node<Named>> {
        let Expr::Var(owner) = owner else { return None };
        match (owner.id, self.scope.get(owner.id)?, self.node(key)?) {
            ("row", Name::Row, Node::Leaf(Named::Fixed(name, Some(option))))
                if &*name == "options" =>
            {
                Some(Node::Leaf(Named::ColumnOf(option)))
            }
            _ => None,
        }
    }

    fn contains(&self, wanted: &Expr<'_>, container: &Expr<'_>) -> Option<Node<Named>> {
        if let Expr::List(list) = container {
            let items = list.items.iter().map(|item| self.node(item));
            let items = items.collect::<Option<Vec<_>>>()?;
            return Some(Node::InList(Box::new(self.node(wanted)?), items));
        }
        Some(Node::InText(self.pair(wanted, container)?))
    }
}
