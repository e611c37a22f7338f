//! `tidegate explain`: the page of one code, offline.

mod errors;
mod lint;

use super::common::{self, Error, Outcome};
use super::terminal::Terminal;
use crate::gate;
use crate::model::{Effect, Exit, did_you_mean};
use crate::policy::{Policy, PolicySet};
use crate::report::sanitise::lines;
use crate::report::{Color, wrap};

/// Print what a code means, why it matters and how to fix it
#[derive(clap::Args)]
pub(super) struct Args {
    /// A code as reports print it: `resources.missing-memory-limit`
    #[arg(value_name = "CODE")]
    code: String,
}

impl Args {
    pub(super) fn run(mut self, terminal: &mut Terminal) -> Outcome {
        self.code = bare(&self.code);
        if let Some((_, text)) = ENGINE.iter().find(|(code, _)| *code == self.code) {
            print_page(&self.code, "found by the engine itself", text, terminal);
            return Ok(Exit::Pass);
        }
        if let Some(text) = lint::page(&self.code) {
            print_page(
                &self.code,
                "found by `tidegate calendar lint`",
                text,
                terminal,
            );
            return Ok(Exit::Pass);
        }
        // No policy has a prefix of errors.
        if let Some((note, text)) = errors::page(&self.code) {
            print_page(&self.code, &note, &text, terminal);
            return Ok(Exit::Pass);
        }
        let embedded = gate::embedded_policies()?;
        if let Some(policy) = embedded.owner_of(&self.code) {
            print_policy(policy, &self.code, terminal);
            return Ok(Exit::Pass);
        }
        // The repository's own come last: a broken one must not keep the others from being explained.
        let all = gate::policies(common::policy_files(&terminal.directory)?)?.set;
        if let Some(policy) = all.owner_of(&self.code) {
            print_policy(policy, &self.code, terminal);
            return Ok(Exit::Pass);
        }
        Err(Error::UnknownCode {
            near: near(&all, &self.code),
            code: self.code,
        }
        .into())
    }
}

/// The code in `deny[x.y]`, `warn[x.y]`, `error[x.y]` and `refused[y]`, as reports print them.
fn bare(printed: &str) -> String {
    let inside = printed
        .strip_suffix(']')
        .and_then(|text| text.split_once('['));
    match inside {
        Some(("refused", reason)) => format!("refused.{reason}"),
        Some(("deny" | "warn" | "error", code)) => code.to_owned(),
        _ => printed.to_owned(),
    }
}

fn print_policy(policy: &Policy, code: &str, terminal: &mut Terminal) {
    let kind = match policy.effect_of(code) {
        Some(Effect::Deny) => "denies",
        Some(Effect::Warn) => "warns",
        None => "gives a tier",
    };
    let note = format!("{kind}, policy {}", policy.folder());
    let page = policy.readme().unwrap_or_default();
    let text = section(page, code).unwrap_or(page);
    print_page(code, &note, text, terminal);
}

fn print_page(code: &str, note: &str, text: &str, terminal: &mut Terminal) {
    let style = terminal.style();
    terminal.line(&format!("{}  ({note})", style.paint(code, Color::Bold)));
    let mut in_code = false;
    for row in lines(text.trim()).lines() {
        if row.starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            terminal.line(format!("    {row}").trim_end());
        } else if row.starts_with('#') {
            terminal.line(&style.paint(row.trim_start_matches('#').trim_start(), Color::Bold));
        } else {
            terminal.line(&wrap(row, style.width, ""));
        }
    }
}

