//! The pages of errors and refusals: what those of one area have in common, and what it means that there is one.
//! What a single error is about, it says itself, with its place and with what to do.

use crate::model::Exit;
use crate::verify::Reason;

/// The note and the text of `code`, if errors or refusals have such codes.
pub(super) fn page(code: &str) -> Option<(String, String)> {
    let (area, name) = code.split_once('.')?;
    if area == "refused" && name != "not-admitted" {
        let reason = Reason::ALL
            .into_iter()
            .find(|reason| reason.as_str() == name)?;
        let text = format!("{}\n\nWhat to do: {}.", reason.meaning(), reason.help());
        return Some(("a verdict does not admit, exit 4".to_owned(), text));
    }
    codes().find(|known| *known == code)?;
    let (_, about) = AREAS.iter().find(|(known, _)| *known == area)?;
    let exit = Exit::of_code(code);
    let note = format!("an error, exit {}", exit.code());
    Some((note, format!("{about}\n\n{}", means(exit))))
}

/// The codes of all errors. A test holds the list to what the sources say.
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    include_str!("codes.txt").lines()
}

/// What an error of this exit is to whoever waits for an answer.
fn means(exit: Exit) -> &'static str {
    match exit {
        Exit::Usage => {
            "Nothing was begun: the command line asks for something that cannot be meant. The error says what can."
        }
        Exit::Temporary => {
            "Nothing was decided, and trying again may help: whatever waits for an answer asks again, and holds until it has one."
        }
        Exit::Bug => {
            "This is a fault of tidegate. Nothing was decided. Please report it with what the error says."
        }
        Exit::Refused => "What asked is not admitted.",
        Exit::Pass | Exit::Denied | Exit::Unjudged => {
            "Nothing was judged, and an error is never a pass: a gate stays shut until it is mended. The error names the place and says what to do."
        }
    }
}

