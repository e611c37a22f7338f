//! Images that an object of Argo CD or Flux puts into what it deploys: values of charts, and images and patches of
//! kustomizations. Renders nothing; knows nothing of what is deployed.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::places::{Place, Use, Written, expand, text_of};
use super::shapes::{self, Found};
use super::{guess, parts};
use crate::facts::image_ref::ImageRef;
use crate::facts::inventory::Neighbours;
use crate::facts::pods::reference;
use crate::manifest::secrets::SHOWN;
use crate::model::{ObjectRef, key_of};

/// Who looks at what an object deploys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deployed {
    /// All of it is rendered, and judged as a unit of its own.
    AsUnit,
    /// Nobody here, or there is nothing that it deploys.
    ByOthers,
}

impl Deployed {
    /// Of an object, beside what is known of its environment.
    pub(super) fn of(object: &ObjectRef, around: &Neighbours) -> Self {
        match kind_of(object).is_some() && around.deployers().judges(object) {
            true => Self::AsUnit,
            false => Self::ByOthers,
        }
    }
}

/// Whether a kind holds values of charts.
pub(super) fn has_values(object: &ObjectRef) -> bool {
    kind_of(object).is_some_and(|kind| !kind.values.is_empty())
}

/// What an object of which nobody renders the deployment puts into it.
pub(super) fn images<'v>(object: &ObjectRef, value: &'v Value, found: &mut Found<'v>) {
    let Some(kind) = kind_of(object) else {
        return;
    };
    let expand = |patterns: &[&str]| {
        let all = patterns.iter().flat_map(|pattern| expand(value, pattern));
        all.collect::<Vec<_>>()
    };
    for (at, value) in expand(kind.kustomize) {
        renamed(&at, value, found);
        patched(&at, value, found);
    }
    // In a template of others a text is not yet what it becomes.
    let is_template = object.kind == SET;
    for (at, value) in expand(kind.texts) {
        let text = value.as_str().unwrap_or_default();
        match shapes::documents(text) {
            Some(documents) => {
                let places: Vec<_> = documents.iter().flat_map(of_values).collect();
                found.put(&at, places);
            }
            None if is_template && text.contains("{{") => {}
            None => found.put(&at, [shapes::unreadable(text)]),
        }
    }
    for (at, value) in expand(kind.parameters) {
        parameters(&at, value, found);
    }
    if is_template {
        let is_open =
            |place: &Place<'_>| matches!(&place.written, Written::Text(it) if it.contains("{{"));
        found.places.retain(|place| !is_open(place));
    }
}

/// What is guessed in values of a chart is an image where it can hardly be anything else: so charts take them.
pub(super) fn settle(object: &ObjectRef, value: &Value, guessed: &mut Vec<Place<'_>>) {
    let Some(kind) = kind_of(object) else {
        return;
    };
    let below = |patterns: &[&str], step: &str| {
        let all = patterns.iter().flat_map(|pattern| expand(value, pattern));
        all.map(|(at, _)| at + step).collect::<Vec<String>>()
    };
    let (values, known) = (below(kind.values, "/"), below(kind.kustomize, "/images/"));
    let is_in =
        |all: &[String], place: &Place<'_>| all.iter().any(|at| place.pointer.starts_with(at));
    guessed.retain(|place| !is_in(&known, place));
    let own = guessed.iter_mut().filter(|place| is_in(&values, place));
    own.for_each(settle_one);
}

fn settle_one(place: &mut Place<'_>) {
    if matches!(&place.written, Written::Text(text) if guess::is_surely_one(text)) {
        place.role = Use::Resource;
    }
}

/// The images in values that stand in a text.
fn of_values(values: &Value) -> Vec<Place<'static>> {
    let mut places = shapes::within(values, 0);
    let known = places.iter().map(|place| place.pointer.clone()).collect();
    let mut guessed = guess::below(values, &known);
    guessed.iter_mut().for_each(settle_one);
    places.extend(guessed);
    places.into_iter().map(shapes::owned).collect()
}

