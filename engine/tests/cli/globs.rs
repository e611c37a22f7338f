//! `config validate`: globs that match nothing are named with their place, and are no problem.

use super::*;

const CONFIG: &str = "\
repositories: [\"https://git.example/shop.git\"]
environments:
  - name: prod
    paths: [\"clusters/prod/**\", \"clusters/pord/**\", shop.yaml]
  - name: dev
    sources:
      - {name: web, kind: Application, path: apps/web}
      - {name: old, kind: Application, path: apps/old}
  - name: argo
    applications: {paths: [\"argo/*.yaml\", \"argo/*/*.yaml\"]}
components:
  db: {paths: [\"apps/web/db*\", \"**/db/**\"]}
unmanaged: [\"docs/**\", \"*.md\", \"clusters/prod\"]
";

/// What is said of a repository with these files, and how it ends.
fn validated(files: &[&str]) -> (String, i32) {
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG);
    for file in files {
        repo.write(file, "x\n");
    }
    repo.git(&["add", "--all"]);
    // What Git does not track is not there for anybody else.
    repo.write("docs/notes", "x\n");
    let output = tidegate(repo.path()).args(["config", "validate"]).output();
    said(&output.unwrap())
}

#[test]
fn globs_that_match_nothing_are_named_with_their_place() {
    let (text, exit) = validated(&[
        "clusters/prod/a.yaml",
        "clusters/prod.yaml",
        "shop.yaml",
        "apps/web/db.yaml",
        "apps/older/a.yaml",
        "argo/a.yaml",
        "README.md",
    ]);
    assert_eq!(exit, 0, "{text}");
    let warnings = text.lines().filter(|line| line.starts_with("warning: "));
    let expected = [
        "4:33: `clusters/pord/**`",
        "8:46: `apps/old`",
        "10:43: `argo/*/*.yaml`",
        "12:32: `**/db/**`",
        "13:13: `docs/**`",
        "13:32: `clusters/prod`",
    ]
    .map(|glob| format!("warning: tidegate.yaml:{glob} matches no file that Git tracks"));
    assert_eq!(warnings.collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn where_there_is_no_repository_nobody_can_tell() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tidegate.yaml"), CONFIG).unwrap();
    let output = tidegate(folder.path())
        .args(["config", "validate"])
        .output();
    let (text, exit) = said(&output.unwrap());
    assert_eq!((exit, text.contains("warning")), (0, false), "{text}");
}
