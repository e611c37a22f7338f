//! Forgeries of the envelope: what stands around a statement that nobody touched, and who signed it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tidegate::attest::{self, PAYLOAD_TYPE, SigningKey};

use super::shop::{Shop, Signed};
use super::{Edit, Forgery};

const MALFORMED: &str = "refused malformed";
const SIGNATURE: &str = "refused signature";
const PREDICATE: &str = "refused predicate";
const NOT_FOR_IT: &str = "refused signer-not-trusted-for";

pub(super) fn all(shop: &Shop) -> Vec<Forgery> {
    [texts(shop), fields(shop), signatures(shop), signers(shop)]
        .into_iter()
        .flatten()
        .collect()
}

/// What is no single JSON object.
fn texts(shop: &Shop) -> Vec<Forgery> {
    let good = String::from_utf8(shop.genuine.signed(&shop.key)).unwrap();
    let front = |field: &str| good.replacen('{', &format!("{{{field},"), 1);
    let nested = "[".repeat(1000) + &"]".repeat(1000);
    let texts = [
        ("empty", String::new()),
        ("no-json", "a verdict, honestly".to_owned()),
        ("list", format!("[{good}]")),
        ("string", serde_json::to_string(&good).unwrap()),
        ("twice", format!("{good}{good}")),
        ("trailing-brace", format!("{good}}}")),
        ("trailing-text", format!("{good}\npassed")),
        ("trailing-zero-byte", format!("{good}\0")),
        ("byte-order-mark", format!("\u{feff}{good}")),
        ("cut-short", good[..good.len() - 1].to_owned()),
        ("single-quotes", good.replace('"', "'")),
        ("comment", format!("{good} // passed")),
        ("payload-twice", front(r#""payload":"e30=""#)),
        ("payload-twice-escaped", front(r#""\u0070ayload":"e30=""#)),
        ("payload-type-twice", front(r#""payloadType":"text/plain""#)),
        ("signatures-twice", front(r#""signatures":[]"#)),
        (
            "signature-twice",
            good.replacen(r#""sig":"#, r#""sig":"AA==","sig":"#, 1),
        ),
        ("unknown-field-twice", front(r#""x":1,"x":1"#)),
        ("deep-nesting", front(&format!(r#""x":{nested}"#))),
        ("number-too-large", front(r#""x":1e400"#)),
        ("lone-surrogate", front(r#""x":"\ud800""#)),
    ];
    let mut forgeries: Vec<Forgery> = texts
        .into_iter()
        .map(|(name, text)| Forgery::unreadable(format!("envelope-{name}"), text, MALFORMED))
        .collect();
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    forgeries.push(Forgery::unreadable("envelope-utf-16", utf16, MALFORMED));
    forgeries
}

/// Fields that are missing, of another type, or spelled otherwise.
fn fields(shop: &Shop) -> Vec<Forgery> {
    let forged = |(name, answer, edit): &Edit| {
        let mut envelope = envelope(shop);
        edit(&mut envelope);
        Forgery::unreadable(*name, envelope.to_string(), answer)
    };
    FIELDS.iter().map(forged).collect()
}

const FIELDS: [Edit; 22] = [
    ("payload-missing", MALFORMED, |v| remove(v, "payload")),
    ("payload-null", MALFORMED, |v| v["payload"] = Value::Null),
    ("payload-number", MALFORMED, |v| v["payload"] = 1.into()),
    ("payload-empty", MALFORMED, |v| v["payload"] = "".into()),
    ("payload-bare", MALFORMED, |v| v["payload"] = json!({})),
    ("payload-with-space", MALFORMED, |v| {
        respell(v, |t| format!(" {t}"));
    }),
    ("payload-in-lines", MALFORMED, |v| {
        respell(v, |t| t.replacen('e', "e\n", 1));
    }),
    ("payload-two-alphabets", MALFORMED, |v| {
        respell(v, |t| format!("-_+/{t}"));
    }),
    ("payload-padded-too-much", MALFORMED, |v| {
        respell(v, |t| format!("{t}===="));
    }),
    ("payload-padded-inside", MALFORMED, |v| {
        respell(v, |t| format!("eA=={t}"));
    }),
    ("payload-type-missing", MALFORMED, |v| {
        remove(v, "payloadType");
    }),
    ("payload-type-list", MALFORMED, |v| {
        v["payloadType"] = json!([PAYLOAD_TYPE]);
    }),
    ("payload-type-upper-case", PREDICATE, |v| {
        v["payloadType"] = PAYLOAD_TYPE.to_uppercase().into();
    }),
    ("payload-type-with-parameter", PREDICATE, |v| {
        v["payloadType"] = format!("{PAYLOAD_TYPE}; charset=utf-8").into();
    }),
    ("signatures-missing", MALFORMED, |v| remove(v, "signatures")),
    ("signatures-none", MALFORMED, |v| {
        v["signatures"] = json!([]);
    }),
    ("signatures-object", MALFORMED, |v| {
        v["signatures"] = v["signatures"][0].clone();
    }),
    ("signatures-seventeen", MALFORMED, |v| {
        v["signatures"] = vec![v["signatures"][0].clone(); 17].into();
    }),
    ("signature-null", MALFORMED, |v| {
        v["signatures"][0]["sig"] = Value::Null;
    }),
    ("keyid-missing", MALFORMED, |v| {
        remove(&mut v["signatures"][0], "keyid");
    }),
    ("keyid-null", MALFORMED, |v| {
        v["signatures"][0]["keyid"] = Value::Null;
    }),
    ("keyid-list", MALFORMED, |v| {
        v["signatures"][0]["keyid"] = json!([]);
    }),
];

/// Signatures that are none.
fn signatures(shop: &Shop) -> Vec<Forgery> {
    let good = genuine_signature(shop);
    let with = |name: &str, text: String, answer, admitted| {
        let mut envelope = envelope(shop);
        envelope["signatures"][0]["sig"] = text.into();
        Forgery::new(
            format!("signature-{name}"),
            envelope.to_string(),
            answer,
            admitted,
        )
    };
    let loose = STANDARD.encode(good).replace("==", "");
    let last = loose.chars().last().unwrap();
    // Four bits of the last character stand for nothing.
    let loose = loose[..loose.len() - 1].to_owned()
        + char::from(last as u8 + 1).to_string().as_str()
        + "==";
    let spelled = [
        ("with-space", format!("{} ", STANDARD.encode(good))),
        ("half-padded", STANDARD.encode(good).replace("==", "=")),
        ("loose-bits", loose),
    ]
    .map(|(name, text)| with(name, text, MALFORMED, "refused missing"));
    let hex: String = good.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut flipped = good;
    flipped[0] ^= 1;
    let mut identity = [0; 64];
    identity[0] = 1;
    let bytes: [(&str, Vec<u8>); 8] = [
        ("empty", vec![]),
        ("of-63-bytes", good[..63].to_vec()),
        ("of-65-bytes", [&good[..], &[0]].concat()),
        ("zero", vec![0; 64]),
        ("of-the-identity", identity.to_vec()),
        ("all-ones", vec![0xff; 64]),
        ("flipped", flipped.to_vec()),
        ("malleable", plus_order(good).to_vec()),
    ];
    let mut forgeries = vec![with("in-hex", hex, SIGNATURE, SIGNATURE)];
    forgeries.extend(spelled);
    forgeries.extend(
        bytes.map(|(name, bytes)| with(name, STANDARD.encode(bytes), SIGNATURE, SIGNATURE)),
    );
    forgeries
}

/// Somebody else's signature, or ours over something else.
fn signers(shop: &Shop) -> Vec<Forgery> {
    let payload = shop.genuine.to_statement_bytes().unwrap();
    let by = |name: &str, key: &SigningKey, answer| {
        Forgery::refused(
            format!("signed-by-{name}"),
            attest::sign(&payload, key),
            answer,
        )
    };
    let over = |name: &str, message: &[u8]| {
        let mut envelope = envelope(shop);
        envelope["signatures"][0]["sig"] = STANDARD.encode(shop.key.sign(message)).into();
        Forgery::refused(
            format!("signed-over-{name}"),
            envelope.to_string(),
            SIGNATURE,
        )
    };
    let mut under_our_name = parsed(&attest::sign(&payload, &shop.stranger));
    under_our_name["signatures"][0]["keyid"] = shop.key.public().keyid().into();
    let mut under_another_name = envelope(shop);
    under_another_name["signatures"][0]["keyid"] = shop.elsewhere.public().keyid().into();
    let mut swapped = envelope(shop);
    let pretty = serde_json::to_vec_pretty(&shop.statement()).unwrap();
    swapped["payload"] = STANDARD.encode(pretty).into();
    let mut other_type = envelope(shop);
    other_type["payloadType"] = "application/json".into();
    let message = attest::pae("application/json", &payload);
    other_type["signatures"][0]["sig"] = STANDARD.encode(shop.key.sign(&message)).into();
    vec![
        by("stranger", &shop.stranger, SIGNATURE),
        by("signer-of-another-environment", &shop.elsewhere, NOT_FOR_IT),
        by("approver", &shop.approver, NOT_FOR_IT),
        Forgery::refused(
            "signed-by-stranger-under-our-keyid",
            under_our_name.to_string(),
            SIGNATURE,
        ),
        Forgery::refused(
            "keyid-of-another-key",
            under_another_name.to_string(),
            SIGNATURE,
        ),
        over("payload-alone", &payload),
        over("base64", STANDARD.encode(&payload).as_bytes()),
        over("another-type", &attest::pae("application/json", &payload)),
        Forgery::unreadable(
            "payload-type-other-and-signed",
            other_type.to_string(),
            PREDICATE,
        ),
        // Its bytes are not those of `to_statement_bytes`, so that it is no verdict before it is unsigned.
        Forgery::new(
            "payload-swapped-for-the-same-in-lines",
            swapped.to_string(),
            SIGNATURE,
            "refused missing",
        ),
    ]
}

fn envelope(shop: &Shop) -> Value {
    parsed(&shop.genuine.signed(&shop.key))
}

fn parsed(envelope: &[u8]) -> Value {
    serde_json::from_slice(envelope).unwrap()
}

fn remove(value: &mut Value, field: &str) {
    value.as_object_mut().unwrap().remove(field).unwrap();
}

fn respell(envelope: &mut Value, how: impl Fn(&str) -> String) {
    let spelled = how(envelope["payload"].as_str().unwrap());
    envelope["payload"] = spelled.into();
}

fn genuine_signature(shop: &Shop) -> [u8; 64] {
    let envelope = envelope(shop);
    let text = envelope["signatures"][0]["sig"].as_str().unwrap();
    STANDARD.decode(text).unwrap().try_into().unwrap()
}

/// The same signature with the order of the group added to S.
fn plus_order(mut signature: [u8; 64]) -> [u8; 64] {
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    signature
}

const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
