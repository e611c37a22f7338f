//! What GitHub says of the branches that count: rulesets and classic protection, by GET alone. Judges nothing.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use serde_json::Value;

use crate::cli::https;
use crate::cli::terminal::Terminal;
use crate::doctor::{Forge, Guarded, Part, Protection};

/// GitHub's API, as far as one repository goes, and the right to ask it.
pub(super) struct GitHub {
    agent: ureq::Agent,
    /// The address of the repository, without a slash at its end.
    address: String,
    repository: String,
    token: String,
}

/// Why it said nothing.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(super) enum ForgeError {
    #[error("`{name}` is `{value}`, which is not {wanted}")]
    #[diagnostic(
        code(usage::variable),
        help("set it, or unset `GITHUB_TOKEN`: then GitHub is not asked")
    )]
    Variable {
        name: &'static str,
        value: String,
        wanted: &'static str,
    },
    #[error("the machine's certificate authorities were not found")]
    #[diagnostic(
        code(ci::no_authorities),
        help("name a PEM file of them in `SSL_CERT_FILE`")
    )]
    NoAuthorities,
    #[error("GitHub cannot be asked: {reason}")]
    #[diagnostic(code(net::unavailable), help("try again; nothing was looked at"))]
    Unavailable { reason: String },
    #[error("GitHub answers {status} for `{what}`")]
    #[diagnostic(
        code(forge::denied),
        help(
            "the token in `GITHUB_TOKEN` needs to read metadata and administration of this repository"
        )
    )]
    Denied { status: u16, what: String },
    #[error("what GitHub answers for `{what}` cannot be read")]
    #[diagnostic(
        code(forge::answer),
        help("look at `GITHUB_API_URL`: something else may answer there")
    )]
    NotRead { what: String },
}

impl GitHub {
    /// That of the variables of the process; nothing where there is no `GITHUB_TOKEN`. Without `GITHUB_REPOSITORY`
    /// the repository is the first of these addresses that is one of `github.com`, and nobody is asked where none is.
    pub(super) fn of(urls: &[String], terminal: &Terminal) -> Result<Option<Self>, ForgeError> {
        let set = |name: &str| terminal.variable(name).filter(|value| !value.is_empty());
        let Some(token) = set("GITHUB_TOKEN") else {
            return Ok(None);
        };
        let wrong = |name, value: &str, wanted| ForgeError::Variable {
            name,
            value: value.to_owned(),
            wanted,
        };
        let own = urls.iter().find_map(|url| repository_of(url));
        let Some(repository) = set("GITHUB_REPOSITORY").or(own) else {
            return Ok(None);
        };
        if !is_repository(&repository) {
            return Err(wrong("GITHUB_REPOSITORY", &repository, "OWNER/NAME"));
        }
        let server = set("GITHUB_API_URL").unwrap_or_else(|| SERVER.to_owned());
        let https_only = https::is_safe(&server)
            .ok_or_else(|| wrong("GITHUB_API_URL", &server, "an address of HTTPS"))?;
        let roots = match https::machine_roots(set("SSL_CERT_FILE").as_deref()) {
            Some(roots) => roots,
            None if https_only => return Err(ForgeError::NoAuthorities),
            None => ureq::tls::RootCerts::new_with_certs(&[]),
        };
        Ok(Some(Self {
            agent: https::agent(roots, https_only, PATIENCE),
            address: format!("{}/repos/{repository}", server.trim_end_matches('/')),
            repository,
            token,
        }))
    }

    /// What is said of these branches.
    pub(super) fn asked(&self, branches: Vec<(String, Part)>) -> Result<Forge, ForgeError> {
        let mut rulesets = BTreeMap::new();
        let mut all = Vec::new();
        for (name, part) in branches {
            let rules = self.rules(&name)?;
            for number in rules
                .iter()
                .filter_map(|rule| rule.get("ruleset_id")?.as_u64())
            {
                if let Entry::Vacant(place) = rulesets.entry(number) {
                    // One of the organisation may not be shown; what it is for whom, nobody says then.
                    let set = self.get(&format!("rulesets/{number}"))?;
                    place.insert(set.unwrap_or(Value::Null));
                }
            }
            all.push(Guarded {
                protection: self.protection(&name)?,
                name,
                part,
                rules,
            });
        }
        Ok(Forge {
            repository: self.repository.clone(),
            branches: all,
            rulesets,
        })
    }

    /// The rules of all rulesets that hold for a name, page by page.
    fn rules(&self, branch: &str) -> Result<Vec<Value>, ForgeError> {
        let mut rules = Vec::new();
        let path = format!("rules/branches/{}", path_part(branch));
        for page in 1..=MOST_PAGES {
            let asked = format!("{path}?per_page={PAGE}&page={page}");
            let list = match self.get(&asked)? {
                Some(Value::Array(list)) => list,
                Some(_) => return Err(ForgeError::NotRead { what: path }),
                None => {
                    return Err(ForgeError::Denied {
                        status: 404,
                        what: path,
                    });
                }
            };
            let is_last = list.len() < PAGE;
            rules.extend(list);
            if is_last {
                return Ok(rules);
            }
        }
        Err(ForgeError::NotRead { what: path })
    }

