//! `admit … -- COMMAND`: what renders runs only where the commit is admitted, and its output is all there is.

use std::path::Path;
use std::process::Command;

use super::world::{APP, World};

struct Plugin {
    world: World,
}

impl Plugin {
    /// A shop whose baselines stand in a folder.
    fn new() -> Self {
        let world = World::new();
        let (store, key) = (world.store_name(), world.key_file());
        let signer = [
            "baseline",
            "--env",
            "prod",
            "--key-file",
            &key,
            "--verdicts",
            &store,
        ];
        let (exit, _, errors) = world.run(&signer);
        assert_eq!(exit, 0, "{errors}");
        Self { world }
    }

    /// As Argo CD calls a plugin, for the newest commit.
    fn command(&self, more: &[&str], rendering: &[&str]) -> Command {
        let world = &self.world;
        let (trust, store) = (world.trust_file(), world.store_name());
        let fixed = [
            "admit",
            "--env",
            "prod",
            "--unit",
            "web",
            "--trust",
            &trust,
            "--verdicts",
            &store,
        ];
        let mut command = world.command(&[&fixed, more, &["--"], rendering].concat());
        command
            .current_dir(world.repo.path().join("apps/web"))
            .env(
                "ARGOCD_APP_REVISION",
                world.repo.git(&["rev-parse", "HEAD"]),
            )
            .env("ARGOCD_APP_SOURCE_REPO_URL", REPOSITORY)
            .env("ARGOCD_APP_SOURCE_PATH", "apps/web");
        command
    }

    fn run(&self, rendering: &[&str]) -> (Option<i32>, String, String) {
        said(&mut self.command(&["--repository", REPOSITORY], rendering))
    }
}

