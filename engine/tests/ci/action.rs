//! `action.yml` and the workflows against the binary: every name that one side uses exists on the other.
//! Linters know the forms; these names no linter knows.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use tidegate::manifest::yaml;

use super::Job;
use crate::cli::root;

fn read(path: &str) -> (String, Value) {
    let text = fs::read_to_string(root().join(path)).unwrap();
    let documents = yaml::parse(&text).unwrap();
    let value = documents[0].to_json();
    (text, value)
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

/// What stands after `start` in every expression, up to the end of the name.
fn named(text: &str, start: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    let ends = text.split(start).skip(1);
    ends.map(|rest| rest.split(|c| !is_name(c)).next().unwrap().to_owned())
        .collect()
}

/// Names that one line uses and no other line declares, and the other way round.
fn wrong_names(text: &str) -> Vec<String> {
    let action = yaml::parse(text).unwrap()[0].to_json();
    let (declared, used) = (keys(&action["inputs"]), named(text, "{{ inputs."));
    let odd = declared.symmetric_difference(&used);
    let mut wrong: Vec<String> = odd.map(|name| format!("inputs.{name}")).collect();
    let steps = action["runs"]["steps"].as_array().unwrap();
    for name in named(text, "{{ steps.") {
        let (id, output) = name.split_once(".outputs.").unwrap_or((&name, ""));
        let step = steps.iter().find(|step| step["id"] == id);
        let script = step.map_or("", |step| step["run"].as_str().unwrap());
        let written = if id == "run" {
            action["outputs"].get(output).is_some()
        } else {
            script.contains(&format!("printf '{output}="))
        };
        if step.is_none() || !written {
            wrong.push(format!("steps.{name}"));
        }
    }
    wrong
}

#[test]
fn every_name_is_declared_and_used() {
    let (text, action) = read("action/action.yml");
    assert_eq!(wrong_names(&text), Vec::<String>::new());
    for (name, input) in action["inputs"].as_object().unwrap() {
        assert!(
            input["description"].is_string() && input["default"].is_string(),
            "{name}"
        );
    }
    assert_eq!(
        action["inputs"]["version"]["default"],
        env!("CARGO_PKG_VERSION"),
        "a release of the action installs itself"
    );
}

#[test]
fn a_wrong_name_is_found() {
    let (text, _) = read("action/action.yml");
    for (right, wrong) in [
        ("{{ inputs.fail-on }}", "{{ inputs.failon }}"),
        (
            "{{ steps.run.outputs.verdict }}",
            "{{ steps.runs.outputs.verdict }}",
        ),
        (
            "{{ steps.run.outputs.units }}",
            "{{ steps.run.outputs.unit }}",
        ),
        (
            "{{ steps.install.outputs.binary }}",
            "{{ steps.install.outputs.binry }}",
        ),
        ("  environment:\n", "  enviroment:\n"),
    ] {
        let planted = text.replacen(right, wrong, 1);
        assert_ne!(planted, text, "{right}");
        assert!(!wrong_names(&planted).is_empty(), "{wrong}");
    }
}

#[test]
fn inputs_reach_a_script_through_the_environment_alone() {
    let (_, action) = read("action/action.yml");
    for step in action["runs"]["steps"].as_array().unwrap() {
        let script = step["run"].as_str().unwrap();
        assert!(!script.contains("${{"), "{script}");
        assert_eq!(step["shell"], "bash");
    }
}

#[test]
fn every_output_is_one_that_the_binary_writes() {
    let (_, action) = read("action/action.yml");
    let mut values = BTreeSet::new();
    for (name, output) in action["outputs"].as_object().unwrap() {
        assert_eq!(
            output["value"],
            format!("${{{{ steps.run.outputs.{name} }}}}")
        );
        values.insert(name.clone());
    }
    let job = Job::new();
    let ran = job
        .check_out("feature")
        .github("pull_request", &job.pull_request());
    let written: BTreeSet<String> = ran.outputs.keys().cloned().collect();
    assert_eq!(written, values);
}

#[test]
fn the_binary_knows_every_input_that_it_is_handed() {
    let (_, action) = read("action/action.yml");
    let steps = action["runs"]["steps"].as_array().unwrap();
    let run = steps.iter().find(|step| step["id"] == "run").unwrap();
    let job = Job::new();
    job.check_out("feature");
    let mut step = job.step("pull_request", &job.pull_request());
    let mut handed = BTreeSet::new();
    for (variable, value) in run["env"].as_object().unwrap() {
        let value = value.as_str().unwrap();
        if let Some(name) = variable.strip_prefix("TIDEGATE_INPUT_") {
            let input = name.to_ascii_lowercase().replace('_', "-");
            assert_eq!(value, format!("${{{{ inputs.{input} }}}}"), "{variable}");
            step.env(
                variable,
                action["inputs"][&input]["default"].as_str().unwrap(),
            );
            handed.insert(input);
        }
    }
    job.run(step)
        .ends(1, "fail", "resources.missing-memory-limit");
    let others: BTreeSet<String> = keys(&action["inputs"])
        .difference(&handed)
        .cloned()
        .collect();
    assert_eq!(
        others,
        BTreeSet::from(["token".to_owned(), "version".to_owned()])
    );
}

#[test]
fn the_workflows_give_only_inputs_that_there_are() {
    let (_, action) = read("action/action.yml");
    let inputs = keys(&action["inputs"]);
    let mut seen = 0;
    for entry in fs::read_dir(root().join("action/workflows")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let (_, workflow) = read(&format!("action/workflows/{name}"));
        for job in workflow["jobs"].as_object().unwrap().values() {
            for step in job["steps"].as_array().unwrap() {
                let uses = step["uses"].as_str().unwrap_or_default();
                if uses.starts_with("tidegate/tidegate/action@") {
                    seen += 1;
                    let with = step.get("with").map(keys).unwrap_or_default();
                    assert!(with.is_subset(&inputs), "{name}: {with:?}");
                }
            }
        }
    }
    assert_eq!(seen, 4);
}

/// The action or workflow that each step takes, of every file below `action/` that has steps, with its file.
fn taken() -> Vec<(String, String)> {
    let files = ["action/action.yml".to_owned()].into_iter();
    let workflows = fs::read_dir(root().join("action/workflows")).unwrap();
    let workflows = workflows.map(|entry| {
        let name = entry.unwrap().file_name();
        format!("action/workflows/{}", name.to_str().unwrap())
    });
    let texts = files
        .chain(workflows)
        .chain(["action/README.md", "README.md"].map(str::to_owned));
    texts
        .flat_map(|file| {
            let text = fs::read_to_string(root().join(&file)).unwrap();
            let lines = text.lines().filter_map(|line| line.split_once("uses:"));
            let taken = lines.map(|(_, taken)| taken.split('#').next().unwrap().trim().to_owned());
            taken.map(|taken| (file.clone(), taken)).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_foreign_step_is_pinned_and_beside_the_key_there_are_but_two() {
    let taken = taken();
    assert!(taken.len() > 9, "{taken:?}");
    for (file, taken) in &taken {
        let (_, revision) = taken.split_once('@').unwrap_or_default();
        let is_pinned = revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(is_pinned, "{file}: {taken}");
    }
    let signing = taken.iter().filter(|(file, _)| file.ends_with("sign.yml"));
    assert_eq!(signing.count(), 2);
}
