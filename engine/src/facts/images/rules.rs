//! What the section `images` says that the fact needs: where else images stand, and how they are told apart.
//! The schema of the section has checked it; knows nothing of findings.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use super::glob::Glob;
use super::signers::Signers;
use crate::model::{GroupKind, ObjectRef, Stage};

/// The part of the settings of `image-signatures` that the fact needs.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    registries: Vec<Glob>,
    mutable_tags: Vec<Glob>,
    ends: Vec<(Glob, Date)>,
    locations: Vec<(GroupKind, Vec<String>)>,
    promote_from: BTreeMap<Stage, Stage>,
    asked: Asked,
    pub(super) signers: Arc<Signers>,
}

/// Of which images a signature is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// Of those that an authority is for.
    #[default]
    OfAuthorities,
    /// Of every one.
    Required,
}

impl Asked {
    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OfAuthorities => "of-authorities",
            Self::Required => "required",
        }
    }
}

impl Rules {
    /// Takes what it needs of the settings of `image-signatures`, as they are with all defaults.
    ///
    /// Without any, no registry is allowed.
    #[must_use]
    pub fn of_settings(settings: &Value) -> Self {
        let locations = items(settings, "locations").filter_map(|location| {
            let kind = location.get("kind")?.as_str()?;
            let pointers = texts(location, "pointers").map(str::to_owned);
            Some((GroupKind::parse(kind), pointers.collect()))
        });
        let ends = settings.get("end-of-life").and_then(Value::as_object);
        let ends = ends.into_iter().flatten().filter_map(|(glob, date)| {
            Some((Glob::of_repositories(glob), date.as_str()?.parse().ok()?))
        });
        let promote_from = settings.get("promote-from");
        let promote_from = promote_from.map(|map| BTreeMap::deserialize(map).unwrap_or_default());
        Self {
            promote_from: promote_from.unwrap_or_default(),
            registries: texts(settings, "registries")
                .map(Glob::of_repositories)
                .collect(),
            mutable_tags: texts(settings, "mutable-tags").map(Glob::new).collect(),
            ends: ends.collect(),
            locations: locations.collect(),
            asked: match settings.get("signatures").and_then(Value::as_str) {
                Some("required") => Asked::Required,
                _ => Asked::OfAuthorities,
            },
            signers: Arc::default(),
        }
    }

    /// The same, with those who sign images.
    #[must_use]
    pub fn with_signers(self, signers: Signers) -> Self {
        Self {
            signers: Arc::new(signers),
            ..self
        }
    }

    /// Of which images a signature is asked for.
    #[must_use]
    pub fn asked(&self) -> Asked {
        self.asked
    }

    /// The stage that must have run an image before it comes into `stage`.
    #[must_use]
    pub fn promote_from(&self, stage: Stage) -> Option<Stage> {
        self.promote_from.get(&stage).copied()
    }

    /// The first glob of `registries` that allows a repository, written in full.
    pub(super) fn allows(&self, repository: &str) -> Option<&str> {
        let mut globs = self.registries.iter();
        let glob = globs.find(|glob| glob.fits(repository))?;
        Some(glob.text())
    }

    /// Whether a tag is one that is meant to move, in whatever case.
    pub(super) fn moves(&self, tag: &str) -> bool {
        let tag = tag.to_ascii_lowercase();
        tag == LATEST || self.mutable_tags.iter().any(|glob| glob.fits(&tag))
    }

    /// The first day on which nobody mends an image any more, by repository and tag.
    pub(super) fn end(&self, repository: &str, tag: &str) -> Option<Date> {
        let image = format!("{repository}:{tag}");
        let ends = self.ends.iter().filter(|(glob, _)| glob.fits(&image));
        ends.map(|(_, date)| *date).min()
    }

    /// Where the configuration says that images stand in an object.
    pub(super) fn locations(&self, object: &ObjectRef) -> impl Iterator<Item = &str> {
        let kind = object.group_kind();
        let own = self.locations.iter().filter(move |(own, _)| *own == kind);
        own.flat_map(|(_, pointers)| pointers.iter().map(String::as_str))
    }
}

/// The tag that counts where none is written.
pub(super) const LATEST: &str = "latest";

fn items<'v>(settings: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    let list = settings.get(key).and_then(Value::as_array);
    list.into_iter().flatten()
}

fn texts<'v>(settings: &'v Value, key: &str) -> impl Iterator<Item = &'v str> {
    items(settings, key).filter_map(Value::as_str)
}