fn said(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn sh(script: &str) -> [&str; 3] {
    ["sh", "-c", script]
}

#[test]
fn what_renders_is_all_that_standard_output_gets_and_its_exit_code_is_handed_on() {
    let plugin = Plugin::new();
    let file = std::fs::read_to_string(plugin.world.repo.path().join(APP)).unwrap();
    let (exit, out, errors) = plugin.run(&["cat", "app.yaml"]);
    assert_eq!((exit, out), (Some(0), file), "{errors}");
    assert!(
        errors.contains("prod/web: admitted (a baseline)"),
        "{errors}"
    );
    for code in [0, 1, 3, 70, 75, 200] {
        let (exit, out, _) = plugin.run(&sh(&format!("echo rendered; exit {code}")));
        assert_eq!((exit, &*out), (Some(code), "rendered\n"));
    }
}

#[test]
fn nothing_runs_and_nothing_comes_out_where_the_commit_is_refused() {
    let plugin = Plugin::new();
    plugin.world.label(APP, "a", "b");
    let mark = plugin.world.repo.beside("it-ran");
    let touch = format!("echo rendered; touch {}", mark.display());
    let (exit, out, errors) = plugin.run(&sh(&touch));
    assert_eq!((exit, &*out), (Some(4), ""));
    assert!(errors.contains("refused[missing]"), "{errors}");
    let mut asked = plugin.command(
        &["--repository", REPOSITORY, "--output", "json"],
        &sh(&touch),
    );
    let (exit, out, errors) = said(&mut asked);
    assert_eq!((exit, &*out), (Some(4), ""));
    assert!(errors.contains("\"refused\""), "{errors}");
    assert!(!Path::new(&mark).exists(), "it ran");
}

#[test]
fn the_command_learns_nothing_of_verdicts_and_credentials() {
    let plugin = Plugin::new();
    let mut command = plugin.command(&["--repository", REPOSITORY], &["env"]);
    let secrets = [
        ("TIDEGATE_SIGNING_KEY", "hush"),
        ("TIDEGATE_TOKEN", "hush"),
        ("GIT_CONFIG_GLOBAL", "/hush"),
        ("GIT_ASKPASS", "/hush"),
        ("SSH_AUTH_SOCK", "/hush"),
        ("GITHUB_TOKEN", "hush"),
        ("SOMETHING_NEW", "hush"),
    ];
    command.envs(secrets).env("KUBE_VERSION", "1.34.2");
    let (exit, out, errors) = said(&mut command);
    assert_eq!(exit, Some(0), "{errors}");
    assert!(!out.contains("hush"), "{out}");
    for wanted in [
        "PATH=",
        "HOME=",
        "KUBE_VERSION=1.34.2",
        "ARGOCD_APP_SOURCE_PATH=apps/web",
    ] {
        assert!(
            out.lines().any(|line| line.starts_with(wanted)),
            "{wanted}: {out}"
        );
    }
}

#[test]
fn what_argo_cd_asks_to_render_must_be_what_was_judged() {
    let plugin = Plugin::new();
    let given = ["--repository", REPOSITORY];
    for (variable, value, expected) in [
        (
            "ARGOCD_APP_SOURCE_REPO_URL",
            "https://evil.example/shop.git",
            "source-outside-selector",
        ),
        ("ARGOCD_APP_SOURCE_PATH", "apps", "source-outside-selector"),
        (
            "ARGOCD_APP_SOURCE_PATH",
            "apps/db",
            "source-outside-selector",
        ),
        ("ARGOCD_APP_SOURCE_PATH", "../web", "argo.folder"),
        (
            "ARGOCD_APP_PARAMETERS",
            "[{\"name\":\"a\"}]",
            "source-override",
        ),
        ("ARGOCD_ENV_REPLICAS", "9", "source-override"),
        ("PARAM_IMAGE", "evil", "source-override"),
        ("ARGOCD_APP_REVISION", "main", "argo.revision-not-concrete"),
        (
            "ARGOCD_APP_REVISION",
            "$ARGOCD_APP_REVISION",
            "argo.revision-not-concrete",
        ),
    ] {
        let mut command = plugin.command(&given, &["echo", "rendered"]);
        let (exit, out, errors) = said(command.env(variable, value));
        let code = if expected.starts_with("argo.") { 3 } else { 4 };
        assert_eq!(
            (exit, &*out),
            (Some(code), ""),
            "{variable}={value}: {errors}"
        );
        assert!(errors.contains(expected), "{variable}={value}: {errors}");
    }
    for value in ["", "[]", "null"] {
        let mut command = plugin.command(&given, &["echo", "rendered"]);
        let (exit, out, errors) = said(command.env("ARGOCD_APP_PARAMETERS", value));
        assert_eq!((exit, &*out), (Some(0), "rendered\n"), "{errors}");
    }
}

#[test]
fn without_a_word_of_what_should_lie_there_nothing_is_rendered_but_by_hand() {
    let plugin = Plugin::new();
    let stray = plugin.world.repo.path().join("apps/web/extra.yaml");
    std::fs::write(stray, "{}").unwrap();
    let given = ["--repository", REPOSITORY];
    let mut command = plugin.command(&given, &["echo", "rendered"]);
    let (exit, out, errors) = said(command.env_remove("ARGOCD_APP_SOURCE_REPO_URL"));
    assert_eq!((exit, &*out), (Some(3), ""), "{errors}");
    assert!(errors.contains("error[argo.not-told]"), "{errors}");
    assert!(errors.contains("--by-hand"), "{errors}");
    let by_hand = [&given[..], &["--by-hand"]].concat();
    let mut command = plugin.command(&by_hand, &["echo", "rendered"]);
    let (exit, out, errors) = said(command.env_remove("ARGOCD_APP_SOURCE_REPO_URL"));
    assert_eq!((exit, &*out), (Some(0), "rendered\n"), "{errors}");
    // Where Argo CD says it, it is compared all the same.
    let (exit, out, errors) = said(&mut plugin.command(&by_hand, &["echo", "rendered"]));
    assert_eq!((exit, &*out), (Some(4), ""), "{errors}");
    assert!(errors.contains("refused[source-override]"), "{errors}");
}

#[test]
fn what_lies_where_it_renders_must_be_what_the_commit_has() {
    let plugin = Plugin::new();
    let repo = &plugin.world.repo;
    let (unit, elsewhere) = (repo.path().join("apps/web"), repo.path().join("apps/db"));
    let app = std::fs::read(repo.path().join(APP)).unwrap();
    let copied = repo.path().join(".git/generate-paths/web");
    let renders = |folder: &Path| {
        let mut command = plugin.command(&["--repository", REPOSITORY], &["echo", "rendered"]);
        said(command.current_dir(folder))
    };
    let refused = |folder: &Path, found: &str| {
        let (exit, out, errors) = renders(folder);
        assert_eq!((exit, &*out), (Some(4), ""), "{errors}");
        let errors = errors.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(errors.contains("refused[source-override]"), "{errors}");
        assert!(errors.contains(found), "{found}: {errors}");
    };
    let put = |path: &Path, bytes: &[u8]| std::fs::write(path, bytes).unwrap();
    let remove = |path: &Path| std::fs::remove_file(path).unwrap();

    // Untracked, ignored or not, here or where it could be reached from here.
    put(&repo.path().join(".git/info/exclude"), b"*.tmp\n");
    for file in [
        unit.join("extra.yaml"),
        unit.join("x.tmp"),
        elsewhere.join("charts.tmp"),
    ] {
        put(&file, b"{}");
        let name = file.strip_prefix(repo.path()).unwrap().display();
        refused(&unit, &format!("`{name}`, which the commit does not have"));
        remove(&file);
    }
    // Altered, by a byte; and what is no file any more.
    put(&unit.join("app.yaml"), &[&app[..], b" "].concat());
    refused(&unit, "`apps/web/app.yaml`, which holds something else");
    remove(&unit.join("app.yaml"));
    std::os::unix::fs::symlink("config.yaml", unit.join("app.yaml")).unwrap();
    refused(&unit, "`apps/web/app.yaml`, which holds something else");
    remove(&unit.join("app.yaml"));
    refused(&unit, "no `apps/web/app.yaml`");
    put(&unit.join("app.yaml"), &app);
    assert_eq!(renders(&unit).0, Some(0));

    // What is not of the unit may stay behind, as where Argo CD sends only what the Application needs.
    let moved = repo.beside("db");
    std::fs::rename(&elsewhere, &moved).unwrap();
    assert_eq!(renders(&unit).0, Some(0));
    std::fs::rename(&moved, &elsewhere).unwrap();
    std::fs::create_dir_all(&copied).unwrap();
    let config = std::fs::read(unit.join("config.yaml")).unwrap();
    put(&copied.join("app.yaml"), &app);
    refused(&copied, "no `apps/web/config.yaml`");
    put(&copied.join("config.yaml"), &config);
    let (exit, _, errors) = renders(&copied);
    assert_eq!(exit, Some(0), "{errors}");
    put(&copied.join("../base.yaml"), b"{}");
    refused(&copied, "`apps/base.yaml`, which the commit does not have");
    // Another folder than the one that is named.
    refused(repo.path(), "which the commit does not have");
}

#[test]
fn what_is_missing_is_an_error_before_anything_runs() {
    let plugin = Plugin::new();
    let (exit, out, errors) = said(&mut plugin.command(&[], &["echo", "rendered"]));
    assert_eq!((exit, &*out), (Some(2), ""));
    assert!(errors.contains("usage.no-repository"), "{errors}");
    let mut command = plugin.command(&["--repository", REPOSITORY], &["echo", "rendered"]);
    let (exit, out, errors) = said(command.env_remove("ARGOCD_APP_REVISION"));
    assert_eq!((exit, &*out), (Some(2), ""));
    assert!(errors.contains("usage.no-revision"), "{errors}");
    let (exit, out, errors) = plugin.run(&["no-such-program"]);
    assert_eq!((exit, &*out), (Some(3), ""));
    assert!(errors.contains("io.command"), "{errors}");
}

#[test]
fn what_is_asked_about_is_what_is_rendered() {
    let plugin = Plugin::new();
    let before = plugin.world.repo.git(&["rev-parse", "HEAD"]);
    plugin.world.label(super::world::WEB, "a", "b");
    let given = ["--repository", REPOSITORY];
    let mut by_variable = plugin.command(&given, &["echo", "rendered"]);
    by_variable.env("TIDEGATE_REVISION", &before);
    let option = [&given[..], &["--revision", &before]].concat();
    for mut command in [by_variable, plugin.command(&option, &["echo", "rendered"])] {
        let (exit, out, errors) = said(&mut command);
        assert_eq!((exit, &*out), (Some(2), ""), "{errors}");
        assert!(errors.contains("usage.two-revisions"), "{errors}");
    }
}

#[test]
fn no_password_of_an_address_is_told() {
    let plugin = Plugin::new();
    let mut command = plugin.command(&["--repository", REPOSITORY], &["echo", "rendered"]);
    let address = "https://bob:s3cr3tpw@git.example/acme/shop.git";
    let (exit, out, errors) = said(command.env("ARGOCD_APP_SOURCE_REPO_URL", address));
    assert_eq!((exit, &*out), (Some(4), ""), "{errors}");
    assert!(errors.contains("https://***@git.example"), "{errors}");
    assert!(!errors.contains("s3cr3tpw"), "{errors}");
}

const REPOSITORY: &str = "https://git.example/acme/shop.git";
