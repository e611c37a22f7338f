//! The policies that are part of tidegate, held by their own cases and tests.
//! Knows nothing of what they say.

mod broken;
mod opa;
mod rules;
mod trying;
mod unfinished;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use tidegate::gate::{self, Policies};
use tidegate::model::{RepoPath, code_of};

use self::rules::Rule;

/// Path below the repository's root, and text.
type Files = BTreeMap<String, String>;

#[test]
fn every_case_comes_out_as_it_says() {
    let policies = gate::policies(Vec::new()).unwrap();
    for policy in policies.set.iter() {
        let cases = gate::run_cases(&policies, policy.folder()).unwrap();
        assert!(!cases.is_empty(), "{} has no case", policy.folder());
        let problems: Vec<_> = cases.iter().filter(|case| case.problem.is_some()).collect();
        assert!(problems.is_empty(), "{problems:#?}");
    }
}

#[test]
fn without_the_body_of_any_entry_rule_a_case_breaks() {
    let files = policy_files();
    let rules = Rule::all(&files);
    for entry in ["deny", "warn", "reasons"] {
        assert!(rules.iter().any(|rule| rule.entry == entry), "no `{entry}`");
    }
    let left = Mutex::new(rules);
    let next = || left.lock().unwrap().pop();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                while let Some(rule) = next() {
                    assert!(breaks_a_case(&rule, &files), "{rule} can be taken out");
                }
            });
        }
    });
}

/// Whether a case of its folder notices that `rule` says nothing any more.
fn breaks_a_case(rule: &Rule, files: &Files) -> bool {
    let mut files = files.clone();
    files.insert(rule.path.clone(), rule.silenced(&files[&rule.path]));
    let files: Vec<(RepoPath, Vec<u8>)> = files
        .into_iter()
        .map(|(path, text)| (RepoPath::from(path.as_str()), text.into_bytes()))
        .collect();
    let policies = Policies::from_files(&files).unwrap();
    gate::each_case(&policies, rule.folder()).any(|case| match case {
        Ok(case) => case.problem.is_some(),
        // Without a reason for some change nothing is judged.
        Err(error) if code_of(&error) == "policy.no-reason" => true,
        Err(error) => panic!("{rule}: {error}"),
    })
}

fn policy_files() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut files = Files::new();
    for folder in fs::read_dir(root).unwrap() {
        let folder = folder.unwrap().path();
        for file in fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            if file.is_file() {
                let below = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
                let text = fs::read_to_string(&file).unwrap();
                files.insert(below.to_str().unwrap().to_owned(), text);
            }
        }
    }
    files
}
