//! What an API server holds of an installation, as files of a tree. Reads by GET alone, and judges nothing.

use serde_json::{Map, Value, json};

use crate::cli::cluster::{Cluster, ClusterError};
use crate::doctor::{File, Tree};
use crate::model::{RepoPath, limits};

/// Everything that `doctor` looks at, in a tree that is called so.
pub(super) fn tree(cluster: &Cluster) -> Result<Tree, ClusterError> {
    let mut reading = Reading {
        cluster,
        left: limits::CLUSTER.most,
        files: Vec::new(),
    };
    let mut known = Vec::new();
    for (group, kinds) in GROUPS {
        let Some(version) = reading.version(group)? else {
            continue;
        };
        known.push(group);
        for (kind, plural) in kinds {
            let path = format!("apis/{group}/{version}/{plural}");
            reading.list(&path, &format!("{group}/{version}"), kind)?;
        }
    }
    if !known.contains(&ARGO_CD) && !known.contains(&FLUX) {
        return Err(ClusterError::NoDeployer);
    }
    for namespace in reading.namespaces() {
        for name in ["argocd-cm", "argocd-rbac-cm"] {
            reading.one(&format!("api/v1/namespaces/{namespace}/configmaps/{name}"))?;
        }
    }
    Ok(Tree {
        name: NAME.to_owned(),
        is_live: true,
        urls: Vec::new(),
        branches: Vec::new(),
        files: reading.files,
    })
}

struct Reading<'c> {
    cluster: &'c Cluster,
    /// Bytes that may still come.
    left: usize,
    files: Vec<File>,
}

impl Reading<'_> {
    /// The version in which the API server likes to tell of a group; nothing where it does not know it.
    fn version(&mut self, group: &str) -> Result<Option<String>, ClusterError> {
        let path = format!("apis/{group}");
        let Some(found) = self.get(&path, &path)? else {
            return Ok(None);
        };
        let version = found
            .pointer("/preferredVersion/version")
            .and_then(Value::as_str);
        let plain = |version: &&str| version.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match version.filter(plain) {
            Some(version) => Ok(Some(version.to_owned())),
            None => Err(ClusterError::NotRead { what: path }),
        }
    }

    /// Every object of a kind, page by page; none where the API server does not know it.
    fn list(&mut self, path: &str, version: &str, kind: &str) -> Result<(), ClusterError> {
        let mut next = String::new();
        loop {
            let Some(mut page) = self.get(&format!("{path}?limit=500{next}"), path)? else {
                return Ok(());
            };
            let token = page.pointer("/metadata/continue").and_then(Value::as_str);
            let token = token.unwrap_or_default().to_owned();
            if let Some(Value::Array(items)) = page.get_mut("items").map(Value::take) {
                for mut item in items {
                    if let Some(object) = item.as_object_mut() {
                        object.insert("apiVersion".to_owned(), json!(version));
                        object.insert("kind".to_owned(), json!(kind));
                    }
                    self.keep(item);
                }
            }
            if token.is_empty() {
                return Ok(());
            }
            let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~=%".contains(&byte);
            if !token.bytes().all(safe) {
                return Err(ClusterError::NotRead {
                    what: path.to_owned(),
                });
            }
            next = format!("&continue={}", token.replace('=', "%3D"));
        }
    }

    fn one(&mut self, path: &str) -> Result<(), ClusterError> {
        if let Some(object) = self.get(path, path)? {
            self.keep(object);
        }
        Ok(())
    }

    fn get(&mut self, path: &str, what: &str) -> Result<Option<Value>, ClusterError> {
        let Some(text) = self.cluster.get(path, what, self.left)? else {
            return Ok(None);
        };
        spend(&mut self.left, text.len())?;
        let read = serde_json::from_str(&text);
        let value: Value = read.map_err(|_| ClusterError::NotRead {
            what: what.to_owned(),
        })?;
        Ok(Some(value))
    }

    /// An object as a file, whose name says what it is. Of its past is kept how the last sync went.
    fn keep(&mut self, mut object: Value) {
        if let Some(fields) = object.as_object_mut() {
            fields.remove("operation");
            let status = fields.remove("status");
            let last = status.as_ref().and_then(last_sync);
            fields.extend(last.map(|last| ("status".to_owned(), last)));
        }
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        let text = |pointer: &str| {
            let text = object.pointer(pointer).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let parts = [
            text("/kind"),
            text("/metadata/namespace"),
            text("/metadata/name"),
        ];
        let parts = parts.iter().filter(|part| !part.is_empty());
        let path = parts.map(String::as_str).collect::<Vec<_>>().join("/");
        self.files.push(File {
            path: RepoPath::from(&*format!("{path}.json")),
            bytes: object.to_string().into_bytes(),
        });
    }

    /// Where Argo CD runs: where its projects are.
    fn namespaces(&self) -> Vec<String> {
        let projects = self.files.iter().filter_map(|file| {
            let path = file.path.as_str()?.strip_prefix("AppProject/")?;
            Some(path.split_once('/')?.0.to_owned())
        });
        let mut namespaces: Vec<String> = projects.collect();
        namespaces.sort();
        namespaces.dedup();
        namespaces
    }
}

