//! Where the pods of each kind are described, and what their template says.
//! Knows nothing of defaults that come from outside of the object.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::ObjectRef;

use super::applied::is_sure;
use super::image_ref::ImageRef;
use super::probes::{Probes, ports, pre_stop_seconds, probes};
use super::resources::spelling;
use super::workload::{
    Container, EnvVar, Image, Literals, Misshapen, ReplicasSource, Resources, Role,
};

/// Whether a `scaleTargetRef` names `target`.
pub(super) fn targets(reference: &Value, target: &ObjectRef) -> bool {
    let text = |field: &str| reference.get(field).and_then(Value::as_str);
    let group = text("apiVersion").map(|version| version.rsplit_once('/').map_or("", |it| it.0));
    text("kind") == Some(&target.kind)
        && text("name") == Some(&target.name)
        && group.is_none_or(|group| group == target.group())
}

/// What names `object`; what is missing is empty.
pub(super) fn reference(object: &Value) -> ObjectRef {
    ObjectRef {
        api_version: text_in(Some(object), "apiVersion").to_owned(),
        kind: text_in(Some(object), "kind").to_owned(),
        namespace: namespace(object).map(str::to_owned),
        name: name(object).to_owned(),
    }
}

/// The namespace that `object` names.
pub(super) fn namespace(object: &Value) -> Option<&str> {
    Some(text_in(object.get("metadata"), "namespace")).filter(|it| !it.is_empty())
}

/// The name of `object`, or what its name begins with.
pub(super) fn name(object: &Value) -> &str {
    let metadata = object.get("metadata");
    match text_in(metadata, "name") {
        "" => text_in(metadata, "generateName"),
        name => name,
    }
}

fn text_in<'a>(map: Option<&'a Value>, key: &str) -> &'a str {
    let text = map.and_then(|map| map.get(key));
    text.and_then(Value::as_str).unwrap_or_default()
}

/// A kind that runs pods.
#[derive(Clone, Copy, Debug)]
pub(super) struct PodSource {
    template: &'static str,
    replicas: Replicas,
    shape: Shape,
}

impl PodSource {
    /// The description of the kind of `object`; `None` where it runs nothing.
    pub(super) fn of(object: &ObjectRef) -> Option<Self> {
        let (template, replicas, shape) = match (object.group(), object.kind.as_str()) {
            // Old manifests have the kinds of `apps` and `batch` in `extensions`.
            ("apps" | "extensions", "Deployment" | "ReplicaSet" | "StatefulSet")
            | ("", "ReplicationController") => (
                "/spec/template",
                Replicas::At("/spec/replicas"),
                Shape::Template,
            ),
            ("argoproj.io", "Rollout") => (
                "/spec/template",
                Replicas::At("/spec/replicas"),
                Shape::Rollout,
            ),
            ("apps" | "extensions", "DaemonSet") => {
                ("/spec/template", Replicas::Unsaid, Shape::Template)
            }
            ("batch" | "extensions", "Job") => (
                "/spec/template",
                Replicas::At("/spec/parallelism"),
                Shape::Template,
            ),
            ("batch", "CronJob") => (
                "/spec/jobTemplate/spec/template",
                Replicas::At("/spec/jobTemplate/spec/parallelism"),
                Shape::Template,
            ),
            ("", "Pod") => ("", Replicas::One, Shape::Template),
            ("", "PodTemplate") => ("/template", Replicas::Unsaid, Shape::Template),
            ("postgresql.cnpg.io", "Cluster") => {
                ("/spec", Replicas::At("/spec/instances"), Shape::Database)
            }
            _ => return None,
        };
        Some(Self {
            template,
            replicas,
            shape,
        })
    }

