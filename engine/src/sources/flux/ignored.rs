//! The files of this repository that Flux leaves out of what it builds from: patterns, as the root of the tree has them.
//! Knows no folder that is built.
//!
//! Source: Flux, `sourceignore` in `fluxcd/pkg`, and the `gitignore` of go-git, which reads the patterns.

use crate::git::TreeEntry;
use crate::model::{RepoPath, Span, limits};
use crate::render::kustomize::Ignore;
use crate::render::{Files, FilesError};
use crate::sources::Tree;
use crate::sources::fields::{Read, Stop, shown};

/// The patterns, those that win last; none where Flux's own list counts. `own` are those of a `GitRepository`.
pub(super) fn ignored(tree: &Tree<'_>, own: Option<&str>, at: Span) -> Read<Vec<String>> {
    patterns(&tree.entries, tree.files, own, at)
}

/// The same of all lists of a repository that was not listed before, and of no `GitRepository`.
pub(in crate::sources) fn ignored_everywhere(files: &dyn Files) -> Read<Vec<String>> {
    let all = files.below(&RepoPath::from(""));
    let all = all.map_err(|error| match error {
        FilesError::Git(error) => Stop::unknown(
            Span::default(),
            format!("the files that Flux leaves out cannot be told: {error}"),
            "let all folders of the repository be ones that Git can list",
        ),
        error => Stop::Files(error),
    })?;
    patterns(&all, files, None, Span::default())
}

fn patterns(
    entries: &[TreeEntry],
    tree: &dyn Files,
    own: Option<&str>,
    at: Span,
) -> Read<Vec<String>> {
    let mut files: Vec<&TreeEntry> = entries.iter().filter(is_list).collect();
    // A folder's own file counts before those of the folders in it, whatever their names begin with.
    files.sort_by(|a, b| steps(a).cmp(steps(b)));
    let mut patterns = Vec::new();
    for entry in files {
        let Some(bytes) = content(entry, at, tree)? else {
            continue;
        };
        let file = format!("`{}`", entry.path);
        let folder = std::str::from_utf8(entry.path.parent());
        let (Ok(text), Ok(folder)) = (String::from_utf8(bytes), folder) else {
            return Err(refused(
                at,
                &file,
                "is no text, or its folder has no name that is one",
            ));
        };
        for line in lines(&text, &file, at)? {
            patterns.extend(rooted(folder, line));
        }
        bounded(&patterns, at)?;
    }
    let own = lines(own.unwrap_or_default(), "`spec.ignore`", at)?;
    patterns.extend(own.into_iter().map(str::to_owned));
    bounded(&patterns, at)?;
    Ok(patterns)
}

/// What the lists of the tree leave out of everything that Flux builds from this repository.
pub(in crate::sources) struct LeftOut {
    /// One of the lists.
    pub(in crate::sources) list: RepoPath,
    ignore: Ignore,
}

impl LeftOut {
    /// Nothing where there is no list, or none that is known: then no unit of this repository is known either.
    pub(in crate::sources) fn of(tree: &Tree<'_>) -> Option<Self> {
        let list = tree.entries.iter().find(is_list)?.path.clone();
        let patterns = ignored(tree, None, Span::default()).ok()?;
        let ignore = Ignore::new(&patterns).ok()?;
        Some(Self { list, ignore })
    }

    pub(in crate::sources) fn hides(&self, file: &RepoPath) -> bool {
        self.ignore.hides(file)
    }
}

fn is_list(entry: &&TreeEntry) -> bool {
    entry.path.file_name() == b".sourceignore"
}

/// Each file of the source is held against each of them.
fn bounded(patterns: &[String], at: Span) -> Read<()> {
    let text: usize = patterns.iter().map(String::len).sum();
    let most = if patterns.len() > limits::IGNORE_PATTERNS.most {
        format!("{} patterns", limits::IGNORE_PATTERNS)
    } else if text > limits::IGNORE_TEXT.most {
        format!("{} of patterns", limits::IGNORE_TEXT)
    } else {
        return Ok(());
    };
    Err(Stop::unknown(
        at,
        format!("`.sourceignore` and `spec.ignore` hold more than {most}"),
        "leave out whole folders, and say so once for all of them at the root",
    ))
}

/// The folders on the way to a file.
fn steps(entry: &TreeEntry) -> impl Iterator<Item = &[u8]> {
    entry.path.parent().split(|byte| *byte == b'/')
}

/// Flux follows links to these; its artifact has none.
fn content(entry: &TreeEntry, at: Span, files: &dyn Files) -> Read<Option<Vec<u8>>> {
    if entry.is_submodule() {
        return Ok(None);
    }
    if entry.is_link() {
        let reason = format!("`{}` is a symbolic link, which Flux follows", entry.path);
        let remedy = "commit the patterns themselves in its place";
        return Err(Stop::unknown(at, reason, remedy));
    }
    Ok(Some(files.content(entry)?))
}

/// The patterns of a list, if they mean here what they mean to Flux.
fn lines<'t>(text: &'t str, of: &str, at: Span) -> Read<Vec<&'t str>> {
    // Flux reads no further than to such a line.
    if read(text).any(|line| line.len() > LONGEST) {
        return Err(refused(at, of, "has a line that is too long for Flux"));
    }
    let patterns = read(text).filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let patterns: Vec<&str> = patterns.collect();
    match patterns.iter().find(|line| is_strange(line)) {
        Some(line) => {
            let what = format!(
                "has the pattern `{}`, which Flux may read otherwise",
                shown(line)
            );
            Err(refused(at, of, &what))
        }
        None => Ok(patterns),
    }
}

