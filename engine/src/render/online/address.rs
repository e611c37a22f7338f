//! Addresses of remote bases: a folder of a Git repository at a commit, in the forms that kustomize takes.
//! Opens no socket. What could mean two things, to two versions of kustomize, means nothing here.

use std::fmt;

use crate::model::{GitId, RepoPath};

/// A folder of a Git repository, pinned by the whole id of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// Whom it is fetched from: `https://github.com`.
    pub origin: String,
    /// What `git fetch` is told: `https://github.com/shop/base`.
    pub repository: String,
    /// The commit.
    pub commit: GitId,
    /// The folder of the kustomization, from the root of that repository.
    pub folder: RepoPath,
}

/// How a kustomization names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// In `resources`, where kustomize looks for a file of that name or address before it fetches.
    Resource,
    /// In `components`, which are folders.
    Component,
}

/// Why something that kustomize would fetch is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Nobody asked for it.
    Offline,
    /// It is no base and no component.
    NoBase,
    /// It is no Git repository over HTTPS.
    Transport,
    /// A file of that address would be taken in its place.
    File,
    /// It holds a user or a password.
    Credentials,
    /// A branch, a tag, a part of a commit's id, or nothing.
    Unpinned,
    /// A parameter that cannot be honoured.
    Parameter,
    /// Where the repository ends and the folder begins is not clear.
    Spelling,
    /// The kustomization that names it lies behind a link.
    Linked,
    /// What comes out would tell where it came from.
    Annotated,
}

impl Pinned {
    /// Reads what a kustomization names.
    ///
    /// # Errors
    /// It is not pinned, or is nothing that may be fetched.
    pub fn parse(text: &str, naming: Naming) -> Result<Self, Unfit> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let (scheme, address) = transport(address, naming)?;
        let (host, path) = address.split_once('/').ok_or(Unfit::Spelling)?;
        if host.contains('@') {
            return Err(Unfit::Credentials);
        }
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_host = |byte: u8| is_plain(byte) || b".-:".contains(&byte);
        if !host.bytes().all(is_host) || !host.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(Unfit::Spelling);
        }
        let commit = pin(query)?;
        let (repository, folder) = split(path).ok_or(Unfit::Spelling)?;
        let origin = format!("{scheme}{host}");
        Ok(Self {
            repository: format!("{origin}/{repository}"),
            origin,
            commit,
            folder: RepoPath::from(folder),
        })
    }

    /// The last part of the repository's name.
    #[must_use]
    pub fn name(&self) -> &str {
        let name = self.repository.rsplit('/').next().unwrap_or_default();
        name.strip_suffix(GIT).unwrap_or(name)
    }
}

/// The scheme, and what stands behind it.
fn transport(address: &str, naming: Naming) -> Result<(&'static str, &str), Unfit> {
    if address.starts_with(GITHUB) {
        return Ok((HTTPS, address));
    }
    let (forced, bare) = match address.strip_prefix("git::") {
        Some(bare) => (true, bare),
        None => (false, address),
    };
    let scheme = [HTTPS, HTTP]
        .into_iter()
        .find(|scheme| bare.starts_with(scheme));
    let scheme = scheme.ok_or(Unfit::Transport)?;
    if !forced && naming == Naming::Resource {
        return Err(Unfit::File);
    }
    Ok((scheme, bare.strip_prefix(scheme).unwrap_or(bare)))
}

/// The commit of `ref=…` or `version=…`, beside which only `submodules` may stand: what lies in a submodule
/// is refused, whether kustomize fetches it or not.
fn pin(query: &str) -> Result<GitId, Unfit> {
    let (mut commit, mut submodules) = (None, None);
    for parameter in query.split('&').filter(|_| !query.is_empty()) {
        let known = match parameter.split_once('=') {
            Some(("ref" | "version", id)) => commit.replace(id),
            Some(("submodules", value @ ("true" | "false"))) => submodules.replace(value),
            _ => return Err(Unfit::Parameter),
        };
        if known.is_some() {
            return Err(Unfit::Parameter);
        }
    }
    // A shorter one, and one of SHA-256 in a repository of SHA-1, is the name of a branch to `git fetch`.
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let whole = commit.filter(|id| id.len() == 40 && id.bytes().all(is_hex));
    GitId::parse(whole.ok_or(Unfit::Unpinned)?).map_err(|_| Unfit::Unpinned)
}

