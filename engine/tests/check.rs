//! Judging real repositories: `check`, `diff` and `facts`, through the library and the binary.
//! Knows nothing of signatures but what must be the same everywhere.

mod anchors;
mod answers;
mod applications;
mod attributes;
mod bad_inputs;
mod base_judges;
mod binary;
mod cache;
mod configuration;
mod depth;
mod duplicates;
mod exceptions;
mod fail_closed;
mod foreign_settings;
mod freeze;
mod gate_unit;
mod hook;
mod images;
mod inherited;
mod kinds;
mod linked;
mod made;
mod migrations;
mod monotone;
mod not_rendered;
mod outcomes;
mod poisoned;
mod repository_policies;
mod rollback;
mod same_bytes;
mod secrets;
mod signatures;
mod silent;
mod small_machine;
mod spellings;
mod staged;
mod streams;
mod unclaimed;
mod worktree;

use std::process::{Command, Output};

use jiff::Timestamp;
use miette::Diagnostic;
use tidegate::gate::{self, Error, Request, What};
use tidegate::model::{Exit, Finding, GitId, code_of};
use tidegate::verdict::{RunReport, UnitReport};

use crate::support::Repo;

const NOW: &str = "2026-11-20T10:00:00Z";

/// A whole plan for the way back.
const PLAN: &str = "# Rollback\n## Application\nrevert\n## Database\nnothing\n## Integrations\nstop\n## Criteria\nerrors\n## Authority\nops\n## Irreversible\nrestore\n";
/// The strict profile, for a shop without a calendar.
const RETAIL: &str = "profile: retail-prod\npolicies: {freeze-windows: {require-calendar: {production: false}}}\nimages: {signatures: of-authorities, registries: [\"**\"]}\n";

/// One environment, whose files lie below `prod/`.
const CONFIG: &str = "environments:\n  - name: prod\n    paths: [\"prod/**\"]\n";

/// A repository with a configuration and one sound Deployment, and its first commit.
fn shop(config: &str) -> (Repo, GitId) {
    let repo = Repo::new();
    repo.write("tidegate.yaml", config)
        .write("prod/odoo.yaml", deployment("odoo", "2Gi"));
    let base = repo.commit("the shop");
    (repo, base)
}

/// A Deployment in the namespace `shop` with this memory limit; none where it is empty.
fn deployment(name: &str, memory: &str) -> String {
    deployment_in("shop", name, memory)
}

fn deployment_in(namespace: &str, name: &str, memory: &str) -> String {
    let limits = if memory.is_empty() {
        String::new()
    } else {
        format!("            limits: {{memory: {memory}}}\n")
    };
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
spec:
  replicas: 4
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      containers:
        - name: {name}
          image: registry.example/shop/{name}:1.0.0@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5
          resources:
            requests: {{cpu: 500m, memory: 2Gi}}
{limits}"
    )
}

/// A LimitRange that gives containers a memory limit.
fn limit_range(namespace: &str) -> String {
    format!(
        "apiVersion: v1\nkind: LimitRange\nmetadata:\n  name: defaults\n  namespace: {namespace}\n\
         spec:\n  limits:\n    - type: Container\n      default: {{memory: 2Gi}}\n"
    )
}

fn config_map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: shop\n\
         data:\n  key: {value}\n"
    )
}

fn request(range: &str) -> Request {
    Request {
        what: What::Range(range.to_owned()),
        environment: None,
        unit: None,
        everything: false,
        now: at(NOW),
        policy_ref: None,
        config: None,
    }
}

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

fn check_with(repo: &Repo, request: &Request) -> Result<RunReport, Error> {
    gate::check(&repo.open(), request)
}

/// Judges from `base` to `HEAD`.
fn check(repo: &Repo, base: GitId) -> RunReport {
    check_with(repo, &request(&format!("{base}..HEAD"))).unwrap()
}

/// The same with every object of the units touched.
fn check_all(repo: &Repo, base: GitId) -> RunReport {
    let request = Request {
        everything: true,
        ..request(&format!("{base}..HEAD"))
    };
    check_with(repo, &request).unwrap()
}

/// The stable code of what kept a run from looking at anything, and how the process would end.
fn refused(repo: &Repo, request: &Request) -> (String, u8) {
    let error = check_with(repo, request).unwrap_err();
    (code_of(&error), Exit::of_error(&error).code())
}

fn unit<'r>(report: &'r RunReport, environment: &str, unit: &str) -> &'r UnitReport {
    let wanted = |found: &&UnitReport| found.environment == environment && found.unit == unit;
    let Some(found) = report.units.iter().find(wanted) else {
        panic!("{environment}/{unit} was not judged: {:?}", json_of(report));
    };
    found
}

/// `code of object` of every finding that blocks, in all units, each once.
fn blocking(report: &RunReport) -> Vec<String> {
    named(report, Finding::blocks)
}

/// The same for the findings that `wanted` takes.
fn named(report: &RunReport, wanted: impl Fn(&Finding) -> bool) -> Vec<String> {
    let units = report.units.iter().flat_map(|unit| &unit.findings);
    let mut names: Vec<String> = units
        .chain(&report.findings)
        .filter(|finding| wanted(finding))
        .map(|finding| match &finding.object {
            Some(object) => format!("{} of {}", finding.code, object.name),
            None => finding.code.clone(),
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The code, exit and text of every error.
fn errors(report: &RunReport) -> Vec<(String, String)> {
    let errors = report.errors.iter().map(|error| {
        let error: &dyn Diagnostic = error.error.as_ref();
        (code_of(error), error.to_string())
    });
    errors.collect()
}

fn error_codes(report: &RunReport) -> Vec<String> {
    errors(report).into_iter().map(|(code, _)| code).collect()
}

fn json_of(report: &RunReport) -> String {
    let mut bytes = Vec::new();
    tidegate::report::json::write(report, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The binary in this repository.
fn tidegate(repo: &Repo, arguments: &[&str]) -> Output {
    tidegate_command(repo, arguments).output().unwrap()
}

fn tidegate_command(repo: &Repo, arguments: &[&str]) -> Command {
    let mut command = repo.command(env!("CARGO_BIN_EXE_tidegate"));
    command.args(arguments);
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
