//! An API server, that of the cluster in which this process runs or of a kubeconfig: a GET at a time.
//! Knows nothing of what it fetches.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use ureq::tls::RootCerts;

use super::https;
use super::kubeconfig::{Kubeconfig, User};
use crate::model::limits;

/// An API server and the right to ask it.
pub(super) struct Cluster {
    agent: ureq::Agent,
    address: String,
    token: String,
}

/// Why an Application could not be fetched.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(super) enum ClusterError {
    #[error("`{text}` names no Application")]
    #[diagnostic(
        code(usage::application),
        help("give NAMESPACE/NAME, as in `argocd/shop-prod`")
    )]
    Name { text: String },
    #[error("this is no pod with a service account: {what}")]
    #[diagnostic(
        code(argo::no_cluster),
        help(
            "`--application` asks the API server of the pod's own cluster; elsewhere, give `--revision` and `--deployed`"
        )
    )]
    NoPod { what: String },
    #[error("the API server answers {status} for the Application `{name}`")]
    #[diagnostic(
        code(argo::denied),
        help(
            "check the name, and that the Job's service account may `get` exactly this Application"
        )
    )]
    Denied { status: u16, name: String },
    #[error("the API server cannot be asked: {reason}")]
    #[diagnostic(code(net::unavailable), help("try again; nothing was admitted"))]
    Unavailable { reason: String },
    #[error(
        "the API server says more than {} of the Application",
        limits::APPLICATION
    )]
    #[diagnostic(
        code(argo::status),
        help("give `--revision` and `--deployed`, or let the Application keep less history")
    )]
    TooLong,
    #[error("`{path}` does not say which API server to ask, and as whom: {what}")]
    #[diagnostic(
        code(cluster::kubeconfig),
        help(
            "`--kubeconfig` names a file with a server, its authority, and a token or a certificate"
        )
    )]
    Kubeconfig { path: String, what: String },
    #[error("the API server answers {status} for `{what}`")]
    #[diagnostic(
        code(cluster::denied),
        help(
            "who asks needs the verbs `get` and `list` on this in every namespace; a ClusterRole with nothing else is enough"
        )
    )]
    NotAllowed { status: u16, what: String },
    #[error("what the API server answers for `{what}` cannot be read")]
    #[diagnostic(
        code(cluster::answer),
        help("look at the address: something else may answer there")
    )]
    NotRead { what: String },
    #[error("the API server knows neither Applications of Argo CD nor Kustomizations of Flux")]
    #[diagnostic(
        code(cluster::no_deployer),
        help("ask that of the cluster in which Argo CD or Flux runs: `--kubeconfig` names it")
    )]
    NoDeployer,
    #[error("the API server says more than {} of the cluster", limits::CLUSTER)]
    #[diagnostic(
        code(cluster::large),
        help("ask without `--online`: the files alone are read then")
    )]
    Large,
    #[error("the API server gives `{found}` for its date")]
    #[diagnostic(
        code(clock::unclear),
        help(
            "nothing was admitted: whatever answers in its place must leave the header `Date` as it is, or out"
        )
    )]
    Date { found: String },
    #[error("the API server is not the one whose authority the service account names: {reason}")]
    #[diagnostic(code(argo::tls), help("check `ca.crt` of the service account"))]
    Tls { reason: String },
}

/// What an API server answers.
pub(super) struct Told {
    pub(super) document: String,
    /// When, by its own clock; nothing where a proxy keeps that to itself.
    pub(super) date: Option<Timestamp>,
}