/// The path of the repository on its host, and the folder in it: at `//`, behind `.git` or behind the name
/// that follows `_git`, else behind two names.
fn split(path: &str) -> Option<(&str, &str)> {
    let (repository, folder) = if let Some((before, after)) = path.split_once("/_git/") {
        let length = after.find('/').unwrap_or(after.len());
        let end = before.len() + "/_git/".len() + length;
        path.split_at_checked(end)?
    } else if let Some((repository, folder)) = path.split_once("//") {
        (repository, folder)
    } else if let Some(start) = path.find(GIT) {
        let (repository, folder) = path.split_at_checked(start + GIT.len())?;
        // Kustomize takes `o/r.github.io` for the folder `hub.io` of `o/r.git`.
        if !folder.is_empty() && !folder.starts_with('/') {
            return None;
        }
        (repository, folder)
    } else {
        let mut ends = path.match_indices('/').map(|(at, _)| at);
        let _ = ends.next()?;
        path.split_at_checked(ends.next().unwrap_or(path.len()))?
    };
    let folder = folder.strip_prefix('/').unwrap_or(folder);
    let folder = folder.strip_suffix('/').unwrap_or(folder);
    let names: Vec<&str> = repository.split('/').collect();
    let stem = repository.strip_suffix(GIT).unwrap_or(repository);
    // Of several marks, versions of kustomize take different ones.
    let clear = !stem.contains(GIT)
        && !folder.contains(GIT)
        && !folder.contains("_git/")
        && repository.matches("_git/").count() == repository.matches("/_git/").count();
    let clear = clear && names.iter().all(|name| is_name(name));
    (clear && (folder.is_empty() || folder.split('/').all(is_name))).then_some((repository, folder))
}

fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+~".contains(&byte);
    !name.is_empty() && name != "." && !name.contains("..") && name.bytes().all(is_plain)
}

/// Behind "is fetched from elsewhere".
impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Offline | Self::NoBase => "",
            Self::Transport => ", and not from a Git repository over HTTPS",
            Self::File => ", and may be any file that is found there",
            Self::Credentials => ", with credentials in its address",
            Self::Unpinned => ", and pinned by no commit",
            Self::Parameter => ", with parameters that cannot be honoured",
            Self::Spelling => ", by an address that can be read in several ways",
            Self::Linked => " by a kustomization behind a link",
            Self::Annotated => ", which `buildMetadata` would write into the objects",
        })
    }
}

impl Unfit {
    /// What to do.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            Self::Offline => {
                "it is pinned by its commit: `--online` fetches it, where `online.hosts` in the configuration lists its host; or copy it into the repository and name it by its path"
            }
            Self::NoBase => {
                "copy it into the repository and name it by its path: what is fetched can be another thing each time, and `--online` fetches bases and components alone"
            }
            Self::Transport => {
                "copy it into the repository and name it by its path; `--online` fetches `git::https://HOST/ORG/REPO//PATH?ref=COMMIT`, of hosts that `online.hosts` lists"
            }
            Self::File => {
                "kustomize asks an `https://` address for a file first, and takes what it is given: write `git::https://HOST/ORG/REPO//PATH?ref=COMMIT` (or `github.com/…`), which `--online` fetches, or copy it into the repository"
            }
            Self::Credentials => {
                "take the user out of the address: only what everybody may read is fetched, and a password in a file is known to all who read it"
            }
            Self::Unpinned => {
                "pin it by commit: `?ref=` and the 40 lower-case digits of its id, then `--online` can fetch it; a branch or a tag can be another thing each time"
            }
            Self::Parameter => {
                "leave `?ref=COMMIT` alone behind the address: `timeout` and others are not honoured here"
            }
            Self::Spelling => {
                "write `git::https://HOST/ORG/REPO//PATH?ref=COMMIT`, host in lower case, names of letters, digits, `.`, `_`, `-`, `+` and `~`"
            }
            Self::Linked => {
                "put the kustomization itself into its folder, in the place of the link to it"
            }
            Self::Annotated => {
                "take `originAnnotations` and `transformerAnnotations` out of `buildMetadata`, or copy the base into the repository"
            }
        }
    }
}

