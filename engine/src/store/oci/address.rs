//! Addresses that a registry names: where it leads to, and whether anybody goes there.
//! Knows no answer.

use super::place::is_here;

/// An address of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    secure: bool,
    pub(super) authority: String,
    /// Path and query.
    target: String,
}

impl Address {
    /// The address of a path at a registry: TLS, except on this machine.
    pub(super) fn of(authority: &str, target: String) -> Self {
        Self {
            secure: !is_here(authority),
            authority: authority.to_owned(),
            target,
        }
    }

    /// What `text` says, seen from this address; `None` where nobody goes: another scheme, no TLS where
    /// this machine was not what was asked, an account in the address.
    pub(super) fn join(&self, text: &str) -> Option<Self> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        if text.starts_with('/') && !text.starts_with("//") {
            return Some(Self {
                target: text.to_owned(),
                ..self.clone()
            });
        }
        let (scheme, rest) = text.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(end)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" if !self.secure && is_here(authority) => false,
            _ => return None,
        };
        if authority.is_empty() || authority.contains('@') || (self.secure && is_inside(authority))
        {
            return None;
        }
        let target = match target.starts_with('/') {
            true => target.to_owned(),
            false => format!("/{target}"),
        };
        Some(Self {
            secure,
            authority: authority.to_ascii_lowercase(),
            target,
        })
    }

    /// The same with one more part of the query.
    pub(super) fn with_query(&self, query: &str) -> Self {
        let sign = if self.target.contains('?') { '&' } else { '?' };
        Self {
            target: format!("{}{sign}{query}", self.target),
            ..self.clone()
        }
    }

    /// As it is asked for.
    pub(super) fn text(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority, self.target)
    }

    /// As it is shown: without the query, in which signatures stand.
    pub(super) fn shown(&self) -> String {
        let path = self.target.split(['?', '#']).next().unwrap_or_default();
        format!("{}{path}", self.authority)
    }
}

/// Whether an authority is a number of this machine or of the link, where a registry out there leads nobody.
fn is_inside(authority: &str) -> bool {
    let host = super::place::host_of(authority).trim_matches(['[', ']']);
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => {
            ip.is_loopback() || ip.is_link_local() || ip.is_unspecified()
        }
        Ok(std::net::IpAddr::V6(ip)) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unicast_link_local()
                || ip.to_ipv4_mapped().is_some()
        }
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Percent-encodes a value of a query.
pub(super) fn query_value(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_leads_to_tls_elsewhere_and_never_inside() {
        let there = Address::of("registry.example", "/v2/a".to_owned());
        for (text, wanted) in [
            ("/v2/b?x=1", Some("https://registry.example/v2/b?x=1")),
            (
                "https://blobs.example/b?s=1",
                Some("https://blobs.example/b?s=1"),
            ),
            (
                "https://blobs.example?s=1",
                Some("https://blobs.example/?s=1"),
            ),
            ("HTTPS://Blobs.example/B", Some("https://blobs.example/B")),
            ("http://registry.example/v2/b", None),
            ("http://127.0.0.1/b", None),
            ("https://127.0.0.1/b", None),
            ("https://[::1]:80/b", None),
            ("https://[::ffff:127.0.0.1]/b", None),
            ("https://169.254.169.254/latest", None),
            ("https://localhost/b", None),
            ("https://localhost./b", None),
            ("https://user:word@blobs.example/b", None),
            ("//blobs.example/b", None),
            ("file:///etc/passwd", None),
            ("b", None),
            ("", None),
            ("/v2/b\r\nX: y", None),
        ] {
            let joined = there.join(text).map(|address| address.text());
            assert_eq!(joined.as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn this_machine_leads_to_itself() {
        let here = Address::of("127.0.0.1:5000", "/v2/a".to_owned());
        assert_eq!(here.text(), "http://127.0.0.1:5000/v2/a");
        for (text, wanted) in [
            ("http://127.0.0.1:5001/b", true),
            ("https://blobs.example/b", true),
            ("http://10.0.0.1/b", false),
            ("http://registry.example/b", false),
        ] {
            assert_eq!(here.join(text).is_some(), wanted, "{text}");
        }
    }

    #[test]
    fn queries_are_added_and_not_shown() {
        let address = Address::of("r.example", "/u?a=b".to_owned()).with_query("c=d");
        assert_eq!(address.text(), "https://r.example/u?a=b&c=d");
        assert_eq!(address.shown(), "r.example/u");
        let address = Address::of("r.example", "/u".to_owned()).with_query("c=d");
        assert_eq!(address.text(), "https://r.example/u?c=d");
        assert_eq!(query_value("a b:c/é"), "a%20b%3Ac%2F%C3%A9");
    }
}
