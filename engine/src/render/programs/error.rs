//! What can go wrong with a program that renders; none of it is a pass.
//! Knows nothing of what was to be rendered.

use miette::Diagnostic;

use super::Confinement;
use crate::model::limits;

/// A program that renders is not there, is another one, or did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum ProgramError {
    /// There is none.
    #[error("there is no `{name}`: {looked}")]
    #[diagnostic(code(render::tool_missing), help("{how}"))]
    Missing {
        /// Its name.
        name: &'static str,
        /// Where it was looked for.
        looked: String,
        /// How to install it.
        how: &'static str,
    },
    /// What it answers is no version.
    #[error("`{path}` does not say its version")]
    #[diagnostic(
        code(render::tool_version),
        help("a verdict names the version of what rendered; install a released one")
    )]
    Version {
        /// Where it is.
        path: String,
    },
    /// Another version is asked for.
    #[error("`{path}` is version `{version}`, and `{wanted}` is asked for")]
    #[diagnostic(
        code(render::tool_version),
        help("install `{wanted}`, or ask for `{version}`")
    )]
    OtherVersion {
        /// Where it is.
        path: String,
        /// What it says.
        version: String,
        /// What is asked for.
        wanted: String,
    },
    /// It was not started.
    #[error("`{program}` cannot be started: {reason}")]
    #[diagnostic(
        code(render::tool_start),
        help(
            "name the program itself: a script that starts another program, as version managers install, cannot do so here"
        )
    )]
    Start {
        /// Where it is.
        program: String,
        /// What the system says.
        reason: String,
    },
    /// It ended with another status than 0.
    #[error("`{program}` ended with status {status}: {said}")]
    #[diagnostic(
        code(render::tool_failed),
        help(
            "run it in a checkout to read what it said; here it sees only the files that decide the rendering, and no network"
        )
    )]
    Failed {
        /// Where it is.
        program: String,
        /// How it ended.
        status: i32,
        /// What is shown of what it printed on standard error: the places that it names.
        said: String,
    },
    /// It ended well, printed nothing, and complained.
    #[error("`{program}` rendered nothing and complained: {said}")]
    #[diagnostic(
        code(render::tool_silent),
        help(
            "run it in a checkout to read what it complains about, and mend that, or remove the source"
        )
    )]
    Silent {
        /// Where it is.
        program: String,
        /// As above.
        said: String,
    },
    /// A signal ended it.
    #[error("`{program}` broke off: {said}")]
    #[diagnostic(
        code(render::tool_crashed),
        help(
            "a signal ended it: of its own, of the system, or for using more than {} of memory",
            limits::RENDER_MEMORY
        )
    )]
    Crashed {
        /// Where it is.
        program: String,
        /// As above.
        said: String,
    },
    /// It did not end.
    #[error("`{program}` took more than {seconds} s")]
    #[diagnostic(
        code(render::tool_timeout),
        help("it was ended with all that it started; render less at once")
    )]
    Timeout {
        /// Where it is.
        program: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// It printed too much.
    #[error("`{program}` printed more than {bytes} bytes")]
    #[diagnostic(code(render::tool_output), help("render less at once"))]
    Output {
        /// Where it is.
        program: String,
        /// How much is read.
        bytes: usize,
    },
    /// The kernel closes less than it must.
    #[error("a renderer would see {}", promised.left_open())]
    #[diagnostic(
        code(render::not_confined),
        help(
            "`tidegate doctor` says what this kernel can close; Landlock and seccomp close the file system and the network"
        )
    )]
    NotConfined {
        /// What it closes.
        promised: Confinement,
    },
}

impl ProgramError {
    /// Whether the program ran, so that it may say more to a person.
    #[must_use]
    pub fn has_run(&self) -> bool {
        match self {
            Self::Missing { .. }
            | Self::Version { .. }
            | Self::OtherVersion { .. }
            | Self::Start { .. }
            | Self::NotConfined { .. } => false,
            Self::Failed { .. }
            | Self::Silent { .. }
            | Self::Crashed { .. }
            | Self::Timeout { .. }
            | Self::Output { .. } => true,
        }
    }
}
