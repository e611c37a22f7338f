mod odd;

use super::*;
use crate::model::{Exit, code_of};

/// As Argo CD 3.2.11 wrote them while a `PreSync` hook ran; addresses were replaced.
const FIRST: &str = include_str!("../../../../testdata/argocd/two-sources-first.json");
const AGAIN: &str = include_str!("../../../../testdata/argocd/two-sources.json");
const SINGLE: &str = include_str!("../../../../testdata/argocd/one-source.json");
const OVERRIDES: &str = include_str!("../../../../testdata/argocd/overrides.json");

const SHOP: &str = "https://git.example/acme/shop.git";

fn read(document: &str) -> Result<Sync, ApplicationError> {
    read_of(document, SHOP)
}

fn read_of(document: &str, repository: &str) -> Result<Sync, ApplicationError> {
    let gate = GateSource::parse("https://git.example/acme/platform.git//gate").unwrap();
    Sync::read(
        document,
        &ApplicationQuery {
            namespace: "argocd",
            name: "shop-prod",
            repository,
            gate: &[gate],
        },
    )
}

/// The document with one value of `status.operationState` replaced or removed.
fn with(document: &str, pointer: &str, value: serde_json::Value) -> String {
    let mut root: serde_json::Value = serde_json::from_str(document).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let place = format!("/status/operationState{parent}");
    let parent = root.pointer_mut(&place).expect(&place);
    match parent {
        serde_json::Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
        parent => parent[key] = value,
    }
    root.to_string()
}

/// What is refused, in a line.
fn refused(document: &str) -> String {
    match read(document) {
        Ok(sync) => {
            let overrides = sync.sources.iter().flat_map(|source| &source.overrides);
            let lines = sync
                .refusals
                .iter()
                .chain(overrides)
                .map(|no| format!("{} {}", no.reason, no.found));
            lines.collect::<Vec<_>>().join("; ")
        }
        Err(error) => format!("{} {error}", code_of(&error)),
    }
}

#[test]
fn the_first_sync_says_what_is_applied_and_that_nobody_knows_what_runs() {
    let sync = read(FIRST).unwrap();
    assert_eq!(sync.refusals, []);
    assert_eq!(sync.deployed, None);
    let taken = sync.sources.iter();
    let taken: Vec<_> = taken.map(|it| (it.path.to_string(), it.recurse)).collect();
    assert_eq!(taken, [("apps/shop".to_owned(), true)]);
    assert_eq!(sync.gate.len(), 1);
    assert!(sync.gate[0].starts_with("https://git.example/acme/platform.git//gate at "));
}

#[test]
fn a_later_sync_knows_what_runs() {
    let (first, again) = (read(FIRST).unwrap(), read(AGAIN).unwrap());
    assert_eq!(again.deployed, Some(first.revision));
    assert_ne!(again.revision, first.revision);
    assert_eq!(again.refusals, []);
}

#[test]
fn what_another_folder_or_repository_ran_is_not_what_runs() {
    let mut root: serde_json::Value = serde_json::from_str(AGAIN).unwrap();
    let last = root["status"]["history"].as_array().unwrap().len() - 1;
    for (pointer, value) in [
        ("sources/0/path", "apps/other"),
        ("sources/0/repoURL", "https://git.example/acme/other.git"),
        ("revisions/0", "main"),
    ] {
        let place = format!("/status/history/{last}/{pointer}");
        let before = root.pointer(&place).unwrap().clone();
        *root.pointer_mut(&place).unwrap() = value.into();
        assert_eq!(read(&root.to_string()).unwrap().deployed, None, "{pointer}");
        *root.pointer_mut(&place).unwrap() = before;
    }
}

#[test]
fn one_source_is_read_as_well() {
    let sync = read(SINGLE).unwrap();
    assert_eq!(sync.refusals, []);
    assert_eq!(sync.sources.len(), 1);
    assert!(!sync.sources[0].recurse);
}

