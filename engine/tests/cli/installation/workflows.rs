//! Jobs of CI services that can reach the signing key, or what verdicts are kept in.

use super::{Installation, SHOP};

const SIGN: &str = ".github/workflows/tidegate-sign.yml";
const OTHER: &str = ".github/workflows/other.yml";
/// A job that signs with a key of an environment.
const GUARDED: &str =
    "environment: signing, steps: [{run: tidegate sign, env: {K: '${{ secrets.K }}'}}]";

fn with(text: &str) -> Vec<String> {
    Installation::shipped().and(SHOP, OTHER, text).opened()
}

/// A workflow of one job.
fn workflow(on: &str, job: &str) -> String {
    format!("on: {on}\njobs:\n  one: {{permissions: {{}}, {job}}}\n")
}

#[test]
fn a_key_that_no_environment_holds_is_any_branchs() {
    let shipped = Installation::shipped();
    let any = shipped.with(SIGN, "branches: [main]", "branches: ['**']");
    assert_eq!(any.opened(), [""; 0], "the forge asks for the branch");
    let open = shipped.with(SIGN, "environment: tidegate-signing", "# none");
    assert_eq!(open.opened(), [format!("signs-any-branch {SIGN}:20")]);
}

#[test]
fn whatever_the_command_looks_like_a_job_that_signs_is_found() {
    for step in [
        "{run: tidegate -C shop sign}",
        "{run: 'cd x && tidegate withdraw sha256:00 --reason x'}",
        "{run: tidegate baseline --env prod}",
        "{run: x, env: {TIDEGATE_SIGNING_KEY: y}}",
        "{run: x, env: {K: '${{ secrets.tidegate_signing_key }}'}}",
        "{run: x, env: {K: '${{ secrets[''Tidegate_Signing_Key''] }}'}}",
        "{run: x, env: {K: '${{ toJSON(secrets) }}'}}",
        "{run: x, env: {K: '${{ secrets[format(''TIDEGATE_{0}'', ''SIGNING_KEY'')] }}'}}",
        "{uses: ./action, with: {command: sign}}",
    ] {
        let told = with(&workflow("push", &format!("steps: [{step}]")));
        assert_eq!(told, [format!("signs-any-branch {OTHER}:3")], "{step}");
    }
    let all = with("on: push\nenv: {TIDEGATE_SIGNING_KEY: x}\njobs: {one: {steps: []}}\n");
    assert_eq!(all, [format!("signs-any-branch {OTHER}:3")]);
    let beside = GUARDED.replace("secrets.K", "toJSON(secrets)");
    let beside = beside
        .replace("tidegate sign", "x")
        .replace("steps: [", "steps: [{uses: a/b@v1}, ");
    assert_eq!(
        with(&workflow("push", &beside)),
        [format!("signs-unpinned {OTHER}:3")]
    );
    for step in [
        "{run: tidegate check}",
        "{run: 'echo sign'}",
        "{run: x, env: {K: '${{ secrets.OTHER }}'}}",
    ] {
        assert_eq!(
            with(&workflow("pull_request", &format!("steps: [{step}]"))),
            [""; 0]
        );
    }
}

#[test]
fn what_anybody_can_start_must_not_sign() {
    for event in [
        "pull_request",
        "pull_request_target",
        "issue_comment",
        "workflow_run",
    ] {
        let told = with(&workflow(event, GUARDED));
        assert_eq!(told, [format!("signs-proposals {OTHER}:1")], "{event}");
    }
    for event in [
        "push",
        "schedule",
        "workflow_dispatch",
        "{push: {branches: [main]}}",
    ] {
        assert_eq!(with(&workflow(event, GUARDED)), [""; 0], "{event}");
    }
}

