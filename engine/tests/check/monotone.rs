//! What more changes can only make worse.

use std::collections::BTreeSet;

use super::*;

#[test]
fn one_more_change_never_lowers_the_tier() {
    let files = [
        ("prod/a.yaml", config_map("a", "2")),
        ("prod/odoo.yaml", deployment("odoo", "3Gi")),
        (
            "prod/s.yaml",
            config_map("s", "YQ==").replace("kind: ConfigMap", "kind: Secret"),
        ),
        ("prod/README.md", "# Odoo".to_owned()),
    ];
    let (repo, _) = shop(CONFIG);
    let base = repo.write("prod/a.yaml", config_map("a", "1")).commit("a");
    let tier = |taken: usize| {
        repo.git(&["switch", "--quiet", "--detach", &base.to_string()]);
        let taken = files
            .iter()
            .enumerate()
            .filter(|(at, _)| taken >> at & 1 == 1);
        for (_, (path, text)) in taken {
            repo.write(path, text);
        }
        repo.commit("these");
        unit(&check(&repo, base), "prod", "prod").tier
    };
    let tiers: Vec<_> = (1..1 << files.len()).map(tier).collect();
    for (one, more) in
        (1..1 << files.len()).flat_map(|one| (0..4).map(move |at| (one, one | 1 << at)))
    {
        assert!(tiers[one - 1] <= tiers[more - 1], "{one:b} {more:b}");
    }
    let different: BTreeSet<_> = tiers.iter().collect();
    assert!(different.len() > 2, "{different:?}");
}
