//! Docker's credential helpers: programs that say which account is for a host.
//! Runs none that lies in the repository, and shows nothing that one says.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::cli::child;
use crate::cli::terminal::Terminal;
use crate::registry::Credentials;

/// Where helpers are found.
#[derive(Clone, Debug, Default)]
pub(super) struct Helpers {
    folders: Vec<PathBuf>,
}

/// What one answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

impl Helpers {
    /// In the folders of `PATH` that are absolute, and outside of what is judged.
    pub(super) fn outside(foreign: &[&Path], terminal: &Terminal) -> Self {
        let path = terminal.variable("PATH").unwrap_or_default();
        let real = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let foreign: Vec<PathBuf> = foreign.iter().map(|folder| real(folder)).collect();
        let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
        let own = |folder: &PathBuf| !foreign.iter().any(|it| real(folder).starts_with(it));
        Self {
            folders: folders.filter(own).collect(),
        }
    }

    /// The account that `docker-credential-NAME` knows for a host; `None` where it knows none.
    pub(super) fn ask(&self, name: &str, host: &str) -> Result<Option<Credentials>, String> {
        let program = format!("docker-credential-{name}");
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let found = self.folders.iter().map(|folder| folder.join(&program));
        let found = found
            .filter(|_| name.bytes().all(plain))
            .find(|path| path.is_file());
        let found = found.ok_or_else(|| {
            format!("`config.json` leaves it to `{program}`, which is in no folder of `PATH`")
        })?;
        let failed = |what: String| format!("`{program}` {what}");
        let child = Command::new(found)
            .arg("get")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(format!("cannot be run: {error}")))?;
        let ended = child::ask(child, host.as_bytes().to_vec(), MOST, PATIENCE);
        let ended = ended.map_err(|error| failed(format!("cannot be run: {error}")))?;
        let ended = ended
            .ok_or_else(|| failed(format!("did not end within {} seconds", PATIENCE.as_secs())))?;
        let said = Zeroizing::new(ended.answer);
        if !ended.status.success() {
            // What it says then is a text of its own, and one of them means nobody.
            let nobody = String::from_utf8_lossy(&said).contains("credentials not found");
            return match nobody {
                true => Ok(None),
                false => Err(failed(format!("ended with {}", ended.status))),
            };
        }
        let answer: Answer = serde_json::from_slice(&said)
            .map_err(|_| failed("says nothing that is read".to_owned()))?;
        let password = Zeroizing::new(answer.secret);
        match answer.username.as_str() {
            "<token>" => Err(failed("has an identity token, and no password".to_owned())),
            _ => Ok(Some(Credentials {
                user: answer.username,
                password,
            })),
        }
    }
}

/// Somebody may have to unlock a store.
const PATIENCE: Duration = Duration::from_secs(30);
const MOST: usize = 64 << 10;

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A helper `docker-credential-x` that is this script; another process writes it, since what is open for writing in
    /// this one a fork of another test holds open too.
    fn helper(folder: &Path, script: &str) -> Helpers {
        let file = folder.join("docker-credential-x");
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" >\"$0\""])
            .arg(&file)
            .arg(script);
        assert!(shell.status().unwrap().success());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        Helpers {
            folders: vec![folder.to_owned()],
        }
    }

    fn asked(script: &str) -> Result<Option<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let account = helper(folder.path(), script).ask("x", "registry.example")?;
        Ok(account.map(|it| format!("{}:{}", it.user, it.password.as_str())))
    }

    #[test]
    fn a_helper_is_told_the_host_and_says_who_asks() {
        let script = r#"read -r host; [ "$1 $host" = "get registry.example" ] || exit 9
printf '{"ServerURL":"registry.example","Username":"ci","Secret":"CANARY"}'"#;
        assert_eq!(asked(script), Ok(Some("ci:CANARY".to_owned())));
        let nobody = "echo 'credentials not found in native keychain'; exit 1";
        assert_eq!(asked(nobody), Ok(None));
    }

    #[test]
    fn what_is_no_answer_is_an_error_that_shows_nothing_of_it() {
        for (script, wanted) in [
            ("echo CANARY; exit 3", "ended with"),
            ("echo CANARY", "nothing that is read"),
            (
                r#"echo '{"Username":"<token>","Secret":"CANARY"}'"#,
                "identity token",
            ),
        ] {
            let error = asked(script).unwrap_err();
            assert!(
                error.contains(wanted) && !error.contains("CANARY"),
                "{error}"
            );
        }
        let none = Helpers::default().ask("x", "registry.example").unwrap_err();
        assert!(none.contains("docker-credential-x"), "{none}");
        let folder = tempfile::tempdir().unwrap();
        helper(folder.path(), "exit 0");
        let below = folder.path().join("y");
        fs::create_dir(&below).unwrap();
        let helpers = Helpers {
            folders: vec![below],
        };
        let astray = helpers.ask("/../x", "registry.example");
        assert!(astray.unwrap_err().contains("in no folder"));
    }
}
