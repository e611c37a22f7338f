//! Signatures that OpenSSH makes for Git, and the file that says whose count.
//! Knows no commit: it is given the bytes that were signed.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256, Sha512};

use super::{Error, PublicKey, base64};
use crate::model::{Seal, is_harmful, limits};

/// Whose signatures count: a file in the form of OpenSSH's `allowed_signers`, one person a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedSigners {
    /// By fingerprint, whose key it is.
    principals: BTreeMap<String, String>,
}

impl AllowedSigners {
    /// Reads the file. Keys other than Ed25519 may stand in it, and what they sign stays unverified.
    ///
    /// # Errors
    /// `trust-root.signers`: a line that says more than whose a key is and that it signs for Git.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let whole = |what| Err(Error::Signers { line: 1, what });
        if bytes.len() > limits::TRUST_FILE.most {
            return whole("the file is too large");
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return whole("the file is not UTF-8");
        };
        let mut principals = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let refuse = |what| Error::Signers { line: at + 1, what };
            let line = line.trim_matches([' ', '\t']);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((key, principal)) = read_line(line).map_err(refuse)? else {
                continue;
            };
            if principals.insert(key.keyid(), principal).is_some() {
                return Err(refuse("the key stands there twice"));
            }
        }
        Ok(Self { principals })
    }

    /// What `signature`, a text as it stands in a commit, is worth over `message`.
    #[must_use]
    pub fn check(&self, signature: &[u8], message: &[u8]) -> Seal {
        let kinds = [("openpgp", OPENPGP), ("x509", X509)];
        let kind = kinds.iter().find(|(_, start)| signature.starts_with(start));
        if let Some(&(format, _)) = kind {
            return Seal::Unverified { format };
        }
        self.check_ssh(signature, message)
            .unwrap_or_else(|seal| seal)
    }

    fn check_ssh(&self, signature: &[u8], message: &[u8]) -> Result<Seal, Seal> {
        let bytes = unarmoured(signature).ok_or(invalid("it is no signature of a known form"))?;
        let parts = Parts::read(&bytes).ok_or(invalid("it is not well-formed"))?;
        if parts.namespace != NAMESPACE {
            return Err(invalid("it was not made for Git"));
        }
        let (kind, point) = key_parts(parts.key).ok_or(invalid("its key is not well-formed"))?;
        if kind != ED25519 {
            return Err(Seal::Unverified { format: "ssh" });
        }
        let key = PublicKey::from_ssh(point).map_err(|_| invalid("its key is no sound one"))?;
        let signed = parts
            .signed(message)
            .ok_or(invalid("it has an unknown hash"))?;
        let made = fields(parts.signature)
            .filter(|(kind, _)| *kind == ED25519)
            .and_then(|(_, made)| <[u8; 64]>::try_from(made).ok())
            .ok_or(invalid("it is not well-formed"))?;
        if !key.has_signed(&signed, &made) {
            return Err(invalid("its key did not sign this commit"));
        }
        let key = key.keyid();
        Ok(match self.principals.get(&key).cloned() {
            Some(principal) => Seal::Verified { principal, key },
            None => Seal::Untrusted { key },
        })
    }
}

fn invalid(reason: &'static str) -> Seal {
    Seal::Invalid { reason }
}

/// The key and the principal of a line; `None` for keys that count elsewhere or of another kind.
fn read_line(line: &str) -> Result<Option<(PublicKey, String)>, &'static str> {
    let (principal, rest) = word(line);
    if principal.contains(['*', '?', '!', ',', '"']) {
        return Err("name one person a line, without a pattern");
    }
    if principal.chars().any(is_harmful) {
        return Err("the name holds a control or an invisible character");
    }
    let (options, rest) = match word(rest).0 {
        first if is_kind(first) => ("", rest),
        first => (first, word(rest).1),
    };
    let counts = match options {
        "" => true,
        options => for_git(options)?,
    };
    let (kind, rest) = word(rest);
    if !is_kind(kind) {
        return Err("expected a name, `namespaces=\"git\"` if need be, and a public key");
    }
    if kind.as_bytes() != ED25519 {
        return Ok(None);
    }
    let bytes = base64::decode(word(rest).0).ok_or("the key is not base64")?;
    let (inner, point) = key_parts(&bytes).ok_or("the key is not well-formed")?;
    if inner != ED25519 {
        return Err("the key is not of the kind that stands before it");
    }
    let key = PublicKey::from_ssh(point).map_err(|_| "the key is no sound one")?;
    Ok(counts.then(|| (key, principal.to_owned())))
}

