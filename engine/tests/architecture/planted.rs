//! Plants violations and look-alikes: each of the first is reported at its line, none of the second is.

use super::{Source, check};

const FACTS: &str = "engine/src/facts/images/lookup.rs";

#[test]
fn each_planted_violation_is_reported_with_its_line() {
    for (file, text, line, word) in PLANTED {
        let reported: Vec<String> = check_one(file, text);
        let place = format!("{file}:{line}: ");
        let found = reported
            .iter()
            .any(|what| what.starts_with(&place) && what.contains(word));
        assert!(
            found,
            "`{word}` at {place}expected in\n{text}\nreported: {reported:#?}"
        );
        assert_eq!(
            reported.len(),
            1,
            "only that in\n{text}\nreported: {reported:#?}"
        );
    }
}

#[test]
fn allowed_forms_are_not_reported() {
    for (file, text) in ALLOWED {
        let reported = check_one(file, text);
        assert!(
            reported.is_empty(),
            "in {file}\n{text}\nreported: {reported:#?}"
        );
    }
}

#[test]
fn every_branch_of_a_tree_is_reported_by_itself() {
    let text = "use crate::{\n    model::{self, RiskTier},\n    policy::{Set, engine::{Engine}},\n    gate,\n};";
    let reported = check_one(FACTS, text);
    let lines: Vec<&str> = reported
        .iter()
        .filter_map(|what| what.split(':').nth(1))
        .collect();
    assert_eq!(lines, ["3", "4"], "{reported:#?}");
}

#[test]
fn the_file_of_a_test_module_does_not_count() {
    let outside = source(
        "engine/src/facts.rs",
        "pub mod source;\n#[cfg(test)]\nmod fixture;",
    );
    let fixture = source("engine/src/facts/fixture.rs", "use crate::gate::Gate;");
    let deeper = source("engine/src/facts/fixture/big.rs", "use crate::cli::Args;");
    let shipped = source("engine/src/facts/source.rs", "use crate::gate::Gate;");
    let reported = check(&[outside, fixture, deeper, shipped]);
    let files: Vec<&str> = reported
        .iter()
        .map(|violation| violation.file.as_str())
        .collect();
    assert_eq!(files, ["engine/src/facts/source.rs"]);
}

#[test]
fn every_layer_is_refused_every_layer_to_its_right() {
    for (at, own) in super::LAYERS.iter().enumerate() {
        for (other_at, other) in super::LAYERS.iter().enumerate() {
            let reported = check_one(
                &format!("engine/src/{own}.rs"),
                &format!("use crate::{other}::X;"),
            );
            let forbidden = super::FORBIDDEN.contains(&(*own, *other));
            assert_eq!(
                reported.len(),
                usize::from(other_at > at || forbidden),
                "`{own}` imports `{other}`"
            );
        }
    }
}

