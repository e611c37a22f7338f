//! The index of blobs: whatever becomes of its file, the answer is the same.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;

fn served() -> (Repo, GitId) {
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG)
        .write("prod/odoo.yaml", deployment("odoo", ""))
        .write("prod/limits.yaml", limit_range("shop"))
        .write("prod/a.yaml", config_map("a", "1"));
    let base = repo.commit("served");
    repo.remove("prod/limits.yaml").commit("no defaults");
    (repo, base)
}

fn file(repo: &Repo) -> PathBuf {
    repo.path().join(".git/tidegate/index")
}

#[test]
fn a_warm_index_gives_the_cold_answer() {
    let (repo, base) = served();
    assert!(!file(&repo).exists());
    let cold = json_of(&check(&repo, base));
    let kept = fs::read(file(&repo)).unwrap();
    assert!(cold.contains("resources.missing-memory-limit"));
    assert_eq!(json_of(&check(&repo, base)), cold);
    assert_eq!(fs::read(file(&repo)).unwrap(), kept);
}

#[test]
fn an_index_that_does_not_hold_is_ignored_and_mended() {
    let (repo, base) = served();
    let cold = json_of(&check(&repo, base));
    let kept = fs::read_to_string(file(&repo)).unwrap();
    // The record of the Deployment's blob says that it holds nothing.
    let blob = repo.git(&["rev-parse", "HEAD:prod/odoo.yaml"]);
    let line = kept.lines().find(|line| line.starts_with(&blob)).unwrap();
    let emptied = kept.replace(line, &format!("{blob} []"));
    assert_ne!(emptied, kept);
    let longer = "x".repeat(10_000);
    for bad in [
        "",
        "\n",
        "nonsense",
        &emptied,
        &kept[..kept.len() / 2],
        &kept[..kept.len() - 1],
        &kept.replace("blob index 1", "blob index 2"),
        &format!("{kept}\n"),
        &format!("{kept}{longer}"),
    ] {
        fs::write(file(&repo), bad).unwrap();
        assert_eq!(json_of(&check(&repo, base)), cold, "{bad}");
        assert_eq!(fs::read_to_string(file(&repo)).unwrap(), kept, "{bad}");
    }
    fs::write(file(&repo), [0xff, 0xfe, 0x00]).unwrap();
    assert_eq!(json_of(&check(&repo, base)), cold);
}

#[test]
fn an_index_that_cannot_be_written_is_no_error() {
    let (repo, base) = served();
    let cold = json_of(&check(&repo, base));
    let folder = repo.path().join(".git/tidegate");
    fs::remove_dir_all(&folder).unwrap();
    // A file where the folder should be, a folder where the file should be, a link to nowhere.
    fs::write(&folder, "").unwrap();
    assert_eq!(json_of(&check(&repo, base)), cold);
    fs::remove_file(&folder).unwrap();
    fs::create_dir_all(folder.join("index")).unwrap();
    assert_eq!(json_of(&check(&repo, base)), cold);
    assert_eq!(
        fs::read_dir(&folder).unwrap().count(),
        1,
        "nothing is left behind"
    );
    fs::remove_dir_all(&folder).unwrap();
    symlink(repo.beside("no/where"), &folder).unwrap();
    assert_eq!(json_of(&check(&repo, base)), cold);
}

#[test]
fn a_broken_neighbour_counts_where_it_lies_whatever_is_kept() {
    for (namespace, exit) in [("far", Exit::Denied), ("shop", Exit::Unjudged)] {
        let (repo, _) = served();
        let broken = limit_range(namespace).replace("spec:", "spec:\n  limits: 1");
        repo.write("prod/broken.yaml", broken);
        let base = repo.commit("a key that stands twice");
        repo.write(
            "prod/odoo.yaml",
            deployment("odoo", "").replace("replicas: 4", "replicas: 5"),
        );
        repo.write("prod/b.yaml", deployment("b", ""));
        repo.commit("more");
        let cold = check(&repo, base);
        assert_eq!(cold.exit, exit, "{}", json_of(&cold));
        assert_eq!(json_of(&check(&repo, base)), json_of(&cold));
        // Now the index knows that the file does not parse.
        assert_eq!(check_all(&repo, base).exit, Exit::Unjudged);
        assert_eq!(json_of(&check(&repo, base)), json_of(&cold));
    }
}
