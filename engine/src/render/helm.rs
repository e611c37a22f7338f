//! Helm: which files decide what a chart gives, and what comes out.
//! Knows how Argo CD and Flux call it; nothing of clusters, releases that exist, and registries.

mod actions;
mod archive;
mod chart;
mod dependencies;
mod error;
mod folder;
mod ignore;
mod metadata;
mod options;
mod schema;
mod vet;

pub use error::Error;

use chart::Chart;
use dependencies::Local;
use options::Inputs;
use vet::Repeats;

use super::{Closure, Deployer, Files, Found, Helm};
use crate::model::RepoPath;

/// The files that decide what the chart in `folder` gives: its folder, the charts of the tree that it needs,
/// and the files that the options name.
///
/// # Errors
/// What Helm refuses; what would be fetched, or lies out of the tree; templates that ask the cluster, the
/// network or the clock. None of it starts a process.
pub fn closure(
    files: &dyn Files,
    folder: &RepoPath,
    options: &Helm,
    deployer: Deployer,
) -> Result<Closure, Error> {
    Ok(Source::read(files, folder, options, deployer)?.closure)
}

/// A chart that may be rendered.
struct Source {
    /// Its folder, without links.
    folder: RepoPath,
    chart: Chart,
    /// Charts that are put into `charts/` before it is rendered.
    local: Vec<Local>,
    inputs: Inputs,
    repeats: Repeats,
    closure: Closure,
}

impl Source {
    fn read(
        files: &dyn Files,
        folder: &RepoPath,
        options: &Helm,
        deployer: Deployer,
    ) -> Result<Self, Error> {
        let mut closure = Closure::default();
        let resolved = files.resolve(folder)?;
        for link in resolved.links {
            closure.insert(link)?;
        }
        let no_chart = || Error::NoChart {
            folder: folder.clone(),
        };
        if resolved.found != Found::Folder {
            return Err(no_chart());
        }
        let folder = resolved.path;
        let inputs = options::check(files, &folder, options, &mut closure)?;
        let items = folder::gather(files, &folder, &mut closure)?;
        let chart = Chart::load(items, files)?.ok_or_else(no_chart)?;
        vet::chart(&chart, deployer)?;
        let local = dependencies::missing(&chart, &folder, files, &mut closure)?;
        let charts = chart.all();
        let local_charts = local.iter().flat_map(|local| local.chart.all());
        let charts: Vec<&Chart> = charts.into_iter().chain(local_charts).collect();
        if !options.skip_schema_validation {
            vet::schemas(&charts, files)?;
        }
        let repeats = vet::templates(&charts, files, (options, &inputs), deployer)?;
        Ok(Self {
            folder,
            chart,
            local,
            inputs,
            repeats,
            closure,
        })
    }
}
