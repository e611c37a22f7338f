//! Judges what the rules of one file read and call.
//! Knows the syntax tree only through `tree`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::error::{Error, Place};
use super::super::metadata::Metadata;
use super::builtins::{ALLOWED, Builtin, builtin};
use super::graph::Graph;
use super::shape::{Problem, input_problem};
use super::tree::{Argument, At, Misread, Reference, Step, Visitor};
use crate::model::did_you_mean;

/// What a file is, and so what it may do.
pub(super) enum Role<'a> {
    /// A policy: it reads the input, as far as it declares it.
    Policy {
        metadata: &'a Metadata,
        /// The schema of its settings.
        settings: &'a Value,
    },
    /// A test: it reads the package it tests and replaces the input.
    Test {
        /// The packages that it imports, by the name it gives them.
        aliases: BTreeMap<String, String>,
        packages: &'a [TestedPackage],
    },
}

/// A package that a test may call into.
#[derive(Debug)]
pub(super) struct TestedPackage {
    /// `tidegate.resource_limits`.
    pub(super) name: String,
    pub(super) functions: BTreeSet<String>,
}

/// What is known while the rules of one file are walked.
pub(super) struct Names<'a> {
    pub(super) path: &'a str,
    pub(super) role: Role<'a>,
    /// The names of all rules of the file, and of those that are functions.
    pub(super) rules: BTreeSet<String>,
    pub(super) functions: BTreeSet<String>,
    /// The rule that is being walked.
    pub(super) rule: String,
    /// The names that something in that rule may bind, and those that it reads.
    pub(super) bound: BTreeSet<String>,
    pub(super) unknown: Vec<Reference>,
    /// Variables that stand for a part of the input: `some change in input.changes`.
    pub(super) parts: BTreeMap<String, Vec<Step>>,
    /// The parts of the scopes around this one.
    pub(super) outer_parts: Vec<BTreeMap<String, Vec<Step>>>,
    pub(super) graph: Graph,
    /// What it reads of what must be declared.
    pub(super) read: BTreeSet<String>,
    pub(super) errors: Vec<Error>,
}

impl Visitor for Names<'_> {
    fn reference(&mut self, reference: &Reference) {
        match reference.root.as_str() {
            "input" => self.check_input(reference),
            "data" => {
                self.graph.add(&self.rule, TESTED);
                self.check_data(reference);
            }
            root if self.rules.contains(root) => self.graph.add(&self.rule, root),
            _ => {
                self.check_part(reference);
                self.check_unknown(reference);
            }
        }
    }

    fn call(&mut self, function: Option<&Reference>, arguments: &[Argument], at: At) {
        let name =
            function.and_then(|function| Some((function, function.static_path()?.join("."))));
        let Some((function, name)) = name else {
            return self.forbid("(..)(..)", "a function is called by its name", at);
        };
        let at = function.at;
        if self.functions.contains(&name) {
            // Rules are known by the first step of their names, so that is where a circle closes.
            return self.graph.add(&self.rule, &function.root);
        }
        let is_test = matches!(self.role, Role::Test { .. });
        if is_test && name == "print" {
            return;
        }
        if is_test && self.is_tested_function(&name) {
            return self.graph.add(&self.rule, TESTED);
        }
        match builtin(&name) {
            Builtin::Allowed => self.check_arguments(&name, arguments, at),
            Builtin::Forbidden(why) => self.forbid(&name, why, at),
            Builtin::Unknown => {
                let at = self.place(at);
                let own = self.functions.iter().map(String::as_str);
                let meant = did_you_mean(&name, own.chain(ALLOWED.iter().copied()));
                let meant = meant.map(str::to_owned);
                self.errors.push(Error::UnknownFunction { at, name, meant });
            }
        }
    }

    fn enter(&mut self) {
        self.outer_parts.push(self.parts.clone());
    }

    fn leave(&mut self) {
        self.parts = self.outer_parts.pop().unwrap_or_default();
    }

    fn part(&mut self, name: &str, of: &Reference, step: Option<Step>) {
        let base = match of.root.as_str() {
            "input" => Some(Vec::new()),
            root => self.parts.get(root).cloned(),
        };
        match base {
            None => self.parts.remove(name),
            Some(mut steps) => {
                steps.extend(of.steps.iter().cloned());
                steps.extend(step);
                self.parts.insert(name.to_owned(), steps)
            }
        };
    }

    fn binding(&mut self, name: &str, at: At) {
        self.bound.insert(name.to_owned());
        self.parts.remove(name);
        if name == "input" || name == "data" {
            let at = self.place(at);
            self.errors.push(Error::NameTaken {
                at,
                name: name.to_owned(),
            });
        }
    }

    fn misread(&mut self, what: Misread, at: At) {
        let (name, why) = match what {
            Misread::KeyedIn => (
                "in",
                "a set has no keys for it, and it is false; write `collection[key] == value`",
            ),
            Misread::UnifiedUnderNot => (
                "=",
                "under `not` it waits for nothing that is bound later; write `==`",
            ),
        };
        self.forbid(name, why, at);
    }

    fn with(&mut self, at: At) {
        if matches!(self.role, Role::Policy { .. }) {
            let at = self.place(at);
            self.errors.push(Error::WithOutsideTest { at });
        }
    }
}

