//! The plans of a case: those of its files at head that are named as such.
//! Knows no Git; a file of a case is text.

use super::Files;
use crate::facts::rollback::{PlanFile, Text};
use crate::facts::source::SourceInfo;
use crate::gate::judge::Judge;
use crate::gate::plans;

/// What lies in `head/` under the names that the trailers or the settings say.
pub(super) fn plans(files: &Files<'_>, judge: &Judge, source: &SourceInfo) -> Vec<PlanFile> {
    let named = plans::named(judge, plans::said(source)).into_iter();
    let plans = named.map(|path| PlanFile {
        text: match files.get(format!("head/{path}").as_str()) {
            Some(bytes) => Text::Known(String::from_utf8_lossy(bytes).into_owned()),
            None => Text::Lacking("is not there".to_owned()),
        },
        path,
    });
    plans.collect()
}
