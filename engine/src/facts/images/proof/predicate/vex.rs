//! Reads statements about whether a vulnerability affects a product: `OpenVEX`, and the analyses of `CycloneDX`.
//! Judges nothing. What is not understood is said to be so: it must not take anything out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::text;
use crate::model::Digest;

/// A document of statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its name, that all its versions have.
    pub id: Option<String>,
    /// Which of them it is, where that can be told.
    pub version: Option<u64>,
    /// What it says.
    pub statements: Vec<Statement>,
}

/// What is said about a vulnerability in products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The names of the vulnerability, in capitals.
    pub vulnerabilities: BTreeSet<String>,
    /// The products that it is said about; `None` for the subject of the attestation.
    pub products: Option<Vec<Product>>,
    /// Whether it is said, with a reason that is known, that they are not affected, or fixed.
    pub clears: bool,
    /// When that was known to be so.
    pub at: Option<Timestamp>,
}

/// A product, or parts of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Which image it is.
    pub image: Image,
    /// The packages in it that are meant; `None` for all.
    pub parts: Option<BTreeSet<String>>,
}

/// Which image a product is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// That which the attestation is about.
    Subject,
    /// That of this digest.
    Digest(Digest),
    /// Nothing understood tells.
    Unknown,
}

/// The statements of an `OpenVEX` document; `None` where any of them cannot be read, since it may take back another.
pub(super) fn openvex(document: &Value) -> Option<Document> {
    if text(document, "/@context")? != "https://openvex.dev/ns/v0.2.0" {
        return None;
    }
    let statements = document.get("statements")?.as_array()?.iter();
    let statements = statements.map(|one| openvex_statement(one, document));
    Some(Document {
        id: text(document, "/@id"),
        version: document.get("version").and_then(Value::as_u64),
        statements: statements.collect::<Option<_>>()?,
    })
}

fn openvex_statement(statement: &Value, document: &Value) -> Option<Statement> {
    let mut vulnerabilities = BTreeSet::from([name(statement, "/vulnerability/name")?]);
    if let Some(aliases) = statement.pointer("/vulnerability/aliases") {
        let aliases = aliases.as_array()?.iter();
        let aliases = aliases.map(|alias| alias.as_str().map(str::to_ascii_uppercase));
        vulnerabilities.extend(aliases.collect::<Option<Vec<_>>>()?);
    }
    let products = match statement.get("products") {
        None => None,
        Some(products) => Some(products.as_array()?.iter().map(openvex_product).collect()),
    };
    let justified = text(statement, "/justification");
    let justified = justified.is_some_and(|it| OPENVEX_JUSTIFICATIONS.contains(&it.as_str()));
    Some(Statement {
        vulnerabilities,
        products,
        clears: match text(statement, "/status")?.as_str() {
            "not_affected" => justified,
            "fixed" => true,
            _ => false,
        },
        at: latest(statement, &["/timestamp", "/last_updated"])
            .unwrap_or_else(|| latest(document, &["/timestamp", "/last_updated"]).flatten()),
    })
}

/// What a vulnerability is called: no list of them asks for a case.
fn name(value: &Value, pointer: &str) -> Option<String> {
    Some(text(value, pointer)?.to_ascii_uppercase())
}

fn openvex_product(product: &Value) -> Product {
    let parts = match product.get("subcomponents") {
        None => None,
        Some(parts) => {
            let parts = parts.as_array().into_iter().flatten();
            Some(parts.flat_map(packages).collect())
        }
    };
    let hash = text(product, "/hashes/sha-256").map(|it| Digest::parse(&it).ok());
    let named = packages(product).filter_map(|it| image_of(&it)).map(Some);
    Product {
        image: one_image(hash.into_iter().chain(named)),
        parts,
    }
}

/// What a component is called, by package URL.
fn packages(component: &Value) -> impl Iterator<Item = String> {
    let names = ["/@id", "/identifiers/purl"];
    let names = names.into_iter().filter_map(|at| text(component, at));
    names.filter(|name| name.starts_with("pkg:"))
}

