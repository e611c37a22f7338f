//! Patterns of names and of image references.
//! Knows nothing of paths: those are globs.

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
}
