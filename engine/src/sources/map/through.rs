//! What the options of a deployment do to the objects of the folder that it builds. Renders nothing.

use crate::manifest::Object;
use crate::model::RepoPath;
use crate::render::{Rendering, Tool};
use crate::sources::Tree;
use crate::sources::changes::{Changer, Changes, Patched};
use crate::sources::deployment::Deployment;
use crate::sources::known::Declared;
use crate::sources::metadata::Metadata;
use crate::sources::part::Part;

/// Makes of objects what comes out of a rendering, as far as that is understood; of others it says that they are
/// changed, or their values for a chart.
pub(super) fn pass_through<'d>(
    rendering: &Rendering,
    deployment: &Deployment,
    objects: impl Iterator<Item = &'d mut Declared>,
    tree: &Tree<'_>,
) {
    let Tool::Kustomize(options) = &rendering.tool else {
        return;
    };
    let changes = Changes::of_options(options);
    for declared in objects.filter(|it| it.passed_over.is_none()) {
        let bare = declared.without_values();
        let pass = |declared: &mut Declared, part: Part| {
            let changes = (&changes, &rendering.folder);
            passed((declared, part), changes, deployment, tree)
        };
        let Err(by) = pass(declared, Part::Whole) else {
            continue;
        };
        match bare.map(|mut bare| pass(&mut bare, Part::WithoutValues).map(|()| bare)) {
            Some(Ok(mut bare)) => {
                bare.given_by = bare.given_by.or(Some(by));
                *declared = bare;
            }
            passed => {
                let by = passed.and_then(Result::err).unwrap_or(by);
                declared.changed_by = declared.changed_by.take().or(Some(by));
            }
        }
    }
}

/// One object on its way.
///
/// # Errors
/// What of it is not understood: a file of the tree, or the options.
fn passed(
    (declared, part): (&mut Declared, Part),
    (changes, folder): (&Changes, &RepoPath),
    deployment: &Deployment,
    tree: &Tree<'_>,
) -> Result<(), Changer> {
    let by = RepoPath::from(deployment.unit.as_str());
    let adds = |changes: &Changes, object: &Object, added: &Metadata| {
        tree.adds_by((changes, folder), (object, added), &by)
    };
    let before = adds(&changes.before_patches(), &declared.object, &declared.added)?;
    let added = declared.added.clone().under(before);
    let patched = changes.patched((declared, part), &added).ok_or_else(|| {
        let patched = (&declared.object, part, &added);
        let cause = changes.cause_of_patches(patched, &|_| None, &str::to_owned);
        Changer::new(by.clone(), cause)
    })?;
    if !matches!(patched, Patched::No) {
        let files = deployment.declared_in.iter().cloned();
        declared.patched_in.extend(files);
    }
    match patched {
        Patched::No => {}
        Patched::Otherwise(object) => declared.object = part.of(object),
        Patched::Deleted => {
            declared.passed_over = Some(format!("a patch of `{}` deletes it", deployment.name));
            return Ok(());
        }
    }
    // Images and variables are replaced in what patches say, too.
    let adds = adds(changes, &declared.object, &added)?;
    adds.add_to(&mut declared.object);
    declared.added = added.under(adds);
    Ok(())
}
