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
    #[error("the machine's certificate authorities were not found")]
    #[diagnostic(
        code(ci::no_authorities),
        help("name a PEM file of them in `SSL_CERT_FILE`")
    )]
    NoAuthorities,
    #[error("the API answers {status}")]
    #[diagnostic(
        code(ci::api_denied),
        help("give the job `permissions: {{pull-requests: write}}`, and a `token` that has it")
    )]
    ApiDenied { status: u16 },
    #[error("the API cannot be used: {reason}")]
    #[diagnostic(code(ci::api))]
    Api { reason: String },
    #[error("the API cannot be reached: {reason}")]
    #[diagnostic(code(net::unavailable), help("run the job again"))]
    ApiUnavailable { reason: String },
    #[error("no pull request is commented on for the event `{event}`")]
    #[diagnostic(
        code(ci::event_cannot_comment),
        help(
            "`command: comment` is for `workflow_run` after a check of a pull request; in the check itself, give `comment: auto`"
        )
    )]
    CannotComment { event: String },
    #[error("nothing is signed for the event `{event}`{place}")]
    #[diagnostic(
        code(ci::event_cannot_sign),
        help(
            "a verdict is signed after the merge: on `push`, `schedule` or `workflow_dispatch` (GitLab: `push`, `schedule`, `web`, `api`, `trigger`), and on the branch of an environment; pull requests and forks are checked, never signed"
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

/// What went wrong, why, and what to do, as text.
pub(super) fn told(error: &dyn miette::Diagnostic) -> String {
    let reasons = error.related().into_iter().flatten();
    let reasons = reasons.map(|reason| format!("\n{reason}"));
    let help = error.help().map(|help| format!("\n{help}"));
    let more: String = reasons.chain(help).collect();
    format!("{error}{more}")
}