impl Cluster {
    /// What the kubelet gives a pod: a token and an authority in `folder`, an address beside.
    pub(super) fn of_pod(
        folder: &Path,
        host: Option<String>,
        port: Option<String>,
    ) -> Result<Self, ClusterError> {
        let (Some(host), Some(port)) = (host, port) else {
            return Err(no_pod("KUBERNETES_SERVICE_HOST and _PORT are not set"));
        };
        let port: u16 = port
            .parse()
            .map_err(|_| no_pod("KUBERNETES_SERVICE_PORT is no number"))?;
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path)
                .map_err(|error| no_pod(&format!("`{}`: {error}", path.display())))
        };
        let address = match host.parse() {
            Ok(IpAddr::V6(host)) => format!("https://[{host}]:{port}"),
            _ => format!("https://{host}:{port}"),
        };
        let authority = https::roots(read("ca.crt")?.as_bytes());
        let authority = authority.ok_or_else(|| no_pod("`ca.crt` holds no certificate"))?;
        Ok(Self {
            agent: https::agent(authority, true, PATIENCE),
            address,
            token: read("token")?.trim().to_owned(),
        })
    }

    /// What a kubeconfig says. Without TLS, only this machine is asked.
    pub(super) fn of_kubeconfig(config: Kubeconfig) -> Result<Self, ClusterError> {
        let wrong = |what: &str| ClusterError::Kubeconfig {
            path: config.server.clone(),
            what: what.to_owned(),
        };
        let tls = https::is_safe(&config.server);
        let tls = tls.ok_or_else(|| wrong("it is no address with TLS, or of this machine"))?;
        let roots = match &config.authority {
            Some(pem) => https::roots(pem),
            None => https::machine_roots(None),
        };
        let roots = match (roots, tls) {
            (Some(roots), _) => roots,
            (None, false) => RootCerts::new_with_certs(&[]),
            (None, true) => return Err(wrong("it names no authority that can be read")),
        };
        let (client, token) = match &config.user {
            User::Token(token) => (None, token.clone()),
            User::Certificate { chain, key } => {
                let client = https::client(chain, key);
                let client = client.ok_or_else(|| wrong("its certificate or key is no PEM"))?;
                (Some(client), String::new())
            }
            User::Nobody => (None, String::new()),
        };
        Ok(Self {
            agent: https::agent_of(client, roots, tls, PATIENCE),
            address: config.server,
            token,
        })
    }

    /// What lies at a path, of at most so many bytes; nothing where there is none. `what` is it for people.
    pub(super) fn get(
        &self,
        path: &str,
        what: &str,
        most: usize,
    ) -> Result<Option<String>, ClusterError> {
        let mut request = self
            .agent
            .get(format!("{}/{path}", self.address))
            .header("Accept", "application/json");
        if !self.token.is_empty() {
            request = request.header("Authorization", format!("Bearer {}", self.token));
        }
        let mut response = request.call().map_err(|error| unavailable(&error))?;
        match response.status().as_u16() {
            200 => {
                let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
                let body = response.body_mut().with_config().limit(limit);
                let text = body.read_to_string().map_err(|error| match error {
                    ureq::Error::BodyExceedsLimit(_) => ClusterError::Large,
                    other => unavailable(&other),
                })?;
                Ok(Some(text))
            }
            404 => Ok(None),
            status @ (429 | 500..) => Err(ClusterError::Unavailable {
                reason: format!("it answers {status}"),
            }),
            status => Err(ClusterError::NotAllowed {
                status,
                what: what.to_owned(),
            }),
        }
    }

    /// The document of an Application as the API server has it now.
    pub(super) fn application(&self, namespace: &str, name: &str) -> Result<Told, ClusterError> {
        let path = format!("apis/argoproj.io/v1alpha1/namespaces/{namespace}/applications/{name}");
        let mut response = self
            .agent
            .get(format!("{}/{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Accept", "application/json")
            .call()
            .map_err(|error| unavailable(&error))?;
        match response.status().as_u16() {
            200 => Ok(Told {
                date: date(response.headers().get("date"))?,
                document: document(response.body_mut())?,
            }),
            status @ (429 | 500..) => Err(ClusterError::Unavailable {
                reason: format!("it answers {status}"),
            }),
            status => Err(ClusterError::Denied {
                status,
                name: format!("{namespace}/{name}"),
            }),
        }
    }
}

fn date(header: Option<&ureq::http::HeaderValue>) -> Result<Option<Timestamp>, ClusterError> {
    let Some(header) = header else {
        return Ok(None);
    };
    let text = header.to_str().unwrap_or_default();
    let read = rfc2822::DateTimeParser::new().parse_timestamp(text);
    read.map(Some).map_err(|_| ClusterError::Date {
        found: text.chars().take(80).collect(),
    })
}

/// Splits `NAMESPACE/NAME`, both of which become part of an address.
pub(super) fn application_name(text: &str) -> Result<(&str, &str), ClusterError> {
    let is_name = |part: &str| {
        !part.is_empty()
            && part.len() <= 253
            && !part.starts_with(['.', '-'])
            && part
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
    };
    text.split_once('/')
        .filter(|(namespace, name)| is_name(namespace) && is_name(name))
        .ok_or_else(|| ClusterError::Name {
            text: text.chars().take(80).collect(),
        })
}

fn document(body: &mut ureq::Body) -> Result<String, ClusterError> {
    // Whoever reads to the end of what just fits asks once more, which counts as beyond.
    let limited = body.with_config().limit(limits::APPLICATION.wide() + 1);
    limited
        .read_to_string()
        .map_err(|error| unavailable(&error))
}

fn unavailable(error: &ureq::Error) -> ClusterError {
    let reason = error.to_string();
    match error {
        ureq::Error::BodyExceedsLimit(_) => ClusterError::TooLong,
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => ClusterError::Tls { reason },
        // A certificate that does not hold comes as an error of the connection.
        ureq::Error::Io(_) if reason.contains("certificate") => ClusterError::Tls { reason },
        _ => ClusterError::Unavailable { reason },
    }
}

fn no_pod(what: &str) -> ClusterError {
    ClusterError::NoPod {
        what: what.to_owned(),
    }
}

/// Where a pod finds its service account.
pub(super) const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const PATIENCE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    #[test]
    fn an_application_is_read_up_to_the_limit() {
        let most = limits::APPLICATION.most;
        for (length, refused) in [(most, false), (most + 1, true), (10 * most, true)] {
            let mut body = ureq::Body::builder().data("x".repeat(length));
            match document(&mut body) {
                Ok(text) => assert!(!refused && text.len() == length),
                Err(error) => assert!(refused && code_of(&error) == "argo.status", "{error}"),
            }
        }
    }

    #[test]
    fn the_date_of_an_answer_is_read_as_http_writes_it() {
        let read = |text: &str| date(Some(&text.parse().unwrap()));
        let at = read("Fri, 20 Nov 2026 12:00:00 GMT").unwrap().unwrap();
        assert_eq!(at.to_string(), "2026-11-20T12:00:00Z");
        assert_eq!(date(None).unwrap(), None);
        for text in ["", "today", "1795176000", "2026-11-20T12:00:00Z"] {
            assert_eq!(code_of(&read(text).unwrap_err()), "clock.unclear", "{text}");
        }
    }

    #[test]
    fn a_name_cannot_lead_to_another_address() {
        assert_eq!(
            application_name("argocd/shop-prod").unwrap(),
            ("argocd", "shop-prod")
        );
        for text in [
            "shop", "a/b/c", "/b", "a/", "a/../b", "a/b?x=1", "A/b", "a/b%2f", "a/..",
        ] {
            assert!(application_name(text).is_err(), "{text}");
        }
    }
}
