//! What is shown of the words of a program that failed: the places of the repository that it names.
//! Its words are not: they may hold any value of what it rendered.

use std::path::Path;

use super::Exported;
use super::as_path;
use crate::model::{RepoPath, abridged, is_harmful, limits};
use crate::render::files::inside;

/// The files of `exported` that are named in `stderr`, by a program that ran in `folder` of it.
pub(super) fn shown(stderr: &[u8], folder: &Path, exported: &Exported) -> String {
    let root = exported.root();
    let inside_root = format!("{}/", root.to_string_lossy());
    let text = String::from_utf8_lossy(stderr).replace(&inside_root, ROOT);
    let folder = folder.strip_prefix(root).unwrap_or(Path::new(""));
    let mut places: Vec<String> = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || BETWEEN.contains(c)) {
        let place = place(word, folder, root);
        if let Some(place) = place.filter(|place| !places.contains(place)) {
            places.push(place);
        }
        if places.len() == MOST {
            break;
        }
    }
    if text.trim().is_empty() {
        return "it said nothing".to_owned();
    }
    let named = match places.as_slice() {
        [] => String::new(),
        places => format!("it names {}; ", places.join(", ")),
    };
    let most = limits::MESSAGE_LENGTH.most / 4;
    format!("{}{LEFT_OUT}", abridged(&named, most))
}

/// The file that a word names, with the line and column behind it.
fn place(word: &str, folder: &Path, root: &Path) -> Option<String> {
    let mut parts = word.split(':');
    let path = parts.next().filter(|path| !path.contains(is_harmful))?;
    let numbers = parts.take(2).take_while(|part| is_number(part));
    let numbers: String = numbers.map(|number| format!(":{number}")).collect();
    let path = file(path.trim_end_matches('.'), folder, root)?;
    Some(format!("{path}{numbers}"))
}

/// The file of the tree that is meant: from its root, from the folder where the program ran, or, as Helm has
/// it, behind the name of the chart in that folder.
fn file(path: &str, folder: &Path, root: &Path) -> Option<RepoPath> {
    let folder = folder.as_os_str().as_encoded_bytes();
    let below = |folder: &[u8], path: &str| {
        let path = inside(folder, path.as_bytes()).filter(|path| !path.is_empty())?;
        let is_file = root.join(as_path(&path)).is_file();
        is_file.then(|| RepoPath::new(path))
    };
    if let Some(path) = path.strip_prefix(ROOT) {
        return below(b"", path);
    }
    let in_chart = || below(folder, path.split_once('/')?.1);
    below(folder, path)
        .or_else(in_chart)
        .or_else(|| below(b"", path))
}

fn is_number(text: &str) -> bool {
    (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// How many places are shown.
const MOST: usize = 5;
/// Stands for the folder that the root of the tree is on the disk.
const ROOT: &str = "//";
/// What may stand around a path.
const BETWEEN: &str = "\"'`()[]{}<>=,;";
const LEFT_OUT: &str = "its words are left out, since they may hold values";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Exported;

    #[test]
    fn of_what_a_program_says_only_the_places_are_shown() {
        let temporary = tempfile::tempdir().unwrap();
        let exported = Exported::empty(temporary.path()).unwrap();
        for path in [
            "apps/api/templates/f.yaml",
            "apps/api/s.yaml",
            "base/d.yaml",
        ] {
            exported.write(&path.into(), b"x").unwrap();
        }
        let root = exported.root().to_str().unwrap();
        let helm = "Error: execution error at (api/templates/f.yaml:1:52): no: hunter2";
        let kustomize = "invalid literal source hunter2, in File: s.yaml: ../../base/d.yaml";
        let absolute = format!("open {root}/base/d.yaml: hunter2; {root}/base/d.yaml:hunter2");
        let cases = [
            (helm, "it names apps/api/templates/f.yaml:1:52; "),
            (kustomize, "it names apps/api/s.yaml, base/d.yaml; "),
            (&absolute, "it names base/d.yaml; "),
            ("hunter2 hunter2.yaml:3 /etc/passwd ../../../x", ""),
            (
                "s.yaml:1 s.yaml:2 s.yaml:3 s.yaml:4 s.yaml:5 s.yaml:6",
                "it names apps/api/s.yaml:1, apps/api/s.yaml:2, apps/api/s.yaml:3, apps/api/s.yaml:4, apps/api/s.yaml:5; ",
            ),
            (
                "s.yaml:hunter2 \u{1b}[31ms.yaml s.yaml:1234567",
                "it names apps/api/s.yaml; ",
            ),
        ];
        let folder = exported.root().join("apps/api");
        for (said, places) in cases {
            let wanted = format!("{places}{LEFT_OUT}");
            assert_eq!(shown(said.as_bytes(), &folder, &exported), wanted, "{said}");
        }
        assert_eq!(shown(b" \n", &folder, &exported), "it said nothing");
    }
}
