//! The charts that a chart needs: whether they lie in `charts/`, and what the deployer does where they do not.
//! Reads no registry and no index: what would be fetched is refused.

use super::chart::Chart;
use super::folder::gather;
use super::ignore::Rules;
use super::metadata::Dependency;
use super::{Error, archive, lock};
use crate::model::RepoPath;
use crate::render::files::inside;
use crate::render::{Closure, Deployer, Files, Found};

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
/// Argo CD renders what is there; only if Helm misses a chart, by name, it has all of them brought anew. Flux counts first.
///
/// # Errors
/// One that would have to be fetched, or lies out of the tree; charts of which it would bring some anew.
pub(super) fn missing(
    chart: &Chart,
    folder: &RepoPath,
    files: &dyn Files,
    closure: &mut Closure,
    deployer: Deployer,
) -> Result<Vec<Local>, Error> {
    let is_locked = lock::agrees(chart, files)?;
    if deployer == Deployer::Flux {
        as_counted(chart, is_locked)?;
    }
    let needed = &chart.meta.dependencies;
    let Some(first) = needed.iter().find(|one| !is_there(chart, one)) else {
        return Ok(Vec::new());
    };
    let mut brought: Vec<(&str, Local)> = Vec::new();
    for one in needed {
        let Some(path) = path_of(one, chart)? else {
            continue;
        };
        if is_there(chart, one) {
            // `helm dependency build` would bring it anew beside what is there.
            let what = format!(
                "`{}` lies in `charts/` and `{}` does not: vendor all of them, or none",
                one.name, first.name
            );
            let place = one.place.clone();
            return Err(Error::Chart { place, what });
        }
        let again = (one.name.as_str(), one.repository.as_str());
        let is_again = |(repository, local): &(&str, Local)| {
            (local.chart.meta.name.as_str(), *repository) == again
        };
        if !brought.iter().any(is_again) {
            brought.push((&one.repository, bring(one, path, folder, files, closure)?));
        }
    }
    no_stale(chart)?;
    Ok(brought.into_iter().map(|(_, local)| local).collect())
}

fn is_there(chart: &Chart, one: &Dependency) -> bool {
    chart.charts.iter().any(|inner| inner.meta.name == one.name)
}

/// Refuses what Flux brings anew though it is there, and what it leaves out though it is not.
///
/// It looks for charts only where there are more or fewer than are needed, and then by the alias, which a lock does not have.
fn as_counted(chart: &Chart, is_locked: bool) -> Result<(), Error> {
    let needed = &chart.meta.dependencies;
    let refused = |one: &Dependency, what| {
        let place = one.place.clone();
        Err(Error::Chart { place, what })
    };
    if chart.charts.len() == needed.len() {
        return match needed.iter().find(|one| !is_there(chart, one)) {
            None => Ok(()),
            Some(one) => refused(
                one,
                format!(
                    "Flux does not look for `{}`, since `charts/` holds as many charts as are needed: remove those that nobody needs",
                    one.name
                ),
            ),
        };
    }
    let of_lock = is_locked.then_some(());
    let found = |one: &&Dependency| {
        let name = of_lock.map_or(one.called(), |()| &one.name);
        chart.charts.iter().any(|inner| inner.meta.name == name)
    };
    let mut anew = needed.iter().filter(|one| !found(one));
    match anew.find(|one| one.alias.is_some() && !is_locked) {
        None => Ok(()),
        Some(one) => refused(
            one,
            format!(
                "Flux brings `{}` anew as `{}`, whatever lies in `charts/`: commit `Chart.lock`, in which `helm dependency update` writes names and no aliases",
                one.name,
                one.called()
            ),
        ),
    }
}

/// Where in the tree a chart is that has to be brought; none where it lies in `charts/`, as it has to.
fn path_of<'d>(one: &'d Dependency, chart: &Chart) -> Result<Option<&'d str>, Error> {
    let (place, what) = (one.place.clone(), one.repository.clone());
    let Some(path) = one.repository.strip_prefix("file://") else {
        return match one.repository.as_str() {
            "" if is_there(chart, one) => Ok(None),
            "" => Err(Error::Missing {
                place,
                what: one.name.clone(),
                wanted: "chart in `charts/` with the name",
            }),
            _ => Err(Error::Remote { place, what }),
        };
    };
    if path.starts_with('/') {
        return Err(Error::Absolute { place, what });
    }
    // To Flux this is a URL, to Helm the name of a folder.
    let is_plain = |c: char| c.is_alphanumeric() || "-_.~+/".contains(c);
    if let Some(odd) = path.chars().find(|c| !is_plain(*c)) {
        let what = format!(
            "`{what}` is not read alike by Helm and Flux: name the folder without `{}`",
            odd.escape_debug()
        );
        return Err(Error::Chart { place, what });
    }
    Ok(Some(path))
}

/// `helm dependency build` removes archives that nobody needs.
fn no_stale(chart: &Chart) -> Result<(), Error> {
    let needed = &chart.meta.dependencies;
    let is_needed = |inner: &Chart| needed.iter().any(|one| one.name == inner.meta.name);
    let mut packed = chart.charts.iter().filter(|one| one.is_packed);
    match packed.find(|one| !is_needed(one)) {
        None => Ok(()),
        Some(stale) => Err(Error::Chart {
            place: stale.meta.place.clone(),
            what: format!("no chart needs `{}`: remove its archive", stale.meta.name),
        }),
    }
}

fn bring(
    one: &Dependency,
    path: &str,
    folder: &RepoPath,
    files: &dyn Files,
    closure: &mut Closure,
) -> Result<Local, Error> {
    let (place, what) = (one.place.clone(), one.repository.clone());
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
