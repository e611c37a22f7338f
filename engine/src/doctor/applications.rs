//! Applications: which of them nothing asks about, and which say something that leads round what asks.

use super::deployed::{Application, applications, is_promoted, revision, url};
use super::tree::Seen;
use super::{State, Way};
use super::{arguments, bringing, gates, plugins, promoted};
use crate::config::Config;
use crate::manifest::Node;
use crate::sources::normalised;

pub(super) fn ways(seen: &Seen<'_>, config: Option<&Config>) -> Vec<Way> {
    let mut ways = Vec::new();
    for application in applications(seen) {
        if application.is_judged(seen, config) {
            application.ways(seen, config, &mut ways);
        }
    }
    ways
}

/// What asks before an Application is synced.
enum Asked {
    /// Only what was admitted is on the branch that it follows.
    Promoted,
    /// The plugin that renders it.
    Plugin,
    /// A hook, brought by the source of that number.
    Hook(usize),
    /// Another source, of a repository that nobody showed.
    Elsewhere(usize),
    /// What comes of a set is not told: this changes its template.
    Untold(String),
    /// Nothing.
    Nothing,
}

impl Application<'_, '_> {
    fn ways(&self, seen: &Seen<'_>, config: Option<&Config>, ways: &mut Vec<Way>) {
        let document = self.document;
        let called = document.called();
        let glass = format!(
            "{}/metadata/annotations/tidegate.dev~1break-glass",
            self.inner
        );
        if document.text_at(&glass).is_some() {
            ways.push(document.open(
                "break-glass",
                &glass,
                format!(
                    "the glass of {called} is broken: the admission policy lets everything through"
                ),
                "take the annotation away, now that it is over",
            ));
        }
        if document.node.get("operation").is_some() {
            ways.push(document.open(
                "operation-in-git",
                "/operation",
                format!(
                    "{called} brings an operation: whoever applies it begins a sync as it likes"
                ),
                "leave `operation` out; Argo CD writes it",
            ));
        }
        match self.asked(seen, config) {
            Asked::Plugin => ways.extend(arguments::of_plugins(self, seen, config)),
            Asked::Promoted => ways.extend(promoted::of_application(self, seen, config)),
            Asked::Nothing => ways.push(self.not_gated()),
            Asked::Untold(at) => ways.push(self.untold(&at)),
            Asked::Elsewhere(at) => ways.push(self.elsewhere(at)),
            Asked::Hook(at) => {
                self.hooked(at, config, ways);
                ways.extend(self.unasked(seen));
                ways.extend(arguments::ways(self, at, seen, config));
            }
        }
    }

    fn not_gated(&self) -> Way {
        let revision = self.sources().first().map(|(_, source)| revision(source));
        if self.is_hydrated() {
            return self.document.open(
                "not-gated",
                &self.at("/spec/sourceHydrator"),
                format!(
                    "nothing asks before {} is synced: Argo CD renders `{}` onto another branch, and that is what is deployed",
                    self.document.called(),
                    revision.unwrap_or_default()
                ),
                "leave `sourceHydrator` out, and let `source` follow `refs/heads/gated/ENVIRONMENT/UNIT`; what is rendered beforehand is judged where it is committed",
            );
        }
        self.document.open(
            "not-gated",
            &self.at("/spec"),
            format!(
                "nothing asks before {} is synced: it follows `{}`",
                self.document.called(),
                revision.unwrap_or_default()
            ),
            "let it follow `refs/heads/gated/ENVIRONMENT/UNIT`, which `tidegate promote` moves; or add the gate as its last source",
        )
    }

    fn untold(&self, at: &str) -> Way {
        let key = at.rsplit('/').next().unwrap_or_default();
        self.document.open(
            "not-gated",
            at,
            format!(
                "what {} makes is not told here, since `{key}` changes it there: its Applications may follow anything, and nothing may ask",
                self.document.called()
            ),
            "write it into the template of the set, with values that its generators give",
        )
    }

    fn elsewhere(&self, at: usize) -> Way {
        let sources = self.sources();
        let source = sources.get(at).map(|(_, source)| *source);
        let text = |key: &str| {
            source
                .and_then(|source| source.get(key)?.as_str())
                .unwrap_or_default()
        };
        Way {
            state: State::Unseen,
            ..self.document.open(
                "gate-elsewhere",
                &self.at(&format!("/spec/sources/{at}")),
                format!(
                    "whether `{}` of `{}` asks before {} is synced is not seen here",
                    text("path"),
                    text("repoURL"),
                    self.document.called()
                ),
                "show that repository too: `--repo` may be repeated",
            )
        }
    }

