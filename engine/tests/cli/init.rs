//! `tidegate init` in repositories of one's own.

use std::fs;

use super::{root, said, tidegate};
use crate::support::Repo;

const OVERLAYS: [(&str, &str); 3] = [
    ("apps/web/prod", "128Mi"),
    ("apps/web/staging", ""),
    ("apps/db/prod", "1Gi"),
];

/// Rendered folders of two environments; one Deployment has no memory limit.
fn shop() -> Repo {
    let repo = Repo::new();
    for (folder, memory) in OVERLAYS {
        repo.write(format!("{folder}/deployment.yaml"), deployment(memory));
    }
    repo.commit("what runs");
    repo
}

fn deployment(memory: &str) -> String {
    let limits = if memory.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{memory: {memory}}}")
    };
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  template:\n    spec:\n      \
         containers:\n        - {{name: web, image: 'registry.example/web:1@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5', resources: {{requests: {{cpu: 1, memory: 64Mi}}, limits: {limits}}}}}\n"
    )
}

fn init(repo: &Repo, arguments: &[&str]) -> (String, i32) {
    let mut command = tidegate(repo.path());
    said(&command.arg("init").args(arguments).output().unwrap())
}

fn status(repo: &Repo) -> String {
    repo.git(&["status", "--porcelain", "--untracked-files=all"])
}

#[test]
fn a_configuration_is_written_and_what_is_there_blocks_nothing() {
    let repo = shop();
    let (text, exit) = init(&repo, &["--with", "github,pre-commit"]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("found 2 environments in 3 manifests"),
        "{text}"
    );
    assert!(
        text.contains("`pre-commit install`") && !text.contains("hook install`"),
        "{text}"
    );
    assert!(
        text.contains("staging: 1 unit, 1 object; 1 denied"),
        "{text}"
    );
    assert!(
        text.contains("resources.missing-memory-limit  first at apps/web/staging/deployment.yaml:"),
        "{text}"
    );
    assert_eq!(
        status(&repo),
        "?? .github/workflows/tidegate-check.yml\n?? .github/workflows/tidegate-sign.yml\n\
         ?? .pre-commit-config.yaml\n?? tidegate.yaml"
    );
    let config = fs::read_to_string(repo.path().join("tidegate.yaml")).unwrap();
    assert_eq!(config, EXPECTED);
    let valid = tidegate(repo.path())
        .args(["config", "validate"])
        .output()
        .unwrap();
    assert_eq!(said(&valid).1, 0);
    // And it is committed through the gate that it set up.
    repo.git(&["add", "--all"]);
    let (text, exit) = said(
        &tidegate(repo.path())
            .args(["check", "--staged"])
            .output()
            .unwrap(),
    );
    assert_eq!(exit, 0, "{text}");
}

#[test]
fn the_workflows_that_comment_and_that_queue_come_with_the_two_they_go_on_from() {
    let repo = shop();
    repo.git(&["branch", "-m", "main", "trunk"]);
    let (text, exit) = init(&repo, &["--with", "github-queue,github-comment,github"]);
    assert_eq!(exit, 0, "{text}");
    let workflows = ["check", "comment", "queue", "sign"];
    let expected = workflows.map(|name| format!("?? .github/workflows/tidegate-{name}.yml"));
    assert_eq!(
        status(&repo),
        [&expected[..], &["?? tidegate.yaml".to_owned()]]
            .concat()
            .join("\n")
    );
    let queue = repo.path().join(".github/workflows/tidegate-queue.yml");
    assert!(
        fs::read_to_string(queue)
            .unwrap()
            .contains("`gh-readonly-queue/trunk/*` alone")
    );
}

#[test]
fn no_binary_is_promised_that_is_not_published() {
    let repo = shop();
    let (text, _) = init(&repo, &["--with", "github-comment,github-queue"]);
    let table = fs::read_to_string(root().join("action/checksums.txt")).unwrap();
    let published = table.lines().any(|line| !line.starts_with('#'));
    assert!(
        !published,
        "name the release in the workflows, not `preinstalled`"
    );
    assert!(
        text.contains("`version: preinstalled`") && !text.contains("release"),
        "{text}"
    );
    for name in ["check", "comment", "queue", "sign"] {
        let path = format!(".github/workflows/tidegate-{name}.yml");
        let workflow = fs::read_to_string(repo.path().join(path)).unwrap();
        assert!(
            workflow.contains("          version: preinstalled\n"),
            "{workflow}"
        );
        assert!(!workflow.contains("release"), "{workflow}");
    }
    let (text, _) = init(&shop(), &[]);
    assert!(
        !text.contains("preinstalled") && text.contains("a key and a baseline"),
        "{text}"
    );
}

