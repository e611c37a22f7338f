//! A sync of an Application: what it takes of the commit must be what the unit holds. And the manifests that ask.

use std::fs;

use tidegate::gate::{self, AdmitRequest};
use tidegate::manifest::{Node, yaml};
use tidegate::model::GitId;
use tidegate::verify::{AdmitError, AppliedSource, Sync};

use super::world::{CONFIG, World, trust};

/// Asks for the newest commit of `prod/web` as a sync of these folders; refusals in a line.
fn asked(world: &World, sources: &[(&str, bool)]) -> String {
    let revision = world.repo.id("HEAD");
    let sync = Sync {
        started_at: "2026-11-20T10:00:00Z".to_owned(),
        happened: None,
        revision,
        deployed: None,
        sources: sources
            .iter()
            .map(|(path, recurse)| AppliedSource::plain((*path).into(), *recurse))
            .collect(),
        gate: Vec::new(),
        refusals: Vec::new(),
    };
    let answers = gate::admit(
        &world.repo.open(),
        &AdmitRequest {
            environment: "prod",
            branch: None,
            unit: Some("web"),
            revision: &revision.to_string(),
            deployed: None,
            sync: Some(&sync),
            checkout: None,
            trust: &trust(&[(&world.key, &[])]),
            store: &world.store(),
            now: world.now(),
            witnesses: &[],
        },
    );
    match &answers.unwrap()[0].result {
        Ok(admission) => format!("link {}", admission.link.verdict().height),
        Err(AdmitError::Refused { refusals, .. }) => {
            let lines = refusals
                .iter()
                .map(|no| format!("{} {}", no.reason, no.found));
            lines.collect::<Vec<_>>().join("; ")
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_source_takes_what_the_unit_holds_and_nothing_else() {
    let world = World::started();
    for (sources, expected) in [
        (&[("apps/web", true)][..], "link 0"),
        (&[("apps/web", false)], "link 0"),
        (
            &[("apps/web", true), ("apps/db", true)],
            "source-outside-selector `apps/db/cluster.yaml`",
        ),
        (
            &[("apps", true)],
            "source-outside-selector `apps/db/cluster.yaml`",
        ),
        (
            &[("", true)],
            "source-outside-selector `.tidegate/trust.json`",
        ),
        (
            &[("apps/we", true)],
            "source-outside-selector `apps/we`, which the commit does not have; \
            source-override `apps/web/app.yaml`, which none takes",
        ),
    ] {
        assert_eq!(asked(&world, sources), expected, "{sources:?}");
    }
}

#[test]
fn files_that_were_judged_and_are_left_out_are_refused() {
    let world = World::new();
    let below = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: below, namespace: shop}\n";
    world.repo.write("apps/web/more/below.yaml", below);
    let whole = "path: apps/web, render: {tool: directory, recurse: true}}";
    world.edit(CONFIG, "path: apps/web}", whole);
    world.baseline("prod", None);
    assert_eq!(asked(&world, &[("apps/web", true)]), "link 0");
    assert_eq!(
        asked(&world, &[("apps/web", false)]),
        "source-override `apps/web/more/below.yaml`, which is left out"
    );
    assert_eq!(
        asked(&world, &[("apps/web/more", true)]),
        "source-override `apps/web/app.yaml`, which none takes"
    );
}

#[test]
fn a_variable_that_nobody_replaced_is_no_revision() {
    let world = World::started();
    let (trust, store) = (world.trust_file(), world.store_name());
    let line = [
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
    let full: GitId = world.repo.id("HEAD");
    for (text, code) in [
        (
            "${ARGOCD_APP_REVISION}",
            "error[argo.revision-not-concrete]",
        ),
        ("$ARGOCD_APP_REVISION", "error[argo.revision-not-concrete]"),
        ("", "error[argo.revision-not-concrete]"),
        ("main", "error[argo.revision-not-concrete]"),
        (
            &full.short().to_string(),
            "error[argo.revision-not-concrete]",
        ),
    ] {
        let output = world
            .command(&line)
            .env("TIDEGATE_REVISION", text)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{text}: {said}");
        assert!(said.contains(code), "{text}: {said}");
    }
    let output = world
        .command(&line)
        .env("TIDEGATE_REVISION", full.to_string())
        .output();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(said.contains("prod/web: "), "{said}");
    let (exit, _, said) = world.run(&line);
    assert_eq!(exit, 2, "{said}");
    assert!(said.contains("usage.no-revision"), "{said}");
}

#[test]
fn the_gate_may_read_one_application_and_nothing_else() {
    let objects = manifest("platform/access.yaml");
    let roles: Vec<&Node> = objects
        .iter()
        .filter(|object| text(object, "/kind").ends_with("Role"))
        .collect();
    let [role] = roles.as_slice() else {
        panic!("{} roles", roles.len());
    };
    assert_eq!(text(role, "/kind"), "Role");
    assert_eq!(
        role.pointer("/rules").unwrap().to_json(),
        serde_json::json!([{
            "apiGroups": ["argoproj.io"],
            "resources": ["applications"],
            "resourceNames": ["shop-prod"],
            "verbs": ["get"],
        }])
    );
    assert!(
        objects
            .iter()
            .all(|object| !text(object, "/kind").starts_with("Cluster"))
    );
}

#[test]
fn the_job_ends_in_time_is_tried_again_for_75_alone_and_is_understood() {
    let world = World::started();
    let jobs = manifest("gate/job.yaml");
    let spec = jobs[0].pointer("/spec").unwrap().to_json();
    assert_eq!(spec["activeDeadlineSeconds"], 1200);
    assert!(spec.get("ttlSecondsAfterFinished").is_none());
    assert_eq!(
        spec["podFailurePolicy"]["rules"],
        serde_json::json!([{
            "action": "FailJob",
            "onExitCodes": {"containerName": "gate", "operator": "NotIn", "values": [75]},
        }])
    );
    let line = spec["template"]["spec"]["containers"][0]["args"]
        .as_array()
        .unwrap()
        .clone();
    let line: Vec<&str> = line.iter().map(|word| word.as_str().unwrap()).collect();
    // Everything is understood up to the file and the cluster that are not here.
    let (exit, _, said) = world.run(&line);
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("`/etc/tidegate/trust.json` cannot be read"),
        "{said}"
    );
    let trust = world.trust_file();
    let trust = format!("--trust={trust}");
    let line: Vec<&str> = line
        .into_iter()
        .map(|word| {
            if word.starts_with("--trust") {
                &trust
            } else {
                word
            }
        })
        .collect();
    let (exit, _, said) = world.run(&line);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("error[argo.no-cluster]"), "{said}");
}

fn manifest(path: &str) -> Vec<Node> {
    let file = format!("{}/action/argocd/{path}", env!("CARGO_MANIFEST_DIR"));
    yaml::parse(&fs::read_to_string(file).unwrap()).unwrap()
}

fn text<'n>(node: &'n Node, pointer: &str) -> &'n str {
    node.pointer(pointer).and_then(Node::as_str).unwrap()
}
