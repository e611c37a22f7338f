//! A trust file whose time is over, or soon will be: what passes here is then signed and admitted by nobody.
//! Judges nothing by it; where the file itself is changed, the unit `gate` does.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::attest::{Right, Role, TrustFile};
use crate::gate::chain::TRUST_FILE;
use crate::gate::view::View;
use crate::gate::{Error, anchor};
use crate::model::{Effect, Finding, RepoPath};

/// A warning, where the file at head is over, or where in a month nothing is signed by it any more.
pub(super) fn is_over(view: &View<'_>, now: Timestamp) -> Result<Option<Finding>, Error> {
    let path = RepoPath::from(TRUST_FILE);
    let Some(entry) = view.repository.entry(&view.head.snapshot, &path)? else {
        return Ok(None);
    };
    // What cannot be read is told where it is accepted.
    let Ok(trust) = TrustFile::parse_draft(&view.repository.file(&entry)?) else {
        return Ok(None);
    };
    let Some((code, message, remediation)) = told(&trust, now) else {
        return Ok(None);
    };
    Ok(Some(Finding {
        anchor: anchor::at_head(&path, view)?,
        remediation: Some(remediation.to_owned()),
        ..Finding::of_engine(code, Effect::Warn, message)
    }))
}

fn told(trust: &TrustFile, now: Timestamp) -> Option<(&'static str, String, &'static str)> {
    if let Err(over) = trust.check_unexpired(now) {
        let message = format!("{over}: by it nothing is signed or admitted, whatever passes here");
        return Some((
            "engine.trust-expired",
            message,
            "let its root sign the next one, `tidegate keys sign --expires`, and have `sign` accept it",
        ));
    }
    let soon = now.checked_add(AHEAD).ok()?;
    if let Some(end) = trust.expires().filter(|end| *end <= soon) {
        let message = format!(
            "trust file {} is over at {end}: from then on nothing is signed or admitted by it",
            trust.number()
        );
        return Some((
            "engine.trust-ends",
            message,
            "let its root sign the next one, `tidegate keys sign --expires`",
        ));
    }
    let (scope, end) = end_of_signers(trust, now, soon)?;
    let whom = match scope {
        "*" => "that sign for all environments".to_owned(),
        scope => format!("that sign for `{scope}`"),
    };
    let message = format!(
        "at {end} the time of too many keys {whom} is over: from then on nothing is signed there, and where that is the gate, no change of `{TRUST_FILE}` either"
    );
    Some((
        "engine.trust-ends",
        message,
        "add the key that follows while there is time: `tidegate keys rotate --plan`",
    ))
}

/// For whom nobody signs any more after an instant that comes soon, though somebody does now; the first of them.
fn end_of_signers(trust: &TrustFile, now: Timestamp, soon: Timestamp) -> Option<(&str, Timestamp)> {
    let keys = trust.keys();
    let named = keys.iter().flat_map(|key| &key.environments).flatten();
    let scopes: BTreeSet<&str> = named.map(String::as_str).chain(["*"]).collect();
    let ends = keys.iter().filter_map(|key| key.validity.not_after);
    let ends: BTreeSet<Timestamp> = ends.filter(|end| (now..=soon).contains(end)).collect();
    let signs = |scope: &str, from: Timestamp| {
        let right = Right {
            role: Role::MergeSigner,
            environment: scope,
        };
        trust.is_signable(right, from)
    };
    ends.into_iter().find_map(|end| {
        let mut scopes = scopes.iter();
        let over = scopes.find(|scope| signs(scope, now) && !signs(scope, end))?;
        Some((*over, end))
    })
}

/// As long before `doctor` says so of each key.
const AHEAD: SignedDuration = SignedDuration::from_hours(30 * 24);
