//! Helm: which files decide what a chart gives, and what comes out.
//! Knows how Argo CD and Flux call it; nothing of clusters, releases that exist, and registries.

mod actions;
mod archive;
mod arguments;
mod body;
mod capabilities;
mod chart;
mod dependencies;
mod error;
mod flow;
mod folder;
mod handed;
mod ignore;
mod lock;
mod metadata;
mod options;
mod output;
mod schema;
mod twice;
mod twins;
mod vet;
mod whole;

pub use arguments::KUBE_VERSION;
pub use error::Error;
pub use options::is_one_name;
pub(in crate::render) use schema::reference_outside;

use chart::Chart;
use dependencies::Local;
use options::Inputs;
use output::Document;
use vet::Repeats;

use super::by_hand::{ByHand, RunError};
use super::kustomize::Deployed;
use super::{
    Closure, Deployer, Exported, Files, Found, Helm, Program, ProgramError, Programs, Rendered,
};
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
    let files = Deployed::usual(files, deployer);
    Ok(Source::read(&files, folder, options, deployer)?.closure)
}

/// What the chart in `folder` gives; `exported` holds its closure.
///
/// # Errors
/// As [`closure`]; Helm is not there or fails; the chart gives something else each time.
pub fn template(
    exported: &Exported,
    files: &dyn Files,
    folder: &RepoPath,
    options: &Helm,
    deployer: Deployer,
    programs: &Programs,
) -> Result<Rendered, Error> {
    let files = &Deployed::usual(files, deployer);
    let source = Source::read(files, folder, options, deployer)?;
    let helm = programs.helm()?;
    for local in &source.local {
        exported.write(&source.folder.child(&local.name), &local.packed)?;
    }
    let own = options.values.as_ref();
    let own = own.map(|values| exported.beside("values.json", values.to_string().as_bytes()));
    let places = (exported.root(), own.transpose()?);
    let arguments = arguments::arguments(options, deployer, &source.inputs, places);
    let definitions = |name: &str| source.chart.item_of(name)?.text(files).ok();
    let render = || {
        let printed = programs.run(helm, &arguments, &source.folder, exported);
        let printed = printed.map_err(|error| source.told(error, helm, options, deployer))?;
        output::documents(printed, &definitions)
    };
    let mut documents = render()?;
    if source.repeats == Repeats::Perhaps {
        documents = twice::agreed(documents, &render()?, deployer)?;
    }
    let values = source.values();
    let origin = |document: &Document| document.origin(&source.chart, &values);
    Ok(Rendered {
        origins: documents.iter().map(origin).collect(),
        text: documents
            .into_iter()
            .map(|document| document.text)
            .collect(),
        tool: helm.name.to_owned(),
        version: helm.version.clone(),
    })
}

/// A chart that may be rendered.
struct Source {
    /// Its folder, without links.
    folder: RepoPath,
    /// With the charts that it holds once all are in place.
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
        vet::hides_no_chart(&items, files)?;
        let mut chart = Chart::load(items, files)?.ok_or_else(no_chart)?;
        vet::chart(&chart, deployer)?;
        let local = dependencies::missing(&chart, &folder, files, &mut closure, deployer)?;
        chart
            .charts
            .extend(local.iter().map(|local| local.chart.clone()));
        twins::none(&chart)?;
        let charts = chart.all();
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

    /// What the program did not do, and how a person asks it.
    fn told(
        &self,
        error: ProgramError,
        helm: &Program,
        options: &Helm,
        deployer: Deployer,
    ) -> Error {
        if !error.has_run() {
            return error.into();
        }
        let words = arguments::by_hand(options, deployer, &self.inputs);
        let command = ByHand::of(helm, &self.folder, &words);
        let command = if self.local.is_empty() {
            command
        } else {
            command.after("helm dependency build", &self.folder)
        };
        let root = self.folder.child("Chart.yaml");
        Error::Run(Box::new(RunError::new(root, command, error)))
    }

    /// The files of values in the order in which they count, the chart's own first.
    fn values(&self) -> Vec<RepoPath> {
        let mut items = self.chart.items.iter();
        let own = items.find(|item| item.is_named("values.yaml"));
        let single = self.inputs.single.iter().map(|(_, path)| path);
        let named = self.inputs.values.iter().chain(single);
        own.map(|item| &item.file)
            .into_iter()
            .chain(named)
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests;
