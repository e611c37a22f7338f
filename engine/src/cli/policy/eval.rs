//! `tidegate policy eval`: one policy on the documents that it would receive, rule by rule.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;

use serde_json::Value;

use super::super::check::Selection;
use super::super::common::{Error, Outcome};
use super::super::renderers;
use super::super::terminal::Terminal;
use super::policies;
use crate::gate::{self, Runtime};
use crate::model::Exit;
use crate::policy::{Module, Policy, RuleTrace, Trace, trace};
use crate::report::Color;
use crate::report::sanitise::line;

/// Evaluate a policy of the working tree and show what each of its rules came to
///
/// It sees the documents that `tidegate facts` prints for the range. Nothing is judged: a value need
/// not be a finding.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The policy
    #[arg(value_name = "FOLDER")]
    folder: String,
    #[command(flatten)]
    selection: Selection,
    /// Documents that `tidegate facts` printed, or one input document; `-` is standard input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["range", "merge_into", "staged", "worktree", "env", "unit", "now", "policy_ref", "config"]
    )]
    input: Option<PathBuf>,
    /// An expression of Rego to evaluate in the policy's package, instead of `deny`, `warn` and
    /// `reasons`
    #[arg(long, value_name = "EXPRESSION")]
    query: Option<String>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let policies = policies(terminal)?;
        let Some(policy) = policies.set.policy(&self.folder) else {
            let folder = self.folder;
            return Err(Error::UnknownPolicy { folder }.into());
        };
        let documents = match &self.input {
            Some(file) => read(file, terminal)?,
            None => {
                let network = self.selection.network;
                let (repository, request) = self.selection.resolve(terminal)?;
                let runtime = Runtime {
                    workshop: Some(&renderers::kept(terminal, &repository, network)),
                    ..Runtime::default()
                };
                gate::facts(&repository, &request, Some(&self.folder), runtime)?
            }
        };
        let documents = match documents {
            Value::Array(documents) => documents,
            one => vec![one],
        };
        let mut shown = 0;
        for document in &documents {
            for (path, input) in inputs(policy, document) {
                let trace = trace(policy, path, input, self.query.as_deref())?;
                show(path, input, &trace, terminal);
                shown += 1;
            }
        }
        if shown == 0 {
            terminal.line("no document is for this policy");
        }
        Ok(Exit::Pass)
    }
}

/// The files of `policy` that `document` is for, with what each receives. A document that does not
/// say is an input document itself.
fn inputs<'a>(policy: &'a Policy, document: &'a Value) -> Vec<(&'a str, &'a Value)> {
    let of = document.get("policy").and_then(Value::as_str);
    let input = document.get("input").unwrap_or(document);
    let file = document.get("file").and_then(Value::as_str);
    let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
    let paths = policy.modules().map(Module::path);
    paths
        .filter(|_| of.is_none_or(|of| of == policy.folder()))
        .filter(|path| file.is_none_or(|file| name(file) == name(path)))
        .map(|path| (path, input))
        .collect()
}

fn read(file: &PathBuf, terminal: &Terminal) -> Result<Value, Error> {
    let path = terminal.directory.join(file);
    let bytes = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().take(MOST).read_to_end(&mut bytes);
        read.map(|_| bytes)
    } else {
        std::fs::read(&path)
    };
    let bytes = bytes.map_err(|error| Error::read(&path, &error))?;
    // What the file holds may be secret: the position alone is told.
    serde_json::from_slice(&bytes).map_err(|error| Error::Read {
        path: file.display().to_string(),
        reason: format!("no JSON at line {} column {}", error.line(), error.column()),
    })
}

fn show(path: &str, input: &Value, trace: &Trace, terminal: &mut Terminal) {
    let style = terminal.style();
    let objects = input.pointer("/changes").and_then(Value::as_array);
    let names: Vec<String> = objects
        .into_iter()
        .flatten()
        .filter_map(|change| change.get("object"))
        .map(|object| {
            let of = |key| object.get(key).and_then(Value::as_str).unwrap_or_default();
            line(&format!("{} {}", of("kind"), of("name")))
        })
        .collect();
    let on = names.join(", ");
    terminal.line(&style.paint(&format!("{path} on {on}"), Color::Bold));
    for (name, value) in &trace.answers {
        match value {
            None => terminal.line(&format!("{name} is undefined")),
            Some(value) => terminal.line(&format!("{name} = {}", line_of_json(value))),
        }
    }
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let asked = trace.rules.iter().filter(|rule| !rule.reached.is_empty());
    for rule in asked {
        let (at, name, how) = (&rule.at, &rule.name, how_far(rule));
        terminal.line(&format!("  {at}  {name}  {how}"));
        if let (Some(value), true) = (&rule.value, told.insert(name)) {
            let text: String = line(&value.to_string()).chars().take(SHOWN).collect();
            terminal.line(&format!("      = {text}"));
        }
    }
    let not_asked = trace.rules.iter().filter(|rule| rule.reached.is_empty());
    let rows: Vec<String> = not_asked
        .map(|rule| format!("{}:{}", rule.name, rule.at.line))
        .collect();
    if !rows.is_empty() {
        terminal.line(&format!("  not asked: {}", rows.join(", ")));
    }
}

fn how_far(rule: &RuleTrace) -> String {
    let reached = rule.reached.len();
    let all = reached + rule.not_reached.len();
    let lines = format!("{reached} of {all} lines");
    let next = rule.not_reached.iter().find(|line| **line > rule.at.line);
    match (rule.fired, next) {
        (Some(true), _) => format!("fired, {lines}"),
        (Some(false), Some(next)) => format!("did not fire, {lines}, not line {next}"),
        (Some(false), None) => format!("did not fire, {lines}"),
        (None, _) => lines,
    }
}

/// Pretty, and clean of what steers a terminal.
fn line_of_json(value: &Value) -> String {
    let text = format!("{value:#}");
    let rows: Vec<String> = text.lines().map(line).collect();
    rows.join("\n")
}

/// As much as an input document may hold.
const MOST: u64 = 64 * 1024 * 1024;

const SHOWN: usize = 160;
