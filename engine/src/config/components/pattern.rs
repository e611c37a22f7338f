//! Patterns of names and kinds.
//! Knows nothing of paths: those are globs.

use crate::model::ObjectRef;

/// Which kinds are meant.
#[derive(Clone, Debug)]
pub(super) enum KindPattern {
    /// `Ingress`, in whatever API group.
    Kind(String),
    /// `Cluster.postgresql.cnpg.io`.
    Exact { kind: String, group: String },
    /// `traefik.io/*`.
    Group(String),
    /// `*.gatekeeper.sh/*`: any group below this one.
    Below(String),
}

impl KindPattern {
    pub(super) fn parse(text: &str) -> Self {
        if let Some(group) = text.strip_suffix("/*") {
            return match group.strip_prefix('*') {
                Some(parent) => Self::Below(parent.to_owned()),
                None => Self::Group(group.to_owned()),
            };
        }
        match text.split_once('.') {
            Some((kind, group)) => Self::Exact {
                kind: kind.to_owned(),
                group: group.to_owned(),
            },
            None => Self::Kind(text.to_owned()),
        }
    }

    pub(super) fn matches(&self, object: &ObjectRef) -> bool {
        match self {
            Self::Kind(kind) => object.kind == *kind,
            Self::Exact { kind, group } => object.kind == *kind && object.group() == group,
            Self::Group(group) => object.group() == group,
            Self::Below(parent) => object.group().ends_with(parent.as_str()),
        }
    }
}

/// Whether `text` fits `pattern`, in which a last `*` stands for anything.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => text.starts_with(prefix),
        None => text == pattern,
    }
}

/// The repository of an image reference: without digest and tag.
pub(super) fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => image,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_tag() {
        assert_eq!(
            repository("registry:5000/acme/redis"),
            "registry:5000/acme/redis"
        );
        assert_eq!(
            repository("registry:5000/acme/redis:7@sha256:00"),
            "registry:5000/acme/redis"
        );
        assert_eq!(repository("redis:7"), "redis");
    }

    #[test]
    fn a_kind_without_group_is_of_any_and_a_group_is_whole() {
        let object = |api_version: &str, kind: &str| ObjectRef {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: None,
            name: "x".into(),
        };
        let route = object("traefik.io/v1alpha1", "IngressRoute");
        for (pattern, expected) in [
            ("IngressRoute", true),
            ("IngressRoute.traefik.io", true),
            ("IngressRoute.traefik.containo.us", false),
            ("traefik.io/*", true),
            ("io/*", false),
            ("*.io/*", true),
            ("*.traefik.io/*", false),
        ] {
            assert_eq!(
                KindPattern::parse(pattern).matches(&route),
                expected,
                "{pattern}"
            );
        }
        assert!(
            KindPattern::parse("*.gatekeeper.sh/*")
                .matches(&object("constraints.gatekeeper.sh/v1", "X"))
        );
    }
}
