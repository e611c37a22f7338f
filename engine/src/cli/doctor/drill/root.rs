//! What the root takes: that another one follows it, and that it is lost. Done in a repository and a store of its own,
//! with keys that stand in for those of the root and for those that sign links.

use jiff::{SignedDuration, Timestamp};

use super::rotation::Stage;
use super::standing::Root;
use super::{Drill, Said, unsigned};
use crate::attest::TrustFile;
use crate::cli::common::Failure;

/// A store that was accepted under a root.
struct Rooted {
    stage: Stage,
    root: Root,
    /// The trust file that it signed.
    file: TrustFile,
}

/// Whether the trust file has one; where not, there is nothing to exercise.
pub(super) fn is_there(drill: &Drill<'_>) -> bool {
    drill.trust.has_root()
}

/// Lets another root follow: by its own signature and by that of the one before, and by nothing less.
pub(super) fn turned(drill: &Drill<'_>) -> Result<Said, Failure> {
    let Rooted {
        mut stage,
        root,
        file,
    } = match Rooted::begin(drill, "root")? {
        Ok(rooted) => rooted,
        Err(wrong) => return Ok(fails(&wrong)),
    };
    let now = drill.now();
    let next = root.another()?;
    let draft = stage.keys.trust_under(&next)?;
    let alone = next.signs(draft.clone(), &file, end(now), now)?;
    if let Some(wrong) = stage.takes(drill, &alone, now, "by its own signature alone") {
        return Ok(fails(&wrong));
    }
    // As two people do, one after the other: a principal may be one of both.
    let both = root.signs(alone, &file, None, now)?;
    if let Some(wrong) = stage.accepts(drill, &both, now)? {
        return Ok(fails(&format!("another root that both signed: {wrong}")));
    }
    let back = root.signs(stage.keys.trust_under(&root)?, &both, end(now), now)?;
    if let Some(wrong) = stage.takes(drill, &back, now, "by the root that was followed") {
        return Ok(fails(&wrong));
    }
    let last = next.signs(draft, &both, end(now), now)?;
    if let Some(wrong) = stage.accepts(drill, &last, now)? {
        return Ok(fails(&format!("a file that the new root signed: {wrong}")));
    }
    let about = "the root gives way to another one: both sign, then the new one alone; neither does without the other before";
    Ok(Said::Works(about.to_owned()))
}

/// Begins a store anew when nobody is left who signs the next trust file, and the last one is over.
pub(super) fn lost(drill: &Drill<'_>) -> Result<Said, Failure> {
    let Rooted {
        mut stage,
        root,
        file,
    } = match Rooted::begin(drill, "lost")? {
        Ok(rooted) => rooted,
        Err(wrong) => return Ok(fails(&wrong)),
    };
    let Some(over) = end(drill.now()) else {
        return Ok(super::skipped());
    };
    if file.check_unexpired(over).is_ok() {
        return Ok(fails("a trust file that is over still counts"));
    }
    let next = root.another()?;
    let draft = stage.keys.trust_under(&next)?;
    let anew = next.signs(draft, &file, end(over), over)?;
    if let Some(wrong) = stage.takes(drill, &anew, over, "without the root that was lost") {
        return Ok(fails(&wrong));
    }
    stage.begin_anew(drill, "anew");
    let everybody = stage.keys.without(None)?;
    let mut wrong = unsigned(&stage.baseline(drill, (&everybody, over), None)?);
    if wrong.is_empty() {
        wrong = stage.asked(drill, &anew, over)?;
    }
    if !wrong.is_empty() {
        return Ok(fails(&wrong.join("; ")));
    }
    let about = "without the root, and after the end of what it signed: a new store begins by a trust file with another root, and `admit` goes by that";
    Ok(Said::Works(about.to_owned()))
}

impl Rooted {
    /// Accepts the head of the branch under a root that stands in; or what is in the way.
    fn begin(drill: &Drill<'_>, name: &str) -> Result<Result<Self, String>, Failure> {
        let Some(root) = Root::of(drill.trust)? else {
            return Ok(Err("the trust file has no root".to_owned()));
        };
        let Some(mut stage) = Stage::named(drill, name)? else {
            return Ok(Err("there is no such environment".to_owned()));
        };
        let now = drill.now();
        let file = root.begins(stage.keys.trust_under(&root)?, end(now), now)?;
        stage.commit(&file, now)?;
        let everybody = stage.keys.without(None)?;
        let wrong = unsigned(&stage.baseline(drill, (&everybody, now), None)?);
        if !wrong.is_empty() {
            return Ok(Err(wrong.join("; ")));
        }
        Ok(Ok(Self { stage, root, file }))
    }
}

impl Stage {
    /// What keeps a trust file from being accepted, and from admitting what stands there.
    fn accepts(
        &mut self,
        drill: &Drill<'_>,
        file: &TrustFile,
        now: Timestamp,
    ) -> Result<Option<String>, Failure> {
        let everybody = self.keys.without(None)?;
        let mut notes = Vec::new();
        if let Some(wrong) = self.gate_by(drill, file, (&everybody, now), &mut notes)? {
            return Ok(Some(wrong));
        }
        let wrong = self.asked(drill, file, now)?;
        Ok((!wrong.is_empty()).then(|| wrong.join("; ")))
    }

    /// What is wrong where a trust file is accepted that must not be, or is refused for another reason.
    fn takes(
        &mut self,
        drill: &Drill<'_>,
        file: &TrustFile,
        now: Timestamp,
        how: &str,
    ) -> Option<String> {
        let said = match self.accepts(drill, file, now) {
            Err(error) => Some(super::told(error.as_ref())),
            Ok(said) => said,
        };
        match said {
            None => Some(format!("a trust file is followed by another {how}")),
            Some(said) if said.contains("[trust-root.") => None,
            Some(said) => Some(said),
        }
    }
}

fn fails(about: &str) -> Said {
    Said::Fails {
        about: about.to_owned(),
        help: "docs/keys.md says what a root takes, docs/disaster.md what is left without one"
            .to_owned(),
    }
}

fn end(from: Timestamp) -> Option<Timestamp> {
    from.checked_add(SignedDuration::from_hours(90 * 24)).ok()
}
