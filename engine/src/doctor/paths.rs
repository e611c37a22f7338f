//! Paths as a deployer reads them. Knows no tree; whether something lies there is not asked.

/// The folder that a deployer takes, as Go's `filepath.Join` with the root comes to it: `./a//b/../c` is `a/c`.
///
/// What would leave the root stays there, as Flux has it; Argo CD refuses that.
pub(super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// `path` from `folder` on, from the root of the tree; `None` where it leaves that.
pub(super) fn normal(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cleaned_as_a_deployer_does() {
        for (path, expected) in [
            ("", ""),
            (".", ""),
            ("./", ""),
            ("/", ""),
            ("apps/shop", "apps/shop"),
            ("apps/shop/", "apps/shop"),
            ("/apps/shop", "apps/shop"),
            ("././apps/./shop/.", "apps/shop"),
            ("apps//shop", "apps/shop"),
            ("apps/x/../shop", "apps/shop"),
            ("apps/x/y/../../shop", "apps/shop"),
            ("../apps/shop", "apps/shop"),
            ("apps/...", "apps/..."),
            ("apps/ shop", "apps/ shop"),
        ] {
            assert_eq!(clean(path), expected, "{path}");
        }
        assert_eq!(normal("gate/prod", "../base"), Some("gate/base".to_owned()));
        assert_eq!(normal("gate", "../../base"), None);
    }
}
