//! Names of certificates, and the parts of them by which a signer is known.
//! Reads RFC 4514 as Notation does: no part twice, none of several values.

use x509_cert::der::Tag;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::name::RdnSequence;

/// Parts of a name, each a kind and a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(Vec<(&'static str, String)>);

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// Nothing that anybody could be told by.
    #[error("it is no name such as `C=DE, O=acme, CN=release`")]
    Malformed,
    /// A kind that is not compared.
    #[error("a name is compared by C, ST, L, STREET, POSTALCODE, O, OU, CN and SERIALNUMBER")]
    Kind,
    /// The same kind twice.
    #[error("it has one kind of part twice")]
    Twice,
}

impl Subject {
    /// Reads a name as it is written.
    ///
    /// # Errors
    /// No name, one of parts that are not compared, or one with a part twice.
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        let mut parts = Vec::new();
        for part in split(text)? {
            let (kind, value) = part.split_once('=').ok_or(SubjectError::Malformed)?;
            let kind = kind.trim();
            let known = KINDS
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(kind));
            let (name, _) = known.ok_or(SubjectError::Kind)?;
            let value = unescaped(value.trim_start())?;
            add(&mut parts, name, value)?;
        }
        match parts.is_empty() {
            true => Err(SubjectError::Malformed),
            false => Ok(Self(parts)),
        }
    }

    /// Reads the name of a certificate. Parts that are not compared are left out.
    pub(super) fn of(name: &RdnSequence) -> Result<Self, SubjectError> {
        let mut parts = Vec::new();
        for part in &name.0 {
            let [part] = part.0.as_slice() else {
                return Err(SubjectError::Malformed);
            };
            let known = KINDS.iter().find(|(_, oid)| *oid == part.oid);
            let Some((name, _)) = known else { continue };
            let texts = [Tag::Utf8String, Tag::PrintableString, Tag::Ia5String];
            let value = texts.contains(&x509_cert::der::Tagged::tag(&part.value));
            let value = value.then(|| String::from_utf8(part.value.value().to_vec()).ok());
            let value = value.flatten().ok_or(SubjectError::Malformed)?;
            add(&mut parts, name, value)?;
        }
        Ok(Self(parts))
    }

    /// Whether this name has all parts of `wanted`.
    pub(super) fn has(&self, wanted: &Self) -> bool {
        wanted.0.iter().all(|part| self.0.contains(part))
    }

    /// As it is shown.
    pub(super) fn text(&self) -> String {
        let parts = self.0.iter();
        let parts: Vec<String> = parts
            .map(|(kind, value)| format!("{kind}={value}"))
            .collect();
        parts.join(", ")
    }
}

fn add(
    parts: &mut Vec<(&'static str, String)>,
    kind: &'static str,
    value: String,
) -> Result<(), SubjectError> {
    if parts.iter().any(|(own, _)| *own == kind) {
        return Err(SubjectError::Twice);
    }
    if value.is_empty() {
        return Err(SubjectError::Malformed);
    }
    parts.push((kind, value));
    Ok(())
}

/// The parts between commas that are not escaped.
fn split(text: &str) -> Result<Vec<&str>, SubjectError> {
    let mut parts = Vec::new();
    let (mut from, mut escaped) = (0, false);
    for (at, letter) in text.char_indices() {
        match (escaped, letter) {
            (true, _) => escaped = false,
            (false, '\\') => escaped = true,
            // Several values of a part, a value in quotes or in hexadecimal digits: spelled otherwise by each reader.
            (false, '+' | '"' | '#' | ';' | '<' | '>') => return Err(SubjectError::Malformed),
            (false, ',') => {
                parts.push(text.get(from..at).unwrap_or_default());
                from = at + 1;
            }
            (false, _) => {}
        }
    }
    parts.push(text.get(from..).unwrap_or_default());
    match escaped {
        true => Err(SubjectError::Malformed),
        false => Ok(parts),
    }
}

/// A value without the backslashes before letters that would mean something else.
fn unescaped(text: &str) -> Result<String, SubjectError> {
    let mut value = String::new();
    let mut letters = text.chars();
    // Blanks at the end do not count, unless the last one is escaped.
    let mut kept = 0;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(escaped) if ESCAPED.contains(escaped) => value.push(escaped),
                _ => return Err(SubjectError::Malformed),
            },
            ' ' => {
                value.push(' ');
                continue;
            }
            letter => value.push(letter),
        }
        kept = value.len();
    }
    value.truncate(kept);
    Ok(value)
}

const ESCAPED: &str = "\\,+\"#;<>= ";

const KINDS: [(&str, ObjectIdentifier); 10] = [
    ("C", ObjectIdentifier::new_unwrap("2.5.4.6")),
    ("ST", ObjectIdentifier::new_unwrap("2.5.4.8")),
    // Another spelling in use.
    ("S", ObjectIdentifier::new_unwrap("2.5.4.8")),
    ("L", ObjectIdentifier::new_unwrap("2.5.4.7")),
    ("STREET", ObjectIdentifier::new_unwrap("2.5.4.9")),
    ("POSTALCODE", ObjectIdentifier::new_unwrap("2.5.4.17")),
    ("O", ObjectIdentifier::new_unwrap("2.5.4.10")),
    ("OU", ObjectIdentifier::new_unwrap("2.5.4.11")),
    ("CN", ObjectIdentifier::new_unwrap("2.5.4.3")),
    ("SERIALNUMBER", ObjectIdentifier::new_unwrap("2.5.4.5")),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> Subject {
        Subject::parse(text).unwrap()
    }

    #[test]
    fn n5_a_name_has_all_parts_or_is_another() {
        let whole = subject("C=DE, ST=Berlin, O=acme\\, inc, CN=release");
        for (wanted, has) in [
            ("C=DE, O=acme\\, inc", true),
            ("CN=release,C=DE", true),
            ("c=DE", true),
            ("O=acme", false),
            ("O=acme\\, inc, OU=shop", false),
            ("CN=Release", false),
            ("CN=release\\ ", false),
            ("CN=release ", true),
        ] {
            assert_eq!(whole.has(&subject(wanted)), has, "{wanted}");
        }
        assert_eq!(whole.text(), "C=DE, ST=Berlin, O=acme, inc, CN=release");
    }

    #[test]
    fn n5_what_readers_spell_differently_is_no_name() {
        for (text, error) in [
            ("", SubjectError::Malformed),
            ("*", SubjectError::Malformed),
            ("CN", SubjectError::Malformed),
            ("CN=", SubjectError::Malformed),
            ("CN=a,", SubjectError::Malformed),
            ("CN=a\\", SubjectError::Malformed),
            ("CN=a\\41", SubjectError::Malformed),
            ("CN=a+O=b", SubjectError::Malformed),
            ("CN=\"a\"", SubjectError::Malformed),
            ("CN=#0401", SubjectError::Malformed),
            ("CN=a, CN=b", SubjectError::Twice),
            ("DC=a", SubjectError::Kind),
            ("2.5.4.3=a", SubjectError::Kind),
        ] {
            assert_eq!(Subject::parse(text), Err(error), "{text}");
        }
    }
}
