//! What an Argo CD Application says is being applied, and what runs: a function of one JSON document.
//! Asks no API server and reads no repository; what it does not understand it refuses, by name.

mod fields;
mod source;

use jiff::Timestamp;
use miette::Diagnostic;

pub use source::{AppliedSource, GateSource};

use super::{Reason, Refusal};
use crate::manifest::{Node, NodeValue, json};
use crate::model::GitId;
use fields::Place;
use source::Listed;

/// Which Application is asked for, and whose sources it may have.
#[derive(Clone, Copy, Debug)]
pub struct ApplicationQuery<'a> {
    /// The namespace of the Application.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The repository that is judged, exactly as the sources spell it.
    pub repository: &'a str,
    /// The sources that bring the gate itself: the caller vouches for them.
    pub gate: &'a [GateSource],
}

/// A sync that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sync {
    /// When it began, as Argo CD spells it; with the rest it says whether it is still the same one.
    pub started_at: String,
    /// The commit that is about to be applied.
    pub revision: GitId,
    /// The commit that runs, where the Application's history knows it of the same sources.
    pub deployed: Option<GitId>,
    /// What is taken of the commit.
    pub sources: Vec<AppliedSource>,
    /// The sources of the gate itself, each with its commit, for people.
    pub gate: Vec<String>,
    /// The newest instant at which something of it happened, and the field that says so: by now it is no
    /// earlier.
    pub happened: Option<(String, Timestamp)>,
    /// What no verdict covers: overrides, foreign sources, fields that nobody understands.
    pub refusals: Vec<Refusal>,
}

/// Why an Application does not say what is about to be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum ApplicationError {
    /// Not the document of an Application.
    #[error("the Application cannot be read: {what}")]
    #[diagnostic(
        code(argo::status),
        help("tested with Argo CD 3.2; newer ones may speak otherwise")
    )]
    Malformed {
        /// What is wrong, and where.
        what: String,
    },
    /// No sync is under way.
    #[error("`{name}` is not being synced: {why}")]
    #[diagnostic(
        code(argo::not_syncing),
        help(
            "`--application` is for a PreSync hook of that Application; by hand, give `--revision`"
        )
    )]
    NotSyncing {
        /// The Application.
        name: String,
        /// What it says of itself.
        why: String,
    },
    /// The sync has begun, and Argo CD has not yet written down what it applies.
    #[error("`{name}` does not say yet what its sync applies")]
    #[diagnostic(
        code(argo::no_result),
        help("Argo CD writes it shortly after the hook starts; try again")
    )]
    NoResult {
        /// The Application.
        name: String,
    },
    /// What is to be applied is no commit.
    #[error("`{place}` is `{found}`, which is no commit")]
    #[diagnostic(
        code(argo::revision_not_concrete),
        help(
            "it takes the 40 hexadecimal digits of a commit; a variable that was not replaced, a branch or a short id is none"
        )
    )]
    NotConcrete {
        /// The field or option.
        place: String,
        /// What it holds.
        found: String,
    },
    /// Nothing of the judged repository is applied.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Foreign(Refusal),
    /// The Application was synced anew while we looked.
    #[error("another sync of `{name}` began, or this one applies something else now")]
    #[diagnostic(
        code(argo::operation_changed),
        help("nothing was admitted; the new sync has a hook of its own")
    )]
    OperationChanged {
        /// The Application.
        name: String,
    },
}

impl Sync {
    /// Reads an Application as the API server hands it out.
    ///
    /// # Errors
    /// It is another object, is not being synced, or does not say clearly what is being applied.
    pub fn read(document: &str, query: &ApplicationQuery<'_>) -> Result<Self, ApplicationError> {
        let root = json::parse(document).map_err(|error| ApplicationError::Malformed {
            what: error.to_string(),
        })?;
        let root = Place::root(&root);
        check_identity(&root, query)?;
        let state = running(&root, query)?;
        let mut refusals = operation(&state.present("operation")?)?;
        let result = state.filled("syncResult").filter(is_of_this_sync);
        let result = result.ok_or_else(|| ApplicationError::NoResult {
            name: full_name(query),
        })?;
        refusals.extend(result.unknown(RESULT));
        refusals.extend(override_of(
            result.filled("managedNamespaceMetadata").as_ref(),
        ));
        let listed = source::list(&result)?;
        same_revision(&state, &listed)?;
        same_sources(&state, &listed)?;
        let taken = source::take(&listed, query)?;
        refusals.extend(taken.refusals);
        let deployed = deployed(&root, query, &taken.sources)?;
        let Some(revision) = taken.revision else {
            return Err(ApplicationError::Foreign(Refusal::new(
                Reason::SourceOutsideSelector,
                format!("a source at `{}`", query.repository),
                format!("none in `{}`", full_name(query)),
            )));
        };
        Ok(Self {
            started_at: state.required("startedAt")?.text()?.to_owned(),
            revision,
            deployed,
            sources: taken.sources,
            gate: taken.gate,
            happened: happened(&root, &state)?,
            refusals,
        })
    }

