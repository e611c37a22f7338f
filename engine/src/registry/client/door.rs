//! How a registry is asked until it answers: who asks, where it leads to, how often it is tried.
//! The account of a registry goes to that registry and to where it sends for a token, and no other account goes there.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Client, ERROR, Right, Wish, Wrong};
use crate::registry::address::{Address, query_value};
use crate::registry::place::host_of;
use crate::registry::{Answer, Ask, Credentials, Failure, Method, RegistryError};

impl Client {
    /// Asks the repository, as who may, through redirections, and again where it is busy.
    pub(super) fn send(&self, wish: &Wish<'_>) -> Result<Answer, RegistryError> {
        let mut address = wish.address.clone();
        let (mut asked_in, mut hops, mut tries) = (false, 0, 0);
        loop {
            let answer = self.once(wish, &address)?;
            match answer.status {
                401 if !asked_in && self.is_home(&address) => {
                    asked_in = true;
                    self.ask_in(&answer, wish.method)?;
                }
                301 | 302 | 303 | 307 | 308 if is_read(wish.method) => {
                    hops += 1;
                    address = follow(&address, &answer, hops)?;
                }
                // 501 says that it will never do it.
                429 | 500 | 502..=599 => {
                    tries += 1;
                    self.wait(&answer, tries, wish)?;
                }
                _ => return Ok(answer),
            }
        }
    }

    fn once(&self, wish: &Wish<'_>, address: &Address) -> Result<Answer, RegistryError> {
        let pass = self.pass.borrow();
        let mut headers = wish.headers.to_vec();
        if let Some((pass, _)) = pass.as_ref().filter(|_| self.is_home(address)) {
            headers.push(("authorization", pass));
        }
        let ask = Ask {
            method: wish.method,
            url: &address.text(),
            headers: &headers,
            body: wish.body,
            most: wish.most,
        };
        let answer = self.transport.exchange(&ask);
        answer.map_err(|failure| self.failed(wish, address, failure))
    }

    /// Fetches the right to go on, as the registry says where.
    fn ask_in(&self, answer: &Answer, method: Method) -> Result<(), RegistryError> {
        let right = if is_read(method) {
            Right::Read
        } else {
            Right::Write
        };
        let before = self.pass.borrow_mut().take().map(|(_, right)| right);
        let right = before.map_or(right, |before| right.max(before));
        let pass = match Challenge::of(answer) {
            Some(Challenge::Basic) => {
                let account = self.account(&self.place.registry)?;
                account.as_ref().map(basic)
            }
            Some(Challenge::Bearer { realm, service }) => {
                Some(self.token(&realm, service.as_deref(), right)?)
            }
            None => None,
        };
        *self.pass.borrow_mut() = pass.map(|pass| (pass, right));
        Ok(())
    }

    fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        right: Right,
    ) -> Result<String, RegistryError> {
        let address = self.token_address(realm, service, right)?;
        // Never one that is known for the host of the realm: whoever names a host would be let in by the account for it.
        let account = self.account(&self.place.registry)?;
        let pass = account.as_ref().map(basic);
        let headers: Vec<(&str, &str)> = pass
            .iter()
            .map(|pass| ("authorization", pass.as_str()))
            .collect();
        let wish = Wish {
            method: Method::Get,
            address,
            headers: &[],
            body: &[],
            most: ERROR,
        };
        let ask = Ask {
            method: Method::Get,
            url: &wish.address.text(),
            headers: &headers,
            body: &[],
            most: ERROR,
        };
        let answer = self.transport.exchange(&ask);
        let answer = answer.map_err(|failure| self.failed(&wish, &wish.address, failure))?;
        match answer.status {
            200 => {}
            429 | 500..=599 => {
                let reason = format!("it answers {} for a token", answer.status);
                return Err(self.unavailable(wish.method, reason, Some(answer.status)));
            }
            status => {
                return Err(self.denied_at(
                    action(wish.method),
                    status,
                    &self.place.registry,
                    account.as_ref(),
                ));
            }
        }
        let token =
            read_token(&answer.body).ok_or_else(|| self.wrong("its token cannot be read"))?;
        Ok(format!("Bearer {token}"))
    }

    fn token_address(
        &self,
        realm: &str,
        service: Option<&str>,
        right: Right,
    ) -> Result<Address, RegistryError> {
        let nowhere = || self.wrong("it sends for a token to where nobody goes");
        let realm = self.address("").join(realm).ok_or_else(nowhere)?;
        let realm = realm.without_query(&["scope", "service"]);
        let rights = match right {
            Right::Read => "pull",
            Right::Write => "pull,push",
        };
        let scope = format!("repository:{}:{rights}", self.place.repository);
        let address = realm.with_query(&format!("scope={}", query_value(&scope)));
        Ok(match service {
            Some(service) => address.with_query(&format!("service={}", query_value(service))),
            None => address,
        })
    }

    fn wrong(&self, what: &str) -> RegistryError {
        Wrong::Answer(what.to_owned()).at(self.place.to_string())
    }

    fn account(&self, host: &str) -> Result<Option<Credentials>, RegistryError> {
        let account = self.transport.credentials(host);
        account.map_err(|failure| RegistryError::Credentials {
            host: host.to_owned(),
            reason: failure.to_string(),
        })
    }

    /// Waits as long as a busy registry asks for, if that is not long.
    fn wait(&self, answer: &Answer, tries: u32, wish: &Wish<'_>) -> Result<(), RegistryError> {
        let asked = answer.header("retry-after").map(str::trim);
        let asked = asked.map_or(Some(u64::from(tries)), |text| text.parse().ok());
        let time = asked.filter(|time| *time <= PATIENCE && tries < TRIES);
        match time {
            Some(time) if self.transport.pause(Duration::from_secs(time)) => Ok(()),
            _ => {
                let reason = format!("it answers {}", answer.status);
                Err(self.unavailable(wish.method, reason, Some(answer.status)))
            }
        }
    }

    /// It answers and says no, or something that nobody asked for.
    pub(super) fn denied(&self, action: &'static str, status: u16) -> RegistryError {
        // Whoever asks may be told no for what they are; of everything else an account changes nothing.
        if action == "read" && !matches!(status, 401 | 403 | 404) {
            return self.wrong(&format!("it answers {status}"));
        }
        let account = self.transport.credentials(&self.place.registry);
        let account = account.ok().flatten();
        self.denied_at(action, status, &self.place.registry, account.as_ref())
    }

    fn denied_at(
        &self,
        action: &'static str,
        status: u16,
        host: &str,
        account: Option<&Credentials>,
    ) -> RegistryError {
        let who = match account {
            Some(account) => format!(" to `{}` at `{}`", account.user, host_of(host)),
            None => format!(" to nobody in particular: there is no account for `{host}`"),
        };
        RegistryError::Denied {
            action,
            place: self.place.to_string(),
            status,
            who,
        }
    }

    fn unavailable(&self, method: Method, reason: String, status: Option<u16>) -> RegistryError {
        RegistryError::Unavailable {
            action: action(method),
            place: self.place.to_string(),
            reason,
            status,
        }
    }

    fn failed(&self, wish: &Wish<'_>, address: &Address, failure: Failure) -> RegistryError {
        let place = address.shown();
        match failure {
            Failure::TooLong => RegistryError::TooLong {
                place,
                most: wish.most,
            },
            Failure::Tls(reason) => RegistryError::Tls { place, reason },
            Failure::Credentials(reason) => RegistryError::Credentials {
                host: place,
                reason,
            },
            Failure::Inside => RegistryError::Inside { place },
            Failure::Unavailable(reason) => self.unavailable(wish.method, reason, None),
        }
    }
}

fn follow(from: &Address, answer: &Answer, hops: usize) -> Result<Address, RegistryError> {
    let to = answer.header("location").and_then(|text| from.join(text));
    to.filter(|_| hops <= HOPS).ok_or_else(|| {
        let what = match hops {
            1..=HOPS => "it leads to where nobody goes: not by TLS, or to this machine".to_owned(),
            _ => format!("it leads on more than {HOPS} times"),
        };
        Wrong::Answer(what).at(from.shown())
    })
}

/// What a registry wants to see.
#[derive(Debug, PartialEq, Eq)]
enum Challenge {
    Basic,
    Bearer {
        realm: String,
        service: Option<String>,
    },
}

impl Challenge {
    /// The first that a token answers, else the first that a password does; others stand beside them.
    fn of(answer: &Answer) -> Option<Self> {
        let headers = answer.all("www-authenticate");
        let mut spoken: Vec<Self> = headers
            .flat_map(challenges)
            .filter_map(|text| Self::parse(&text))
            .collect();
        spoken.sort_by_key(|one| *one == Self::Basic);
        spoken.into_iter().next()
    }

    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => Some(Self::Basic),
            "bearer" => Some(Self::Bearer {
                realm: parameter(rest, "realm")?,
                service: parameter(rest, "service"),
            }),
            _ => None,
        }
    }
}