/// The statements of a `CycloneDX` document, of which those count that have an analysis.
pub(super) fn cyclonedx(document: &Value) -> Option<Vec<Statement>> {
    let Some(vulnerabilities) = document.get("vulnerabilities") else {
        return Some(Vec::new());
    };
    let own = document.pointer("/metadata/component");
    let own = own.map(|own| (text(own, "/bom-ref"), cyclonedx_image(own)));
    let components = document.get("components").and_then(Value::as_array);
    let components = components.into_iter().flatten();
    let packages = components.filter_map(|it| Some((text(it, "/bom-ref")?, text(it, "/purl")?)));
    let packages: BTreeMap<String, String> = packages.collect();
    let analysed = vulnerabilities.as_array()?.iter();
    let analysed = analysed.filter(|it| it.get("analysis").is_some());
    let statements = analysed.map(|one| {
        let affects = one.get("affects").and_then(Value::as_array);
        let affects = affects.into_iter().flatten();
        let product = |affected: &Value| cyclonedx_product(affected, own.as_ref(), &packages);
        let justified = text(one, "/analysis/justification");
        let justified = justified.is_some_and(|it| CYCLONEDX_JUSTIFICATIONS.contains(&it.as_str()));
        Some(Statement {
            vulnerabilities: [name(one, "/id")?].into(),
            products: Some(affects.map(product).collect()),
            clears: match text(one, "/analysis/state")?.as_str() {
                "not_affected" => justified,
                "resolved" | "resolved_with_pedigree" => true,
                _ => false,
            },
            at: latest(one, &["/analysis/firstIssued", "/analysis/lastUpdated"])
                .unwrap_or_else(|| latest(document, &["/metadata/timestamp"]).flatten()),
        })
    });
    statements.collect()
}

fn cyclonedx_product(
    affected: &Value,
    own: Option<&(Option<String>, Image)>,
    packages: &BTreeMap<String, String>,
) -> Product {
    let image = own.map_or(Image::Subject, |(_, image)| *image);
    let unknown = Product {
        image: Image::Unknown,
        parts: None,
    };
    // Of some versions only: which, nobody asks here.
    let Some(to) = text(affected, "/ref").filter(|_| affected.get("versions").is_none()) else {
        return unknown;
    };
    if own.is_some_and(|(name, _)| name.as_ref() == Some(&to)) {
        return Product { image, parts: None };
    }
    match packages.get(&to) {
        Some(package) => Product {
            image,
            parts: Some([package.clone()].into()),
        },
        None => unknown,
    }
}

/// The image that a document of `CycloneDX` is about: the subject of the attestation, unless it names another.
fn cyclonedx_image(component: &Value) -> Image {
    let hashes = component.get("hashes").and_then(Value::as_array);
    let hashes = hashes.into_iter().flatten();
    let hashes = hashes.filter(|it| text(it, "/alg").as_deref() == Some("SHA-256"));
    let hashes = hashes.map(|it| text(it, "/content").and_then(|it| Digest::parse(&it).ok()));
    let named = text(component, "/purl").and_then(|it| image_of(&it));
    let mut known = hashes.chain(named.map(Some)).peekable();
    match known.peek() {
        None => Image::Subject,
        Some(_) => one_image(known),
    }
}

/// The digest in the package URL of an image.
fn image_of(package: &str) -> Option<Digest> {
    let image = ["pkg:oci/", "pkg:docker/"];
    let image = image.iter().find_map(|it| package.strip_prefix(it))?;
    let (_, version) = image.split(['?', '#']).next()?.rsplit_once('@')?;
    let digest = version.strip_prefix("sha256:");
    let digest = digest.or_else(|| version.strip_prefix("sha256%3A"));
    let digest = digest.or_else(|| version.strip_prefix("sha256%3a"))?;
    Digest::parse(digest).ok()
}

/// The one image that all names are of, as far as each is understood.
fn one_image(mut named: impl Iterator<Item = Option<Digest>>) -> Image {
    match named.next() {
        Some(Some(first)) if named.all(|other| other == Some(first)) => Image::Digest(first),
        _ => Image::Unknown,
    }
}

/// The latest of these instants; `None` where none is said, and an inner `None` where one cannot be read.
fn latest(value: &Value, pointers: &[&str]) -> Option<Option<Timestamp>> {
    let said = pointers.iter().filter_map(|pointer| value.pointer(pointer));
    let read = said.map(|it| it.as_str()?.parse().ok());
    let read: Vec<Option<Timestamp>> = read.collect();
    (!read.is_empty()).then(|| {
        let read: Option<Vec<Timestamp>> = read.into_iter().collect();
        read?.into_iter().max()
    })
}

const OPENVEX_JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];
const CYCLONEDX_JUSTIFICATIONS: [&str; 9] = [
    "code_not_present",
    "code_not_reachable",
    "requires_configuration",
    "requires_dependency",
    "requires_environment",
    "protected_by_compiler",
    "protected_at_runtime",
    "protected_at_perimeter",
    "protected_by_mitigating_control",
];
