use super::*;
use crate::model::{Piece, code_of, limits};
use crate::policy::Times;
use crate::policy::{Evaluator, TestOutcome, run_tests};

const FACTS: &[&str] = &["inventory", "workloads"];

/// Every fact that a built-in policy may name.
const ALL_FACTS: &[&str] = &[
    "backups",
    "claims",
    "connections",
    "freeze",
    "images",
    "inventory",
    "migrations",
    "promotions",
    "quotas",
    "range",
    "rollback",
    "skew",
    "source",
    "storage",
    "workloads",
];

fn policy(folder: &str) -> String {
    format!(
        "# METADATA
# title: T
# description: D
# custom:
#   prefix: {folder}
#   scope: object
#   kinds: [Pod]
#   neighbours: [Service]
#   codes: {{{folder}.bad: deny}}
package tidegate.{package}

deny contains {{\"code\": \"{folder}.bad\", \"message\": \"m\"}} if {{
	small(input.changes[0].new)
}}

small(object) if object.replicas < 2
",
        package = folder.replace('-', "_")
    )
}

const TEST: &str = "package tidegate.my_own_test

import data.tidegate.my_own

test_one_is_small if count(my_own.deny) == 1 with input.changes as [{\"new\": {\"replicas\": 1}}]

test_two_is_not if count(my_own.deny) == 0 with input.changes as [{\"new\": {\"replicas\": 2}}]
";

fn load(files: &[(&str, &str)]) -> Result<PolicySet, Problems> {
    let files: Vec<(RepoPath, Vec<u8>)> = files
        .iter()
        .map(|(path, text)| {
            let path = format!(".tidegate/policies/{path}");
            (RepoPath::from(path.as_str()), text.as_bytes().to_vec())
        })
        .collect();
    PolicySet::default().with_repository(&files, FACTS)
}

fn refused(files: &[(&str, &str)], code: &str) {
    let problems = load(files).unwrap_err();
    let codes: Vec<_> = problems.iter().map(|error| code_of(error)).collect();
    assert!(codes.contains(&code.to_owned()), "{files:?}: {problems:?}");
}

#[test]
fn what_is_built_in_is_sound_and_fully_tested() {
    let set = PolicySet::embedded(ALL_FACTS).unwrap();
    for policy in set.iter() {
        let report = run_tests(policy).unwrap();
        assert!(report.passed(), "{}: {:#?}", policy.folder(), report.tests);
        for (path, lines) in &report.coverage {
            assert!(
                lines.not_covered.is_empty(),
                "{path}: {:?}",
                lines.not_covered
            );
        }
        assert!(report.covers_everything(), "{}", policy.folder());
    }
}

#[test]
fn a_policy_of_the_repository_joins_the_set() {
    let text = policy("my-own");
    let set = load(&[
        ("my-own/policy.rego", &text),
        ("my-own/policy_test.rego", TEST),
        ("my-own/README.md", "# My own"),
        ("my-own/cases/x/base/a.yaml", "a: 1"),
    ])
    .unwrap();
    let policy = set.policy("my-own").unwrap();
    assert_eq!(policy.origin(), Origin::Repository);
    assert_eq!(policy.readme(), Some("# My own"));
    assert_eq!(
        policy.modules().next().unwrap().package(),
        "tidegate.my_own"
    );
    assert_eq!(policy.effect_of("my-own.bad"), Some(Effect::Deny));
    assert_eq!(set.owner_of("my-own.bad").unwrap().folder(), "my-own");
    assert_eq!(
        set.neighbours()[&GroupKind::parse("Service")],
        Reach::Environment
    );
}

#[test]
fn what_cannot_be_trusted_to_be_a_policy_is_refused() {
    let a = policy("a");
    let b_with_prefix_a = a.replace("package tidegate.a", "package tidegate.b");
    refused(
        &[("a/policy.rego", "package tidegate.a\n")],
        "policy.metadata",
    );
    refused(&[("a/policy.rego", "")], "policy.syntax");
    refused(&[("a/README.md", "# A")], "policy.metadata");
    refused(&[("a/change_set.rego", &a)], "policy.metadata");
    refused(&[("b/policy.rego", &a)], "policy.package-mismatch");
    refused(
        &[("a/policy.rego", &a), ("b/policy.rego", &b_with_prefix_a)],
        "policy.metadata",
    );
    refused(
        &[("a/policy.rego", &a), ("a/data.json", "{}")],
        "policy.unexpected-file",
    );
    refused(
        &[("a/policy.rego", &a), ("a/data.yaml", "")],
        "policy.unexpected-file",
    );
    refused(
        &[("a/policy.rego", &a), ("a/more.rego", "")],
        "policy.unexpected-file",
    );
    refused(&[("A/policy.rego", &a)], "policy.unexpected-file");
    refused(&[("policy.rego", &a)], "policy.unexpected-file");
    refused(
        &[("a/policy.rego", &a), ("a/policy_test.rego", "package x")],
        "policy.package-mismatch",
    );
    refused(
        &[("a/policy.rego", &a), ("a/settings.schema.json", "{}")],
        "policy.settings-schema",
    );
    refused(
        &[("a/policy.rego", &"#".repeat(limits::POLICY_FILE.most + 1))],
        "limit.policy-file",
    );
    refused(
        &[("a/policy.rego", &format!("{a}\ny := {}", "[".repeat(3000)))],
        "policy.nesting",
    );
    refused(
        &[("a/policy.rego", &format!("{a}\nf(x) := f(x)"))],
        "policy.recursion",
    );
    refused(
        &[("a/policy.rego", &format!("{a}\ny := http.send({{}})"))],
        "policy.builtin-forbidden",
    );
}

#[test]
fn a_file_that_is_not_text_is_refused() {
    let files = [(
        RepoPath::from(".tidegate/policies/a/policy.rego"),
        vec![0xff, 0xfe],
    )];
    let error = PolicySet::default()
        .with_repository(&files, FACTS)
        .unwrap_err();
    assert_eq!(code_of(&error), "policy.syntax");
}

#[test]
fn too_many_policies_are_refused() {
    let texts: Vec<(String, String)> = (0..=limits::POLICIES.most)
        .map(|n| (format!("p{n}/policy.rego"), policy(&format!("p{n}"))))
        .collect();
    let files: Vec<_> = texts
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    refused(&files, "limit.policies");
}

#[test]
fn whoever_takes_a_name_of_a_built_in_policy_is_told_so_in_the_own_file() {
    let mut set = PolicySet::default();
    let files = vec![("policy.rego", policy("z"))];
    set.add(vec![Folder::new(Origin::Embedded, "z", files)], FACTS)
        .unwrap();
    let own = policy("z").replace("package tidegate.z", "package tidegate.a");
    let path = ".tidegate/policies/a/policy.rego";
    let error = set
        .with_repository(&[(RepoPath::from(path), own.into_bytes())], FACTS)
        .unwrap_err();
    let places: Vec<String> = error.iter().map(ToString::to_string).collect();
    assert!(!places.is_empty());
    for place in places {
        assert!(place.starts_with(path), "{place}");
        assert!(place.ends_with("belongs to policy `z`"), "{place}");
    }
}

#[test]
fn a_built_in_policy_cannot_be_replaced() {
    let files = vec![("policy.rego", policy("a"))];
    let mut set = PolicySet::default();
    set.add(vec![Folder::new(Origin::Embedded, "a", files)], FACTS)
        .unwrap();
    let files = [(
        RepoPath::from(".tidegate/policies/a/policy.rego"),
        policy("a").into_bytes(),
    )];
    let error = set.with_repository(&files, FACTS).unwrap_err();
    assert_eq!(code_of(&error), "policy.shadowed");
}

/// What the check refuses, run without it: one call that no timer of the engine looks into.
#[test]
fn a_call_that_the_engine_cannot_stop_is_left_behind() {
    let text = policy("a").replace(
        "small(input.changes[0].new)",
        "count(numbers.range(0, 5000000)) == input.changes[0].new",
    );
    let mut set = PolicySet::default();
    let folder = Folder::new(Origin::Embedded, "a", vec![("policy.rego", text)]);
    set.add(vec![folder], FACTS).unwrap();
    let module = set.policy("a").unwrap().modules().next().unwrap();
    let times = Times {
        object: std::time::Duration::from_millis(5),
        ..Times::default()
    };
    let mut evaluator = Evaluator::start(set.iter(), times).unwrap();
    let mut ask = || {
        let error = evaluator
            .findings(module, &Piece::new(serde_json::json!({})))
            .unwrap_err();
        (code_of(&error), error.to_string())
    };
    let told = "policy file policies/a/policy.rego took longer than 5 ms";
    assert_eq!(ask(), ("policy.timeout".to_owned(), told.to_owned()));
    assert_eq!(ask().0, "policy.timeout", "the thread is still busy");
}

#[test]
fn the_digest_is_that_of_the_files_that_decide() {
    let text = policy("my-own");
    let digest = |files: &[(&str, &str)]| load(files).unwrap().digest();
    let alone = digest(&[("my-own/policy.rego", &text)]);
    let other = text.replace("< 2", "< 3");
    assert_eq!(
        alone,
        digest(&[("my-own/README.md", "x"), ("my-own/policy.rego", &text)])
    );
    assert_eq!(
        alone,
        digest(&[
            ("my-own/policy.rego", &text),
            ("my-own/policy_test.rego", TEST)
        ])
    );
    assert_ne!(alone, digest(&[("my-own/policy.rego", &other)]));
    assert_ne!(alone, load(&[]).unwrap().digest());
}

#[test]
fn tests_of_a_policy_are_run_and_its_lines_counted() {
    let text = policy("my-own");
    let run = |test: &str| {
        let set = load(&[
            ("my-own/policy.rego", &text),
            ("my-own/policy_test.rego", test),
        ])
        .unwrap();
        run_tests(set.policy("my-own").unwrap()).unwrap()
    };
    let report = run(TEST);
    assert!(report.passed() && report.covers_everything(), "{report:#?}");
    assert_eq!(report.tests[0].name, "test_one_is_small");
    assert_eq!(
        report.tests[0].at.to_string(),
        ".tidegate/policies/my-own/policy_test.rego:5:1"
    );

    let report = run(
        "package tidegate.my_own_test\n\nimport data.tidegate.my_own\n\ntest_one if not my_own.small({\"replicas\": 2})\n",
    );
    assert!(
        report.passed() && !report.covers_everything(),
        "{report:#?}"
    );

    let outcomes = |rules: &str| {
        let report = run(&format!("package tidegate.my_own_test\n\n{rules}\n"));
        assert!(!report.passed(), "{report:#?}");
        report
            .tests
            .into_iter()
            .map(|test| test.outcome)
            .collect::<Vec<_>>()
    };
    assert_eq!(outcomes(""), []);
    assert_eq!(outcomes("test_a if false"), [TestOutcome::Fail(vec![])]);
    assert_eq!(outcomes("test_a if true"), [TestOutcome::Idle]);
    assert_eq!(outcomes("test_a := 1"), [TestOutcome::Fail(vec![])]);
    assert_eq!(outcomes("todo_test_a if true"), [TestOutcome::Skipped]);
    assert_eq!(
        outcomes("test_a[n] := v if some n, v in {\"x\": true, \"y\": false}"),
        [TestOutcome::Fail(vec!["\"y\"".to_owned()])]
    );
    let error = outcomes("test_a if to_number(\"x\") == 1");
    assert!(
        matches!(&error[0], TestOutcome::Error(what) if what.contains("policy_test.rego:3:22")),
        "{error:?}"
    );
}

#[test]
fn a_policy_without_tests_does_not_pass_them() {
    let set = load(&[("a/policy.rego", &policy("a"))]).unwrap();
    let report = run_tests(set.policy("a").unwrap()).unwrap();
    assert!(!report.passed());
}
