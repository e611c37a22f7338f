//! Kustomizations: which files decide what `kustomize build` gives, and what it gives.
//! Knows no unit; whatever kustomize would fetch or run is refused before a process starts.

mod bases;
mod build;
mod deployed;
mod documents;
mod edit;
mod error;
mod fields;
mod ignore;
mod origin;
mod place;
mod plugins;
mod remote;
mod substitute;
mod walk;

use std::collections::BTreeMap;

use self::build::Build;
pub(in crate::render) use self::deployed::Deployed;
use self::edit::Root;
use self::fields::Role;
use self::walk::{Kustomization, NamedRemote, Purpose, Reach, Walk};
use super::closure::Closure;
use super::export::Exported;
use super::files::Files;
use super::options::{Deployer, Kustomize};
use super::programs::Programs;
use super::rendered::Rendered;
use crate::model::RepoPath;

pub use error::Error;
pub(crate) use ignore::Ignore;
pub use place::{At, Folder};
pub(in crate::render) use remote::is_remote;

/// Every file that decides what the kustomization in `folder` gives, as the deployer builds it.
///
/// # Errors
/// Whatever is missing, lies outside of the repository or of kustomize's bounds, would be fetched or
/// would be run.
pub fn closure(
    files: &dyn Files,
    folder: &RepoPath,
    options: &Kustomize,
    deployer: Deployer,
) -> Result<Closure, Error> {
    let deployed = Deployed::new(files, folder, options, deployer)?;
    Ok(plan(&deployed, folder, options, deployer)?.closure)
}

/// What kustomize gives for `folder`, as the deployer builds it, of the files of its closure in
/// `exported`. Two processes: one gives the objects, the other where they come from.
///
/// # Errors
/// Those of [`closure`], before any process; kustomize is missing, fails, or prints what cannot be read.
pub fn build(
    exported: &Exported,
    files: &dyn Files,
    folder: &RepoPath,
    options: &Kustomize,
    deployer: Deployer,
    programs: &Programs,
) -> Result<Rendered, Error> {
    let files = Deployed::new(files, folder, options, deployer)?;
    let plan = plan(&files, folder, options, deployer)?;
    let build = Build {
        files: &files,
        plan: &plan,
        options,
        deployer,
        exported,
        programs,
    };
    build.run()
}

/// What is read, and what is built.
struct Plan {
    closure: Closure,
    root: Root,
    /// The remote bases and components that it names.
    remotes: Vec<NamedRemote>,
    /// Those that were read, by their folders.
    kustomizations: BTreeMap<RepoPath, Kustomization>,
}

fn plan(
    files: &Deployed<'_>,
    folder: &RepoPath,
    options: &Kustomize,
    deployer: Deployer,
) -> Result<Plan, Error> {
    let reach = match deployer {
        Deployer::ArgoCd => Reach::Folder,
        // It builds with `--load-restrictor LoadRestrictionsNone` in a file system that ends at the root
        // of the repository.
        Deployer::Flux => Reach::Tree,
    };
    let mut walk = Walk::new(files, reach);
    let at = At::of(Folder(folder.clone()).to_string());
    let folder = walk.entrance(folder, &at)?;
    files.watch(&folder, &mut walk.closure)?;
    let generated = match (deployer, walk.kustomization_of(&folder)?) {
        (Deployer::Flux, None) => Some(files.manifests(&folder, &mut walk.closure)?),
        (Deployer::ArgoCd, None) | (_, Some(_)) => None,
    };
    match &generated {
        None => walk.folder(&folder, &Purpose::Objects, &at)?,
        Some(names) => names.iter().try_for_each(|name| {
            let at = At::of(format!(
                "the list of manifests below {}",
                Folder(folder.clone())
            ));
            walk.follow_from(&folder, Role::Resource, name, at)
        })?,
    }
    for (role, name) in edit::named(options, &folder)? {
        let at = At::of(format!(
            "the deployer's options for {}",
            Folder(folder.clone())
        ));
        walk.follow_from(&folder, role, &name, at)?;
    }
    let root = Root::new(&folder, walk.kustomizations.get(&folder), generated);
    Ok(Plan {
        closure: walk.closure,
        root,
        remotes: walk.remotes,
        kustomizations: walk.kustomizations,
    })
}

#[cfg(test)]
mod tests;