/// What the reader may have meant: the nearest of all codes, else those of the same prefix.
fn near(policies: &PolicySet, code: &str) -> String {
    let own: Vec<&'static str> = ENGINE.iter().map(|(code, _)| *code).collect();
    let mut all: Vec<&str> = own;
    errors::codes().for_each(|code| all.push(code));
    for module in policies.iter().flat_map(Policy::modules) {
        let metadata = module.metadata();
        let codes = metadata.codes.keys().chain(&metadata.reasons);
        all.extend(codes.map(String::as_str));
    }
    if let Some(nearest) = did_you_mean(code, all.iter().copied()) {
        return format!("; the nearest is `{nearest}`");
    }
    let prefix = code.split('.').next().unwrap_or_default();
    all.retain(|known| known.split('.').next() == Some(prefix));
    match all.is_empty() {
        true => String::new(),
        false => format!("; with this prefix: {}", all.join(", ")),
    }
}

/// What a page says under the heading that names the code, up to the next heading of its level.
fn section<'p>(page: &'p str, code: &str) -> Option<&'p str> {
    let wanted = |line: &str| line.trim_start_matches('#').trim().trim_matches('`') == code;
    let mut begin = None;
    let mut level = 0;
    let mut at = 0;
    let mut in_code = false;
    for line in page.split_inclusive('\n') {
        let depth = line.bytes().take_while(|byte| *byte == b'#').count();
        in_code ^= line.starts_with("```");
        match begin {
            _ if in_code || depth == 0 => {}
            None if wanted(line.trim_end()) => (begin, level) = (Some(at + line.len()), depth),
            Some(begin) if depth <= level => return page.get(begin..at),
            _ => {}
        }
        at += line.len();
    }
    page.get(begin?..)
}

