//! Where reports point that can only point at head: a removed object has no line there any more.
//! Says nothing about what is wrong.

use super::Error;
use super::view::View;
use crate::config::Config;
use crate::manifest::{self, Role};
use crate::model::{Finding, Location, RepoPath};

/// Gives findings that stand nowhere at head the nearest place that does: the file they were in, the
/// kustomization that listed it, and else the environment's line in the configuration.
pub(super) fn set(
    findings: &mut [Finding],
    is_gone: impl Fn(&Finding) -> bool,
    pointer: &str,
    config: &Config,
    view: &View<'_>,
) -> Result<(), Error> {
    for finding in findings {
        let at_base = match &finding.location {
            Some(location) if !is_gone(finding) && view.stands_at_head(&location.path)? => continue,
            Some(location) => at_head(&location.path, view)?,
            None => None,
        };
        finding.anchor = at_base
            .or_else(|| finding.anchor.take())
            .or_else(|| config.location(pointer))
            .or_else(|| config.location("/environments"));
    }
    Ok(())
}

/// The nearest place to a path that head still has.
pub(super) fn at_head(path: &RepoPath, view: &View<'_>) -> Result<Option<Location>, Error> {
    if view.stands_at_head(path)? {
        return Ok(Some(Location::of_line(path, 1)));
    }
    let mut folder = path.parent();
    loop {
        for name in manifest::KUSTOMIZATIONS {
            let candidate = RepoPath::new(folder).child(name);
            if manifest::role_of_name(&candidate) == Some(Role::Kustomization)
                && let Some(text) = view.text_at_head(&candidate)?
            {
                return Ok(Some(Location::of_line(&candidate, line_of(path, &text))));
            }
        }
        let Some(slash) = folder.iter().rposition(|byte| *byte == b'/') else {
            return Ok(None);
        };
        folder = folder.get(..slash).unwrap_or_default();
    }
}

/// The first line that lists resources, or the first line of all.
fn line_of(path: &RepoPath, text: &str) -> usize {
    let name = String::from_utf8_lossy(path.file_name()).into_owned();
    let rows = || text.lines().zip(1..);
    rows()
        .find(|(row, _)| row.contains(&name))
        .or_else(|| rows().find(|(row, _)| row.starts_with("resources:")))
        .map_or(1, |(_, line)| line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_names_the_file_comes_before_the_one_that_lists_any() {
        let path = RepoPath::from("apps/odoo/web.yaml");
        let text = "kind: Kustomization\nresources:\n- db.yaml\n";
        assert_eq!(line_of(&path, text), 2);
        assert_eq!(line_of(&path, &format!("{text}- web.yaml\n")), 4);
        assert_eq!(line_of(&path, "x: y\n"), 1);
        assert_eq!(RepoPath::new(b"").child("a"), RepoPath::from("a"));
        assert_eq!(RepoPath::new(b"x/y").child("a"), RepoPath::from("x/y/a"));
    }
}
