//! What other programs hold on to: each document that is printed or handed to a policy has the shape
//! that `schemas/` promises. Knows nothing of what the documents say.

mod foreign;
mod unproven;

use std::fs;

use jsonschema::Registry;
use serde_json::{Value, json};
use tidegate::facts::workloads;
use tidegate::gate::{self, Request, What};
use tidegate::model::GroupKind;
use tidegate::report;
use tidegate::schemas;
use tidegate::verdict::RunReport;

use crate::cli::{assert_file, root, shop};
use crate::support::Repo;

#[test]
fn the_schema_of_each_document_is_the_one_of_its_type() {
    for (file, schema, title) in [
        ("report.v1.json", report::json::schema(), "Report"),
        ("signing.v1.json", report::signing::schema(), "Signing"),
        ("doctor.v1.json", report::doctor::schema(), "Doctor"),
        ("drill.v1.json", report::drill::schema(), "Drill"),
        (
            "installation.v1.json",
            report::installation::schema(),
            "Installation",
        ),
        ("verdicts.v1.json", report::verdicts::schema(), "Verdicts"),
        (
            "withdrawal.v1.json",
            report::withdrawal::schema(),
            "Withdrawal",
        ),
        ("calendar.v1.json", report::calendar::schema(), "Calendar"),
        (
            "admission.v1.json",
            report::admission::schema(),
            "Admission",
        ),
    ] {
        assert_eq!(schema["title"], title);
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        assert_file(&root().join("schemas").join(file), &text);
    }
}

#[test]
fn the_schemas_of_evidence_are_those_of_its_types() {
    let list = tidegate::facts::evidence::tools::schema();
    let statements = tidegate::attest::evidence::schemas();
    for (file, schema) in statements.into_iter().chain([("backups.v1.json", list)]) {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        assert_file(&root().join("schemas/evidence").join(file), &text);
    }
}

#[test]
fn what_carries_a_pod_template_is_a_workload_and_its_resources_are_judged() {
    let keys = fs::read_to_string(root().join("engine/src/change/merge-keys.json")).unwrap();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    let policies = gate::embedded_policies().unwrap();
    let resources = policies.policy("resource-limits").unwrap();
    for (name, pods) in keys["podSpecAt"].as_object().unwrap() {
        // A Pooler may leave its template out; what is absent there is its operator's.
        if name == "Pooler.postgresql.cnpg.io" {
            continue;
        }
        let kind = GroupKind::parse(name);
        let api_version = match kind.group.as_str() {
            "" => "v1".to_owned(),
            group => format!("{group}/v1"),
        };
        let object = json!({"apiVersion": api_version, "kind": kind.kind});
        let workload = workloads::of_object(&object, &|_| None, &workloads::Around::default());
        let template = workload.map(|workload| workload.template_pointer);
        let spec = template.map(|template| format!("{template}/spec"));
        assert_eq!(spec, Some(format!("/{}", pods.as_str().unwrap())), "{name}");
        let mut modules = resources.modules();
        assert!(
            modules.any(|module| module.metadata().kinds.concern(&kind)),
            "{name}"
        );
    }
}

#[test]
fn policies_receive_what_the_schema_of_the_input_says() {
    let repo = shop_with_a_curious_policy();
    change_everything(&repo);
    repo.git(&["add", "--all"]);
    let mut documents = facts(&repo, What::Staged);
    repo.commit("everything at once");
    documents.extend(facts(&repo, range("HEAD~1..HEAD")));
    let mut seen = Vec::new();
    for document in &documents {
        let problems = problems("input.v1.json", &document["input"]);
        assert_eq!(problems, [""; 0], "{}", document["file"]);
        seen.push(document["input"].clone());
    }
    // What may be absent was there at least once.
    for pointer in [
        "/now",
        "/range/units/0",
        "/source/commits/0/oid",
        "/risk/reasons/0",
        "/environment/cluster",
        "/facts/inventory/value/LimitRange/0",
        "/facts/workloads/value/new/0/containers/0/resources/limits/memoryBytes",
        "/facts/workloads/value/old/0",
        "/facts/images/value/0/reference/digest",
        "/changes/0/old",
        "/changes/0/new",
        "/changes/0/fields/0/keyedPath",
    ] {
        let held = seen.iter().any(|input| input.pointer(pointer).is_some());
        assert!(held, "no document has {pointer}");
    }
    for kind in ["Application", "Paths", "Gate"] {
        let held = seen.iter().any(|input| input["unit"]["kind"] == kind);
        assert!(held, "no document is of a unit of the kind {kind}");
    }
}

#[test]
fn a_document_beyond_the_schema_of_the_input_is_noticed() {
    let repo = shop();
    change_one(&repo);
    repo.commit("one thing");
    let documents = facts(&repo, range("HEAD~1..HEAD"));
    let limits = documents
        .iter()
        .find(|one| one["policy"] == "resource-limits");
    let mut input = limits.unwrap()["input"].clone();
    assert_eq!(problems("input.v1.json", &input), [""; 0]);
    input["facts"]["workloads"]["value"]["new"] = 1.into();
    input["changes"][0]["more"] = 1.into();
    assert_eq!(problems("input.v1.json", &input).len(), 2);
}

