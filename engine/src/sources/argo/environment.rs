//! The variables that Argo CD replaces in options: those that are the same at each commit.
//! Whatever else begins with a dollar makes the source unknown.
//!
//! Source: Argo CD, "Build Environment" in its user guide.

use crate::manifest::Node;
use crate::model::Span;
use crate::sources::deployment::Deployment;
use crate::sources::fields::{Read, Stop, shown};

/// The values of one source.
pub(super) struct Variables {
    /// `None` where only the cluster knows.
    values: Vec<(&'static str, Option<String>)>,
}

impl Variables {
    pub(super) fn new(deployment: &Deployment, source: &Node) -> Self {
        let of_source = |key: &str| {
            let text = source.get(key).and_then(Node::as_str);
            Some(text.unwrap_or_default().to_owned())
        };
        // Where Applications may stand in any namespace, their namespace becomes part of the name.
        let usual = matches!(deployment.namespace.as_deref(), None | Some("argocd"));
        let project = deployment.project.clone();
        Self {
            values: vec![
                ("ARGOCD_APP_NAME", usual.then(|| deployment.name.clone())),
                ("ARGOCD_APP_NAMESPACE", deployment.target_namespace.clone()),
                (
                    "ARGOCD_APP_PROJECT_NAME",
                    project.or_else(|| Some("default".to_owned())),
                ),
                ("ARGOCD_APP_SOURCE_REPO_URL", of_source("repoURL")),
                ("ARGOCD_APP_SOURCE_PATH", of_source("path")),
                (
                    "ARGOCD_APP_SOURCE_TARGET_REVISION",
                    of_source("targetRevision"),
                ),
            ],
        }
    }

    /// `text` with its variables replaced: `$NAME`, `${NAME}`, and `$$` for a dollar.
    pub(super) fn replace(&self, text: &str, span: Span) -> Read<String> {
        let mut replaced = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            replaced.push_str(before);
            if let Some(after) = after.strip_prefix('$') {
                replaced.push('$');
                rest = after;
                continue;
            }
            let (name, behind) = name(after).ok_or_else(|| unknown(text, span))?;
            let value = self.values.iter().find(|(known, _)| *known == name);
            let value = value.and_then(|(_, value)| value.as_deref());
            replaced.push_str(value.ok_or_else(|| unknown(text, span))?);
            rest = behind;
        }
        replaced.push_str(rest);
        Ok(replaced)
    }
}

/// The name behind a dollar, and what follows it.
fn name(after: &str) -> Option<(&str, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match after.strip_prefix('{') {
        Some(braced) => braced.split_once('}'),
        None => {
            let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
            (end > 0).then(|| after.split_at(end))
        }
    }
}

fn unknown(text: &str, span: Span) -> Stop {
    Stop::unknown(
        span,
        format!(
            "Argo CD replaces variables in `{}`, and not all of them are known here",
            shown(text)
        ),
        "write the value itself; what depends on the revision is another thing at each commit",
    )
}