#[test]
fn overrides_that_argo_cd_really_wrote_are_refused_by_name() {
    assert_eq!(
        refused(OVERRIDES),
        "source-override `status.operationState.syncResult.source.directory.jsonnet`; \
         source-override `status.operationState.syncResult.source.directory.include: *.yaml`"
    );
}

#[test]
fn what_is_not_in_the_commit_is_refused_by_name() {
    let at = "status.operationState";
    for (pointer, value, expected) in NOT_IN_THE_COMMIT {
        let document = match serde_json::from_str(value).unwrap() {
            value if pointer.contains("sources/0") => {
                let once = with(AGAIN, pointer, value);
                let root: serde_json::Value = serde_json::from_str(&once).unwrap();
                let first = root["status"]["operationState"]["syncResult"]["sources"][0].clone();
                with(&once, "/syncResult/source", first)
            }
            value => with(AGAIN, pointer, value),
        };
        assert_eq!(refused(&document), expected.replace('@', at), "{pointer}");
    }
}

#[test]
fn a_revision_is_a_commit_or_nothing() {
    for text in [
        "main",
        "HEAD",
        "v1.*",
        "e1d6718",
        "${ARGOCD_APP_REVISION}",
        "0000000000000000000000000000000000000000",
        "E1D6718870435B58C8671ED836C626B54D2BAA83 ",
    ] {
        let document = with(SINGLE, "/syncResult/revision", text.into());
        let document = with(&document, "/operation/sync/revision", "main".into());
        let error = read(&document).unwrap_err();
        assert_eq!(code_of(&error), "argo.revision-not-concrete", "{text}");
        assert_eq!(Exit::of_error(&error), Exit::Unjudged);
    }
}

#[test]
fn a_status_that_contradicts_itself_decides_nothing() {
    let other = "b6b2a009c3a0610c688ba433337366cc852aa977";
    for (document, pointer, value) in [
        (SINGLE, "/operation/sync/revision", serde_json::json!(other)),
        (AGAIN, "/syncResult/revisions", serde_json::json!([other])),
        (
            AGAIN,
            "/operation/sync/revisions",
            serde_json::json!([other]),
        ),
        (
            AGAIN,
            "/operation/sync/revisions",
            serde_json::json!([other, other]),
        ),
        (
            AGAIN,
            "/syncResult/source",
            serde_json::json!({"repoURL": SHOP, "path": "x"}),
        ),
        (
            AGAIN,
            "/syncResult/sources/1/path",
            serde_json::json!("../gate"),
        ),
        (
            AGAIN,
            "/syncResult/sources/1/path",
            serde_json::json!("/gate"),
        ),
        (
            AGAIN,
            "/syncResult/sources/1/path",
            serde_json::json!("gate/$APP"),
        ),
        (
            AGAIN,
            "/syncResult/sources/1/path",
            serde_json::json!("gate\\prod"),
        ),
        (AGAIN, "/operation/sync", serde_json::Value::Null),
        (AGAIN, "/startedAt", serde_json::Value::Null),
    ] {
        let said = refused(&with(document, pointer, value));
        assert!(said.starts_with("argo.status "), "{pointer}: {said}");
    }
}

#[test]
fn sources_that_the_request_names_are_those_that_are_applied() {
    let single: serde_json::Value = serde_json::from_str(SINGLE).unwrap();
    let source = single["status"]["operationState"]["syncResult"]["source"].clone();
    let mut other = source.clone();
    other["path"] = "apps/other".into();
    let mut written_out = source.clone();
    written_out["directory"]["jsonnet"] = serde_json::json!({});
    let several = serde_json::json!([source, other]);
    for (place, value, expected) in [
        ("source", source.clone(), ""),
        ("source", written_out, ""),
        (
            "source",
            other.clone(),
            "operation.sync.source` is not the source that is applied",
        ),
        ("sources", serde_json::json!([source]), ""),
        (
            "sources",
            serde_json::json!([other]),
            "operation.sync.sources[0]` is not the source",
        ),
        (
            "sources",
            several,
            "operation.sync.sources` is not one source for each",
        ),
    ] {
        let document = with(SINGLE, &format!("/operation/sync/{place}"), value);
        let said = refused(&document);
        assert_eq!(said.is_empty(), expected.is_empty(), "{said}");
        assert!(said.contains(expected), "{said}");
    }
    let again: serde_json::Value = serde_json::from_str(AGAIN).unwrap();
    let mut sources = again["status"]["operationState"]["syncResult"]["sources"].clone();
    let document = |sources| with(AGAIN, "/operation/sync/sources", sources);
    assert_eq!(read(&document(sources.clone())), read(AGAIN));
    sources.as_array_mut().unwrap().reverse();
    let said = refused(&document(sources));
    assert!(said.starts_with("argo.status "), "{said}");
}