/// What the codes of an area are about; in the order of the alphabet.
const AREAS: [(&str, &str); 33] = [
    (
        "argo",
        "Argo CD's Application, or the Kubernetes API that it was asked for, did not say clearly what is being synced.",
    ),
    ("bug", "Something happened that cannot happen."),
    (
        "calendar",
        "A calendar does not say when a window is open, or says what could make a freeze shorter than its owner meant. Then nobody knows what holds a change, and nothing passes.",
    ),
    (
        "ci",
        "What the CI says about its event is missing, contradicts itself, or is no event in which this may be done.",
    ),
    (
        "clock",
        "The clock of this machine cannot be right, and verdicts are bound to their time.",
    ),
    (
        "cluster",
        "The API server of a cluster could not be asked, or did not answer with what was asked for. What runs there is unknown then.",
    ),
    (
        "config",
        "`tidegate.yaml` cannot be read, or means nothing that could be enforced. All its problems are told at once, each with its line.",
    ),
    (
        "evidence",
        "What a tool says of its backups, or what somebody says of a restore or an incident, cannot be read, contradicts itself, or lies in the future. Nothing is signed of it then; and where a trusted key did sign it, nobody can tell how old anything is.",
    ),
    (
        "forge",
        "The forge that keeps the repository could not be asked about its branches, or did not answer with what was asked for. Who may push there is unknown then.",
    ),
    (
        "git",
        "The repository cannot be read without doubt: something is missing, damaged, or stands for content that Git does not hold as it would be deployed.",
    ),
    (
        "hook",
        "A Git hook cannot be installed without changing something that is not tidegate's.",
    ),
    (
        "image-lock",
        "The lock of images cannot be read, or cannot be written where it belongs. It proves nothing by itself, and nothing is locked until it can.",
    ),
    ("init", "The folder does not say what its environments are."),
    ("io", "A file could not be read or written."),
    (
        "json",
        "A text is no JSON, or one that two readers would read in two ways.",
    ),
    (
        "key",
        "A key cannot be used: it is missing, weak, of the wrong kind, not trusted, or may be read by others.",
    ),
    (
        "limit",
        "Something is larger than what is read. The limits are in SECURITY.md; they keep whoever writes a repository from stopping the gate.",
    ),
    (
        "manifest",
        "A manifest has no shape that the API server would take, or one that two readers would take in two ways.",
    ),
    (
        "merge",
        "The commits cannot be merged, so that there is no result that could be judged.",
    ),
    ("net", "Something on the network did not answer."),
    (
        "policy",
        "A policy did not load, did not answer in time, or answered in a shape that is none. Policies that cannot be asked permit nothing.",
    ),
    ("promote", "The promoted branch was not moved."),
    (
        "range",
        "The range of commits holds nothing that could be judged, or not what it says.",
    ),
    (
        "refused",
        "No link of the unit's chain admits what is there. The report names the reason for each that came near; `tidegate explain refused.REASON` explains one.",
    ),
    (
        "render",
        "What a kustomization or a chart gives could not be told: it names what is not in the repository, would run or ask something, or its renderer is missing, failed, or went beyond its bounds.",
    ),
    ("sign", "The verdict was not signed."),
    (
        "replay",
        "What a verdict was judged by cannot be found any more, so nobody can judge it again.",
    ),
    (
        "source",
        "What deploys a unit is not read as it stands, or cannot be told from the tree: `tidegate environments` shows what is known of each source, and what to write into `tidegate.yaml` where something is not.",
    ),
    (
        "store",
        "The verdicts cannot be read or written as a whole: some are missing, contradict each other, or the branch that holds them did not take them. Or a registry, of verdicts or of images, did not say what is there.",
    ),
    (
        "trust-root",
        "The trust file names nobody who could be believed. Without one no verdict is verified.",
    ),
    ("usage", "The command line."),
    (
        "work",
        "The folder of `--work` cannot be used: another process holds it, or what lies there is none of what `admit` put there.",
    ),
    (
        "yaml",
        "A text is no YAML, or one that Kubernetes would not read, or not the same way. The error has line and column.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicySet;

    #[test]
    fn areas_are_told_with_what_their_error_comes_to() {
        let exit = |code| page(code).map(|(note, _)| note);
        assert_eq!(exit("git.shallow").unwrap(), "an error, exit 3");
        assert_eq!(exit("config.unknown-key").unwrap(), "an error, exit 3");
        assert_eq!(exit("usage.range").unwrap(), "an error, exit 2");
        assert_eq!(exit("store.unreachable").unwrap(), "an error, exit 75");
        assert_eq!(exit("refused.not-admitted").unwrap(), "an error, exit 4");
        for unknown in [
            "git",
            "git.",
            "git.Shallow",
            "gits.shallow",
            "git.shalow",
            "config.anything",
            "refused.because",
            "",
        ] {
            assert_eq!(exit(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn no_policy_has_codes_of_errors() {
        for (area, _) in AREAS {
            let text = format!(
                "# METADATA\n# title: T\n# description: D\n# custom:\n#   prefix: {area}\n#   scope: object\n#   kinds: ['*']\n#   codes: {{{area}.x: deny}}\npackage tidegate.p\n\ndeny contains 1 if false\n"
            );
            let files = [(".tidegate/policies/p/policy.rego".into(), text.into_bytes())];
            let error = PolicySet::default().with_repository(&files, &[]);
            let error = error.unwrap_err().to_string();
            assert!(error.contains("is reserved"), "{area}: {error}");
        }
    }

    #[test]
    fn each_reason_for_a_refusal_is_told_by_name() {
        for reason in Reason::ALL {
            let (note, text) = page(&format!("refused.{reason}")).unwrap();
            assert_eq!(note, "a verdict does not admit, exit 4");
            assert!(
                text.ends_with(&format!("What to do: {}.", reason.help())),
                "{text}"
            );
        }
    }
}