/// The challenges of one header, each with its parameters: a scheme is a word with no `=` behind it.
fn challenges(header: &str) -> Vec<String> {
    let mut challenges: Vec<String> = Vec::new();
    for part in unquoted_parts(header) {
        let part = part.trim();
        let word = part.split([' ', '\t', '=']).next().unwrap_or_default();
        let behind = part.strip_prefix(word).unwrap_or_default().trim_start();
        match challenges.last_mut() {
            _ if part.is_empty() => {}
            Some(last) if behind.starts_with('=') => {
                last.push(',');
                last.push_str(part);
            }
            _ => challenges.push(part.to_owned()),
        }
    }
    challenges
}

/// What stands between commas that are in no quotes.
fn unquoted_parts(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |it| {
        quoted ^= it == '"';
        it == ',' && !quoted
    })
}

/// The value of `name="value"` in a list of them.
fn parameter(list: &str, name: &str) -> Option<String> {
    let mut rest = list;
    while let Some((key, after)) = rest.split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at_checked(after.find(',').unwrap_or(after.len()))?,
        };
        if key.trim_matches([' ', ',']).eq_ignore_ascii_case(name) {
            return Some(value.to_owned());
        }
        rest = next;
    }
    None
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
}

fn read_token(body: &[u8]) -> Option<String> {
    let token: Token = serde_json::from_slice(body).ok()?;
    let token = token.token.or(token.access_token)?;
    let is_plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then_some(token)
}

fn basic(account: &Credentials) -> String {
    let text = format!("{}:{}", account.user, account.password.as_str());
    format!("Basic {}", STANDARD.encode(text))
}

fn is_read(method: Method) -> bool {
    matches!(method, Method::Get | Method::Head)
}

fn action(method: Method) -> &'static str {
    if is_read(method) { "read" } else { "write" }
}

/// So often it is led on.
const HOPS: usize = 3;
/// So often a busy registry is asked.
const TRIES: u32 = 3;
/// The longest that it may ask to be left alone, in seconds.
const PATIENCE: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_in_any_order() {
        let bearer = |realm: &str, service: Option<&str>| Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
        };
        for (text, wanted) in [
            ("Basic realm=\"x\"", Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            (
                "Bearer realm=\"https://a.example/t?x=1,2\",service=\"r\",scope=\"repository:a:pull,push\"",
                Some(bearer("https://a.example/t?x=1,2", Some("r"))),
            ),
            (
                "bearer scope=\"a,realm=b\", realm=https://a.example/t",
                Some(bearer("https://a.example/t", None)),
            ),
            ("Bearer service=\"r\"", None),
            ("Bearer realm=\"https://a", None),
            ("Digest realm=\"x\"", None),
            ("", None),
        ] {
            assert_eq!(Challenge::parse(text), wanted, "{text}");
        }
    }

    #[test]
    fn of_several_challenges_one_that_is_spoken_counts() {
        let bearer = |realm: &str| Challenge::Bearer {
            realm: realm.to_owned(),
            service: None,
        };
        for (headers, wanted) in [
            (
                vec!["Negotiate", "Basic realm=\"x\""],
                Some(Challenge::Basic),
            ),
            (vec!["Negotiate, Basic realm=\"x\""], Some(Challenge::Basic)),
            (
                vec!["Basic realm=\"x\"", "Bearer realm=\"https://a.example/t\""],
                Some(bearer("https://a.example/t")),
            ),
            (
                vec!["Basic realm=\"a, Bearer realm=b\", NTLM"],
                Some(Challenge::Basic),
            ),
            (
                vec![
                    "Digest realm=\"x\", nonce = \"y\", Bearer scope=\"a\", realm=\"https://a.example/t?x=1,2\"",
                ],
                Some(bearer("https://a.example/t?x=1,2")),
            ),
            (
                vec!["Bearer service=\"r\"", "Basic"],
                Some(Challenge::Basic),
            ),
            (vec!["Negotiate", "NTLM"], None),
            (vec![], None),
        ] {
            let named = headers.iter();
            let answer = Answer {
                headers: named
                    .map(|text| ("www-authenticate".to_owned(), (*text).to_owned()))
                    .collect(),
                ..Answer::default()
            };
            assert_eq!(Challenge::of(&answer), wanted, "{headers:?}");
        }
    }
}
