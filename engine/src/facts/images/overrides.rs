//! Images that an object of Argo CD or Flux puts into what it deploys: values of charts, and images and patches of
//! kustomizations. Renders nothing; knows nothing of what is deployed.

mod patches;
mod template;

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::places::{Place, Use, Written, expand, in_parts_at};
use super::shapes::{self, Found};
use super::{guess, parts};
use crate::change::{Change, FieldChange};
use crate::facts::image_ref::ImageRef;
use crate::facts::inventory::Neighbours;
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

/// Whether a change gives the templates of a set other things to be filled with, whatever they say themselves.
pub(super) fn is_filled_anew(change: &Change) -> bool {
    let of_generators = |field: &FieldChange| field.pointer.starts_with(GENERATORS);
    kind_of(&change.object).is_some_and(|kind| kind.kind == SET)
        && change.fields.iter().any(of_generators)
}

/// What an object of which nobody renders the deployment puts into it; it stands at `at`, in another one or alone.
pub(super) fn images<'v>(
    object: &ObjectRef,
    (value, at): (&'v Value, &str),
    found: &mut Found<'v>,
) {
    let Some(kind) = kind_of(object) else {
        return;
    };
    let generators = format!("{at}{GENERATORS}");
    let within = kind.within.iter();
    for (below, value) in within.flat_map(|within| expand(value, within)) {
        let at = format!("{at}{below}");
        match object.kind == SET {
            // In a template of others a text is not yet what it becomes.
            true => template::images(kind, (value, &at), &generators, found),
            false => of_kind(kind, (value, &at), found),
        }
    }
    if let Some(patch) = value.pointer(TEMPLATE_PATCH).filter(|_| object.kind == SET) {
        let places = template::patch(patch, &generators, found.depth);
        found.put(&format!("{at}{TEMPLATE_PATCH}"), places);
    }
}

/// The same of what has the fields of a kind.
fn of_kind<'v>(kind: &Kind, (value, at): (&'v Value, &str), found: &mut Found<'v>) {
    let all = |patterns: &[&str]| {
        let all = patterns.iter().flat_map(|pattern| expand(value, pattern));
        let all = all.map(|(below, value)| (format!("{at}{below}"), value));
        all.collect::<Vec<_>>()
    };
    for (at, value) in all(kind.kustomize) {
        renamed(&at, value, found);
        patches::patched(&at, value, found);
        found.settled.push(format!("{at}/images/"));
    }
    for (at, value) in all(kind.values) {
        values(&at, value, found);
    }
    for (at, value) in all(kind.texts) {
        let text = value.as_str().unwrap_or_default();
        let documents = shapes::documents(text).filter(|_| found.depth < shapes::DEEPEST);
        match documents {
            Some(documents) => {
                let depth = found.depth;
                let places = documents.iter().flat_map(|it| of_values(it, depth));
                found.put(&at, places.collect::<Vec<_>>());
            }
            None => found.put(&at, [shapes::unreadable(text)]),
        }
    }
    for (at, value) in all(kind.parameters) {
        parameters(&at, value, found);
    }
}

/// The images in values that no shape of a pod shows. What is guessed there is an image where it can hardly be anything else:
/// so charts take them.
fn values<'v>(at: &str, value: &'v Value, found: &mut Found<'v>) {
    let known = found.known_below(at);
    let mut guessed = guess::below((value, at), &known, found.depth);
    guessed.iter_mut().for_each(settle_one);
    // A text may hold several.
    let mut once = BTreeSet::new();
    let again: BTreeSet<String> = guessed
        .iter()
        .filter(|place| !once.insert(place.pointer.as_str()))
        .map(|place| place.pointer.clone())
        .collect();
    for place in guessed {
        match again.contains(&place.pointer) {
            true => found.put(&place.pointer.clone(), [place]),
            false => found.places.push(place),
        }
    }
}

fn settle_one(place: &mut Place<'_>) {
    if matches!(&place.written, Written::Text(text) if guess::is_surely_one(text)) {
        place.role = Use::Resource;
    }
}