/// The lines of a text as Go's `bufio.ScanLines` gives them: a CR at the end of the last one is no part of it either.
fn read(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split('\n');
    lines.map(|line| line.strip_suffix('\r').unwrap_or(line))
}

fn refused(at: Span, of: &str, what: &str) -> Stop {
    Stop::unknown(
        at,
        format!("{of} {what}"),
        "name files and folders by letters, `*`, `?` and `**` between slashes, without `[`, `//` and `**/` alone",
    )
}

/// A CR, a class, an empty step, or all folders and no file: readers of patterns differ in them.
fn is_strange(line: &str) -> bool {
    let mut escaped = false;
    let has_class = line.chars().any(|c| {
        let is_open = c == '[' && !escaped;
        escaped = c == '\\' && !escaped;
        is_open
    });
    let pattern = line.strip_prefix('!').unwrap_or(line);
    has_class
        || line.contains('\r')
        || line.contains("//")
        || pattern.trim_end_matches(' ') == "**/"
}

/// A pattern of the folder's own file, from the root of the tree; `None` where it fits nothing.
fn rooted(folder: &str, line: &str) -> Option<String> {
    if folder.is_empty() {
        return Some(line.to_owned());
    }
    let (not, pattern) = match line.strip_prefix('!') {
        Some(pattern) => ("!", pattern),
        None => ("", line),
    };
    let pattern = match pattern.ends_with("\\ ") {
        true => pattern,
        false => pattern.trim_end_matches(' '),
    };
    let inner = pattern.strip_suffix('/').unwrap_or(pattern);
    let is_anchored = inner.contains('/');
    let mut steps = inner.split('/').filter(|step| !step.is_empty());
    let fits_nothing = match is_anchored {
        // `**` at the end fits what is below something that fitted before it.
        true => steps.all(|step| step == "**"),
        false => inner.is_empty(),
    };
    if fits_nothing {
        return None;
    }
    let between = if is_anchored { "" } else { "**/" };
    let folder = literal(folder);
    let pattern = pattern.trim_start_matches('/');
    Some(format!("{not}/{folder}/{between}{pattern}"))
}

/// A name as a pattern that fits it alone.
fn literal(name: &str) -> String {
    let mut pattern = String::new();
    for c in name.chars() {
        if "*?[\\".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// Less than what Flux's reader takes for a line.
const LONGEST: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_a_folder_fits_below_that_folder_alone() {
        for (folder, line, wanted) in [
            ("", "*.md", "*.md"),
            ("apps", "*.md", "/apps/**/*.md"),
            ("apps", "!x.yaml", "!/apps/**/x.yaml"),
            ("apps", "docs/", "/apps/**/docs/"),
            ("apps", "/docs", "/apps/docs"),
            ("apps", "a/b ", "/apps/a/b"),
            ("apps", "a\\ ", "/apps/**/a\\ "),
            ("apps", "a/\t", "/apps/a/\t"),
            ("apps", "a/**", "/apps/a/**"),
            ("a[b]/c*", "x.yaml", "/a\\[b]/c\\*/**/x.yaml"),
        ] {
            assert_eq!(rooted(folder, line).as_deref(), Some(wanted), "{line}");
        }
        for none in ["/**", "**/**", "!/**/", "/"] {
            assert_eq!(rooted("apps", none), None, "{none}");
        }
    }

    #[test]
    fn what_readers_differ_in_is_refused() {
        for line in [
            "[!_]*.yaml",
            "a[b]",
            "\\\\[a]",
            "a//b",
            "**/",
            "!**/ ",
            "a\rb",
            "a\r",
        ] {
            assert!(is_strange(line), "{line}");
        }
        for line in ["*.md", "\\[a]", "**/a", "a/**/", "**"] {
            assert!(!is_strange(line), "{line}");
        }
        let long = format!("#{}\n/web.yaml", "x".repeat(LONGEST));
        assert!(lines(&long, "it", Span::default()).is_err());
        for text in ["# a\n\n /x\n", "# a\r\n\r\n /x\r\n", "\r\n /x\r"] {
            let read = lines(text, "it", Span::default()).unwrap();
            assert_eq!(read, [" /x"], "{text:?}");
        }
        for text in ["/x\r\r\n", "/x\r/y\n", "/x\r\r"] {
            assert!(lines(text, "it", Span::default()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn patterns_that_leave_files_out_are_bounded() {
        let told = |count: usize, length: usize| {
            let patterns = vec!["x".repeat(length); count];
            match bounded(&patterns, Span::default()) {
                Ok(()) => String::new(),
                Err(stop) => format!("{stop:?}"),
            }
        };
        let (most, text) = (limits::IGNORE_PATTERNS.most, limits::IGNORE_TEXT.most);
        assert_eq!(told(most, 1), "");
        assert!(told(most + 1, 1).contains("more than 1,000 patterns"));
        assert_eq!(told(4, text / 4), "");
        assert!(told(5, text / 4).contains("more than 64 KiB of patterns"));
    }
}
