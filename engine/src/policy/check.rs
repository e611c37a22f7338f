//! Refuses a policy that could stall, abort or deceive the engine, before it runs.
//! Knows the text of a folder and its metadata; nothing of inputs.

mod arguments;
mod builtins;
mod graph;
mod names;
mod pattern;
mod rules;
mod shape;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use regorus::Engine;
use regorus::unstable::Module;
use serde_json::Value;

use self::graph::Graph;
use self::names::{Names, Role, TestedPackage};
use self::rules::function_names;
pub(super) use self::rules::{rule_lines, rule_names, rules, sites, test_rules};
pub(super) use self::tree::Site;
use self::tree::{At, Form, Head, Reference};
use super::error::{Error, Place};
use super::metadata::Metadata;
use super::text::check_text;
use crate::model::Effect;

/// A policy file as the check needs it.
pub(super) struct Source<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
    /// The package it must have.
    pub(super) package: &'a str,
}

/// Checks one policy file.
pub(super) fn check_policy(
    source: &Source<'_>,
    metadata: &Metadata,
    settings: &Value,
) -> Result<(), Vec<Error>> {
    parsed(source, |module| {
        let mut names = Names::new(source.path, module, Role::Policy { metadata, settings });
        names.check_imports(module, &[]);
        names.check_rules(module);
        names.check_entries(module, metadata);
        names.errors
    })?;
    compile(source, metadata)
}

/// The facts that the metadata declares and no rule reads: they cost time and say nothing.
pub(super) fn unread_facts(
    source: &Source<'_>,
    metadata: &Metadata,
) -> Result<Vec<(Place, String)>, Error> {
    let mut engine = load(source.path, source.text)?;
    let mut read = BTreeSet::new();
    if let Some(module) = engine.get_modules().first() {
        let settings = &Value::Bool(true);
        let mut names = Names::new(source.path, module, Role::Policy { metadata, settings });
        names.check_rules(module);
        read = names.read;
    }
    let unread = metadata.facts.iter().filter(|fact| !read.contains(*fact));
    let place = |fact| Metadata::place_of(source.path, source.text, fact);
    Ok(unread.map(|fact| (place(fact), fact.clone())).collect())
}

/// Lets the engine look for what only it knows: variables that nothing binds, rules in conflict.
fn compile(source: &Source<'_>, metadata: &Metadata) -> Result<(), Vec<Error>> {
    let mut engine = load(source.path, source.text).map_err(|error| vec![error])?;
    let entry = if metadata.reasons.is_empty() {
        ENTRIES
            .iter()
            .find(|rule| rule_names(&mut engine).contains(**rule))
    } else {
        Some(&"reasons")
    };
    let rule = format!("data.{}.{}", source.package, entry.unwrap_or(&"deny"));
    engine
        .compile_with_entrypoint(&rule.into())
        .map(|_compiled| ())
        .map_err(|error| {
            let (at, what) = super::error::place_and_message(source.path, &error.to_string());
            vec![Error::Syntax { at, what }]
        })
}