/// Parameters of a chart by their paths: `image.repository`, `image.tag`.
fn parameters<'v>(at: &str, list: &'v Value, found: &mut Found<'v>) {
    let text = |item: &'v Value, key| item.get(key).and_then(Value::as_str);
    let items = list.as_array().into_iter().flatten().enumerate();
    let items =
        items.filter_map(|(index, item)| Some((index, text(item, "name")?, text(item, "value")?)));
    let items: Vec<(usize, &str, &str)> = items.collect();
    let mut tree = Map::new();
    for (_, name, text) in &items {
        let (within, key) = name.rsplit_once('.').unwrap_or(("", name));
        let own = tree.entry(within).or_insert_with(|| json!({}));
        if let Value::Object(own) = own {
            own.insert(key.to_owned(), json!(text));
        }
    }
    let last = |within: &str| within.rsplit('.').next().unwrap_or_default().to_owned();
    for (within, entries) in &tree {
        // Below its own last step only, so that each stands where it would in values.
        let values = json!({last(within): entries});
        for place in guess::below(&values, &Default::default()) {
            let key = place.pointer.rsplit('/').next().map(key_of);
            let name = key.map(|key| match within.as_str() {
                "" => key,
                within => format!("{within}.{key}"),
            });
            let mut own = items.iter();
            let own = own.find(|(_, own, _)| Some(*own) == name.as_deref());
            if let Some((index, ..)) = own {
                let mut place = shapes::owned(place);
                settle_one(&mut place);
                place.pointer = format!("{at}/{index}/value");
                found.places.push(place);
            }
        }
    }
}

/// What `images` of a kustomization makes of names.
fn renamed<'v>(at: &str, kustomize: &'v Value, found: &mut Found<'v>) {
    let images = kustomize.get("images").and_then(Value::as_array);
    for (index, image) in images.into_iter().flatten().enumerate() {
        let at = format!("{at}/images/{index}");
        let place = match image {
            Value::String(text) => {
                let image = text
                    .split_once('=')
                    .map_or(text.as_str(), |(_, image)| image);
                Some((at, text_of(image)))
            }
            Value::Object(entries) => parts::renamed(entries)
                .map(|(key, text)| (format!("{at}/{key}"), Written::Text(Cow::Owned(text)))),
            _ => None,
        };
        found.places.extend(place.map(|(pointer, written)| Place {
            pointer,
            role: match &written {
                // The tag is that of what it is put in the place of.
                Written::Text(text) if is_without_end(text) => Use::Guessed,
                _ => Use::Resource,
            },
            container: None,
            pull_policy: None,
            written,
        }));
    }
}

fn is_without_end(text: &str) -> bool {
    ImageRef::parse(text).is_some_and(|image| image.tag.is_none() && image.digest.is_none())
}

/// What its patches set.
fn patched<'v>(at: &str, kustomize: &'v Value, found: &mut Found<'v>) {
    for pattern in ["/patches/*", "/patchesJson6902/*"] {
        for (below, one) in expand(kustomize, pattern) {
            let target = one.get("target").unwrap_or(&Value::Null);
            let at = format!("{at}{below}/patch");
            match one.get("patch") {
                Some(Value::String(text)) => found.put(&at, of_patch(text, target)),
                Some(Value::Array(steps)) => found.put(&at, of_steps(steps, target)),
                _ => {}
            }
        }
    }
    for (below, one) in expand(kustomize, "/patchesStrategicMerge/*") {
        let text = one.as_str().into_iter();
        let places = text.flat_map(|text| of_patch(text, &Value::Null));
        found.put(&format!("{at}{below}"), places);
    }
}

/// The images of a patch, of either form.
fn of_patch(text: &str, target: &Value) -> Vec<Place<'static>> {
    // A secret that nobody may see, whatever it is.
    if text.starts_with(SHOWN) {
        return Vec::new();
    }
    let Some(documents) = shapes::documents(text) else {
        return vec![shapes::unreadable(text)];
    };
    let all = documents.iter().flat_map(|document| match document {
        Value::Array(steps) => of_steps(steps, target),
        document => of_patched(document),
    });
    all.collect()
}

/// The images that the steps of a JSON patch set.
fn of_steps(steps: &[Value], target: &Value) -> Vec<Place<'static>> {
    let all = steps.iter().filter_map(|step| made(step, target));
    all.flat_map(|made| of_patched(&made)).collect()
}

