//! Where registries may lead this process: into networks of its own only where that is allowed.
//! Opens nothing itself, and knows no registry.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Where connections go.
#[derive(Clone, Debug)]
pub(super) enum Reach {
    /// To whatever the person who runs this has named.
    Everywhere,
    /// To nowhere inside, but to these hosts (with a port, or with any): others name where it goes.
    Outside(Vec<String>),
}

/// A host that may be inside, as it is named for [`Reach::Outside`]: `HOST` or `HOST:PORT`.
pub(in crate::cli) fn allowed(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    let is_one = |text: &str| {
        let uri = format!("https://{text}/").parse::<Uri>();
        let is_whole = uri.is_ok_and(|uri| {
            let authority = uri.authority().filter(|it| it.as_str() == text);
            authority.is_some_and(|it| it.host() == text || it.port_u16().is_some())
        });
        is_whole && text.bytes().all(plain)
    };
    if is_one(text) {
        return Ok(text.to_owned());
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Err(format!("write `[{text}]`"));
    }
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = bare.split('/').next().unwrap_or_default();
    Err(match is_one(bare) {
        true => format!("a host, with a port or without, and nothing else: write `{bare}`"),
        false => "write the host of a registry, as in `registry.internal:5000`".to_owned(),
    })
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
    fn what_names_no_host_is_told_with_the_host_that_it_may_mean() {
        for text in [
            "r.internal",
            "R.internal:5000",
            "cache",
            "10.0.0.1",
            "[::1]:5000",
            "[fd00::1]",
        ] {
            assert_eq!(allowed(text), Ok(text.to_owned()));
        }
        for (text, wanted) in [
            ("http://localhost:5001", "`localhost:5001`"),
            ("https://r.internal/", "`r.internal`"),
            ("r.internal:5000/", "`r.internal:5000`"),
            ("r.internal/shop", "`r.internal`"),
            ("::1", "`[::1]`"),
            ("user@r.internal", "`registry.internal:5000`"),
            ("*.internal", "`registry.internal:5000`"),
            ("r.internal:", "`registry.internal:5000`"),
            ("r.internal:port", "`registry.internal:5000`"),
            ("http://", "`registry.internal:5000`"),
            ("", "`registry.internal:5000`"),
        ] {
            let said = allowed(text).unwrap_err();
            assert!(said.contains(wanted), "{text}: {said}");
        }
    }
}
