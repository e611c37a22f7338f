//! Runs the tree of a template: texts, actions, branches, loops and templates within it.
//! Knows no functions.

use serde_json::{Map, Value as Json};

use super::Fault;
use super::bounds::{Bounds, Steps};
use super::print::printed;
use super::tree::{Branch, Invocation, Node, Template};
use super::value::{Of, Value};
use crate::model::limits;

/// What a key that is not there gives: `missingkey`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::sources) enum Missing {
    /// Nothing, printed as `<no value>`.
    #[default]
    Default,
    /// What is nothing to the map's type.
    Zero,
    /// The end.
    Error,
}

pub(super) fn run(
    template: &Template,
    params: &Map<String, Json>,
    missing: Missing,
    steps: &Steps,
) -> Result<String, Fault> {
    let mut cx = Bounds::new(steps);
    let data = Value::given(params, &mut cx).map_err(|why| Fault { why, at: 0 })?;
    let mut run = Run {
        template,
        missing,
        text: String::new(),
        scope: Scope::new(data.clone()),
        at: 0,
        cx,
    };
    run.nodes(&template.nodes, &data)
        .map_err(|why| Fault { why, at: run.at })?;
    Ok(run.text)
}

/// A run of one template.
pub(super) struct Run<'t> {
    template: &'t Template,
    pub(super) missing: Missing,
    text: String,
    pub(super) scope: Scope,
    /// Where the innermost thing stands that was begun.
    pub(super) at: usize,
    pub(super) cx: Bounds<'t>,
}

/// The variables that are seen, the innermost last.
pub(super) struct Scope(Vec<(String, Value)>);

/// How a list of nodes ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl Scope {
    fn new(data: Value) -> Self {
        Self(vec![(String::new(), data)])
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let mut variables = self.0.iter().rev();
        variables
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    pub(super) fn declare(&mut self, name: &str, value: Value) {
        self.0.push((name.to_owned(), value));
    }

    pub(super) fn assign(&mut self, name: &str, value: Value) {
        let mut variables = self.0.iter_mut().rev();
        if let Some((_, variable)) = variables.find(|(known, _)| known == name) {
            *variable = value;
        }
    }
}

impl Run<'_> {
    /// Does `inner` one level deeper, for what is within something.
    pub(super) fn within<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        self.cx.enter()?;
        let done = inner(self);
        self.cx.leave();
        done
    }

    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
        for node in nodes {
            self.cx.step()?;
            let flow = self.within(|run| run.node(node, dot))?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<Flow, String> {
        match node {
            Node::Text(text) => self.write(text)?,
            Node::Action(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                if pipeline.variables.names.is_empty() {
                    self.at = pipeline.at;
                    let text = printed(&value, &mut self.cx)?;
                    self.write(&text)?;
                }
            }
            Node::If(branch) | Node::With(branch) => {
                let mark = self.scope.0.len();
                let value = self.pipeline(&branch.pipeline, dot)?;
                let inner = match node {
                    Node::With(_) => &value,
                    _ => dot,
                };
                let flow = match value.is_true() {
                    true => self.nodes(&branch.body, inner),
                    false => self.nodes(&branch.otherwise, dot),
                };
                self.scope.0.truncate(mark);
                return flow;
            }
            Node::Range(branch) => {
                let mark = self.scope.0.len();
                let flow = self.range(branch, dot);
                self.scope.0.truncate(mark);
                return flow;
            }
            Node::Template(invocation) => self.invoke(invocation, dot)?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn write(&mut self, text: &str) -> Result<(), String> {
        self.cx.made(text.len())?;
        self.text.push_str(text);
        match self.text.len() > limits::TEMPLATE_TEXT.most {
            true => Err(format!("it gives more than {}", limits::TEMPLATE_TEXT)),
            false => Ok(()),
        }
    }

    fn range(&mut self, branch: &Branch, dot: &Value) -> Result<Flow, String> {
        let pipeline = &branch.pipeline;
        let over = self.commands(pipeline, dot)?;
        let names = pipeline.variables.names.as_slice();
        let items = self.items(&over, names.len())?;
        for name in names {
            match pipeline.variables.assigns {
                true => self.scope.assign(name, over.clone()),
                false => self.scope.declare(name, over.clone()),
            }
        }
        if items.is_empty() {
            return self.nodes(&branch.otherwise, dot);
        }
        let mark = self.scope.0.len();
        for (key, item) in items {
            self.cx.step()?;
            match names {
                [] => {}
                [one] => self.scope.assign(one, item.clone()),
                [first, second, ..] => {
                    self.scope.assign(first, key);
                    self.scope.assign(second, item.clone());
                }
            }
            let flow = self.nodes(&branch.body, &item)?;
            self.scope.0.truncate(mark);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    fn items(&mut self, over: &Value, names: usize) -> Result<Vec<(Value, Value)>, String> {
        Ok(match over {
            Value::List(list) if list.of == Of::Unsure => return Err(BY_CHANCE.to_owned()),
            Value::List(list) => {
                let keys = (0..).map(Value::int);
                keys.zip(list.items.iter().cloned()).collect()
            }
            Value::Map(map) => {
                let entries = map.entries().into_iter();
                entries
                    .map(|(key, value)| (Value::Text(key), value))
                    .collect()
            }
            Value::Int(..) if names > 1 => {
                return Err("`range` over a number has one variable".to_owned());
            }
            Value::Int(number, width) => {
                let most = usize::try_from(*number).unwrap_or_default();
                self.cx.made(most)?;
                let numbers = (0..*number).map(|at| (Value::Missing, Value::Int(at, *width)));
                numbers.collect()
            }
            Value::Missing | Value::Nil => Vec::new(),
            Value::Bool(_) | Value::Float(_) | Value::Text(_) => {
                return Err("`range` goes over lists, maps and whole numbers alone".to_owned());
            }
        })
    }

    fn invoke(&mut self, invocation: &Invocation, dot: &Value) -> Result<(), String> {
        self.at = invocation.at;
        let Some(nodes) = self.template.defined.get(&invocation.name) else {
            return Err(format!("no template is called `{}`", invocation.name));
        };
        let data = match &invocation.pipeline {
            Some(pipeline) => self.pipeline(pipeline, dot)?,
            None => Value::Missing,
        };
        let outer = std::mem::replace(&mut self.scope, Scope::new(data.clone()));
        let done = self.nodes(nodes, &data);
        self.scope = outer;
        done.map(|_| ())
    }
}

pub(super) const BY_CHANCE: &str =
    "the order of keys is by chance in Go: sort them with `sortAlpha`";