    /// Where the template stands.
    pub(super) fn template_pointer(self) -> &'static str {
        self.template
    }

    /// How many pods, and who says so. Where the manifest leaves it open, the minimum of an autoscaler
    /// that is surely there is what can be relied upon.
    pub(super) fn replicas(
        self,
        object: &Value,
        (reference, hpas): (&ObjectRef, &[&Value]),
        invalid: &mut Vec<Misshapen>,
    ) -> (Option<u32>, ReplicasSource) {
        let pointer = match self.replicas {
            Replicas::At(pointer) => pointer,
            Replicas::One => return (Some(1), ReplicasSource::Default),
            Replicas::Unsaid => return (None, ReplicasSource::None),
        };
        let Some(written) = present(object, pointer) else {
            let sure = hpas.iter().filter(|hpa| is_sure(hpa));
            let minima = sure.filter_map(|hpa| minimum(hpa, reference));
            return match minima.min() {
                Some(minimum) => (Some(minimum), ReplicasSource::Hpa),
                None => (Some(1), ReplicasSource::Default),
            };
        };
        let Some(count) = count(written) else {
            invalid.push(misshapen(pointer, "this must be a number of pods"));
            return (None, ReplicasSource::None);
        };
        (Some(count), ReplicasSource::Explicit)
    }

    /// The labels of the pods.
    pub(super) fn labels(self, object: &Value) -> BTreeMap<String, String> {
        let metadata = match self.shape {
            Shape::Database => "/inheritedMetadata",
            Shape::Template | Shape::Rollout => "/metadata",
        };
        let labels = object.pointer(&format!("{}{metadata}/labels", self.template));
        let labels = labels.and_then(Value::as_object).into_iter().flatten();
        labels
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect()
    }

    /// The name of the service account, also in its old spelling.
    pub(super) fn service_account(self, object: &Value) -> Option<String> {
        let name = |field| {
            self.in_spec(object, field)?
                .as_str()
                .filter(|it| !it.is_empty())
        };
        name("serviceAccountName")
            .or_else(|| name("serviceAccount"))
            .map(str::to_owned)
    }

    /// The name of the priority class, which a database cluster has too.
    pub(super) fn priority_class(self, object: &Value) -> Option<String> {
        let spec = match self.shape {
            Shape::Database => object.get("spec"),
            Shape::Template | Shape::Rollout => self.pod_spec(object),
        };
        let name = spec?.get("priorityClassName")?.as_str();
        name.filter(|it| !it.is_empty()).map(str::to_owned)
    }

    /// The volumes as written.
    pub(super) fn volumes(self, object: &Value) -> Vec<Value> {
        let volumes = self.in_spec(object, "volumes").and_then(Value::as_array);
        volumes
            .into_iter()
            .flatten()
            .filter(|it| it.is_object())
            .cloned()
            .collect()
    }

    /// Resources of the pod as a whole.
    pub(super) fn resources(
        self,
        object: &Value,
        literals: &Literals<'_>,
        containers: &[Container],
    ) -> Option<Resources> {
        let pointer = format!("{}/spec/resources", self.template);
        Resources::of_pod(
            self.in_spec(object, "resources"),
            (&pointer, literals),
            containers,
        )
    }

    /// All containers, with what is written in them only.
    pub(super) fn containers(
        self,
        object: &Value,
        literals: &Literals<'_>,
        invalid: &mut Vec<Misshapen>,
    ) -> Vec<Container> {
        if self.shape == Shape::Database {
            return vec![database(object, literals)];
        }
        let mut containers = Vec::new();
        for (field, role) in LISTS {
            let pointer = format!("{}/spec/{field}", self.template);
            let Some(list) = self.in_spec(object, field) else {
                continue;
            };
            let Some(list) = list.as_array() else {
                invalid.push(misshapen(&pointer, "this must be a list of containers"));
                continue;
            };
            for (index, written) in list.iter().enumerate() {
                let pointer = format!("{pointer}/{index}");
                if written.is_object() {
                    containers.push(container(written, (role, pointer), literals));
                } else {
                    invalid.push(misshapen(&pointer, "this must be a container"));
                }
            }
        }
        let elsewhere =
            self.shape == Shape::Rollout && present(object, "/spec/workloadRef").is_some();
        if !elsewhere && !containers.iter().any(|it| it.role == Role::App) {
            let pointer = format!("{}/spec/containers", self.template);
            invalid.push(misshapen(&pointer, "a pod needs at least one container"));
        }
        containers
    }

    /// What the pods are made of; `None` where an operator makes them.
    pub(super) fn pod_spec(self, object: &Value) -> Option<&Value> {
        present(object, &format!("{}/spec", self.template))
            .filter(|_| self.shape != Shape::Database)
    }

    fn in_spec<'v>(self, object: &'v Value, field: &str) -> Option<&'v Value> {
        self.pod_spec(object)?.get(field).filter(|it| !it.is_null())
    }
}

/// Where the number of pods stands.
#[derive(Clone, Copy, Debug)]
enum Replicas {
    At(&'static str),
    One,
    /// The nodes decide, or whoever uses the template.
    Unsaid,
}

/// How the pods are described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Template,
    /// By a template, or by the workload that it names.
    Rollout,
    Database,
}