/// What the engine finds itself.
const ENGINE: [(&str, &str); 19] = [
    (
        "engine.ambiguous-update",
        "An object is gone, and one of the same group, kind and name is new that names a namespace where the\n\
         other did not, or the other way round. A deployer that fills in the namespace sees one object, whose\n\
         other differences a deletion and a creation do not show. Change the namespace in a step of its own,\n\
         and sign it before the rest.",
    ),
    (
        "engine.commit-in-future",
        "A commit of the range says that it was made after the instant of the judgement. Nothing is judged by that\n\
         time, calendars least of all; but a clock is wrong somewhere, or somebody set it.",
    ),
    (
        "engine.duplicate-object",
        "Two manifests of one unit describe the same object (API group, kind, namespace, name), or may: an\n\
         absent namespace is whatever the deployer fills in. Which of them reaches the cluster depends on the\n\
         deployer. Keep one, or write the namespace in both.",
    ),
    (
        "engine.exception-expired",
        "An exception would have permitted a finding, but its `until` has passed. Fix the finding, or renew\n\
         the exception with a new date and reason.",
    ),
    (
        "engine.exception-long",
        "The range adds an exception, or prolongs one, that holds for more than 90 days. It counts as it stands; but\n\
         nobody will remember why. Let it end sooner, and prolong it if it is still needed then.",
    ),
    (
        "engine.exception-unused",
        "An exception matches no finding. Remove it, so that it cannot hide the next one.",
    ),
    (
        "engine.fact-unknown",
        "A policy reads a fact that could not be found out. What is not known does not pass.",
    ),
    (
        "engine.freeze-lifted",
        "A freeze is open now, and the range ends it, shortens it, narrows it down, lets more through it or takes\n\
         it away. The range itself is judged by the freeze as it is; what is judged after the merge is not. See that\n\
         whoever answers for the freeze knows.",
    ),
    (
        "engine.key-converted",
        "Kubernetes reads `on:`, `yes:` or `1:` as another key than it looks like. Quote the key.",
    ),
    (
        "engine.misleading-path",
        "A new file of a unit has a path that looks like another: letters that are composed in an unusual way, or\n\
         characters that nobody sees. Or a new manifest that no unit claims differs from one that a unit would\n\
         claim only in case or in composition. People and file systems would take it for a different file.\n\
         Rename it.",
    ),
    (
        "engine.no-spare-key",
        "The range leaves a trust file by which every principal that can sign for the gate must sign: N of N. When one\n\
         of their keys is lost, nothing can be signed there any more, a change of the trust file neither. Add a key of\n\
         one more principal, or lower `thresholds` by one. Where it has happened: docs/disaster.md.",
    ),
    (
        "engine.server-field",
        "A changed object says when it is to be deleted (`metadata.deletionTimestamp`,\n\
         `metadata.deletionGracePeriodSeconds`) or whose it is (`metadata.ownerReferences`). The API server writes\n\
         these and deletes objects by them; an owner that is not there takes the object with it. Remove the field.",
    ),
    (
        "engine.suspicious-key",
        "A key that is new in an object holds letters of another alphabet that look like plain ones, or characters\n\
         that nobody sees. Kubernetes does not know such a key and leaves it out, or a reader takes it for another.\n\
         Write it in plain letters, or remove it.",
    ),
    (
        "engine.trust-ends",
        "Within 30 days the time of the trust file that a root signed is over, or that of so many keys that nothing can be\n\
         signed any more: no link, and no change of the trust file either. Let its root sign the next one, or add the\n\
         key that follows, while those that there are still sign. `tidegate keys rotate --plan` has the steps, and\n\
         docs/keys.md says why. Where it has happened: docs/disaster.md.",
    ),
    (
        "engine.trust-expired",
        "The trust file has a root, and its `expires` is past. What is proposed is judged all the same; but until its\n\
         root signs the next file, and `sign` accepts it, nothing is signed or admitted. docs/keys.md says how.",
    ),
    (
        "engine.unclaimed-manifest",
        "A changed Kubernetes manifest belongs to no environment, so that nothing judges it. Add its path to\n\
         an environment, or to `unmanaged` if nobody deploys it.",
    ),
    (
        "engine.evidence-removed",
        "A change takes away the newest word of somebody that spoke against a backup: that it failed, that it could not\n\
         be restored, that an incident is over. What was said before would count again from the next change on. Keep the\n\
         file until the same job says that all is well, or take away all that is said of the object. It is a warning where\n\
         evidence before the change cannot be read, as where its time lies in the future: then that may be why it goes.",
    ),
    (
        "engine.out-of-reach",
        "A changed path is too deep or too long to be looked at. No environment claims it, or it is removed, so\n\
         that it stops nobody; what is there was not judged. Keep paths below 64 folders and 4096 bytes.",
    ),
    (
        "engine.not-judged",
        "Some units cannot be rendered, or it cannot be told what they deploy. This change touches none of them, so that\n\
         they stop nobody; one that touched them would be refused. `tidegate render UNIT` says what is wrong with one.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_as_it_is_printed() {
        for (printed, code) in [
            ("a.b", "a.b"),
            ("deny[a.b]", "a.b"),
            ("error[git.shallow]", "git.shallow"),
            ("refused[missing]", "refused.missing"),
            ("other[a.b]", "other[a.b]"),
            ("[]", "[]"),
        ] {
            assert_eq!(bare(printed), code);
        }
    }

    #[test]
    fn a_section_ends_at_the_next_heading_of_its_level_and_code_has_no_headings() {
        let page = "# P\n## Denied\n### a.b\none\n#### more\n```\n# no heading\n```\n### a.c\nthree\n## Fix\n";
        let first = "one\n#### more\n```\n# no heading\n```\n";
        assert_eq!(section(page, "a.b"), Some(first));
        assert_eq!(section(page, "a.c"), Some("three\n"));
        assert_eq!(section(page, "a.d"), None);
    }

    #[test]
    fn every_code_of_every_policy_has_a_section_of_its_own() {
        for policy in gate::embedded_policies().unwrap().iter() {
            for metadata in policy.modules().map(crate::policy::Module::metadata) {
                for code in metadata.codes.keys().chain(&metadata.reasons) {
                    let text = section(policy.readme().unwrap(), code);
                    assert!(text.is_some_and(|text| text.trim().len() > 40), "{code}");
                    assert!(
                        text.is_some_and(|text| text.contains("```yaml\n")),
                        "{code}: an example"
                    );
                }
            }
        }
    }
}