    /// What a plugin renders: one folder of a commit. Which commit runs nobody says.
    #[must_use]
    pub fn of_plugin(revision: GitId, source: AppliedSource, overrides: Vec<Refusal>) -> Self {
        Self {
            started_at: String::new(),
            revision,
            deployed: None,
            sources: vec![source],
            gate: Vec::new(),
            happened: None,
            refusals: overrides,
        }
    }

    /// Holds what is read now against what was read before the answer.
    ///
    /// # Errors
    /// It is not the same sync any more.
    pub fn unchanged(
        &self,
        document: &str,
        query: &ApplicationQuery<'_>,
    ) -> Result<(), ApplicationError> {
        match Self::read(document, query) {
            Ok(now) if now == *self => Ok(()),
            Err(error @ ApplicationError::Malformed { .. }) => Err(error),
            _ => Err(ApplicationError::OperationChanged {
                name: full_name(query),
            }),
        }
    }
}

/// The commit that a template or an option names: all 40 digits and nothing else.
///
/// # Errors
/// Anything shorter, a name, a variable that nobody replaced, the id of nothing.
pub fn concrete_revision(place: &str, text: &str) -> Result<GitId, ApplicationError> {
    let full = text.len() == 40 && text.bytes().any(|digit| digit != b'0');
    GitId::parse(text)
        .ok()
        .filter(|_| full)
        .ok_or_else(|| ApplicationError::NotConcrete {
            place: place.to_owned(),
            found: text.chars().take(80).collect(),
        })
}

fn check_identity(root: &Place<'_>, query: &ApplicationQuery<'_>) -> Result<(), ApplicationError> {
    let metadata = root.required("metadata")?;
    let found = (
        root.required("kind")?.text()?,
        metadata.required("namespace")?.text()?,
        metadata.required("name")?.text()?,
    );
    let version = root.required("apiVersion")?.text()?;
    if found != ("Application", query.namespace, query.name) || version != "argoproj.io/v1alpha1" {
        let (kind, namespace, name) = found;
        return Err(ApplicationError::Malformed {
            what: format!("it is {version} {kind} `{namespace}/{name}`"),
        });
    }
    if metadata.filled("deletionTimestamp").is_some() {
        return Err(ApplicationError::NotSyncing {
            name: full_name(query),
            why: "it is being deleted".to_owned(),
        });
    }
    Ok(())
}

/// The operation that is under way.
fn running<'d>(
    root: &Place<'d>,
    query: &ApplicationQuery<'_>,
) -> Result<Place<'d>, ApplicationError> {
    let state = root
        .filled("status")
        .and_then(|status| status.filled("operationState"));
    let not_syncing = |why: String| ApplicationError::NotSyncing {
        name: full_name(query),
        why,
    };
    let Some(state) = state else {
        return Err(not_syncing("no operation".to_owned()));
    };
    match state.required("phase")?.text()? {
        "Running" => Ok(state),
        phase => Err(not_syncing(format!(
            "its last operation has ended: `{phase}`"
        ))),
    }
}

/// Whether a hook runs now: until Argo CD has written down its own results, those of the sync before may
/// still stand there.
fn is_of_this_sync(result: &Place<'_>) -> bool {
    let resources = result.node.get("resources").and_then(Node::items);
    resources.is_some_and(|resources| {
        resources.iter().any(|resource| {
            resource.get("hookPhase").and_then(Node::as_str) == Some("Running")
                && resource.get("hookType").and_then(Node::as_str) == Some("PreSync")
        })
    })
}

/// What in the request itself makes something else of the commit.
fn operation(operation: &Place<'_>) -> Result<Vec<Refusal>, ApplicationError> {
    let mut refusals = operation.unknown(OPERATION);
    let sync = operation.present("sync")?;
    refusals.extend(sync.unknown(SYNC));
    for key in ["manifests", "resources", "dryRun"] {
        refusals.extend(override_of(sync.filled(key).as_ref()));
    }
    if let Some(strategy) = sync.filled("syncStrategy") {
        refusals.extend(strategy.unknown(&["hook"]));
        if let Some(hook) = strategy.filled("hook") {
            refusals.extend(hook.unknown(&[]));
        }
    }
    if let Some(options) = sync.filled("syncOptions") {
        for option in options.items()? {
            let text = option.text()?;
            let name = text.split_once('=').map_or(text, |(name, _)| name);
            if !OPTIONS.contains(&name) {
                refusals.push(overridden(&option));
            }
        }
    }
    Ok(refusals)
}

/// A commit that the request names must be the one that is applied.
fn same_revision(state: &Place<'_>, listed: &[Listed<'_>]) -> Result<(), ApplicationError> {
    if is_asked_anew(state)? {
        return Ok(());
    }
    let sync = state.present("operation")?.present("sync")?;
    let mut asked: Vec<Place<'_>> = sync.filled("revision").into_iter().collect();
    if let Some(revisions) = sync.filled("revisions") {
        asked = revisions.items()?;
        if asked.len() != listed.len() {
            return Err(revisions.malformed("one revision for each source"));
        }
    }
    for (asked, listed) in asked.iter().zip(listed) {
        let text = asked.text()?;
        let applied = listed.revision.text()?;
        if concrete_revision(&asked.path, text).is_ok() && text != applied {
            return Err(asked.malformed(&format!(
                "the commit that is applied, `{applied}`; it is `{text}`"
            )));
        }
    }
    Ok(())
}

