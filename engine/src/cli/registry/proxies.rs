//! The proxy of this process: by which a registry is asked that others have named, and which are asked without it.
//! Opens nothing itself. What was asked for and cannot be had is an error: nobody is asked past it.

use std::net::IpAddr;

use ureq::http::Uri;
use ureq::{Proxy, ProxyProtocol};

use crate::cli::terminal::Terminal;

/// A variable that names a proxy which there is no way through.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{name}` names no proxy that can be used: {why}")]
#[diagnostic(
    code(usage::proxy),
    help("write `http://HOST:PORT`, or `https://` for a proxy that speaks TLS; or unset it")
)]
pub(in crate::cli) struct NoProxy {
    name: &'static str,
    // What it says may hold a password, so it is not shown.
    why: &'static str,
}

/// The proxy of this process, and what is asked without it, as `HTTPS_PROXY` and `NO_PROXY` say.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies {
    proxy: Option<Proxy>,
    without: Vec<String>,
}

impl Proxies {
    /// As the variables say.
    pub(super) fn of(terminal: &Terminal) -> Result<Self, NoProxy> {
        let first = |names: &[&'static str]| {
            let mut values = names.iter().map(|name| (*name, terminal.variable(name)));
            values.find_map(|(name, value)| Some((name, value.filter(|it| !it.is_empty())?)))
        };
        let proxy = first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]);
        let proxy = proxy.map(|(name, value)| {
            let proxy = read(&value);
            proxy.map_err(|why| NoProxy { name, why })
        });
        let without = first(&["NO_PROXY", "no_proxy"]);
        let without = without.map(|(_, value)| value).unwrap_or_default();
        Ok(Self::new(proxy.transpose()?, &without))
    }

    fn new(proxy: Option<Proxy>, without: &str) -> Self {
        let hosts = without.split(',').map(str::trim);
        Self {
            proxy,
            without: hosts
                .filter(|host| !host.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }

    /// The proxy by which an address is asked: none for this machine, and none for what is asked in the clear.
    pub(super) fn to(&self, uri: &Uri) -> Option<&Proxy> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let without = here
            || uri.scheme_str() != Some("https")
            || self.without.iter().any(|name| is_below(host, name));
        self.proxy.as_ref().filter(|_| !without)
    }

    /// Where the proxy is.
    pub(super) fn authority(&self) -> Option<String> {
        let proxy = self.proxy.as_ref()?;
        Some(proxy.uri().authority()?.as_str().to_owned())
    }
}

fn read(text: &str) -> Result<Proxy, &'static str> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    let proxy = is_plain.then(|| Proxy::new(text).ok()).flatten();
    let proxy = proxy.ok_or("it is no address of one")?;
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => Ok(proxy),
        _ => Err("SOCKS is not spoken"),
    }
}

/// Whether `NO_PROXY` means a host by this word: all, itself, or what is below it.
fn is_below(host: &str, word: &str) -> bool {
    let word = word
        .strip_prefix('*')
        .unwrap_or(word)
        .trim_start_matches('.');
    let (host, word) = (host.to_ascii_lowercase(), word.to_ascii_lowercase());
    let above = host.strip_suffix(word.as_str());
    word.is_empty() || above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn a_proxy_is_for_others_and_for_tls_alone() {
        let proxies = Proxies::new(
            read("http://proxy.internal:3128").ok(),
            "a.example, .b.example,*.c.example",
        );
        for (address, by_proxy) in [
            ("https://registry.example/v2/", true),
            ("http://registry.example/v2/", false),
            ("https://localhost:5000/v2/", false),
            ("https://[::1]:5000/v2/", false),
            ("https://a.example/v2/", false),
            ("https://x.a.example:443/v2/", false),
            ("https://xa.example/v2/", true),
            ("https://x.B.example/v2/", false),
            ("https://x.c.example/v2/", false),
        ] {
            assert_eq!(proxies.to(&uri(address)).is_some(), by_proxy, "{address}");
        }
        assert_eq!(proxies.authority().as_deref(), Some("proxy.internal:3128"));
        assert!(
            Proxies::new(read("http://proxy.internal").ok(), "*")
                .to(&uri("https://r.example"))
                .is_none()
        );
        assert!(
            Proxies::new(None, "")
                .to(&uri("https://r.example"))
                .is_none()
        );
    }

    #[test]
    fn a_proxy_that_there_is_no_way_through_is_not_left_out() {
        for text in [
            "proxy.internal:3128",
            "http://proxy.internal:3128/",
            "HTTPS://ci:word@proxy.internal",
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
        for text in [
            "socks5://127.0.0.1:9",
            "socks5h://127.0.0.1:9",
            "socks4://127.0.0.1:9",
            "socks4a://127.0.0.1:9",
            "socks://127.0.0.1:9",
            "ftp://127.0.0.1:9",
            "proxy host",
            "http://proxy host:3128",
            "http://",
            "/proxy",
            "http://pr\u{fffd}xy",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
