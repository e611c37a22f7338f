//! What a forger has before him: an accepted state, a change on top, its genuine verdict, and keys of others.
//! What changes with each version of tidegate is made constant, so that the files stay as they are.

use serde_json::Value;
use tidegate::attest::{self, Counts, Role, SigningKey, TrustFile, TrustedKey, Verdict};
use tidegate::model::{Digest, GitId};

use crate::sign::world::{APP, CONFIG, JUDGE, World, key};

pub(in crate::sign) const REPOSITORY: &str = "https://git.example/shop/deploy";

pub(in crate::sign) struct Shop {
    pub(in crate::sign) world: World,
    pub(in crate::sign) key: SigningKey,
    /// A merge-signer, of `dev` alone.
    pub(super) elsewhere: SigningKey,
    pub(super) approver: SigningKey,
    pub(super) stranger: SigningKey,
    pub(in crate::sign) trust: TrustFile,
    /// What runs, and what shall.
    pub(super) running: GitId,
    pub(in crate::sign) wanted: GitId,
    pub(super) baseline: Verdict,
    pub(in crate::sign) genuine: Verdict,
}

/// Signs a verdict as the product does.
pub(in crate::sign) trait Signed {
    fn signed(&self, key: &SigningKey) -> Vec<u8>;
}

impl Signed for Verdict {
    fn signed(&self, key: &SigningKey) -> Vec<u8> {
        attest::sign(&self.to_statement_bytes().unwrap(), key)
    }
}

impl Shop {
    pub(in crate::sign) fn new() -> Self {
        let world = World::new();
        let named = format!("verdict: {{repository: {REPOSITORY}}}\n{JUDGE}");
        world.repo.write(CONFIG, named);
        let running = world.repo.commit("the repository has a name");
        assert_eq!(
            world.baseline("prod", None),
            "main/gate baseline 0; prod/web baseline 0; prod/db baseline 0"
        );
        let wanted = world.label(APP, "a", "b");
        assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");

        let baseline = constant(&world, 0);
        let previous = Digest::of(&baseline.to_statement_bytes().unwrap());
        let genuine = Verdict {
            previous: Some(previous),
            rollback_to: Some(previous),
            change_digest: Some(Digest::of(b"changes")),
            facts_digest: Some(Digest::of(b"facts")),
            ..constant(&world, 1)
        };
        let first = baseline.signed(&key(1));
        std::fs::write(world.link("prod/web", 0), first).unwrap();
        let trusted = |key: &SigningKey, role, environment: &str| TrustedKey {
            public: key.public(),
            role,
            principal: "someone".to_owned(),
            environments: Some(vec![environment.to_owned()]),
            validity: attest::Validity::default(),
        };
        let keys = vec![
            trusted(&key(1), Role::MergeSigner, "*"),
            trusted(&key(2), Role::MergeSigner, "dev"),
            trusted(&key(3), Role::Approver, "*"),
        ];
        Self {
            world,
            key: key(1),
            elsewhere: key(2),
            approver: key(3),
            stranger: key(9),
            trust: TrustFile::new(keys).unwrap(),
            running,
            wanted,
            baseline,
            genuine,
        }
    }

    /// The genuine statement, to be edited.
    pub(super) fn statement(&self) -> Value {
        let bytes = self.genuine.to_statement_bytes().unwrap();
        let statement = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(serde_json::to_vec(&statement).unwrap(), bytes);
        statement
    }

    /// Signs whatever a statement says.
    pub(super) fn sign(&self, statement: &Value) -> Vec<u8> {
        attest::sign(&serde_json::to_vec(statement).unwrap(), &self.key)
    }

    pub(super) fn verify(&self, file: &[u8]) -> String {
        self.world
            .verify_by(&self.trust, file, ("prod", Some("web")), self.wanted, None)
    }

    /// Asks with this file in the place of the next link.
    pub(in crate::sign) fn admit(&self, file: &[u8]) -> String {
        std::fs::write(self.world.link("prod/web", 1), file).unwrap();
        let unit = Some("web");
        let running = Some(self.running);
        self.world
            .admit_by(&self.trust, "prod", unit, self.wanted, running)
    }
}

fn constant(world: &World, height: u64) -> Verdict {
    let verdict = world.payload("prod/web", height);
    Verdict {
        engine_version: "0.1.0".to_owned(),
        policy_digest: Digest::of(b"policies"),
        config_digest: Digest::of(b"config"),
        classes: None,
        gate_state: None,
        also_judged_by: None,
        tzdb: "2026a".to_owned(),
        counts: Counts::default(),
        findings: Vec::new(),
        rollback_to: None,
        ..serde_json::from_value(verdict).unwrap()
    }
}