const GITHUB: &str = "github.com/";
const GIT: &str = ".git";
const HTTPS: &str = "https://";
const HTTP: &str = "http://";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    fn parsed(text: &str) -> Result<(String, String), Unfit> {
        let pinned = Pinned::parse(text, Naming::Resource)?;
        assert_eq!(pinned.commit.to_string(), ID, "{text}");
        assert!(pinned.repository.starts_with(&pinned.origin), "{text}");
        Ok((pinned.repository, pinned.folder.to_string()))
    }

    #[test]
    fn an_address_is_read_as_kustomize_reads_it() {
        for (address, repository, folder) in [
            ("github.com/o/r", "https://github.com/o/r", ""),
            ("github.com/o/r/a/b", "https://github.com/o/r", "a/b"),
            ("github.com/o/r//a/b", "https://github.com/o/r", "a/b"),
            ("github.com/o/r//a/b/", "https://github.com/o/r", "a/b"),
            ("github.com/o/r.git/a", "https://github.com/o/r.git", "a"),
            ("github.com/o/r.git//a", "https://github.com/o/r.git", "a"),
            (
                "git::https://github.com/o/r//a",
                "https://github.com/o/r",
                "a",
            ),
            (
                "git::https://h.example:8443/r//a",
                "https://h.example:8443/r",
                "a",
            ),
            (
                "git::https://h.example/g/s/r.git/a",
                "https://h.example/g/s/r.git",
                "a",
            ),
            (
                "git::https://h.example/g/s/r//a",
                "https://h.example/g/s/r",
                "a",
            ),
            (
                "git::https://dev.example/o/p/_git/r/a/b",
                "https://dev.example/o/p/_git/r",
                "a/b",
            ),
            (
                "git::https://dev.example/o/p/_git/r",
                "https://dev.example/o/p/_git/r",
                "",
            ),
            (
                "git::http://127.0.0.1:80/o/r",
                "http://127.0.0.1:80/o/r",
                "",
            ),
        ] {
            for query in [
                format!("ref={ID}"),
                format!("version={ID}"),
                format!("ref={ID}&submodules=false"),
                format!("submodules=true&ref={ID}"),
            ] {
                let expected = (repository.to_owned(), folder.to_owned());
                assert_eq!(
                    parsed(&format!("{address}?{query}")),
                    Ok(expected),
                    "{address}?{query}"
                );
            }
        }
    }

    #[test]
    fn only_a_whole_commit_id_pins() {
        let longer = format!("{ID}{}", &ID[..24]);
        for id in [
            "",
            "main",
            "v1.2.3",
            "HEAD",
            "refs/heads/main",
            &ID[..39],
            &ID[..7],
            &longer,
            &ID.to_uppercase(),
            &ID.replace('0', "g"),
            &ID.replace('0', "%30"),
        ] {
            assert_eq!(
                parsed(&format!("github.com/o/r?ref={id}")),
                Err(Unfit::Unpinned),
                "{id}"
            );
        }
        assert_eq!(parsed("github.com/o/r"), Err(Unfit::Unpinned));
        assert_eq!(
            parsed("github.com/o/r?submodules=false"),
            Err(Unfit::Unpinned)
        );
    }

    #[test]
    fn what_could_mean_something_else_is_refused() {
        use Unfit::{Credentials, File, Spelling, Transport};
        for (address, why) in [
            // Kustomize asks for a file first.
            ("https://github.com/o/r//a", File),
            ("http://h.example/o/r//a", File),
            ("ssh://git@h.example/o/r", Transport),
            ("git::ssh://h.example/o/r", Transport),
            ("git@github.com:o/r.git", Transport),
            ("github.com:o/r.git", Transport),
            ("file:///srv/r", Transport),
            ("git::file:///srv/r", Transport),
            ("git::ext::sh -c id", Transport),
            ("ext::sh -c id", Transport),
            ("git::git::https://h.example/o/r", Transport),
            ("GitHub.com/o/r", Transport),
            ("git::HTTPS://h.example/o/r", Transport),
            (" github.com/o/r", Transport),
            ("s3::https://h.example/o/r", Transport),
            ("../base", Transport),
            ("/srv/base", Transport),
            ("", Transport),
            ("git::https://me@h.example/o/r", Credentials),
            ("git::https://me:secret@h.example/o/r", Credentials),
            ("git::https://h.example", Spelling),
            ("git::https:///o/r", Spelling),
            ("git::https://H.example/o/r", Spelling),
            ("git::https://h.example /o/r", Spelling),
            ("git::https://-h.example/o/r", Spelling),
            ("git::https://[::1]/o/r", Spelling),
            ("git::https://h.example/r", Spelling),
            ("git::https://h.example/o/../r", Spelling),
            ("git::https://h.example/o/r//../a", Spelling),
            ("git::https://h.example/o/r//a/../../b", Spelling),
            ("git::https://h.example/o/r//a//b", Spelling),
            ("git::https://h.example/o/r//./a", Spelling),
            ("git::https://h.example/o/r//a..b", Spelling),
            ("git::https://h.example/o/r.github.io/a", Spelling),
            ("git::https://h.example/o/r.git/a.git/b", Spelling),
            ("git::https://h.example/o/r//a.git/b", Spelling),
            ("git::https://h.example/o/r//x_git/b", Spelling),
            ("git::https://h.example/o/x_git/r//b", Spelling),
            ("git::https://h.example/o/r//a%2f..", Spelling),
            ("git::https://h.example/o/r//a\u{202e}", Spelling),
            ("git::https://h.example/o/r//a#b", Spelling),
            ("git::https://h.example/o/r//a\n", Spelling),
        ] {
            assert_eq!(
                parsed(&format!("{address}?ref={ID}")),
                Err(why),
                "{address}"
            );
        }
    }

    #[test]
    fn a_query_that_says_more_is_refused() {
        use Unfit::Parameter;
        for query in [
            format!("ref={ID}&ref=main"),
            format!("ref=main&ref={ID}"),
            format!("ref={ID}&version=main"),
            format!("ref={ID}&timeout=1s"),
            format!("ref={ID}&submodules=maybe"),
            format!("ref={ID}&"),
            format!("ref={ID}?ref=main"),
            format!("Ref={ID}"),
            format!("ref={ID};ref=main"),
        ] {
            let found = parsed(&format!("github.com/o/r?{query}"));
            assert!(
                matches!(found, Err(Parameter | Unfit::Unpinned)),
                "{query}: {found:?}"
            );
        }
        let component = format!("https://h.example/o/r?ref={ID}");
        assert!(Pinned::parse(&component, Naming::Component).is_ok());
    }

    fn assert_plain(text: &str, pinned: &Pinned) {
        assert!(text.contains(&format!("={}", pinned.commit)), "{text}");
        let (scheme, rest) = pinned.repository.split_once("://").unwrap();
        assert!(matches!(scheme, "https" | "http"), "{text}");
        assert!(
            !rest.contains(['@', '%', '?', '#', ' ', '&', '=']),
            "{text}"
        );
        assert!(!rest.contains("//") && text.contains(rest), "{text}");
        let (host, path) = rest.split_once('/').unwrap();
        assert_eq!(pinned.origin, format!("{scheme}://{host}"), "{text}");
        let names = path.split('/').map(str::as_bytes);
        let mut names = names.chain(pinned.folder.as_bytes().split(|byte| *byte == b'/'));
        assert!(!names.any(|name| name.starts_with(b"..")), "{text}");
        assert!(!pinned.name().contains('/'), "{text}");
    }

    proptest! {
        #[test]
        fn nothing_but_plain_names_of_one_host_and_one_commit_gets_through(
            text in "(git::)?(https?://|github.com/|ssh://|file://)?[-a-z@:./_%?&#=~+A-Z0-9 ]{0,40}(//[-a-z./@:%_]{0,20})?[?](ref|version)=[0-9a-f]{39,41}(&[a-z]{1,10}=[a-z0-9]{0,5})?",
        ) {
            if let Ok(pinned) = Pinned::parse(&text, Naming::Component) {
                assert_plain(&text, &pinned);
            }
        }
    }
}
