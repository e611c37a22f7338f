//! Units that cannot be judged, and that a range does not touch: they keep nothing else from being judged.
//! Judges no object.

use super::super::Error;
use super::super::scene::Settled;
use super::Session;
use crate::model::{Effect, Finding};

impl Session<'_> {
    /// Names them, once for all.
    pub(super) fn passed_over(&self, settled: &[Settled]) -> Result<Option<Finding>, Error> {
        let wanted = self.wanted(settled)?.into_iter();
        let names = wanted
            .filter(|it| it.is_passed_over())
            .map(|Settled { scene, .. }| format!("{}/{}", scene.environment, scene.name));
        let names: Vec<String> = names.collect();
        let Some(first) = names.first() else {
            return Ok(None);
        };
        let message = match names.len() {
            1 => format!("{first} could not be judged; nothing of it is touched here"),
            count => format!(
                "{count} units could not be judged; nothing of them is touched here: {}{}",
                names
                    .iter()
                    .take(SHOWN)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", "),
                if count > SHOWN { ", …" } else { "" }
            ),
        };
        let remediation = "`tidegate render UNIT` says why; what touches it is refused until then";
        Ok(Some(Finding {
            remediation: Some(remediation.to_owned()),
            ..Finding::of_engine("engine.not-judged", Effect::Warn, message)
        }))
    }
}

/// Units that are named.
const SHOWN: usize = 5;
