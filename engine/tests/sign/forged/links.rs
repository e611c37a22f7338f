//! Verdicts that are in order and not about this: of another time, place or tree, and links that are
//! chained to what was never judged. Of the chain, `verify` sees nothing: one file is all it is given.

use tidegate::attest::{Counts, FindingSummary, GatedState, Outcome, Verdict};
use tidegate::model::{Digest, Effect, Enforcement, GitId};

use super::Forgery;
use super::shop::{Shop, Signed};

type Edit = fn(&mut Verdict, &Shop);

pub(super) fn all(shop: &Shop) -> Vec<Forgery> {
    let forged = |(name, verified, admitted, edit): (&str, &'static str, &'static str, Edit)| {
        let mut verdict = shop.genuine.clone();
        edit(&mut verdict, shop);
        Forgery::new(name, verdict.signed(&shop.key), verified, admitted)
    };
    let mut forgeries: Vec<Forgery> = [&FOREIGN[..], &LAUNDERED]
        .concat()
        .into_iter()
        .map(forged)
        .collect();
    forgeries.extend(REPOSITORIES.iter().map(|(name, repository)| {
        let verdict = Verdict {
            repository: Some((*repository).to_owned()),
            ..shop.genuine.clone()
        };
        Forgery::refused(
            format!("repository-{name}"),
            verdict.signed(&shop.key),
            "refused other-repository",
        )
    }));
    forgeries
}

const FOREIGN: [(&str, &str, &str, Edit); 12] = [
    ("expired", "refused expired", "refused expired", |v, _| {
        v.valid_from = "2026-11-18T10:00:00Z".parse().unwrap();
        v.valid_until = "2026-11-20T10:00:00Z".parse().unwrap();
    }),
    // A clock behind the newest link is no clock to admit by.
    (
        "not-yet-valid",
        "refused not-yet-valid",
        "clock.behind exit 3",
        |v, _| {
            v.valid_from = "2026-11-20T12:00:00Z".parse().unwrap();
            v.valid_until = "2026-11-20T13:00:00Z".parse().unwrap();
        },
    ),
    ("failed", "refused failed", "refused failed", |v, _| {
        v.outcome = Outcome::Fail;
        v.counts = Counts {
            denied: 1,
            ..v.counts
        };
        v.findings = vec![FindingSummary {
            code: "resources.missing-memory-limit".to_owned(),
            effect: Effect::Deny,
            object: None,
            keyed_path: None,
            message: "no limit".to_owned(),
            inherited: false,
            excepted_by: None,
        }];
    }),
    (
        "observed",
        "refused observed",
        "refused observed",
        |v, _| v.enforcement = Enforcement::Observe,
    ),
    (
        "other-environment",
        "refused other-unit",
        "refused other-unit",
        |v, _| v.environment = "dev".to_owned(),
    ),
    (
        "other-unit",
        "refused other-unit",
        "refused other-unit",
        |v, _| v.unit = "db".to_owned(),
    ),
    (
        "unit-in-other-case",
        "refused other-unit",
        "refused other-unit",
        |v, _| v.unit = "Web".to_owned(),
    ),
    (
        "unit-gate",
        "refused other-unit",
        "refused other-unit",
        |v, _| {
            (v.environment, v.unit) = ("main".to_owned(), "gate".to_owned());
        },
    ),
    (
        "repository-missing",
        "refused other-repository",
        "refused other-repository",
        |v, _| v.repository = None,
    ),
    (
        "other-tree",
        "refused other-tree",
        "refused missing",
        |v, shop| v.head = shop.baseline.head.clone(),
    ),
    (
        "other-sha256",
        "refused other-tree",
        "refused superseded",
        |v, _| v.head.manifest = Digest::of(b"other files"),
    ),
    (
        "other-selector",
        "refused other-tree",
        "refused superseded",
        |v, _| v.selector = vec!["apps/**".to_owned()],
    ),
];

const LAUNDERED: [(&str, &str, &str, Edit); 11] = [
    (
        "selector-narrowed-to-the-same-files",
        "link 1",
        "refused other-selector",
        |v, _| {
            v.selector = vec![
                "apps/web/app.yaml".to_owned(),
                "apps/web/config.yaml".to_owned(),
            ];
        },
    ),
    (
        "base-never-accepted",
        "link 1",
        "refused unjudged-base",
        |v, _| {
            v.base = Some(GatedState {
                gated_tree: GitId::from_bytes([7; 20]),
                manifest: Digest::of(b"files that nobody judged"),
                commit: v.head.commit,
            });
        },
    ),
    (
        "base-is-its-own-head",
        "link 1",
        "refused unjudged-base",
        |v, _| v.base = Some(v.head.clone()),
    ),
    (
        "base-of-other-sha256",
        "link 1",
        "refused unjudged-base",
        |v, _| {
            if let Some(base) = &mut v.base {
                base.manifest = Digest::of(b"other files");
            }
        },
    ),
    ("previous-unknown", "link 1", "refused store-gap", |v, _| {
        v.previous = Some(Digest::of(b"a link"));
    }),
    (
        "previous-re-signed-by-a-forger",
        "link 1",
        "refused store-gap",
        |v, shop| {
            let forged = Verdict {
                head: v.head.clone(),
                ..shop.baseline.clone()
            };
            v.previous = Some(Digest::of(&forged.to_statement_bytes().unwrap()));
            v.base = Some(forged.head);
        },
    ),
    (
        "previous-of-the-unit-gate",
        "link 1",
        "refused store-gap",
        |v, shop| {
            let verdict = Verdict {
                environment: "main".to_owned(),
                unit: "gate".to_owned(),
                ..shop.baseline.clone()
            };
            v.previous = Some(Digest::of(&verdict.to_statement_bytes().unwrap()));
        },
    ),
    (
        "height-2-on-height-0",
        "link 2",
        "refused inconsistent",
        |v, _| v.height = 2,
    ),
    (
        "height-of-no-end",
        "link 18446744073709551615",
        "refused inconsistent",
        |v, _| v.height = u64::MAX,
    ),
    (
        "withdrawal-that-is-not-there",
        "link 1",
        "refused store-gap",
        |v, _| {
            v.withdrawals = vec![Digest::of(b"a withdrawal")];
        },
    ),
    (
        "gate-state-that-is-not-there",
        "link 1",
        "refused store-gap",
        |v, _| {
            v.gate_state = Some(Digest::of(b"a link of gate"));
        },
    ),
];

/// Neither is the repository, which has one spelling: the one in the judge.
const REPOSITORIES: [(&str, &str); 8] = [
    (
        "on-another-host",
        "https://git.elsewhere.example/shop/deploy",
    ),
    ("beside-it", "https://git.example/shop/deploy2"),
    ("with-trailing-slash", "https://git.example/shop/deploy/"),
    ("with-dot-git", "https://git.example/shop/deploy.git"),
    ("in-upper-case", "https://GIT.example/shop/deploy"),
    ("with-percent", "https://git.example/shop/deplo%79"),
    ("with-user", "https://ci@git.example/shop/deploy"),
    (
        "with-a-fragment",
        "https://git.example/shop/deploy#prod/web",
    ),
];
