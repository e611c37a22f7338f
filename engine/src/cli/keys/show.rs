//! `tidegate keys show`: the fingerprints of keys, and what a trust file says of each.
//! Changes nothing.

use std::collections::BTreeSet;
use std::path::Path;

use super::{bounded, sign};
use crate::attest::{Revocation, Role, TrustFile, TrustedKey, read_private};
use crate::cli::common::{Error, Outcome};
use crate::cli::terminal::Terminal;
use crate::model::Exit;
use crate::report::{plural, sanitise};

pub(super) fn run(path: &Path, terminal: &mut Terminal) -> Outcome {
    let bytes = bounded(path).map_err(|error| Error::read(path, &error))?;
    if bytes.trim_ascii_start().starts_with(b"{") {
        let trust = TrustFile::parse_draft(&bytes)?;
        for line in lines(&trust).into_iter().chain(sign::lines(&trust, None)) {
            terminal.line(&sanitise::line(&line));
        }
        return Ok(Exit::Pass);
    }
    let key = read_private(path)?;
    terminal.line(&key.public().keyid());
    terminal.line(key.public().to_pem().trim_end());
    Ok(Exit::Pass)
}

/// A line a key, then one for each that is only revoked, then one for each number that is wanted.
fn lines(trust: &TrustFile) -> Vec<String> {
    let mut lines: Vec<String> = trust.keys().iter().map(|key| of_key(trust, key)).collect();
    let only_revoked = trust
        .revoked()
        .iter()
        .filter(|entry| trust.find(&entry.public).is_none());
    lines.extend(
        only_revoked.map(|entry| format!("{}{}", entry.public.keyid(), of_revocation(entry))),
    );
    lines.extend(wanted(trust));
    lines
}

fn of_key(trust: &TrustFile, key: &TrustedKey) -> String {
    let environments = key
        .environments
        .as_ref()
        .map_or_else(|| "*".to_owned(), |names| names.join(","));
    let (role, principal) = (key.role.as_str(), &key.principal);
    let mut line = format!("{} {role} {principal} {environments}", key.public.keyid());
    if let Some(from) = key.validity.not_before {
        line.push_str(&format!(" from {from}"));
    }
    if let Some(until) = key.validity.not_after {
        line.push_str(&format!(" until {until}"));
    }
    if let Some(revocation) = trust.revocation(&key.public) {
        line.push_str(&of_revocation(revocation));
    }
    line
}

fn of_revocation(revocation: &Revocation) -> String {
    let kept = match revocation.keep.len() {
        0 => "nothing is kept".to_owned(),
        count => format!("{} kept", plural(count, "statement is", "statements are")),
    };
    format!(
        " revoked, lost since {}, {kept}: {}",
        revocation.from, revocation.reason
    )
}

/// How many it takes, where that is more than one.
fn wanted(trust: &TrustFile) -> Vec<String> {
    let roles: BTreeSet<Role> = trust.keys().iter().map(|key| key.role).collect();
    let several = roles.into_iter().filter(|role| trust.threshold(*role) > 1);
    several
        .map(|role| {
            let keys = trust.keys().iter().filter(|key| key.role == role);
            let principals: BTreeSet<&str> = keys.map(|key| key.principal.as_str()).collect();
            let (role, wanted) = (role.as_str(), trust.threshold(role));
            format!("{role}: {wanted} of {} principals sign", principals.len())
        })
        .collect()
}
