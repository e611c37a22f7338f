//! Which findings of a scan the statements of an authority take out.
//! Takes attestations that the authority signed about the image; what is not understood takes nothing out.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::predicate::{Finding, Image, Product, Statement};
use super::super::{Attestation, Predicate, predicate};
use crate::model::Digest;

/// What statements say of vulnerabilities in one image.
pub(super) struct Statements<'a> {
    by_vulnerability: BTreeMap<&'a str, Vec<&'a Statement>>,
    image: Digest,
    now: Timestamp,
}

impl<'a> Statements<'a> {
    /// What the attestations say. One that cannot be read may take back what others say, so that then nothing is said.
    pub(super) fn new(attestations: &[&'a Attestation], image: Digest, now: Timestamp) -> Self {
        let said = attestations.iter().map(|it| match &it.predicate {
            Predicate::Vex(statements) => Some(statements.as_slice()),
            Predicate::Sbom(sbom) => sbom.statements.as_deref(),
            Predicate::Malformed if predicate::is_vex(&it.predicate_type) => None,
            _ => Some([].as_slice()),
        });
        let said: Option<Vec<&[Statement]>> = said.collect();
        let mut by_vulnerability: BTreeMap<&str, Vec<&Statement>> = BTreeMap::new();
        for statement in said.into_iter().flatten().flatten() {
            for name in &statement.vulnerabilities {
                by_vulnerability.entry(name).or_default().push(statement);
            }
        }
        Self {
            by_vulnerability,
            image,
            now,
        }
    }

    /// Whether the newest statement about a finding says that it does not affect the image, or is fixed in it.
    pub(super) fn clear(&self, finding: &Finding) -> bool {
        let said = finding.id.as_deref();
        let said = said.and_then(|id| self.by_vulnerability.get(id));
        let about = said.into_iter().flatten();
        let about = about.filter(|it| match it.clears {
            true => self.is_about(it, finding),
            false => self.may_be_about(it, finding),
        });
        let mut newest: Option<(Timestamp, bool)> = None;
        for statement in about {
            let Some(at) = statement.at.filter(|at| *at <= self.now) else {
                return false;
            };
            newest = match newest {
                Some((newest, clears)) if newest == at => Some((at, clears && statement.clears)),
                Some(newer) if newer.0 > at => Some(newer),
                _ => Some((at, statement.clears)),
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