#[test]
fn what_has_happened_of_an_application_is_a_witness_of_the_time() {
    let sync = read(AGAIN).unwrap();
    let (field, at) = sync.happened.unwrap();
    assert_eq!(field, "status.operationState.startedAt");
    assert_eq!(at.to_string(), sync.started_at);
    // Of what happened at once, the first place that says so is named.
    let ended = with(AGAIN, "/finishedAt", at.to_string().into());
    let (field, _) = read(&ended).unwrap().happened.unwrap();
    assert_eq!(field, "status.operationState.startedAt");
    let mut root: serde_json::Value = serde_json::from_str(AGAIN).unwrap();
    let mut last = |text: &str| {
        let history = root["status"]["history"].as_array_mut().unwrap();
        history.last_mut().unwrap()["deployedAt"] = text.into();
        read(&root.to_string())
    };
    let (field, at) = last("2030-01-01T00:00:00Z").unwrap().happened.unwrap();
    assert!(field.ends_with("].deployedAt"), "{field}");
    assert_eq!(at.to_string(), "2030-01-01T00:00:00Z");
    assert_eq!(code_of(&last("yesterday").unwrap_err()), "argo.status");
}

#[test]
fn a_request_may_name_a_revision_for_each_source() {
    let root: serde_json::Value = serde_json::from_str(AGAIN).unwrap();
    let applied = &root["status"]["operationState"]["syncResult"]["revisions"];
    for revisions in [applied.clone(), serde_json::json!(["main", "HEAD"])] {
        let document = with(AGAIN, "/operation/sync/revisions", revisions);
        assert_eq!(refused(&document), "");
    }
}

#[test]
fn a_retry_that_looks_at_git_anew_applies_another_commit_than_was_asked_for_first() {
    let other = "b6b2a009c3a0610c688ba433337366cc852aa977";
    let first = with(
        AGAIN,
        "/operation/sync/revisions",
        serde_json::json!([other, other]),
    );
    let retry = |refresh: bool, count: u32| {
        let retry = serde_json::json!({"limit": -1, "refresh": refresh});
        let document = with(&first, "/operation/retry", retry);
        refused(&with(&document, "/retryCount", count.into()))
    };
    assert_eq!(retry(true, 1), "");
    assert_eq!(retry(true, 2), "");
    for (refresh, count) in [(true, 0), (false, 1)] {
        let said = retry(refresh, count);
        assert!(
            said.starts_with("argo.status "),
            "{refresh} {count}: {said}"
        );
    }
}

#[test]
fn two_commits_of_one_repository_are_refused() {
    let mut root: serde_json::Value = serde_json::from_str(AGAIN).unwrap();
    let result = &mut root["status"]["operationState"]["syncResult"];
    let first = result["sources"][0].clone();
    result["sources"][1] = first;
    let said = refused(&root.to_string());
    assert!(
        said.starts_with("source-override `status.operationState.syncResult.revisions[1]: "),
        "{said}"
    );
}