/// Checks the test file of a folder against the packages of its policy files. Its own package is
/// that of the folder, or of one of its files, with `_test` behind it. Gives the tests that ask
/// nothing of the policy.
pub(super) fn check_test(
    path: &str,
    text: &str,
    folder: &str,
    policies: &[Source<'_>],
) -> Result<BTreeSet<String>, Vec<Error>> {
    let mut packages = Vec::new();
    for policy in policies {
        let mut functions = BTreeSet::new();
        parsed(policy, |module| {
            functions = function_names(module);
            Vec::new()
        })?;
        packages.push(TestedPackage {
            name: policy.package.to_owned(),
            functions,
        });
    }
    let mut engine = load(path, text).map_err(|error| vec![error])?;
    let (found, _) = test_rules(&mut engine, path);
    let is_test_of = |package: &str| found.strip_suffix("_test") == Some(package);
    let source = Source {
        path,
        text,
        package: match policies.iter().any(|policy| is_test_of(policy.package)) {
            true => &found,
            false => &format!("{folder}_test"),
        },
    };
    let mut idle = BTreeSet::new();
    parsed(&source, |module| {
        let role = Role::Test {
            aliases: aliases(module),
            packages: &packages,
        };
        let mut names = Names::new(path, module, role);
        names.check_imports(module, policies);
        names.check_rules(module);
        let tests = names.rules.iter().filter(|name| name.starts_with("test_"));
        let idles = tests.filter(|name| !names.graph.leads(name, names::TESTED));
        idle.extend(idles.cloned());
        names.errors
    })?;
    Ok(idle)
}

/// The names under which a test imports packages, and those packages.
fn aliases(module: &Module) -> BTreeMap<String, String> {
    let imports = tree::imports(module).into_iter();
    imports
        .filter_map(|(path, alias, _)| {
            let path = path?;
            let package = path.text().strip_prefix("data.")?.to_owned();
            Some((alias.or_else(|| last_name(&path))?, package))
        })
        .collect()
}

/// Parses `text` and hands out its tree, or says why it is no Rego.
fn parsed(
    source: &Source<'_>,
    judge: impl FnOnce(&Module) -> Vec<Error>,
) -> Result<(), Vec<Error>> {
    let mut engine = load(source.path, source.text).map_err(|error| vec![error])?;
    let Some(module) = engine.get_modules().first() else {
        return Err(vec![Error::no_package(source.path)]);
    };
    let mut errors = Vec::new();
    match tree::package(module).and_then(|name| Some((name.at, name.static_path()?.join(".")))) {
        None => errors.push(Error::no_package(source.path)),
        Some((at, found)) if found != source.package => errors.push(Error::PackageMismatch {
            at: Place::new(source.path, at.line, at.column),
            found,
            expected: source.package.to_owned(),
        }),
        Some(_) => {}
    }
    errors.extend(judge(module));
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

/// An engine that holds one module.
pub(super) fn load(path: &str, text: &str) -> Result<Engine, Error> {
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(true);
    engine.set_gather_prints(true);
    add_module(&mut engine, path, text)?;
    Ok(engine)
}

/// Parses one more module into `engine`.
pub(super) fn add_module(engine: &mut Engine, path: &str, text: &str) -> Result<(), Error> {
    check_text(path, text)?;
    engine
        .add_policy(path.to_owned(), text.to_owned())
        .map(|_package| ())
        .map_err(|error| {
            let (at, what) = super::error::place_and_message(path, &error.to_string());
            Error::Syntax { at, what }
        })
}

impl<'a> Names<'a> {
    fn new(path: &'a str, module: &Module, role: Role<'a>) -> Self {
        Self {
            path,
            role,
            rules: tree::rules(module)
                .filter_map(|(head, ..)| Some(head?.name.root))
                .collect(),
            functions: function_names(module),
            rule: String::new(),
            bound: BTreeSet::new(),
            unknown: Vec::new(),
            parts: BTreeMap::new(),
            outer_parts: Vec::new(),
            graph: Graph::default(),
            read: BTreeSet::new(),
            errors: Vec::new(),
        }
    }

    fn check_imports(&mut self, module: &Module, tested: &[Source<'_>]) {
        for (path, alias, at) in tree::imports(module) {
            let name = path.map_or_else(|| "..".to_owned(), |path| path.text());
            let language = LANGUAGE.contains(&name.as_str());
            let own = tested
                .iter()
                .any(|source| name.strip_prefix("data.") == Some(source.package));
            let at = self.place(at);
            if !language && !own {
                self.errors.push(Error::Import { at, name });
            } else if let Some(alias) = alias.filter(|alias| builtins::is_taken(alias)) {
                self.errors.push(Error::NameTaken { at, name: alias });
            }
        }
    }

    fn check_rules(&mut self, module: &Module) {
        let mut first = BTreeMap::<String, At>::new();
        let mut forms = BTreeMap::<String, Form>::new();
        for (head, at, rule) in tree::rules(module) {
            let Some(Head { name, form }) = head else {
                let at = self.place(at);
                self.errors.push(Error::Syntax {
                    at,
                    what: "the rule has no plain name".to_owned(),
                });
                continue;
            };
            if builtins::is_taken(&name.text()) || builtins::is_taken(&name.root) {
                let at = self.place(name.at);
                self.errors.push(Error::NameTaken {
                    at,
                    name: name.text(),
                });
            }
            if name.root == CHANGE_SET && matches!(self.role, Role::Policy { .. }) {
                let at = self.place(name.at);
                let name = name.root.clone();
                self.errors.push(Error::DataShadowsRule { at, name });
            }
            let known = forms.entry(name.text()).or_insert(form);
            if !known.agrees_with(form) {
                let at = self.place(name.at);
                self.errors.push(Error::Syntax {
                    at,
                    what: format!("the rule `{}` is written in two forms", name.text()),
                });
            }
            if *known == Form::Default {
                *known = form;
            }
            first.entry(name.root.clone()).or_insert(name.at);
            self.rule = name.root;
            tree::walk(rule, self);
            self.end_rule();
        }
        for (name, at) in first {
            if let Some(way) = self.graph.cycle(&name) {
                let at = self.place(at);
                self.errors.push(Error::Recursion { at, name, way });
            }
        }
    }

    /// The entry rules are sets, and those that the metadata needs exist.
    fn check_entries(&mut self, module: &Module, metadata: &Metadata) {
        for (head, ..) in tree::rules(module) {
            let Some(Head { name, form }) = head else {
                continue;
            };
            let is_entry = ENTRIES.contains(&name.root.as_str());
            if is_entry && (form != Form::Set || !name.steps.is_empty()) {
                let at = self.place(name.at);
                self.errors.push(Error::ResultShape {
                    at,
                    what: format!("`{}` is not written as a set", name.root),
                });
            }
        }
        self.errors
            .extend(missing_entries(self.path, metadata, &self.rules));
    }
}

/// The rules that the metadata promises and the file lacks.
pub(super) fn missing_entries(
    path: &str,
    metadata: &Metadata,
    rules: &BTreeSet<String>,
) -> Vec<Error> {
    let deny = metadata
        .codes
        .values()
        .any(|effect| *effect == Effect::Deny);
    let only_warn = !deny && !metadata.codes.is_empty();
    [
        ("deny", deny, "codes that deny"),
        ("warn", only_warn, "codes that warn"),
        ("reasons", !metadata.reasons.is_empty(), "reasons"),
    ]
    .into_iter()
    .filter(|(rule, needed, _)| *needed && !rules.contains(*rule))
    .map(|(rule, _, what)| Error::NoEntry {
        at: Place::file(path),
        rule: rule.to_owned(),
        what: what.to_owned(),
    })
    .collect()
}

fn last_name(path: &Reference) -> Option<String> {
    path.static_path()?.last().map(|name| (*name).to_owned())
}

/// The last name of the package of `change_set.rego`, which stands beside the rules of `policy.rego`.
const CHANGE_SET: &str = "change_set";

/// What may be imported: of other words the engine makes something else than OPA.
const LANGUAGE: [&str; 6] = [
    "rego.v1",
    "future.keywords",
    "future.keywords.contains",
    "future.keywords.every",
    "future.keywords.if",
    "future.keywords.in",
];

/// The rules that the engine asks for.
pub(super) const ENTRIES: [&str; 3] = ["deny", "warn", "reasons"];

#[cfg(test)]
mod tests;
