//! A syntax tree in our own words: places, references, the heads of rules.
//! Judges nothing. Here and below are the only files that know the parser's types.

mod sites;
mod walk;

use regorus::unstable::{Expr, Module, Rule, RuleHead, Span};

pub(in crate::policy) use self::sites::Site;
pub(super) use self::sites::sites as sites_of;
pub(super) use self::walk::{Misread, Visitor, walk};

/// A place in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl At {
    fn of(span: &Span) -> Self {
        Self {
            line: span.line,
            column: span.col,
        }
    }
}

/// A step of a reference: `.name` and `["name"]` are static, everything else is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Static(String),
    Dynamic,
}

/// A reference with its first name: `input.changes[i]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) root: String,
    pub(super) steps: Vec<Step>,
    pub(super) at: At,
}

impl Reference {
    /// The names joined with dots; `[..]` for a step that only evaluation knows.
    pub(super) fn text(&self) -> String {
        let mut text = self.root.clone();
        for step in &self.steps {
            match step {
                Step::Static(name) => {
                    text.push('.');
                    text.push_str(name);
                }
                Step::Dynamic => text.push_str("[..]"),
            }
        }
        text
    }

    /// The names, where all of them are known.
    pub(super) fn static_path(&self) -> Option<Vec<&str>> {
        let mut path = vec![self.root.as_str()];
        for step in &self.steps {
            match step {
                Step::Static(name) => path.push(name),
                Step::Dynamic => return None,
            }
        }
        Some(path)
    }
}

/// An argument of a call, as far as a check can know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    Text(String),
    Integer(i64),
    Reference(Reference),
    Other,
}

/// The form of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Set,
    Value,
    Function,
    Default,
}

impl Form {
    /// Whether one rule may be written in both forms.
    pub(super) fn agrees_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Default, other) | (other, Self::Default) => other != Self::Set,
            _ => self == other,
        }
    }
}

/// A rule's head.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// The name, with the path of a head such as `a.b.c := 1`.
    pub(super) name: Reference,
    pub(super) form: Form,
}

/// The name of the package.
pub(super) fn package(module: &Module) -> Option<Reference> {
    reference(&module.package.refr)
}

/// Each import: its path and its alias.
pub(super) fn imports(module: &Module) -> Vec<(Option<Reference>, Option<String>, At)> {
    module
        .imports
        .iter()
        .map(|import| {
            let alias = import.r#as.as_ref().map(|alias| alias.text().to_owned());
            (reference(&import.refr), alias, At::of(&import.span))
        })
        .collect()
}

/// Each rule's head, in the order of the file; `None` where the head has no plain name.
pub(super) fn rules(module: &Module) -> impl Iterator<Item = (Option<Head>, At, &Rule)> {
    module.policy.iter().map(|rule| {
        let rule = rule.as_ref();
        (head(rule), At::of(rule.span()), rule)
    })
}

fn head(rule: &Rule) -> Option<Head> {
    let (refr, form) = match rule {
        Rule::Default { refr, .. } => (refr, Form::Default),
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { refr, .. } => (refr, Form::Value),
            RuleHead::Set { refr, .. } => (refr, Form::Set),
            RuleHead::Func { refr, .. } => (refr, Form::Function),
        },
    };
    Some(Head {
        name: reference(refr)?,
        form,
    })
}

fn reference(tree: &Expr) -> Option<Reference> {
    match tree {
        Expr::Var { span, .. } => Some(Reference {
            root: span.text().to_owned(),
            steps: Vec::new(),
            at: At::of(span),
        }),
        Expr::RefDot { refr, field, .. } => {
            let mut base = reference(refr)?;
            base.steps.push(Step::Static(field.0.text().to_owned()));
            Some(base)
        }
        Expr::RefBrack { refr, index, .. } => {
            let mut base = reference(refr)?;
            base.steps.push(match argument(index) {
                Argument::Text(name) => Step::Static(name),
                Argument::Integer(_) | Argument::Reference(_) | Argument::Other => Step::Dynamic,
            });
            Some(base)
        }
        _ => None,
    }
}

fn argument(tree: &Expr) -> Argument {
    match tree {
        Expr::String { value, .. } | Expr::RawString { value, .. } => value
            .as_string()
            .map_or(Argument::Other, |text| Argument::Text(text.to_string())),
        Expr::Number { value, .. } => value.as_i64().map_or(Argument::Other, Argument::Integer),
        Expr::UnaryExpr { expr, .. } => match argument(expr) {
            Argument::Integer(value) => value
                .checked_neg()
                .map_or(Argument::Other, Argument::Integer),
            _ => Argument::Other,
        },
        _ => reference(tree).map_or(Argument::Other, Argument::Reference),
    }
}
