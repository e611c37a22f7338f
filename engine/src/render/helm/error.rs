//! Why a chart is not rendered, one variant a reason.
//! Knows nothing of how it is printed.

use miette::Diagnostic;

use crate::manifest::ParseError;
use crate::model::{RepoPath, limits};
use crate::render::{ClosureError, ExportError, FilesError, ProgramError, RunError};

/// A chart is not rendered. Whatever can be told before a process is started, is.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// The tree cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Files(#[from] FilesError),
    /// The inputs cannot be told.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Closure(#[from] ClosureError),
    /// A file that cannot be read as what it is.
    #[error("{path}:{error}")]
    #[diagnostic(forward(error))]
    Parse {
        /// The file.
        path: String,
        /// Why.
        error: Box<ParseError>,
    },
    /// No chart.
    #[error("the folder `{folder}` holds no chart: it has no file `Chart.yaml`")]
    #[diagnostic(
        code(render::no_chart),
        help("name the folder of a chart, or commit its `Chart.yaml`")
    )]
    NoChart {
        /// The folder.
        folder: RepoPath,
    },
    /// A chart that Helm refuses, or that two readers would read in two ways.
    #[error("{place}: {what}")]
    #[diagnostic(
        code(render::chart),
        help("`helm lint` in a checkout shows more; the reference of `Chart.yaml` is at helm.sh")
    )]
    Chart {
        /// Where.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// A lock that does not list what its chart asks for.
    #[error("{place}: the lock differs from what the chart asks for: {what}")]
    #[diagnostic(
        code(render::chart_lock),
        help(
            "deployers take the charts of the lock, and people read `Chart.yaml`: `helm dependency update` writes the lock anew; commit it together with `charts/`"
        )
    )]
    Lock {
        /// Where.
        place: String,
        /// What differs.
        what: String,
    },
    /// Two charts that one name stands for.
    #[error("{place}: `{name}` is the name of two charts here; the other one: {other}")]
    #[diagnostic(
        code(render::twin_charts),
        help(
            "Helm takes either of them, by chance, and Flux puts the files of both into one folder: remove one of them from `charts/`, or give it a name of its own"
        )
    )]
    Twins {
        /// Where the second one is named.
        place: String,
        /// The name.
        name: String,
        /// Where the first one is named.
        other: String,
    },
    /// Something that Helm or its deployer would fetch.
    #[error("{place}: `{what}` is fetched from elsewhere")]
    #[diagnostic(
        code(render::remote_input),
        help(
            "what is fetched can be another thing each time, and no commit or digest pins it, so that `--online` does not fetch it either: commit charts below `charts/` (`helm dependency update` puts them there), and files of values and schemas beside the chart"
        )
    )]
    Remote {
        /// Where.
        place: String,
        /// What is named.
        what: String,
    },
    /// A path from the root of the file system.
    #[error("{place}: `{what}` is a path from the root of the file system")]
    #[diagnostic(
        code(render::absolute_path),
        help("name it from the folder of the chart")
    )]
    Absolute {
        /// Where.
        place: String,
        /// What is named.
        what: String,
    },
    /// A path that leaves the repository.
    #[error("{place}: `{what}` lies outside of the repository")]
    #[diagnostic(
        code(render::outside_tree),
        help("only files of the repository are rendered; copy it into the repository")
    )]
    OutsideTree {
        /// Where.
        place: String,
        /// What is named.
        what: String,
    },
    /// Something that is not there.
    #[error("{place}: there is no {wanted} `{what}`")]
    #[diagnostic(code(render::missing_input), help("mend the path, or commit the file"))]
    Missing {
        /// Where.
        place: String,
        /// What is named.
        what: String,
        /// What should be there.
        wanted: &'static str,
    },
    /// A submodule.
    #[error("`{path}` is a submodule")]
    #[diagnostic(
        code(render::submodule),
        help("its files are in another repository, which is not judged; copy them into this one")
    )]
    Submodule {
        /// Where it is.
        path: RepoPath,
    },
    /// Charts in charts in charts.
    #[error("`{path}` lies more than {} charts deep", limits::CHART_DEPTH)]
    #[diagnostic(
        code(limit::chart_depth),
        help("depend on the inner charts directly, or deploy them as units of their own")
    )]
    Depth {
        /// The innermost.
        path: RepoPath,
    },
    /// Links to folders of links.
    #[error(
        "`{path}`: more than {} links are followed in one chart",
        limits::CHART_LINKS
    )]
    #[diagnostic(
        code(limit::chart_links),
        help("commit the files themselves where they belong")
    )]
    Links {
        /// The first that is too many.
        path: RepoPath,
    },
    /// An archive that is none, or that two readers would unpack in two ways.
    #[error("{path}: the archive of a chart cannot be read: {what}")]
    #[diagnostic(
        code(render::archive),
        help("pack it anew with `helm package`, or commit the chart as a folder")
    )]
    Archive {
        /// The archive.
        path: RepoPath,
        /// What is wrong.
        what: &'static str,
    },
    /// An archive that is too large.
    #[error(
        "{path}: the archive of a chart holds more than {}",
        limits::CHART_ARCHIVE
    )]
    #[diagnostic(code(limit::chart_archive), help("commit the chart as a folder"))]
    ArchiveSize {
        /// The archive.
        path: RepoPath,
    },
    /// A template that asks the cluster.
    #[error("{place}: the template asks the cluster (`{function}`)")]
    #[diagnostic(
        code(render::cluster_lookup),
        help(
            "Flux asks the cluster, and what it holds is not known here, so what is deployed could differ from what is judged: pass it as a value, or commit the rendered manifests"
        )
    )]
    ClusterLookup {
        /// Where.
        place: String,
        /// The function.
        function: &'static str,
    },
    /// A template that asks for what the deployer knows of the cluster.
    #[error("{place}: the template asks {what}, and nothing says it")]
    #[diagnostic(code(render::capabilities), help("{remedy}"))]
    Capabilities {
        /// Where.
        place: String,
        /// What it asks.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A template that asks the network.
    #[error("{place}: the template asks the network (`{function}`)")]
    #[diagnostic(code(render::network), help("pass the address as a value"))]
    Network {
        /// Where.
        place: String,
        /// The function.
        function: &'static str,
    },
    /// A template that asks the clock.
    #[error("{place}: the template asks the clock (`{function}`)")]
    #[diagnostic(
        code(render::clock),
        help(
            "what is rendered tomorrow is not what is judged today: pass the time as a value, or take the function out"
        )
    )]
    Clock {
        /// Where.
        place: String,
        /// The function.
        function: &'static str,
    },
    /// A template that decides by chance, so that two renderings may agree and a third not.
    #[error("{place}: the template decides by chance (`{function}`)")]
    #[diagnostic(
        code(render::not_deterministic),
        help(
            "what is deployed would not be what is judged: pass the value to the chart, or call a function of eight letters or more in a Secret where its answer is printed, in no condition, `define` or variable that others read"
        )
    )]
    Chance {
        /// Where.
        place: String,
        /// The function.
        function: &'static str,
    },
    /// A template that runs a text which stands nowhere.
    #[error("{place}: `tpl` runs a text that a function makes")]
    #[diagnostic(
        code(render::hidden_template),
        help(
            "what it asks for cannot be told before it runs: give `tpl` a value as it is (`tpl .Values.x .`, `tpl (toYaml .Values.x) .`), or write the template out"
        )
    )]
    HiddenTemplate {
        /// Where.
        place: String,
    },
    /// A template that does with all that it is given what differs from run to run, or asks for any of it.
    #[error("{place}: the template {what}")]
    #[diagnostic(
        code(render::whole_context),
        help(
            "what comes of it may be another text in each run, and what it asks for cannot be told before: name what is meant, as `.Values.x` or `.Release.Name`, and write a format out"
        )
    )]
    Whole {
        /// Where.
        place: String,
        /// What it does.
        what: &'static str,
    },
    /// A template that asks how the release came about.
    #[error("{place}: the template asks what was deployed before (`{field}`)")]
    #[diagnostic(
        code(render::release_state),
        help(
            "Flux renders an upgrade otherwise than an installation then, and the tree does not say which it is: render the same for both"
        )
    )]
    ReleaseState {
        /// Where.
        place: String,
        /// The field of `.Release`.
        field: &'static str,
    },
    /// A file of Argo CD that changes its options.
    #[error("`{path}` changes what Argo CD is told by its Application")]
    #[diagnostic(
        code(render::argocd_source),
        help(
            "move the parameters into the Application or the chart's values, and remove the file"
        )
    )]
    SourceFile {
        /// The file.
        path: RepoPath,
    },
    /// Options that cannot be carried out.
    #[error("the deployer's options for `{folder}`: {what}")]
    #[diagnostic(
        code(render::options),
        help(
            "mend them where the deployer is told: its Application or HelmRelease, or `render` of the source in `tidegate.yaml`"
        )
    )]
    Options {
        /// The folder of the chart.
        folder: RepoPath,
        /// What is wrong.
        what: String,
    },
    /// The chart cannot be written down.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Export(#[from] ExportError),
    /// Helm is not there, or did not do it.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Program(#[from] ProgramError),
    /// It gave nothing, and a person can ask it why.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Run(Box<RunError>),
    /// Helm printed what cannot be read.
    #[error("what helm printed cannot be read: {what}")]
    #[diagnostic(code(render::output), help("`helm template` in a checkout shows it"))]
    Output {
        /// What is wrong.
        what: String,
    },
    /// Two renderings differ.
    #[error(
        "{template} gives something else each time: {object}{}",
        field_of(field)
    )]
    #[diagnostic(
        code(render::not_deterministic),
        help(
            "what is deployed would not be what is judged: pass the value to the chart, or keep it in a Secret, where a differing value counts as one"
        )
    )]
    NotDeterministic {
        /// The template, as Helm names it.
        template: String,
        /// Kind and name.
        object: String,
        /// What differs in it.
        field: String,
    },
}

impl Error {
    /// Where an input is named that cannot be taken, and how.
    pub fn named_input(&mut self) -> Option<(&mut String, &str)> {
        match self {
            Self::Missing { place, what, .. }
            | Self::Remote { place, what }
            | Self::Absolute { place, what }
            | Self::OutsideTree { place, what } => Some((place, what)),
            _ => None,
        }
    }
}

fn field_of(field: &str) -> String {
    match field {
        "" => String::new(),
        field => format!(", `{field}`"),
    }
}
