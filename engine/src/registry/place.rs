//! The names of places in a registry.
//! Knows nothing of what lies there.

use std::fmt;

use super::RegistryError;
use crate::model::Digest;

/// A repository of a registry, or an artifact in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OciPlace {
    /// Host and port, as in an address.
    pub(crate) registry: String,
    /// The path of the repository.
    pub(crate) repository: String,
    /// The manifest of the artifact.
    pub(crate) artifact: Option<Digest>,
}

impl OciPlace {
    /// Reads `REGISTRY/REPOSITORY` or `REGISTRY/REPOSITORY@sha256:DIGEST`.
    ///
    /// ```
    /// use tidegate::registry::OciPlace;
    /// let place = OciPlace::parse("registry.example:5000/shop/verdicts").unwrap();
    /// assert!(!place.is_artifact());
    /// assert!(OciPlace::parse("registry.example/shop/verdicts:latest").is_err());
    /// ```
    ///
    /// # Errors
    /// Anything else; a tag can be moved, so it names nothing here.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        let wrong = |why| RegistryError::Place {
            text: text.chars().take(MOST).collect(),
            why,
        };
        let (name, artifact) = match text.split_once('@') {
            None => (text, None),
            Some((name, digest)) => match Digest::parse_oci(digest) {
                Some(digest) => (name, Some(digest)),
                None => return Err(wrong("what follows `@` is no `sha256:` digest")),
            },
        };
        let (registry, repository) = name
            .split_once('/')
            .ok_or_else(|| wrong("it names no repository"))?;
        if !is_registry(registry) {
            return Err(wrong("it does not begin with the host of a registry"));
        }
        if repository.contains(':') {
            return Err(wrong(
                "a tag can be moved: name the repository, or a digest",
            ));
        }
        if name.len() > MOST || !repository.split('/').all(is_part) {
            return Err(wrong("its path is none of a repository"));
        }
        Ok(Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            artifact,
        })
    }

    /// The repository of an image, registry and path in full. What a reference calls `docker.io` answers elsewhere.
    pub(super) fn of_images(repository: &str) -> Result<Self, RegistryError> {
        let there = repository.strip_prefix("docker.io/");
        match there {
            Some(path) => Self::parse(&format!("registry-1.docker.io/{path}")),
            None => Self::parse(repository),
        }
    }

    /// Whether it is beside an artifact.
    #[must_use]
    pub fn is_artifact(&self) -> bool {
        self.artifact.is_some()
    }
}

/// As it is named where verdicts lie.
impl fmt::Display for OciPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci:{}/{}", self.registry, self.repository)?;
        match self.artifact {
            Some(digest) => write!(f, "@sha256:{digest}"),
            None => Ok(()),
        }
    }
}

/// Whether an authority is this machine.
pub(crate) fn is_here(authority: &str) -> bool {
    let host = host_of(authority);
    host == "localhost" || host == "127.0.0.1" || host == "[::1]"
}

/// The host of an authority, without the port.
pub(crate) fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// A host that cannot be taken for the first part of a path, as docker tells them apart.
fn is_registry(text: &str) -> bool {
    let host = host_of(text);
    let port = text.strip_prefix(host).unwrap_or_default();
    let is_port = port.is_empty()
        || (port.len() <= 6
            && port
                .get(1..)
                .is_some_and(|port| port.parse::<u16>().is_ok()));
    let plain = |host: &str| {
        !host.is_empty()
            && !host.starts_with(['.', '-'])
            && host
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
    };
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = match bare {
        Some(number) => number.parse::<std::net::Ipv6Addr>().is_ok(),
        None => plain(host) && (host.contains('.') || host == "localhost" || !port.is_empty()),
    };
    is_port && is_host
}

/// Lower-case letters and digits, with `.`, `_` and `-` between them.
fn is_part(part: &str) -> bool {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    let ends = [part.bytes().next(), part.bytes().last()];
    ends.iter().all(|byte| byte.is_some_and(is_plain))
        && part
            .bytes()
            .all(|byte| is_plain(byte) || matches!(byte, b'.' | b'_' | b'-'))
}

/// The longest name of a repository.
const MOST: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    #[test]
    fn a_repository_or_an_artifact_is_named_and_nothing_that_moves() {
        let digest = Digest::of(b"x");
        for text in [
            "registry.example/shop/verdicts".to_owned(),
            "registry.example:5000/v".to_owned(),
            "registry.example:65535/v".to_owned(),
            "localhost/v".to_owned(),
            "cache:5000/v".to_owned(),
            "[::1]:5000/a/b-c/d_e".to_owned(),
            format!("127.0.0.1:5000/shop@sha256:{digest}"),
        ] {
            let place = OciPlace::parse(&text).unwrap();
            assert_eq!(place.to_string(), format!("oci:{text}"));
            assert_eq!(place.is_artifact(), text.contains('@'));
        }
        for text in [
            "",
            "shop",
            "shop/verdicts",
            "registry.example",
            "registry.example/",
            "registry.example/a//b",
            "registry.example/../b",
            "registry.example/A",
            "registry.example/a?x=1",
            "registry.example/a#x",
            "registry.example/a:latest",
            "registry.example/a@sha256:12",
            "registry.example/a@sha512:12",
            "registry.example:99999/a",
            ".example/a",
            "-registry.example/a",
            ":5000/a",
            "registry.example:/a:b",
            "user@registry.example/a",
            "user:word@registry.example/a",
            "REGISTRY.example/a",
            "[::x]/a",
        ] {
            let error = OciPlace::parse(text).unwrap_err();
            assert_eq!(code_of(&error), "usage.store", "{text}");
        }
        let error = OciPlace::parse("registry.example/a:latest").unwrap_err();
        assert!(error.to_string().contains("a tag can be moved"), "{error}");
        for (length, is_one) in [(MOST, true), (MOST + 1, false), (2 * MOST, false)] {
            let text = format!("r.example/{}", "a".repeat(length - "r.example/".len()));
            assert_eq!(OciPlace::parse(&text).is_ok(), is_one, "{length}");
        }
    }

    #[test]
    fn only_this_machine_by_its_own_names_is_here() {
        for (text, here) in [
            ("localhost:5000/v", true),
            ("127.0.0.1:5000/v", true),
            ("[::1]:5000/v", true),
            ("127.0.0.1.example/v", false),
            ("localhost.example/v", false),
            ("10.0.0.1:5000/v", false),
        ] {
            let place = OciPlace::parse(text).unwrap();
            assert_eq!(is_here(&place.registry), here, "{text}");
        }
    }
}
