//! Content digests: SHA-256 of our own and Git's object ids.
//! Knows no Git repository; an id is only its bytes.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Digests `bytes`.
    ///
    /// ```
    /// let empty = tidegate::model::Digest::of(b"");
    /// assert!(empty.to_string().starts_with("e3b0c442"));
    /// ```
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// Any other length or character.
    pub fn parse(text: &str) -> Result<Self, ParseDigestError> {
        parse_hex(text).map(Self)
    }

    /// Reads one that stands with its algorithm: `sha256:` and the digits, and nothing else.
    ///
    /// Source: OCI image specification, "Digests".
    #[must_use]
    pub fn parse_oci(text: &str) -> Option<Self> {
        Self::parse(text.strip_prefix("sha256:")?).ok()
    }
}

/// The id of a Git object (SHA-1), written as 40 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GitId([u8; 20]);

impl GitId {
    /// The id of the tree without entries, the base of a first commit.
    pub const EMPTY_TREE: Self = Self([
        0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60, 0xe5, 0x4b, 0xf8, 0xd6, 0x92,
        0x88, 0xfb, 0xee, 0x49, 0x04,
    ]);

    /// Takes the raw bytes of an id.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Reads 40 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// Any other length or character.
    pub fn parse(text: &str) -> Result<Self, ParseDigestError> {
        parse_hex(text).map(Self)
    }

    /// The first eight digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

/// The text is no digest of this kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {length} lower-case hexadecimal digits")]
pub struct ParseDigestError {
    text: String,
    length: usize,
}

macro_rules! hex_type {
    ($type:ident, $pattern:literal) => {
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "pattern": $pattern})
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = String::with_capacity(2 * self.0.len());
                for byte in self.0 {
                    digits.push(digit(byte >> 4));
                    digits.push(digit(byte & 15));
                }
                f.write_str(&digits)
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(de::Error::custom)
            }
        }
    };
}
hex_type!(Digest, "^[0-9a-f]{64}$");
hex_type!(GitId, "^[0-9a-f]{40}$");

fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], ParseDigestError> {
    let error = || ParseDigestError {
        text: text.chars().take(80).collect(),
        length: 2 * N,
    };
    let mut digits = text.bytes();
    let mut bytes = [0; N];
    for byte in &mut bytes {
        let (Some(high), Some(low)) = (
            digits.next().and_then(nibble),
            digits.next().and_then(nibble),
        ) else {
            return Err(error());
        };
        *byte = high << 4 | low;
    }
    match digits.next() {
        None => Ok(bytes),
        Some(_) => Err(error()),
    }
}

/// The digit of a number below 16.
fn digit(nibble: u8) -> char {
    char::from(if nibble < 10 {
        b'0' + nibble
    } else {
        b'a' + nibble - 10
    })
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_case_digits_of_the_right_length_are_a_digest() {
        let text = Digest::of(b"").to_string();
        assert_eq!(Digest::parse(&text), Ok(Digest::of(b"")));
        for wrong in [
            text.to_uppercase(),
            format!("{text}0"),
            text.replace('e', "g"),
            text[1..].to_owned(),
            String::new(),
        ] {
            assert!(Digest::parse(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_empty_tree_is_gits() {
        assert_eq!(
            GitId::EMPTY_TREE.to_string(),
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        );
    }
}
