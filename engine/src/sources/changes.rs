//! What a kustomization, or a deployer with options of one, does to the objects that it lists: what it adds to all of them,
//! what patches make of them, and which of them it may change otherwise.

mod asked;
mod changer;
mod merged;
mod names;
mod operations;
mod patch;

use serde_json::Value;

pub(super) use self::changer::{Cause, Changer};
pub(super) use self::patch::is_for_kustomize;
use self::patch::{Patch, Seen};
use super::known::Declared;
use super::metadata::Metadata;
use super::part::Part;
use crate::manifest::{Entry, Node, NodeValue, Object, yaml};
use crate::render::Kustomize;

/// What happens to the objects that a kustomization lists.
#[derive(Default)]
pub(super) struct Changes {
    adds: Metadata,
    /// Kustomizations that do more to the same objects, as paths from the folder.
    components: Vec<String>,
    others: Vec<Other>,
    /// What is merged into objects, in its order.
    patches: Vec<Patch>,
    is_component: bool,
    /// Whether it tells of kinds how lists in them are merged.
    has_schema: bool,
}

/// What patches make of an object.
pub(super) enum Patched {
    /// None is for it.
    No,
    /// Another one of the same name.
    Otherwise(Object),
    /// Nothing.
    Deleted,
}

/// What changes more than a namespace and labels.
enum Other {
    /// Any object, in any way that is known.
    Anything,
    /// The same, by a key of a kustomization.
    Key(String),
    /// What holds containers.
    Images,
    /// What holds a dollar.
    Variables,
    /// What the files say that tell kustomize which fields are names of others.
    Names(Vec<String>),
    /// An object of that kind and name, which a generator may write again.
    Generated {
        kind: &'static str,
        name: String,
    },
    Patch(Box<Patch>),
}

/// Gives the content of a file, by its path from the folder of a kustomization.
pub(super) type Load<'l> = &'l dyn Fn(&str) -> Option<Vec<u8>>;

impl Changes {
    /// Those of a kustomization; nothing stands for one that cannot be read.
    pub(super) fn of_kustomization(root: Option<&Node>) -> Self {
        let mut changes = Self {
            has_schema: root.is_none_or(|root| root.get("openapi").is_some()),
            ..Self::default()
        };
        let root = root.and_then(mapping);
        match root {
            Some(entries) => {
                for entry in entries {
                    if changes.read(entry).is_none() {
                        changes.others.push(Other::Key(entry.key.to_string()));
                        break;
                    }
                }
            }
            None => changes.others.push(Other::Anything),
        }
        // What adds to the name there does so once for each that names the component.
        if changes.is_component && changes.adds.renames() {
            changes.others.push(Other::Anything);
        }
        // What comes out of a component depends on where in its list another one names it.
        match changes.is_component {
            true => changes.without_patches(),
            false => changes,
        }
    }

    /// The same, of which no patch is followed: what one is for may be changed in any way.
    pub(super) fn without_patches(mut self) -> Self {
        let patches = std::mem::take(&mut self.patches).into_iter();
        let patches = patches.map(|it| Other::Patch(Box::new(it)));
        self.others.extend(patches);
        self
    }

    /// Those of the options that a deployer gives to kustomize. Replicas change nothing that an object of Argo CD or Flux
    /// deploys.
    pub(super) fn of_options(options: &Kustomize) -> Self {
        let mut others = Vec::new();
        let mut annotations = options.annotations.keys();
        let speaks_to_kustomize = annotations.any(|key| is_for_kustomize(key));
        if options.name_prefix.is_some() || options.name_suffix.is_some() || speaks_to_kustomize {
            others.push(Other::Anything);
        }
        if !options.images.is_empty() {
            others.push(Other::Images);
        }
        if options.substitute.is_some() {
            others.push(Other::Variables);
        }
        let mut patches = Vec::new();
        for patch in &options.patches {
            match Patch::read(patch) {
                Some(patch) if patch.file().is_none() => patches.push(patch),
                Some(patch) => others.push(Other::Patch(Box::new(patch))),
                None => others.push(Other::Anything),
            }
        }
        let mut adds = Metadata::of_namespace(options.namespace.as_deref());
        for (key, value) in options.labels.iter().flat_map(|labels| &labels.pairs) {
            adds.label(key, value);
        }
        for (key, value) in &options.annotations {
            adds.annotate(key, value);
        }
        Self {
            adds,
            components: options.components.clone(),
            others,
            patches,
            is_component: false,
            has_schema: false,
        }
    }

