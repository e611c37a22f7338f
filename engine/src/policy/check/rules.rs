//! What a file holds, without judging it: its rules, its tests, where it could be changed.
//! Knows the syntax tree only through `tree`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use regorus::Engine;
use regorus::unstable::Module;
use serde_json::Value as Json;

use super::super::error::{Error, Place};
use super::load;
use super::tree::{self, Form, Head, Reference, Site, Step};

/// The names of the rules in the one module of `engine`.
pub(in crate::policy) fn rule_names(engine: &mut Engine) -> BTreeSet<String> {
    let modules = engine.get_modules();
    let rules = modules.iter().flat_map(|module| tree::rules(module));
    rules
        .filter_map(|(head, ..)| Some(head?.name.root))
        .collect()
}

/// Every small change of a policy file that its tests should notice.
pub(in crate::policy) fn sites(path: &str, text: &str) -> Result<Vec<Site>, Error> {
    let mut engine = load(path, text)?;
    let modules = engine.get_modules();
    Ok(modules
        .first()
        .map_or_else(Vec::new, |module| tree::sites_of(module, text)))
}

/// A rule as it is written.
pub(in crate::policy) struct Rule {
    pub(in crate::policy) name: String,
    /// Up to the line on which the next one begins.
    pub(in crate::policy) lines: Range<u32>,
    pub(in crate::policy) is_function: bool,
}

/// The rules in the one module of `engine`, in its order.
pub(in crate::policy) fn rules(engine: &mut Engine) -> Vec<Rule> {
    let Some(module) = engine.get_modules().first() else {
        return Vec::new();
    };
    let functions = function_names(module);
    let mut rules: Vec<Rule> = Vec::new();
    for (head, at, _) in tree::rules(module) {
        if let Some(last) = rules.last_mut() {
            last.lines.end = at.line;
        }
        rules.extend(head.map(|Head { name, form }| Rule {
            lines: at.line..u32::MAX,
            is_function: form != Form::Value && functions.contains(&name.text()),
            name: path_of(&name),
        }));
    }
    rules
}

/// The path by which the engine knows a rule: the names before the first step that only evaluation
/// knows, those that are no words in brackets.
fn path_of(name: &Reference) -> String {
    let mut path = name.root.clone();
    for step in &name.steps {
        match step {
            Step::Static(name) if is_word(name) => path.extend([".", name]),
            Step::Static(name) => path.push_str(&format!("[{}]", Json::from(name.as_str()))),
            Step::Dynamic => break,
        }
    }
    path
}

fn is_word(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(is_letter) && name.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

/// The lines on which the rules of a file begin.
pub(in crate::policy) fn rule_lines(path: &str, text: &str) -> Result<BTreeSet<u32>, Error> {
    let mut engine = load(path, text)?;
    let modules = engine.get_modules();
    let rules = modules.iter().flat_map(|module| tree::rules(module));
    Ok(rules.map(|(_, at, _)| at.line).collect())
}

/// The package of the first module of `engine` and its test rules by name.
pub(in crate::policy) fn test_rules(
    engine: &mut Engine,
    path: &str,
) -> (String, BTreeMap<String, Place>) {
    let Some(module) = engine.get_modules().first() else {
        return (String::new(), BTreeMap::new());
    };
    let package = tree::package(module).map_or_else(String::new, |package| package.text());
    let rules = tree::rules(module).filter_map(|(head, ..)| head);
    let mut tests = BTreeMap::new();
    for Head { name, .. } in rules {
        if name.root.starts_with("test_") || name.root.starts_with("todo_test_") {
            tests
                .entry(name.root)
                .or_insert_with(|| Place::new(path, name.at.line, name.at.column));
        }
    }
    (package, tests)
}

pub(super) fn function_names(module: &Module) -> BTreeSet<String> {
    tree::rules(module)
        .filter_map(|(head, ..)| head)
        .filter(|head| matches!(head.form, Form::Function | Form::Default))
        .map(|head| head.name.text())
        .collect()
}