impl Names<'_> {
    pub(super) fn place(&self, at: At) -> Place {
        Place::new(self.path, at.line, at.column)
    }

    /// A name that nothing binds is silently undefined where the engine does not look: in the
    /// value of a head.
    pub(super) fn end_rule(&mut self) {
        for reference in std::mem::take(&mut self.unknown) {
            if self.bound.contains(&reference.root) || reference.root == "_" {
                continue;
            }
            let at = self.place(reference.at);
            self.errors.push(Error::Syntax {
                at,
                what: format!(
                    "`{}` is neither a rule nor a variable of this one",
                    reference.root
                ),
            });
        }
        self.bound.clear();
        self.parts.clear();
        self.outer_parts.clear();
    }

    /// Whether a test calls a function of a policy file: by its package, or by an import.
    fn is_tested_function(&self, name: &str) -> bool {
        let Role::Test { aliases, packages } = &self.role else {
            return false;
        };
        let Some((root, rest)) = name.split_once('.') else {
            return false;
        };
        let path = match (root, aliases.get(root)) {
            ("data", _) => rest.to_owned(),
            (_, Some(package)) => format!("{package}.{rest}"),
            (_, None) => return false,
        };
        packages.iter().any(|package| {
            path.strip_prefix(&package.name)
                .and_then(|path| path.strip_prefix('.'))
                .is_some_and(|function| package.functions.contains(function))
        })
    }

    pub(super) fn forbid(&mut self, name: &str, why: &str, at: At) {
        let at = self.place(at);
        self.errors.push(Error::BuiltinForbidden {
            at,
            name: name.to_owned(),
            why: why.to_owned(),
        });
    }

    /// A name that is neither a rule nor a document: a local variable, or a built-in function that
    /// is named without a call (`f := http.send`).
    fn check_unknown(&mut self, reference: &Reference) {
        if let Role::Test { aliases, .. } = &self.role
            && (aliases.contains_key(&reference.root) || reference.root == "print")
        {
            if reference.root != "print" {
                self.graph.add(&self.rule, TESTED);
            }
            return;
        }
        self.unknown.push(reference.clone());
        let mut name = reference.root.clone();
        for step in &reference.steps {
            let Step::Static(step) = step else { return };
            name.push('.');
            name.push_str(step);
            if EXACTLY_FORBIDDEN.contains(&name.as_str()) {
                return self.forbid(&name, "a built-in function is no value", reference.at);
            }
        }
    }

    /// `change.fields`, where `change` is known to be an element of `input.changes`.
    fn check_part(&mut self, reference: &Reference) {
        if let (Some(part), false) = (self.parts.get(&reference.root), reference.steps.is_empty()) {
            let steps: Vec<Step> = part.iter().chain(&reference.steps).cloned().collect();
            self.check_steps(&steps, reference);
        }
    }

    fn check_input(&mut self, reference: &Reference) {
        self.check_steps(&reference.steps, reference);
    }

    fn check_steps(&mut self, steps: &[Step], reference: &Reference) {
        let Role::Policy { metadata, settings } = &self.role else {
            return;
        };
        let at = self.place(reference.at);
        let below = match steps {
            [Step::Static(first), below @ ..] if first == "facts" => below,
            steps => steps,
        };
        if let Some(Step::Static(read)) = below.first() {
            self.read.insert(read.clone());
        }
        match input_problem(steps, metadata, settings) {
            None => {}
            Some(Problem::Unknown(meant)) => self.errors.push(Error::UnknownField {
                at,
                name: reference.text(),
                meant,
            }),
            Some(Problem::Undeclared) => self.errors.push(Error::Undeclared {
                at,
                name: reference.text(),
            }),
        }
    }

    fn check_data(&mut self, reference: &Reference) {
        let allowed = match &self.role {
            Role::Policy { .. } => false,
            Role::Test { packages, .. } => packages.iter().any(|package| {
                let mut steps = reference.steps.iter();
                package
                    .name
                    .split('.')
                    .all(|name| steps.next() == Some(&Step::Static(name.to_owned())))
            }),
        };
        if !allowed {
            let at = self.place(reference.at);
            self.errors.push(Error::DataReference {
                at,
                name: reference.text(),
            });
        }
    }
}

/// What a test asks: any of the packages that it may read.
pub(super) const TESTED: &str = "data";

/// Functions that are refused even where they are not called; other names of these namespaces may
/// be fields of a local variable.
const EXACTLY_FORBIDDEN: [&str; 10] = [
    "http.send",
    "net.lookup_ip_addr",
    "opa.runtime",
    "rand.intn",
    "rego.metadata.chain",
    "rego.metadata.rule",
    "rego.parse_module",
    "time.now_ns",
    "uuid.parse",
    "uuid.rfc4122",
];
