//! Our evaluator against OPA: each policy file on each document of all cases.
//! Knows nothing of what policies say. Needs `opa`, so it runs where `.ci/run` has installed it.

use std::fs;
use std::process::Command;

use serde_json::{Map, Value, json};
use tidegate::gate::{self, Policies};
use tidegate::policy::{Module, Policy, trace};

/// What the rules that are asked came to, by name.
type Answer = Map<String, Value>;

#[test]
#[ignore = "needs `opa`: .ci/run runs it"]
fn opa_comes_to_the_same_on_every_document_of_every_case() {
    let policies = gate::policies(Vec::new()).unwrap();
    let documents = documents(&policies);
    let mut wrong = Vec::new();
    let mut compared = 0;
    for policy in policies.set.iter() {
        for module in policy.modules() {
            let of_module = |document: &&Value| document["file"] == module.path();
            let inputs = documents.iter().filter(of_module);
            let inputs: Vec<&Value> = inputs.map(|document| &document["input"]).collect();
            let ours: Vec<Answer> = inputs
                .iter()
                .map(|input| ours(policy, module, input))
                .collect();
            let others = by_opa(policy, module, &inputs, &ours[0]);
            assert_eq!(others.len(), inputs.len());
            compared += inputs.len();
            for ((input, ours), other) in inputs.iter().zip(ours).zip(others) {
                if ours != other {
                    let file = module.path();
                    wrong.push(format!("{file}\n{input}\nours {ours:#?}\nOPA's {other:#?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(compared > 400, "{compared} answers compared");
}

/// The documents of all cases, each once.
fn documents(policies: &Policies) -> Vec<Value> {
    let folders = policies.set.iter().map(Policy::folder);
    let mut documents: Vec<Value> = folders
        .flat_map(|folder| gate::case_documents(policies, folder).unwrap())
        .collect();
    documents.sort_by_cached_key(Value::to_string);
    documents.dedup();
    documents
}

fn ours(policy: &Policy, module: &Module, input: &Value) -> Answer {
    let trace = trace(policy, module.path(), input, None).unwrap();
    let answers = trace.answers.into_iter();
    let answers = answers.map(|(name, value)| (name, sorted(value.expect("a set"))));
    answers.collect()
}

/// All documents in one process; the rules are those of `asked`.
fn by_opa(policy: &Policy, module: &Module, inputs: &[&Value], asked: &Answer) -> Vec<Answer> {
    let folder = tempfile::tempdir().unwrap();
    let documents = folder.path().join("documents.json");
    fs::write(&documents, json!({"documents": inputs}).to_string()).unwrap();
    let mut opa = Command::new("opa");
    opa.current_dir(env!("CARGO_MANIFEST_DIR"));
    opa.args(["eval", "--strict-builtin-errors", "--v1-compatible"]);
    opa.args(["--format", "raw", "--data"]).arg(&documents);
    for module in policy.modules() {
        opa.arg("--data").arg(module.path());
    }
    let package = module.package();
    let rules = asked
        .keys()
        .map(|name| format!("{name:?}: data.{package}.{name}"));
    let rules = rules.collect::<Vec<_>>().join(", ");
    let query = format!(
        "[answer | some document in data.documents; answer := {{{rules}}} with input as document]"
    );
    let output = opa.arg(query).output().expect("`opa` is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let answers: Vec<Answer> = serde_json::from_slice(&output.stdout).unwrap();
    let sorted = |answer: Answer| {
        let answers = answer.into_iter();
        answers.map(|(name, value)| (name, sorted(value))).collect()
    };
    answers.into_iter().map(sorted).collect()
}

/// Sets come in any order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(mut items) => {
            items.sort_by_cached_key(Value::to_string);
            items.into()
        }
        other => other,
    }
}
