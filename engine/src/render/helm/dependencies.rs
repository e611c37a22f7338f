//! The charts that a chart needs: whether they lie in `charts/`, and what the deployer does where they do not.
//! Reads no registry and no index: what would be fetched is refused.

use super::chart::Chart;
use super::folder::gather;
use super::ignore::Rules;
use super::metadata::Dependency;
use super::{Error, archive};
use crate::model::RepoPath;
use crate::render::files::inside;
use crate::render::{Closure, Files, Found};

/// A chart of the tree that has to be put into `charts/`, as `helm dependency build` does for `file://`.
#[derive(Clone, Debug)]
pub(super) struct Local {
    pub(super) chart: Chart,
    /// Where the archive goes, from the root of the chart that needs it.
    pub(super) name: String,
    /// The archive.
    pub(super) packed: Vec<u8>,
}

/// The charts that `chart` in `folder` needs and does not hold; their files become inputs.
///
/// Argo CD renders what is there; only if Helm misses a chart, by name, it has all of them brought anew.
///
/// # Errors
/// One that would have to be fetched, or lies out of the tree.
pub(super) fn missing(
    chart: &Chart,
    folder: &RepoPath,
    files: &dyn Files,
    closure: &mut Closure,
) -> Result<Vec<Local>, Error> {
    let needed = &chart.meta.dependencies;
    let is_there = |one: &Dependency| chart.charts.iter().any(|inner| inner.meta.name == one.name);
    let Some(first) = needed.iter().find(|one| !is_there(one)) else {
        return Ok(Vec::new());
    };
    let mut local = Vec::new();
    for one in needed {
        let place = one.place.clone();
        let Some(path) = one.repository.strip_prefix("file://") else {
            match one.repository.as_str() {
                "" if is_there(one) => continue,
                "" => {
                    return Err(Error::Missing {
                        place,
                        what: one.name.clone(),
                        wanted: "chart in `charts/` with the name",
                    });
                }
                remote => {
                    let what = remote.to_owned();
                    return Err(Error::Remote { place, what });
                }
            }
        };
        if is_there(one) {
            // `helm dependency build` would bring it anew beside what is there.
            let what = format!(
                "`{}` lies in `charts/` and `{}` does not: vendor all of them, or none",
                one.name, first.name
            );
            return Err(Error::Chart { place, what });
        }
        local.push(bring(one, path, folder, files, closure)?);
    }
    // `helm dependency build` removes archives that nobody needs.
    let is_needed = |inner: &Chart| needed.iter().any(|one| one.name == inner.meta.name);
    if let Some(stale) = chart
        .charts
        .iter()
        .find(|one| one.is_packed && !is_needed(one))
    {
        return Err(Error::Chart {
            place: stale.meta.place.clone(),
            what: format!("no chart needs `{}`: remove its archive", stale.meta.name),
        });
    }
    Ok(local)
}

fn bring(
    one: &Dependency,
    path: &str,
    folder: &RepoPath,
    files: &dyn Files,
    closure: &mut Closure,
) -> Result<Local, Error> {
    let (place, what) = (one.place.clone(), one.repository.clone());
    if path.starts_with('/') {
        return Err(Error::Absolute { place, what });
    }
    let Some(target) = inside(folder.as_bytes(), path.as_bytes()) else {
        return Err(Error::OutsideTree { place, what });
    };
    let resolved = files.resolve(&RepoPath::new(target))?;
    for link in resolved.links {
        closure.insert(link)?;
    }
    let wanted = "chart in the folder";
    if resolved.found != Found::Folder {
        return Err(Error::Missing {
            place,
            what,
            wanted,
        });
    }
    let items = gather(files, &resolved.path, closure)?;
    let rules = match items.iter().find(|item| item.is_named(".helmignore")) {
        Some(item) => Rules::read(&item.shown(), &item.text(files)?)?,
        None => Rules::default(),
    };
    let mut content = Vec::new();
    for item in items.iter().filter(|item| !rules.ignore(&item.path)) {
        content.push((item.path.clone(), item.bytes(files)?));
    }
    let chart = Chart::load(items, files)?;
    let chart = chart.ok_or(Error::Missing {
        place,
        what,
        wanted,
    })?;
    Ok(Local {
        name: format!("charts/{}-{}.tgz", chart.meta.name, chart.meta.version),
        packed: archive::pack(&chart.meta.name, &content),
        chart,
    })
}
