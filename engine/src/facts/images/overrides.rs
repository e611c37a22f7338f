//! Images that an object of Argo CD, Flux or k3s puts into what it deploys: values of charts, and images and patches of
//! kustomizations. Renders nothing; knows nothing of what is deployed.

mod chart;
mod joined;
mod named;
mod parameters;
mod patches;
pub(super) mod referred;
mod template;
mod untold;

use std::borrow::Cow;

use serde_json::Value;

use self::referred::Referred;
use super::places::{Place, Use, Written, expand, in_parts_at};
use super::shapes::Found;
use super::{guess, parts};
use crate::change::{Change, FieldChange};
use crate::facts::image_ref::ImageRef;
use crate::facts::inventory::Neighbours;
use crate::model::ObjectRef;

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
    kind_of(object).is_some_and(|kind| kind.values.is_some())
}

/// Whether a change gives the templates of a set other things to be filled with, or other things to a Secret that nobody reads,
/// whatever they say themselves.
pub(super) fn is_filled_anew(change: &Change) -> bool {
    let held = |field: &FieldChange| {
        ["/data", "/stringData", "/spec"]
            .iter()
            .any(|it| field.pointer.starts_with(it))
    };
    if named::is_unread_kind(&change.object) {
        return change.new.is_none() || change.fields.iter().any(held);
    }
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
            false => {
                let referred = referred::values(object, (value, &at), found.beside);
                of_kind(kind, (value, &at), &referred, found);
                referred::variables(object, (value, &at), found);
            }
        }
    }
    if let Some(patch) = value.pointer(TEMPLATE_PATCH).filter(|_| object.kind == SET) {
        let places = template::patch(patch, &generators, found.depth);
        found.put(&format!("{at}{TEMPLATE_PATCH}"), places);
    }
}

/// The same of what has the fields of a kind.
fn of_kind<'v>(
    kind: &Kind,
    (value, at): (&'v Value, &str),
    referred: &[Referred],
    found: &mut Found<'v>,
) {
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
    chart::images(kind, (value, at), referred, found);
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
    values: Option<&'static str>,
    /// The same as a text, which counts where there are none of these.
    text: Option<&'static str>,
    /// Single ones by their paths, which count before both.
    parameters: Option<&'static str>,
    /// The same as a mapping; where there may be one, the text counts beside values too.
    set: Option<&'static str>,
    /// The same from files.
    files: Option<&'static str>,
    /// Where it names others that it takes from.
    references: Option<&'static str>,
}

const SET: &str = "ApplicationSet";

/// What fills the templates of a set.
const GENERATORS: &str = "/spec/generators";

/// A text that each Application of a set is patched with.
const TEMPLATE_PATCH: &str = "/spec/templatePatch";

/// Where a release names others that hold values.
const VALUES: &str = "/spec/valuesFrom";

/// Where a kustomization names others that hold variables.
const VARIABLES: &str = "/spec/postBuild/substituteFrom";

const APPLICATION: Kind = Kind {
    group: "argoproj.io",
    kind: "Application",
    within: &[
        "/spec/source",
        "/spec/sources/*",
        "/spec/sourceHydrator/drySource",
    ],
    kustomize: &["/kustomize"],
    values: Some("/helm/valuesObject"),
    text: Some("/helm/values"),
    parameters: Some("/helm/parameters"),
    set: None,
    files: Some("/helm/fileParameters"),
    references: None,
};

const KINDS: [Kind; 6] = [
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
        values: Some("/spec/values"),
        text: None,
        parameters: None,
        set: None,
        files: None,
        references: Some(VALUES),
    },
    Kind {
        group: "kustomize.toolkit.fluxcd.io",
        kind: "Kustomization",
        within: &[""],
        kustomize: &["/spec"],
        values: None,
        text: None,
        parameters: None,
        set: None,
        files: None,
        references: Some(VARIABLES),
    },
    K3S,
    Kind {
        kind: "HelmChartConfig",
        ..K3S
    },
];

/// A chart of k3s and RKE2, or what is said beside one that these bring themselves.
const K3S: Kind = Kind {
    group: "helm.cattle.io",
    kind: "HelmChart",
    within: &[""],
    kustomize: &[],
    values: Some("/spec/values"),
    text: Some("/spec/valuesContent"),
    parameters: None,
    set: Some("/spec/set"),
    files: None,
    references: None,
};
