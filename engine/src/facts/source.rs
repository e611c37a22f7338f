//! Where a range comes from: repository, base, head and the commits between them.
//! Knows nothing of what they change.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Collector, Context, Fact};
use crate::model::{GitId, Seal};

/// Where a range comes from.
#[derive(Clone, Debug, Default)]
pub struct SourceInfo {
    /// The repository's name from `verdict.repository`.
    pub repository: Option<String>,
    /// Base commit and its root tree; `None` before the first commit.
    pub base: Option<Point>,
    /// Head commit and its root tree; `None` for an index.
    pub head: Option<Point>,
    /// First to last.
    pub commits: Vec<Commit>,
}

/// A commit and its root tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The commit.
    pub commit: GitId,
    /// Its root tree.
    pub tree: GitId,
}

/// One commit of the range.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its id.
    pub id: GitId,
    /// The author's name.
    pub author_name: String,
    /// The author's address.
    pub author_email: String,
    /// Trailers of the message, by key.
    pub trailers: BTreeMap<String, Vec<String>>,
    /// What its signature is worth.
    pub signature: Seal,
}

impl SourceInfo {
    /// As policies see it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let point = |point: Option<Point>| {
            point.map(|point| json!({"commit": point.commit, "tree": point.tree}))
        };
        let commits: Vec<Value> = self
            .commits
            .iter()
            .map(|commit| {
                json!({
                    "oid": commit.id,
                    "author": {"name": commit.author_name, "email": commit.author_email},
                    "trailers": commit.trailers,
                    "signature": commit.signature,
                })
            })
            .collect();
        json!({
            "repository": self.repository,
            "base": point(self.base),
            "head": point(self.head),
            "commits": commits,
        })
    }
}

/// The collector of `source`.
pub struct SourceCollector;

impl Collector for SourceCollector {
    fn name(&self) -> &'static str {
        "source"
    }

    fn schema(&self) -> &'static str {
        "facts/source.json"
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        Fact::known(context.source.to_json())
    }
}
