//! Files and folders that are refused when they are read.
//! Knows nothing of single rules, but for the names in them.

use miette::Diagnostic;
use tidegate::model::RepoPath;
use tidegate::policy::PolicySet;

use super::{FACTS, FILE, HEAD, QUIET, assert_refused, read};

#[test]
fn what_is_no_policy_file_is_told_so() {
    let good = format!("{HEAD}{QUIET}");
    for (text, code, place) in [
        // Nothing that is a policy, or more than anyone would write.
        (String::new(), "policy.syntax", "1:1"),
        ("# nothing\n\n# else\n".to_owned(), "policy.syntax", "1:1"),
        ("#".repeat(2 << 20), "limit.policy-file", ""),
        // Metadata that are missing, misspelt or of another prefix.
        (
            good.split_once("package")
                .unwrap()
                .1
                .replacen(' ', "package ", 1),
            "policy.metadata",
            "1:1",
        ),
        (
            good.replace("scope: object", "scpe: object"),
            "policy.metadata",
            "6:5",
        ),
        (
            good.replace("    t.bad", "    u.bad"),
            "policy.metadata",
            "10:7",
        ),
        // No rule that answers.
        (
            good.replace("deny contains", "dney contains"),
            "policy.no-entry",
            "1:1",
        ),
        // A pattern that only its repetition makes too large.
        (long_pattern(), "policy.regex", "14:35"),
    ] {
        let problems = read(&text).unwrap_err();
        let begin: String = text.chars().take(400).collect();
        assert_refused(&problems, code, place, &begin);
    }
    for package in ["tidegate.u", "tidegate.t.deny", "system.t"] {
        let text = good.replace("package tidegate.t", &format!("package {package}"));
        let problems = read(&text).unwrap_err();
        assert_refused(&problems, "policy.package-mismatch", "11:9", package);
    }
    let binary = [(RepoPath::from(FILE), vec![0xff, 0xfe, 0])];
    let problems = PolicySet::default()
        .with_repository(&binary, FACTS)
        .unwrap_err();
    assert_refused(&problems, "policy.syntax", "1:1", "bytes");
}

#[test]
fn the_language_itself_may_be_imported() {
    let good = format!("{HEAD}{QUIET}");
    for import in [
        "import future.keywords",
        "import future.keywords.in",
        "import rego.v1",
    ] {
        let text = good.replace(
            "package tidegate.t\n",
            &format!("package tidegate.t\n\n{import}\n"),
        );
        assert!(read(&text).is_ok(), "{import}");
    }
}

#[test]
fn what_has_no_place_in_a_folder_is_refused() {
    let good = format!("{HEAD}{QUIET}");
    let other = good.replace("package tidegate.t", "package tidegate.u");
    let same = good
        .replace("prefix: t", "prefix: u")
        .replace("t.bad", "u.bad");
    for (files, code) in [
        // Two policies of one prefix.
        (
            vec![("t/policy.rego", &good), ("u/policy.rego", &other)],
            "policy.metadata",
        ),
        // Two folders of one package.
        (
            vec![("t/policy.rego", &good), ("u/policy.rego", &same)],
            "policy.package-mismatch",
        ),
        (
            vec![("t/policy.rego", &good), ("t-test/policy.rego", &good)],
            "policy.unexpected-file",
        ),
        // Data.
        (
            vec![("t/policy.rego", &good), ("t/data.json", &good)],
            "policy.unexpected-file",
        ),
        (
            vec![("t/policy.rego", &good), ("t/data.yaml", &good)],
            "policy.unexpected-file",
        ),
    ] {
        let files: Vec<(RepoPath, Vec<u8>)> = files
            .into_iter()
            .map(|(path, text)| {
                let path = format!(".tidegate/policies/{path}");
                (RepoPath::from(path.as_str()), text.clone().into_bytes())
            })
            .collect();
        let problems = PolicySet::default()
            .with_repository(&files, FACTS)
            .unwrap_err();
        assert_refused(
            &problems,
            code,
            "",
            &format!("{:?}", files.last().unwrap().0),
        );
    }
}

#[test]
fn a_name_that_is_misspelt_comes_with_the_one_that_was_meant() {
    for (rules, meant) in [
        (
            "messages := {c.object.name | some c in input.chnges}",
            "changes",
        ),
        (
            "messages := {m | some c in input.changes; m := c.opration}",
            "operation",
        ),
        ("messages := {m | m := input.environment.stge}", "stage"),
        ("messages := {m | m := cuont([1])}", "count"),
        ("messages := {m | m := smal(1)}\nsmall(x) := x", "small"),
    ] {
        let problems = read(&format!("{HEAD}{rules}\n")).unwrap_err();
        let help = problems.help().unwrap().to_string();
        assert!(
            help.starts_with(&format!("did you mean `{meant}`?")),
            "{rules}: {help}"
        );
    }
}

fn long_pattern() -> String {
    let pattern = "a".repeat(900);
    // A line of a policy is at most 1,024 columns, so a longer pattern is broken up by nothing.
    let rules =
        format!("messages := {{m | some m in [\"a\"]; regex.match(\"({pattern}){{999}}\", m)}}");
    format!("{HEAD}{rules}\n")
}
