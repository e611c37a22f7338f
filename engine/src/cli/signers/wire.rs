//! What an `ssh-agent` is asked and answers, as bytes (draft-ietf-sshm-ssh-agent).
//! Knows no socket.

use crate::attest::PublicKey;

/// A key that an agent offers: how it names it, and what it is.
pub(super) struct Offered {
    /// The agent's own name of the key.
    pub(super) blob: Vec<u8>,
    pub(super) public: PublicKey,
}

/// Asks for the keys.
pub(super) fn request_keys() -> Vec<u8> {
    framed(&[REQUEST_IDENTITIES])
}

/// Asks for a signature.
pub(super) fn request_signature(blob: &[u8], message: &[u8]) -> Vec<u8> {
    let body = [
        &[SIGN_REQUEST][..],
        &string(blob),
        &string(message),
        &[0; 4],
    ];
    framed(&body.concat())
}

/// The Ed25519 keys among those offered; what is of another kind is passed over, and so are certificates.
pub(super) fn keys(answer: &[u8]) -> Option<Vec<Offered>> {
    let (count, mut rest) = answer
        .strip_prefix(&[IDENTITIES_ANSWER])?
        .split_first_chunk::<4>()?;
    let mut keys = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let (blob, after) = field(rest)?;
        let (_comment, after) = field(after)?;
        rest = after;
        let (kind, point) = field(blob)?;
        if kind != ED25519 {
            continue;
        }
        let (point, nothing) = field(point)?;
        if let (Ok(public), []) = (PublicKey::from_ssh(point), nothing) {
            let blob = blob.to_vec();
            keys.push(Offered { blob, public });
        }
    }
    rest.is_empty().then_some(keys)
}

/// The signature that was made; `None` where the agent did not make one.
pub(super) fn signature(answer: &[u8]) -> Option<[u8; 64]> {
    let (signature, nothing) = field(answer.strip_prefix(&[SIGN_RESPONSE])?)?;
    let (kind, bytes) = field(signature)?;
    let (bytes, after) = field(bytes)?;
    if kind != ED25519 || !nothing.is_empty() || !after.is_empty() {
        return None;
    }
    bytes.try_into().ok()
}

fn framed(body: &[u8]) -> Vec<u8> {
    string(body)
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
const ED25519: &[u8] = b"ssh-ed25519";

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;
    use crate::attest::SigningKey;

    /// As an agent names a key.
    fn blob(kind: &[u8], point: &[u8]) -> Vec<u8> {
        [string(kind), string(point)].concat()
    }

    /// The point of a key, out of its public PEM block.
    fn point() -> (PublicKey, Vec<u8>) {
        let key = SigningKey::generate(|seed| {
            seed.fill(3);
            Ok::<_, ()>(())
        })
        .unwrap();
        let pem = key.public().to_pem();
        let body = pem.lines().nth(1).unwrap();
        let der = base64::engine::general_purpose::STANDARD
            .decode(body)
            .unwrap();
        (key.public(), der[12..].to_vec())
    }

    #[test]
    fn the_questions_are_those_of_the_draft() {
        assert_eq!(request_keys(), [0, 0, 0, 1, 11]);
        assert_eq!(
            request_signature(b"k", b"hi"),
            [
                0, 0, 0, 16, 13, 0, 0, 0, 1, b'k', 0, 0, 0, 2, b'h', b'i', 0, 0, 0, 0
            ]
        );
    }

    #[test]
    fn ed25519_keys_are_found_among_others_and_half_an_answer_is_none() {
        let (public, point) = point();
        let ours = blob(ED25519, &point);
        let offer = |blobs: &[&[u8]]| {
            let count = u32::try_from(blobs.len()).unwrap().to_be_bytes();
            let keys = blobs
                .iter()
                .map(|blob| [string(blob), string(b"c")].concat());
            [vec![12], count.to_vec(), keys.collect::<Vec<_>>().concat()].concat()
        };
        let found = |answer: &[u8]| keys(answer).map(|keys| keys.len());
        let rsa = blob(b"ssh-rsa", b"whatever");
        let certificate = blob(b"ssh-ed25519-cert-v01@openssh.com", &point);
        let answer = offer(&[&rsa, &certificate, &ours]);
        let offered = keys(&answer).unwrap();
        assert_eq!(offered.len(), 1);
        assert_eq!((offered[0].public, &offered[0].blob), (public, &ours));
        assert_eq!(found(&offer(&[])), Some(0));
        // The identity, and a point with bytes behind it, are no keys.
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(found(&offer(&[&blob(ED25519, &identity)])), Some(0));
        let longer = [ours.clone(), vec![0]].concat();
        assert_eq!(found(&offer(&[&longer])), Some(0));
        for cut in 0..answer.len() {
            assert_eq!(found(&answer[..cut]), None, "{cut}");
        }
        assert_eq!(found(&[answer, vec![0]].concat()), None);
        assert_eq!(found(&[12, 255, 255, 255, 255]), None);
        assert_eq!(found(&[5]), None);
    }

    #[test]
    fn a_signature_is_64_bytes_of_the_right_kind_and_nothing_else() {
        let answer = |kind: &[u8], length: usize| {
            let signature = [string(kind), string(&vec![7; length])].concat();
            [vec![14], string(&signature)].concat()
        };
        let good = answer(ED25519, 64);
        assert_eq!(signature(&good), Some([7; 64]));
        for cut in 0..good.len() {
            assert_eq!(signature(&good[..cut]), None, "{cut}");
        }
        assert_eq!(signature(&[good, vec![0]].concat()), None);
        for bad in [
            answer(ED25519, 63),
            answer(ED25519, 65),
            answer(b"ssh-rsa", 64),
            vec![5],
        ] {
            assert_eq!(signature(&bad), None);
        }
    }
}
