//! The `GitRepository` that `flux bootstrap` makes, where none of the files that an environment looks into declares it:
//! it is this repository unless a file of the tree says something else of it.

use super::described;
use super::origin::{FLUX, GROUP, Origin, as_applied, git, told};
use crate::manifest::{Node, is_manifest_name};
use crate::model::{RepoPath, Span, mentions};
use crate::sources::deployment::Deployment;
use crate::sources::fields::{Read, Stop};
use crate::sources::flux::ignored::ignored;
use crate::sources::known::Declared;
use crate::sources::objects::{objects, objects_listed};
use crate::sources::{Context, Tree};

/// Where it comes from, for the `sourceRef` of a deployment.
pub(super) fn origin(
    reference: &Node,
    deployment: &mut Deployment,
    cx: &Context<'_>,
) -> Read<Origin> {
    let object = described("GitRepository", Some(FLUX), FLUX);
    let mut said: Option<Vec<String>> = None;
    for one in declared(reference.span, cx.tree)? {
        as_applied(one, reference, &object, || Some(told(Some(FLUX), FLUX)))?;
        let spec = one.object.node.get("spec").unwrap_or(&one.object.node);
        let ignore = match git(spec, &deployment.unit, cx) {
            Ok(Origin::Here { ignore }) => Some(ignore),
            Ok(Origin::Elsewhere(_) | Origin::Pinned { .. }) | Err(Stop::Unknown { .. }) => None,
            Err(files) => return Err(files),
        };
        match ignore {
            Some(ignore) if said.as_ref().is_none_or(|said| *said == ignore) => {
                deployment.declared_in.extend(one.files());
                said = Some(ignore);
            }
            _ => return Err(another(one, reference.span)),
        }
    }
    let ignore = match said {
        Some(ignore) => ignore,
        None => ignored(cx.tree, None, reference.span)?,
    };
    Ok(Origin::Here { ignore })
}

fn another(one: &Declared, at: Span) -> Stop {
    let place = one.file.at(one.object.node.span);
    let object = described("GitRepository", Some(FLUX), FLUX);
    Stop::unknown(
        at,
        format!(
            "{object} is declared at {place}, which the environment does not look into, and may be another one than this repository as it is judged"
        ),
        remedy(),
    )
}

/// What any file of the tree says of it.
fn declared<'t>(at: Span, tree: &'t Tree<'_>) -> Read<&'t [Declared]> {
    if let Some(known) = tree.bootstrapped.get() {
        return Ok(known);
    }
    let mut found = Vec::new();
    for entry in &tree.entries {
        let is_template = tree.is_template(&entry.path);
        let is_listed = tree.is_listed(&entry.path);
        if !is_template && !is_listed && (entry.is_link() || !is_manifest_name(&entry.path)) {
            continue;
        }
        let Some(bytes) = tree.content(entry)? else {
            continue;
        };
        // What is escaped may say the same.
        let is_named = mentions(&bytes, b"GitRepository");
        if !is_named && (is_template || !bytes.contains(&b'\\')) {
            continue;
        }
        let read = match is_listed {
            _ if is_template => return Err(template(&entry.path, at)),
            true => objects_listed(tree, entry, None),
            false => objects(tree, entry),
        };
        match read {
            Ok(objects) => found.extend(objects.into_iter().filter(may_be_it)),
            Err(_) if !is_named || !mentions(&bytes, FLUX.as_bytes()) => {}
            Err(error) => {
                return Err(Stop::unknown(
                    at,
                    format!(
                        "`{}` may declare what this names, and cannot be read: {error}",
                        entry.path
                    ),
                    "mend the file, or let the environment's `paths` select the file of the GitRepository",
                ));
            }
        }
    }
    Ok(tree.bootstrapped.get_or_init(|| found))
}

/// What to do where it may be another one.
fn remedy() -> String {
    format!(
        "let the environment's `paths` select the file that its cluster has; or, if it is this repository as it is judged, say so in `tidegate.yaml`: `repositories: [\"{}\"]`",
        told(Some(FLUX), FLUX)
    )
}

fn template(file: &RepoPath, at: Span) -> Stop {
    Stop::unknown(
        at,
        format!("the template `{file}` may make what this names"),
        remedy(),
    )
}

/// Whether it is that object as it stands, or what changes it may make it that.
fn may_be_it(declared: &Declared) -> bool {
    let reference = &declared.object.reference;
    if (reference.group(), reference.kind.as_str()) != (GROUP, "GitRepository") {
        return false;
    }
    let namespace = reference.namespace.as_deref();
    let is_it = reference.name == FLUX && namespace.is_none_or(|namespace| namespace == FLUX);
    is_it || declared.changed_by.is_some() && FLUX.contains(&reference.name)
}
