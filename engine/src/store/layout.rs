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

/// Whether links of some unit lie in a folder.
pub(super) fn is_of_links(folder: &str) -> bool {
    let mut parts = folder.split('/');
    parts.next() == Some(LINKS) && parts.count() == 2
}

fn of_unit(kind: &str, unit: &UnitId) -> String {
    format!("{kind}/{}/{}", unit.environment(), unit.unit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_lies_where_other_versions_look_for_it() {
        let unit = UnitId::new("prod", "odoo").unwrap();
        let digest = Digest::of(b"x");
        let time = "2026-11-20T09:05:07Z".parse().unwrap();
        assert_eq!(links(&unit), format!("{LINKS}/prod/odoo"));
        assert_eq!(
            [LINKS, WITHDRAWALS, &link(12), &reports(&unit)],
            ["links", "withdrawals", "12.json", "reports/prod/odoo"]
        );
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        assert_eq!(GitId::EMPTY_TREE.to_string(), tree);
        let report = report(GitId::EMPTY_TREE, digest);
        assert_eq!(report, format!("{tree}-{digest}.json"));
        assert_eq!(renewals(digest), format!("renewals/{digest}"));
        assert_eq!(renewal(time), "20261120T090507Z.json");
        assert_eq!(withdrawal(digest), format!("{digest}.json"));
    }
}
