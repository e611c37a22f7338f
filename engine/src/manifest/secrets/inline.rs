//! Secrets inside of longer texts: user and password of a URL, the value of an option or a variable, a private key in PEM.
//! Knows nothing of manifests; a text is any text.

use std::collections::BTreeSet;
use std::ops::Range;

use super::mask::{SHOWN, SHOWN_CHANGED};
use super::{SECRET_PARTS, is_secret_name};

/// The same text with `***` in the place of each secret; `None` where there is none.
///
/// ```
/// use tidegate::manifest::secrets::without_secrets;
/// let cut = without_secrets("postgres://ada:pw@db/shop").unwrap();
/// assert_eq!(cut, "postgres://***@db/shop");
/// ```
#[must_use]
pub fn without_secrets(text: &str) -> Option<String> {
    cut(text, |_| SHOWN)
}

/// The same, where another text stood before: of each secret that it did not hold the place says so.
#[must_use]
pub fn without_secrets_since(before: &str, text: &str) -> Option<String> {
    let places = hidden(before).into_iter();
    let known: BTreeSet<&str> = places.filter_map(|place| before.get(place)).collect();
    cut(text, |secret| {
        if known.contains(secret) {
            SHOWN
        } else {
            SHOWN_CHANGED
        }
    })
}

fn cut<'m>(text: &str, mark: impl Fn(&str) -> &'m str) -> Option<String> {
    let hidden = hidden(text);
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for range in &hidden {
        // One may begin inside of another.
        if range.end > end {
            shown.push_str(text.get(end..range.start).unwrap_or_default());
            shown.push_str(mark(text.get(range.clone()).unwrap_or_default()));
            end = range.end;
        }
    }
    shown.push_str(text.get(end..).unwrap_or_default());
    (!hidden.is_empty()).then_some(shown)
}

/// The places of the secrets, in order.
pub(super) fn hidden(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // How much was looked at, together: URLs in URLs, or values in values, whose ends nobody needs to
    // look for one by one.
    let mut together = 0;
    // JSON may write a slash with a backslash.
    for mark in ["://", ":\\/\\/"] {
        let mut line = Line::default();
        for (at, _) in text.match_indices(mark) {
            let start = at + mark.len();
            let (scheme, rest) = (text.get(..at), text.get(start..));
            let scheme = scheme.unwrap_or_default();
            let rest = url(scheme, rest.unwrap_or_default(), line.is_quoted(text, at));
            let length = userinfo(scheme, rest);
            found.extend(length.map(|length| start..start + length));
            together += rest.len();
            if together / NESTED > text.len() {
                return std::iter::once(0..text.len()).collect();
            }
        }
    }
    for (at, _) in text.match_indices('=') {
        let (before, after) = (text.get(..at), text.get(at + 1..));
        let length = value(before.unwrap_or_default(), after.unwrap_or_default());
        found.extend(length.map(|length| at + 1..at + 1 + length));
        together += length.unwrap_or_default();
        if together / NESTED > text.len() {
            return std::iter::once(0..text.len()).collect();
        }
    }
    found.extend(private_keys(text));
    found.sort_unstable_by_key(|range| (range.start, range.end));
    found
}

/// What stands between the first and the last line of private keys (RFC 7468); to the end where there is no last one.
fn private_keys(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut end = 0;
    for (at, mark) in text.match_indices(KEY) {
        // One that begins within another is hidden with that.
        let before = text.get(end..at).unwrap_or_default();
        let line = before.lines().next_back().unwrap_or_default();
        if !line.contains("-----BEGIN") {
            continue;
        }
        let start = at + mark.len();
        let rest = text.get(start..).unwrap_or_default();
        end = start + rest.find("-----END").unwrap_or(rest.len());
        let is_empty = text.get(start..end).unwrap_or_default().trim().is_empty();
        found.extend((!is_empty).then_some(start..end));
    }
    found
}

/// The line that is being read, as far as it was.
#[derive(Default)]
struct Line {
    read: usize,
    is_quoted: bool,
}

impl Line {
    /// Whether a quote stands before `at` on its line; asked of rising places.
    fn is_quoted(&mut self, text: &str, at: usize) -> bool {
        let more = text.get(self.read..at).unwrap_or_default();
        let (breaks, last) = more
            .rsplit_once('\n')
            .map_or((false, more), |(_, last)| (true, last));
        self.is_quoted = (self.is_quoted && !breaks) || last.contains('"');
        self.read = at;
        self.is_quoted
    }
}

