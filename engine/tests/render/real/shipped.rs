//! What `action/argocd` ships: the chart makes the same objects as the Kustomize bases, and the sidecar fits Argo CD.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tidegate::manifest::{Node, yaml};

use crate::cli::root;

/// By kind, namespace and name.
type Objects = BTreeMap<String, Value>;

#[test]
#[ignore = "needs kustomize and helm"]
fn the_chart_makes_what_the_bases_make() {
    let argocd = root().join("action/argocd");
    for part in ["gate", "platform", "policy"] {
        let base = objects(&output("kustomize", &["build"], &argocd.join(part)));
        assert!(!base.is_empty(), "{part}");
        for helm in ["helm3", "helm4"] {
            let only = format!("{part}.enabled=true");
            let arguments = ["template", "tidegate", "--set", &only];
            let made = objects(&output(helm, &arguments, &argocd.join("chart")));
            assert_eq!(made, base, "{part}, by {helm}");
        }
    }
}

#[test]
#[ignore = "needs helm"]
fn each_value_of_the_chart_ends_where_it_belongs() {
    let chart = root().join("action/argocd/chart");
    let values = [
        "gate.enabled=true",
        "platform.enabled=true",
        "policy.enabled=true",
        "environment=v-environment",
        "unit=v-unit",
        "namespace=v-namespace",
        "application.namespace=v-place",
        "application.name=v-name",
        "repository=v-repository",
        "gateSource=v-source",
        "verdicts=v-verdicts",
        "wait=7m",
        "deadline=720",
        "image=v-image@sha256:0",
        "suffix=-v",
        "trust=v-trust",
        "controller=v-controller",
        "server=v-server",
    ];
    let mut arguments = vec!["template", "tidegate"];
    for value in values {
        arguments.extend(["--set", value]);
    }
    let made = objects(&output("helm3", &arguments, &chart));
    let text = serde_json::to_string(&made).unwrap();
    for value in values {
        let (_, value) = value.split_once('=').unwrap();
        assert!(value == "true" || text.contains(value), "{value}: {text}");
    }
    for default in [
        "shop",
        "argocd/",
        "git.example",
        "1200",
        "15m",
        "registry.example",
    ] {
        assert!(!text.contains(default), "{default}: {text}");
    }
    let nothing = output("helm3", &["template", "tidegate"], &chart);
    assert!(objects(&nothing).is_empty(), "{nothing}");
}

#[test]
#[ignore = "needs kustomize"]
fn the_sidecar_is_added_to_the_repo_server_and_brings_its_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = root().join("action/argocd/plugin");
    fs::create_dir(folder.path().join("plugin")).unwrap();
    for entry in fs::read_dir(plugin).unwrap() {
        let entry = entry.unwrap();
        fs::copy(
            entry.path(),
            folder.path().join("plugin").join(entry.file_name()),
        )
        .unwrap();
    }
    fs::write(folder.path().join("server.yaml"), SERVER).unwrap();
    let kustomization = "resources: [server.yaml]\ncomponents: [plugin]\n";
    fs::write(folder.path().join("kustomization.yaml"), kustomization).unwrap();
    let built = objects(&output("kustomize", &["build"], folder.path()));
    let server = &built["Deployment//argocd-repo-server"];
    let spec = &server["spec"]["template"]["spec"];
    let containers = spec["containers"].as_array().unwrap();
    let names: Vec<&str> = containers
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["tidegate-shop-prod", "argocd-repo-server"]);
    let volumes = spec["volumes"].as_array().unwrap();
    let held = |name: &Value| volumes.iter().any(|volume| &volume["name"] == name);
    for mount in containers[0]["volumeMounts"].as_array().unwrap() {
        assert!(held(&mount["name"]), "{mount}");
    }
    // Its ConfigMap has a name by its content: a changed plugin starts a new sidecar.
    let (name, map) = built
        .iter()
        .find(|(name, _)| name.starts_with("ConfigMap/"))
        .unwrap();
    assert!(name.starts_with("ConfigMap//tidegate-plugin-"), "{name}");
    let own = yaml::parse(map["data"]["plugin.yaml"].as_str().unwrap()).unwrap();
    assert_eq!(
        own[0].get("kind").and_then(Node::as_str),
        Some("ConfigManagementPlugin")
    );
}

fn output(program: &str, arguments: &[&str], folder: &Path) -> String {
    let mut command = Command::new(program);
    let output = command
        .args(arguments)
        .arg(".")
        .current_dir(folder)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn objects(text: &str) -> Objects {
    let documents = yaml::parse(text).unwrap();
    let documents = documents.iter().map(Node::to_json);
    let objects = documents.filter(|document| !document.is_null());
    objects
        .map(|object| {
            let metadata = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
            let kind = object["kind"].as_str().unwrap();
            (
                format!("{kind}/{}/{}", metadata("namespace"), metadata("name")),
                object.clone(),
            )
        })
        .collect()
}

const SERVER: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-repo-server}
spec:
  template:
    spec:
      containers: [{name: argocd-repo-server, image: quay.io/argoproj/argocd}]
      volumes: [{name: var-files, emptyDir: {}}, {name: plugins, emptyDir: {}}]
";
