//! The gate's own files, and the highest tier that an environment takes.

use tidegate::attest::{Revocation, Role, SigningKey, TrustFile, TrustedKey, Validity};
use tidegate::model::{Enforcement, Exit, Operation, RiskTier};
use tidegate::verdict::Outcome;

use super::*;

#[test]
fn each_changed_file_of_the_gate_is_one_critical_change() {
    let (repo, base) = shop(CONFIG);
    let key = repo.beside("key.pem");
    let new = ["keys", "new", "--role", "merge-signer", "--out"];
    let key = key.to_str().unwrap();
    let trust = stdout(&tidegate(&repo, &[&new[..], &[key]].concat()));
    repo.write("tidegate.yaml", format!("# strict\n{CONFIG}"))
        .write(".tidegate/trust.json", trust)
        .write(".tidegate/policies/mine/README.md", "# Mine")
        .write("CODEOWNERS", "* @shop")
        .write(".pre-commit-config.yaml", "repos: []")
        .write(".github/workflows/tidegate-check.yaml", "on: push")
        .write(".github/workflows/other.yaml", "on: push")
        .write(".github/actions/a/action.yml", "runs: {}")
        .write(".github/CODEOWNERS", "* @shop")
        .write(".github/dependabot.yml", "version: 2")
        .write("docs/CODEOWNERS", "* @shop")
        .write("docs/README.md", "# Shop")
        .write(".gitlab-ci.yml", "stages: []")
        .write(".gitlab/CODEOWNERS", "* @shop");
    repo.commit("the gate");
    let base_config = check(&repo, base);
    let gate = unit(&base_config, "main", "gate");
    let names: Vec<&str> = gate
        .changes
        .iter()
        .map(|change| change.object.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            ".github/CODEOWNERS",
            ".github/actions/a/action.yml",
            ".github/workflows/other.yaml",
            ".github/workflows/tidegate-check.yaml",
            ".gitlab-ci.yml",
            ".gitlab/CODEOWNERS",
            ".pre-commit-config.yaml",
            ".tidegate/policies/mine/README.md",
            ".tidegate/trust.json",
            "CODEOWNERS",
            "docs/CODEOWNERS",
            "tidegate.yaml",
        ]
    );
    assert_eq!(gate.tier, RiskTier::Critical);
    assert!(
        gate.changes
            .iter()
            .all(|change| change.object.kind == "GateFile")
    );
    let claimed: Vec<&str> = gate
        .reasons
        .iter()
        .map(|reason| reason.code.as_str())
        .collect();
    assert_eq!(
        claimed.iter().filter(|code| **code == "risk.gate").count(),
        12
    );
}

#[test]
fn a_file_that_leaves_the_gate_enters_it_or_may_be_run_is_a_change_of_it() {
    const HERE: &str = ".github/CODEOWNERS";
    const THERE: &str = ".github/CODEOWNERS.old";
    let changed = |change: &dyn Fn(&Repo)| {
        let (repo, _) = shop(CONFIG);
        let base = repo.write(HERE, "* @shop").commit("owners");
        change(&repo);
        let report = check(&repo, base);
        let gate = unit(&report, "main", "gate");
        assert_eq!(gate.tier, RiskTier::Critical);
        let [change] = gate.changes.as_slice() else {
            panic!("{:?}", gate.changes)
        };
        let fields = change.fields.iter().map(|field| field.pointer.clone());
        (
            change.operation,
            change.object.name.clone(),
            fields.collect::<Vec<_>>(),
        )
    };
    let moved = |from: &'static str, to: &'static str| {
        move |repo: &Repo| {
            repo.git(&["mv", from, to]);
            repo.commit_index("moved");
        }
    };
    let nothing: Vec<String> = Vec::new();
    let left = changed(&moved(HERE, THERE));
    assert_eq!(left, (Operation::Delete, HERE.to_owned(), nothing.clone()));
    let run = changed(&|repo| {
        repo.git(&["update-index", "--chmod=+x", HERE]);
        repo.commit_index("run");
    });
    let mode = vec!["/spec/mode".to_owned()];
    assert_eq!(run, (Operation::Update, HERE.to_owned(), mode));
    let entered = changed(&|repo| {
        repo.git(&["mv", "prod/odoo.yaml", "docs.yaml"]);
        repo.git(&["mv", "docs.yaml", ".gitlab-ci.yml"]);
        repo.commit_index("entered");
    });
    assert_eq!(
        entered,
        (Operation::Create, ".gitlab-ci.yml".to_owned(), nothing)
    );
}