    /// Those that come before its patches: of its components.
    pub(super) fn before_patches(&self) -> Self {
        Self {
            components: self.components.clone(),
            ..Self::default()
        }
    }

    /// What is added to an object to which others `added` something before; `None` where more of it may be changed, by whatever
    /// name it had. Of the components it says nothing.
    pub(super) fn adds_to(
        &self,
        (object, added): (&Object, &Metadata),
        load: Load<'_>,
    ) -> Option<&Metadata> {
        // By these kustomize takes an object for another one than it is.
        let any = !self.others.is_empty() || !self.patches.is_empty();
        let disguised = any && patch::is_disguised(&object.node);
        let mut names = added.before(object);
        names.extend(self.adds.behind(object));
        let hits = |object: &Object| self.others.iter().any(|other| other.may_hit(object, load));
        let hit = disguised || hits(object) || names.iter().any(hits);
        (!hit).then_some(&self.adds)
    }

    /// Why more of an object may be changed, where that can be told: by what is no patch that is followed.
    pub(super) fn cause(
        &self,
        (object, added): (&Object, &Metadata),
        load: Load<'_>,
    ) -> Option<Cause> {
        let mut names = added.before(object);
        names.extend(self.adds.behind(object));
        names.push(object.clone());
        let hits = |other: &&Other| names.iter().any(|object| other.may_hit(object, load));
        match self.others.iter().find(hits)? {
            Other::Key(key) => Some(Cause::Key(key.clone())),
            Other::Variables => Some(Cause::Variables),
            Other::Names(_) => Some(Cause::Key("configurations".to_owned())),
            Other::Anything | Other::Images | Other::Generated { .. } | Other::Patch(_) => None,
        }
    }

    /// Why it is not known what its patches make of a part of an object, where that can be told; `named` says where a file
    /// of one is.
    pub(super) fn cause_of_patches(
        &self,
        (object, part, added): (&Object, Part, &Metadata),
        load: Load<'_>,
        named: &dyn Fn(&str) -> String,
    ) -> Option<Cause> {
        let mut names = added.before(object);
        names.push(object.clone());
        let hits = |patch: &&Patch| names.iter().any(|object| patch.may_hit(object, load));
        let mut patches = self.patches.iter().filter(hits);
        patches.find_map(|patch| patch.unclear(part, load, named))
    }

    /// What a deployer's patches make of a part of an object to which kustomizations add `added`; `None` where that is not
    /// understood.
    pub(super) fn patched(
        &self,
        (declared, part): (&Declared, Part),
        added: &Metadata,
    ) -> Option<Patched> {
        let (object, seen) = ((&declared.object, part), Seen::Perhaps(added));
        self.patched_as(object, &declared.file.text, &seen, &|_| None)
    }

    /// What the patches of a kustomization make of a part of an object of a file, to which those that it passed before added `added`,
    /// and that was in the namespaces `earlier`; `None` where that is not understood.
    pub(super) fn patched_after(
        &self,
        (object, part, file): (&Object, Part, &str),
        (added, earlier): (&Metadata, &[Option<String>]),
        load: Load<'_>,
    ) -> Option<Patched> {
        if !self.patches.is_empty() && patch::is_disguised(&object.node) {
            return None;
        }
        self.patched_as((object, part), file, &Seen::Before(added, earlier), load)
    }