#[test]
fn what_is_called_with_secrets_is_read_with_what_calls_it() {
    let called = ".github/workflows/called.yml";
    let calls = |secrets: &str, job: &str| {
        let caller = workflow("pull_request_target", &format!("uses: ./{called}{secrets}"));
        let called_text = workflow("workflow_call", job);
        let installation = Installation::shipped().and(SHOP, OTHER, &caller);
        installation.and(SHOP, called, &called_text).opened()
    };
    let proposals = || format!("signs-proposals {OTHER}:1");
    assert_eq!(calls(", secrets: inherit", GUARDED), [proposals()]);
    assert_eq!(calls(", secrets: {K: x}", GUARDED), [proposals()]);
    assert_eq!(calls("", GUARDED), [""; 0], "it has no secret then");
    assert_eq!(
        calls(", secrets: inherit", "steps: [{run: tidegate check}]"),
        [""; 0]
    );
    let open = "steps: [{run: tidegate sign}]";
    assert_eq!(
        calls(", secrets: inherit", open),
        [proposals(), format!("signs-any-branch {called}:3")]
    );
    let elsewhere = |version: &str| {
        let job = format!("uses: acme/ci/.github/workflows/x.yml@{version}, secrets: inherit");
        with(&workflow("push", &job))
    };
    assert_eq!(elsewhere("main"), [format!("signs-unpinned {OTHER}:3")]);
    assert_eq!(elsewhere(&"a".repeat(40)), [""; 0]);
}

#[test]
fn what_others_write_or_may_exchange_in_a_job_that_signs_is_told() {
    let step = |step: &str| {
        with(&workflow(
            "push",
            &GUARDED.replace("steps: [", &format!("steps: [{step}, ")),
        ))
    };
    for words in [
        "github.event.head_commit.message",
        "github.event.inputs.environment",
        " inputs.environment ",
        "github.head_ref",
    ] {
        let told = step(&format!("{{run: 'echo ${{{{{words}}}}}'}}"));
        assert_eq!(told, [format!("signs-injected {OTHER}:3")], "{words}");
    }
    for plain in [
        "{run: 'echo ${{ github.sha }} inputs.x'}",
        "{run: x, env: {A: '${{ inputs.a }}'}}",
    ] {
        assert_eq!(step(plain), [""; 0], "{plain}");
    }
    for (uses, pinned) in [
        ("actions/checkout@v7", false),
        ("actions/checkout@3d3c42e", false),
        ("docker://alpine:3", false),
        (
            "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1",
            true,
        ),
        ("./action", true),
    ] {
        let expected = if pinned {
            vec![]
        } else {
            vec![format!("signs-unpinned {OTHER}:3")]
        };
        assert_eq!(step(&format!("{{uses: '{uses}'}}")), expected, "{uses}");
    }
}

#[test]
fn a_machine_that_runs_proposals_must_not_sign() {
    let on = |signs: &str, checks: &str| {
        let signing = workflow("push", &format!("runs-on: {signs}, {GUARDED}"));
        let checking = workflow("pull_request", &format!("runs-on: {checks}, steps: []"));
        let installation = Installation::shipped().and(SHOP, OTHER, &signing);
        installation
            .and(SHOP, ".github/workflows/check.yml", &checking)
            .opened()
    };
    let told = [format!("signs-runner {OTHER}:3")];
    assert_eq!(on("[self-hosted, linux]", "self-hosted"), told);
    assert_eq!(on("[self-hosted, ci]", "{labels: ci}"), told);
    assert_eq!(on("signing", "ci"), [""; 0]);
    assert_eq!(on("ubuntu-24.04", "ubuntu-24.04"), [""; 0]);
}

