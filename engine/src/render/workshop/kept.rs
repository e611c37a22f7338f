//! What is kept of a rendering for the next run, and read again.
//! Nothing that holds a secret value is ever kept.

use serde::{Deserialize, Serialize};

use super::super::{Origin, RemoteBase, Rendered};
use crate::manifest::{self, Limits, secrets};
use crate::model::{RepoPath, limits};

#[derive(Deserialize, Serialize)]
struct Kept {
    text: String,
    origins: Vec<KeptOrigin>,
    tool: String,
    version: String,
}

#[derive(Deserialize, Serialize)]
struct KeptOrigin {
    file: Option<String>,
    changed_by: Vec<String>,
    base: Option<(String, usize, String)>,
}

/// The bytes to keep; none where something is secret, or cannot be written down.
pub(super) fn written(rendered: &Rendered) -> Option<Vec<u8>> {
    if holds_secrets(&rendered.text) {
        return None;
    }
    let name = |path: &RepoPath| path.as_str().map(str::to_owned);
    let origin = |origin: &Origin| -> Option<KeptOrigin> {
        Some(KeptOrigin {
            file: match &origin.file {
                Some(path) => Some(name(path)?),
                None => None,
            },
            changed_by: origin.changed_by.iter().map(name).collect::<Option<_>>()?,
            base: match &origin.base {
                Some(base) => Some((name(&base.file)?, base.line, base.address.clone())),
                None => None,
            },
        })
    };
    let kept = Kept {
        text: rendered.text.clone(),
        origins: rendered.origins.iter().map(origin).collect::<Option<_>>()?,
        tool: rendered.tool.clone(),
        version: rendered.version.clone(),
    };
    serde_json::to_vec(&kept).ok()
}

/// What was kept; none where it is not what this version keeps.
pub(super) fn read(bytes: &[u8]) -> Option<Rendered> {
    let kept: Kept = serde_json::from_slice(bytes).ok()?;
    let path = |name: String| RepoPath::from(name.as_str());
    let origins = kept.origins.into_iter().map(|origin| Origin {
        file: origin.file.map(path),
        changed_by: origin.changed_by.into_iter().map(path).collect(),
        base: origin.base.map(|(file, line, address)| RemoteBase {
            file: path(file),
            line,
            address,
        }),
    });
    Some(Rendered {
        origins: origins.collect(),
        text: kept.text,
        tool: kept.tool,
        version: kept.version,
    })
}

/// Whether something in it must not be seen; what cannot be read may be anything.
fn holds_secrets(text: &str) -> bool {
    let wide = Limits {
        file_bytes: limits::RENDER_OUTPUT.most,
        documents: limits::RENDER_OUTPUT.most,
        ..Limits::DEFAULT
    };
    let file = manifest::read_within(&RepoPath::from("rendered.yaml"), text.as_bytes(), &wide);
    file.map_or(true, |file| {
        !secrets::secrets_of(&file.objects, &file.text)
            .spans()
            .is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> Rendered {
        Rendered {
            text: text.to_owned(),
            origins: vec![Origin {
                file: Some("base/x.yaml".into()),
                changed_by: vec!["prod/kustomization.yaml".into()],
                base: Some(RemoteBase {
                    file: "prod/kustomization.yaml".into(),
                    line: 3,
                    address: "git::https://git.example/a/b".to_owned(),
                }),
            }],
            tool: "kustomize".to_owned(),
            version: "v5.7.1".to_owned(),
        }
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let rendered = rendered("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n");
        let bytes = written(&rendered).unwrap();
        assert_eq!(read(&bytes), Some(rendered));
        assert_eq!(read(b"{}"), None);
    }

    #[test]
    fn nothing_secret_is_kept() {
        for text in [
            "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {password: hunter2}}",
            "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, env: [{name: DB_PASSWORD, value: hunter2}]}]}}",
            "{apiVersion: v1, kind: [",
        ] {
            assert!(written(&rendered(text)).is_none(), "{text}");
        }
    }
}
