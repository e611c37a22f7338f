//! Objects that are no units and on which it depends what is deployed: sets, sources of Flux, what values are taken from, and
//! releases of elsewhere, which take them. Knows neither commits nor what is deployed.

use serde_json::Value;

use super::deployment::{Kind, Place};
use super::flux;
use super::known::{Declared, Known};
use super::part::RELEASE;
use super::prune::Prune;

/// An object that is no unit, and on which it depends what is deployed.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its kind.
    pub kind: String,
    /// The namespace that it stands in, where it says so.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub place: Place,
    /// What becomes of it when it goes, and what applies it.
    pub prune: Prune,
    /// Others deploy what it says, or it deploys what it takes from others, so that it deploys as long as it stands.
    pub makes: bool,
    /// Units take files or charts from it.
    pub is_source: bool,
    /// A unit takes values from it.
    pub is_given: bool,
    group: String,
    says: Value,
}

impl Standing {
    /// Whether both are one object.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let key = |it: &Self| (it.group.clone(), it.kind.clone(), it.name.clone());
        let is_there = |own: &String| other.namespace.as_ref().is_none_or(|it| it == own);
        key(self) == key(other) && self.namespace.as_ref().is_none_or(is_there)
    }

    /// Whether both say the same.
    #[must_use]
    pub fn says_as(&self, other: &Self) -> bool {
        self.says == other.says
    }
}

impl Known {
    /// The objects of which others are told what they deploy, and all releases.
    pub fn standing(&self) -> impl Iterator<Item = Standing> {
        let applied = self.all().filter(|it| it.passed_over.is_none());
        applied.filter_map(|it| self.as_standing(it))
    }

    fn as_standing(&self, one: &Declared) -> Option<Standing> {
        let reference = &one.object.reference;
        let group = reference.group();
        let node = &one.object.node;
        let (makes, prune) = match (group, reference.kind.as_str()) {
            SET => (true, Prune::of_object(node)),
            RELEASE => {
                let spec = node.get("spec").unwrap_or(node);
                // The references of one may be among what is not told of it.
                let takes_values = flux::takes_values(spec) || one.given_by.is_some();
                (takes_values, Prune::of_flux(node, Kind::HelmRelease))
            }
            ("" | SOURCES, _) => (false, Prune::of_object(node)),
            _ => return None,
        };
        Some(Standing {
            kind: reference.kind.clone(),
            namespace: reference.namespace.clone(),
            name: reference.name.clone(),
            place: one.file.at(node.deepest("/metadata/name").span),
            prune: Prune {
                applied_by: one.applied_by.clone(),
                pinned_by: one.pinned_by.clone(),
                ..prune
            },
            makes,
            is_source: group == SOURCES,
            is_given: group.is_empty() && self.given(reference).next().is_some(),
            group: group.to_owned(),
            says: said(node.to_json()),
        })
    }
}

/// All of an object but what is said of it, and how often it is looked at.
fn said(mut object: Value) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.retain(|key, _| key != "metadata" && key != "status");
    }
    if let Some(Value::Object(spec)) = object.get_mut("spec") {
        spec.retain(|key, _| key != "interval" && key != "timeout");
    }
    object
}

const SET: (&str, &str) = ("argoproj.io", "ApplicationSet");
/// The API group of sources.
pub(super) const SOURCES: &str = "source.toolkit.fluxcd.io";