fn of_patched(made: &Value) -> Vec<Place<'static>> {
    let mut places = shapes::within(made, 0);
    let known = places.iter().map(|place| place.pointer.clone()).collect();
    let object = reference(made);
    places.extend(match object.kind.as_str() {
        "" => guess::below(made, &known),
        _ => guess::images(&object, made, (&known, Deployed::ByOthers)),
    });
    places.into_iter().map(shapes::owned).collect()
}

/// An object with nothing but what a step of a JSON patch puts into it.
fn made(step: &Value, target: &Value) -> Option<Value> {
    let text = |value: &'_ Value, key| value.get(key).and_then(Value::as_str).map(str::to_owned);
    if !matches!(text(step, "op")?.as_str(), "add" | "replace") {
        return None;
    }
    let path = text(step, "path")?;
    if path.matches('/').count() > DEEPEST_PATH {
        return None;
    }
    let value = step.get("value")?.clone();
    let steps = path
        .split('/')
        .skip(1)
        .collect::<Vec<_>>()
        .into_iter()
        .rev();
    let mut made = steps.fold(value, |below, key| match key {
        "-" => json!([below]),
        key if key.bytes().all(|it| it.is_ascii_digit()) => json!([below]),
        key => json!({key_of(key): below}),
    });
    if let (Value::Object(entries), Some(kind)) = (&mut made, text(target, "kind")) {
        let group = text(target, "group")
            .map(|group| group + "/")
            .unwrap_or_default();
        let version = text(target, "version").unwrap_or_else(|| "v1".to_owned());
        entries.insert("apiVersion".to_owned(), json!(group + &version));
        entries.insert("kind".to_owned(), json!(kind));
    }
    Some(made)
}

fn kind_of(object: &ObjectRef) -> Option<&'static Kind> {
    let own = (object.group(), object.kind.as_str());
    KINDS.iter().find(|kind| (kind.group, kind.kind) == own)
}

/// A kind that deploys, and where it says what it puts into that.
struct Kind {
    group: &'static str,
    kind: &'static str,
    /// What has the fields of a kustomization.
    kustomize: &'static [&'static str],
    /// Values of a chart.
    values: &'static [&'static str],
    /// The same as a text.
    texts: &'static [&'static str],
    /// Single ones by their paths.
    parameters: &'static [&'static str],
}

const SET: &str = "ApplicationSet";

const KINDS: [Kind; 4] = [
    Kind {
        group: "argoproj.io",
        kind: "Application",
        kustomize: &["/spec/source/kustomize", "/spec/sources/*/kustomize"],
        values: &[
            "/spec/source/helm/valuesObject",
            "/spec/sources/*/helm/valuesObject",
        ],
        texts: &["/spec/source/helm/values", "/spec/sources/*/helm/values"],
        parameters: &[
            "/spec/source/helm/parameters",
            "/spec/sources/*/helm/parameters",
        ],
    },
    Kind {
        group: "argoproj.io",
        kind: SET,
        kustomize: &[
            "/spec/template/spec/source/kustomize",
            "/spec/template/spec/sources/*/kustomize",
        ],
        values: &[
            "/spec/template/spec/source/helm/valuesObject",
            "/spec/template/spec/sources/*/helm/valuesObject",
        ],
        texts: &[
            "/spec/template/spec/source/helm/values",
            "/spec/template/spec/sources/*/helm/values",
        ],
        parameters: &[
            "/spec/template/spec/source/helm/parameters",
            "/spec/template/spec/sources/*/helm/parameters",
        ],
    },
    Kind {
        group: "helm.toolkit.fluxcd.io",
        kind: "HelmRelease",
        kustomize: &["/spec/postRenderers/*/kustomize"],
        values: &["/spec/values"],
        texts: &[],
        parameters: &[],
    },
    Kind {
        group: "kustomize.toolkit.fluxcd.io",
        kind: "Kustomization",
        kustomize: &["/spec"],
        values: &[],
        texts: &[],
        parameters: &[],
    },
];

/// How many steps the path of a patch has at most that is followed: no object is as deep.
const DEEPEST_PATH: usize = 100;
