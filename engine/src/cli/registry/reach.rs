//! Where registries may lead this process: past proxies, and into networks of its own only where that is allowed.
//! Opens nothing itself, and knows no registry.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::cli::terminal::Terminal;

/// Where connections go.
#[derive(Clone, Debug)]
pub(super) enum Reach {
    /// To whatever the person who runs this has named.
    Everywhere,
    /// To nowhere inside, but to these hosts (with a port, or with any): others name where it goes.
    Outside(Vec<String>),
}

/// Looks a name up, and takes no address that it may not have. What is asked is what was looked up, so that no second
/// answer counts.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) reach: Reach,
    /// The proxy, which may be anywhere.
    pub(super) proxy: Option<String>,
    pub(super) names: DefaultResolver,
}

impl Resolver for Watched {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        let authority = uri.authority().map_or("", |it| it.as_str());
        let named = self.proxy.as_deref() == Some(authority);
        let inside = found.iter().any(|address| is_inside(address.ip()));
        match inside && !named && !self.reach.allows(uri) {
            true => Err(ureq::Error::Io(io::Error::other(Inside))),
            false => Ok(found),
        }
    }
}

impl Reach {
    /// Whether it may be inside.
    fn allows(&self, uri: &Uri) -> bool {
        let Self::Outside(allowed) = self else {
            return true;
        };
        let (host, port) = (uri.host().unwrap_or_default(), uri.port_u16());
        let usual = if uri.scheme_str() == Some("http") {
            80
        } else {
            443
        };
        let whole = format!("{host}:{}", port.unwrap_or(usual));
        let is =
            |name: &String| name.eq_ignore_ascii_case(host) || name.eq_ignore_ascii_case(&whole);
        allowed.iter().any(is)
    }

    /// Whether a host may be asked by way of a proxy, which looks names up by itself: a number says where it is.
    pub(super) fn by_proxy(&self, uri: &Uri) -> Result<(), Inside> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let inside = host.parse::<IpAddr>().is_ok_and(is_inside);
        match inside && !self.allows(uri) {
            true => Err(Inside),
            false => Ok(()),
        }
    }
}

/// It leads inside.
#[derive(Debug)]
pub(super) struct Inside;

impl fmt::Display for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is this machine, or in a private network")
    }
}

impl std::error::Error for Inside {}

/// The proxy of this process, and what is asked without it, as `HTTPS_PROXY` and `NO_PROXY` say.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies {
    proxy: Option<ureq::Proxy>,
    without: Vec<String>,
}

impl Proxies {
    /// As the variables say; an address that is none is none.
    pub(super) fn of(terminal: &Terminal) -> Self {
        let either = |names: [&str; 2]| {
            let mut values = names.iter().filter_map(|name| terminal.variable(name));
            values.find(|value| !value.is_empty())
        };
        let proxy = either(["HTTPS_PROXY", "https_proxy"]);
        let proxy = proxy.or_else(|| either(["ALL_PROXY", "all_proxy"]));
        let without = either(["NO_PROXY", "no_proxy"]).unwrap_or_default();
        Self::new(proxy.as_deref(), &without)
    }

    fn new(proxy: Option<&str>, without: &str) -> Self {
        let hosts = without.split(',').map(str::trim);
        Self {
            proxy: proxy.and_then(|text| ureq::Proxy::new(text).ok()),
            without: hosts
                .filter(|host| !host.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }

    /// The proxy by which an address is asked: none for this machine, and none for what is asked in the clear.
    pub(super) fn to(&self, uri: &Uri) -> Option<&ureq::Proxy> {
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

/// Whether an address is of this machine, of its link or of a private network, or of no host at all.
fn is_inside(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_inside_v4(ip),
        IpAddr::V6(ip) => is_inside_v6(ip),
    }
}

fn is_inside_v4(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    // 100.64.0.0/10 is what providers and clouds have of their own.
    let shared = first == 100 && (64..128).contains(&second);
    first == 0
        || shared
        || ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
}

fn is_inside_v6(ip: Ipv6Addr) -> bool {
    let [first, second, .., seventh, eighth] = ip.segments();
    let embedded = || {
        let [a, b] = seventh.to_be_bytes();
        let [c, d] = eighth.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    // An address of the other family within this one leads where that leads.
    let translated = (first, second) == (0x64, 0xff9b) || ip.to_ipv4().is_some();
    ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || ip.is_unique_local()
        || ip.is_unicast_link_local()
        || translated && is_inside_v4(embedded())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn private_ranges_are_inside_in_every_form() {
        for (text, inside) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("10.1.2.3", true),
            ("172.16.0.1", true),
            ("172.32.0.1", false),
            ("192.168.1.1", true),
            ("169.254.169.254", true),
            ("100.64.0.1", true),
            ("100.128.0.1", false),
            ("0.0.0.0", true),
            ("255.255.255.255", true),
            ("224.0.0.1", true),
            ("203.0.113.7", false),
            ("::1", true),
            ("::", true),
            ("fe80::1", true),
            ("fd00:ec2::254", true),
            ("ff02::1", true),
            ("::ffff:10.0.0.1", true),
            ("::ffff:203.0.113.7", false),
            ("64:ff9b::a00:1", true),
            ("64:ff9b::cb00:7107", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_inside(text.parse().unwrap()), inside, "{text}");
        }
    }

    #[test]
    fn what_is_allowed_is_a_host_and_no_part_of_one() {
        let reach = Reach::Outside(vec![
            "cache.internal".to_owned(),
            "127.0.0.1:5000".to_owned(),
        ]);
        for (address, allowed) in [
            ("https://cache.internal/v2/", true),
            ("https://CACHE.internal:5000/v2/", true),
            ("https://x.cache.internal/v2/", false),
            ("https://cache.internal.example/v2/", false),
            ("http://127.0.0.1:5000/v2/", true),
            ("http://127.0.0.1:5001/v2/", false),
            ("http://127.0.0.1/v2/", false),
        ] {
            assert_eq!(reach.allows(&uri(address)), allowed, "{address}");
            assert!(Reach::Everywhere.allows(&uri(address)));
        }
        assert!(reach.by_proxy(&uri("https://10.0.0.1/v2/")).is_err());
        assert!(reach.by_proxy(&uri("https://[fd00::1]/v2/")).is_err());
        assert!(reach.by_proxy(&uri("https://registry.example/v2/")).is_ok());
    }

    #[test]
    fn a_proxy_is_for_others_and_for_tls_alone() {
        let proxies = Proxies::new(
            Some("http://proxy.internal:3128"),
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
            Proxies::new(Some("http://proxy.internal"), "*")
                .to(&uri("https://r.example"))
                .is_none()
        );
        assert!(
            Proxies::new(None, "")
                .to(&uri("https://r.example"))
                .is_none()
        );
    }
}
