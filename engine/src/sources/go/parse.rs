//! Makes a tree of the tokens of a template, by Go's grammar. Evaluates nothing.

mod pipeline;

use std::collections::BTreeMap;

use super::Fault;
use super::bounds::too_deep;
use super::lex::{Kind, Token};
use super::tree::{Branch, Invocation, Node, Template};
use crate::model::limits;

pub(super) fn parse(tokens: Vec<Token>) -> Result<Template, Fault> {
    let mut parser = Parser {
        tokens: tokens.into_iter().peekable(),
        at: 0,
        depth: 0,
        loops: 0,
        variables: vec![String::new()],
        defined: BTreeMap::new(),
    };
    let (nodes, end) = parser.nodes(Place::Top)?;
    match end {
        End::OfTemplate => Ok(Template {
            nodes,
            defined: parser.defined,
        }),
        _ => parser.fault("`end` or `else` belongs to nothing"),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    /// Where the last token stands.
    at: usize,
    depth: usize,
    /// Loops around the place.
    loops: usize,
    /// Those that are declared, the innermost last.
    variables: Vec<String>,
    defined: BTreeMap<String, Vec<Node>>,
}

/// What a list of nodes is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A whole template, which may define others.
    Top,
    Inside,
}

/// What ends a list of nodes.
enum End {
    OfTemplate,
    Closed,
    Else,
    /// `else if` or `else with`, up to the word.
    ElseAnd(&'static str),
}

/// Whose pipeline it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Range,
    Other,
}

impl Parser {
    fn fault<T>(&self, why: impl Into<String>) -> Result<T, Fault> {
        Err(Fault {
            why: why.into(),
            at: self.at,
        })
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.next()?;
        self.at = token.at;
        Some(token)
    }

    fn next_if(&mut self, kind: &Kind) -> bool {
        self.tokens.next_if(|token| token.kind == *kind).is_some()
    }

    fn expect(&mut self, kind: &Kind, named: &str) -> Result<(), Fault> {
        match self.next() {
            Some(token) if token.kind == *kind => Ok(()),
            _ => self.fault(format!("there is no {named}")),
        }
    }

    /// The word that comes next.
    fn peek_word(&mut self) -> Option<String> {
        match self.tokens.peek().map(|token| &token.kind) {
            Some(Kind::Word(word)) => Some(word.clone()),
            _ => None,
        }
    }

    fn nodes(&mut self, place: Place) -> Result<(Vec<Node>, End), Fault> {
        self.depth += 1;
        if self.depth > limits::TEMPLATE_DEPTH.most {
            return self.fault(too_deep());
        }
        let mut nodes = Vec::new();
        let end = loop {
            match self.next().map(|token| token.kind) {
                None => break End::OfTemplate,
                Some(Kind::Plain(text)) => nodes.push(Node::Text(text)),
                Some(Kind::Open) => match self.action(place)? {
                    Action::Node(node) => nodes.push(node),
                    Action::Nothing => {}
                    Action::End(end) => break end,
                },
                Some(_) => return self.fault("a token outside of an action"),
            }
        };
        self.depth -= 1;
        Ok((nodes, end))
    }

    fn action(&mut self, place: Place) -> Result<Action, Fault> {
        let word = self.peek_word().unwrap_or_default();
        let is_keyword = KEYWORDS.contains(&word.as_str());
        if !is_keyword {
            let pipeline = self.pipeline(Whose::Other)?;
            self.close()?;
            return Ok(Action::Node(Node::Action(pipeline)));
        }
        self.next();
        match word.as_str() {
            "if" | "with" | "range" => self.branch(&word).map(Action::Node),
            "end" => {
                self.close()?;
                Ok(Action::End(End::Closed))
            }
            "else" => self.otherwise().map(Action::End),
            "break" | "continue" if self.loops == 0 => {
                self.fault(format!("`{word}` outside of `range`"))
            }
            "break" => self.close().map(|()| Action::Node(Node::Break)),
            "continue" => self.close().map(|()| Action::Node(Node::Continue)),
            "template" => self.invocation().map(Action::Node),
            "block" => self.block().map(Action::Node),
            _ if place == Place::Top => self.definition().map(|()| Action::Nothing),
            _ => self.fault("`define` within something else"),
        }
    }

