//! Which findings of a scan the statements of an authority take out.
//! Takes attestations that the authority signed about the image; what is not understood takes nothing out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::predicate::{Finding, Image, Product, Statement};
use super::super::{Attestation, Predicate, predicate};
use crate::model::Digest;

/// What statements say of vulnerabilities in one image.
pub(super) struct Statements<'a> {
    /// The vulnerability that each name is one of.
    classes: BTreeMap<&'a str, usize>,
    by_class: BTreeMap<usize, Vec<&'a Statement>>,
    image: Digest,
    now: Timestamp,
}

impl<'a> Statements<'a> {
    /// What the attestations say. One that cannot be read may take back what others say, so that then nothing is said.
    pub(super) fn new(attestations: &[&'a Attestation], image: Digest, now: Timestamp) -> Self {
        let latest = latest(attestations);
        let said = attestations.iter().map(|it| match &it.predicate {
            Predicate::Vex(document) => {
                let latest = document.id.as_ref().and_then(|id| latest.get(id));
                let stands = latest.is_none_or(|it| *it == Some(document.version));
                Some((document.statements.as_slice(), stands))
            }
            Predicate::Sbom(sbom) => sbom.statements.as_deref().map(|it| (it, true)),
            Predicate::Malformed if predicate::is_vex(&it.predicate_type) => None,
            _ => Some(([].as_slice(), true)),
        });
        let said: Option<Vec<(&[Statement], bool)>> = said.collect();
        let said: Vec<(&[Statement], bool)> = said.unwrap_or_default();
        let all: Vec<&Statement> = said
            .iter()
            .flat_map(|(statements, _)| *statements)
            .collect();
        let classes = classes(&all);
        // What a later version of a document leaves out clears no more; what took something back did.
        let said = said.into_iter().flat_map(|(statements, stands)| {
            let statements = statements.iter();
            statements.filter(move |statement| stands || !statement.clears)
        });
        let mut by_class: BTreeMap<usize, Vec<&'a Statement>> = BTreeMap::new();
        for said in said {
            let mut names = said.vulnerabilities.iter();
            let class = names.find_map(|name| classes.get(name.as_str()));
            if let Some(class) = class {
                by_class.entry(*class).or_default().push(said);
            }
        }
        Self {
            classes,
            by_class,
            image,
            now,
        }
    }

    /// The image that they are about.
    pub(super) fn image(&self) -> Digest {
        self.image
    }

    /// Whether the newest statement about a finding says that it does not affect the image, or is fixed in it. One that
    /// says so names the finding; one that takes it back, any name that some statement gives to the same vulnerability.
    pub(super) fn clear(&self, finding: &Finding) -> bool {
        let Some(id) = finding.id.as_deref().map(str::to_ascii_uppercase) else {
            return false;
        };
        let class = self.classes.get(id.as_str());
        let said = class.and_then(|class| self.by_class.get(class));
        let about = said.into_iter().flatten();
        let about = about.filter(|it| match it.clears {
            true => it.vulnerabilities.contains(&id) && self.is_about(it, finding),
            false => self.may_be_about(it, finding),
        });
        let mut newest: Option<(Timestamp, bool)> = None;
        for said in about {
            let Some(at) = said.at.filter(|at| *at <= self.now) else {
                return false;
            };
            newest = match newest {
                Some((newest, clears)) if newest == at => Some((at, clears && said.clears)),
                Some(newer) if newer.0 > at => Some(newer),
                _ => Some((at, said.clears)),
            };
        }
        newest.is_some_and(|(_, clears)| clears)
    }

    fn is_about(&self, statement: &Statement, finding: &Finding) -> bool {
        let Some(products) = &statement.products else {
            return true;
        };
        products.iter().any(|product| {
            let own = match product.image {
                Image::Subject => true,
                Image::Digest(digest) => digest == self.image,
                Image::Unknown => false,
            };
            own && in_parts(product, finding) == Some(true)
        })
    }

    fn may_be_about(&self, statement: &Statement, finding: &Finding) -> bool {
        let Some(products) = &statement.products else {
            return true;
        };
        products.iter().any(|product| {
            let other = matches!(product.image, Image::Digest(digest) if digest != self.image);
            !other && in_parts(product, finding) != Some(false)
        }) || products.is_empty()
    }
}

/// Names by vulnerability: all that statements give one beside a name that it has already.
fn classes<'a>(said: &[&'a Statement]) -> BTreeMap<&'a str, usize> {
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut names: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (at, said) in said.iter().enumerate() {
        let own = said.vulnerabilities.iter().map(String::as_str);
        let own: Vec<&str> = own.collect();
        let joined = own.iter().filter_map(|name| classes.get(name).copied());
        let joined: BTreeSet<usize> = joined.collect();
        let size = |class: &&usize| names.get(*class).map_or(0, Vec::len);
        let into = joined.iter().max_by_key(size).copied().unwrap_or(at);
        let others = joined.into_iter().filter(|class| *class != into);
        let moved: Vec<&str> = others
            .filter_map(|class| names.remove(&class))
            .flatten()
            .collect();
        let class = names.entry(into).or_default();
        for name in moved.into_iter().chain(own) {
            if classes.insert(name, into) != Some(into) {
                class.push(name);
            }
        }
    }
    classes
}

/// The last version of each document; none where one of several does not tell which it is.
fn latest<'a>(attestations: &[&'a Attestation]) -> BTreeMap<&'a String, Option<Option<u64>>> {
    let mut latest: BTreeMap<&String, Option<Option<u64>>> = BTreeMap::new();
    for attestation in attestations {
        let Predicate::Vex(document) = &attestation.predicate else {
            continue;
        };
        let Some(id) = &document.id else {
            continue;
        };
        let known = latest.entry(id).or_insert(Some(document.version));
        *known = match (*known, document.version) {
            (Some(Some(known)), Some(version)) => Some(Some(known.max(version))),
            (Some(None), None) => Some(None),
            _ => None,
        };
    }
    latest
}

/// Whether a finding is in one of the packages that a product names; `None` where that cannot be told.
fn in_parts(product: &Product, finding: &Finding) -> Option<bool> {
    let Some(parts) = &product.parts else {
        return Some(true);
    };
    let package = finding.package.as_deref()?;
    let plain = package.split(['?', '#']).next().unwrap_or(package);
    match parts.is_empty() {
        true => None,
        false => Some(parts.contains(package) || parts.contains(plain)),
    }
}
