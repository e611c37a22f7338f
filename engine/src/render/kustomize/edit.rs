//! The kustomization that is built: the one of the folder, and what the deployer writes into it.
//! Knows no process; writes JSON, which is YAML too.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::error::Error;
use super::fields::{PATCH, Role};
use super::place::Folder;
use super::walk::Kustomization;
use crate::model::RepoPath;
use crate::render::options::{Deployer, ImageOverride, Kustomize, LabelOverride};

/// The kustomization of the folder that is rendered.
#[derive(Clone, Debug)]
pub(super) struct Root {
    /// The folder, links followed.
    pub(super) folder: RepoPath,
    /// Its file, links followed.
    pub(super) file: RepoPath,
    /// What the file says; none where there is no such file in the tree.
    pub(super) text: Option<String>,
    fields: Map<String, Value>,
}

impl Root {
    /// That of a folder: its own, or one that lists `generated`.
    pub(super) fn new(
        folder: &RepoPath,
        own: Option<&Kustomization>,
        generated: Option<Vec<String>>,
    ) -> Self {
        let (file, fields, text) = match (own, generated) {
            (Some(own), _) => {
                let text = Some(own.text.clone());
                (own.file.clone(), own.node.to_json(), text)
            }
            (None, names) => {
                let mut fields = json!({"apiVersion": VERSION, "kind": "Kustomization"});
                match names.unwrap_or_default() {
                    names if names.is_empty() => {
                        put(&mut fields, "namespace", json!("_placeholder"));
                    }
                    names => put(&mut fields, "resources", json!(names)),
                }
                (folder.child("kustomization.yaml"), fields, None)
            }
        };
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Self {
            folder: folder.clone(),
            file,
            text,
            fields,
        }
    }

    /// What the deployer makes of it; `None` where it builds the file as it is.
    pub(super) fn edited(
        &self,
        options: &Kustomize,
        deployer: Deployer,
    ) -> Result<Option<Self>, Error> {
        let mut edited = self.clone();
        match deployer {
            Deployer::ArgoCd => edited.by_argo_cd(options)?,
            Deployer::Flux => edited.by_flux(options)?,
        }
        Ok((self.text.is_none() || edited.fields != self.fields).then_some(edited))
    }

    /// Whether objects will say where they come from.
    pub(super) fn tells_origins(&self) -> bool {
        let asked = self.fields.get("buildMetadata").and_then(Value::as_array);
        let mut asked = asked.into_iter().flatten().filter_map(Value::as_str);
        asked.any(|asked| ORIGINS.contains(&asked))
    }

    /// The same, naming some bases and components otherwise.
    pub(super) fn naming(&self, names: &BTreeMap<&str, String>) -> Self {
        let mut named = self.clone();
        rename(&mut named.fields, names);
        named
    }

    /// The same, asking for annotations that say where objects come from.
    pub(super) fn annotated(&self) -> Self {
        let mut annotated = self.clone();
        let own = annotated
            .fields
            .get("buildMetadata")
            .and_then(Value::as_array);
        let mut asked: Vec<Value> = own.cloned().unwrap_or_default();
        for name in ORIGINS {
            if !asked.iter().any(|asked| asked == name) {
                asked.push(json!(name));
            }
        }
        annotated
            .fields
            .insert("buildMetadata".to_owned(), json!(asked));
        annotated
    }