    fn protection(&self, branch: &str) -> Result<Protection, ForgeError> {
        let path = format!("branches/{}/protection", path_part(branch));
        let (status, said) = self.answer(&path)?;
        let message = said
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match status {
            200 if said.is_object() => Ok(Protection::Said(said)),
            404 if message.eq_ignore_ascii_case("Branch not protected")
                || message.eq_ignore_ascii_case("Branch not found") =>
            {
                Ok(Protection::None)
            }
            403 | 404 => Ok(Protection::Hidden),
            _ => Err(ForgeError::NotRead { what: path }),
        }
    }

    /// What lies there; nothing where it is not shown.
    fn get(&self, path: &str) -> Result<Option<Value>, ForgeError> {
        match self.answer(path)? {
            (200, said) => Ok(Some(said)),
            (404, _) => Ok(None),
            (status, _) => Err(ForgeError::Denied {
                status,
                what: path.to_owned(),
            }),
        }
    }

    fn answer(&self, path: &str) -> Result<(u16, Value), ForgeError> {
        let unavailable = |reason: String| ForgeError::Unavailable { reason };
        let request = self
            .agent
            .get(format!("{}/{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Accept", "application/vnd.github+json")
            .header("X-GitHub-Api-Version", "2022-11-28");
        let mut answer = request
            .call()
            .map_err(|error| unavailable(error.to_string()))?;
        let spent = answer.headers().get("x-ratelimit-remaining");
        let is_limited =
            spent.is_some_and(|left| left == "0") || answer.headers().contains_key("retry-after");
        let status = answer.status().as_u16();
        match status {
            403 if is_limited => return Err(unavailable("too many requests".to_owned())),
            429 | 500.. => return Err(unavailable(format!("it answers {status}"))),
            401 => {
                return Err(ForgeError::Denied {
                    status,
                    what: path.to_owned(),
                });
            }
            _ => {}
        }
        let body = answer
            .body_mut()
            .with_config()
            .limit(MOST_BYTES)
            .read_to_vec();
        let body = body.map_err(|error| unavailable(error.to_string()))?;
        let said = serde_json::from_slice(&body).map_err(|_| ForgeError::NotRead {
            what: path.to_owned(),
        })?;
        Ok((status, said))
    }
}

/// What GitHub calls the repository at an address of its own.
fn repository_of(url: &str) -> Option<String> {
    let starts = [
        "https://github.com/",
        "git@github.com:",
        "ssh://git@github.com/",
    ];
    let path = starts.iter().find_map(|start| url.strip_prefix(start))?;
    let name = path.trim_end_matches('/');
    Some(name.strip_suffix(".git").unwrap_or(name).to_owned())
}

fn is_repository(text: &str) -> bool {
    let is_name = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !part.is_empty() && part.len() <= 100 && part.bytes().all(plain) && !part.starts_with('.')
    };
    text.split_once('/')
        .is_some_and(|(owner, name)| is_name(owner) && is_name(name))
}

/// A branch inside an address: GitHub takes its slashes as they are.
fn path_part(branch: &str) -> String {
    branch.bytes().fold(String::new(), |mut part, byte| {
        if byte.is_ascii_alphanumeric() || b"._-/".contains(&byte) {
            part.push(char::from(byte));
        } else {
            part.push_str(&format!("%{byte:02X}"));
        }
        part
    })
}

const SERVER: &str = "https://api.github.com";
/// For each request.
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_BYTES: u64 = 4 << 20;
const PAGE: usize = 100;
const MOST_PAGES: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_told_from_its_address_and_leads_to_no_other() {
        for (url, wanted) in [
            ("https://github.com/acme/shop.git", Some("acme/shop")),
            ("git@github.com:acme/shop.gitops", Some("acme/shop.gitops")),
            ("ssh://git@github.com/acme/shop/", Some("acme/shop")),
            ("https://github.com.evil.example/acme/shop", None),
            ("https://git.example/acme/shop", None),
        ] {
            assert_eq!(repository_of(url).as_deref(), wanted, "{url}");
        }
        assert!(is_repository("acme/shop.gitops_2"));
        for odd in ["", "shop", "/shop", "acme/", "a/b/c", "acme/..", "acme/x?y"] {
            assert!(!is_repository(odd), "{odd}");
        }
        assert_eq!(path_part("gated/pröd/a b?"), "gated/pr%C3%B6d/a%20b%3F");
    }
}
