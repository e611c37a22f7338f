//! The branches of a repository and of its remotes, as it last saw them. Moves none.

use super::{Error, Repository, object::git_id, text};
use crate::model::GitId;

impl Repository {
    /// Each branch, of this repository or of a remote (`origin/main`), and the commit at its head; in the order of names.
    ///
    /// # Errors
    /// The references cannot be read.
    pub fn branches(&self) -> Result<Vec<(String, GitId)>, Error> {
        let failed = |error: &git2::Error| Error::Ref {
            name: "refs".to_owned(),
            reason: text::shown(error.message()),
        };
        let mut found = Vec::new();
        for place in ["refs/heads/", "refs/remotes/"] {
            let all = self.inner.references_glob(&format!("{place}*"));
            for reference in all.map_err(|error| failed(&error))? {
                let reference = reference.map_err(|error| failed(&error))?;
                let name = String::from_utf8_lossy(reference.name_bytes());
                let name = name.strip_prefix(place).unwrap_or(&name).to_owned();
                // `origin/HEAD` names another one.
                if let Some(head) = reference.target() {
                    found.push((name, git_id(head)?));
                }
            }
        }
        found.sort();
        Ok(found)
    }
}
