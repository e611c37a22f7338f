//! `testdata/verdicts/invalid`: a file for each forgery, made here and held against `verify` and `admit`.
//! `BLESS=1` makes the files again.

mod bundles;
mod envelopes;
mod fields;
mod links;
mod shop;
mod statements;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

pub(super) use shop::{REPOSITORY, Shop, Signed};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/verdicts");

/// A file that is no verdict for what the shop wants to deploy.
#[derive(Clone)]
struct Forgery {
    /// What was forged; the name of the file.
    name: String,
    bytes: Vec<u8>,
    /// What `verify` answers.
    verified: &'static str,
    /// What `admit` answers where the file lies in the place of the next link. Of a file that cannot be
    /// read as a verdict nobody can say what it was for: there, a verdict is missing.
    admitted: &'static str,
}

/// What an edit forges, what `verify` answers, and the edit.
type Edit = (&'static str, &'static str, fn(&mut Value));

impl Forgery {
    fn new(
        name: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
        verified: &'static str,
        admitted: &'static str,
    ) -> Self {
        Self {
            name: name.into(),
            bytes: bytes.into(),
            verified,
            admitted,
        }
    }

    /// One that both refuse for the same reason.
    fn refused(name: impl Into<String>, bytes: impl Into<Vec<u8>>, answer: &'static str) -> Self {
        Self::new(name, bytes, answer, answer)
    }

    fn unreadable(
        name: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
        verified: &'static str,
    ) -> Self {
        Self::new(name, bytes, verified, "refused missing")
    }
}

#[test]
fn every_forged_verdict_is_refused_for_what_was_forged() {
    let shop = Shop::new();
    let genuine = committed("valid.json", &shop.genuine.signed(&shop.key));
    assert_eq!(shop.verify(&genuine), "link 1");
    assert_eq!(shop.admit(&genuine), "judged 1 medium");

    let forgeries = [
        envelopes::all(&shop),
        statements::all(&shop),
        fields::all(&shop),
        links::all(&shop),
        bundles::all(&shop),
    ];
    let mut names = BTreeSet::new();
    let mut wrong = Vec::new();
    for forgery in forgeries.into_iter().flatten() {
        let file = format!("{}.json", forgery.name);
        let bytes = committed(&format!("invalid/{file}"), &forgery.bytes);
        let said = (shop.verify(&bytes), shop.admit(&bytes));
        if (said.0.as_str(), said.1.as_str()) != (forgery.verified, forgery.admitted) {
            wrong.push(format!("{file}: {} | {}", said.0, said.1));
        }
        assert!(names.insert(file), "two files of one name");
    }
    assert_eq!(wrong.join("\n"), "", "of {}", names.len());

    let there = fs::read_dir(Path::new(FOLDER).join("invalid")).unwrap();
    let there = there.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(there.collect::<BTreeSet<_>>(), names);
}

#[test]
fn what_is_too_long_to_be_a_verdict_is_not_read() {
    let shop = Shop::new();
    let mut envelope = shop.genuine.signed(&shop.key);
    envelope.resize(5 * 1024 * 1024, b' ');
    assert_eq!(shop.verify(&envelope), "limit.envelope exit 3");
    assert_eq!(shop.admit(&envelope), "refused missing");
    let mut statement = shop.statement();
    let subject = statement["subject"][0].clone();
    statement["subject"] = vec![subject; 10_000].into();
    let envelope = shop.sign(&statement);
    assert_eq!(shop.verify(&envelope), "refused malformed");
    assert_eq!(shop.admit(&envelope), "refused missing");
}

#[test]
fn a_withdrawn_verdict_is_refused_by_who_sees_the_store() {
    let shop = Shop::new();
    let genuine = shop.genuine.signed(&shop.key);
    assert_eq!(shop.admit(&genuine), "judged 1 medium");
    shop.world.withdraw("prod/web", 1);
    assert_eq!(shop.admit(&genuine), "refused withdrawn");
}

/// The bytes of a committed file, which must be those that are made.
#[expect(
    clippy::disallowed_methods,
    reason = "`BLESS=1` rewrites what a test compares"
)]
fn committed(file: &str, made: &[u8]) -> Vec<u8> {
    let path = Path::new(FOLDER).join(file);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, made).unwrap();
    }
    let found = fs::read(&path).unwrap_or_default();
    assert!(found == made, "{file}: run with BLESS=1");
    found
}
