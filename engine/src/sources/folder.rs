//! What a folder of the tree is to a deployer, and where paths of sources lead.
//! Reads names only.

use super::deployment::{Directory, Local, Reach};
use super::fields::{Read, Stop, shown};
use crate::git::TreeEntry;
use crate::manifest::{KUSTOMIZATIONS, Role, role_of_name};
use crate::model::{RepoPath, Span};
use crate::render::{Files, FilesError, Found, inside};

/// What renders a folder, as its files say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    /// Nothing.
    Plain,
    /// kustomize.
    Kustomization,
    /// Helm.
    Chart,
    /// Two at once.
    Both,
}

impl Looks {
    /// What a deployer that detects it takes the folder for.
    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Plain => "a plain folder",
            Self::Kustomization => "a kustomization",
            Self::Chart => "a chart",
            Self::Both => "a chart or a kustomization",
        }
    }
}

/// The folder that a path of a source names.
pub(super) fn find(files: &dyn Files, path: &str, span: Span) -> Read<RepoPath> {
    let found = resolve(files, b"", path, span)?;
    match found.1 {
        Found::Folder if found.0.as_bytes().iter().any(|byte| b"*?".contains(byte)) => {
            Err(Stop::unknown(
                span,
                format!(
                    "`{}` would be a pattern where files are told by patterns",
                    shown(path)
                ),
                "rename the folder",
            ))
        }
        Found::Folder => Ok(found.0),
        Found::Submodule(_) => Err(Stop::unknown(
            span,
            format!(
                "`{}` is a submodule: its files are in another repository",
                shown(path)
            ),
            "commit the manifests themselves",
        )),
        Found::Nothing | Found::File(_) | Found::Link(_) => Err(Stop::unknown(
            span,
            format!(
                "there is no folder `{}` in this state of the repository",
                shown(path)
            ),
            "name a folder from the root of the repository",
        )
        .within(&found.0)),
    }
}

/// All of a folder, where it is there and nobody knows what becomes of its files.
pub(super) fn reached(files: &dyn Files, path: &str) -> Result<Option<Reach>, FilesError> {
    let path = inside(b"", path.trim_start_matches('/').as_bytes());
    let found = path.map(|path| files.resolve(&RepoPath::new(path)));
    let found = match found {
        None | Some(Err(FilesError::LinkOutside { .. })) => return Ok(None),
        Some(found) => found?,
    };
    Ok(matches!(found.found, Found::Folder).then(|| {
        Reach::Otherwise(Local {
            folder: found.path,
            render: None,
            directory: Directory {
                recurse: true,
                ..Directory::default()
            },
        })
    }))
}

/// What lies at `path` as seen from the folder `from`; a leading `/` means the root of the tree. A link on the way is
/// refused: where it leads is no part of the files that are judged, and may be changed without them.
pub(super) fn resolve(
    files: &dyn Files,
    from: &[u8],
    path: &str,
    span: Span,
) -> Read<(RepoPath, Found)> {
    let (from, relative) = match path.strip_prefix('/') {
        Some(rest) => (b"".as_slice(), rest.trim_start_matches('/')),
        None => (from, path),
    };
    let lexical = inside(from, relative.as_bytes()).ok_or_else(|| outside(path, span))?;
    let named = RepoPath::new(lexical);
    match files.resolve(&named) {
        Ok(resolved) => match resolved.links.first() {
            // The way to what is not there ends before it.
            None if matches!(resolved.found, Found::Nothing) => Ok((named, Found::Nothing)),
            None => Ok((resolved.path, resolved.found)),
            Some(link) => Err(Stop::unknown(
                span,
                format!(
                    "`{}` leads through the symbolic link `{}`",
                    shown(path),
                    link.path
                ),
                "name what the link leads to",
            )),
        },
        Err(FilesError::LinkOutside { .. }) => Err(outside(path, span)),
        Err(error) => Err(error.into()),
    }
}

/// What the files directly in a folder say of it.
pub(super) fn looks(files: &dyn Files, folder: &RepoPath) -> Result<Looks, FilesError> {
    let mut looks = Looks::Plain;
    for name in KUSTOMIZATIONS.into_iter().chain(["Chart.yaml"]) {
        let path = folder.child(name);
        let found = files.at(&path)?;
        if !matches!(found, Found::File(_) | Found::Link(_)) {
            continue;
        }
        let one = match role_of_name(&path) {
            Some(Role::HelmChart) => Looks::Chart,
            _ => Looks::Kustomization,
        };
        looks = match looks {
            Looks::Plain => one,
            same if same == one => same,
            _ => Looks::Both,
        };
    }
    Ok(looks)
}

/// What would have Argo CD detect another tool than the folder is for, in words; `entries` are the files below the folder.
/// It looks at how names end, and does not ask whether they are those of files.
pub(super) fn misleads(folder: &RepoPath, entries: &[TreeEntry]) -> Option<String> {
    let depth = match folder.as_bytes() {
        b"" => 0,
        path => path.len() + 1,
    };
    let misleading = entries.iter().find_map(|entry| {
        let rest = entry.path.as_bytes().get(depth..).unwrap_or_default();
        let name = rest.split(|byte| *byte == b'/').next().unwrap_or_default();
        let is_here = name.len() == rest.len() && !entry.is_submodule();
        let is_kustomization = KUSTOMIZATIONS.iter().any(|known| known.as_bytes() == name);
        let is_chart = name.ends_with(b"Chart.yaml");
        let is_named_so =
            is_chart && name != b"Chart.yaml" || !is_here && (is_chart || is_kustomization);
        is_named_so.then(|| folder.child(name))
    })?;
    Some(format!(
        "`{misleading}` makes Argo CD take `{folder}` for something else than it is"
    ))
}

fn outside(path: &str, span: Span) -> Stop {
    Stop::unknown(
        span,
        format!("`{}` leads out of the repository", shown(path)),
        "name a path inside of the repository",
    )
}
