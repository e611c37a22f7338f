//! What a repository's configuration and hooks would run, and where the environment would lead: nothing runs, and
//! every answer is that of a plain clone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

const QUESTIONS: [&[&str]; 7] = [
    &["check", "main~1..main", "--output", "json"],
    &["check", "main...side", "--output", "json"],
    &["check", "side", "--merge-into", "main", "--output", "json"],
    &["check", "--worktree", "--output", "json"],
    &["diff", "--worktree", "--output", "json"],
    &["diff", "main~1..main", "--output", "json"],
    &["facts", "main~1..main"],
];

/// Changes on both sides of a fork, and in the working tree.
fn forked() -> Repo {
    let (repo, _) = shop(CONFIG);
    repo.write(
        ".gitattributes",
        "*.yaml diff=evil merge=evil\n*.txt filter=evil\n",
    )
    .write("note.txt", "1")
    .commit("attributes");
    repo.git(&["switch", "--quiet", "--create", "side"]);
    repo.write("prod/side.yaml", deployment("side", ""))
        .commit("side");
    repo.git(&["switch", "--quiet", "main"]);
    let both = deployment("odoo", "3Gi");
    repo.write("prod/odoo.yaml", &both).commit("main");
    repo.write("prod/odoo.yaml", both.replace("replicas: 4", "replicas: 0"))
        .write("prod/new.yaml", deployment("new", ""))
        .write("note.txt", "2");
    repo
}

/// What every question is answered, and how it ends.
fn answers(
    repo: &Repo,
    questions: &[&[&str]],
    set: &dyn Fn(&mut Command),
) -> Vec<(Option<i32>, String)> {
    let answers = questions.iter().map(|question| {
        let mut command = tidegate_command(repo, question);
        command.args(if question[0] == "diff" {
            &[][..]
        } else {
            &["--now", NOW][..]
        });
        set(&mut command);
        let output = command.output().unwrap();
        (output.status.code(), stdout(&output) + &stderr(&output))
    });
    answers.collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn nothing_that_is_configured_runs() {
    let repo = forked();
    let plain = answers(&repo, &QUESTIONS, &|_| ());
    assert_eq!(
        plain.iter().map(|it| it.0.unwrap()).collect::<Vec<_>>(),
        [0, 1, 1, 1, 0, 0, 0],
        "{plain:#?}"
    );
    let trap = repo.beside("trap");
    let caught = repo.beside("caught");
    fs::write(
        &trap,
        format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", caught.display()),
    )
    .unwrap();
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).unwrap();
    let trap = trap.to_str().unwrap();
    let included = repo.beside("included");
    fs::write(
        &included,
        format!("[core]\n\tfsmonitor = {trap}\n[diff]\n\texternal = {trap}\n"),
    )
    .unwrap();
    let shell = format!("!{trap}");
    let remote = format!("ext::{trap}");
    for (key, value) in [
        ("core.fsmonitor", trap),
        ("core.sshCommand", trap),
        ("core.gitProxy", trap),
        ("core.askPass", trap),
        ("core.editor", trap),
        ("core.pager", trap),
        ("core.alternateRefsCommand", trap),
        ("credential.helper", &shell),
        ("diff.external", trap),
        ("diff.evil.command", trap),
        ("diff.evil.textconv", trap),
        ("filter.evil.clean", trap),
        ("filter.evil.smudge", trap),
        ("filter.evil.process", trap),
        ("filter.evil.required", "true"),
        ("merge.evil.driver", trap),
        ("merge.default", "evil"),
        ("gpg.program", trap),
        ("gpg.ssh.program", trap),
        ("gpg.ssh.defaultKeyCommand", trap),
        ("gpg.x509.program", trap),
        ("sequence.editor", trap),
        ("trailer.evil.command", trap),
        ("uploadpack.packObjectsHook", trap),
        ("protocol.ext.allow", "always"),
        ("remote.origin.url", &remote),
        ("remote.origin.promisor", "true"),
        ("remote.origin.partialCloneFilter", "blob:none"),
        ("submodule.evil.update", &shell),
        ("alias.evil", &shell),
        ("log.showSignature", "true"),
        ("core.preloadIndex", "true"),
        ("core.untrackedCache", "true"),
        ("include.path", included.to_str().unwrap()),
    ] {
        repo.git(&["config", key, value]);
    }
    for hook in [
        "post-index-change",
        "reference-transaction",
        "fsmonitor-watchman",
        "pre-commit",
        "post-checkout",
    ] {
        fs::create_dir_all(repo.path().join(".git/hooks")).unwrap();
        fs::copy(trap, repo.path().join(".git/hooks").join(hook)).unwrap();
    }
    assert_eq!(answers(&repo, &QUESTIONS, &|_| ()), plain);
    assert!(!caught.exists(), "{}", fs::read_to_string(caught).unwrap());
}

