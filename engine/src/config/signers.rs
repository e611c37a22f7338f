//! The files that the section `images` names: keys of those who sign images, and trust roots. They are files of the gate.
//! Knows neither keys nor signatures.

use std::collections::{BTreeMap, BTreeSet};

use super::Config;
use super::check::{items, text};
use crate::manifest::Node;
use crate::model::RepoPath;

/// The files of those who sign images, as far as they are read.
#[derive(Clone, Debug, Default)]
pub(super) struct SignerFiles {
    named: BTreeSet<String>,
    read: Option<BTreeMap<RepoPath, Vec<u8>>>,
}

impl SignerFiles {
    /// Those that a configuration names. What has not the right shape is left out: that is told elsewhere.
    pub(super) fn of(root: &Node) -> Self {
        let authorities = root.get("images").and_then(|it| it.get("authorities"));
        let places = |authority: &Node| {
            let named = PLACES.iter().filter_map(|(within, key)| {
                let (_, path) = text(authority.get(within)?, key)?;
                Some(path.to_owned())
            });
            let (within, key) = LISTS;
            let lists = authority.get(within).and_then(|it| it.get(key));
            let lists = items(lists).iter().filter_map(Node::as_str);
            named.chain(lists.map(str::to_owned)).collect::<Vec<_>>()
        };
        Self {
            named: items(authorities).iter().flat_map(places).collect(),
            read: None,
        }
    }

    pub(super) fn named(&self) -> impl Iterator<Item = &String> {
        self.named.iter()
    }
}

impl Config {
    /// The files that hold keys and trust roots of those who sign images, each once.
    #[must_use]
    pub fn signer_files(&self) -> Vec<RepoPath> {
        let named = self.signers.named();
        named.map(|path| RepoPath::from(path.as_str())).collect()
    }

    /// Takes what [`Config::signer_files`] names, as far as it is there.
    pub fn read_signers(&mut self, files: BTreeMap<RepoPath, Vec<u8>>) {
        self.signers.read = Some(files);
    }

    /// What was read of [`Config::signer_files`]; `None` where nobody has read them.
    #[must_use]
    pub fn signers(&self) -> Option<&BTreeMap<RepoPath, Vec<u8>>> {
        self.signers.read.as_ref()
    }
}

/// Where files are named within an authority.
const PLACES: [(&str, &str); 5] = [
    ("key", "file"),
    ("key", "log"),
    ("keyless", "root"),
    ("notation", "certificates"),
    ("notation", "timestamp-certificates"),
];
/// Where several are.
const LISTS: (&str, &str) = ("notation", "revocation-lists");
