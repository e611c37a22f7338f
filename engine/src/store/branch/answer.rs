//! Reads what `git` prints: where a branch stands, how a push ended, why something failed.
//! Runs nothing; what it reads was written by another program, perhaps by another machine.

use jiff::Timestamp;

use crate::manifest::secrets::without_secrets;
use crate::model::{GitId, http_date};
use crate::store::Error;

/// How a push ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The branch is there.
    Done,
    /// Somebody moved it in between, or is moving it now.
    Overtaken,
    /// The remote does not take it.
    Rejected(String),
}

/// The id of exactly this reference in the lines of `git ls-remote`.
pub(super) fn head(printed: &str, reference: &str) -> Option<GitId> {
    printed.lines().find_map(|line| {
        let (id, name) = line.split_once('\t')?;
        (name == reference).then(|| GitId::parse(id).ok())?
    })
}

/// Every reference in the lines of `git ls-remote`, and what it names.
pub(super) fn heads(printed: &str) -> Vec<(String, GitId)> {
    let line = |line: &str| {
        let (id, name) = line.split_once('\t')?;
        Some((name.to_owned(), GitId::parse(id).ok()?))
    };
    printed.lines().filter_map(line).collect()
}

/// How a push ended, by the line of `git push --porcelain` that is about the branch; nothing where there
/// is none.
pub(super) fn pushed(printed: &str, errors: &str) -> Option<Pushed> {
    let line = printed.lines().find(|line| line.starts_with("!\t"))?;
    let summary = line.rsplit('\t').next().unwrap_or_default();
    // The remote's own words stand on standard error.
    let busy = [
        "failed to update ref",
        "cannot lock ref",
        "unable to create",
        "incorrect old value",
        "reference already exists",
        "failed to lock",
    ];
    // A folder cannot take the place of a branch, nor a branch that of a folder, however often one tries.
    let blocked = errors.contains("exists; cannot create");
    let overtaken = summary.starts_with("[rejected]")
        || (summary.starts_with("[remote rejected]")
            && busy.iter().any(|word| summary.contains(word)));
    if overtaken && !blocked {
        return Some(Pushed::Overtaken);
    }
    Some(Pushed::Rejected(reason(&format!("{summary}\n{errors}"))))
}