/// The minimum that `hpa` keeps, where it scales `target`.
fn minimum(hpa: &Value, target: &ObjectRef) -> Option<u32> {
    let scales = namespace(hpa) == target.namespace.as_deref()
        && present(hpa, "/spec/scaleTargetRef").is_some_and(|named| targets(named, target));
    scales.then(|| {
        present(hpa, "/spec/minReplicas")
            .and_then(count)
            .unwrap_or(1)
    })
}

fn container(
    written: &Value,
    (role, pointer): (Role, String),
    literals: &Literals<'_>,
) -> Container {
    let text = |field: &str| written.get(field).and_then(Value::as_str);
    let role = match (role, text("restartPolicy")) {
        (Role::Init, Some("Always")) => Role::Sidecar,
        (role, _) => role,
    };
    let strings =
        |field: &str| strings(written.get(field), &format!("{pointer}/{field}"), literals);
    Container {
        name: text("name").unwrap_or_default().to_owned(),
        role,
        image: image(written.get("image"), format!("{pointer}/image"), literals),
        args: strings("args"),
        command: strings("command"),
        env: environment(written.get("env")),
        resources: Resources::read(
            written.get("resources"),
            &format!("{pointer}/resources"),
            literals,
        ),
        ports: ports(written).iter().map(|port| port.number).collect(),
        probes: probes(written),
        pre_stop_seconds: pre_stop_seconds(written),
        pointer,
    }
}

/// A database cluster runs one container that its operator makes.
fn database(object: &Value, literals: &Literals<'_>) -> Container {
    Container {
        name: "postgres".to_owned(),
        role: Role::App,
        pointer: "/spec".to_owned(),
        image: image(
            object.pointer("/spec/imageName"),
            "/spec/imageName".to_owned(),
            literals,
        ),
        args: Vec::new(),
        command: Vec::new(),
        env: environment(object.pointer("/spec/env")),
        resources: Resources::read(
            object.pointer("/spec/resources"),
            "/spec/resources",
            literals,
        ),
        ports: Vec::new(),
        probes: Probes::default(),
        pre_stop_seconds: None,
    }
}

fn image(written: Option<&Value>, pointer: String, literals: &Literals<'_>) -> Option<Image> {
    let written = written.filter(|it| !it.is_null())?;
    let parsed = written.as_str().and_then(ImageRef::parse);
    Some(Image {
        reference: spelling(written, &pointer, literals),
        valid: parsed.is_some(),
        version: parsed.as_ref().and_then(ImageRef::version),
        repository: parsed
            .as_ref()
            .map(|it| it.repository.clone())
            .unwrap_or_default(),
        tag: parsed.as_ref().and_then(|it| it.tag.clone()),
        digest: parsed.and_then(|it| it.digest),
        pointer,
    })
}

/// What is no string keeps its place, so that an index stays a pointer.
fn strings(written: Option<&Value>, pointer: &str, literals: &Literals<'_>) -> Vec<String> {
    let items = written
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate();
    items
        .map(|(index, item)| spelling(item, &format!("{pointer}/{index}"), literals))
        .collect()
}

fn environment(written: Option<&Value>) -> Vec<EnvVar> {
    let text = |variable: &Value, field| Some(variable.get(field)?.as_str()?.to_owned());
    let variables = written.and_then(Value::as_array).into_iter().flatten();
    variables
        .filter_map(|it| {
            Some(EnvVar {
                name: text(it, "name")?,
                value: text(it, "value"),
            })
        })
        .collect()
}

fn present<'v>(object: &'v Value, pointer: &str) -> Option<&'v Value> {
    object.pointer(pointer).filter(|it| !it.is_null())
}

/// A number of pods as the API has it: 32 bits, not negative.
fn count(written: &Value) -> Option<u32> {
    let count = i32::try_from(written.as_i64()?).ok()?;
    u32::try_from(count).ok()
}

fn misshapen(pointer: &str, reason: &str) -> Misshapen {
    Misshapen {
        pointer: pointer.to_owned(),
        reason: reason.to_owned(),
    }
}

const LISTS: [(&str, Role); 3] = [
    ("containers", Role::App),
    ("initContainers", Role::Init),
    ("ephemeralContainers", Role::Ephemeral),
];
