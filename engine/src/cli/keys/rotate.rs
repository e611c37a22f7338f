//! `tidegate keys rotate --plan`: how one key follows another, step by step, with dates.
//! Changes nothing: each step is somebody's own.

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::TRUST_FILE;
use crate::attest::{Role, TrustFile, TrustedKey};
use crate::cli::common::{Error, Failure, Outcome};
use crate::cli::terminal::Terminal;
use crate::config::parse_duration;
use crate::model::Exit;
use crate::report::sanitise;

/// Print how one key follows another: dates, edits of the trust file, commands. Changes nothing
#[derive(clap::Args)]
pub(super) struct Args {
    /// Print the plan; there is nothing else that this command does
    #[arg(long, required = true)]
    plan: bool,
    /// The trust file; without it, `.tidegate/trust.json` here or in a folder above
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The fingerprint of the key that goes, as `keys show` prints it; may be left out where only one
    /// merge-signer signs
    #[arg(long, value_name = "FINGERPRINT")]
    key: Option<String>,
    /// How long both sign: as long as a verdict may hold, at most 7 days, and then as long as a sync may
    /// be put off
    #[arg(long, value_name = "DURATION", default_value = "14d", value_parser = overlap)]
    overlap: SignedDuration,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let path = trust_file(self.trust.as_deref(), &terminal.directory)?;
        let trust = super::read(&path)?;
        let key = chosen(&trust, self.key.as_deref(), terminal.now)?;
        let end = terminal.now.checked_add(self.overlap);
        let plan = Plan {
            key,
            all: trust
                .needs_all(Role::MergeSigner, terminal.now)
                .then(|| trust.threshold(Role::MergeSigner)),
            root: trust.has_root().then(|| trust.threshold(Role::Root)),
            file: self.trust.unwrap_or_else(|| PathBuf::from(TRUST_FILE)),
            now: terminal.now,
            end: end.unwrap_or(Timestamp::MAX),
        };
        for line in plan.to_string().lines() {
            terminal.line(&sanitise::line(line));
        }
        Ok(Exit::Pass)
    }
}

/// The file that was named, or the one that the gate looks for.
fn trust_file(named: Option<&Path>, directory: &Path) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(directory.join(named));
    }
    nearest(directory).ok_or_else(|| Error::NoTrustFile.into())
}

/// `.tidegate/trust.json` in a folder or the nearest above that has one.
pub(in crate::cli) fn nearest(directory: &Path) -> Option<PathBuf> {
    let mut files = directory.ancestors().map(|folder| folder.join(TRUST_FILE));
    files.find(|file| file.is_file())
}

/// The key that goes: a merge-signer that still signs.
fn chosen<'t>(
    trust: &'t TrustFile,
    named: Option<&str>,
    now: Timestamp,
) -> Result<&'t TrustedKey, Failure> {
    let signs = |key: &&TrustedKey| {
        let over = key.validity.not_after.is_some_and(|until| until <= now);
        key.role == Role::MergeSigner && !over && trust.revocation(&key.public).is_none()
    };
    let signing: Vec<&TrustedKey> = trust.keys().iter().filter(signs).collect();
    let found = match named {
        Some(named) => signing.iter().find(|key| key.public.keyid() == named),
        None if signing.len() == 1 => signing.first(),
        None => None,
    };
    found.copied().ok_or_else(|| {
        let keys = signing
            .iter()
            .map(|key| format!("`{}`", key.public.keyid()));
        let known: Vec<String> = keys.collect();
        Error::WhichKey {
            named: named.map_or_else(String::new, |named| format!(" `{named}`")),
            known: match known.is_empty() {
                true => "no merge-signer of this trust file signs any more; docs/disaster.md has the way back".to_owned(),
                false => format!("`--key` names one of {}", known.join(", ")),
            },
        }
        .into()
    })
}

struct Plan<'t> {
    key: &'t TrustedKey,
    /// How many sign, where all must.
    all: Option<usize>,
    /// How many of the root sign each file, where there is one.
    root: Option<usize>,
    file: PathBuf,
    now: Timestamp,
    end: Timestamp,
}

