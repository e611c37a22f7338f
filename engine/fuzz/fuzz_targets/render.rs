//! Kustomizations and charts, and archives in charts: what decides a rendering is found or refused, in the tree alone.
#![no_main]

use std::cell::Cell;
use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use tidegate::git::TreeEntry;
use tidegate::model::{GitId, RepoPath};
use tidegate::render::{Deployer, Files, FilesError, Found, Helm, Kustomize, Rendering, Tool};

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    let (tool, files) = match kind {
        b'k' => (kustomize(), Memory::of(rest, &KUSTOMIZATION)),
        b'c' => (helm(), Memory::of(rest, &CHART)),
        b'a' => (helm(), Memory::chart_with(rest.to_vec())),
        b't' => (helm(), Memory::chart_with(packed(rest))),
        _ => return,
    };
    for deployer in [Deployer::ArgoCd, Deployer::Flux] {
        let rendering = Rendering {
            folder: RepoPath::from("app"),
            deployer,
            tool: tool.clone(),
        };
        let Ok(closure) = tidegate::render::closure(&files, &rendering) else {
            continue;
        };
        for entry in closure.files() {
            assert!(files.files.contains_key(&entry.path), "{}", entry.path);
            assert_eq!(entry.id, id(&entry.path), "{}", entry.path);
        }
        let again = tidegate::render::closure(&files, &rendering).expect("as before");
        assert_eq!(again.digest(), closure.digest());
    }
    // It ends, and does not walk the same few files again and again.
    assert!(files.asked.get() < 1_000_000, "{}", files.asked.get());
});

fn kustomize() -> Tool {
    Tool::Kustomize(Kustomize::default())
}

fn helm() -> Tool {
    Tool::Helm(Helm {
        release: "web".to_owned(),
        ..Helm::default()
    })
}

/// A few files.
#[derive(Default)]
struct Memory {
    files: BTreeMap<RepoPath, Vec<u8>>,
    asked: Cell<usize>,
}

impl Memory {
    /// Texts between zero bytes, in files of these names.
    fn of(bytes: &[u8], names: &[&str]) -> Self {
        let texts = bytes.split(|byte| *byte == 0);
        let files = names.iter().zip(texts);
        Self {
            files: files
                .map(|(name, text)| (RepoPath::from(*name), text.to_vec()))
                .collect(),
            asked: Cell::new(0),
        }
    }

    /// A chart that holds another one in an archive.
    fn chart_with(archive: Vec<u8>) -> Self {
        let mut files = Self::of(
            b"apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies: [{name: db, version: 1.0.0}]\n\0a: {}\n",
            &["app/Chart.yaml", "app/templates/a.yaml"],
        );
        files
            .files
            .insert("app/charts/db-1.0.0.tgz".into(), archive);
        files
    }

    fn is_inside(path: &RepoPath) -> bool {
        let steps = path.as_bytes().split(|byte| *byte == b'/');
        path.as_bytes().is_empty()
            || steps
                .into_iter()
                .all(|step| !matches!(step, b"" | b"." | b".."))
    }
}

impl Files for Memory {
    fn at(&self, path: &RepoPath) -> Result<Found, FilesError> {
        assert!(Self::is_inside(path), "{path}");
        self.asked.set(self.asked.get() + 1);
        if let Some(content) = self.files.get(path) {
            let entry = entry(path);
            // What begins so is a link to what follows.
            return Ok(match content.first() {
                Some(b'@') => Found::Link(TreeEntry {
                    mode: 0o120_000,
                    ..entry
                }),
                _ => Found::File(entry),
            });
        }
        let below = [path.as_bytes(), b"/"].concat();
        let mut paths = self.files.keys();
        let is_folder =
            path.as_bytes().is_empty() || paths.any(|path| path.as_bytes().starts_with(&below));
        Ok(if is_folder {
            Found::Folder
        } else {
            Found::Nothing
        })
    }

    fn below(&self, folder: &RepoPath) -> Result<Vec<TreeEntry>, FilesError> {
        assert!(Self::is_inside(folder), "{folder}");
        self.asked.set(self.asked.get() + 1);
        let below = [folder.as_bytes(), b"/"].concat();
        let all = folder.as_bytes().is_empty();
        let paths = self.files.keys();
        let paths = paths.filter(|path| all || path.as_bytes().starts_with(&below));
        Ok(paths.map(entry).collect())
    }

    fn content(&self, entry: &TreeEntry) -> Result<Vec<u8>, FilesError> {
        let content = self.files.get(&entry.path).expect("a file that was found");
        let link = (entry.mode == 0o120_000)
            .then(|| content.get(1..))
            .flatten();
        Ok(link.unwrap_or(content).to_vec())
    }
}

fn entry(path: &RepoPath) -> TreeEntry {
    TreeEntry {
        path: path.clone(),
        mode: 0o100_644,
        id: id(path),
    }
}

/// Another one for each path.
fn id(path: &RepoPath) -> GitId {
    let mut id = [0; 20];
    for (at, byte) in path.as_bytes().iter().enumerate() {
        id[at % 20] ^= byte.rotate_left(at as u32 % 7);
    }
    GitId::from_bytes(id)
}

/// A gzip file of blocks that are not compressed, with its checksum.
fn packed(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = content.chunks(0xffff).peekable();
    if blocks.peek().is_none() {
        bytes.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        bytes.push(u8::from(blocks.peek().is_none()));
        bytes.extend(length.to_le_bytes());
        bytes.extend((!length).to_le_bytes());
        bytes.extend(block);
    }
    let mut sum = u32::MAX;
    for byte in content {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg());
        }
    }
    bytes.extend((!sum).to_le_bytes());
    bytes.extend((content.len() as u32).to_le_bytes());
    bytes
}

const KUSTOMIZATION: [&str; 6] = [
    "app/kustomization.yaml",
    "base/kustomization.yaml",
    "base/a.yaml",
    "app/patch.yaml",
    "app/values.env",
    "up",
];

const CHART: [&str; 7] = [
    "app/Chart.yaml",
    "app/values.yaml",
    "app/templates/a.yaml",
    "app/templates/_b.tpl",
    "app/charts/db/Chart.yaml",
    "app/charts/db/templates/a.yaml",
    "app/.helmignore",
];