/// The characters of a scheme before `://`.
fn scheme_of(before: &str) -> &str {
    let in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    before.rsplit(|c| !in_scheme(c)).next().unwrap_or_default()
}

/// What may be of the URL, of what follows its scheme. In a text that is a URL a password may hold
/// anything; in others a blank ends it, and a quote that may be a closing one.
fn url<'t>(before: &str, rest: &'t str, is_quoted: bool) -> &'t str {
    let is_all = scheme_of(before).len() == before.len();
    let is_end = |c: char| match c {
        '\n' | '\r' => true,
        '"' => is_quoted,
        '<' | '>' => !is_all,
        c => !is_all && c.is_whitespace(),
    };
    rest.split(is_end).next().unwrap_or_default()
}

/// How long user and password are, at the beginning of what follows a scheme.
fn userinfo(before: &str, rest: &str) -> Option<usize> {
    let scheme = scheme_of(before);
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let length = match authority.rfind('@') {
        Some(at) => at,
        // What follows a colon and is no port may be a password that nobody escaped.
        None if authority.starts_with('[') => return None,
        None => match authority.split_once(':')?.1 {
            port if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
                let is_database = DATABASES.iter().any(|name| scheme.starts_with(name));
                let path = rest.split(['?', '#']).next().filter(|_| is_database);
                path?.rfind('@')?
            }
            _ => rest.rfind('@')?,
        },
    };
    let user = rest.get(..length)?;
    // The user of SSH is known to everybody: `ssh://git@host`.
    let is_login = before.ends_with("ssh") && !user.contains(':');
    (!user.is_empty() && !is_login && !user.split(':').all(is_reference)).then_some(length)
}

/// How long a value is whose name sounds like a secret: `--db-password=…`, `PGPASSWORD=…`, `?token=…`.
fn value(before: &str, rest: &str) -> Option<usize> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = before.rsplit(|c| !is_name(c)).next()?;
    if !is_name_of_secret(name) {
        return None;
    }
    // An option that begins the text may be all of one argument, blanks and all.
    let is_first = name.starts_with('-') && before.len() == name.len();
    let whole = if is_first { argument(rest) } else { 0 };
    let length = word(rest).max(nested(rest)).max(whole);
    let in_query = before.strip_suffix(name)?.ends_with(['?', '&']);
    let next = rest.get(..length)?.find('&').filter(|_| in_query);
    let length = next.unwrap_or(length);
    let value = rest.get(..length)?;
    (!value.is_empty() && !is_reference(value)).then_some(length)
}

/// Whether what is set by this name is a secret, and not where to find one.
pub(super) fn is_name_of_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let is_place = PLACES.iter().any(|end| upper.ends_with(end));
    !is_place && sounds_secret(name)
}

/// Whether what is set by this name is a secret. Of names in small letters that are no options many
/// only speak of one, such as `password_encryption`; what they are stands last.
fn sounds_secret(name: &str) -> bool {
    if name.starts_with('-') || !name.contains(|c: char| c.is_ascii_lowercase()) {
        return is_secret_name(name);
    }
    let joined = name.replace(['-', '_'], "").to_ascii_uppercase();
    let last = name.rsplit(['-', '_', '.']).next().unwrap_or(name);
    let short = last.len() <= SHORT && is_secret_name(last);
    short
        || SECRET_PARTS
            .iter()
            .chain(&ALSO_SECRET)
            .any(|part| joined.ends_with(part))
}

/// How long the word is that a shell would read at the beginning: quotes join what adjoins them. One
/// that is never closed is a letter.
fn word(rest: &str) -> usize {
    let mut left = rest;
    while let Some(first) = left.chars().next() {
        let length = match first {
            '\\' => 1 + left.chars().nth(1).map_or(0, char::len_utf8),
            '\'' => left
                .get(1..)
                .and_then(|text| text.find('\''))
                .map_or(1, |at| at + 2),
            '"' => quoted(left).unwrap_or(1),
            c if c.is_whitespace() => break,
            c => c.len_utf8(),
        };
        left = left.get(length..).unwrap_or_default();
    }
    rest.len() - left.len()
}

/// How long the text in double quotes is, both included.
fn quoted(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let is_end = *c == '"' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        is_end
    });
    end.map(|(at, _)| at + 1)
}