    fn patched_as(
        &self,
        (declared, part): (&Object, Part),
        file: &str,
        seen: &Seen<'_>,
        load: Load<'_>,
    ) -> Option<Patched> {
        let mut object = None;
        for patch in &self.patches {
            let now = object.as_ref().unwrap_or(declared);
            let selects = patch.selects(now, seen, load)?;
            let before = seen.added().before(now);
            let mut before = before.iter().map(|it| patch.selects(it, seen, load));
            // kustomize finds it by each name that it had.
            if !before.all(|it| it == Some(selects)) {
                return None;
            }
            if selects {
                match patch.apply((now, part), file, load)? {
                    Some(node) => {
                        object = Some(Object {
                            node,
                            ..now.clone()
                        });
                    }
                    None => return Some(Patched::Deleted),
                }
            }
        }
        let Some(object) = object else {
            return Some(Patched::No);
        };
        // Of what is added nothing says whether it comes before the patch or behind it.
        let is_kept = seen.added().is_alike_in(&declared.node, &object.node);
        is_kept.then_some(Patched::Otherwise(object))
    }

    /// The kustomizations that do more to the same objects, as paths from the folder.
    pub(super) fn components(&self) -> &[String] {
        &self.components
    }

    /// The files of its patches, as paths from the folder.
    pub(super) fn patches(&self) -> impl Iterator<Item = &str> {
        let others = self.others.iter().filter_map(|other| match other {
            Other::Patch(patch) => patch.file(),
            _ => None,
        });
        others.chain(self.patches.iter().filter_map(Patch::file))
    }

    /// Whether it tells of kinds how lists in them are merged: all that is built with it.
    pub(super) const fn has_schema(&self) -> bool {
        self.has_schema
    }

    /// Whether it gives objects another name.
    pub(super) const fn renames(&self) -> bool {
        self.adds.renames()
    }

    /// Whether it has patches that are followed.
    pub(super) const fn has_patches(&self) -> bool {
        !self.patches.is_empty()
    }

    /// Whether one of the patches that are followed may be for an object.
    pub(super) fn may_patch(&self, (object, added): (&Object, &Metadata), load: Load<'_>) -> bool {
        let hits = |object: &Object| self.patches.iter().any(|it| it.may_hit(object, load));
        hits(object) || added.before(object).iter().any(hits)
    }

    /// Whether one of them says itself what it is for: kustomize refuses it where that may be two objects.
    pub(super) fn looks_for(&self, object: &Object, load: Load<'_>) -> bool {
        let mut patches = self.patches.iter().filter(|it| !it.has_target());
        patches.any(|it| it.may_hit(object, load))
    }

    /// The files of those, as paths from the folder.
    pub(super) fn patches_for<'c>(
        &'c self,
        object: &'c Object,
        load: Load<'c>,
    ) -> impl Iterator<Item = &'c str> {
        let patches = self.patches.iter();
        let hitting = patches.filter(move |it| it.may_hit(object, load));
        hitting.filter_map(Patch::file)
    }

    fn read(&mut self, entry: &Entry) -> Option<()> {
        let value = &entry.value;
        match &*entry.key {
            "namespace" => self.adds.name_namespace(value.as_str()?),
            "namePrefix" => self.adds.affixes().put_before(value.as_str()?),
            "nameSuffix" => self.adds.affixes().put_behind(value.as_str()?),
            "commonLabels" => self.adds.add(value)?,
            "labels" => {
                for item in items(value)? {
                    // Anything else, such as `fields`, writes to other places.
                    let mut keys = mapping(item)?.iter().map(|entry| &*entry.key);
                    if !keys.all(|key| LABELS.contains(&key)) {
                        return None;
                    }
                    self.adds.add(item.get("pairs")?)?;
                }
            }
            "components" => self.components.extend(texts(value)?),
            "commonAnnotations" => {
                for entry in mapping(value)? {
                    if is_for_kustomize(&entry.key) {
                        return None;
                    }
                    self.adds.annotate(&entry.key, entry.value.as_str()?);
                }
            }
            "images" => self.others.push(Other::Images),
            "configurations" => self.others.push(Other::Names(texts(value)?)),
            "kind" => self.is_component = value.as_str() == Some("Component"),
            "patches" => {
                for item in items(value)? {
                    match Patch::read(&item.to_json()) {
                        Some(patch) => self.patches.push(patch),
                        None => self.others.push(Other::Anything),
                    }
                }
            }
            // It applies them after all that it adds.
            "patchesJson6902" => {
                let patches = items(value)?.iter();
                self.others
                    .extend(patches.map(|it| of_patch(&it.to_json())));
            }
            // It applies them before all other patches.
            "patchesStrategicMerge" => {
                let patches = items(value)?.iter();
                let patches = patches.map(|item| item.as_str().map(Patch::by_name));
                let patches: Vec<Patch> = patches.collect::<Option<_>>()?;
                self.patches.splice(..0, patches);
            }
            "configMapGenerator" => self.generates("ConfigMap", value)?,
            "secretGenerator" => self.generates("Secret", value)?,
            key if HARMLESS.contains(&key) => {}
            _ => return None,
        }
        Some(())
    }

    fn generates(&mut self, kind: &'static str, generators: &Node) -> Option<()> {
        for item in items(generators)? {
            let name = item.get("name")?.as_str()?.to_owned();
            self.others.push(Other::Generated { kind, name });
        }
        Some(())
    }
}

