//! The command line that the deployer gives Helm, made from its options.
//! Knows no file but by name, and starts nothing.
//!
//! Source: Argo CD, `util/helm/cmd.go`: files of values in their order, then the object's own values, then
//! `--set`, `--set-string` and `--set-file`, which Helm lays over them in this order.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::options::Inputs;
use crate::manifest::secrets::is_secret_name;
use crate::render::{Deployer, Helm};

/// The arguments behind `helm template`, run in the folder of the chart; `root` is where the tree lies, and
/// `own` the file of the object's own values.
pub(super) fn arguments(
    options: &Helm,
    deployer: Deployer,
    inputs: &Inputs,
    (root, own): (&Path, Option<PathBuf>),
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec![".".into()];
    let mut add = |name: &str, value: &str| arguments.extend([name.into(), value.into()]);
    add("--name-template", &options.release);
    if let Some(namespace) = options.namespace.as_deref().filter(|name| !name.is_empty()) {
        add("--namespace", namespace);
    }
    let version = options.kube_version.as_deref().unwrap_or(KUBE_VERSION);
    add("--kube-version", kube_version(version, deployer));
    for (flag, forced) in [("--set", false), ("--set-string", true)] {
        let parameters = options.parameters.iter();
        let parameters = parameters.filter(|parameter| parameter.force_string == forced);
        // Of one name the last counts.
        let last: BTreeMap<&str, &str> = parameters
            .map(|parameter| (&*parameter.name, &*parameter.value))
            .collect();
        for (name, value) in last {
            add(flag, &format!("{name}={}", escaped(value)));
        }
    }
    let in_tree = |path: &str| root.join(path).into_os_string();
    for (name, path) in &inputs.single {
        let mut value = OsString::from(format!("{name}="));
        value.push(in_tree(path.as_str().unwrap_or_default()));
        arguments.extend(["--set-file".into(), value]);
    }
    let files = inputs.values.iter().filter_map(|path| path.as_str());
    let files = files.map(in_tree).chain(own.map(PathBuf::into_os_string));
    for file in files {
        arguments.extend(["--values".into(), file]);
    }
    for version in options.api_versions.iter().flatten() {
        arguments.extend(["--api-versions".into(), version.into()]);
    }
    for (flag, is_set) in [
        ("--include-crds", !options.skip_crds),
        ("--skip-schema-validation", options.skip_schema_validation),
        ("--skip-tests", options.skip_tests),
    ] {
        arguments.extend(is_set.then(|| flag.into()));
    }
    arguments
}

/// The same for a person at the root of a checkout, without what stands for the chart and without the values of
/// names that sound like a secret.
pub(super) fn by_hand(options: &Helm, deployer: Deployer, inputs: &Inputs) -> Vec<OsString> {
    let mut shown = options.clone();
    for parameter in &mut shown.parameters {
        if is_secret_name(&parameter.name) {
            "…".clone_into(&mut parameter.value);
        }
    }
    let own = options.values.as_ref().map(|_| PathBuf::from(OWN_VALUES));
    let arguments = arguments(&shown, deployer, inputs, (Path::new(""), own));
    arguments.into_iter().skip(1).collect()
}

