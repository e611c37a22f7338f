//! The plans for the way back, as they lie in the tree at head: those that commits name, or the one of the settings.
//! Knows nothing of what they say.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Error;
use super::judge::Judge;
use super::view::View;
use crate::facts::rollback::{self, PlanFile, Text};
use crate::facts::source::SourceInfo;
use crate::git::{self, Spot};
use crate::model::limits;

/// The plans of a change, where a policy asks for them.
pub(super) fn of_change(
    view: &View<'_>,
    judge: &Judge,
    source: &SourceInfo,
) -> Result<Vec<PlanFile>, Error> {
    if !judge.asks_for(rollback::NAME) {
        return Ok(Vec::new());
    }
    let mut plans = Vec::new();
    let said = match source.commits.is_empty() {
        true => said_between(view),
        false => said(source),
    };
    for path in named(judge, said) {
        let text = match plans.len() < limits::PLANS.most {
            true => text(view, &path)?,
            false => Text::Lacking(format!("is one of more than {} plans", limits::PLANS)),
        };
        plans.push(PlanFile { path, text });
    }
    plans.truncate(limits::PLANS.most + 1);
    Ok(plans)
}

/// What the commits name; where none does, what the settings name.
pub(super) fn named(judge: &Judge, said: BTreeSet<String>) -> BTreeSet<String> {
    if !said.is_empty() {
        return said;
    }
    let settings = judge.settings(POLICY).to_json();
    let path = settings.get("plan-path").and_then(Value::as_str);
    path.map(str::to_owned).into_iter().collect()
}

/// What the trailers of the commits of a range name.
pub(super) fn said(source: &SourceInfo) -> BTreeSet<String> {
    let trailers = source.commits.iter().flat_map(|commit| &commit.trailers);
    let trailers = trailers.filter(|(key, _)| key.eq_ignore_ascii_case(TRAILER));
    trailers.flat_map(|(_, paths)| paths).cloned().collect()
}

/// The same, of the commits between the two sides: who signs is not told of them. A history that cannot be walked names
/// no plan, so that the one of the settings is asked for.
fn said_between(view: &View<'_>) -> BTreeSet<String> {
    let sides = (view.base.snapshot.commit(), view.head.snapshot.commit());
    let (Some(base), Some(head)) = sides else {
        return BTreeSet::new();
    };
    let Ok(range) = view.repository.range(&format!("{base}..{head}")) else {
        return BTreeSet::new();
    };
    let trailers = range.commits.iter().flat_map(|commit| &commit.trailers);
    let trailers = trailers.filter(|trailer| trailer.key.eq_ignore_ascii_case(TRAILER));
    trailers.map(|trailer| trailer.value.clone()).collect()
}

fn text(view: &View<'_>, path: &str) -> Result<Text, Error> {
    let lacking = |why: &str| Ok(Text::Lacking(why.to_owned()));
    let Some(inside) = PlanFile::inside(path) else {
        return lacking("is no path from the root of the repository");
    };
    let (repository, head) = (view.repository, &view.head.snapshot);
    let entry = match repository.spot(head, &inside)? {
        Spot::Nothing => return lacking("is not there"),
        Spot::Folder => return lacking("is a folder"),
        Spot::Entry(entry) if entry.is_link() || entry.is_submodule() => {
            return lacking("is a link, which is not followed");
        }
        Spot::Entry(entry) => entry,
    };
    let bytes = match repository.blob_within(entry.id, limits::PLAN.wide()) {
        Err(git::Error::BlobTooLarge { .. }) => {
            return Ok(Text::Lacking(format!("is larger than {}", limits::PLAN)));
        }
        read => read?,
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Text::Known(text)),
        Err(_) => lacking("is not UTF-8"),
    }
}

/// By which a commit names its plan.
const TRAILER: &str = "Rollback-Plan";
/// The policy whose settings name a plan.
const POLICY: &str = "rollback-readiness";
