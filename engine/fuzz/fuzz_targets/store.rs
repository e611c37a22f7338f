//! A folder of verdicts that anybody may have filled: it is read or refused, each file with the bytes that it has, and
//! nothing is taken from elsewhere.
#![no_main]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use libfuzzer_sys::fuzz_target;
use tidegate::attest::UnitId;
use tidegate::model::Digest;
use tidegate::store::{FolderStore, Store, StoredFile};

fuzz_target!(|bytes: &[u8]| {
    let root = std::env::temp_dir().join(format!("store-{}", std::process::id()));
    let files = written(&root, bytes);
    let store = FolderStore::new(&root);
    let unit = UnitId::new("prod", "web").expect("two names");
    if let Ok(links) = store.links(&unit) {
        let heights = links.iter().filter_map(StoredFile::height);
        let heights: Vec<u64> = heights.collect();
        let folder = Path::new("links/prod/web");
        check(links, folder, &files);
        for height in heights {
            let path = folder.join(format!("{height}.json"));
            assert!(root.join(path).symlink_metadata().is_ok(), "{height}");
        }
    }
    if let Ok(reports) = store.reports(&unit) {
        check(reports, Path::new("reports/prod/web"), &files);
    }
    let link = Digest::of(b"a link");
    if let Ok(renewals) = store.renewals(link) {
        check(renewals, Path::new("renewals"), &files);
    }
    if let Ok(withdrawals) = store.withdrawals() {
        check(withdrawals, Path::new("withdrawals"), &files);
    }
    for unit in store.units().unwrap_or_default() {
        drop(store.links(&unit));
    }
    fs::remove_dir_all(&root).ok();
});

/// What was read lies in the folder, and holds what was put there.
fn check(found: Vec<StoredFile>, folder: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) {
    for file in found {
        assert!(!file.name.contains('/'), "{}", file.name);
        let Ok(content) = file.content else { continue };
        let here = files.iter().filter(|(path, _)| path.starts_with(folder));
        let mut named = here.filter(|(path, _)| path.ends_with(&file.name));
        assert!(
            named.any(|(_, written)| *written == content),
            "{} of {}",
            file.name,
            file.place
        );
    }
}

/// Texts between zero bytes, in turn a path and what the file holds; a path that ends in `@` is a link to that.
fn written(root: &Path, bytes: &[u8]) -> BTreeMap<PathBuf, Vec<u8>> {
    fs::create_dir_all(root).expect("a folder");
    let mut files = BTreeMap::new();
    let mut parts = bytes.split(|byte| *byte == 0);
    while let (Some(path), Some(content)) = (parts.next(), parts.next()) {
        let Some(path) = place(path) else { continue };
        let (name, is_link) = match path.strip_suffix('@') {
            Some(name) => (name, true),
            None => (path.as_str(), false),
        };
        let whole = root.join(name);
        // Where a folder or a file is in the way there is none.
        let made = whole.parent().map(fs::create_dir_all);
        if made.is_none_or(|made| made.is_err()) || whole.symlink_metadata().is_ok() {
            continue;
        }
        if is_link {
            let target = String::from_utf8_lossy(content).into_owned();
            std::os::unix::fs::symlink(target, whole).ok();
        } else if fs::write(&whole, content).is_ok() {
            files.insert(PathBuf::from(name), content.to_vec());
        }
    }
    files
}

/// A path below the folder; `u`, `r`, `n` and `w` stand for where the store looks.
fn place(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = match text.split_at_checked(1)? {
        ("u", rest) => format!("links/prod/web{rest}"),
        ("r", rest) => format!("reports/prod/web{rest}"),
        ("n", rest) => format!("renewals/{}{rest}", Digest::of(b"a link")),
        ("w", rest) => format!("withdrawals{rest}"),
        _ => text.to_owned(),
    };
    let inside = text.len() < 200 && text.split('/').all(|step| !matches!(step, "" | "." | ".."));
    inside.then_some(text)
}
