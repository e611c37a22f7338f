//! Patterns of images of other programs as globs of repositories.
//! Knows nothing of who signs.

use std::sync::LazyLock;

use regex::Regex;

use crate::config::IMAGE_GLOB;

/// A glob of the policy controller: `*` is anything but a slash, `**` is anything.
pub(super) fn of_policy_controller(glob: &str) -> Option<String> {
    of_repository(&in_full(glob))
}

/// A wildcard of Kyverno, whose `*` is anything, and whose `?` has no words here.
pub(super) fn of_kyverno(wildcard: &str) -> Option<String> {
    if wildcard.contains('?') {
        return None;
    }
    // A tag or a digest may be anything.
    let image = wildcard.strip_suffix(":*").unwrap_or(wildcard);
    let mut glob = String::new();
    for letter in image.chars() {
        match letter {
            '*' if glob.ends_with("**") => {}
            '*' => glob.push_str("**"),
            letter => glob.push(letter),
        }
    }
    match glob.as_str() {
        "**" => Some(glob),
        glob => of_repository(&in_full(glob)),
    }
}

/// A repository of Notation, or `*` for all.
pub(super) fn of_notation(scope: &str) -> Option<String> {
    match scope {
        "*" => Some("**".to_owned()),
        scope if scope.contains('*') => None,
        scope => of_repository(scope),
    }
}

/// With the registry that is meant where none is written.
fn in_full(glob: &str) -> String {
    if glob == "**" {
        return glob.to_owned();
    }
    let glob = glob
        .strip_prefix("index.docker.io/")
        .map_or_else(|| glob.to_owned(), |rest| format!("docker.io/{rest}"));
    match glob.split_once('/') {
        None => format!("docker.io/library/{glob}"),
        Some((first, _)) if first == "localhost" || first.contains(['.', ':', '*']) => glob,
        Some(_) => format!("docker.io/{glob}"),
    }
}

/// `None` for what the configuration refuses: what names a tag or a digest too, or fits no repository.
fn of_repository(glob: &str) -> Option<String> {
    static TAKEN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(IMAGE_GLOB).ok());
    let taken = TAKEN.as_ref().is_some_and(|taken| taken.is_match(glob));
    taken.then(|| glob.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_meant_as_the_other_program_means_them() {
        for (glob, ours) in [
            ("**", Some("**")),
            ("ghcr.io/acme/*", Some("ghcr.io/acme/*")),
            ("ghcr.io/acme/**", Some("ghcr.io/acme/**")),
            ("redis", Some("docker.io/library/redis")),
            ("*", Some("docker.io/library/*")),
            ("acme/odoo*", Some("docker.io/acme/odoo*")),
            ("index.docker.io/acme/*", Some("docker.io/acme/*")),
            ("localhost/acme", Some("localhost/acme")),
            ("ghcr.io/acme/odoo:v1*", None),
            ("ghcr.io/acme/odoo@sha256:*", None),
            ("ghcr.io/", None),
            ("ghcr.io/acme/", None),
            ("https://ghcr.io/acme/*", None),
            ("ghcr.io/Acme/*", None),
            ("ghcr.io/{acme,shop}/*", None),
        ] {
            assert_eq!(of_policy_controller(glob).as_deref(), ours, "{glob}");
        }
        for (wildcard, ours) in [
            ("*", Some("**")),
            ("**", Some("**")),
            ("ghcr.io/acme/*", Some("ghcr.io/acme/**")),
            ("ghcr.io/acme/odoo:*", Some("ghcr.io/acme/odoo")),
            ("*/acme/odoo*", Some("**/acme/odoo**")),
            ("ghcr.io/acme/odoo:v1", None),
            ("ghcr.io/acme/?", None),
        ] {
            assert_eq!(of_kyverno(wildcard).as_deref(), ours, "{wildcard}");
        }
        for (scope, ours) in [
            ("*", Some("**")),
            (
                "registry.acme.io/shop/odoo",
                Some("registry.acme.io/shop/odoo"),
            ),
            ("registry.acme.io/*", None),
        ] {
            assert_eq!(of_notation(scope).as_deref(), ours, "{scope}");
        }
    }
}
