//! The accounts of docker's `config.json`: which user and password are for which host.
//! Runs a credential helper only where it is told which may be run.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::helper::Helpers;
use crate::registry::Credentials;
use crate::report::sanitise;

/// A `config.json` that is read when an account is needed.
pub(super) struct Accounts {
    file: Option<PathBuf>,
    helpers: Option<Helpers>,
}

/// What of the file counts here; others write it, with more in it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    #[serde(default)]
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
struct Entry {
    #[serde(default)]
    auth: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    identitytoken: Option<String>,
}

impl Accounts {
    pub(super) fn in_folder(folder: Option<PathBuf>, helpers: Option<Helpers>) -> Self {
        Self {
            file: folder.map(|folder| folder.join("config.json")),
            helpers,
        }
    }

    /// The account at a host; `None` where the file names none.
    pub(super) fn at(&self, host: &str) -> Result<Option<Credentials>, String> {
        match self.text()? {
            Some(text) => in_text(&text, host, self.helpers.as_ref()),
            None => Ok(None),
        }
    }

    fn text(&self) -> Result<Option<Zeroizing<String>>, String> {
        let Some(path) = &self.file else {
            return Ok(None);
        };
        let mut text = Zeroizing::new(String::new());
        let read = std::fs::File::open(path)
            .and_then(|file| file.take(MOST + 1).read_to_string(&mut text));
        match read {
            Ok(length) if u64::try_from(length).is_ok_and(|length| length <= MOST) => {
                Ok(Some(text))
            }
            Ok(_) => Err(format!("`{}` is longer than {MOST} bytes", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("`{}`: {error}", path.display())),
        }
    }
}

fn in_text(
    text: &str,
    host: &str,
    helpers: Option<&Helpers>,
) -> Result<Option<Credentials>, String> {
    // What stands there is secret, so no word of it is shown.
    let config: Config = serde_json::from_str(text).map_err(|error| {
        format!(
            "`config.json` is not docker's: line {}, column {}",
            error.line(),
            error.column()
        )
    })?;
    let entry = config.auths.iter().find(|(name, _)| is_for(name, host));
    let entry = entry.map(|(_, entry)| entry);
    match entry.map(account).transpose()?.flatten() {
        Some(account) => return Ok(Some(account)),
        None if entry.is_some_and(|entry| entry.identitytoken.is_some()) => {
            return Err("`config.json` has an identity token for it, and no password".to_owned());
        }
        None => {}
    }
    let helper = config
        .cred_helpers
        .iter()
        .find(|(name, _)| is_for(name, host));
    let store = config.creds_store.as_ref().filter(|_| entry.is_some());
    if entry.is_none()
        && helper.is_none()
        && let Some(name) = of_paths(&config, host)
    {
        return Err(format!(
            "`config.json` has accounts for paths there alone, such as `{}`, and none of them is sent for another path: name the host itself, `{host}`",
            sanitise::line(name)
        ));
    }
    match (helper.map(|(_, helper)| helper).or(store), helpers) {
        (Some(helper), Some(helpers)) => {
            let known = if HUB.contains(&host) { HUB_KEY } else { host };
            helpers.ask(helper, known)
        }
        (Some(helper), None) => Err(format!(
            "`config.json` leaves it to the program `docker-credential-{helper}`"
        )),
        (None, _) => Ok(None),
    }
}

fn account(entry: &Entry) -> Result<Option<Credentials>, String> {
    if let (Some(user), Some(password)) = (&entry.username, &entry.password) {
        return Ok(Some(Credentials {
            user: user.clone(),
            password: Zeroizing::new(password.clone()),
        }));
    }
    let Some(auth) = entry.auth.as_ref().filter(|auth| !auth.is_empty()) else {
        return Ok(None);
    };
    let unreadable = || "its `auth` in `config.json` is not USER:PASSWORD in base64".to_owned();
    let bytes = STANDARD.decode(auth.trim()).map_err(|_| unreadable())?;
    let text = String::from_utf8(bytes).map(Zeroizing::new);
    let text = text.map_err(|_| unreadable())?;
    let (user, password) = text.split_once(':').ok_or_else(unreadable)?;
    Ok(Some(Credentials {
        user: user.to_owned(),
        password: Zeroizing::new(password.trim_end_matches('\0').to_owned()),
    }))
}

/// Whether a name of the file is a host: `HOST`, or the address of its API, as docker writes it.
fn is_for(name: &str, host: &str) -> bool {
    let (bare, path) = parts(name);
    API.contains(&path) && is_same(bare, host)
}

/// A name of the file that is for a path at the host, as podman writes it: `HOST/team`.
fn of_paths<'c>(config: &'c Config, host: &str) -> Option<&'c String> {
    let mut names = config.auths.keys().chain(config.cred_helpers.keys());
    names.find(|name| is_same(parts(name).0, host))
}