impl Plan<'_> {
    /// When the old key ends: an earlier end that is written down already stands.
    fn end(&self) -> Timestamp {
        let written = self.key.validity.not_after;
        written.map_or(self.end, |written| written.min(self.end))
    }

    /// The first thing to do, and the command that does it.
    fn new_key(&self) -> String {
        let principal = quoted(&self.key.principal);
        let names = self.key.environments.iter().flatten();
        let only: Vec<String> = names
            .map(|name| format!(" --env {}", quoted(name)))
            .collect();
        format!(
            "tidegate keys new --role merge-signer --principal {principal}{} --out NEW.pem --trust {}",
            only.concat(),
            quoted(&self.file.display().to_string())
        )
    }

    /// What comes between an edit of the file and its commit, where a root signs the file itself.
    fn endorsing(&self) -> String {
        let Some(root) = self.root else {
            return String::new();
        };
        let people = match root {
            1 => "one of the root signs it".to_owned(),
            root => format!("{root} of the root sign it, each with a key of his own"),
        };
        format!(
            "   {people}; ACCEPTED.json is the file as it was before this step
     tidegate keys sign {} --before ACCEPTED.json --key-file ROOT.pem
",
            quoted(&self.file.display().to_string())
        )
    }

    fn write_overlap(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (now, file, new) = (self.now, self.file.display(), self.new_key());
        let endorsing = self.endorsing();
        let week = SignedDuration::from_hours(7 * 24);
        let switch = self.end().checked_sub(week).unwrap_or(now).max(now);
        writeln!(
            f,
            "
1. {now}: make the key that follows, outside of every work tree
     {new}
   and give its entry in {file} the line
     \"notBefore\": \"{now}\",
{endorsing}
2. the same day: commit, merge, and accept it with the key that goes
     tidegate sign --env ENV --unit gate --key-file OLD.pem --verdicts STORE
   and bring the same file to where `admit` reads it (the platform's ConfigMap)

3. before {switch}: put NEW.pem where OLD.pem was (the CI secret, the agent, the token)
     tidegate sign --env ENV --key-file NEW.pem --verdicts STORE"
        )
    }

    fn write_end(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (end, file) = (self.end(), self.file.display());
        let endorsing = self.endorsing();
        writeln!(
            f,
            "
4. when a run with it has passed: end the old one, in its entry in {file}
     \"notAfter\": \"{end}\",
{endorsing}   commit, merge, accept it (`sign --unit gate`, with the new key), and bring it to `admit`

5. from {end} on it signs no more, and what it signed before still counts, for as long as its entry stands
     destroy OLD.pem; from then on the new key accepts anew what rests on the old one, the gate too: for
     each environment, after a look at what is on the branch,
     tidegate baseline --env ENV --key-file NEW.pem --verdicts STORE

6. at last, where `admit` admits by a copy of {file} without the old entry: remove the entry,
{endorsing}   commit, merge, accept it (`sign --unit gate`, with the new key), and bring it to `admit`

A key that was stolen is not rotated but revoked: `revoked` in {file}, at once (docs/keys.md)"
        )
    }
}

impl fmt::Display for Plan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TrustedKey {
            public, principal, ..
        } = self.key;
        let keyid = public.keyid();
        writeln!(
            f,
            "key {keyid} of `{principal}` goes; nothing is changed by this plan"
        )?;
        let end = self.end();
        if end < self.end {
            writeln!(
                f,
                "its `notAfter` is {end} already, before the overlap ends: if that is too short, write a later one first"
            )?;
        }
        if let Some(all) = self.all {
            writeln!(
                f,
                "
0. first of all: {all} of {all} principals must sign, so that one lost key locks everything, a change of this file
   too: add a merge-signer with a principal of its own, or lower `thresholds`, and keep a key in a safe (docs/keys.md)"
            )?;
        }
        self.write_overlap(f)?;
        self.write_end(f)
    }
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./@:".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// A verdict that was signed last must be able to end before its key does.
fn overlap(text: &str) -> Result<SignedDuration, &'static str> {
    let duration = parse_duration(text).ok_or("a duration such as `14d`")?;
    let week = SignedDuration::from_hours(7 * 24);
    match duration >= week && duration <= week * 52 {
        true => Ok(duration),
        false => Err("at least `7d`, as long as a verdict may hold, and at most `364d`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_keys_sign_for_at_least_as_long_as_a_verdict_may_hold() {
        for good in ["7d", "14d", "168h", "364d"] {
            assert!(overlap(good).is_ok(), "{good}");
        }
        for bad in ["6d", "167h", "365d", "0s", "two weeks", ""] {
            assert!(overlap(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_one_word_of_a_shell() {
        assert_eq!(quoted("main/gate"), "main/gate");
        assert_eq!(quoted("*"), "'*'");
        assert_eq!(quoted("it's ci"), r"'it'\''s ci'");
    }
}
