//! The `GitRepository` that `flux bootstrap` makes, where none of the files that an environment looks into declares it:
//! it is this repository unless a file of the tree says something else of it.

use super::described;
use super::origin::{FLUX, GROUP, Origin, as_applied, git, told};
use crate::manifest::{Node, is_manifest_name};
use crate::model::{Span, mentions};
use crate::sources::deployment::Deployment;
use crate::sources::fields::{Read, Stop};
use crate::sources::flux::ignored::ignored;
use crate::sources::known::Declared;
use crate::sources::map::objects;
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
        let ignore = match git(spec, &deployment.name, cx) {
            Ok(Origin::Here { ignore }) => Some(ignore),
            Ok(Origin::Elsewhere(_)) | Err(Stop::Unknown { .. }) => None,
            Err(files) => return Err(files),
        };
        match ignore {
            Some(ignore) if said.as_ref().is_none_or(|said| *said == ignore) => {
                deployment.declared_in.insert(one.file.path.clone());
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
        format!(
            "let the environment's `paths` select the file that its cluster has; or, if it is this repository as it is judged, say so in `tidegate.yaml`: `repositories: [\"{}\"]`",
            told(Some(FLUX), FLUX)
        ),
    )
}

/// What any file of the tree says of it.
fn declared<'t>(at: Span, tree: &'t Tree<'_>) -> Read<&'t [Declared]> {
    if let Some(known) = tree.bootstrapped.get() {
        return Ok(known);
    }
    let mut found = Vec::new();
    for entry in &tree.entries {
        let is_plain = !entry.is_link() && is_manifest_name(&entry.path);
        if !is_plain || tree.is_template(&entry.path) {
            continue;
        }
        let Some(bytes) = tree.content(entry)? else {
            continue;
        };
        let is_named = mentions(&bytes, FLUX.as_bytes()) && mentions(&bytes, b"GitRepository");
        // What is escaped may say the same.
        if !is_named && !bytes.contains(&b'\\') {
            continue;
        }
        match objects(tree, entry) {
            Ok(objects) => found.extend(objects.into_iter().filter(is_it)),
            Err(_) if !is_named => {}
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

fn is_it(declared: &Declared) -> bool {
    let reference = &declared.object.reference;
    let namespace = reference.namespace.as_deref();
    (
        reference.group(),
        reference.kind.as_str(),
        reference.name.as_str(),
    ) == (GROUP, "GitRepository", FLUX)
        && namespace.is_none_or(|namespace| namespace == FLUX)
}
