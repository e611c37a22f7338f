//! What a template says, as a tree. Evaluates nothing.

use std::collections::BTreeMap;
use std::rc::Rc;

/// A template with those that it defines.
pub(super) struct Template {
    pub(super) nodes: Vec<Node>,
    pub(super) defined: BTreeMap<String, Vec<Node>>,
}

pub(super) enum Node {
    Text(String),
    Action(Pipeline),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template(Invocation),
    Break,
    Continue,
}

pub(super) struct Branch {
    pub(super) pipeline: Pipeline,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
}

pub(super) struct Invocation {
    pub(super) name: String,
    pub(super) pipeline: Option<Pipeline>,
    pub(super) at: usize,
}

pub(super) struct Pipeline {
    pub(super) at: usize,
    pub(super) variables: Variables,
    pub(super) commands: Vec<Command>,
}

/// The variables in front of a pipeline.
#[derive(Default)]
pub(super) struct Variables {
    pub(super) names: Vec<String>,
    /// `=` and not `:=`.
    pub(super) assigns: bool,
}

pub(super) struct Command {
    pub(super) at: usize,
    pub(super) first: Operand,
    pub(super) rest: Vec<Operand>,
}

pub(super) enum Operand {
    Dot,
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    /// `.a.b`.
    Field(Vec<String>),
    /// `$x.a.b`, without the dollar sign.
    Variable(String, Vec<String>),
    Function(String),
    Inner(Box<Pipeline>),
    /// `(…).a.b`.
    Chain(Box<Operand>, Vec<String>),
}
