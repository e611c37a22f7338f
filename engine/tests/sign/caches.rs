//! What is kept between runs is forged, checksums and all: nothing that is signed reads it.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::Path;

use tidegate::model::Digest;

use super::world::{APP, World};

#[test]
fn forged_caches_change_no_byte_that_is_signed() {
    let signed = |forged: bool| {
        let world = World::started();
        world.label(APP, "a", "b");
        world.drop_limit();
        if forged {
            fill(&world);
            forge_answers(&world);
            forge_index(&world);
        }
        let told = world.sign("prod", Some("web"));
        (told, files(&world.verdicts()))
    };
    let (told, clean) = signed(false);
    assert!(told.contains("fail resources."), "{told}");
    assert_eq!(signed(true), (told, clean));
}

#[test]
fn what_a_forged_cache_hides_from_a_check_is_no_pass_for_a_signer() {
    let world = World::new();
    let (key, store) = (world.key_file(), world.store_name());
    let with = ["--env", "prod", "--key-file", &key, "--verdicts", &store];
    let (exit, _, said) = world.run(&[&["baseline"], &with[..]].concat());
    assert_eq!(exit, 0, "{said}");
    world.drop_limit();
    let check = ["check", "HEAD~1..HEAD", "--env", "prod"];
    assert_eq!(world.run(&check).0, 1);
    forge_answers(&world);
    assert_eq!(world.run(&check).0, 0, "it is not forged well enough");
    forge_index(&world);
    let (exit, out, said) = world.run(&[&["sign"], &with[..]].concat());
    assert_eq!(exit, 1, "{out}{said}");
    assert!(
        out.contains("resources.missing-memory-limit"),
        "{out}{said}"
    );
}

/// Fills the caches by a check.
fn fill(world: &World) {
    let (exit, _, said) = world.run(&["check", "HEAD~1..HEAD", "--env", "prod"]);
    assert_eq!(exit, 1, "{said}");
}

/// Each file is said to hold nothing.
fn forge_index(world: &World) {
    let index = world.repo.path().join(".git/tidegate/index");
    let text = fs::read_to_string(&index).unwrap();
    let (body, _) = text.rsplit_once('\n').unwrap();
    let (header, lines) = body.split_once('\n').unwrap();
    let emptied = lines.lines().map(|line| {
        let id = line.split(' ').next().unwrap();
        format!("{id} []")
    });
    let body = format!("{header}\n{}", emptied.collect::<Vec<_>>().join("\n"));
    let mut hasher = DefaultHasher::new();
    hasher.write(body.as_bytes());
    fs::write(&index, format!("{body}\n{:016x}", hasher.finish())).unwrap();
}

/// Policies are said to have objected to nothing.
fn forge_answers(world: &World) {
    let answers = world.repo.beside("home/.cache/tidegate/answers");
    let text = fs::read_to_string(&answers).unwrap();
    let (header, lines) = text.split_once('\n').unwrap();
    let emptied = lines.lines().map(|line| {
        let question = line.split(' ').next().unwrap();
        let nothing = r#"{"findings":[],"reasons":[]}"#;
        let check = Digest::of(format!("{question} {nothing}").as_bytes());
        match line.contains("missing-memory-limit") {
            true => format!("{question} {check} {nothing}"),
            false => line.to_owned(),
        }
    });
    let emptied = emptied.collect::<Vec<_>>().join("\n");
    fs::write(&answers, format!("{header}\n{emptied}")).unwrap();
}

pub(super) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}
