//! Image references by the grammar that container runtimes use.
//! Knows nothing of registries or of which images are allowed.

/// A reference taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageRef {
    /// Registry and path in full: `redis` is `docker.io/library/redis`. A registry in capitals, with the port that
    /// counts anyway, or under another name of Docker Hub is the same registry.
    pub repository: String,
    /// The tag, where one is written.
    pub tag: Option<String>,
    /// The digest, where one is written.
    pub digest: Option<String>,
}

impl ImageRef {
    /// Reads `[registry/]path[:tag][@digest]`; `None` for anything that a runtime would refuse.
    ///
    /// ```
    /// use tidegate::facts::workloads::ImageRef;
    /// let image = ImageRef::parse("registry.example:5000/acme/odoo:17.0").unwrap();
    /// assert_eq!(image.repository, "registry.example:5000/acme/odoo");
    /// assert_eq!(image.version(), Some(vec![17, 0]));
    /// assert!(ImageRef::parse("acme/Odoo").is_none());
    /// ```
    #[must_use]
    pub fn parse(reference: &str) -> Option<Self> {
        let (rest, digest) = match reference.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (reference, None),
        };
        let path_start = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest.get(path_start..)?.split_once(':') {
            Some((last, tag)) => (rest.get(..path_start + last.len())?, Some(tag)),
            None => (rest, None),
        };
        if !tag.is_none_or(is_tag) || !digest.is_none_or(is_digest) {
            return None;
        }
        Some(Self {
            repository: repository(name)?,
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    }

    /// The registry, with its port where one is written.
    #[must_use]
    pub fn registry(&self) -> &str {
        let registry = self.repository.split_once('/');
        registry.map_or("", |(registry, _)| registry)
    }

    /// The reference in full: `redis` is `docker.io/library/redis:latest`, and a tag stays beside a digest.
    #[must_use]
    pub fn canonical(&self) -> String {
        let tag = match (&self.tag, &self.digest) {
            (Some(tag), _) => format!(":{tag}"),
            (None, None) => ":latest".to_owned(),
            (None, Some(_)) => String::new(),
        };
        let digest = self.digest.as_ref();
        let digest = digest.map(|it| format!("@{it}")).unwrap_or_default();
        format!("{}{tag}{digest}", self.repository)
    }

    /// The numbers that the tag begins with, up to a `-`, `+`, `_` or its end; a leading `v` is
    /// dropped. A commit id such as `4f2a9c1` is no version.
    #[must_use]
    pub fn version(&self) -> Option<Vec<u64>> {
        let tag = self.tag.as_deref()?;
        let numbers = tag.strip_prefix('v').unwrap_or(tag);
        let numbers = numbers.split(['-', '+', '_']).next()?;
        let version: Vec<u64> = numbers.split('.').map_while(number).collect();
        (!version.is_empty()).then_some(version)
    }
}

/// The name in full, whose length counts; `None` where the grammar does not allow it.
fn repository(name: &str) -> Option<String> {
    let (domain, path) = match name.split_once('/') {
        Some((first, rest)) if is_registry(first) => (Some(first), rest),
        _ => (None, name),
    };
    let valid = domain.is_none_or(is_domain)
        && path.split('/').all(is_path_component)
        && !(domain.is_none() && is_hex(name, 64));
    let lower = domain.map(str::to_ascii_lowercase);
    let domain = match (lower.as_deref(), domain) {
        (None, _) => HUB,
        // Where capitals are all that tells it from a path, they stay.
        (Some(lower), _) if is_registry(lower) => lower,
        (Some(lower), domain) => domain.unwrap_or(lower),
    };
    let domain = &one_name(domain);
    let official = domain == HUB && !path.contains('/');
    let path = format!("{}{path}", if official { "library/" } else { "" });
    (valid && path.len() <= LONGEST_NAME).then(|| format!("{domain}/{path}"))
}

/// The one name of a registry: without the port of TLS, which counts where none is written, and of Docker Hub the one
/// that references have. What only its port tells from a path keeps that.
fn one_name(domain: &str) -> String {
    let numbered = domain.rsplit_once(':').filter(|(_, port)| is_digits(port));
    let Some((host, port)) = numbered else {
        return hub(domain).to_owned();
    };
    let port = match port.trim_start_matches('0') {
        "" => "0",
        port => port,
    };
    match port {
        "443" if host.contains(['.', '[']) && !is_here(host) => hub(host).to_owned(),
        port => format!("{host}:{port}"),
    }
}

fn hub(host: &str) -> &str {
    if HUB_NAMES.contains(&host) { HUB } else { host }
}

/// A registry of this machine is asked without TLS.
fn is_here(host: &str) -> bool {
    host == "127.0.0.1" || host == "[::1]"
}

/// The registry of a glob as those of references are named, wherever it says one.
pub(super) fn with_one_name(glob: &str) -> String {
    match glob.split_once('/') {
        Some((domain, path)) if is_registry(domain) => format!("{}/{path}", one_name(domain)),
        _ => glob.to_owned(),
    }
}

/// Whether the first part of a name is a registry and no part of the path.
fn is_registry(first: &str) -> bool {
    first.contains(['.', ':', '['])
        || first == "localhost"
        || first.chars().any(|c| c.is_ascii_uppercase())
}

fn is_domain(domain: &str) -> bool {
    if let Some(rest) = domain.strip_prefix('[') {
        return rest.split_once(']').is_some_and(|(address, port)| {
            !address.is_empty()
                && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':')
                && (port.is_empty() || port.strip_prefix(':').is_some_and(is_digits))
        });
    }
    let (host, port) = match domain.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (domain, None),
    };
    port.is_none_or(is_digits) && host.split('.').all(is_domain_component)
}

