//! Times what it costs to prove that images are signed: a range that brings so many, each with one signature beside it, by
//! the format and by who signed; the same range without looking at signatures is taken off.
//! Knows the library and the fixtures.
//!
//! `cargo bench --bench images -- [IMAGES] [RUNS]`; without them 50 and 10.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures time and reads its arguments"
)]

mod timing;

use std::fs;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate::gate::{self, Request, Runtime, Signatures, What};
use tidegate::git::{Draft, Repository};
use tidegate::model::Digest;

use timing::Outcome;

fn main() -> Outcome<()> {
    let numbers = timing::numbers()?;
    let images = numbers.first().copied().unwrap_or(50).max(1);
    let runs = numbers.get(1).copied().unwrap_or(10).max(1);
    println!("{images} images, {runs} runs, ms for one image");
    println!("{:28}{}", "", timing::heading());
    for (name, candidate) in [
        ("key, .sig", "sig-p256"),
        ("key, bundle", "bundle-p256"),
        ("identity, .sig", "keyless-sig"),
        ("identity, bundle", "keyless"),
        ("Notation, JWS", "notation"),
    ] {
        let bench = Bench::new(images, candidate)?;
        let times = timing::measured(runs, || bench.once())?;
        println!("{name:28}{}", timing::figures(times));
    }
    Ok(())
}

/// A repository with a commit that brings so many images, of so many repositories, with one digest.
struct Bench {
    /// Goes away with it.
    _folder: TempDir,
    repository: Repository,
    range: String,
    images: usize,
}

impl Bench {
    fn new(images: usize, candidate: &str) -> Outcome<Self> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/images/fixtures.json");
        let fixtures: Value = serde_json::from_slice(&fs::read(file)?)?;
        let at = |pointer: &str| fixtures.pointer(pointer).cloned().unwrap_or_default();
        let text = |pointer: &str| at(pointer).as_str().unwrap_or_default().to_owned();
        let folder = tempfile::tempdir()?;
        let shop = Draft::init(folder.path())?;
        shop.write("tidegate.yaml", CONFIGURATION.as_bytes())?;
        shop.write("keys/release.pub", text("/keys/release").as_bytes())?;
        let root = at("/roots/private").to_string();
        shop.write("keys/root.json", root.as_bytes())?;
        let acme = text("/certificates/acme");
        shop.write("keys/acme.pem", acme.as_bytes())?;
        let first = shop.commit("the judge", 0)?;
        let digest = text("/image");
        let mut pod =
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n".to_owned();
        for number in 0..images {
            let image = format!("registry.test/shop/web-{number}@sha256:{digest}");
            pod.push_str(&format!("  - {{name: c{number}, image: \"{image}\"}}\n"));
        }
        shop.write("prod/web.yaml", pod.as_bytes())?;
        let recorded = recorded(&at(&format!("/candidates/{candidate}")));
        let name = Digest::of(recorded.as_bytes());
        let place = format!(".tidegate/images/sha256/{digest}/{name}");
        shop.write(&place, recorded.as_bytes())?;
        let second = shop.commit("the images", 60)?;
        Ok(Self {
            repository: Repository::open(folder.path())?,
            _folder: folder,
            range: format!("{first}..{second}"),
            images,
        })
    }

    /// What it takes longer to look at signatures, for one image.
    fn once(&self) -> Outcome<Duration> {
        let without = self.asked(Signatures::LeftOut)?;
        let with = self.asked(Signatures::Verified)?;
        let images = u32::try_from(self.images)?;
        Ok(with.saturating_sub(without) / images)
    }

    fn asked(&self, signatures: Signatures) -> Outcome<Duration> {
        let request = Request {
            what: What::Range(self.range.clone()),
            environment: None,
            unit: None,
            everything: false,
            now: "2026-12-01T00:00:00Z".parse()?,
            policy_ref: None,
            config: None,
        };
        let began = Instant::now();
        let found = gate::images(&self.repository, &request, signatures, Runtime::default())?;
        let took = began.elapsed();
        let all = found.units.iter().flat_map(|unit| &unit.images);
        let proven = all.filter(|image| {
            let signature = image.signature.as_ref();
            signature.map_or(signatures == Signatures::LeftOut, |it| {
                it.state == "verified"
            })
        });
        match proven.count() == self.images {
            true => Ok(took),
            false => Err("not all images are proven".into()),
        }
    }
}

/// A candidate of the fixtures as a file beside an image.
fn recorded(candidate: &Value) -> String {
    let payload = candidate["text"].as_str().unwrap_or_default().as_bytes();
    let file = json!({
        "mediaType": candidate["mediaType"],
        "digest": format!("sha256:{}", Digest::of(payload)),
        "annotations": candidate["annotations"],
        "payload": STANDARD.encode(payload),
    });
    file.to_string()
}

const CONFIGURATION: &str = r#"environments: [{name: prod, paths: ["prod/**"]}]
images:
  authorities:
    - {name: release, images: ["registry.test/shop/**"], key: {file: keys/release.pub}}
    - name: workflow
      images: ["registry.test/shop/**"]
      keyless:
        root: keys/root.json
        issuer: https://issuer.test
        subject: {regex: 'https://git\.test/acme/odoo/\.github/workflows/release\.yml@refs/tags/v.+'}
    - name: acme
      images: ["registry.test/shop/**"]
      notation: {certificates: keys/acme.pem, identities: ["O=acme"]}
"#;