impl Other {
    fn may_hit(&self, object: &Object, load: Load<'_>) -> bool {
        let reference = &object.reference;
        match self {
            Self::Anything | Self::Key(_) => true,
            Self::Images => has_containers(&object.node),
            Self::Variables => object.node.canonical_json().contains('$'),
            Self::Names(paths) => paths.iter().any(|path| names::may_hit(path, object, load)),
            Self::Generated { kind, name } => {
                reference.kind == *kind && reference.name == *name && reference.group().is_empty()
            }
            Self::Patch(patch) => patch.may_hit(object, load),
        }
    }
}

/// The one document of a kustomization's file.
pub(super) fn document(bytes: &[u8]) -> Option<Node> {
    let documents = yaml::parse(std::str::from_utf8(bytes).ok()?).ok()?;
    let [root] = <[Node; 1]>::try_from(documents).ok()?;
    Some(root)
}

fn of_patch(patch: &Value) -> Other {
    Patch::read(patch).map_or(Other::Anything, |it| Other::Patch(Box::new(it)))
}

/// kustomize looks for images in containers wherever they stand, and in the volumes of a pod.
fn has_containers(node: &Node) -> bool {
    match &node.value {
        NodeValue::Mapping(entries) => entries
            .iter()
            .any(|entry| HOLDING_IMAGES.contains(&&*entry.key) || has_containers(&entry.value)),
        NodeValue::Sequence(items) => items.iter().any(has_containers),
        _ => false,
    }
}

fn texts(node: &Node) -> Option<Vec<String>> {
    let texts = items(node)?
        .iter()
        .map(|item| item.as_str().map(str::to_owned));
    texts.collect()
}

fn items(node: &Node) -> Option<&[Node]> {
    match node.value {
        NodeValue::Null => Some(&[]),
        _ => node.items(),
    }
}

/// The entries of a mapping, none of a null.
pub(super) fn mapping(node: &Node) -> Option<&[Entry]> {
    match &node.value {
        NodeValue::Mapping(entries) => Some(entries),
        NodeValue::Null => Some(&[]),
        _ => None,
    }
}

/// Keys of a kustomization that list, or add other objects, or that no object of Argo CD and Flux
/// shows in what it deploys.
const HARMLESS: [&str; 8] = [
    "apiVersion",
    "metadata",
    "resources",
    "bases",
    "generatorOptions",
    "sortOptions",
    "buildMetadata",
    "replicas",
];
const LABELS: [&str; 3] = ["pairs", "includeSelectors", "includeTemplates"];
const HOLDING_IMAGES: [&str; 3] = ["containers", "initContainers", "volumes"];

#[cfg(test)]
mod patched;
#[cfg(test)]
mod tests;
