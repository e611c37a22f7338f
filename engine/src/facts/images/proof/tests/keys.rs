//! Keys that are refused where they are configured.

use super::fixtures::pem;
use crate::facts::images::proof::{Hash, Key, KeyError, Padding};

#[test]
fn s12_keys_that_are_too_weak_or_not_supported_are_errors() {
    let parse = |name, hash, padding| Key::parse(pem(name), hash, padding).map(|_| ());
    let pkcs1 = Some(Padding::Pkcs1);
    assert_eq!(parse("rsa1024", None, pkcs1), Err(KeyError::RsaSize));
    assert_eq!(parse("p521", None, None), Err(KeyError::Algorithm));
    assert_eq!(parse("rsa", None, None), Err(KeyError::PaddingMissing));
    assert_eq!(
        parse("release", None, pkcs1),
        Err(KeyError::PaddingNeedless)
    );
    assert_eq!(parse("p384", None, None), Err(KeyError::HashMissing));
    assert_eq!(parse("p384", Some(Hash::Sha512), None), Err(KeyError::Hash));
    let sha = Some(Hash::Sha256);
    assert_eq!(parse("ed25519", sha, None), Err(KeyError::Hash));
    assert_eq!(parse("rsa", Some(Hash::Sha512), pkcs1), Ok(()));
    assert_eq!(parse("ed25519", Some(Hash::Sha512), None), Ok(()));
}

#[test]
fn one_public_key_in_pem_and_nothing_besides() {
    let good = pem("release");
    let both = format!("{good}{}", pem("other"));
    let before = format!("owner: me\n{good}");
    let after = format!("{good}owner: me\n");
    let private = good.replace("PUBLIC", "PRIVATE");
    for bad in [
        "",
        &both,
        &before,
        &after,
        &private,
        "-----BEGIN PUBLIC KEY-----",
    ] {
        assert_eq!(
            Key::parse(bad, None, None).map(|_| ()),
            Err(KeyError::Pem),
            "{bad}"
        );
    }
    let cut = good.replace("AQcDQg", "AQcDQQ");
    assert_ne!(cut, good);
    assert_eq!(
        Key::parse(&cut, None, None).map(|_| ()),
        Err(KeyError::Algorithm)
    );
    assert!(Key::parse(&format!("\n{good}\n"), None, None).is_ok());
}
