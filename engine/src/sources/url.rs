//! Which repository a URL means, to everybody who may read it: Git, go-git, curl and the parser of Go.
//! Opens no connection, and guesses nothing where they may differ.
//!
//! Source: Git, "GIT URLS" of `git fetch`, and its `connect.c` and `url.c`; RFC 3986, section 3; Go, `net/url`.

/// What a URL names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A repository that is fetched over the network: its host and path, the same however it is reached.
    Repository(String),
    /// The same, without a scheme: a name for people. To Git it would be a folder.
    Short(String),
    /// No repository of Git.
    Other,
    /// Readers may differ about it, for this reason.
    Unclear(&'static str),
}

/// What a URL names. Git servers that tell the case of names apart are not told apart here; Argo CD does not either.
pub(super) fn read(url: &str) -> Named {
    if url.is_empty() {
        return Named::Other;
    }
    match parts(&url.to_ascii_lowercase()) {
        Ok(named) => named,
        Err(why) => Named::Unclear(why),
    }
}

fn parts(url: &str) -> Result<Named, &'static str> {
    if let Some((scheme, rest)) = url.split_once("://") {
        let port = match scheme {
            "https" => "443",
            "http" => "80",
            "ssh" => "22",
            "git" => "9418",
            "oci" => return Ok(Named::Other),
            _ => return Err(SCHEME),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, path) = (host(authority, port)?, repository(path)?);
        return Ok(Named::Repository(format!("{host}/{path}")));
    }
    let colon = url.find(':');
    let slash = url.find('/');
    match (colon, slash) {
        (Some(at), slash) if slash.is_none_or(|slash| at < slash) => {
            let (authority, path) = url.split_at(at);
            if SCHEMES.contains(&authority) {
                return Err(SCHEME);
            }
            let path = path.strip_prefix(':').unwrap_or(path);
            let path = path.strip_prefix('/').unwrap_or(path);
            // Some readers take a port here, and a second colon names a helper to Git.
            let first = path.split('/').next().unwrap_or_default();
            let is_number = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
            if is_number
                || url
                    .get(at..)
                    .is_some_and(|rest| rest.matches(':').count() > 1)
            {
                return Err(COLON);
            }
            let (host, path) = (host(authority, "")?, repository(path)?);
            Ok(Named::Repository(format!("{host}/{path}")))
        }
        _ => {
            let (host_name, path) = url.split_once('/').unwrap_or((url, ""));
            let (host, path) = (host(host_name, "")?, repository(path)?);
            Ok(Named::Short(format!("{host}/{path}")))
        }
    }
}

/// The host of an authority, with its port where that is not the usual one.
fn host(authority: &str, usual: &str) -> Result<String, &'static str> {
    let host = match authority.split_once('@') {
        Some((user, host)) => {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || USER.contains(&byte);
            if !user.bytes().all(is_plain)
                || has_odd_escape(user, ENDING)
                || user.contains('%') && !matches!(usual, "443" | "80")
            {
                return Err(AUTHORITY);
            }
            host
        }
        None => authority,
    };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let address = name.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let is_host = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => name.split('.').all(is_label),
    };
    let is_port = |port: &str| {
        let number = port.parse::<u16>();
        !usual.is_empty() && number.is_ok_and(|number| number.to_string() == port)
    };
    match port {
        _ if !is_host => Err(AUTHORITY),
        None => Ok(name.to_owned()),
        Some(port) if !is_port(port) => Err(AUTHORITY),
        Some(port) if port == usual => Ok(name.to_owned()),
        Some(port) => Ok(format!("{name}:{port}")),
    }
}

fn is_label(label: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !label.is_empty() && !label.starts_with('-') && label.bytes().all(is_plain)
}

/// The path of a repository without what may be left out of it.
fn repository(path: &str) -> Result<String, &'static str> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let path = path.strip_suffix(".git").unwrap_or(path);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || PATH.contains(&byte);
    if !path.bytes().all(is_plain) || has_odd_escape(path, LITERAL) {
        return Err(CHARACTER);
    }
    let is_step = |step: &str| !matches!(step, "" | "." | ".." | ".git");
    match path.is_empty() || path.split('/').all(is_step) {
        true => Ok(path.to_owned()),
        false => Err(STEP),
    }
}

