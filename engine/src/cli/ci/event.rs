//! A GitHub event as plain data, read from the file that the runner writes.
//! Knows no repository; every field is foreign text until it is parsed.

use serde_json::Value;

use crate::model::GitId;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A change is proposed.
    PullRequest {
        head: GitId,
        base: GitId,
        base_branch: String,
    },
    /// Changes stand in the merge queue.
    MergeGroup {
        head: GitId,
        base: GitId,
        base_branch: String,
    },
    /// A branch or tag moved; `before` is `None` where there was none.
    Push { before: Option<GitId>, after: GitId },
    /// Nothing that names what to judge.
    Other,
}

/// An event and the branch that its repository considers the main one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Occasion {
    pub(super) event: Event,
    pub(super) default_branch: Option<String>,
    /// The pull request of the event `pull_request`.
    pub(super) proposal: Option<Proposal>,
    /// What the run checked that the event `workflow_run` is about.
    pub(super) checked: Option<Head>,
}

/// A pull request as something to comment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) number: u64,
    /// Its head lies in another repository, or in none any more.
    pub(super) fork: bool,
}

/// A commit on a branch of a repository, perhaps a fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) commit: GitId,
    pub(super) branch: String,
    /// `OWNER/NAME`.
    pub(super) repository: String,
}

impl Occasion {
    /// Reads the event `name` from its document; the error says what the document lacks.
    pub(super) fn parse(name: &str, document: &[u8]) -> Result<Self, String> {
        let document: Value =
            serde_json::from_slice(document).map_err(|error| format!("is no JSON: {error}"))?;
        let at = At(&document);
        let event = match name {
            // `pull_request_review` and others carry the same object, and may judge the same.
            "pull_request" | "pull_request_target" | "pull_request_review" => Event::PullRequest {
                head: at.id("/pull_request/head/sha")?,
                base: at.id("/pull_request/base/sha")?,
                base_branch: at.text("/pull_request/base/ref")?.to_owned(),
            },
            "merge_group" => Event::MergeGroup {
                head: at.id("/merge_group/head_sha")?,
                base: at.id("/merge_group/base_sha")?,
                base_branch: branch(at.text("/merge_group/base_ref")?)
                    .ok_or("holds no branch at `/merge_group/base_ref`")?
                    .to_owned(),
            },
            "push" => Event::Push {
                before: at.id("/before").map(present)?,
                after: present(at.id("/after")?).ok_or("says that the branch was deleted")?,
            },
            _ => Event::Other,
        };
        let default_branch = at.text("/repository/default_branch").ok();
        let proposal = match name {
            "pull_request" => at.number("/pull_request/number").ok(),
            _ => None,
        };
        let head = at.0.pointer("/pull_request/head/repo/id");
        let fork = head.is_none() || head != at.0.pointer("/pull_request/base/repo/id");
        Ok(Self {
            event,
            default_branch: default_branch.map(str::to_owned),
            proposal: proposal.map(|number| Proposal { number, fork }),
            checked: match name {
                "workflow_run" => checked(&at)?,
                _ => None,
            },
        })
    }
}

/// The head of the pull request that a run checked; `None` where another event started it.
fn checked(at: &At<'_>) -> Result<Option<Head>, String> {
    if at.text("/workflow_run/event")? != "pull_request" {
        return Ok(None);
    }
    Ok(Some(Head {
        commit: at.id("/workflow_run/head_sha")?,
        branch: at.text("/workflow_run/head_branch")?.to_owned(),
        repository: at
            .text("/workflow_run/head_repository/full_name")?
            .to_owned(),
    }))
}

/// The branch that a full reference names.
pub(super) fn branch(reference: &str) -> Option<&str> {
    reference.strip_prefix("refs/heads/")
}

/// The id; `None` for the one of zeros, which stands for nothing.
pub(super) fn present(id: GitId) -> Option<GitId> {
    id.as_bytes().iter().any(|byte| *byte != 0).then_some(id)
}

/// A foreign document, read by RFC 6901 pointers; the errors say what it lacks.
pub(super) struct At<'a>(pub(super) &'a Value);

impl<'a> At<'a> {
    pub(super) fn text(&self, pointer: &str) -> Result<&'a str, String> {
        let text = self.0.pointer(pointer).and_then(Value::as_str);
        text.ok_or_else(|| format!("holds no text at `{pointer}`"))
    }

    pub(super) fn number(&self, pointer: &str) -> Result<u64, String> {
        let number = self.0.pointer(pointer).and_then(Value::as_u64);
        number.ok_or_else(|| format!("holds no number at `{pointer}`"))
    }

    pub(super) fn id(&self, pointer: &str) -> Result<GitId, String> {
        let text = self.text(pointer)?;
        GitId::parse(text).map_err(|_| format!("holds no commit id at `{pointer}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "1111111111111111111111111111111111111111";
    const B: &str = "2222222222222222222222222222222222222222";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn read(name: &str, document: &Value) -> Result<Event, String> {
        Occasion::parse(name, document.to_string().as_bytes()).map(|occasion| occasion.event)
    }

    fn pull_request(head: &Value) -> Value {
        serde_json::json!({"number": 7, "pull_request": {
            "head": {"sha": head, "ref": "feature"}, "base": {"sha": A, "ref": "main"},
        }})
    }

    #[test]
    fn a_pull_request_names_both_ends() {
        let wanted = Event::PullRequest {
            head: GitId::parse(B).unwrap(),
            base: GitId::parse(A).unwrap(),
            base_branch: "main".to_owned(),
        };
        assert_eq!(read("pull_request", &pull_request(&B.into())), Ok(wanted));
    }

    #[test]
    fn what_is_no_commit_id_is_refused() {
        for odd in [
            Value::Null,
            7.into(),
            "main".into(),
            "HEAD".into(),
            format!("{B}\n").into(),
            B[..39].into(),
        ] {
            let error = read("pull_request", &pull_request(&odd)).unwrap_err();
            assert!(error.contains("/pull_request/head/sha"), "{error}");
        }
        for odd in [&b""[..], b"{", b"[]", b"null", b"\xff"] {
            assert!(Occasion::parse("push", odd).is_err());
        }
    }

    #[test]
    fn a_push_may_be_the_first_but_not_the_last() {
        let push = |before: &str, after: &str| {
            read(
                "push",
                &serde_json::json!({"before": before, "after": after}),
            )
        };
        let after = GitId::parse(B).unwrap();
        assert_eq!(
            push(ZERO, B),
            Ok(Event::Push {
                before: None,
                after
            })
        );
        assert!(push(A, ZERO).unwrap_err().contains("deleted"));
    }

    #[test]
    fn an_event_that_names_nothing_is_read_too() {
        let document = serde_json::json!({"repository": {"default_branch": "trunk"}});
        let occasion = Occasion::parse("schedule", document.to_string().as_bytes()).unwrap();
        assert_eq!(occasion.event, Event::Other);
        assert_eq!(occasion.default_branch.as_deref(), Some("trunk"));
    }
}