/// Of the status of an Application: whether it is what it should be, with which commit, and what its last sync ran
/// beside the objects.
fn last_sync(status: &Value) -> Option<Value> {
    let some = |from: &Value, keys: &[&str]| -> Map<String, Value> {
        let found = keys
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), from.get(key)?.clone())));
        found.collect()
    };
    let mut kept = Map::new();
    let revisions = ["status", "revision", "revisions"];
    kept.insert(
        "sync".to_owned(),
        some(status.get("sync")?, &revisions).into(),
    );
    if let Some(last) = status.get("operationState") {
        let result = last.get("syncResult").cloned().unwrap_or_default();
        let mut short = some(&result, &revisions);
        let all = result.get("resources").and_then(Value::as_array);
        let hooks = all
            .into_iter()
            .flatten()
            .filter(|it| it.get("hookType").is_some());
        let hooks =
            hooks.map(|it| Value::from(some(it, &["kind", "name", "hookType", "hookPhase"])));
        short.insert("resources".to_owned(), hooks.collect());
        let asked = |pointer: &str, key: &str| {
            Value::from(
                last.pointer(pointer)
                    .map_or_else(Map::new, |at| some(at, &[key])),
            )
        };
        let operation = json!({
            "initiatedBy": asked("/operation/initiatedBy", "automated"),
            "sync": asked("/operation/sync", "resources"),
        });
        let mut last = some(last, &["phase"]);
        last.insert("operation".to_owned(), operation);
        last.insert("syncResult".to_owned(), short.into());
        kept.insert("operationState".to_owned(), last.into());
    }
    Some(kept.into())
}

/// Counts an answer. Pages without end would be as bad as one without end.
fn spend(left: &mut usize, length: usize) -> Result<(), ClusterError> {
    *left = left
        .checked_sub(length.max(PAGE))
        .ok_or(ClusterError::Large)?;
    Ok(())
}

const NAME: &str = "cluster";
const PAGE: usize = 64 << 10;
/// Groups, their kinds, and what the API server calls these in an address. Projects come first: they say where Argo CD is.
const GROUPS: [(&str, &[(&str, &str)]); 5] = [
    (
        ARGO_CD,
        &[
            ("AppProject", "appprojects"),
            ("Application", "applications"),
            ("ApplicationSet", "applicationsets"),
        ],
    ),
    (
        "admissionregistration.k8s.io",
        &[
            ("ValidatingAdmissionPolicy", "validatingadmissionpolicies"),
            (
                "ValidatingAdmissionPolicyBinding",
                "validatingadmissionpolicybindings",
            ),
        ],
    ),
    (
        "rbac.authorization.k8s.io",
        &[
            ("ClusterRole", "clusterroles"),
            ("ClusterRoleBinding", "clusterrolebindings"),
            ("Role", "roles"),
            ("RoleBinding", "rolebindings"),
        ],
    ),
    (FLUX, &[("Kustomization", "kustomizations")]),
    (
        "source.toolkit.fluxcd.io",
        &[("GitRepository", "gitrepositories")],
    ),
];
const ARGO_CD: &str = "argoproj.io";
const FLUX: &str = "kustomize.toolkit.fluxcd.io";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    /// How much of a limit is left after answers of these lengths.
    fn spent(lengths: &[usize]) -> Result<usize, ClusterError> {
        let mut left = limits::CLUSTER.most;
        for length in lengths {
            spend(&mut left, *length)?;
        }
        Ok(left)
    }

    #[test]
    fn what_a_cluster_says_is_read_up_to_the_limit() {
        let most = limits::CLUSTER.most;
        assert_eq!(spent(&[most]).unwrap(), 0);
        assert_eq!(spent(&[most / 2, most / 2]).unwrap(), 0);
        for beyond in [&[most + 1][..], &[10 * most], &[most, 0], &[0; 1025]] {
            assert_eq!(code_of(&spent(beyond).unwrap_err()), "cluster.large");
        }
        assert_eq!(spent(&[0; 1024]).unwrap(), 0);
    }
}
