//! Statements: what is signed is what is verified, byte by byte; and what reads as a verdict, a renewal
//! or a withdrawal says nothing but what the same bytes say when they are written again.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tidegate::attest::{
    self, Renewal, Role, SigningKey, TrustFile, TrustedKey, Validity, Verdict, Withdrawal,
};

fuzz_target!(|payload: &[u8]| {
    let (key, trust) = &*KEY;
    let envelope = attest::sign(payload, key);
    let Ok(statement) = attest::verify(&envelope, trust, Role::MergeSigner, "prod") else {
        assert!(payload.is_empty(), "what is signed is verified");
        return;
    };
    assert_eq!(statement.payload(), payload);
    if let Ok(verdict) = Verdict::parse(&statement) {
        assert_eq!(verdict.to_statement_bytes().as_deref(), Ok(payload));
        assert!(!verdict.environment.is_empty() && !verdict.unit.is_empty());
    }
    if let Ok(renewal) = Renewal::parse(&statement) {
        assert_eq!(renewal.to_statement_bytes().as_deref(), Ok(payload));
    }
    if let Ok(withdrawal) = Withdrawal::parse(&statement) {
        assert_eq!(withdrawal.to_statement_bytes().as_deref(), Ok(payload));
    }
});

static KEY: LazyLock<(SigningKey, TrustFile)> = LazyLock::new(|| {
    let key = SigningKey::generate(|seed| {
        seed.fill(7);
        Ok::<_, ()>(())
    });
    let key = key.expect("a key");
    let trusted = TrustedKey {
        public: key.public(),
        role: Role::MergeSigner,
        principal: "ci".to_owned(),
        environments: None,
        validity: Validity::default(),
    };
    (key, TrustFile::new(vec![trusted]).expect("a trust file"))
});
