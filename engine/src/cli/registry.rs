//! How this process asks a registry of OCI artifacts, and as whom.
//! Follows nothing and decides nothing: what an answer means, the store knows.

mod account;
mod helper;
mod proxies;
mod reach;

use std::cell::{Cell, OnceCell};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ureq::http::Request;
use ureq::unversioned::resolver::DefaultResolver;

use super::https;
use super::terminal::{Clock, Terminal};
use crate::git::Repository;
use crate::model::{Told, http_date};
use crate::registry::{Answer, Ask, Credentials, Failure, Method, Transport};
use account::Accounts;
use helper::Helpers;
use proxies::{NoProxy, Proxies};
pub(super) use reach::allowed;
use reach::{Inside, Reach, Watched};

/// A way to any registry.
pub(super) struct Wire {
    agent: ureq::Agent,
    accounts: Accounts,
    reach: Reach,
    proxies: Proxies,
    /// What is left of the time in which all must be done.
    left: Cell<Duration>,
    clock: Clock,
    /// What was heard of the time.
    told: OnceCell<Told>,
}

impl Wire {
    /// To the registry that whoever runs this has named: by no proxy, and running no helper.
    pub(super) fn of(terminal: &Terminal) -> Self {
        Self::new(terminal, (Reach::Everywhere, None), Proxies::default())
    }

    /// To registries that others have named, in manifests: inside only where that is allowed, by the proxy of this
    /// process, as an account that a helper may know.
    fn to_others(
        terminal: &Terminal,
        allowed: Vec<String>,
        helpers: Helpers,
    ) -> Result<Self, NoProxy> {
        let (reach, proxies) = (Reach::Outside(allowed), Proxies::of(terminal)?);
        Ok(Self::new(terminal, (reach, Some(helpers)), proxies))
    }

    /// To the registries that the manifests of a repository name; no helper is run that lies in it.
    ///
    /// # Errors
    /// A variable names a proxy that there is no way through.
    pub(super) fn to_images(
        terminal: &Terminal,
        repository: &Repository,
        allowed: Vec<String>,
    ) -> Result<Self, NoProxy> {
        let own = [Some(repository.common_dir()), repository.work_tree()];
        let own: Vec<&Path> = own.into_iter().flatten().collect();
        let helpers = Helpers::outside(&own, terminal);
        Self::to_others(terminal, allowed, helpers)
    }

    /// With the authorities that the machine trusts, and the accounts of docker's `config.json`.
    fn new(
        terminal: &Terminal,
        (reach, helpers): (Reach, Option<Helpers>),
        proxies: Proxies,
    ) -> Self {
        let roots = https::machine_roots(terminal.variable("SSL_CERT_FILE").as_deref());
        // Without authorities nobody is trusted, and only this machine is asked.
        let roots = roots.unwrap_or_else(|| ureq::tls::RootCerts::new_with_certs(&[]));
        let set = |name: &str| terminal.variable(name).filter(|value| !value.is_empty());
        let folder = set("DOCKER_CONFIG").map(PathBuf::from);
        let folder = folder.or_else(|| Some(PathBuf::from(set("HOME")?).join(".docker")));
        let names = Watched {
            reach: reach.clone(),
            proxy: proxies.authority(),
            names: DefaultResolver::default(),
        };
        Self {
            agent: https::agent_by(names, roots, LONGEST),
            accounts: Accounts::in_folder(folder, helpers),
            reach,
            proxies,
            left: Cell::new(LONGEST),
            clock: terminal.clock(),
            told: OnceCell::new(),
        }
    }

    /// Only the first answer comes soon after the process was asked what it does.
    fn hear(&self, headers: &ureq::http::HeaderMap, url: &str) {
        let text = |name| headers.get(name)?.to_str().ok();
        let Some(says) = http_date(text("date"), text("age")) else {
            return;
        };
        let host = url.split('/').nth(2).unwrap_or_default();
        self.told.get_or_init(|| Told {
            who: format!("the server {host}"),
            says,
            heard_at: self.clock.now(),
        });
    }

