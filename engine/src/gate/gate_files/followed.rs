//! Whether a proposed trust file may follow the one before, and whether its keys can sign what comes after it: with
//! too few, the gate is locked.
//! Verifies no signature.

use jiff::Timestamp;

use crate::attest::{Role, TrustFile};
use crate::gate::chain::{TRUST_FILE, gate_id, read_trust};
use crate::gate::key::{can_be_followed, check_next_trust, follows_any_gate, has_a_spare};
use crate::gate::view::View;
use crate::gate::{Error, anchor};
use crate::git::Snapshot;
use crate::model::{Effect, Finding, RepoPath};

/// A warning where every principal must sign, so that the loss of one key would lock the gate of a branch. What a root
/// asks is asked of the file that it signed last, where a store says which, and else of the one before.
///
/// # Errors
/// It is over, its root or the one before has not signed it, or too few can sign from now on: `sign` would refuse it
/// too.
pub(in crate::gate) fn check(
    view: &View<'_>,
    branch: &str,
    (rooted, now): (Option<&TrustFile>, Timestamp),
) -> Result<Option<Finding>, Error> {
    let path = RepoPath::from(TRUST_FILE);
    let at = |snapshot: &Snapshot| -> Result<Option<TrustFile>, Error> {
        let entry = view.repository.entry(snapshot, &path)?;
        let trust = entry.map(|entry| read_trust(&view.repository.file(&entry)?));
        trust.transpose()
    };
    let Some(trust) = at(&view.head.snapshot)? else {
        return Ok(None);
    };
    let unit = gate_id(branch)?;
    // What cannot be read there was never accepted.
    let before = at(&view.base.snapshot).ok().flatten();
    check_next_trust(&trust, rooted.or(before.as_ref()), now)?;
    // The gate of another branch has a trust file of its own there: this one need not let anybody sign for it.
    let could = || before.is_none_or(|before| can_be_followed(&before, &unit, now));
    if !can_be_followed(&trust, &unit, now) && (could() || !follows_any_gate(&trust, now)) {
        let unit = unit.scope();
        return Err(Error::NoGateSigner { unit });
    }
    let is_changed = view.changed.iter().any(|change| change.path == path);
    let wanted = trust.threshold(Role::MergeSigner);
    if wanted < 2 || !is_changed || has_a_spare(&trust, &unit, now) {
        return Ok(None);
    }
    let message = format!(
        "all {wanted} principals that can sign `{}` must sign: when one key is lost nothing can be signed there any more, a change of `{TRUST_FILE}` neither",
        unit.scope()
    );
    Ok(Some(Finding {
        anchor: anchor::at_head(&path, view)?,
        remediation: Some(
            "add the key of one more principal, or lower `thresholds` by one".to_owned(),
        ),
        ..Finding::of_engine("engine.no-spare-key", Effect::Warn, message)
    }))
}