#[test]
fn the_highest_tier_of_an_environment_never_holds_the_gate() {
    let (repo, base) = shop(&format!("{CONFIG}    max-tier: low\n"));
    repo.write("tidegate.yaml", format!("{CONFIG}    max-tier: medium\n"))
        .commit("take more");
    let report = check(&repo, base);
    let gate = unit(&report, "main", "gate");
    assert_eq!(
        (gate.tier, gate.outcome),
        (RiskTier::Critical, Outcome::Pass)
    );
    assert_eq!(report.exit, Exit::Pass);
}

#[test]
fn a_change_above_the_highest_tier_is_denied_because_of_that_line() {
    let (repo, base) = shop(&format!("{CONFIG}    max-tier: low\n"));
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("more memory");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), ["risk.above-max-tier of odoo"]);
    let because = unit(&report, "prod", "prod").findings[0]
        .because
        .clone()
        .unwrap();
    assert_eq!(
        (because.path.to_string().as_str(), because.line),
        ("tidegate.yaml", 4)
    );
    let label = deployment("odoo", "2Gi").replace(
        "  namespace: shop\n",
        "  namespace: shop\n  labels: {team: web}\n",
    );
    repo.write("prod/odoo.yaml", label).commit("a label");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Pass);
    assert_eq!(unit(&report, "prod", "prod").tier, RiskTier::Low);
}

#[test]
fn the_gate_is_enforced_as_soon_as_one_environment_on_its_branch_is() {
    let observe = "    enforcement: observe\n";
    let two = |one: &str, other: &str| {
        format!("{CONFIG}{one}  - name: dev\n    paths: [\"dev/**\"]\n{other}")
    };
    for (config, enforcement) in [
        (two(observe, observe), Enforcement::Observe),
        (two(observe, ""), Enforcement::Enforce),
        (two(observe, "    branch: dev\n"), Enforcement::Observe),
    ] {
        let (repo, base) = shop(&config);
        repo.write("CODEOWNERS", "* @shop").commit("owners");
        let report = check(&repo, base);
        assert_eq!(
            unit(&report, "main", "gate").enforcement,
            enforcement,
            "{config}"
        );
    }
}

#[test]
fn environments_on_two_branches_have_two_gates() {
    let config = format!("{CONFIG}  - name: dev\n    branch: dev\n    paths: [\"dev/**\"]\n");
    let (repo, base) = shop(&config);
    repo.write("CODEOWNERS", "* @shop").commit("owners");
    let report = check(&repo, base);
    let units: Vec<_> = report
        .units
        .iter()
        .map(|unit| (unit.environment.as_str(), unit.unit.as_str()))
        .collect();
    assert_eq!(units, [("dev", "gate"), ("main", "gate")]);
}

#[test]
fn a_gate_file_whose_bytes_alone_change_is_a_change() {
    let (repo, base) = shop(CONFIG);
    repo.write("tidegate.yaml", format!("{CONFIG}# a comment\n"))
        .commit("a comment");
    assert_eq!(unit(&check(&repo, base), "main", "gate").changes.len(), 1);
}

#[test]
fn two_configurations_at_head_are_an_error_of_the_gate_that_names_both() {
    let (repo, base) = shop(CONFIG);
    repo.write(".github/tidegate.yaml", CONFIG)
        .commit("another");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
    let both = "both `tidegate.yaml` and `.github/tidegate.yaml` exist";
    assert_eq!(
        errors(&report),
        [("config.ambiguous".to_owned(), both.to_owned())]
    );
    let error = &report.errors[0];
    assert_eq!((&*error.environment, &*error.unit), ("main", "gate"));
    let shown = stdout(&tidegate(&repo, &["check", &format!("{base}..HEAD")]));
    assert!(
        shown.contains(both) && shown.contains("\nmain/gate\n"),
        "{shown}"
    );
    assert!(!shown.contains("\n/"), "{shown}");
}

