//! Where in a store each statement lies: one layout for folders and branches.
//! Knows no store.

use jiff::Timestamp;

use crate::{
    attest::UnitId,
    model::{Digest, GitId},
};

pub(super) const LINKS: &str = "links";
pub(super) const WITHDRAWALS: &str = "withdrawals";

pub(super) fn links(unit: &UnitId) -> String {
    of_unit(LINKS, unit)
}

pub(super) fn link(height: u64) -> String {
    format!("{height}.json")
}

pub(super) fn reports(unit: &UnitId) -> String {
    of_unit("reports", unit)
}

pub(super) fn report(gated_tree: GitId, payload: Digest) -> String {
    format!("{gated_tree}-{payload}.json")
}

pub(super) fn renewals(link: Digest) -> String {
    format!("renewals/{link}")
}

pub(super) fn renewal(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ.json").to_string()
}

pub(super) fn withdrawal(payload: Digest) -> String {
    format!("{payload}.json")
}

fn of_unit(kind: &str, unit: &UnitId) -> String {
    format!("{kind}/{}/{}", unit.environment(), unit.unit())
}