    fn close(&mut self) -> Result<(), Fault> {
        self.expect(&Kind::Close, "`}}` where the action should end")
    }

    fn otherwise(&mut self) -> Result<End, Fault> {
        if let Some(word) = self.peek_word() {
            let word = ["if", "with"].into_iter().find(|known| *known == word);
            let Some(word) = word else {
                return self.fault("`else` with something behind it");
            };
            self.next();
            return Ok(End::ElseAnd(word));
        }
        self.close()?;
        Ok(End::Else)
    }

    /// `if`, `with` or `range`, behind its word.
    fn branch(&mut self, word: &str) -> Result<Node, Fault> {
        let mark = self.variables.len();
        let whose = if word == "range" {
            Whose::Range
        } else {
            Whose::Other
        };
        let pipeline = self.pipeline(whose)?;
        self.close()?;
        self.loops += usize::from(whose == Whose::Range);
        let (body, end) = self.nodes(Place::Inside)?;
        self.loops -= usize::from(whose == Whose::Range);
        let otherwise = match end {
            End::Closed => Vec::new(),
            End::Else => match self.nodes(Place::Inside)? {
                (nodes, End::Closed) => nodes,
                _ => return self.fault("`else` does not end with `end`"),
            },
            End::ElseAnd(chained) if chained == word => {
                self.depth += 1;
                if self.depth > limits::TEMPLATE_DEPTH.most {
                    return self.fault(too_deep());
                }
                let node = self.branch(chained)?;
                self.depth -= 1;
                vec![node]
            }
            End::ElseAnd(_) => {
                return self.fault("`else` goes on with another word than its beginning");
            }
            End::OfTemplate => return self.fault(format!("`{word}` has no `end`")),
        };
        self.variables.truncate(mark);
        let branch = Branch {
            pipeline,
            body,
            otherwise,
        };
        Ok(match word {
            "if" => Node::If(branch),
            "with" => Node::With(branch),
            _ => Node::Range(branch),
        })
    }

    fn name(&mut self) -> Result<String, Fault> {
        match self.next().map(|token| token.kind) {
            Some(Kind::Text(name)) => Ok(name.to_string()),
            _ => self.fault("there is no name of a template"),
        }
    }

    fn invocation(&mut self) -> Result<Node, Fault> {
        let name = self.name()?;
        let at = self.at;
        let pipeline = match self.tokens.peek().map(|token| &token.kind) {
            Some(Kind::Close) => None,
            _ => Some(self.pipeline(Whose::Other)?),
        };
        self.close()?;
        Ok(Node::Template(Invocation { name, pipeline, at }))
    }

    fn block(&mut self) -> Result<Node, Fault> {
        let name = self.name()?;
        let at = self.at;
        let pipeline = self.pipeline(Whose::Other)?;
        self.close()?;
        self.defined(name.clone())?;
        Ok(Node::Template(Invocation {
            name,
            pipeline: Some(pipeline),
            at,
        }))
    }

    fn definition(&mut self) -> Result<(), Fault> {
        let name = self.name()?;
        self.close()?;
        self.defined(name)
    }

    /// The nodes of a template of its own, up to its `end`: it sees no variables but `$`.
    fn defined(&mut self, name: String) -> Result<(), Fault> {
        let variables = std::mem::replace(&mut self.variables, vec![String::new()]);
        let loops = std::mem::take(&mut self.loops);
        let (nodes, end) = self.nodes(Place::Inside)?;
        self.variables = variables;
        self.loops = loops;
        if !matches!(end, End::Closed) {
            return self.fault("a template that is defined has no `end`");
        }
        // The template itself has a name too.
        if OWN_NAMES.contains(&name.as_str()) || self.defined.insert(name, nodes).is_some() {
            return self.fault("a template is defined twice");
        }
        Ok(())
    }
}

/// What an action comes to.
enum Action {
    Node(Node),
    Nothing,
    End(End),
}

const KEYWORDS: [&str; 10] = [
    "if", "with", "range", "end", "else", "break", "continue", "template", "block", "define",
];
/// How versions of Argo CD call the templates that they read.
const OWN_NAMES: [&str; 2] = ["", "base"];
