//! Embeds `policies/`, `schemas/` and the demo into the library, so that the binary needs no files
//! beside it.
//! A policy folder that is not complete does not compile: what is not tested must not judge.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

#[expect(
    clippy::disallowed_methods,
    reason = "Cargo tells a build script where it is through the environment"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=engine/build.rs");
    fs::write(
        out.join("policies.rs"),
        policy_table(&root.join("policies"))?,
    )?;
    fs::write(out.join("schemas.rs"), schema_table(&root.join("schemas"))?)?;
    fs::write(out.join("cases.rs"), case_table(&root.join("policies"))?)?;
    fs::write(
        out.join("shop.rs"),
        tree_table(&root.join("testdata/shop"))?,
    )?;
    fs::write(
        out.join("demo.rs"),
        tree_table(&root.join("testdata/demo"))?,
    )?;
    Ok(())
}

/// One tuple a folder: its name and the files that are embedded.
fn policy_table(policies: &Path) -> Result<String, Box<dyn Error>> {
    let mut table = String::from("&[\n");
    for folder in watched(policies)? {
        if !folder.is_dir() {
            continue;
        }
        require_complete(&folder)?;
        writeln!(table, "    ({:?}, &[", name(&folder)?)?;
        for file in watched(&folder)? {
            if EMBEDDED.contains(&name(&file)?) {
                write_file(&mut table, name(&file)?, &file)?;
            }
        }
        table.push_str("    ]),\n");
    }
    table.push_str("]\n");
    Ok(table)
}

/// One tuple a schema: its path below `schemas/` and its text.
fn schema_table(schemas: &Path) -> Result<String, Box<dyn Error>> {
    let mut table = String::from("&[\n");
    let is_json = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "json");
    for file in files_below(schemas)?.into_iter().filter(is_json) {
        let path = file.strip_prefix(schemas)?;
        write_file(
            &mut table,
            path.to_str().ok_or("a path is not UTF-8")?,
            &file,
        )?;
    }
    table.push_str("]\n");
    Ok(table)
}

/// One tuple a file of a case: the policy's folder, the path below `cases/`, the text.
fn case_table(policies: &Path) -> Result<String, Box<dyn Error>> {
    let mut table = String::from("&[\n");
    for folder in watched(policies)?.into_iter().filter(|path| path.is_dir()) {
        let cases = folder.join("cases");
        for file in files_below(&cases)? {
            println!("cargo::rerun-if-changed={}", file.display());
            let key = file
                .strip_prefix(&cases)?
                .to_str()
                .ok_or("a path is not UTF-8")?;
            let path = file.to_str().ok_or("a path is not UTF-8")?;
            let policy = name(&folder)?;
            writeln!(table, "    ({policy:?}, {key:?}, include_str!({path:?})),")?;
        }
    }
    table.push_str("]\n");
    Ok(table)
}

/// One tuple a file: its path below `root` and its text.
fn tree_table(root: &Path) -> Result<String, Box<dyn Error>> {
    let mut table = String::from("&[\n");
    for file in files_below(root)? {
        let key = file
            .strip_prefix(root)?
            .to_str()
            .ok_or("a path is not UTF-8")?;
        write_file(&mut table, key, &file)?;
    }
    table.push_str("]\n");
    Ok(table)
}

fn files_below(root: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut folders = vec![root.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in watched(&folder)? {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                files.push(entry);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn require_complete(folder: &Path) -> Result<(), Box<dyn Error>> {
    let has = |file: &str| folder.join(file).is_file();
    let mut missing: Vec<&str> = ["README.md", "settings.schema.json", "policy_test.rego"]
        .into_iter()
        .filter(|file| !has(file))
        .collect();
    if !has("policy.rego") && !has("change_set.rego") {
        missing.push("policy.rego or change_set.rego");
    }
    let cases = folder.join("cases");
    if !cases.is_dir() || fs::read_dir(cases)?.next().is_none() {
        missing.push("cases/ with at least one case");
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "policies/{} is not complete: it lacks {}",
        name(folder)?,
        missing.join(", ")
    )
    .into())
}

/// The sorted entries of `folder`, none where it does not exist; a new one builds again.
fn watched(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    // A path that is missing builds every time, until it appears.
    println!("cargo::rerun-if-changed={}", folder.display());
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut entries = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    Ok(entries)
}

fn write_file(table: &mut String, key: &str, file: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", file.display());
    let path = file.to_str().ok_or("a path is not UTF-8")?;
    writeln!(table, "    ({key:?}, include_str!({path:?})),")?;
    Ok(())
}

fn name(path: &Path) -> Result<&str, Box<dyn Error>> {
    path.file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| format!("{} has no UTF-8 name", path.display()).into())
}

const EMBEDDED: [&str; 5] = [
    "README.md",
    "change_set.rego",
    "policy.rego",
    "policy_test.rego",
    "settings.schema.json",
];
