//! Enforces the order of the layers, and that one module owns each heavy dependency.
//! Knows the sources as text only; what it cannot resolve by name, it refuses.

mod paths;
mod planted;
mod tokens;

use std::fmt;
use std::fs;
use std::io;
use std::path::Path as FilePath;

use paths::{Named, Path, Segment, named};

#[test]
fn layers_import_only_what_stands_to_their_left() -> io::Result<()> {
    let mut sources = Vec::new();
    read_sources(
        &FilePath::new(env!("CARGO_MANIFEST_DIR")).join(ROOT),
        &mut sources,
    )?;
    assert!(
        sources
            .iter()
            .any(|source| source.file.ends_with("/main.rs")),
        "no sources found"
    );

    let violations = check(&sources);
    let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(
        list.is_empty(),
        "{} violations:\n{}",
        list.len(),
        list.join("\n")
    );
    Ok(())
}

/// A source file; `file` is relative to the repository, with `/`.
pub(crate) struct Source {
    pub(crate) file: String,
    pub(crate) text: String,
}

/// One path that breaks the order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    file: String,
    line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// Returns every violation, sorted by place.
///
/// Items under `#[cfg(test)]` do not count: what ships is what is ordered, and a test may look at
/// its layer from above. `#[cfg(any(test, ..))]` ships, so it counts.
pub(crate) fn check(sources: &[Source]) -> Vec<Violation> {
    let read: Vec<(&Source, Vec<&str>, Named)> = sources
        .iter()
        .map(|source| {
            let module = module_of(&source.file);
            let named = named(&source.text, &module);
            (source, module, named)
        })
        .collect();
    let tests: Vec<&Vec<String>> = read
        .iter()
        .flat_map(|(_, _, named)| &named.test_modules)
        .collect();

    let mut violations = Vec::new();
    for (source, module, named) in &read {
        if tests.iter().any(|test| lies_in(module, test)) {
            continue;
        }
        let mut report = |line, what| {
            violations.push(Violation {
                file: source.file.clone(),
                line,
                what,
            });
        };
        for line in &named.disguises {
            report(
                *line,
                "`#[path]`, `include!` and `extern crate self` hide a module from its place"
                    .to_owned(),
            );
        }
        if module.is_empty() && source.file.ends_with("lib.rs") {
            continue;
        }
        let own = own_layer(source, module);
        if !is_known(own) {
            report(
                1,
                format!("`{own}` is no layer; put it into one, or name it in LAYERS"),
            );
            continue;
        }
        for path in &named.paths {
            if let Some((line, what)) = judge(own, path) {
                report(line, what);
            }
        }
    }
    violations.sort();
    violations.dedup();
    violations
}

fn judge(own: &str, path: &Path) -> Option<(usize, String)> {
    let (first, line) = path.segments.first()?;
    if let Some((_, owners)) = OWNERS.iter().find(|(dependency, _)| dependency == first) {
        let allowed = owners.contains(&own);
        return (!allowed).then(|| {
            (
                *line,
                format!("`{first}` belongs to {}, not to `{own}`", owners.join(", ")),
            )
        });
    }
    let resolved = resolve(path)?;
    let line = resolved
        .last()
        .or(path.segments.last())
        .map_or(*line, |(_, line)| *line);
    let Some((target, at)) = resolved.first().filter(|(name, _)| name != "*") else {
        return Some((
            line,
            format!("`{own}` names the crate root, which hides the layer; name the layer"),
        ));
    };
    let line = if *at == 0 { line } else { *at };
    if own == MAIN {
        let allowed = FOR_MAIN.contains(&target.as_str());
        return (!allowed).then(|| {
            (
                line,
                format!(
                    "the binary may only use {}, not `{target}`",
                    FOR_MAIN.join(" and ")
                ),
            )
        });
    }
    let Some(theirs) = position(target) else {
        return Some((
            line,
            format!("`{own}` uses `{target}` of the crate root, which is no layer"),
        ));
    };
    if position(own) < Some(theirs) {
        return Some((
            line,
            format!("`{own}` stands left of `{target}` and may not import it"),
        ));
    }
    let forbidden = FORBIDDEN.contains(&(own, target));
    forbidden.then(|| {
        (
            line,
            format!("`{own}` may not import `{target}`, though it stands to the left"),
        )
    })
}