/// Whether a percent sign begins no escape, or one of a control, of a letter or a digit, or of one of `others`: who
/// undoes it, and who does not, take another name then.
fn has_odd_escape(text: &str, others: &[u8]) -> bool {
    text.split('%').skip(1).any(|rest| {
        let digits = rest
            .get(..2)
            .filter(|it| it.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_none_or(|byte| {
            byte.is_ascii_control() || byte.is_ascii_alphanumeric() || others.contains(&byte)
        })
    })
}

/// What may stand in a user's name and password.
const USER: &[u8] = b"-._~!$&'()*+,;=:%";
/// What may stand in a path.
const PATH: &[u8] = b"-._~!$&'()*+,=:@%/";
/// What would end a host if it were not escaped. What stands for it over SSH, Git puts in its place first.
const ENDING: &[u8] = b"/\\?#";
/// What nobody escapes, or what would part a path.
const LITERAL: &[u8] = b"-._~/\\?#%";

/// Names that would be hosts without the slashes behind them.
const SCHEMES: [&str; 6] = ["https", "http", "ssh", "git", "oci", "file"];
const SCHEME: &str = "its scheme is none of `https://`, `http://`, `ssh://`, `git://` and `oci://`";
const COLON: &str = "what stands behind the host's colon may be a port, a path or another address";
const AUTHORITY: &str = "its user, host or port are not written in plain letters, digits, `.`, `-` and `_`, or there are several of them";
const CHARACTER: &str = "its path has a blank, a `?`, `#`, `\\` or another character that ends it for some, or an escape that is not needed";
const STEP: &str = "its path has an empty step, `.`, `..` or `.git`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_many_spellings() {
        for same in [
            "https://github.com/acme/shop",
            "https://github.com/Acme/Shop.git",
            "HTTPS://GitHub.com/acme/shop",
            "https://token@github.com:443/acme/shop.git/",
            "https://user:p%40ss@github.com/acme/shop.git",
            "http://github.com:80/acme/shop",
            "ssh://git@github.com/acme/shop",
            "ssh://git@github.com:22/acme/shop.git",
            "git@github.com:acme/shop.git",
            "git@github.com:/acme/shop.git",
            "github.com:acme/shop",
        ] {
            let shop = Named::Repository("github.com/acme/shop".to_owned());
            assert_eq!(read(same), shop, "{same}");
        }
        for (url, name) in [
            (
                "https://git.example:8443/acme/shop",
                "git.example:8443/acme/shop",
            ),
            (
                "ssh://git@[2001:db8::1]:22/acme/shop",
                "[2001:db8::1]/acme/shop",
            ),
            (
                "https://dev.example/a/Two%20Words/_git/b",
                "dev.example/a/two%20words/_git/b",
            ),
            (
                "https://git.example/scm/~ann/shop.git",
                "git.example/scm/~ann/shop",
            ),
        ] {
            assert_eq!(read(url), Named::Repository(name.to_owned()), "{url}");
        }
        assert_eq!(
            read("github.com/acme/shop"),
            Named::Short("github.com/acme/shop".to_owned())
        );
    }

    #[test]
    fn what_names_another_one_is_another_one() {
        for other in [
            "https://github.com/acme/shop-eu",
            "https://github.com/acme/shop.git.git",
            "https://github.com.evil.example/acme/shop",
            "https://github.com@evil.example/acme/shop",
            "https://evil.example/github.com/acme/shop",
            "https://evil.example/@github.com/acme/shop",
            "https://github.com:8443/acme/shop",
            "https://github.com:22/acme/shop",
            "ssh://github.com:443/acme/shop",
            "https://github.com/acme",
            "github.com@evil.example:acme/shop",
            "evil.example:github.com/acme/shop",
        ] {
            match read(other) {
                Named::Repository(name) => assert_ne!(name, "github.com/acme/shop", "{other}"),
                named => panic!("{other}: {named:?}"),
            }
        }
        for none in [
            "",
            "oci://github.com/acme/shop",
            "OCI://github.com/acme/shop",
        ] {
            assert_eq!(read(none), Named::Other, "{none}");
        }
    }

    #[test]
    fn what_readers_differ_in_names_nothing() {
        for unclear in UNCLEAR {
            assert!(
                matches!(read(unclear), Named::Unclear(_)),
                "{unclear:?}: {:?}",
                read(unclear)
            );
        }
    }

    const UNCLEAR: &[&str] = &[
        "https://evil.example?@github.com/acme/shop.git",
        "https://evil.example#@github.com/acme/shop.git",
        "https://evil.example\\@github.com/acme/shop.git",
        "https://evil.example:443?@github.com:443/acme/shop.git",
        "ssh://evil.example?@github.com/acme/shop",
        "https://evil.example@x@github.com/acme/shop",
        "https://evil.example%2f@github.com/acme/shop",
        "https://evil.example%2F@github.com/acme/shop",
        "https://evil.example%00@github.com/acme/shop",
        "ssh://evil.example%40x@github.com/acme/shop",
        "evil.example%3ax@github.com:acme/shop",
        "https://a%zz@github.com/acme/shop",
        "https://git%68ub.com/acme/shop",
        "https://github.com\n.evil.example/acme/shop",
        "https://github.com\t/acme/shop",
        "https://github.com\0/acme/shop",
        "https://github.com /acme/shop",
        "https://github.com./acme/shop",
        "https://github..com/acme/shop",
        "https://\u{ff47}ithub.com/acme/shop",
        "https://gi\u{212a}.com/acme/shop",
        "https://-oProxyCommand=x/acme/shop",
        "https://[github.com]/acme/shop",
        "https://[::1%25eth0]/acme/shop",
        "https://github.com:/acme/shop",
        "https://github.com:0443/acme/shop",
        "https://github.com:65536/acme/shop",
        "https://github.com:+443/acme/shop",
        "https://github.com:acme/shop",
        "https:///acme/shop",
        "https:/github.com/acme/shop",
        "https:github.com/acme/shop",
        " https://github.com/acme/shop",
        "https://github.com/acme/shop ",
        "https://github.com/acme/shop?ref=x",
        "https://github.com/acme/shop#x",
        "https://github.com/acme/shop\\x",
        "https://github.com/acme/shop;x",
        "https://github.com/acme/sh%6fp",
        "https://github.com/acme%2fshop",
        "https://github.com/acme/shop%",
        "https://github.com/acme//shop",
        "https://github.com//acme/shop",
        "https://github.com/x/../acme/shop",
        "https://github.com/./acme/shop",
        "https://github.com/acme/shop/.git",
        "https://github.com/acme/shop//",
        "https://{{host}}/acme/shop",
        "file://github.com/acme/shop",
        "git+ssh://github.com/acme/shop",
        "ext::github.com/acme/shop",
        "https::https://github.com/acme/shop",
        "git@github.com:22/acme/shop",
        "git@github.com:22:acme/shop",
        "git@github.com::acme/shop",
        "a@git@github.com:acme/shop",
        "evil.example?@github.com:acme/shop",
        "[git@github.com]:acme/shop",
        "/github.com/acme/shop",
        "../acme/shop",
    ];
}