    fn hooked(&self, at: usize, config: Option<&Config>, ways: &mut Vec<Way>) {
        let document = self.document;
        let sources = self.sources();
        if at + 1 < sources.len() {
            ways.push(document.open(
                "gate-not-last",
                &self.at(&format!("/spec/sources/{at}")),
                format!("the gate is not the last source of {}: of two objects with one name, a later source's counts", document.called()),
                "list the gate's source last",
            ));
        }
        let source = sources.get(at).map(|(_, source)| *source);
        let shared = sources.iter().enumerate().any(|(other, (_, one))| {
            other != at && source.is_some_and(|gate| normalised(url(one)) == normalised(url(gate)))
        });
        if shared {
            ways.push(document.open(
                "gate-unpinned",
                &self.at(&format!("/spec/sources/{at}")),
                format!("the gate of {} comes from the repository that it judges: the commit that takes it away is not asked about", document.called()),
                "bring the gate from a repository of the platform",
            ));
        }
        let told = source.map(|source| bringing::ways(self, at, source, config));
        ways.extend(told.unwrap_or_default());
        ways.extend(self.retry());
    }

    /// With a hook, a refusal is a failed sync: whether Argo CD ever looks again is a matter of `retry`.
    fn retry(&self) -> Option<Way> {
        let document = self.document;
        let at = self.at("/spec/syncPolicy/retry");
        document
            .node
            .pointer(&self.at("/spec/syncPolicy/automated"))?;
        let retry = document.node.pointer(&at);
        let value = |key: &str| retry.and_then(|retry| retry.get(key)).map(Node::to_json);
        let endless =
            value("limit").is_some_and(|limit| limit.as_i64().is_some_and(|limit| limit < 0));
        let refreshed = value("refresh") == Some(true.into());
        let about = match (endless, refreshed) {
            (true, true) => return None,
            (true, false) => format!(
                "{} tries a refused commit for ever, and no later one while it does: not the one that mends it either",
                document.called()
            ),
            (false, _) => format!(
                "{} is given up after its last try, also where only the hour was wrong",
                document.called()
            ),
        };
        Some(document.open(
            "retry",
            &at,
            about,
            "set `limit: -1` and `refresh: true`, with a `backoff` of some minutes",
        ))
    }

    fn asked(&self, seen: &Seen<'_>, config: Option<&Config>) -> Asked {
        let untold = self.templates().into_iter().map(|(at, _)| at).next();
        let patch = || self.patch().map(|_| "/spec/templatePatch".to_owned());
        if let Some(at) = untold.or_else(patch) {
            return Asked::Untold(at);
        }
        if self.is_hydrated() {
            return Asked::Nothing;
        }
        let sources = self.sources();
        let judged = |source: &&Node| source.get("path").is_some();
        let paths = || sources.iter().map(|(_, source)| *source).filter(judged);
        if paths().next().is_some()
            && paths().all(|source| {
                let path = source.get("path").and_then(Node::as_str);
                let revision = revision(source);
                let branch = revision.strip_prefix("refs/heads/").unwrap_or(revision);
                seen.origins.may_be_judged(url(source))
                    && is_promoted(seen, config, branch, path.unwrap_or_default())
            })
        {
            return Asked::Promoted;
        }
        let plugin = |source: &Node| {
            let name = source.pointer("/plugin/name").and_then(Node::as_str);
            name.map_or(Some(false), |name| plugins::ask(seen, name))
        };
        // A source that only lends its files is read by what names them.
        let lends = |source: &Node| {
            let renders = ["chart", "path"]
                .iter()
                .any(|key| source.get(key).is_some());
            source.get("ref").is_some() && !renders
        };
        let mut all = sources.iter().map(|(_, source)| *source);
        let all = all.all(|source| lends(source) || plugin(source) == Some(true));
        if paths().next().is_some() && all {
            return Asked::Plugin;
        }
        let unseen = sources.iter().find(|(_, source)| plugin(source).is_none());
        if let Some((at, _)) = unseen
            && paths().all(|source| plugin(source) != Some(false))
        {
            return Asked::Elsewhere(*at);
        }
        let path = |source: &Node| {
            source
                .get("path")
                .and_then(|path| path.as_str().map(str::to_owned))
        };
        for (at, source) in &sources {
            if path(source).is_some_and(|path| gates::brought_by(seen, url(source), &path)) {
                return Asked::Hook(*at);
            }
        }
        let hidden = sources.iter().rev().find(|(_, source)| {
            path(source).is_some_and(|path| !gates::is_seen(seen, url(source), &path))
        });
        match hidden {
            Some((at, _)) if sources.len() > 1 => Asked::Elsewhere(*at),
            _ => Asked::Nothing,
        }
    }
}