#[test]
fn what_may_push_may_push_where_verdicts_are_and_the_forge_alone_says_who() {
    let permitted = |on: &str, permissions: &str| {
        with(&format!(
            "on: {on}\npermissions: {permissions}\njobs: {{one: {{steps: []}}}}\n"
        ))
    };
    let told = [format!("store-reach? {OTHER}:2")];
    assert_eq!(permitted("push", "{contents: write}"), told);
    assert_eq!(permitted("issue_comment", "write-all"), told);
    assert_eq!(permitted("push", "{contents: read}"), [""; 0]);
    assert_eq!(permitted("push", "{}"), [""; 0]);
    let push = "steps: [{run: git push origin HEAD:gated/prod/shop}]";
    let silent = |on: &str| with(&format!("on: {on}\njobs:\n  one: {{{push}}}\n"));
    assert_eq!(silent("push"), [format!("store-reach? {OTHER}:3")]);
    assert_eq!(
        silent("[push, workflow_call]"),
        [format!("store-reach? {OTHER}:3")]
    );
    assert_eq!(silent("workflow_call"), [""; 0], "who calls it says so");
    let beside =
        format!("on: push\njobs:\n  one: {{permissions: {{}}, {GUARDED}}}\n  two: {{{push}}}\n");
    assert_eq!(with(&beside), [format!("store-reach? {OTHER}:4")]);
    let narrowed = format!(
        "on: push\npermissions: write-all\njobs:\n  one: {{permissions: {{contents: read}}, {push}}}\n"
    );
    assert_eq!(with(&narrowed), [""; 0]);
}

#[test]
fn a_workflow_of_another_branch_counts_where_a_push_there_starts_it() {
    let branch = |text: &str| {
        Installation::shipped()
            .and("shop@old", OTHER, text)
            .opened()
    };
    let open = "steps: [{run: tidegate sign}]";
    let told = |code: &str, line| format!("{code} old:{OTHER}:{line}");
    assert_eq!(
        branch(&workflow("push", open)),
        [told("signs-any-branch", 3)]
    );
    assert_eq!(
        branch(&workflow("workflow_dispatch", open)),
        [told("signs-any-branch", 3)]
    );
    assert_eq!(
        branch(&workflow("pull_request", open)),
        [told("signs-proposals", 1), told("signs-any-branch", 3)]
    );
    assert_eq!(
        branch(&workflow("push", GUARDED)),
        [""; 0],
        "the forge asks for the branch"
    );
    assert_eq!(
        branch(&workflow("{push: {branches: [main]}}", open)),
        [""; 0]
    );
    assert_eq!(
        branch(&workflow("schedule", open)),
        [""; 0],
        "of the default branch alone"
    );
    assert_eq!(branch("on: [push"), [told("unread", 1)]);
}

#[test]
fn gitlab_signs_for_the_protected_branch_alone() {
    let gitlab = |more: &str| {
        let text = format!("sign:\n  script: [tidegate -C . sign --env prod]\n{more}");
        let installation = Installation::shipped().and(SHOP, ".gitlab-ci.yml", &text);
        installation
            .and(SHOP, "ci/more.yml", "more: {script: [tidegate sign]}\n")
            .opened()
    };
    let any = "signs-any-branch .gitlab-ci.yml:1";
    let default = "  rules: [{if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH}]\n";
    assert_eq!(gitlab(""), [any]);
    assert_eq!(
        gitlab("  rules: [{if: $CI_PIPELINE_SOURCE == \"merge_request_event\"}]\n"),
        ["signs-proposals .gitlab-ci.yml:1"]
    );
    assert_eq!(gitlab(default), [""; 0]);
    assert_eq!(
        gitlab("  rules: [{if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH || $X}]\n"),
        [any]
    );
    assert_eq!(
        gitlab("  rules: [{if: $X, when: never}, {if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH}]\n"),
        [""; 0]
    );
    assert_eq!(gitlab("  only: [main]\n"), [""; 0]);
    assert_eq!(gitlab("  only: [branches]\n"), [any]);
    assert_eq!(
        gitlab("  only: {refs: [merge_requests]}\n"),
        ["signs-proposals .gitlab-ci.yml:1"]
    );
    let included = gitlab(&format!("{default}include: [{{local: /ci/more.yml}}]\n"));
    assert_eq!(included, ["signs-any-branch ci/more.yml:1"]);
    for elsewhere in [
        "[{project: acme/ci, file: x.yml}]",
        "{remote: 'https://x/y.yml'}",
        "'https://x/y.yml'",
    ] {
        let told = gitlab(&format!("{default}include: {elsewhere}\n"));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("signs-elsewhere? .gitlab-ci.yml:"),
            "{told:?}"
        );
    }
}