/// Whether a key with these options signs for Git. What could narrow it in another way is refused.
fn for_git(options: &str) -> Result<bool, &'static str> {
    let names = options
        .strip_prefix("namespaces=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .ok_or(
            "`namespaces=\"git\"` is the only option that counts here; remove keys that expire",
        )?;
    if names.contains(['*', '?', '!', '"']) {
        return Err("name the namespaces without patterns");
    }
    Ok(names.split(',').any(|name| name.as_bytes() == NAMESPACE))
}

fn is_kind(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"]
        .iter()
        .any(|start| word.starts_with(start))
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches([' ', '\t']);
    text.split_once([' ', '\t']).unwrap_or((text, ""))
}

/// The bytes between the lines that begin and end a signature of OpenSSH.
fn unarmoured(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let body = text
        .strip_prefix("-----BEGIN SSH SIGNATURE-----\n")?
        .strip_suffix("\n-----END SSH SIGNATURE-----")?;
    base64::decode(&body.replace('\n', ""))
}

/// The parts of a signature, as OpenSSH's `PROTOCOL.sshsig` names them.
struct Parts<'a> {
    key: &'a [u8],
    namespace: &'a [u8],
    hash: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?.strip_prefix(&[0, 0, 0, 1])?;
        let (key, rest) = field(rest)?;
        let (namespace, rest) = field(rest)?;
        let (reserved, rest) = field(rest)?;
        let (hash, rest) = field(rest)?;
        let (signature, rest) = field(rest)?;
        let parts = Self {
            key,
            namespace,
            hash,
            signature,
        };
        (reserved.is_empty() && rest.is_empty()).then_some(parts)
    }

    /// The bytes that the key signs; `None` for a hash that must not be used.
    fn signed(&self, message: &[u8]) -> Option<Vec<u8>> {
        let digest = match self.hash {
            b"sha256" => Sha256::digest(message).to_vec(),
            b"sha512" => Sha512::digest(message).to_vec(),
            _ => return None,
        };
        let mut bytes = MAGIC.to_vec();
        for part in [self.namespace, b"", self.hash, &digest] {
            let length = u32::try_from(part.len()).ok()?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(part);
        }
        Some(bytes)
    }
}

/// The name of a key's kind, and what follows it.
fn key_parts(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (kind, rest) = field(bytes)?;
    if kind != ED25519 {
        return Some((kind, rest));
    }
    fields(bytes)
}

/// Two fields and nothing after them.
fn fields(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = field(bytes)?;
    let (second, rest) = field(rest)?;
    rest.is_empty().then_some((first, second))
}

/// A field with its length before it.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