#[test]
fn every_report_has_the_shape_that_its_schema_says() {
    let mut outcomes = Vec::new();
    let mut check = |repo: &Repo, request: &Request| {
        let report = gate::check(&repo.open(), request).unwrap();
        let document = json_of(&report);
        assert_eq!(problems("report.v1.json", &document), [""; 0]);
        outcomes.push(document["outcome"].as_str().unwrap().to_owned());
    };
    let repo = shop();
    repo.write("README.md", "# The shop\n");
    repo.commit("a document");
    check(&repo, &request(range("HEAD~1..HEAD")));
    change_one(&repo);
    repo.commit("one thing");
    check(&repo, &request(range("HEAD~1..HEAD")));
    change_everything(&repo);
    repo.write(
        "elsewhere/a.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n",
    );
    repo.commit("everything at once");
    check(&repo, &request(range("HEAD~1..HEAD")));
    let all = Request {
        everything: true,
        unit: Some("odoo".to_owned()),
        ..request(range("HEAD~1..HEAD"))
    };
    check(&repo, &all);
    repo.write("apps/redis/dev/broken.yaml", "a: [");
    repo.git(&["add", "--all"]);
    check(&repo, &request(What::Staged));
    assert_eq!(
        outcomes,
        ["not-applicable", "pass", "fail", "fail", "error"]
    );
}

#[test]
fn every_difference_has_the_shape_that_its_schema_says() {
    let repo = shop();
    change_everything(&repo);
    repo.commit("everything at once");
    let range = range("HEAD~1..HEAD");
    let diff = gate::diff(&repo.open(), &request(range), gate::Runtime::default()).unwrap();
    let document = report::diff::to_json(&diff.range, &diff.units);
    assert_eq!(problems("diff.v1.json", &document), [""; 0]);
    assert!(document["units"].as_array().unwrap().len() > 5);
}

/// The shop, with a policy of its own that reads whatever there is.
fn shop_with_a_curious_policy() -> Repo {
    let repo = shop();
    let policy = "# METADATA
# title: Curious
# description: It reads whatever there is.
# custom:
#   prefix: curious
#   scope: change-set
#   kinds: ['*']
#   facts: [inventory, range, source, workloads]
#   neighbours: [LimitRange, Service]
#   clock: true
#   codes: {curious.odd: warn}
package tidegate.curious.change_set

warn contains {\"code\": \"curious.odd\", \"message\": input.now} if input.mode == \"never\"
";
    repo.write(".tidegate/policies/curious/change_set.rego", policy);
    repo.commit("a curious policy");
    repo
}

/// Something that passes.
fn change_one(repo: &Repo) {
    replace(
        repo,
        "apps/odoo/prod-a/web-deployment.yaml",
        "\"4711\"",
        "\"4712\"",
    );
}

/// What the demo changes, creations, deletions, a neighbour, the gate's own files.
fn change_everything(repo: &Repo) {
    let steps = fs::read_to_string(root().join("testdata/demo/steps.yaml")).unwrap();
    let steps = tidegate::manifest::yaml::parse(&steps).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for step in steps[0].to_json()["steps"].as_array().unwrap() {
        for one in step["replace"].as_array().unwrap() {
            let (from, to) = (text(&one["from"]), text(&one["to"]));
            replace(repo, &text(&step["file"]), &from, &to);
        }
    }
    let service = fs::read_to_string(repo.path().join("apps/odoo/dev/web-service.yaml")).unwrap();
    let another = service.replace("name: ", "name: another-");
    repo.remove("apps/redis/dev/statefulset.yaml")
        .remove("platform/prod-b/limitrange.yaml")
        .write("apps/odoo/dev/another-service.yaml", another);
    replace(
        repo,
        "apps/odoo/prod-b/object-storage-secret.yaml",
        "name: ",
        "name: new-",
    );
    replace(
        repo,
        "tidegate.yaml",
        "default-tier: high",
        "default-tier: critical",
    );
}

fn replace(repo: &Repo, path: &str, from: &str, to: &str) {
    let text = fs::read_to_string(repo.path().join(path)).unwrap();
    repo.write(path, text.replacen(from, to, 1));
}

fn facts(repo: &Repo, what: What) -> Vec<Value> {
    let documents =
        gate::facts(&repo.open(), &request(what), None, gate::Runtime::default()).unwrap();
    let Value::Array(documents) = documents else {
        panic!("not a list: {documents}");
    };
    assert!(!documents.is_empty());
    documents
}

fn range(text: &str) -> What {
    What::Range(text.to_owned())
}

fn request(what: What) -> Request {
    Request {
        what,
        environment: None,
        unit: None,
        everything: false,
        now: "2026-11-20T10:00:00Z".parse().unwrap(),
        policy_ref: None,
        config: None,
    }
}

fn json_of(report: &RunReport) -> Value {
    let mut bytes = Vec::new();
    report::json::write(report, &mut bytes).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Where `document` is not what the schema at `path` says; references lead to the other schemas.
pub(crate) fn problems(path: &str, document: &Value) -> Vec<String> {
    let parsed = |path| serde_json::from_str::<Value>(schemas::schema(path).unwrap()).unwrap();
    let mut registry = Registry::new();
    for path in schemas::paths() {
        registry = registry.add(format!("{BASE}{path}"), parsed(path)).unwrap();
    }
    let registry = registry.prepare().unwrap();
    let validator = jsonschema::options()
        .with_registry(&registry)
        .with_base_uri(format!("{BASE}{path}"))
        .should_validate_formats(true)
        .build(&parsed(path))
        .unwrap();
    validator
        .iter_errors(document)
        .map(|problem| format!("{}: {problem}", problem.instance_path()))
        .collect()
}

const BASE: &str = "https://schemas.invalid/";