fn is_domain_component(part: &str) -> bool {
    !part.is_empty()
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !part.starts_with('-')
        && !part.ends_with('-')
}

/// Lower-case letters and digits, between them `.`, `_`, `__` or any number of `-`.
fn is_path_component(part: &str) -> bool {
    let is_alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends_well = |b: Option<u8>| b.is_some_and(is_alphanumeric);
    ends_well(part.bytes().next())
        && ends_well(part.bytes().last())
        && part
            .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            .all(|between| {
                matches!(between, "" | "." | "_" | "__") || between.bytes().all(|b| b == b'-')
            })
}

fn is_tag(tag: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|b| is_word(b) || b == b'.' || b == b'-')
}

/// Only the algorithms that runtimes know, each with its length.
fn is_digest(digest: &str) -> bool {
    digest
        .split_once(':')
        .is_some_and(|(algorithm, hex)| match algorithm {
            "sha256" => is_hex(hex, 64),
            "sha384" => is_hex(hex, 96),
            "sha512" => is_hex(hex, 128),
            _ => false,
        })
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn number(part: &str) -> Option<u64> {
    is_digits(part).then(|| part.parse().ok()).flatten()
}

const LONGEST_NAME: usize = 255;
/// Docker Hub, as references name it, and its other names.
const HUB: &str = "docker.io";
const HUB_NAMES: [&str; 3] = [
    "index.docker.io",
    "registry-1.docker.io",
    "registry.hub.docker.com",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn digest() -> String {
        format!("sha256:{}", "0a".repeat(32))
    }

    /// A reference, its repository in full (none where it is refused), and its tag.
    const READ: &[(&str, &str, Option<&str>)] = &[
        ("redis", "docker.io/library/redis", None),
        ("docker.io/redis:7", "docker.io/library/redis", Some("7")),
        ("index.docker.io/redis", "docker.io/library/redis", None),
        ("acme/odoo:x", "docker.io/acme/odoo", Some("x")),
        ("localhost/odoo", "localhost/odoo", None),
        ("localhost:5000/odoo:1", "localhost:5000/odoo", Some("1")),
        ("[2001:db8::1]:5000/odoo", "[2001:db8::1]:5000/odoo", None),
        ("r.example/a__b/c-_d", "", None),
        ("r.example/a__b/c--d.e", "r.example/a__b/c--d.e", None),
        ("Registry.example/odoo", "registry.example/odoo", None),
        ("Acme/odoo", "Acme/odoo", None),
        ("Index.Docker.IO/redis", "docker.io/library/redis", None),
        ("registry-1.docker.io:443/acme/a", "docker.io/acme/a", None),
        (
            "registry.hub.docker.com/redis:7",
            "docker.io/library/redis",
            Some("7"),
        ),
        ("R.example:443/odoo:1", "r.example/odoo", Some("1")),
        ("r.example:0443/odoo", "r.example/odoo", None),
        ("r.example:05000/odoo", "r.example:5000/odoo", None),
        ("r.example:4430/odoo", "r.example:4430/odoo", None),
        ("[2001:db8::1]:443/odoo", "[2001:db8::1]/odoo", None),
        ("[2001:db8::443]/odoo", "[2001:db8::443]/odoo", None),
        ("cache:443/odoo", "cache:443/odoo", None),
        ("localhost:443/odoo", "localhost:443/odoo", None),
        ("127.0.0.1:443/odoo", "127.0.0.1:443/odoo", None),
    ];

    #[test]
    fn what_a_runtime_reads_is_taken_apart() {
        for (reference, repository, tag) in READ {
            for digest in [String::new(), format!("@{}", digest())] {
                let reference = format!("{reference}{digest}");
                let parsed = ImageRef::parse(&reference);
                if repository.is_empty() {
                    assert_eq!(parsed, None, "{reference}");
                    continue;
                }
                let parsed = parsed.unwrap_or_else(|| panic!("{reference} was refused"));
                assert_eq!(parsed.repository, *repository, "{reference}");
                assert_eq!(parsed.tag.as_deref(), *tag, "{reference}");
                assert_eq!(parsed.digest.is_some(), !digest.is_empty(), "{reference}");
            }
        }
    }

    #[test]
    fn the_canonical_form_is_read_as_the_same() {
        let both = format!("odoo:17.0@{}", digest());
        for (reference, registry, canonical) in [
            ("redis", "docker.io", "docker.io/library/redis:latest"),
            (
                "LOCALHOST:5000/a/b:1",
                "localhost:5000",
                "localhost:5000/a/b:1",
            ),
            (
                both.as_str(),
                "docker.io",
                &format!("docker.io/library/{both}"),
            ),
            (
                &format!("odoo@{}", digest()),
                "docker.io",
                &format!("docker.io/library/odoo@{}", digest()),
            ),
        ] {
            let image = ImageRef::parse(reference).unwrap();
            assert_eq!(image.registry(), registry, "{reference}");
            assert_eq!(image.canonical(), canonical, "{reference}");
            let again = ImageRef::parse(canonical).unwrap();
            assert_eq!(again.canonical(), canonical, "{reference}");
        }
    }

    #[test]
    fn what_a_runtime_refuses_is_refused() {
        let upper = digest().replace('a', "A");
        let long = format!("r.example/{}", "a".repeat(256));
        let long_in_full = "a".repeat(248);
        let tag = format!("redis:{}", "t".repeat(129));
        for reference in [
            "",
            " redis",
            "redis ",
            "redis:",
            ":7",
            "acme/Odoo",
            "${IMAGE}",
            "odoo@sha256:short",
            "odoo@md5:d41d8cd98f00b204e9800998ecf8427e",
            "odoo@",
            "odoo:1@",
            "a//b",
            "/odoo",
            "odoo/",
            "r.example:port/odoo",
            "-r.example/odoo",
            "r..example/odoo",
            "odoo:-1",
            "odoo:a b",
            "od\u{1b}[31moo",
            "odoo:1:2",
            "a..b",
            "a___b",
            ".a",
            "a.",
            "[::1/odoo",
            "öl",
            "odoo:größe",
            &long,
            &long_in_full,
            &tag,
            &format!("odoo@{upper}"),
            &"0a".repeat(32),
            "https://r.example/odoo",
        ] {
            assert_eq!(ImageRef::parse(reference), None, "{reference:?}");
        }
    }

    #[test]
    fn a_version_is_the_dotted_numbers_in_front() {
        for (tag, version) in [
            ("17.0.3", Some(vec![17, 0, 3])),
            ("v1.2", Some(vec![1, 2])),
            ("17.0.3-alpine3.20", Some(vec![17, 0, 3])),
            ("17.0_r42", Some(vec![17, 0])),
            ("17.0rc1", Some(vec![17])),
            ("17", Some(vec![17])),
            ("1..2", Some(vec![1])),
            ("latest", None),
            ("4f2a9c1", None),
            ("v", None),
            ("99999999999999999999", None),
        ] {
            let image = ImageRef::parse(&format!("odoo:{tag}")).unwrap();
            assert_eq!(image.version(), version, "{tag}");
        }
        assert_eq!(ImageRef::parse("odoo").unwrap().version(), None);
    }
}