#[test]
fn what_no_name_places_is_said_to_go_to_production() {
    let repo = Repo::new();
    for folder in ["live", "preview"] {
        repo.write(format!("deploy/{folder}/d.yaml"), deployment("1Gi"));
    }
    repo.commit("what runs");
    let (text, exit) = init(&repo, &["--dry-run"]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("found 1 environment in 2 manifests"),
        "{text}"
    );
    let said = "live: one unit, recognised by the folder deploy/live; \
                here too, as their place names no environment: deploy/preview";
    assert!(text.contains(said), "{text}");
    let repo = Repo::new();
    repo.write("deploy/live/d.yaml", deployment("1Gi"));
    repo.commit("what runs");
    let (text, _) = init(&repo, &[]);
    assert!(
        text.contains("found 1 environment in 1 manifest\n"),
        "{text}"
    );
    assert!(text.contains("`tidegate hook install`"), "{text}");
}

#[test]
fn a_dry_run_shows_a_diff_that_git_takes_and_writes_nothing() {
    let repo = shop();
    let (text, exit) = init(&repo, &["--dry-run", "--with", "pre-commit"]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(status(&repo), "");
    let start = text.find("--- /dev/null").unwrap();
    let (diff, _) = text.split_at(text.find("nothing was written").unwrap());
    repo.git_with(&["apply", "-"], &diff.as_bytes()[start..]);
    let config = fs::read_to_string(repo.path().join("tidegate.yaml")).unwrap();
    assert_eq!(config, EXPECTED);
}

#[test]
fn what_exists_is_left_as_it_is_and_what_to_add_is_said() {
    let repo = shop();
    repo.write(".pre-commit-config.yaml", "repos: []\n")
        .commit("mine");
    init(&repo, &[]);
    let first = fs::read(repo.path().join("tidegate.yaml")).unwrap();
    repo.write("tidegate.yaml", [&first[..], b"# mine\n"].concat());
    let (text, exit) = init(&repo, &["--with", "pre-commit", "--profile", "retail-prod"]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("kept tidegate.yaml") && text.contains("kept .pre-commit-config.yaml"),
        "{text}"
    );
    assert!(
        text.contains("    entry: tidegate check --staged"),
        "{text}"
    );
    assert_eq!(
        fs::read(repo.path().join(".pre-commit-config.yaml")).unwrap(),
        b"repos: []\n"
    );
    assert!(
        fs::read(repo.path().join("tidegate.yaml"))
            .unwrap()
            .ends_with(b"# mine\n")
    );
}

#[test]
fn a_pipeline_of_ones_own_is_kept_and_told_what_to_include() {
    let repo = shop();
    let (text, exit) = init(&repo, &["--with", "gitlab"]);
    assert_eq!(exit, 0, "{text}");
    let include = fs::read_to_string(repo.path().join(".gitlab-ci.yml")).unwrap();
    let (_, path) = include.trim_end().rsplit_once(' ').unwrap();
    assert!(repo.path().join(path).is_file(), "{include}");
    let repo = shop();
    repo.write(".gitlab-ci.yml", "stages: [test]\n");
    let (text, exit) = init(&repo, &["--with", "gitlab"]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("kept .gitlab-ci.yml") && text.contains(&format!("      - local: {path}")),
        "{text}"
    );
}

#[test]
fn the_manifests_for_argo_cd_are_written_as_they_ship_and_are_no_business_of_the_gate() {
    let repo = shop();
    let own = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: own}\n";
    repo.write("tidegate-argocd/platform/access.yaml", own);
    let (text, exit) = init(&repo, &["--with", "argocd", "--dry-run"]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("+++ b/tidegate-argocd/gate/job.yaml"),
        "{text}"
    );
    assert_eq!(status(&repo), "?? tidegate-argocd/platform/access.yaml");
    let (text, exit) = init(&repo, &["--with", "argocd"]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("kept tidegate-argocd/platform/access.yaml"),
        "{text}"
    );
    assert!(text.contains("for a repository of the platform") && !text.contains("as long as"));
    let shipped = root().join("action/argocd");
    let mut written = 0;
    for folder in [".", "example", "gate", "platform", "plugin", "policy"] {
        for file in fs::read_dir(shipped.join(folder)).unwrap() {
            let path = file.unwrap().path();
            let inside = path.strip_prefix(&shipped).unwrap();
            if !path.is_file() || inside.ends_with("platform/access.yaml") {
                continue;
            }
            let here = repo.path().join("tidegate-argocd").join(inside);
            assert_eq!(
                fs::read(&here).unwrap(),
                fs::read(&path).unwrap(),
                "{inside:?}"
            );
            written += 1;
        }
    }
    assert_eq!(written, 15);
    repo.git(&["add", "--all"]);
    let staged = tidegate(repo.path()).args(["check", "--staged"]).output();
    let (text, exit) = said(&staged.unwrap());
    assert_eq!(exit, 0, "{text}");
    // With a configuration of one's own it is only told.
    repo.write(
        "tidegate.yaml",
        "environments: [{name: prod, paths: ['apps/**']}]\n",
    );
    let (text, _) = init(&repo, &["--with", "argocd"]);
    assert!(
        text.contains("list `tidegate-argocd/**` under `unmanaged`"),
        "{text}"
    );
}