const MAGIC: &[u8] = b"SSHSIG";
const ED25519: &[u8] = b"ssh-ed25519";
const NAMESPACE: &[u8] = b"git";
const OPENPGP: &[u8] = b"-----BEGIN PGP ";
const X509: &[u8] = b"-----BEGIN SIGNED MESSAGE-----";

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `ssh-keygen -t ed25519`.
    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDoiiXm7OcMkTLoxkSwDvAoOVm2LlZfFsJO6X7Tg3HN9";
    /// Made by `ssh-keygen -Y sign -n git` over `message`.
    const SIGNATURE: &str = "-----BEGIN SSH SIGNATURE-----\n\
        U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgOiKJebs5wyRMujGRLAO8Cg5WbY\n\
        uVl8Wwk7pftODcc30AAAADZ2l0AAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1lZDI1NTE5\n\
        AAAAQDbhENfn1nG/7492MpHuMDK/NuhtoUVIkPmmuh29R3WVT8pCK+Wmg/YOnVkzRIB/0Q\n\
        Ih2a960m5oKXaapB04dgw=\n\
        -----END SSH SIGNATURE-----\n\
        ";

    fn signers(text: &str) -> AllowedSigners {
        AllowedSigners::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_signature_of_openssh_is_verified_for_whom_the_file_names() {
        let seal = |signers: &AllowedSigners| signers.check(SIGNATURE.as_bytes(), b"message");
        let key = "SHA256:dCzfJNcJzPmvA0Jgyitquf+ZUyvt0y0cjUhUK63caaQ".to_owned();
        let untrusted = Seal::Untrusted { key: key.clone() };
        let principal = "ada@example.com".to_owned();
        let verified = Seal::Verified { principal, key };
        for (line, expected) in [
            (format!("ada@example.com {KEY}\n"), &verified),
            (
                format!("# keys\n\n\tada@example.com\t {KEY} laptop of Ada\r\n"),
                &verified,
            ),
            (
                format!("ada@example.com namespaces=\"file,git\" {KEY}"),
                &verified,
            ),
            (
                format!("ada@example.com namespaces=\"file\" {KEY}"),
                &untrusted,
            ),
            (String::new(), &untrusted),
        ] {
            assert_eq!(seal(&signers(&line)), *expected, "{line}");
        }
    }

    #[test]
    fn no_other_byte_is_signed_and_no_other_signature_counts() {
        let signers = signers(&format!("ada@example.com {KEY}"));
        for message in ["", "message ", "Message"] {
            let seal = signers.check(SIGNATURE.as_bytes(), message.as_bytes());
            assert!(matches!(seal, Seal::Invalid { .. }), "{message}: {seal:?}");
        }
        for at in 0..SIGNATURE.len() {
            for bit in 0..8 {
                let mut flipped = SIGNATURE.as_bytes().to_vec();
                flipped[at] ^= 1 << bit;
                let seal = signers.check(&flipped, b"message");
                assert!(
                    !matches!(seal, Seal::Verified { .. } | Seal::None),
                    "{at} {bit}"
                );
            }
        }
        let text = |from: &str, to: &str| {
            signers.check(SIGNATURE.replace(from, to).as_bytes(), b"message")
        };
        for seal in [
            text("BEGIN", "END"),
            text("-----END", " -----END"),
            text("SSH", "ssh"),
        ] {
            assert!(matches!(seal, Seal::Invalid { .. }), "{seal:?}");
        }
        let twice = [SIGNATURE, SIGNATURE].concat();
        assert!(matches!(
            signers.check(twice.as_bytes(), b"message"),
            Seal::Invalid { .. }
        ));
    }

    #[test]
    fn what_is_of_another_kind_is_told_and_not_believed() {
        for (text, format) in [
            ("-----BEGIN PGP SIGNATURE-----\n\nx\n", "openpgp"),
            ("-----BEGIN PGP MESSAGE-----\n", "openpgp"),
            ("-----BEGIN SIGNED MESSAGE-----\n", "x509"),
        ] {
            let seal = AllowedSigners::default().check(text.as_bytes(), b"");
            assert_eq!(seal, Seal::Unverified { format }, "{text}");
        }
    }

    #[test]
    fn a_line_says_whose_key_it_is_and_nothing_else() {
        let rsa = "bob@example.com ssh-rsa AAAA\nbob@example.com sk-ssh-ed25519@openssh.com AAAA";
        assert_eq!(signers(rsa), AllowedSigners::default());
        let key = KEY;
        for (text, line) in [
            (format!("*@example.com {key}"), 1),
            (format!("a@b,c@d {key}"), 1),
            (format!("\"a b\" {key}"), 1),
            (format!("# first\na@b cert-authority {key}"), 2),
            (format!("a@b valid-before=\"20300101\" {key}"), 1),
            (format!("a@b namespaces=\"g*\" {key}"), 1),
            (format!("a@b namespaces=\"git\",cert-authority {key}"), 1),
            (format!("a@b {key}\n\nc@d {key}"), 3),
            (format!("{key} a@b"), 1),
            (format!("a\u{202e}b {key}"), 1),
            ("a@b ssh-ed25519".to_owned(), 1),
            ("a@b ssh-ed25519 AAAA".to_owned(), 1),
            ("a@b ssh-ed25519 ****".to_owned(), 1),
            (
                format!(
                    "a@b ecdsa-sha2-nistp256 AAAA\na@b {}",
                    key.replace("ssh-ed25519 AAAAC3", "ssh-ed25519 AAAAC4")
                ),
                2,
            ),
            ("a@b".to_owned(), 1),
        ] {
            match AllowedSigners::parse(text.as_bytes()) {
                Err(Error::Signers { line: told, .. }) => assert_eq!(told, line, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert!(AllowedSigners::parse(b"\xff").is_err());
        let most = limits::TRUST_FILE.most;
        assert!(AllowedSigners::parse(&vec![b'\n'; most]).is_ok());
        for more in [1, most] {
            assert!(AllowedSigners::parse(&vec![b'\n'; most + more]).is_err());
        }
    }
}