#[test]
fn no_variable_leads_elsewhere() {
    let repo = forked();
    let plain = answers(&repo, &QUESTIONS, &|_| ());
    let other = Repo::new();
    other
        .write("tidegate.yaml", CONFIG)
        .write("prod/other.yaml", deployment("other", ""))
        .commit("other");
    other.git(&["branch", "side"]);
    let here = |path: &str| other.path().join(path).display().to_string();
    let trace = repo.beside("trace").display().to_string();
    let ignores = repo.beside("global");
    fs::write(&ignores, "[core]\n\tworktree = /\n\tbare = true\n").unwrap();
    let global = ignores.display().to_string();
    let variables = [
        ("GIT_DIR", here(".git")),
        ("GIT_WORK_TREE", here(".")),
        ("GIT_COMMON_DIR", here(".git")),
        ("GIT_INDEX_FILE", here(".git/index")),
        ("GIT_OBJECT_DIRECTORY", here(".git/objects")),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", here(".git/objects")),
        ("GIT_NAMESPACE", "other".to_owned()),
        (
            "GIT_CEILING_DIRECTORIES",
            repo.beside(".").display().to_string(),
        ),
        ("GIT_DISCOVERY_ACROSS_FILESYSTEM", "0".to_owned()),
        ("GIT_CONFIG", global.clone()),
        ("GIT_CONFIG_GLOBAL", global.clone()),
        ("GIT_CONFIG_SYSTEM", global),
        ("GIT_CONFIG_PARAMETERS", "'core.worktree=/'".to_owned()),
        ("GIT_REPLACE_REF_BASE", "refs/heads/".to_owned()),
        ("GIT_SHALLOW_FILE", here("tidegate.yaml")),
        ("GIT_GRAFT_FILE", here("tidegate.yaml")),
        ("GIT_ATTR_SOURCE", "main".to_owned()),
        ("GIT_DEFAULT_HASH", "sha256".to_owned()),
        ("GIT_EXTERNAL_DIFF", "false".to_owned()),
        ("GIT_SSH_COMMAND", "false".to_owned()),
        ("GIT_EXEC_PATH", here(".")),
        ("GIT_TEMPLATE_DIR", here(".")),
        ("GIT_TRACE", trace.clone()),
        ("GIT_TRACE2_EVENT", trace.clone()),
        ("GIT_LITERAL_PATHSPECS", "1".to_owned()),
        ("GIT_OPTIONAL_LOCKS", "1".to_owned()),
        ("GIT_CONFIG_COUNT", "1".to_owned()),
        ("GIT_CONFIG_KEY_0", "core.worktree".to_owned()),
        ("GIT_CONFIG_VALUE_0", "/".to_owned()),
    ];
    let all = answers(&repo, &QUESTIONS, &|command| {
        command.envs(variables.iter().cloned());
    });
    assert_eq!(all, plain);
    // One may have hidden another.
    for (name, value) in variables {
        let seen = answers(&repo, &QUESTIONS[4..5], &|command| {
            command.env(name, &value);
        });
        assert_eq!(seen, plain[4..5], "{name}={value}");
    }
    assert!(!repo.beside("trace").exists());
}