    /// The bytes of the file.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut text = json_text(&Value::from(self.fields.clone()));
        text.push('\n');
        text.into_bytes()
    }

    /// As `kustomize edit` does it, which Argo CD runs, and as Argo CD adds patches.
    fn by_argo_cd(&mut self, options: &Kustomize) -> Result<(), Error> {
        if options.substitute.is_some() {
            return Err(self.wrong("Argo CD replaces no variables"));
        }
        self.name_and_namespace(options);
        if !options.images.is_empty() {
            let mut before = self.list("images")?;
            before.extend(self.list("imageTags")?);
            self.fields.remove("imageTags");
            let images = merge(options.images.iter().map(image), before, star);
            self.fields.insert("images".to_owned(), json!(images));
        }
        if !options.replicas.is_empty() {
            let replicas = options.replicas.iter();
            let replicas = replicas.map(|(name, count)| json!({"name": name, "count": count}));
            let replicas = merge(replicas, self.list("replicas")?, |_, _| ());
            self.fields.insert("replicas".to_owned(), json!(replicas));
        }
        if let Some(labels) = &options.labels {
            self.add_labels(labels)?;
        }
        self.add_pairs("commonAnnotations", &options.annotations)?;
        self.extend("patches", &options.patches)?;
        let known = self.list("components")?;
        let components = options.components.iter().map(|path| json!(path));
        let components: Vec<Value> = components.filter(|path| !known.contains(path)).collect();
        self.extend("components", &components)
    }

    /// As Flux's library does it; labels and annotations come after the build.
    fn by_flux(&mut self, options: &Kustomize) -> Result<(), Error> {
        if !options.replicas.is_empty() {
            return Err(self.wrong("Flux sets no replicas"));
        }
        let has_resources = !self.list("resources")?.is_empty();
        if self.text.is_some() && !has_resources {
            self.fields
                .insert("buildMetadata".to_owned(), json!(["originAnnotations"]));
        }
        self.name_and_namespace(options);
        self.extend("patches", &options.patches)?;
        let components: Vec<Value> = options.components.iter().map(|path| json!(path)).collect();
        self.extend("components", &components)?;
        let mut images = self.list("images")?;
        for new in &options.images {
            let same = |image: &&mut Value| image.get("name") == Some(&json!(new.name));
            match images.iter_mut().find(same) {
                Some(old) => *old = image(new),
                None => images.push(image(new)),
            }
        }
        if !options.images.is_empty() {
            self.fields.insert("images".to_owned(), json!(images));
        }
        Ok(())
    }

    fn name_and_namespace(&mut self, options: &Kustomize) {
        let values = [
            ("namePrefix", &options.name_prefix),
            ("nameSuffix", &options.name_suffix),
            ("namespace", &options.namespace),
        ];
        for (field, value) in values {
            if let Some(value) = value {
                self.fields.insert(field.to_owned(), json!(value));
            }
        }
    }

    /// `kustomize edit add label`: with selectors they are common labels, else they join the first
    /// entry of their kind.
    fn add_labels(&mut self, labels: &LabelOverride) -> Result<(), Error> {
        if labels.include_selectors {
            return self.add_pairs("commonLabels", &labels.pairs);
        }
        let mut entries = self.list("labels")?;
        let flag =
            |entry: &Value, name: &str| entry.get(name).and_then(Value::as_bool).unwrap_or(false);
        let same = |entry: &&mut Value| {
            !flag(entry, "includeSelectors")
                && flag(entry, "includeTemplates") == labels.include_templates
        };
        if !entries.iter_mut().any(|mut entry| same(&mut entry)) {
            entries.push(json!({"includeTemplates": labels.include_templates}));
        }
        if let Some(entry) = entries.iter_mut().find(same) {
            let pairs = entry.get("pairs").and_then(Value::as_object);
            let mut pairs = pairs.cloned().unwrap_or_default();
            pairs.extend(
                labels
                    .pairs
                    .iter()
                    .map(|(key, value)| (key.clone(), json!(value))),
            );
            put(entry, "pairs", json!(pairs));
        }
        self.fields.insert("labels".to_owned(), json!(entries));
        Ok(())
    }

    fn add_pairs(&mut self, field: &str, pairs: &BTreeMap<String, String>) -> Result<(), Error> {
        if pairs.is_empty() {
            return Ok(());
        }
        let mut all = match self.fields.get(field) {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(pairs)) => pairs.clone(),
            Some(_) => {
                return Err(self.wrong(&format!("`{field}` of the kustomization is no mapping")));
            }
        };
        all.extend(pairs.iter().map(|(key, value)| (key.clone(), json!(value))));
        self.fields.insert(field.to_owned(), json!(all));
        Ok(())
    }

    fn extend(&mut self, field: &str, more: &[Value]) -> Result<(), Error> {
        if more.is_empty() {
            return Ok(());
        }
        let mut all = self.list(field)?;
        all.extend_from_slice(more);
        self.fields.insert(field.to_owned(), json!(all));
        Ok(())
    }

    fn list(&self, field: &str) -> Result<Vec<Value>, Error> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items.clone()),
            Some(_) => Err(self.wrong(&format!("`{field}` of the kustomization is no list"))),
        }
    }

    fn wrong(&self, what: &str) -> Error {
        Error::Options {
            folder: Folder(self.folder.clone()),
            what: what.to_owned(),
        }
    }
}