/// The same of a word whose quotes are escaped, since it stands in quotes itself: `\"a b\"`.
fn nested(rest: &str) -> usize {
    let slashes = rest.bytes().take_while(|byte| *byte == b'\\').count();
    let quote = rest
        .get(..=slashes)
        .filter(|quote| slashes > 0 && quote.ends_with(['"', '\'']));
    let after = |quote| {
        let inner = rest.get(slashes + 1..)?;
        let end = 2 * (slashes + 1) + inner.find(quote)?;
        Some(end + word(rest.get(end..)?))
    };
    quote.and_then(after).unwrap_or_default()
}

/// How much there is before the next option.
fn argument(rest: &str) -> usize {
    let mut blanks = rest.match_indices(char::is_whitespace);
    let next = blanks.find(|(at, blank)| {
        let after = rest.get(at + blank.len()..);
        after.is_some_and(|after| after.starts_with('-'))
    });
    next.map_or(rest.len(), |(at, _)| at)
}

/// Whether the cluster, or whoever fills a template, puts something else here.
fn is_reference(text: &str) -> bool {
    let inside = |start: &str, end: char| {
        let inner = text.strip_prefix(start)?.strip_suffix(end)?;
        Some(inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    };
    inside("$(", ')').or_else(|| inside("${", '}')) == Some(true)
}

/// So often may one byte of a text be in the value of an option, on average.
const NESTED: usize = 50;
/// The longest of the short words: `pw`, `pwd`, `pass`.
const SHORT: usize = 4;
/// Schemes after which digits and a slash are rather a password than a port and a path with an `@`.
const DATABASES: [&str; 7] = [
    "postgres", "mysql", "mariadb", "mongodb", "redis", "amqp", "mssql",
];
/// Ends of names that say where a secret is.
const PLACES: [&str; 4] = ["FILE", "PATH", "DIR", "NAME"];

/// What names in small letters end in beside the parts of others.
const ALSO_SECRET: [&str; 4] = ["SECRETKEY", "PRIVATEKEY", "PASSWORDS", "PASSWORDHASH"];
/// How the first line of a private key ends, whatever kind of key it is.
const KEY: &str = "PRIVATE KEY-----";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn user_and_password_of_a_url_are_cut_and_nothing_else_of_it() {
        for (text, shown) in [
            (
                "postgres://ada:pw@db:5432/shop?ssl=on",
                "postgres://***@db:5432/shop?ssl=on",
            ),
            ("https://ghp_1@github.com/a", "https://***@github.com/a"),
            (
                "a https://u:p@h and amqp://x:y@z",
                "a https://***@h and amqp://***@z",
            ),
            (
                "kafka://a:b@h1,kafka://c:d@h2",
                "kafka://***@h1,kafka://***@h2",
            ),
            ("mysql://u:p@w@h/db", "mysql://***@h/db"),
            ("mysql://u:p/w?x@h/db", "mysql://***@h/db"),
            (r"redis:\/\/:pw@h\/0", r"redis:\/\/***@h\/0"),
            ("ssh://git:pw@h/a", "ssh://***@h/a"),
            ("http://u:a://b@h", "http://***@h"),
            ("http://u:a\tb \"c@h", "http://***@h"),
            ("db=x://u:a\"b@h", "db=x://***@h"),
            ("postgres://u:12/b@h/db", "postgres://***@h/db"),
        ] {
            assert_eq!(without_secrets(text).as_deref(), Some(shown));
        }
        for plain in [
            "https://example.com:8080/@scope/package",
            "http://[::1]:80/@x",
            "https://example.com/a b@c",
            "{\"url\":\"https://a:b\",\"mail\":\"c@d\"}",
            "ssh://git@github.com/shop/apps",
            "postgres://$(USER):$(PASSWORD)@db",
            "git@github.com:shop/apps",
            "https://@h",
            "oci://registry:5000/shop@sha256:1",
            "postgres://h:5432/db?mail=a@b",
            "://",
        ] {
            assert_eq!(without_secrets(plain), None, "{plain}");
        }
    }

    #[test]
    fn a_value_whose_name_sounds_secret_is_cut() {
        for (text, shown) in [
            ("--db-password=hunter2", "--db-password=***"),
            ("run --api_token='a b' --x=y", "run --api_token=*** --x=y"),
            ("-password=a,b\"c -v", "-password=*** -v"),
            ("--db-password=$(PW)x", "--db-password=***"),
            ("run --token='a'x1 y", "run --token=*** y"),
            (r#"run --token="a\"x1" y"#, "run --token=*** y"),
            (r"run --token=a\ x1 y", "run --token=*** y"),
            (r"run --token='a'\''b x1' y", "run --token=*** y"),
            (
                r#"sh -c "run --token=\"a x1\" y""#,
                r#"sh -c "run --token=*** y""#,
            ),
            ("--token=it's x1 -v", "--token=*** -v"),
            ("run --token=it's y", "run --token=*** y"),
            ("PGPASSWORD=x psql", "PGPASSWORD=*** psql"),
            ("host=db password='a b' x=y", "host=db password=*** x=y"),
            ("--set=db.password=x y", "--set=db.password=*** y"),
            (
                "https://h/a?api_key=x&page=2",
                "https://h/a?api_key=***&page=2",
            ),
        ] {
            assert_eq!(without_secrets(text).as_deref(), Some(shown));
        }
        for plain in [
            "--db-password=$(DB_PASSWORD)",
            "--db-password=",
            "--token-auth-file=/run/x",
            "--workers=4",
            "password_encryption=on",
            "token_ttl=60 secretName=a TOKEN_FILE=/run/x",
        ] {
            assert_eq!(without_secrets(plain), None, "{plain}");
        }
    }

    #[test]
    fn a_private_key_is_cut_between_its_lines() {
        for (text, shown) in [
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMIIB\nx=\n-----END RSA PRIVATE KEY-----\nshown",
                Some("-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nshown"),
            ),
            (
                "key: |\n  -----BEGIN OPENSSH PRIVATE KEY-----\n  b3Bl",
                Some("key: |\n  -----BEGIN OPENSSH PRIVATE KEY-----***"),
            ),
            (
                "-----BEGIN PRIVATE KEY-----\\nMIIB\\n-----END PRIVATE KEY-----\\n-----BEGIN EC PRIVATE KEY-----\\nMHcC\\n-----END EC PRIVATE KEY-----",
                Some(
                    "-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----\\n-----BEGIN EC PRIVATE KEY-----***-----END EC PRIVATE KEY-----",
                ),
            ),
            (
                "-----BEGIN PUBLIC KEY-----\nMFk\n-----END PUBLIC KEY-----",
                None,
            ),
            (
                "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
                None,
            ),
            ("a PRIVATE KEY----- is no key", None),
        ] {
            assert_eq!(without_secrets(text).as_deref(), shown, "{text}");
        }
    }

    #[test]
    fn values_in_values_and_urls_in_urls_are_hidden_together_and_soon() {
        for (part, shown) in [
            ("--token='", Some(SHOWN)),
            ("x://u:", Some(SHOWN)),
            ("x:\\/\\/", Some(SHOWN)),
            ("\"x://u:", None),
        ] {
            let text = part.repeat(10_000);
            assert_eq!(without_secrets(&text).as_deref(), shown, "{part}");
        }
    }

    #[test]
    fn a_quote_counts_on_its_own_line() {
        let text = "a: \"x://u:p\"b@h\nb: x://u:p\"b@h\nc: \"y\" x://u:p\"b@h";
        assert_eq!(
            without_secrets(text).unwrap(),
            "a: \"x://u:p\"b@h\nb: x://***@h\nc: \"y\" x://u:p\"b@h"
        );
    }

    #[test]
    fn a_secret_that_did_not_stand_there_before_says_so() {
        let [old, new] = ["a", "b"].map(|pw| format!("x://u:{pw}@h x://u:c@h --token={pw} z={pw}"));
        assert_eq!(
            without_secrets_since(&old, &new).unwrap(),
            "x://*** (changed)@h x://***@h --token=*** (changed) z=b"
        );
        assert_eq!(without_secrets_since(&old, &old), without_secrets(&old));
        assert_eq!(without_secrets_since(&old, "plain"), None);
    }

    proptest! {
        #[test]
        fn a_canary_in_a_place_of_secrets_is_never_left(
            scheme in "[a-z]{1,8}", user in "[a-z$:%]{0,6}", host in "[a-z.]{1,8}",
            before in "\\PC{0,12}", after in "[ /?#]\\PC{0,12}",
        ) {
            let url = format!("{before} {scheme}://{user}:C4NARY@{host}{after}");
            let option = format!("{before} --{scheme}-token=C4NARY {after}");
            for text in [url, option] {
                let shown = without_secrets(&text).unwrap_or_default();
                prop_assert!(!shown.contains("C4NARY") && shown.contains(SHOWN), "{text} {shown}");
            }
        }

        #[test]
        fn any_text_is_cut_and_what_was_cut_stays(text in "(\\PC|://|@|-token=|:){0,30}") {
            if let Some(shown) = without_secrets(&text) {
                prop_assert!(shown.contains(SHOWN));
            }
        }
    }
}
