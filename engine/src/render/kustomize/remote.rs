//! What kustomize would fetch instead of reading it from the folder.
//! Knows no file.

/// Whether kustomize takes `text` for the address of a file or of a Git repository, or other tools
/// and versions of it do.
pub(in crate::render) fn is_remote(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let has_scheme = text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+.-:".contains(&byte))
    });
    let of_host = ["git::", "gh:", "github.com/", "github.com:", "git@"]
        .into_iter()
        .any(|start| text.starts_with(start));
    let has_query = ["?ref=", "?version=", "?timeout=", "?submodules="]
        .into_iter()
        .any(|query| text.contains(query));
    has_scheme || of_host || has_query || has_user(&text) || has_port_or_path(&text)
}

/// `me@host/path`, `me@host:path`.
fn has_user(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, _)| {
        user.starts_with(|c: char| c.is_ascii_lowercase())
            && user
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// `host:path`, `host.example:443/path`: a colon in the first step of the path.
fn has_port_or_path(text: &str) -> bool {
    let first = text.split('/').next().unwrap_or_default();
    first.split_once(':').is_some_and(|(host, _)| {
        !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_address_is_one() {
        for text in [
            "https://example.com/x.yaml",
            "HTTPS://example.com/x.yaml",
            "http://example.com/x",
            " https://example.com/x",
            "git::https://example.com/x",
            "git::ssh://x",
            "git@github.com:owner/repo.git",
            "ssh://git@example.com/x",
            "github.com/owner/repo",
            "GitHub.com/owner/repo//deploy",
            "github.com/owner/repo?ref=v1",
            "gh:owner/repo",
            "apps/base?ref=main",
            "file:///etc/passwd",
            "oci://registry/x",
            "s3::https://bucket/x",
            "me@dev.azure.com/org/project/_git/repo",
            "someone@host:path/to/repo.git//deploy",
            "host.example:owner/repo",
            "host:443/owner/repo",
        ] {
            assert!(is_remote(text), "{text}");
        }
    }

    #[test]
    fn paths_are_none() {
        for text in [
            "base",
            "../base",
            "./a//b",
            "a/_git/b",
            "x.yaml",
            "a@b/x.yaml/..",
            "dir/a:b.yaml",
            "@x",
            "{a: b}",
            "a b@c",
            "",
        ] {
            let expected = text == "a@b/x.yaml/..";
            assert_eq!(is_remote(text), expected, "{text}");
        }
    }
}
