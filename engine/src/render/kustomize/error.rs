//! Why a kustomization is not rendered, one variant a reason.
//! Knows nothing of how it is printed.

use miette::Diagnostic;

use super::place::{At, Folder};
use crate::manifest::ParseError;
use crate::model::{RepoPath, limits};
use crate::render::{
    ClosureError, ExportError, FetchError, FilesError, ProgramError, RunError, Unfit,
};

/// A kustomization is not rendered. All but the last ones come before a process is started.
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
    /// A name that leads to where no path pattern does.
    #[error("{at}: `{what}` is named here: {error}")]
    #[diagnostic(forward(error))]
    Name {
        /// Where.
        at: At,
        /// What is named.
        what: String,
        /// Why it is not taken.
        error: Box<ClosureError>,
    },
    /// A kustomization that is no YAML.
    #[error("{path}:{error}")]
    #[diagnostic(forward(error))]
    Parse {
        /// The file.
        path: RepoPath,
        /// Why.
        error: Box<ParseError>,
    },
    /// A kustomization that is no text.
    #[error("{path}: the file is not UTF-8, or too large")]
    #[diagnostic(
        code(render::unreadable_kustomization),
        help("save it as UTF-8, below 4 MiB")
    )]
    Unreadable {
        /// The file.
        path: RepoPath,
    },
    /// A value of another kind than kustomize expects.
    #[error("{at}: {what}")]
    #[diagnostic(
        code(render::kustomization_shape),
        help(
            "kustomize would refuse it or read something else than stands there; see its reference of fields"
        )
    )]
    Shape {
        /// Where.
        at: At,
        /// What is expected.
        what: String,
    },
    /// A field that kustomize 5.7 does not have, or has with other letters.
    #[error("{at}: kustomize has no field `{field}`")]
    #[diagnostic(
        code(render::unknown_field),
        help(
            "fields are written exactly as in kustomize's reference, upper and lower case included; what is not known could read anything"
        )
    )]
    UnknownField {
        /// Where.
        at: At,
        /// The field.
        field: String,
    },
    /// Something that kustomize would fetch.
    #[error("{at}: `{what}` is fetched from elsewhere{why}")]
    #[diagnostic(code(render::remote_input), help("{}", why.help()))]
    Remote {
        /// Where.
        at: At,
        /// What is named.
        what: String,
        /// Why it is not.
        why: Unfit,
    },
    /// A remote base that was not to be had.
    #[error("{at}: `{what}`: {error}")]
    #[diagnostic(forward(error))]
    Fetch {
        /// Where.
        at: At,
        /// What is named.
        what: String,
        /// Why.
        error: Box<FetchError>,
    },
    /// A path from the root of the file system.
    #[error("{at}: `{what}` is a path from the root of the file system")]
    #[diagnostic(
        code(render::absolute_path),
        help("name it from the folder of the kustomization")
    )]
    Absolute {
        /// Where.
        at: At,
        /// What is named.
        what: String,
    },
    /// A path that leaves the repository.
    #[error("{at}: `{what}` lies outside of the repository")]
    #[diagnostic(
        code(render::outside_tree),
        help("only files of the repository are rendered; copy it into the repository")
    )]
    OutsideTree {
        /// Where.
        at: At,
        /// What is named.
        what: String,
    },
    /// A link that leaves the repository.
    #[error("{at}: `{what}` leads through the link `{link}` out of the repository, or in circles")]
    #[diagnostic(
        code(render::link_outside),
        help("a link is followed inside of the repository only, and five times at most")
    )]
    LinkOutside {
        /// Where.
        at: At,
        /// What is named.
        what: String,
        /// The link.
        link: RepoPath,
    },
    /// A file beside or above its kustomization.
    #[error("{at}: the file `{what}` does not lie in or below `{root}`")]
    #[diagnostic(
        code(render::outside_root),
        help(
            "kustomize reads files of the kustomization's own folder only; move it there, or make it a base with a kustomization of its own"
        )
    )]
    OutsideRoot {
        /// Where.
        at: At,
        /// What is named.
        what: String,
        /// The folder of the kustomization.
        root: Folder,
    },
    /// A file that is not there.
    #[error("{at}: there is no {wanted} `{what}`")]
    #[diagnostic(code(render::missing_input), help("mend the path, or commit the file"))]
    Missing {
        /// Where.
        at: At,
        /// What is named.
        what: String,
        /// What should be there.
        wanted: &'static str,
    },
    /// A submodule.
    #[error("{at}: `{what}` lies in a submodule")]
    #[diagnostic(
        code(render::submodule),
        help("its files are in another repository, which is not judged; copy them into this one")
    )]
    Submodule {
        /// Where.
        at: At,
        /// What is named.
        what: String,
    },
    /// A folder that is none to kustomize.
    #[error("{at}: the folder `{folder}` has no kustomization")]
    #[diagnostic(
        code(render::no_kustomization),
        help("add a `kustomization.yaml` that lists its files, or name the files themselves")
    )]
    NoKustomization {
        /// Where.
        at: At,
        /// The folder.
        folder: Folder,
    },
    /// A folder with more than one.
    #[error("both `{first}` and `{second}` are kustomizations of one folder")]
    #[diagnostic(code(render::two_kustomizations), help("remove one of them"))]
    TwoKustomizations {
        /// One.
        first: RepoPath,
        /// Another.
        second: RepoPath,
    },
    /// A kustomization that needs itself.
    #[error("{at}: `{what}` is, or holds, the folder of a kustomization that leads here")]
    #[diagnostic(
        code(render::cycle),
        help(
            "kustomize refuses circles, and bases above their overlays; move the base beside the overlay"
        )
    )]
    Cycle {
        /// Where.
        at: At,
        /// What is named.
        what: String,
    },
    /// Too many within each other.
    #[error(
        "{at}: more than {} kustomizations lead to each other",
        limits::KUSTOMIZATION_DEPTH
    )]
    #[diagnostic(code(limit::kustomization_depth), help("leave layers out"))]
    Depth {
        /// Where.
        at: At,
    },
    /// Too many.
    #[error(
        "{at}: more than {} kustomizations in one rendering",
        limits::KUSTOMIZATIONS
    )]
    #[diagnostic(code(limit::kustomizations), help("deploy it as several units"))]
    Count {
        /// Where.
        at: At,
    },
    /// A component where none may be, or the other way round.
    #[error("{at}: {what}")]
    #[diagnostic(
        code(render::component),
        help(
            "a component stands under `components` of a kustomization, a kustomization under `resources`"
        )
    )]
    Component {
        /// Where.
        at: At,
        /// What is wrong.
        what: &'static str,
    },
    /// Helm in kustomize.
    #[error("{at}: `{field}` makes kustomize run Helm")]
    #[diagnostic(
        code(render::helm_in_kustomize),
        help(
            "render the chart once and commit what comes out, or deploy it as a source of its own"
        )
    )]
    Helm {
        /// Where.
        at: At,
        /// The field.
        field: String,
    },
    /// A program as a generator, transformer or validator.
    #[error("{at}: {what}")]
    #[diagnostic(
        code(render::exec_plugin),
        help(
            "only what is built into kustomize is run (`apiVersion: builtin`); render with the program once and commit what comes out"
        )
    )]
    Plugin {
        /// Where.
        at: At,
        /// What is wrong.
        what: String,
    },
    /// A file of Argo CD that changes its options.
    #[error("`{path}` changes what Argo CD is told by its Application")]
    #[diagnostic(
        code(render::argocd_source),
        help("move the parameters into the Application or the kustomization, and remove the file")
    )]
    SourceFile {
        /// The file.
        path: RepoPath,
    },
    /// Options that cannot be carried out.
    #[error("the deployer's options for `{folder}`: {what}")]
    #[diagnostic(
        code(render::options),
        help("mend them where the deployer is told: its Application or Kustomization")
    )]
    Options {
        /// The folder that is rendered.
        folder: Folder,
        /// What is wrong.
        what: String,
    },
    /// A pattern of ignored files.
    #[error(
        "the deployer's options for `{folder}`: {} is no pattern of ignored files",
        number
    )]
    #[diagnostic(
        code(render::ignore_pattern),
        help("patterns are those of `.gitignore`; brackets must be closed")
    )]
    Ignore {
        /// The folder that is rendered.
        folder: Folder,
        /// Which.
        number: String,
    },
    /// A variable that cannot be replaced.
    #[error("{object}: {what}")]
    #[diagnostic(
        code(render::substitution),
        help(
            "a `$` that is meant as such is written `$$`, or the object gets the annotation `kustomize.toolkit.fluxcd.io/substitute: disabled`"
        )
    )]
    Substitution {
        /// The object.
        object: String,
        /// What is wrong.
        what: &'static str,
    },
    /// The program that builds.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Program(#[from] ProgramError),
    /// It built nothing, and a person can ask it why.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Run(Box<RunError>),
    /// The files that it builds from.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Export(#[from] ExportError),
    /// Kustomize printed no objects.
    #[error("what kustomize printed is not one object after another")]
    #[diagnostic(code(render::output), help("`kustomize build` in a checkout shows it"))]
    NotText,
    /// Kustomize printed what cannot be read.
    #[error("what kustomize printed for {object} cannot be read: {error}")]
    #[diagnostic(
        code(render::output),
        help(
            "`kustomize build` in a checkout shows it; an object that no cluster would take is often the reason"
        )
    )]
    Output {
        /// Kind and name, with the file that it comes from where that is known.
        object: String,
        /// Which of those that were printed.
        nth: usize,
        /// Why.
        error: Box<ParseError>,
    },
}