#[test]
fn nothing_is_written_through_a_link() {
    let repo = shop();
    let outside = repo.beside("outside");
    fs::create_dir(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, repo.path().join(".github")).unwrap();
    let (text, exit) = init(&repo, &["--with", "github"]);
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("init.not-a-folder"), "{text}");
    assert_eq!(status(&repo), "?? .github");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    // A link that leads nowhere is something that exists, too.
    let repo = shop();
    std::os::unix::fs::symlink(
        outside.join("x"),
        repo.path().join(".pre-commit-config.yaml"),
    )
    .unwrap();
    let (text, _) = init(&repo, &["--with", "pre-commit"]);
    assert!(text.contains("kept .pre-commit-config.yaml"), "{text}");
    assert!(!outside.join("x").exists());
}

#[test]
fn a_folder_of_the_repository_is_as_good_as_its_top() {
    let repo = shop();
    let mut command = tidegate(&repo.path().join("apps/web"));
    let (text, exit) = said(&command.arg("init").output().unwrap());
    assert_eq!(exit, 0, "{text}");
    assert!(repo.path().join("tidegate.yaml").exists());
}

#[test]
fn what_needs_rendering_is_said_in_one_line_and_is_no_pass() {
    let repo = shop();
    repo.write("apps/api/prod/kustomization.yaml", "resources: [x.yaml]\n")
        .commit("kustomize");
    let (text, exit) = init(&repo, &[]);
    assert_eq!(exit, 3, "{text}");
    let line = "could not judge 1 unit [source.not-rendered], such as prod/prod: ";
    assert!(text.lines().any(|row| row.starts_with(line)), "{text}");
    // The other environment is judged all the same.
    assert!(text.contains("staging: 1 unit, 1 object"), "{text}");
    assert!(repo.path().join("tidegate.yaml").exists());
}

#[test]
fn before_anything_is_tracked_there_is_nothing_to_recognise() {
    let repo = Repo::new();
    repo.write("apps/prod/x.yaml", deployment("1Gi"));
    let (text, exit) = init(&repo, &[]);
    assert_eq!(exit, 3, "{text}");
    assert!(
        text.contains("init.nothing-found") && text.contains("git add"),
        "{text}"
    );
    repo.git(&["add", "--all"]);
    let (text, exit) = init(&repo, &[]);
    assert_eq!(exit, 0, "{text}");
}

#[test]
fn the_branch_is_the_one_that_the_remote_calls_its_own() {
    let repo = shop();
    repo.git(&["branch", "-m", "main", "trunk"]);
    let clone = repo.beside("clone");
    repo.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
    repo.git(&[
        "-C",
        clone.to_str().unwrap(),
        "checkout",
        "-q",
        "-b",
        "feature",
    ]);
    let output = tidegate(&clone)
        .args(["init", "--with", "github,argocd"])
        .output()
        .unwrap();
    let (text, exit) = said(&output);
    assert_eq!(exit, 0, "{text}");
    let read = |path: &str| fs::read_to_string(clone.join(path)).unwrap();
    assert!(read("tidegate.yaml").contains("branch: trunk "));
    assert!(read(".github/workflows/tidegate-sign.yml").contains("branches: [\"trunk\"]"));
    assert!(read(".github/workflows/tidegate-sign.yml").contains("ref: \"trunk\""));
    let job = read("tidegate-argocd/gate/job.yaml");
    assert!(
        job.contains("\n            - \"--branch=trunk\"\n"),
        "{job}"
    );
    let example = read("tidegate-argocd/example/application.yaml");
    let shop = "shop.git\n      targetRevision: \"trunk\"\n";
    // The other source is the platform's.
    assert!(
        example.contains(shop) && example.contains("targetRevision: refs/heads/main"),
        "{example}"
    );
}

const EXPECTED: &str = "\
# yaml-language-server: $schema=https://tidegate.dev/schema/v1/config.json
# What tidegate judges in this repository. `tidegate config schema` describes every key.
apiVersion: tidegate.dev/v1

# Which policies run. `recommended` asks for no evidence, `retail-prod` is everything.
profile: recommended

environments:
  # Recognised by the folder apps/db/prod, the folder apps/web/prod.
  - name: prod
    stage: production       # what it is for
    branch: main            # the protected branch it is deployed from
    enforcement: observe    # a denial is shown and stops nothing; `enforce` stops
    # Its files. They are judged, signed and admitted together.
    paths:
      - \"apps/*/prod/**\"

  # Recognised by the folder apps/web/staging.
  - name: staging
    stage: staging
    branch: main
    enforcement: observe
    # Its files. They are judged, signed and admitted together.
    paths:
      - \"apps/web/staging/**\"
";
