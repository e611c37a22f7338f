//! A trust file under a root whose time is over: what passes here is signed and admitted by nobody.
//! Judges nothing by it; where the file itself is changed, the unit `gate` does.

use jiff::Timestamp;

use crate::attest::TrustFile;
use crate::gate::chain::TRUST_FILE;
use crate::gate::view::View;
use crate::gate::{Error, anchor};
use crate::model::{Effect, Finding, RepoPath};

/// A warning, where the file at head is over.
pub(super) fn is_over(view: &View<'_>, now: Timestamp) -> Result<Option<Finding>, Error> {
    let path = RepoPath::from(TRUST_FILE);
    let Some(entry) = view.repository.entry(&view.head.snapshot, &path)? else {
        return Ok(None);
    };
    // What cannot be read is told where it is accepted.
    let Ok(trust) = TrustFile::parse_draft(&view.repository.file(&entry)?) else {
        return Ok(None);
    };
    let Err(over) = trust.check_unexpired(now) else {
        return Ok(None);
    };
    Ok(Some(Finding {
        anchor: anchor::at_head(&path, view)?,
        remediation: Some(
            "let its root sign the next one, `tidegate keys sign --expires`, and have `sign` accept it"
                .to_owned(),
        ),
        ..Finding::of_engine(
            "engine.trust-expired",
            Effect::Warn,
            format!("{over}: by it nothing is signed or admitted, whatever passes here"),
        )
    }))
}
