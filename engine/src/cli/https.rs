//! How this process speaks HTTP: to one server, over TLS, following nothing, within limits of time and size.
//! The only place that opens a socket of its own. Knows nothing of what is asked.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ureq::config::Config;
use ureq::tls::{ClientCert, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::unversioned::resolver::Resolver;
use ureq::unversioned::transport::DefaultConnector;

/// Trusts these authorities, follows no redirection, obeys no proxy, and does not wait for ever.
pub(super) fn agent(roots: RootCerts, https_only: bool, patience: Duration) -> ureq::Agent {
    agent_of(None, roots, https_only, patience)
}

/// The same, which shows a certificate where it is asked for one.
pub(super) fn agent_of(
    client: Option<ClientCert>,
    roots: RootCerts,
    https_only: bool,
    patience: Duration,
) -> ureq::Agent {
    config(client, roots, https_only, patience).new_agent()
}

/// The same, which goes where names lead as this says.
pub(super) fn agent_by(names: impl Resolver, roots: RootCerts, patience: Duration) -> ureq::Agent {
    let config = config(None, roots, false, patience);
    ureq::Agent::with_parts(config, DefaultConnector::new(), names)
}

fn config(
    client: Option<ClientCert>,
    roots: RootCerts,
    https_only: bool,
    patience: Duration,
) -> Config {
    let tls = TlsConfig::builder()
        .client_cert(client)
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(roots)
        .build();
    ureq::Agent::config_builder()
        .tls_config(tls)
        .https_only(https_only)
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(Some(patience))
        .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// The certificates of a PEM file; `None` where it holds none.
pub(super) fn roots(pem: &[u8]) -> Option<RootCerts> {
    let certificates: Vec<_> = parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    (!certificates.is_empty()).then(|| RootCerts::new_with_certs(&certificates))
}

/// A certificate with its chain, and its key, both in PEM; `None` where one of them is not.
pub(super) fn client(chain: &[u8], key: &[u8]) -> Option<ClientCert> {
    let chain: Vec<_> = parse_pem(chain)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    let key = parse_pem(key).find_map(|item| match item {
        Ok(PemItem::PrivateKey(key)) => Some(key),
        _ => None,
    });
    key.filter(|_| !chain.is_empty())
        .map(|key| ClientCert::new_with_certs(&chain, key))
}

/// The authorities that the machine trusts: those of `file` where it is given, else its own bundle.
pub(super) fn machine_roots(file: Option<&str>) -> Option<RootCerts> {
    let bundles = match file {
        Some(file) => vec![PathBuf::from(file)],
        None => BUNDLES.iter().map(PathBuf::from).collect(),
    };
    let found = bundles.iter().find_map(|path| fs::read(path).ok())?;
    roots(&found)
}

/// Whether an address may be asked: TLS, or this machine by number; whether it is TLS.
pub(super) fn is_safe(address: &str) -> Option<bool> {
    let uri: ureq::http::Uri = address.parse().ok()?;
    let authority = uri.authority()?;
    if authority.as_str().contains('@') || uri.query().is_some() {
        return None;
    }
    let host = authority.host().trim_matches(['[', ']']);
    let here = host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    match uri.scheme_str() {
        Some("https") => Some(true),
        Some("http") if here => Some(false),
        _ => None,
    }
}

/// Where Debian, Red Hat, Alpine and macOS keep them.
const BUNDLES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tls_and_this_machine_are_asked() {
        for (address, wanted) in [
            ("https://api.github.com", Some(true)),
            ("https://git.example:8443/api/v3", Some(true)),
            ("http://127.0.0.1:80", Some(false)),
            ("http://[::1]:80", Some(false)),
            ("http://api.github.com", None),
            ("http://localhost:80", None),
            ("http://127.0.0.1.evil.example", None),
            ("http://127.0.0.1@evil.example", None),
            ("https://user:word@api.github.com", None),
            ("https://api.github.com?x=", None),
            ("ftp://127.0.0.1", None),
            ("/etc/passwd", None),
            ("", None),
        ] {
            assert_eq!(is_safe(address), wanted, "{address}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_no_authority() {
        assert!(roots(b"").is_none());
        assert!(roots(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").is_none());
        assert!(machine_roots(Some("/nonexistent")).is_none());
    }
}