/// Returns the path from the crate root, or nothing for a path that cannot leave its module.
/// Segments taken from the module itself carry the line 0.
fn resolve(path: &Path) -> Option<Vec<Segment>> {
    let (first, _) = path.segments.first()?;
    let mut resolved: Vec<Segment> = match first.as_str() {
        "self" | "super" => path.module.iter().map(|name| (name.clone(), 0)).collect(),
        "crate" | "tidegate" => Vec::new(),
        _ => return None,
    };
    for (name, line) in &path.segments {
        match name.as_str() {
            "crate" | "tidegate" | "self" => {}
            "super" => drop(resolved.pop()),
            _ => resolved.push((name.clone(), *line)),
        }
    }
    Some(resolved)
}

fn lies_in(module: &[&str], outer: &[String]) -> bool {
    module.len() >= outer.len()
        && module
            .iter()
            .zip(outer)
            .all(|(name, theirs)| name == theirs)
}

fn own_layer<'a>(source: &Source, module: &[&'a str]) -> &'a str {
    match module.first() {
        Some(layer) => layer,
        None if source.file.ends_with("main.rs") => MAIN,
        None => "",
    }
}

fn is_known(layer: &str) -> bool {
    layer == MAIN || position(layer).is_some()
}

fn position(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|known| *known == layer)
}

/// `engine/src/facts/freeze.rs` is the module `facts::freeze`.
fn module_of(file: &str) -> Vec<&str> {
    let inner = file
        .trim_start_matches(ROOT)
        .trim_start_matches('/')
        .trim_end_matches(".rs");
    let mut module: Vec<&str> = inner.split('/').collect();
    if matches!(module.last(), Some(&("lib" | "main" | "mod"))) {
        module.pop();
    }
    module
}

fn read_sources(folder: &FilePath, sources: &mut Vec<Source>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_sources(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let inner = path
                .strip_prefix(env!("CARGO_MANIFEST_DIR"))
                .unwrap_or(&path);
            let file = inner.to_string_lossy().replace('\\', "/");
            sources.push(Source {
                file,
                text: fs::read_to_string(&path)?,
            });
        }
    }
    Ok(())
}

const ROOT: &str = "engine/src";

/// Each layer may import itself and what stands before it. `schemas` is the embedded text of `schemas/`:
/// it imports nothing, so that every layer may read it.
const LAYERS: [&str; 22] = [
    "schemas", "model", "registry", "git", "manifest", "calendar", "config", "render", "sources",
    "change", "facts", "input", "policy", "verdict", "attest", "store", "verify", "report", "gate",
    "init", "doctor", "cli",
];

/// What the order would allow and the design does not: admission never reaches Rego or the diff, and a
/// proposal is drawn from a tree without judging it.
const FORBIDDEN: [(&str, &str); 7] = [
    ("doctor", "gate"),
    ("doctor", "policy"),
    ("init", "gate"),
    ("init", "policy"),
    ("verify", "policy"),
    ("verify", "input"),
    ("verify", "change"),
];

const MAIN: &str = "main.rs";
const FOR_MAIN: [&str; 2] = ["cli", "model"];

/// The modules that may name a heavy dependency; the rest of the crate sees our types only.
const OWNERS: [(&str, &[&str]); 19] = [
    ("clap", &["cli", MAIN]),
    ("ed25519_dalek", &["attest", "facts"]),
    ("git2", &["git"]),
    ("globset", &["git"]),
    ("granit_parser", &["manifest"]),
    ("jsonschema", &["config", "policy"]),
    ("landlock", &["render"]),
    ("libc", &["render"]),
    ("regorus", &["policy"]),
    ("rustix", &["render"]),
    ("rustls", &["cli"]),
    ("seccompiler", &["render"]),
    ("rustls_pki_types", &["facts"]),
    ("sigstore_verify", &["facts"]),
    ("squawk_lexer", &["facts"]),
    ("squawk_parser", &["facts"]),
    ("ureq", &["cli"]),
    ("webpki", &["facts"]),
    ("x509_cert", &["facts"]),
];