    fn spend(&self, began: Instant) {
        self.left
            .set(self.left.get().saturating_sub(began.elapsed()));
    }

    fn sent<B: ureq::AsSendBody>(
        &self,
        request: Result<Request<B>, ureq::http::Error>,
    ) -> Result<ureq::http::Response<ureq::Body>, Failure> {
        let request = request.map_err(|error| Failure::Unavailable(error.to_string()))?;
        let patience = self.left.get().min(LONGEST);
        let proxy = self.proxies.to(request.uri()).cloned();
        if proxy.is_some() && self.reach.by_proxy(request.uri()).is_err() {
            return Err(Failure::Inside);
        }
        let request = self.agent.configure_request(request).proxy(proxy);
        let request = request.timeout_global(Some(patience)).build();
        self.agent.run(request).map_err(|error| failure(&error))
    }

    fn asked(&self, ask: &Ask<'_>) -> Result<Answer, Failure> {
        let method = match ask.method {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
        };
        let mut request = Request::builder().method(method).uri(ask.url);
        for (name, value) in ask.headers {
            request = request.header(*name, *value);
        }
        let answer = if matches!(ask.method, Method::Get | Method::Head) {
            self.sent(request.body(()))
        } else {
            self.sent(request.body(ask.body))
        };
        let mut answer = answer?;
        let status = answer.status().as_u16();
        self.hear(answer.headers(), ask.url);
        let headers = answer.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_ascii_lowercase(), value)
        });
        let headers = headers.collect();
        let wanted = status == 200 && ask.method == Method::Get;
        Ok(Answer {
            status,
            headers,
            body: match wanted {
                true => body(answer.body_mut(), ask.most)?,
                false => Vec::new(),
            },
        })
    }
}

impl Transport for Wire {
    fn begin(&self, patience: Duration) {
        self.left.set(patience);
    }

    fn told(&self) -> Option<Told> {
        self.told.get().cloned()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "how long an answer took, not what time it is"
    )]
    fn exchange(&self, ask: &Ask<'_>) -> Result<Answer, Failure> {
        if self.left.get().is_zero() {
            return Err(Failure::Unavailable("the time is over".to_owned()));
        }
        let began = Instant::now();
        let answer = self.asked(ask);
        self.spend(began);
        answer
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "how long it waited, not what time it is"
    )]
    fn pause(&self, time: Duration) -> bool {
        if time >= self.left.get() {
            return false;
        }
        let began = Instant::now();
        std::thread::sleep(time);
        self.spend(began);
        true
    }

    fn credentials(&self, host: &str) -> Result<Option<Credentials>, Failure> {
        self.accounts.at(host).map_err(Failure::Credentials)
    }
}

/// What is sent, up to a limit.
fn body(body: &mut ureq::Body, most: usize) -> Result<Vec<u8>, Failure> {
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    // Whoever reads to the end of what just fits asks once more, which counts as beyond.
    let limited = body.with_config().limit(most.saturating_add(1));
    let bytes = limited.read_to_vec().map_err(|error| failure(&error))?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > most {
        return Err(Failure::TooLong);
    }
    Ok(bytes)
}

fn failure(error: &ureq::Error) -> Failure {
    let reason = error.to_string();
    match error {
        ureq::Error::BodyExceedsLimit(_) => Failure::TooLong,
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => Failure::Tls(reason),
        ureq::Error::Io(error) if leads_inside(error) => Failure::Inside,
        // A certificate that does not hold comes as an error of the connection.
        ureq::Error::Io(_) if reason.contains("certificate") => Failure::Tls(reason),
        _ => Failure::Unavailable(reason),
    }
}

/// Whether it is what stands in the way to this machine and private networks.
fn leads_inside(error: &std::io::Error) -> bool {
    match error.get_ref() {
        Some(cause) => cause.is::<Inside>(),
        None => false,
    }
}

/// One exchange.
const LONGEST: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