/// A value as Argo CD writes it: its commas are no separators, except in a list (`{a,b}`).
fn escaped(value: &str) -> String {
    if value.starts_with('{') && value.ends_with('}') {
        return value.to_owned();
    }
    let mut escaped = String::new();
    for c in value.chars() {
        if c == ',' && !escaped.ends_with('\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The version that templates see; Argo CD leaves `v` out, and what follows the numbers.
fn kube_version(version: &str, deployer: Deployer) -> &str {
    let Deployer::ArgoCd = deployer else {
        return version;
    };
    let numbers = version.trim().trim_start_matches('v');
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != '.');
    let numbers = numbers.get(..end.unwrap_or(numbers.len()));
    numbers.unwrap_or_default().trim_end_matches('.')
}

/// The version of Kubernetes that templates see where none is configured. Helm's own is another one in
/// each build of one version, and may be too old for a chart.
pub const KUBE_VERSION: &str = "1.34.0";

/// What a person calls the values that the Application or `HelmRelease` gives itself.
const OWN_VALUES: &str = "values-of-its-object.yaml";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Parameter;

    fn written(options: &Helm, deployer: Deployer, inputs: &Inputs) -> String {
        let own = options.values.as_ref().map(|_| "/own/values.json".into());
        let arguments = arguments(options, deployer, inputs, (Path::new("/tree"), own));
        let shown: Vec<String> = arguments
            .iter()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect();
        shown.join(" ")
    }

    fn parameter(name: &str, value: &str, force_string: bool) -> Parameter {
        Parameter {
            name: name.to_owned(),
            value: value.to_owned(),
            force_string,
        }
    }

    #[test]
    fn everything_stands_where_argo_cd_puts_it() {
        let options = Helm {
            release: "shop".to_owned(),
            namespace: Some("web".to_owned()),
            values: Some(serde_json::json!({})),
            parameters: vec![
                parameter("b", "1", true),
                parameter("a", "1", false),
                parameter("a", "x,y\\,z", false),
                parameter("l", "{x,y}", false),
            ],
            skip_schema_validation: true,
            skip_tests: true,
            kube_version: Some("v1.31.2+k3s1".to_owned()),
            api_versions: Some(vec!["monitoring.coreos.com/v1".to_owned()]),
            ..Helm::default()
        };
        let inputs = Inputs {
            values: vec!["v/a.yaml".into(), "v/b.yaml".into()],
            single: vec![("cert".to_owned(), "certs/ca.pem".into())],
        };
        assert_eq!(
            written(&options, Deployer::ArgoCd, &inputs),
            ". --name-template shop --namespace web --kube-version 1.31.2 --set a=x\\,y\\,z --set l={x,y} --set-string b=1 --set-file cert=/tree/certs/ca.pem --values /tree/v/a.yaml --values /tree/v/b.yaml --values /own/values.json --api-versions monitoring.coreos.com/v1 --include-crds --skip-schema-validation --skip-tests"
        );
    }

    #[test]
    fn a_person_is_given_the_same_without_secrets() {
        let options = Helm {
            release: "shop".to_owned(),
            values: Some(serde_json::json!({"db": {"password": "hunter2"}})),
            parameters: vec![
                parameter("db.password", "hunter2", false),
                parameter("replicas", "2", false),
            ],
            ..Helm::default()
        };
        let inputs = Inputs {
            values: vec!["v/a.yaml".into()],
            single: vec![("cert".to_owned(), "certs/ca.pem".into())],
        };
        let words = by_hand(&options, Deployer::ArgoCd, &inputs);
        let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
        assert_eq!(
            words.join(" "),
            "--name-template shop --kube-version 1.34.0 --set db.password=… --set replicas=2 --set-file cert=certs/ca.pem --values v/a.yaml --values values-of-its-object.yaml --include-crds"
        );
    }

    #[test]
    fn what_is_not_said_is_not_passed() {
        let options = Helm {
            release: "shop".to_owned(),
            namespace: Some(String::new()),
            skip_crds: true,
            ..Helm::default()
        };
        let shown = written(&options, Deployer::Flux, &Inputs::default());
        assert_eq!(shown, ". --name-template shop --kube-version 1.34.0");
    }

    #[test]
    fn argo_cd_tells_templates_the_numbers_of_a_version_alone() {
        for (version, wanted) in [
            ("1.29", "1.29"),
            ("v1.30.1-gke.5", "1.30.1"),
            ("1.28+", "1.28"),
        ] {
            assert_eq!(kube_version(version, Deployer::ArgoCd), wanted);
            assert_eq!(kube_version(version, Deployer::Flux), version);
        }
    }
}
