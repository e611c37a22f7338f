//! The objects among which backups are looked for, and the pods that mount a claim.
//! Knows no method of backup.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::cadence::{Cadence, Fields};
use super::credentials;
use super::rules::Rules;
use super::volatile::is_database;
use crate::facts::applied::is_sure;
use crate::facts::inventory::Neighbours;
use crate::facts::pods::{self, PodSource};
use crate::facts::selector::Labels;
use crate::model::{GroupKind, ObjectRef};

/// What stands around what is stateful.
pub(super) struct Near<'a> {
    around: &'a Neighbours,
    pub(super) rules: &'a Rules,
    now: Timestamp,
    /// By namespace and claim.
    mounts: BTreeMap<(Option<String>, String), Vec<Pod>>,
    /// The workload that reads a Secret, the first of them.
    readers: BTreeMap<ObjectRef, ObjectRef>,
    cadences: RefCell<BTreeMap<(String, Fields), Result<Cadence, String>>>,
}

/// The pods of a workload, and the volume by which they mount a claim.
#[derive(Clone, Debug)]
pub(super) struct Pod {
    pub(super) workload: ObjectRef,
    pub(super) labels: Labels,
    pub(super) annotations: Labels,
    pub(super) volume: String,
    /// Where containers mount the volume.
    pub(super) paths: Vec<Mount>,
}

/// Where a container mounts a volume.
#[derive(Clone, Debug)]
pub(super) struct Mount {
    pub(super) path: String,
    pub(super) image: String,
    /// A database lies there, whatever the image is called.
    pub(super) is_database: bool,
}

impl<'a> Near<'a> {
    pub(super) fn new(around: &'a Neighbours, rules: &'a Rules, now: Timestamp) -> Self {
        let mut mounts: BTreeMap<_, Vec<Pod>> = BTreeMap::new();
        let mut readers = BTreeMap::new();
        for kind in WORKLOADS {
            for object in around.of_kind(&GroupKind::parse(kind)) {
                for (claim, pod) in mounted(object) {
                    let namespace = pods::namespace(object).map(str::to_owned);
                    mounts.entry((namespace, claim)).or_default().push(pod);
                }
                for secret in read(object) {
                    let reader = || pods::reference(object);
                    readers.entry(secret).or_insert_with(reader);
                }
            }
        }
        Self {
            around,
            rules,
            now,
            mounts,
            readers,
            cadences: RefCell::default(),
        }
    }

    /// The objects of a kind, wherever they are.
    pub(super) fn all(&self, kind: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.around.of_kind(&GroupKind::parse(kind))
    }

    /// The object of that name; in `namespace`, where it has one.
    pub(super) fn named(
        &self,
        kind: &str,
        (namespace, name): (&Option<String>, &str),
    ) -> Option<&'a Value> {
        let kind = GroupKind::parse(kind);
        let mut near = self.around.in_namespace(&kind, namespace).into_iter();
        near.find(|object| pods::name(object) == name)
    }

    /// The pods that mount a claim by its name.
    pub(super) fn mounting(&self, namespace: &Option<String>, claim: &str) -> &[Pod] {
        let key = (namespace.clone(), claim.to_owned());
        self.mounts.get(&key).map(Vec::as_slice).unwrap_or_default()
    }

    /// A workload whose pods read a Secret.
    pub(super) fn reader(&self, secret: &ObjectRef) -> Option<&ObjectRef> {
        self.readers.get(secret)
    }

    /// What may stand elsewhere, where nobody looked; for people.
    pub(super) fn unseen(&self) -> Option<&'a str> {
        self.around.unseen()
    }

    /// How often a schedule comes.
    pub(super) fn cadence(&self, text: &str, fields: Fields) -> Result<Cadence, String> {
        let mut known = self.cadences.borrow_mut();
        let key = (text.to_owned(), fields);
        let cadence = known
            .entry(key)
            .or_insert_with(|| Cadence::parse(text, fields, self.now));
        cadence.clone()
    }
}

/// The claims that the pods of a workload mount by name.
fn mounted(object: &Value) -> Vec<(String, Pod)> {
    let Some(source) = PodSource::of(&pods::reference(object)) else {
        return Vec::new();
    };
    let volumes = format!("{}/spec/volumes", source.template_pointer());
    let volumes = object.pointer(&volumes).and_then(Value::as_array);
    let mounted = volumes.into_iter().flatten().filter_map(|volume| {
        let claim = volume.pointer("/persistentVolumeClaim/claimName")?;
        let volume = volume.get("name")?.as_str()?;
        Some((claim.as_str()?.to_owned(), pod(object, source, volume)))
    });
    mounted.collect()
}

/// The Secrets that the pods of a workload are given.
fn read(object: &Value) -> Vec<ObjectRef> {
    let source = PodSource::of(&pods::reference(object));
    let pod = source.map(|it| format!("{}/spec", it.template_pointer()));
    let pod = pod.and_then(|pod| object.pointer(&pod));
    credentials::named(pod, &pods::namespace(object).map(str::to_owned))
}

/// The pods that `object` makes, as they mount `volume`.
pub(super) fn pod(object: &Value, source: PodSource, volume: &str) -> Pod {
    let template = source.template_pointer();
    let containers = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|list| {
            let list = object.pointer(&format!("{template}/spec/{list}"));
            list.and_then(Value::as_array).into_iter().flatten()
        });
    let paths = containers.flat_map(|container| {
        let image = container.get("image").and_then(Value::as_str);
        let mounts = container.get("volumeMounts").and_then(Value::as_array);
        let mounts = mounts.into_iter().flatten();
        mounts.filter_map(move |mount| {
            let is_it = mount.get("name")?.as_str()? == volume;
            let path = mount.get("mountPath")?.as_str()?;
            is_it.then(|| Mount {
                path: path.to_owned(),
                image: image.unwrap_or_default().to_owned(),
                is_database: is_database(container, path),
            })
        })
    });
    Pod {
        workload: pods::reference(object),
        labels: source.labels(object),
        annotations: texts(object.pointer(&format!("{template}/metadata/annotations"))),
        volume: volume.to_owned(),
        paths: paths.collect(),
    }
}

/// The texts of a map.
pub(super) fn texts(map: Option<&Value>) -> Labels {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// The text at a pointer, where there is one that says something.
pub(super) fn text<'v>(object: &'v Value, pointer: &str) -> Option<&'v str> {
    let text = object.pointer(pointer)?.as_str()?;
    (!text.is_empty()).then_some(text)
}

/// Whether a switch is on, however it is written.
pub(super) fn is_on(object: &Value, pointer: &str) -> bool {
    said(object, pointer) == Some(true)
}

/// What a switch says; nothing where it is absent or something else.
pub(super) fn said(object: &Value, pointer: &str) -> Option<bool> {
    match object.pointer(pointer)? {
        Value::Bool(said) => Some(*said),
        Value::String(said) => said.parse().ok(),
        _ => None,
    }
}

/// What is wrong with an object that a deployer may leave out.
pub(super) fn left_out(object: &Value) -> Option<String> {
    let why = "has an annotation by which it may not be applied with the rest, or not stay";
    (!is_sure(object)).then(|| why.to_owned())
}

/// The kinds whose pods mount claims by name.
const WORKLOADS: [&str; 4] = [
    "DaemonSet.apps",
    "Deployment.apps",
    "Rollout.argoproj.io",
    "StatefulSet.apps",
];