/// Names bases and components of a kustomization otherwise.
pub(super) fn rename(fields: &mut Map<String, Value>, names: &BTreeMap<&str, String>) {
    for field in ["resources", "bases", "components"] {
        let items = fields.get_mut(field).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten() {
            if let Some(name) = item.as_str().and_then(|text| names.get(text)) {
                *item = json!(name);
            }
        }
    }
}

/// The files and folders that the deployer's options name, from the folder.
pub(super) fn named(options: &Kustomize, folder: &RepoPath) -> Result<Vec<(Role, String)>, Error> {
    let wrong = |what: &str| Error::Options {
        folder: Folder(folder.clone()),
        what: what.to_owned(),
    };
    let components = options.components.iter();
    let mut named: Vec<_> = components
        .map(|path| (Role::Component, path.clone()))
        .collect();
    for patch in &options.patches {
        let fields = patch
            .as_object()
            .ok_or_else(|| wrong("a patch is a mapping"))?;
        if fields.keys().any(|field| !PATCH.contains(&field.as_str())) {
            return Err(wrong(
                "a patch has the fields `path`, `patch`, `target` and `options`",
            ));
        }
        match fields.get("path") {
            None | Some(Value::Null) => {}
            Some(Value::String(path)) if path.is_empty() => {}
            Some(Value::String(path)) => named.push((Role::File, path.clone())),
            Some(_) => return Err(wrong("the `path` of a patch is a text")),
        }
    }
    Ok(named)
}

/// A value as JSON that YAML reads alike.
pub(super) fn json_text(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        match c {
            // YAML takes some of them for line breaks, and others for nothing.
            '\u{7f}'..='\u{ffff}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text
}

/// Items by name: the new ones, changed by those of the same name before, and the others of before.
fn merge(
    new: impl Iterator<Item = Value>,
    before: Vec<Value>,
    change: impl Fn(&mut Value, &Value),
) -> Vec<Value> {
    let name = |item: &Value| {
        item.get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let mut all: BTreeMap<String, Value> = new.map(|item| (name(&item), item)).collect();
    for old in before {
        match all.get_mut(&name(&old)) {
            Some(item) => change(item, &old),
            None => {
                all.insert(name(&old), old);
            }
        }
    }
    let mut all: Vec<Value> = all.into_values().collect();
    for item in &mut all {
        change(item, &Value::Null);
    }
    all
}

/// `*` keeps what was there.
fn star(new: &mut Value, old: &Value) {
    for field in ["newName", "newTag", "digest"] {
        if new.get(field) == Some(&json!("*")) {
            put(new, field, old.get(field).cloned().unwrap_or(json!("")));
        }
    }
}

fn image(image: &ImageOverride) -> Value {
    let mut value = json!({"name": image.name});
    let fields = [
        ("newName", &image.new_name),
        ("newTag", &image.new_tag),
        ("digest", &image.digest),
    ];
    for (field, text) in fields {
        if let Some(text) = text {
            put(&mut value, field, json!(text));
        }
    }
    value
}

fn put(object: &mut Value, field: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(field.to_owned(), value);
    }
}

const ORIGINS: [&str; 2] = ["originAnnotations", "transformerAnnotations"];
const VERSION: &str = "kustomize.config.k8s.io/v1beta1";