/// The images in values that stand in a text.
fn of_values(values: &Value, depth: usize) -> Vec<Place<'static>> {
    let mut places = shapes::within(values, depth);
    let known = places.iter().map(|place| place.pointer.clone()).collect();
    let mut guessed = guess::below((values, ""), &known, depth + 1);
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
        // Of several of one name the last counts.
        let at_parameters = |pointer: &str| -> Vec<String> {
            let key = pointer.rsplit('/').next().map(key_of).unwrap_or_default();
            let name = match within.as_str() {
                "" => key,
                within => format!("{within}.{key}"),
            };
            let named = items.iter().filter(|(_, own, _)| *own == name);
            named.map(|(index, ..)| format!("{at}/{index}")).collect()
        };
        for place in guess::below((&values, ""), &BTreeSet::new(), shapes::DEEPEST) {
            let own = at_parameters(&place.pointer);
            if let Some(item) = own.last().cloned() {
                // With their names: another one may be given to a value that stays.
                let parts = place.fields.iter().flat_map(|it| at_parameters(it));
                let fields: BTreeSet<String> = parts.chain(own).collect();
                let mut place = shapes::owned(place);
                settle_one(&mut place);
                place.pointer = format!("{item}/value");
                place.fields = fields.into_iter().collect();
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
                Some(guess::place(at, Cow::Borrowed(image)))
            }
            Value::Object(entries) => {
                parts::renamed(entries).map(|joined| in_parts_at(&at, joined))
            }
            _ => None,
        };
        found.places.extend(place.map(|place| Place {
            role: match &place.written {
                // The tag is that of what it is put in the place of.
                Written::Text(text) if is_without_end(text) => Use::Guessed,
                _ => Use::Resource,
            },
            ..place
        }));
    }
}

fn is_without_end(text: &str) -> bool {
    ImageRef::parse(text).is_some_and(|image| image.tag.is_none() && image.digest.is_none())
}

fn kind_of(object: &ObjectRef) -> Option<&'static Kind> {
    let own = (object.group(), object.kind.as_str());
    KINDS.iter().find(|kind| (kind.group, kind.kind) == own)
}

/// A kind that deploys, and where it says what it puts into that.
struct Kind {
    group: &'static str,
    kind: &'static str,
    /// Below what the other places are.
    within: &'static [&'static str],
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

/// What fills the templates of a set.
const GENERATORS: &str = "/spec/generators";

/// A text that each Application of a set is patched with.
const TEMPLATE_PATCH: &str = "/spec/templatePatch";

const APPLICATION: Kind = Kind {
    group: "argoproj.io",
    kind: "Application",
    within: &[
        "/spec/source",
        "/spec/sources/*",
        "/spec/sourceHydrator/drySource",
    ],
    kustomize: &["/kustomize"],
    values: &["/helm/valuesObject"],
    texts: &["/helm/values"],
    parameters: &["/helm/parameters"],
};

const KINDS: [Kind; 4] = [
    APPLICATION,
    Kind {
        kind: SET,
        // Generators may stand in others, once.
        within: &[
            "/spec/template/spec/source",
            "/spec/template/spec/sources/*",
            "/spec/template/spec/sourceHydrator/drySource",
            "/spec/generators/*/*/template/spec/source",
            "/spec/generators/*/*/template/spec/sources/*",
            "/spec/generators/*/*/template/spec/sourceHydrator/drySource",
            "/spec/generators/*/*/generators/*/*/template/spec/source",
            "/spec/generators/*/*/generators/*/*/template/spec/sources/*",
            "/spec/generators/*/*/generators/*/*/template/spec/sourceHydrator/drySource",
            "/spec/generators/*/*/generators/*/*/generators/*/*/template/spec/source",
            "/spec/generators/*/*/generators/*/*/generators/*/*/template/spec/sources/*",
            "/spec/generators/*/*/generators/*/*/generators/*/*/template/spec/sourceHydrator/drySource",
        ],
        ..APPLICATION
    },
    Kind {
        group: "helm.toolkit.fluxcd.io",
        kind: "HelmRelease",
        within: &[""],
        kustomize: &["/spec/postRenderers/*/kustomize"],
        values: &["/spec/values"],
        texts: &[],
        parameters: &[],
    },
    Kind {
        group: "kustomize.toolkit.fluxcd.io",
        kind: "Kustomization",
        within: &[""],
        kustomize: &["/spec"],
        values: &[],
        texts: &[],
        parameters: &[],
    },
];
