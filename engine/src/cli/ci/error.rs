//! What only a CI service can get wrong.
//! Knows nothing of how it is shown.

/// The service's environment is not what it should be.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(super) enum Error {
    #[error("the variables of two services are set")]
    #[diagnostic(
        code(ci::ambiguous),
        help("unset `GITHUB_ACTIONS` or `GITLAB_CI`, whichever does not run this")
    )]
    Ambiguous,
    #[error("`{name}` is not set")]
    #[diagnostic(
        code(ci::event),
        help("run this inside a job of the service; anywhere else use `tidegate check`")
    )]
    Variable { name: &'static str },
    #[error("`{name}` is set to `{value}`, which is not {wanted}")]
    #[diagnostic(code(ci::event))]
    Value {
        name: &'static str,
        value: String,
        wanted: &'static str,
    },
    #[error("the event in `{path}` {reason}")]
    #[diagnostic(
        code(ci::event),
        help("the service writes this file; nothing else should")
    )]
    Event { path: String, reason: String },
    #[error("the event `{name}` says nothing of what to judge")]
    #[diagnostic(
        code(ci::event),
        help("run it on `pull_request`, `merge_group` or `push`, or give `base`")
    )]
    NoBase { name: String },
    #[error("the file of `{name}` cannot be written: {reason}")]
    #[diagnostic(code(ci::event))]
    File { name: &'static str, reason: String },
    #[error("the input `{name}` is `{value}`")]
    #[diagnostic(code(usage::input), help("use {wanted}"))]
    Input {
        name: String,
        value: String,
        wanted: &'static str,
    },
    #[error("there is no input `{name}`")]
    #[diagnostic(code(usage::input), help("the action's README lists them all"))]
    UnknownInput { name: String },
    #[error("nothing is signed for the event `{event}`{place}")]
    #[diagnostic(
        code(ci::event_cannot_sign),
        help(
            "a verdict is signed after the merge: on `push`, `schedule` or `workflow_dispatch`, and on the branch of an environment; pull requests and forks are checked, never signed"
        )
    )]
    CannotSign { event: String, place: String },
    #[error("`TIDEGATE_SIGNING_KEY` is not set")]
    #[diagnostic(
        code(ci::no_key),
        help(
            "give the step `env: {{TIDEGATE_SIGNING_KEY: ...}}` from a secret of a protected environment; `tidegate keys new` makes a key"
        )
    )]
    NoKey,
}