#[test]
fn only_a_sync_that_is_under_way_is_answered_for() {
    let over = with(AGAIN, "/phase", "Succeeded".into());
    let error = read(&over).unwrap_err();
    assert_eq!(code_of(&error), "argo.not-syncing");
    assert!(error.to_string().contains("argocd/shop-prod"), "{error}");
    let early = with(AGAIN, "/syncResult", serde_json::Value::Null);
    let error = read(&early).unwrap_err();
    assert_eq!(code_of(&error), "argo.no-result");
    assert_eq!(Exit::of_error(&error), Exit::Temporary);
    let stale = with(
        AGAIN,
        "/syncResult/resources/0/hookPhase",
        "Succeeded".into(),
    );
    assert_eq!(code_of(&read(&stale).unwrap_err()), "argo.no-result");
    let mut root: serde_json::Value = serde_json::from_str(AGAIN).unwrap();
    root["metadata"]["deletionTimestamp"] = "2026-11-20T09:00:00Z".into();
    assert_eq!(
        code_of(&read(&root.to_string()).unwrap_err()),
        "argo.not-syncing"
    );
    root["metadata"]["name"] = "other".into();
    assert_eq!(
        code_of(&read(&root.to_string()).unwrap_err()),
        "argo.status"
    );
}

#[test]
fn nothing_of_the_repository_is_a_refusal() {
    let error = read_of(AGAIN, "https://git.example/acme/other.git").unwrap_err();
    assert_eq!(code_of(&error), "refused.source-outside-selector");
    assert_eq!(Exit::of_error(&error), Exit::Refused);
}

#[test]
fn a_sync_that_changed_while_we_looked_is_no_answer() {
    let query = ApplicationQuery {
        namespace: "argocd",
        name: "shop-prod",
        repository: SHOP,
        gate: &[GateSource::parse("https://git.example/acme/platform.git//gate").unwrap()],
    };
    let sync = read(AGAIN).unwrap();
    assert_eq!(sync.unchanged(AGAIN, &query), Ok(()));
    let other = "b6b2a009c3a0610c688ba433337366cc852aa977";
    for (pointer, value) in [
        ("/startedAt", "2026-11-20T09:00:00Z"),
        ("/phase", "Succeeded"),
        ("/syncResult/revisions/0", other),
    ] {
        let error = sync.unchanged(&with(AGAIN, pointer, value.into()), &query);
        assert_eq!(
            code_of(&error.unwrap_err()),
            "argo.operation-changed",
            "{pointer}"
        );
    }
}

/// What the newest sync applies first, as its document says it.
fn first_source(document: &str) -> serde_json::Value {
    let root: serde_json::Value = serde_json::from_str(document).unwrap();
    root["status"]["operationState"]["syncResult"]["sources"][0].clone()
}

#[test]
fn a_source_says_the_same_whatever_revision_and_empty_settings_stand_in_it() {
    use serde_json::json;
    let sync = read(AGAIN).unwrap();
    let said = first_source(AGAIN);
    assert!(sync.sources[0].is_said_by(&said));
    let with = |key: &str, value: serde_json::Value| {
        let mut other = said.clone();
        other[key] = value;
        sync.sources[0].is_said_by(&other)
    };
    for (key, value) in [
        ("targetRevision", json!("other")),
        ("helm", json!({})),
        (
            "helm",
            json!({"parameters": [], "values": "", "skipCrds": false}),
        ),
        ("name", json!("")),
        ("chart", json!(null)),
    ] {
        assert!(with(key, value.clone()), "{key}: {value}");
    }
    for (key, value) in [
        ("path", json!("apps/other")),
        ("name", json!("web")),
        ("directory", json!({})),
        ("helm", json!({"parameters": [{"name": "a"}]})),
        ("helm", json!({"values": "a: b"})),
        ("helm", json!({"skipCrds": true})),
    ] {
        assert!(!with(key, value.clone()), "{key}: {value}");
    }
}