/// Sources that the request names must be those that are applied: Argo CD copies them as they stand.
fn same_sources(state: &Place<'_>, listed: &[Listed<'_>]) -> Result<(), ApplicationError> {
    let sync = state.present("operation")?.present("sync")?;
    let asked = match sync.filled("sources") {
        Some(sources) if sources.items()?.len() == listed.len() => sources.items()?,
        Some(sources) => return Err(sources.malformed("one source for each that is applied")),
        None => sync.filled("source").into_iter().collect(),
    };
    let differs =
        |(asked, listed): &(&Place<'_>, &Listed<'_>)| !asked.says_the_same(&listed.source);
    match asked.iter().zip(listed).find(differs) {
        Some((asked, listed)) => {
            let applied = &listed.source.path;
            Err(asked.malformed(&format!("the source that is applied, `{applied}`")))
        }
        None => Ok(()),
    }
}

/// Whether this is a retry that looks at Git again: what the request names is the commit of the first try then, which
/// Argo CD leaves standing there.
fn is_asked_anew(state: &Place<'_>) -> Result<bool, ApplicationError> {
    let retry = state.present("operation")?.filled("retry");
    let refreshes = retry.and_then(|retry| retry.filled("refresh"));
    let count = state.filled("retryCount").map(|count| count.node.to_json());
    Ok(
        refreshes.is_some_and(|it| it.node.value == NodeValue::Bool(true))
            && count.and_then(|count| count.as_u64()) >= Some(1),
    )
}

/// What the last sync that succeeded applied, if it took the same of the same repository.
fn deployed(
    root: &Place<'_>,
    query: &ApplicationQuery<'_>,
    sources: &[AppliedSource],
) -> Result<Option<GitId>, ApplicationError> {
    let history = root
        .required("status")?
        .filled("history")
        .map(|history| history.items())
        .transpose()?;
    let Some(last) = history.and_then(|mut entries| entries.pop()) else {
        return Ok(None);
    };
    // What cannot be understood is unknown, which admits less than any answer.
    let taken = source::list(&last).and_then(|listed| source::take(&listed, query));
    Ok(taken
        .ok()
        .filter(|taken| taken.refusals.is_empty() && taken.sources == sources)
        .and_then(|taken| taken.revision))
}

/// What has happened when this is read: syncs that have ended, and the beginning of this one.
fn happened(
    root: &Place<'_>,
    state: &Place<'_>,
) -> Result<Option<(String, Timestamp)>, ApplicationError> {
    let mut places = vec![state.required("startedAt")?];
    places.extend(state.filled("finishedAt"));
    if let Some(history) = root.required("status")?.filled("history")
        && let Some(last) = history.items()?.pop()
    {
        places.extend(last.filled("deployStartedAt"));
        places.extend(last.filled("deployedAt"));
    }
    let mut newest: Option<(String, Timestamp)> = None;
    for place in places {
        let at: Timestamp = place
            .text()?
            .parse()
            .map_err(|_| place.malformed("an instant"))?;
        if newest.as_ref().is_none_or(|(_, known)| *known < at) {
            newest = Some((place.path, at));
        }
    }
    Ok(newest)
}

fn override_of(place: Option<&Place<'_>>) -> Option<Refusal> {
    place.map(overridden)
}

fn overridden(place: &Place<'_>) -> Refusal {
    let found = match &place.node.value {
        NodeValue::String(text) => format!("`{}: {text}`", place.path),
        NodeValue::Bool(_) | NodeValue::Number { .. } => {
            format!("`{}: {}`", place.path, place.node.canonical_json())
        }
        _ => format!("`{}`", place.path),
    };
    Refusal::new(
        Reason::SourceOverride,
        "what the commit holds, alone",
        found,
    )
}

fn full_name(query: &ApplicationQuery<'_>) -> String {
    format!("{}/{}", query.namespace, query.name)
}

/// Of `operation`: what does not change what is applied. `sync` is looked at on its own.
const OPERATION: &[&str] = &["sync", "initiatedBy", "info", "retry"];
/// Of `operation.sync`. Sources and revisions count as `syncResult` states them.
const SYNC: &[&str] = &[
    "revision",
    "revisions",
    "prune",
    "dryRun",
    "syncStrategy",
    "resources",
    "source",
    "sources",
    "manifests",
    "syncOptions",
    "autoHealAttemptsCount",
];
/// Of `syncResult`.
const RESULT: &[&str] = &[
    "resources",
    "revision",
    "revisions",
    "source",
    "sources",
    "managedNamespaceMetadata",
];
/// How something is applied, and not what.
const OPTIONS: &[&str] = &[
    "ApplyOutOfSyncOnly",
    "CreateNamespace",
    "FailOnSharedResource",
    "PruneLast",
    "PrunePropagationPolicy",
    "ServerSideApply",
    "SkipDryRunOnMissingResource",
    "Validate",
];

#[cfg(test)]
mod tests;