fn check_one(file: &str, text: &str) -> Vec<String> {
    check(&[source(file, text)])
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn source(file: &str, text: &str) -> Source {
    Source {
        file: file.to_owned(),
        text: text.to_owned(),
    }
}

/// File, source, line of the violation, a word of its report.
#[rustfmt::skip] // One line, one case.
const PLANTED: &[(&str, &str, usize, &str)] = &[
    (FACTS, "use crate::policy;", 1, "policy"),
    (FACTS, "//! Doc.\n\nuse crate::policy::Set;", 3, "policy"),
    (FACTS, "use crate::{model, policy::Set};", 1, "policy"),
    (FACTS, "use {std::fmt, crate::{model::{self}, policy}};", 1, "policy"),
    (FACTS, "use crate::{\n    model,\n    policy::{\n        Set,\n    },\n};", 3, "policy"),
    (FACTS, "pub use crate::policy::*;", 1, "policy"),
    (FACTS, "use crate::r#policy::Set;", 1, "policy"),
    (FACTS, "fn f() {\n    use crate::policy::Set;\n}", 2, "policy"),
    (FACTS, "fn f(set: &crate::policy::Set) {}", 1, "policy"),
    (FACTS, "fn f() {\n    let x = crate::policy::load(\"a\")?;\n}", 2, "policy"),
    (FACTS, "fn f() -> Vec<crate::policy::Set> { Vec::<u8>::new() }", 1, "policy"),
    (FACTS, "type A = <crate::policy::Set as Iterator>::Item;", 1, "policy"),
    (FACTS, "use crate::\n    policy\n    ::Set;", 2, "policy"),
    (FACTS, "use crate /* here */ :: policy :: Set;", 1, "policy"),
    // From a file two deep: `super` is `facts::images`, `super::super` is `facts`.
    (FACTS, "use super::super::super::policy;", 1, "policy"),
    (FACTS, "use super::super::super::{policy};", 1, "policy"),
    (FACTS, "use self::super::super::super::policy::Set;", 1, "policy"),
    (FACTS, "mod inner {\n    use super::super::super::super::policy::Set;\n}", 2, "policy"),
    ("engine/src/facts.rs", "use super::policy;", 1, "policy"),
    ("engine/src/facts.rs", "use super::{policy};", 1, "policy"),
    ("engine/src/facts.rs", "use super::{model::{A, B}, policy as p};", 1, "policy"),
    ("engine/src/facts.rs", "fn f() { super::policy::load() }", 1, "policy"),
    ("engine/src/facts.rs", "mod a { mod b { } fn f() { super::super::policy::load() } }", 1, "policy"),
    ("engine/src/facts/mod.rs", "use super::policy;", 1, "policy"),
    // Whoever takes the root takes everything in it.
    (FACTS, "use crate::*;", 1, "crate root"),
    (FACTS, "use crate as all;", 1, "crate root"),
    (FACTS, "use crate::{self as all};", 1, "crate root"),
    ("engine/src/facts.rs", "use super::*;", 1, "crate root"),
    (FACTS, "use crate::Finding;", 1, "`Finding` of the crate root"),
    (FACTS, "extern crate self as all;", 1, "hide"),
    (FACTS, "#[path = \"../policy/set.rs\"]\nmod set;", 1, "hide"),
    (FACTS, "#[cfg_attr(all(), path = \"../policy/set.rs\")]\nmod set;", 1, "hide"),
    (FACTS, "#[cfg_attr(all(), serde(default = \"crate::policy::limit\"))]\nstruct S;", 1, "policy"),
    (FACTS, "include!(\"../policy/set.rs\");", 1, "hide"),
    (FACTS, "const A: u8 = include!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/a.rs\"));", 1, "hide"),
    (FACTS, "use tidegate::policy::Set;", 1, "policy"),
    (FACTS, "use ::tidegate::policy::Set;", 1, "policy"),
    // Macros: what their body names, the layer names.
    (FACTS, "macro_rules! set {\n    () => { $crate::policy::Set::new() };\n}", 2, "policy"),
    (FACTS, "fn f() { println!(\"{}\", crate::policy::NAME) }", 1, "policy"),
    // Attributes whose text is code.
    (FACTS, "#[derive(crate::policy::Code)]\nstruct S;", 1, "policy"),
    (FACTS, "struct S {\n    #[serde(default = \"crate::policy::limit\")]\n    limit: u32,\n}", 2, "policy"),
    // Only `#[cfg(test)]` itself takes code out of what ships.
    (FACTS, "#[cfg(any(test, feature = \"cli\"))]\nuse crate::policy::Set;", 2, "policy"),
    (FACTS, "#[cfg(not(test))]\nmod a { use crate::policy::Set; }", 2, "policy"),
    (FACTS, "#[cfg(test)]\nfn a<T, U>(t: T) {}\nuse crate::policy::Set;", 3, "policy"),
    (FACTS, "#[cfg(test)]\nmod tests { fn f() { {} } }\nuse crate::policy::Set;", 3, "policy"),
    (FACTS, "struct S {\n    #[cfg(test)]\n    a: u8,\n    b: crate::policy::Set,\n}", 4, "policy"),
    // Literals that a careless reader would take for the rest of the file.
    (FACTS, "const Q: char = '\"';\nuse crate::policy::Set;", 2, "policy"),
    (FACTS, "const Q: char = '\\'';\nuse crate::policy::Set;", 2, "policy"),
    (FACTS, "const B: u8 = b'\"';\nuse crate::policy::Set;", 2, "policy"),
    (FACTS, "const S: &str = \"a \\\" b\n\";\nuse crate::policy::Set;", 3, "policy"),
    (FACTS, "const R: &str = r#\"a \" b\"#;\nuse crate::policy::Set;", 2, "policy"),
    (FACTS, "fn f<'a>(x: &'a str) {}\nuse crate::policy::Set;", 2, "policy"),
    (FACTS, "/* a /* b */ c */ use crate::policy::Set;", 1, "policy"),
    // Order inside a group, and the two layers that the order alone would let through.
    ("engine/src/git/diff.rs", "use crate::manifest::Node;", 1, "manifest"),
    ("engine/src/manifest/yaml.rs", "use crate::config::Config;", 1, "config"),
    ("engine/src/store.rs", "use crate::verify::Refusal;", 1, "verify"),
    ("engine/src/verify.rs", "use crate::report::json;", 1, "report"),
    ("engine/src/verify.rs", "use crate::policy::Set;", 1, "verify"),
    ("engine/src/verify/admit.rs", "use super::super::change::Change;", 1, "change"),
    ("engine/src/util.rs", "pub fn help() {}", 1, "`util` is no layer"),
    // The binary.
    ("engine/src/main.rs", "use tidegate::gate;", 1, "binary"),
    ("engine/src/main.rs", "use tidegate::{cli::{self, Args}, model::Exit, store};", 1, "store"),
    ("engine/src/main.rs", "fn main() { tidegate::policy::run(); }", 1, "policy"),
    ("engine/src/main.rs", "use tidegate::*;", 1, "crate root"),
    // Heavy dependencies.
    (FACTS, "use git2::Oid;", 1, "`git2` belongs to git"),
    (FACTS, "use ::git2::Oid;", 1, "git2"),
    (FACTS, "use {std::fmt, git2 as g};", 1, "git2"),
    (FACTS, "extern crate git2;", 1, "git2"),
    (FACTS, "fn f(x: regorus::Value) {}", 1, "regorus"),
    ("engine/src/cli/diff.rs", "fn f(x: &git2::Repository) {}", 1, "git2"),
    ("engine/src/config.rs", "use globset::Glob;", 1, "globset"),
    ("engine/src/verify.rs", "use ed25519_dalek::VerifyingKey;", 1, "ed25519_dalek"),
    ("engine/src/config.rs", "use granit_parser::Event;", 1, "granit_parser"),
    ("engine/src/report.rs", "#[derive(clap::ValueEnum)]\nenum F {}", 1, "clap"),
    ("engine/src/facts.rs", "use jsonschema::Validator;", 1, "jsonschema"),
    ("engine/src/main.rs", "fn f(x: git2::Oid) {}", 1, "git2"),
];

/// File, source.
#[rustfmt::skip] // One line, one case.
const ALLOWED: &[(&str, &str)] = &[
    (FACTS, "use crate::model::{Digest, Finding};\nuse crate::{change::Change, config, git, manifest::Node};"),
    (FACTS, "use crate::facts::Collector;\nuse super::Image;\nuse super::super::Fact;\nuse self::cache::policy;"),
    (FACTS, "use super::policy;\nuse super::*;\nfn f() { super::super::policy::x() }"),
    (FACTS, "mod policy { use super::super::policy; pub(super) fn f() {} }"),
    (FACTS, "use policy::Set;\nuse images::policy::{self, gate};"),
    (FACTS, "pub(crate) fn a() {}\npub(super) fn b() {}\npub(in crate::facts) fn c() {}\npub(in crate::policy) fn d() {}"),
    (FACTS, "// use crate::policy;\n/// See [`crate::policy::Set`].\n//! crate::policy\n/* use crate::policy; */"),
    (FACTS, "const A: &str = \"use crate::policy;\";\nconst B: &str = r##\"crate::policy::\"#X\"##;\nconst C: &[u8] = b\"git2::\";"),
    (FACTS, "#[doc = \"crate::policy::Set\"]\n#[expect(dead_code, reason = \"crate::policy::Set\")]\nfn f() {}"),
    (FACTS, "#[cfg(test)]\nmod tests {\n    use crate::policy::Set;\n    fn f() { regorus::Engine::new(); }\n}"),
    (FACTS, "#[cfg(test)]\nuse crate::policy::Set;\n#[cfg(test)]\n#[test]\nfn f<A, B>(a: A) -> B { crate::policy::x() }"),
    (FACTS, "struct S { a: u8, #[cfg(test)] b: crate::policy::Set }\n#[cfg(test)]\nimpl S { fn f() { crate::gate::x() } }"),
    (FACTS, "const A: &[&str] = include!(concat!(env!(\"OUT_DIR\"), \"/a.rs\"));\n#[cfg_attr(docsrs, feature(doc_cfg))]\nfn f() {}"),
    ("engine/src/facts/fixture.rs", "#![cfg(test)]\nuse crate::gate::Gate;"),
    (FACTS, "#[diagnostic(code(tidegate::policy::x), help(\"y\"))]\nstruct E;\n#[diagnostic(code(policy::x))]\nstruct F;"),
    (FACTS, "fn f(set: Set) -> impl Iterator<Item = u8> + use<'_> { set.policy::<u8>().git2 }"),
    (FACTS, "fn f() { let policy = 1; let crate_ = policy; gate(policy); Policy::git2(); }"),
    ("engine/src/lib.rs", "pub mod gate;\npub use crate::gate::check;\npub use policy::Set;"),
    ("engine/src/main.rs", "use std::process::ExitCode;\nuse clap::Parser;\nuse tidegate::cli::{self, Args};\nuse tidegate::model::Exit;"),
    ("engine/src/verify.rs", "use crate::store::Store;\nuse crate::attest::Envelope;\nuse crate::verdict::Verdict;"),
    ("engine/src/gate.rs", "use crate::{git, policy, report, store, verify};"),
    ("engine/src/git/repository.rs", "use git2::{Oid, Repository};\nuse globset::GlobSet;"),
    ("engine/src/policy/run.rs", "use regorus::Engine;\nuse jsonschema::Validator;"),
    ("engine/src/manifest/yaml.rs", "use granit_parser::{Event, Parser};\nuse super::node::Node;"),
    ("engine/src/attest.rs", "use ed25519_dalek::SigningKey;"),
    ("engine/src/cli/check.rs", "use clap::Args;\nuse crate::gate;\nuse super::Context;"),
];
