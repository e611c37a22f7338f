//! Evaluates one policy file on one document and tells what happened in it: the value of each rule,
//! and how far each got. Judges nothing; a value need not be a finding here.

use std::collections::BTreeSet;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};
use serde_json::Value as Json;

use super::check;
use super::document::Converter;
use super::error::{Error, Place, Problems, place_and_message};
use super::set::{Module, Policy};
use super::{suite, watchdog};
use crate::model::Piece;

/// What one evaluation came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// What was asked for, by name: the entry rules, or the query. `None` is undefined.
    pub answers: Vec<(String, Option<Json>)>,
    /// The rules of the file, in its order.
    pub rules: Vec<RuleTrace>,
}

/// One rule as it is written; several may share a name.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleTrace {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: Place,
    /// The lines of it that were evaluated.
    pub reached: BTreeSet<u32>,
    /// Those that were not.
    pub not_reached: BTreeSet<u32>,
    /// Whether all of its body held: known where the head has a line of its own, and a value.
    pub fired: Option<bool>,
    /// The value of all rules of this name, where one was asked and is no function.
    pub value: Option<Json>,
}

/// Evaluates the entry rules of one file of `policy`, or `query`, with `input`.
///
/// # Errors
/// The query is no expression of our dialect, or the evaluation failed or took too long.
pub fn trace(
    policy: &Policy,
    path: &str,
    input: &Json,
    query: Option<&str>,
) -> Result<Trace, Problems> {
    let Some(query) = query else {
        return run(policy.clone(), path, input, false);
    };
    let mut modules = policy.modules();
    let lines = modules.find(|module| module.path() == path);
    let lines = lines.map_or(0, |module| module.text().matches('\n').count() + 1);
    let policy = policy.edited(path, |text| format!("{text}\n{QUERY} := {query}\n"));
    policy
        .and_then(|policy| run(policy, path, input, true))
        .map_err(|problems| problems.moved(|at| in_query(at, lines)))
}

/// Names a place behind the last of `lines` as one of the query.
fn in_query(at: &mut Place, lines: usize) {
    let first = u32::try_from(lines).unwrap_or(u32::MAX).saturating_add(1);
    if at.line >= first {
        let before = u32::try_from(QUERY.len() + " := ".len()).unwrap_or_default();
        let column = match at.line == first {
            true => at.column.saturating_sub(before),
            false => at.column,
        };
        *at = Place::new("in --query", at.line - first + 1, column);
    }
}

fn run(policy: Policy, path: &str, input: &Json, asks: bool) -> Result<Trace, Problems> {
    let what = format!("evaluating {path}");
    let (path, input) = (path.to_owned(), Piece::new(input.clone()));
    let work = move || match policy.modules().find(|module| module.path() == path) {
        Some(module) => evaluate(&policy, module, &input, asks),
        None => Ok(Trace {
            answers: Vec::new(),
            rules: Vec::new(),
        }),
    };
    watchdog::run_bounded(2 * TIME, work).map_err(|none| none.error(&what))?
}

fn evaluate(
    policy: &Policy,
    module: &Module,
    input: &Piece,
    asks: bool,
) -> Result<Trace, Problems> {
    let mut engine = check::load(module.path(), module.text())?;
    engine.set_execution_timer_config(ExecutionTimerConfig {
        limit: TIME,
        check_interval: suite::CHECK_INTERVAL,
    });
    engine.set_enable_coverage(true);
    engine.set_input(Converter::default().input(input).value().clone());
    let written = check::rules(&mut engine);
    let names: BTreeSet<&str> = written.iter().map(|rule| rule.name.as_str()).collect();
    let mut answers = Vec::new();
    let wanted: &[&str] = if asks { &[QUERY] } else { &check::ENTRIES };
    for name in wanted.iter().filter(|name| names.contains(**name)) {
        let value = value_of(&mut engine, module, name)?;
        answers.push(((*name).to_owned(), value));
    }
    let lines = suite::coverage(&engine, policy)?
        .remove(module.path())
        .unwrap_or_default();
    // What is asked from here on is not part of what happened.
    engine.set_enable_coverage(false);
    let numbered = (1..).zip(module.text().lines());
    let heads: BTreeSet<u32> = numbered
        .filter(|(_, text)| text.trim_end().ends_with(" if {"))
        .map(|(line, _)| line)
        .collect();
    let mut rules = Vec::new();
    for rule in written.iter().filter(|rule| rule.name != QUERY) {
        let of_rule = |lines: &BTreeSet<u32>| lines.range(rule.lines.clone()).copied().collect();
        let reached: BTreeSet<u32> = of_rule(&lines.covered);
        let not_reached: BTreeSet<u32> = of_rule(&lines.not_covered);
        let head = rule.lines.start;
        let stands_alone = heads.contains(&head);
        // The engine evaluates what a head gives when its body held.
        let fired = match (reached.contains(&head), not_reached.contains(&head)) {
            (true, _) if stands_alone => Some(true),
            (_, true) if stands_alone => Some(false),
            _ => None,
        };
        let value = match rule.is_function || reached.is_empty() {
            true => None,
            false => value_of(&mut engine, module, &rule.name)?,
        };
        rules.push(RuleTrace {
            name: rule.name.clone(),
            at: Place::new(module.path(), head, 1),
            reached,
            not_reached,
            fired,
            value,
        });
    }
    Ok(Trace { answers, rules })
}

fn value_of(engine: &mut Engine, module: &Module, rule: &str) -> Result<Option<Json>, Error> {
    let value = engine
        .eval_rule(format!("data.{}.{rule}", module.package()))
        .map_err(|error| {
            let (at, what) = place_and_message(module.path(), &error.to_string());
            Error::Evaluation { at, what }
        })?;
    if value == Value::Undefined {
        return Ok(None);
    }
    let text = value.to_json_str().ok();
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// The name under which a query is evaluated, behind the last line of the file.
const QUERY: &str = "the_query";

const TIME: Duration = Duration::from_secs(30);