fn is_same(bare: &str, host: &str) -> bool {
    // The port that counts where none is written.
    let [bare, host] = [bare, host].map(|it| it.strip_suffix(":443").unwrap_or(it));
    bare.eq_ignore_ascii_case(host) || (HUB.contains(&bare) && HUB.contains(&host))
}

/// The host and the path of a name.
fn parts(name: &str) -> (&str, &str) {
    let bare = name
        .strip_prefix("https://")
        .or_else(|| name.strip_prefix("http://"));
    let bare = bare.unwrap_or(name);
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    (host, path.trim_end_matches('/'))
}

/// The paths of an API of registries.
const API: [&str; 3] = ["", "v1", "v2"];
/// One registry under many names.
const HUB: [&str; 5] = [
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "registry.hub.docker.com",
    "auth.docker.io",
];
/// As docker itself calls it where it keeps accounts.
const HUB_KEY: &str = "https://index.docker.io/v1/";
/// The longest `config.json` that is read.
const MOST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str, host: &str) -> Result<Option<String>, String> {
        let account = in_text(text, host, None)?;
        Ok(account.map(|account| format!("{}:{}", account.user, account.password.as_str())))
    }

    #[test]
    fn an_account_is_for_its_host_and_no_other() {
        let text = format!(
            r#"{{"auths":{{"cache.example:443":{{"username":"c","password":"z"}},"registry.example:5000":{{"auth":"{}"}},"https://index.docker.io/v1/":{{"username":"b","password":"y"}}}},"HttpHeaders":{{}}}}"#,
            STANDARD.encode("a:x:1")
        );
        for (host, wanted) in [
            ("registry.example:5000", Some("a:x:1")),
            ("registry.example", None),
            ("cache.example", Some("c:z")),
            ("cache.example:443", Some("c:z")),
            ("cache.example:4430", None),
            ("evil.registry.example:5000", None),
            ("registry.example:5000.evil.example", None),
            ("registry-1.docker.io", Some("b:y")),
            ("auth.docker.io", Some("b:y")),
            ("docker.io.evil.example", None),
        ] {
            assert_eq!(user(&text, host), Ok(wanted.map(str::to_owned)), "{host}");
        }
    }

    #[test]
    fn what_is_left_to_a_helper_is_said_and_nothing_secret_is() {
        let helper = r#"{"auths":{"r.example":{}},"credsStore":"desktop"}"#;
        assert!(
            user(helper, "r.example")
                .unwrap_err()
                .contains("docker-credential-desktop")
        );
        assert_eq!(user(helper, "other.example"), Ok(None));
        let own = r#"{"credHelpers":{"r.example":"ecr-login"}}"#;
        assert!(user(own, "r.example").unwrap_err().contains("ecr-login"));
        let token = r#"{"auths":{"r.example":{"identitytoken":"CANARY"}}}"#;
        for text in [
            token,
            r#"{"auths":{"r.example":{"auth":"CANARY"}}}"#,
            r#"{"auths":{"r.example":"CANARY"}}"#,
            "CANARY",
        ] {
            let error = user(text, "r.example").unwrap_err();
            assert!(!error.contains("CANARY"), "{error}");
        }
        assert_eq!(user("{}", "r.example"), Ok(None));
    }

    #[test]
    fn an_account_for_a_path_is_for_no_other() {
        let team = r#""r.example/team-a":{"username":"a","password":"CANARY"}"#;
        let alone = format!(r#"{{"auths":{{{team}}}}}"#);
        let told = user(&alone, "r.example").unwrap_err();
        assert!(told.contains("`r.example/team-a`"), "{told}");
        assert!(told.contains("name the host itself, `r.example`"), "{told}");
        assert!(!told.contains("CANARY"), "{told}");
        assert_eq!(user(&alone, "other.example"), Ok(None));
        let helper = r#"{"credHelpers":{"r.example/team-a":"x"}}"#;
        assert!(user(helper, "r.example").is_err());
        for name in [
            "r.example",
            "https://r.example/v2/",
            "http://r.example/v1",
            "R.example/",
        ] {
            let both =
                format!(r#"{{"auths":{{{team},"{name}":{{"username":"b","password":"y"}}}}}}"#);
            assert_eq!(
                user(&both, "r.example"),
                Ok(Some("b:y".to_owned())),
                "{name}"
            );
        }
    }
}