#[test]
fn keys_that_cannot_be_read_never_become_the_gate() {
    for (trust, code) in [
        ("{", "trust-root.invalid"),
        (r#"{"version":1,"keys":[]}"#, "trust-root.empty"),
    ] {
        let (repo, base) = shop(CONFIG);
        repo.write(".tidegate/trust.json", trust).commit("keys");
        let report = check(&repo, base);
        assert_eq!(report.exit, Exit::Unjudged, "{trust}");
        assert_eq!(error_codes(&report), [code]);
        let said = report.errors[0].error.to_string();
        assert!(said.starts_with(".tidegate/trust.json: "), "{said}");
    }
}

#[test]
fn the_configuration_is_not_deleted_moved_or_doubled() {
    let (repo, base) = shop(CONFIG);
    repo.remove("tidegate.yaml").commit("no gate");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), ["gate.config-removed of tidegate.yaml"]);
    assert_eq!(report.exit, Exit::Denied);

    let (repo, base) = shop(CONFIG);
    repo.remove("tidegate.yaml")
        .write(".github/tidegate.yaml", CONFIG)
        .commit("elsewhere");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), ["gate.config-removed of tidegate.yaml"]);

    let (repo, base) = shop(CONFIG);
    repo.write(".github/tidegate.yaml", CONFIG).commit("two");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
}

#[test]
fn a_hook_of_the_tree_neither_replaces_the_gate_nor_comes_before_it() {
    let (repo, base) = shop(CONFIG);
    let job = |name: &str, annotations: &str| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n  namespace: shop\n  annotations: {annotations}\n\
             spec:\n  activeDeadlineSeconds: 60\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: run\n          \
             image: registry.example/shop/run:1.0.0@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5\n          resources:\n            requests: {{cpu: 100m, memory: 64Mi}}\n            limits: {{memory: 64Mi}}\n"
        )
    };
    let first = "{helm.sh/hook: pre-upgrade, helm.sh/hook-weight: \"-200\"}";
    repo.write("prod/admit.yaml", job("tidegate-admit", "{}"))
        .write("prod/first.yaml", job("first", first))
        .write(
            "prod/later.yaml",
            job("later", "{helm.sh/hook: pre-upgrade}"),
        )
        .commit("hooks");
    assert_eq!(
        blocking(&check(&repo, base)),
        [
            "gate.earlier-hook of first",
            "gate.hook-replaced of tidegate-admit"
        ]
    );
}

#[test]
fn a_change_of_the_trust_file_shows_who_gains_and_who_loses() {
    const TRUST: &str = ".tidegate/trust.json";
    let key = |byte: u8| {
        let key = SigningKey::generate(|seed| {
            seed.fill(byte);
            Ok::<_, ()>(())
        });
        TrustedKey {
            public: key.unwrap().public(),
            role: Role::MergeSigner,
            principal: format!("ci-{byte}"),
            environments: None,
            validity: Validity::default(),
        }
    };
    let (repo, _) = shop(CONFIG);
    let before = TrustFile::new(vec![key(1)]).unwrap();
    let base = repo.write(TRUST, before.print()).commit("one key");
    let mut ending = key(1);
    ending.validity.not_after = Some("2027-01-01T00:00:00Z".parse().unwrap());
    let lost = Revocation {
        public: key(3).public,
        from: "2026-11-20T10:00:00Z".parse().unwrap(),
        reason: "stolen".to_owned(),
        keep: Vec::new(),
    };
    let after = TrustFile::new(vec![ending, key(2)])
        .and_then(|trust| trust.with_thresholds([(Role::MergeSigner, 2)].into()))
        .and_then(|trust| trust.with_revoked(vec![lost]))
        .unwrap();
    repo.write(TRUST, after.print()).commit("two keys");
    let report = check(&repo, base);
    let gate = unit(&report, "main", "gate");
    let [change] = gate.changes.as_slice() else {
        panic!("{:?}", gate.changes)
    };
    let mut found: Vec<String> = change
        .fields
        .iter()
        .map(|field| {
            let mut pointer = field.pointer.clone();
            for byte in 1..=3 {
                let id = key(byte).public.keyid().replace('/', "~1");
                pointer = pointer.replace(&id, &byte.to_string());
            }
            pointer
        })
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "/spec/sha256",
            "/spec/trust/keys/1/notAfter",
            "/spec/trust/keys/2",
            "/spec/trust/revoked/3",
            "/spec/trust/thresholds/merge-signer",
        ]
    );
}