#[test]
fn only_a_source_without_a_folder_is_there_for_others_to_refer_to() {
    let place = "/syncResult/sources/0";
    let mut both = first_source(AGAIN);
    both["ref"] = "values".into();
    let document = with(
        &with(AGAIN, place, both.clone()),
        "/syncResult/source",
        both,
    );
    let source = &read(&document).unwrap().sources[0];
    assert_eq!(
        (source.is_reference, source.path.to_string()),
        (false, "apps/shop".into())
    );
    for (key, expected) in [("ref", Ok(true)), ("name", Err("argo.status".to_owned()))] {
        let mut rootless = first_source(AGAIN);
        rootless.as_object_mut().unwrap().remove("path");
        rootless[key] = "values".into();
        let document = with(AGAIN, place, rootless.clone());
        let document = with(&document, "/syncResult/source", rootless);
        let read = read(&document).map(|sync| sync.sources[0].is_reference);
        assert_eq!(read.map_err(|error| code_of(&error)), expected, "{key}");
    }
}

#[test]
fn a_source_of_the_gate_is_an_address_and_a_folder() {
    for text in [
        "https://git.example/a.git//gate",
        "file:///srv/a.git//gate/prod",
        "git@git.example:a.git//gate",
    ] {
        assert!(GateSource::parse(text).is_some(), "{text}");
    }
    for text in [
        "https://git.example/a.git",
        "//gate",
        "a//",
        "a//../b",
        "https://",
        "",
    ] {
        assert!(GateSource::parse(text).is_none(), "{text}");
    }
}

/// What is put where, and the refusal; `@` is the state of the operation.
const NOT_IN_THE_COMMIT: [(&str, &str, &str); 18] = [
    (
        "/syncResult/sources/0/helm",
        r#"{"parameters":[{"name":"a"}]}"#,
        "source-override `@.syncResult.sources[0].helm.parameters`",
    ),
    (
        "/syncResult/sources/0/kustomize",
        r#"{"images":["a=b"]}"#,
        "source-override `@.syncResult.sources[0].kustomize.images`",
    ),
    (
        "/syncResult/sources/0/plugin",
        r#"{"env":[{"name":"a"}]}"#,
        "source-override `@.syncResult.sources[0].plugin.env`",
    ),
    (
        "/syncResult/sources/0/ref",
        r#""values""#,
        "source-override `@.syncResult.sources[0].ref: values`",
    ),
    (
        "/syncResult/sources/0/brandNew",
        r#"1"#,
        "source-unknown-field `@.syncResult.sources[0].brandNew`",
    ),
    (
        "/syncResult/sources/1/kustomize",
        r#"{"images":["a=b"]}"#,
        "source-override `@.syncResult.sources[1].kustomize.images`",
    ),
    (
        "/syncResult/brandNew",
        r#"{"a":1}"#,
        "source-unknown-field `@.syncResult.brandNew`",
    ),
    (
        "/syncResult/managedNamespaceMetadata",
        r#"{"labels":{"a":"b"}}"#,
        "source-override `@.syncResult.managedNamespaceMetadata`",
    ),
    (
        "/syncResult/sources/1/path",
        r#""gate/other""#,
        "source-outside-selector `@.syncResult.sources[1]` at `https://git.example/acme/platform.git`",
    ),
    (
        "/operation/brandNew",
        r#"true"#,
        "source-unknown-field `@.operation.brandNew`",
    ),
    (
        "/operation/sync/brandNew",
        r#"[0]"#,
        "source-unknown-field `@.operation.sync.brandNew`",
    ),
    (
        "/operation/sync/manifests",
        r#"["a"]"#,
        "source-override `@.operation.sync.manifests`",
    ),
    (
        "/operation/sync/resources",
        r#"[{"kind":"A"}]"#,
        "source-override `@.operation.sync.resources`",
    ),
    (
        "/operation/sync/syncStrategy",
        r#"{"apply":{"force":true}}"#,
        "source-unknown-field `@.operation.sync.syncStrategy.apply`",
    ),
    (
        "/operation/sync/syncOptions",
        r#"["Replace=true"]"#,
        "source-override `@.operation.sync.syncOptions[0]: Replace=true`",
    ),
    ("/operation/sync/syncStrategy", r#"{"hook":{}}"#, ""),
    ("/operation/sync/dryRun", r#"false"#, ""),
    ("/syncResult/sources/0/helm", r#"{}"#, ""),
];
