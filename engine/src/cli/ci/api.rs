//! GitHub's API, as far as a comment needs it: the comments of a pull request, and which one has a commit.
//! Decides nothing; every answer is foreign text of bounded size.

use std::time::Duration;

use serde_json::{Value, json};

use super::event::{At, Head};
use super::{Error, Variables};
use crate::cli::https;
use crate::model::GitId;

/// The API of one repository and the right to use it.
pub(super) struct Api {
    agent: ureq::Agent,
    /// The address of the repository, without a slash at its end.
    address: String,
    token: String,
}

/// A comment of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    pub(super) id: u64,
    pub(super) author: String,
    pub(super) body: String,
}

/// A pull request that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) number: u64,
    pub(super) base: GitId,
    pub(super) base_branch: String,
}

impl Api {
    /// The API that the job's variables name, with its token.
    pub(super) fn of(variables: &Variables) -> Result<Self, Error> {
        let server = variables.required("GITHUB_API_URL")?;
        let wrong = |name, value: &str, wanted| Error::Value {
            name,
            value: value.to_owned(),
            wanted,
        };
        let https_only = https::is_safe(server)
            .ok_or_else(|| wrong("GITHUB_API_URL", server, "an address of HTTPS"))?;
        let repository = variables.required("GITHUB_REPOSITORY")?;
        if !is_repository(repository) {
            return Err(wrong("GITHUB_REPOSITORY", repository, "OWNER/NAME"));
        }
        let roots = https::machine_roots(variables.get("SSL_CERT_FILE"));
        let roots = match roots {
            Some(roots) => roots,
            None if https_only => return Err(Error::NoAuthorities),
            None => ureq::tls::RootCerts::new_with_certs(&[]),
        };
        Ok(Self {
            agent: https::agent(roots, https_only, PATIENCE),
            address: format!("{}/repos/{repository}", server.trim_end_matches('/')),
            token: variables.required("TIDEGATE_TOKEN")?.to_owned(),
        })
    }

    /// All comments of a pull request, oldest first.
    pub(super) fn comments(&self, number: u64) -> Result<Vec<Comment>, Error> {
        let mut comments = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = format!("issues/{number}/comments?per_page={PAGE}&page={page}");
            let answer = self.get(&path)?;
            let list = answer.as_array().ok_or_else(unreadable)?;
            for comment in list {
                comments.push(Comment::of(comment)?);
            }
            if list.len() < PAGE {
                return Ok(comments);
            }
        }
        Err(Error::Api {
            reason: format!(
                "pull request {number} has more than {} comments",
                PAGE * MOST_PAGES
            ),
        })
    }

    pub(super) fn create(&self, number: u64, body: &str) -> Result<Comment, Error> {
        let path = format!("issues/{number}/comments");
        let request = self.agent.post(format!("{}/{path}", self.address));
        Comment::of(&self.answer(self.signed(request).send(document(body)))?)
    }

    pub(super) fn edit(&self, id: u64, body: &str) -> Result<(), Error> {
        let path = format!("issues/comments/{id}");
        let request = self.agent.patch(format!("{}/{path}", self.address));
        self.answer(self.signed(request).send(document(body)))?;
        Ok(())
    }

    /// The open pull requests whose head is exactly this commit of exactly this repository.
    pub(super) fn open(&self, head: &Head) -> Result<Vec<Open>, Error> {
        let Some((owner, _)) = head.repository.split_once('/') else {
            return Err(unreadable());
        };
        let wanted = query(&format!("{owner}:{}", head.branch));
        let answer = self.get(&format!("pulls?state=open&per_page={PAGE}&head={wanted}"))?;
        let list = answer.as_array().ok_or_else(unreadable)?;
        let ours = list.iter().map(At).filter(|at| {
            at.id("/head/sha").is_ok_and(|id| id == head.commit)
                && at.text("/head/repo/full_name") == Ok(head.repository.as_str())
        });
        let read = ours.map(|at| -> Result<Open, String> {
            Ok(Open {
                number: at.number("/number")?,
                base: at.id("/base/sha")?,
                base_branch: at.text("/base/ref")?.to_owned(),
            })
        });
        let read: Result<Vec<Open>, String> = read.collect();
        read.map_err(|_| unreadable())
    }

    fn get(&self, path: &str) -> Result<Value, Error> {
        let request = self.agent.get(format!("{}/{path}", self.address));
        self.answer(self.signed(request).call())
    }

    fn signed<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        request
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Accept", "application/vnd.github+json")
            .header("Content-Type", "application/json")
            .header("X-GitHub-Api-Version", "2022-11-28")
    }

    fn answer(
        &self,
        response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Value, Error> {
        let unavailable = |reason: String| Error::ApiUnavailable { reason };
        let mut response = response.map_err(|error| unavailable(error.to_string()))?;
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.and_then(|value| value.to_str().ok())
        };
        let limited =
            header("retry-after").is_some() || header("x-ratelimit-remaining") == Some("0");
        match response.status().as_u16() {
            200 | 201 => {}
            429 => return Err(unavailable("too many requests".to_owned())),
            403 if limited => return Err(unavailable("too many requests".to_owned())),
            status @ (401 | 403 | 404) => return Err(Error::ApiDenied { status }),
            status @ 500.. => return Err(unavailable(format!("it answers {status}"))),
            status => {
                let reason = format!("it answers {status}");
                return Err(Error::Api { reason });
            }
        }
        let body = response
            .body_mut()
            .with_config()
            .limit(MOST_BYTES)
            .read_to_vec();
        let body = body.map_err(|error| unavailable(error.to_string()))?;
        serde_json::from_slice(&body).map_err(|_| unreadable())
    }
}

impl Comment {
    fn of(value: &Value) -> Result<Self, Error> {
        let at = At(value);
        let read = || -> Result<Self, String> {
            Ok(Self {
                id: at.number("/id")?,
                // Nobody any more, where the account is gone.
                author: at.text("/user/login").unwrap_or_default().to_owned(),
                body: at.text("/body").unwrap_or_default().to_owned(),
            })
        };
        read().map_err(|_| unreadable())
    }
}

fn document(body: &str) -> String {
    json!({ "body": body }).to_string()
}

fn unreadable() -> Error {
    Error::Api {
        reason: "its answer is none".to_owned(),
    }
}

fn is_repository(text: &str) -> bool {
    let is_name = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !part.is_empty() && part.len() <= 100 && part.bytes().all(plain) && !part.starts_with('.')
    };
    let parts: Vec<&str> = text.split('/').collect();
    parts.len() == 2 && parts.iter().all(|part| is_name(part))
}

/// Text inside the value of a query.
fn query(text: &str) -> String {
    text.bytes().fold(String::new(), |mut query, byte| {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            query.push(char::from(byte));
        } else {
            query.push_str(&format!("%{byte:02X}"));
        }
        query
    })
}

/// For each request; there are at most [`MOST_PAGES`] and two more.
const PATIENCE: Duration = Duration::from_secs(10);
/// A hundred comments of 65,536 characters of four bytes, and what JSON adds.
const MOST_BYTES: u64 = 40 << 20;
const PAGE: usize = 100;
const MOST_PAGES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_no_other_address() {
        assert!(is_repository("acme/shop.gitops_2"));
        for odd in [
            "", "shop", "/shop", "acme/", "a/b/c", "acme/..", "acme/x?y", "acme/x#", "a b/c",
        ] {
            assert!(!is_repository(odd), "{odd}");
        }
        assert_eq!(query("acme:f/x&head=y #"), "acme%3Af%2Fx%26head%3Dy%20%23");
    }
}
