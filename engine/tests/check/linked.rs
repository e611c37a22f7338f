//! Paths of manifests over a range that are links, folders, or no text: what is no file is an error that names it, a
//! folder of such a name is a folder, and no byte of a name reaches a terminal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tidegate::verdict::RunOutcome;

use super::*;

#[test]
fn a_manifest_that_is_a_link_is_an_error_wherever_it_leads() {
    for (path, target) in [
        ("prod/b.yaml", "odoo.yaml"),
        ("prod/b.yaml", "../README.md"),
        ("prod/b.yaml", "../../etc/passwd"),
        ("prod/b.yaml", "/etc/passwd"),
        ("prod/b.yaml", "b.yaml"),
        ("prod/b.yaml", "nowhere.yaml"),
    ] {
        let (repo, base) = shop(CONFIG);
        repo.symlink(path, target);
        repo.commit("a link");
        let report = check(&repo, base);
        let told = errors(&report);
        let (code, said) = told.first().unwrap();
        assert_eq!(code, "git.not-a-file", "{target}: {said}");
        assert!(said.contains(path), "{target}: {said}");
        assert_eq!(report.exit, Exit::Unjudged, "{target}");
        assert!(!said.contains("root:"), "{said}");
    }
}

#[test]
fn a_folder_that_is_called_as_a_manifest_is_a_folder() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/more.yaml/odoo.yaml", deployment("more", ""))
        .commit("a folder");
    let report = check(&repo, base);
    assert_eq!(report.outcome, RunOutcome::Fail);
    assert_eq!(
        blocking(&report),
        ["resources.missing-memory-limit of more"]
    );
}

#[test]
fn other_commits_with_the_same_files_are_not_applicable() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/a.yaml", config_map("a", "1"))
        .commit("there");
    repo.remove("prod/a.yaml").commit("and back");
    let report = check(&repo, base);
    assert_eq!(
        (report.outcome, report.exit, report.files),
        (RunOutcome::NotApplicable, Exit::Pass, 0)
    );
    let nothing = format!("{base}..{base}");
    let found = refused(&repo, &request(&nothing));
    assert_eq!(found, ("range.empty".to_owned(), 3));
}

#[test]
fn a_path_of_any_bytes_is_judged_and_told_without_them() {
    for (path, told) in [
        (b"prod/\xff.yaml".as_slice(), "prod/\\xff.yaml"),
        (b"prod/a\nb.yaml", "prod/a\\u{a}b.yaml"),
        (
            b"prod/a\t\"b\x1b[31m.yaml",
            "prod/a\\u{9}\"b\\u{1b}[31m.yaml",
        ),
        (b"prod/a\\b.yaml", "prod/a\\b.yaml"),
        ("prod/läden.yaml".as_bytes(), "prod/läden.yaml"),
    ] {
        let (repo, base) = shop(CONFIG);
        repo.write(path, deployment("odd", "")).commit("odd");
        let report = check(&repo, base);
        assert_eq!(blocking(&report), ["resources.missing-memory-limit of odd"]);
        let output = tidegate(&repo, &["check", &format!("{base}..HEAD")]);
        let said = stdout(&output);
        assert!(said.contains(told), "{told}: {said}");
        assert!(!said.contains('\u{1b}') && !said.contains('\t'), "{said}");
        let json: serde_json::Value = serde_json::from_str(&json_of(&report)).unwrap();
        let place = json.pointer("/units/0/findings/0/location").unwrap();
        assert_eq!(place["path"], told);
        // What is shown as it is needs no second spelling, and nothing else is told by one alone.
        let bytes = (told.as_bytes() != path).then(|| STANDARD.encode(path));
        assert_eq!(
            place.get("pathBytes").and_then(|it| it.as_str()),
            bytes.as_deref()
        );
    }
}
