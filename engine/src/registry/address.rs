//! Addresses that a registry names: where it leads to, and whether anybody goes there.
//! Knows no answer.

use std::net::{Ipv4Addr, Ipv6Addr};

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

    /// The same without what its query says under these names, however they are written, and without a fragment.
    pub(super) fn without_query(&self, names: &[&str]) -> Self {
        let target = self.target.split('#').next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let is_named = |part: &&str| {
            let name = part.split('=').next().unwrap_or_default();
            let name = percent_decoded(name);
            names
                .iter()
                .any(|it| it.as_bytes().eq_ignore_ascii_case(&name))
        };
        let left: Vec<&str> = query
            .split(['&', ';'])
            .filter(|it| !it.is_empty())
            .collect();
        let left: Vec<&str> = left.into_iter().filter(|it| !is_named(it)).collect();
        let sign = if left.is_empty() { "" } else { "?" };
        Self {
            target: format!("{path}{sign}{}", left.join("&")),
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

/// Whether an authority is, or may be read by somebody as, a number of this machine or of the link, where a registry
/// out there leads nobody. A number in any form but the plain one is refused whatever it is: `127.1`, `0x7f.1` and
/// `2130706433` are 127.0.0.1 to resolvers and browsers.
fn is_inside(authority: &str) -> bool {
    let host = super::place::host_of(authority);
    let bracketed = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(number) = bracketed {
        return number.parse::<Ipv6Addr>().map_or(true, leads_inside);
    }
    let dotted = host.trim_end_matches('.').to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if dotted.is_empty() || !dotted.bytes().all(plain) {
        return true;
    }
    if ends_in_a_number(&dotted) {
        let number = host.parse::<Ipv4Addr>();
        return number.map_or(true, |ip| is_of_this_machine(&ip));
    }
    dotted == "localhost" || dotted.ends_with(".localhost")
}

/// Whether a host is a number to those who read it as the URL standard does: its last part is one, in decimal or in
/// hexadecimal.
fn ends_in_a_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").is_some_and(|digits| {
        let mut bytes = digits.bytes();
        bytes.all(|byte| byte.is_ascii_hexdigit())
    });
    hexadecimal || !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a number of IPv6 is inside, or holds one of IPv4, which another form of it would say plainly.
fn leads_inside(ip: Ipv6Addr) -> bool {
    let translated = ip.segments().starts_with(&[0x64, 0xff9b]);
    let mapped = ip.to_ipv4().is_some();
    ip.is_loopback() || ip.is_unspecified() || ip.is_unicast_link_local() || translated || mapped
}

fn is_of_this_machine(ip: &Ipv4Addr) -> bool {
    ip.is_loopback() || ip.is_link_local() || ip.octets().first() == Some(&0)
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

/// What a name of a query says; what is no code stays as it is.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = text;
    while let Some(byte) = rest.bytes().next() {
        let code = rest.strip_prefix('%').and_then(|it| it.get(..2));
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        decoded.push(code.unwrap_or(byte));
        rest = rest
            .get(if code.is_some() { 3 } else { 1 }..)
            .unwrap_or_default();
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_loses_what_is_said_instead() {
        let there = Address::of("registry.example", "/v2/a".to_owned());
        for (text, wanted) in [
            ("/t?scope=repository:a:pull,push", "/t"),
            ("/t?a=1&SCOPE=x&b=2", "/t?a=1&b=2"),
            ("/t?sc%6fpe=x&sc%6Fpe=y&account=z", "/t?account=z"),
            ("/t?a=1;scope=x;%=1", "/t?a=1&%=1"),
            ("/t?scope", "/t"),
            ("/t?scopes=x#?scope=y", "/t?scopes=x"),
            ("/t", "/t"),
        ] {
            let left = there.join(text).unwrap().without_query(&["scope"]);
            assert_eq!(
                left.text(),
                format!("https://registry.example{wanted}"),
                "{text}"
            );
        }
    }

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
    fn numbers_lead_somewhere_in_their_plain_form_alone() {
        let there = Address::of("registry.example", "/v2/a".to_owned());
        for (host, leads) in [
            ("127.1", false),
            ("127.0.1", false),
            ("127.0.0.1.", false),
            ("2130706433", false),
            ("0x7f.1", false),
            ("0X7F000001", false),
            ("0x", false),
            ("0177.0.0.1", false),
            ("0", false),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("127.0.0.01", false),
            ("256.256.256.256", false),
            ("1.2.3.4.5", false),
            ("169.254.1", false),
            ("203.0.113.7.", false),
            ("blobs.0x7f", false),
            ("[::ffff:127.0.0.1]", false),
            ("[::127.0.0.1]", false),
            ("[::ffff:7f00:1]", false),
            ("[64:ff9b::7f00:1]", false),
            ("[::]", false),
            ("[fe80::1]", false),
            ("[fe80::1%25eth0]", false),
            ("[127.0.0.1]", false),
            ("%31%32%37.0.0.1", false),
            ("blobs.example\\x", false),
            ("LOCALHOST.", false),
            ("a.localhost", false),
            (".", false),
            ("203.0.113.7", true),
            ("203.0.113.7:5000", true),
            ("10.0.0.1", true),
            ("[2001:db8::1]:5000", true),
            ("blobs.example.", true),
            ("127.0.0.1.blobs.example", true),
            ("0x7f.example", true),
            ("7f", true),
            ("a_b.example", true),
        ] {
            let joined = there.join(&format!("https://{host}/b"));
            assert_eq!(joined.is_some(), leads, "{host}");
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