/// The first `Date` among the headers that `git` tells.
pub(super) fn date(errors: &str) -> Option<Timestamp> {
    let value = |name: &str| {
        let mut headers = errors.lines().filter(|line| is_header(line));
        headers.find_map(|line| {
            let (_, header) = line.split_once(RECEIVED)?;
            let (found, value) = header.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    };
    http_date(value("date"), value("age"))
}

/// What `git` says besides.
pub(super) fn without_headers(errors: &str) -> String {
    let lines = errors.lines().filter(|line| !is_header(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// `12:00:00.123456 http.c:915              <= Recv header: …`
fn is_header(line: &str) -> bool {
    let (time, rest) = line.split_once(' ').unwrap_or_default();
    let is_time = |byte: u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.');
    time.len() == "12:00:00.123456".len() && time.bytes().all(is_time) && rest.contains(".c:")
}

/// Whether trying again may help: only what is known to be final is not.
pub(super) fn failure(action: &'static str, remote: &str, errors: &str) -> Error {
    let (remote, reason) = (remote.to_owned(), reason(errors));
    let lower = errors.to_ascii_lowercase();
    if FINAL.iter().any(|words| lower.contains(words)) {
        return Error::RemoteDenied {
            action,
            remote,
            reason,
        };
    }
    Error::RemoteUnreachable {
        action,
        remote,
        reason,
    }
}

/// A few lines of foreign text: cut, without control characters and without the user part of an address.
fn reason(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.trim_start_matches("remote:").trim())
        .filter(|line| !line.is_empty() && !IDLE.iter().any(|idle| line.starts_with(idle)))
        .take(LINES)
        .map(|line| {
            let line: String = line.chars().filter(|c| is_shown(*c)).collect();
            let line = without_secrets(&line).unwrap_or(line);
            line.chars().take(WIDTH).collect()
        })
        .collect();
    if lines.is_empty() {
        return "`git` gives no reason".to_owned();
    }
    lines.join("; ")
}

fn is_shown(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

const RECEIVED: &str = "<= Recv header: ";
/// What no second attempt changes.
const FINAL: [&str; 16] = [
    "permission denied",
    "permission to",
    "access denied",
    "authentication failed",
    "could not read username",
    "could not read password",
    "host key verification failed",
    "returned error: 401",
    "returned error: 403",
    "returned error: 404",
    "repository not found",
    "does not appear to be a git repository",
    "' not found",
    "not exported",
    "transport '",
    "dubious ownership",
];

/// Lines that say nothing.
const IDLE: [&str; 4] = ["To ", "Done", "Counting", "error: failed to push some refs"];
const LINES: usize = 6;
const WIDTH: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Exit, code_of};

    #[test]
    fn the_time_of_a_remote_stands_among_its_headers_and_nowhere_else() {
        let line = |header: &str| {
            format!("12:00:00.123456 http.c:915              <= Recv header: {header}\n")
        };
        let date = line("Date: Fri, 20 Nov 2026 12:00:00 GMT");
        let later = line("date: Fri, 20 Nov 2026 13:00:00 GMT");
        let told = |text: &str| super::date(text).map(|at| at.to_string());
        let noon = Some("2026-11-20T12:00:00Z".to_owned());
        assert_eq!(told(&format!("{date}{later}")), noon);
        assert_eq!(told(&format!("{}{date}", line("age: 0"))), noon);
        assert_eq!(told(&format!("{}{date}", line("Age: 77"))), None);
        assert_eq!(told(&line("Date: today")), None);
        assert_eq!(
            told("remote: <= Recv header: Date: Fri, 20 Nov 2026 12:00:00 GMT"),
            None
        );
        let failed = format!("{date}fatal: no\n{later}remote: 12:00:00.123456 a.c:1\n");
        assert_eq!(
            without_headers(&failed),
            "fatal: no\nremote: 12:00:00.123456 a.c:1\n"
        );
    }

    #[test]
    fn only_the_very_reference_is_the_head() {
        let id = "8ab686eafeb1f44702738c8b0f24f2567c36da6d";
        let other = "1111111111111111111111111111111111111111";
        let name = "refs/heads/tidegate/verdicts";
        let printed = format!("{other}\trefs/heads/x/{name}\n{id}\t{name}\n");
        assert_eq!(head(&printed, name), GitId::parse(id).ok());
        assert_eq!(head(&format!("{other}\trefs/heads/x/{name}\n"), name), None);
        assert_eq!(head(&format!("ref: x\t{name}\n"), name), None);
        assert_eq!(head("", name), None);
    }

    #[test]
    fn a_lost_race_is_told_from_a_branch_that_takes_no_push() {
        let line = |summary: &str| format!("To ../x\n!\ta:refs/heads/b\t{summary}\nDone\n");
        for lost in [
            "[rejected] (stale info)",
            "[rejected] (fetch first)",
            "[rejected] (non-fast-forward)",
            "[remote rejected] (failed to update ref)",
            "[remote rejected] (cannot lock ref 'refs/heads/b': is at 1 but expected 2)",
            "[remote rejected] (incorrect old value provided)",
        ] {
            assert_eq!(pushed(&line(lost), ""), Some(Pushed::Overtaken), "{lost}");
        }
        let declined = pushed(
            &line("[remote rejected] (pre-receive hook declined)"),
            "remote: \u{1b}[31mno\u{202e} signer\u{7}\nerror: failed to push some refs to 'x'\n",
        );
        assert_eq!(
            declined,
            Some(Pushed::Rejected(
                "[remote rejected] (pre-receive hook declined); [31mno signer".to_owned()
            ))
        );
        let blocked = pushed(
            &line("[remote rejected] (failed to update ref)"),
            "remote: error: cannot lock ref 'refs/heads/a/b': 'refs/heads/a' exists; cannot create 'refs/heads/a/b'\n",
        );
        assert!(
            matches!(blocked, Some(Pushed::Rejected(reason)) if reason.contains("'refs/heads/a' exists"))
        );
        assert_eq!(pushed("", "fatal: unable to access"), None);
    }

    #[test]
    fn what_no_second_attempt_changes_is_final_and_everything_else_is_temporary() {
        for (errors, exit) in [
            (
                "fatal: Could not read from remote repository.\ngit@h: Permission denied (publickey).",
                Exit::Unjudged,
            ),
            (
                "fatal: could not read Username for 'https://h': terminal prompts disabled",
                Exit::Unjudged,
            ),
            (
                "fatal: '/x' does not appear to be a git repository",
                Exit::Unjudged,
            ),
            ("fatal: transport 'ext' not allowed", Exit::Unjudged),
            (
                "fatal: unable to access 'https://h/': Could not resolve host: h",
                Exit::Temporary,
            ),
            (
                "fatal: the remote end hung up unexpectedly",
                Exit::Temporary,
            ),
            (
                "fatal: unable to access 'http://h/': The requested URL returned error: 503",
                Exit::Temporary,
            ),
            ("", Exit::Temporary),
        ] {
            let error = failure("read", "origin", errors);
            assert_eq!(
                Exit::of_error(&error),
                exit,
                "{errors}: {}",
                code_of(&error)
            );
        }
    }

    #[test]
    fn what_says_nothing_is_told_as_nothing() {
        for idle in ["", "\n \n", "remote: \nTo ../x\nDone\n"] {
            assert_eq!(reason(idle), "`git` gives no reason", "{idle:?}");
        }
    }

    #[test]
    fn the_user_part_of_an_address_is_not_shown() {
        assert_eq!(
            reason("fatal: unable to access 'https://ci:S3CR3T@host/x.git/': https://a:b@c"),
            "fatal: unable to access 'https://***@host/x.git/': https://***@c"
        );
    }
}
