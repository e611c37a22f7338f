//! Signs by a program of the user's: what is to be signed goes to its standard input, 64 bytes come back.
//! Believes none of them before they verify.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::attest::{Error, Made, PublicKey, Signatory, TrustFile, TrustedKey};
use crate::cli::child::{self, Ended};

/// A program that signs.
pub(super) struct Program {
    path: PathBuf,
    only: Option<Vec<PublicKey>>,
    variables: Vec<(&'static str, String)>,
    patience: Duration,
}

impl Program {
    pub(super) fn new(
        path: &Path,
        only: Option<Vec<PublicKey>>,
        variables: [(&'static str, Option<String>); 2],
    ) -> Self {
        let set = variables.into_iter();
        Self {
            path: path.to_owned(),
            only,
            variables: set
                .filter_map(|(name, value)| Some((name, value?)))
                .collect(),
            patience: PATIENCE,
        }
    }

    fn failed(&self, what: impl Into<String>) -> Error {
        Error::Signer {
            signer: format!("`{}`", self.path.display()),
            what: what.into(),
        }
    }

    fn run(&self, message: &[u8]) -> Result<[u8; 64], Error> {
        let failed = |error: io::Error| self.failed(error.to_string());
        let child = Command::new(&self.path)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        // A byte more than a signature has, so that a longer answer shows.
        let ended = child::ask(child, message.to_vec(), 65, self.patience).map_err(failed)?;
        let Ended { status, answer } = ended.ok_or_else(|| {
            let patience = self.patience.as_secs();
            self.failed(format!("it did not end within {patience} seconds"))
        })?;
        if !status.success() {
            return Err(self.failed(format!("it ended with {status}")));
        }
        <[u8; 64]>::try_from(answer.as_slice()).map_err(|_| {
            let found = match answer.len() {
                65 => "more than 64".to_owned(),
                found => found.to_string(),
            };
            self.failed(format!("it answered {found} bytes, a signature has 64"))
        })
    }
}

impl Signatory for Program {
    /// Which key it has, only a signature tells.
    fn at_hand(&self, trust: &TrustFile) -> Result<Vec<PublicKey>, Error> {
        let all = || trust.keys().iter().map(|key| key.public).collect();
        Ok(self.only.clone().unwrap_or_else(all))
    }

    fn signatures(&self, message: &[u8], may: &[&TrustedKey]) -> Result<Vec<Made>, Error> {
        let is_asked = |key: &&&TrustedKey| {
            let only = self.only.as_ref();
            only.is_none_or(|only| only.contains(&key.public))
        };
        let may: Vec<&&TrustedKey> = may.iter().filter(is_asked).collect();
        if may.is_empty() {
            let holder = format!("the key of `{}`", self.path.display());
            return Err(Error::NoKeyAtHand { holder });
        }
        let signature = self.run(message)?;
        let mut keys = may.into_iter();
        match keys.find(|key| key.public.has_signed(message, &signature)) {
            Some(key) => Ok(vec![Made {
                by: key.public,
                signature,
            }]),
            None => Err(Error::SignatureDoesNotHold),
        }
    }
}

/// Somebody may have to touch a token.
const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;
    use crate::attest::SigningKey;
    use crate::model::code_of;

    fn key(byte: u8) -> SigningKey {
        SigningKey::generate(|seed| {
            seed.fill(byte);
            Ok::<_, ()>(())
        })
        .unwrap()
    }

    fn trust() -> TrustFile {
        let trusted = |byte| TrustedKey {
            public: key(byte).public(),
            role: crate::attest::Role::MergeSigner,
            principal: format!("signer-{byte}"),
            environments: None,
            validity: crate::attest::Validity::default(),
        };
        TrustFile::new(vec![trusted(1), trusted(2)]).unwrap()
    }

    /// Another process writes it: what is open for writing in this one, a fork of another test holds open too,
    /// and it does not start then.
    fn write_program(path: &Path, text: &str) {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", "cat > \"$0\" && chmod 700 \"$0\""])
            .arg(path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        shell
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        assert!(shell.wait().unwrap().success());
    }

    /// What comes of a shell script that is asked to sign `message`.
    fn asked(script: &str, only: Option<Vec<PublicKey>>) -> Result<PublicKey, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signer");
        let answer = folder.path().join("answer");
        fs::write(&answer, key(2).sign(b"message")).unwrap();
        let script = script.replace("ANSWER", &answer.display().to_string());
        write_program(&path, &format!("#!/bin/sh\n{script}\n"));
        let variables = [
            ("HOME", Some("/home/ci".to_owned())),
            ("PATH", Some("/usr/bin:/bin".to_owned())),
        ];
        let program = Program {
            patience: Duration::from_secs(1),
            ..Program::new(&path, only, variables)
        };
        let trust = trust();
        let may: Vec<&TrustedKey> = trust.keys().iter().collect();
        match program.signatures(b"message", &may) {
            Ok(made) => Ok(made[0].by),
            Err(error) => {
                let name = format!("`{}`", path.display());
                let told = error.to_string().replace(&name, "it");
                Err(format!("{}: {told}", code_of(&error)))
            }
        }
    }

    #[test]
    fn the_key_that_signed_is_found_by_trying() {
        let good = "cat > /dev/null; cat ANSWER";
        assert_eq!(asked(good, None), Ok(key(2).public()));
        assert_eq!(asked("cat ANSWER", None), Ok(key(2).public()), "unread");
        assert_eq!(
            asked(good, Some(vec![key(2).public()])),
            Ok(key(2).public())
        );
        let other = asked(good, Some(vec![key(1).public()]));
        assert!(other.unwrap_err().starts_with("key.signature: "));
        let none = asked(good, Some(vec![key(9).public()]));
        assert!(none.unwrap_err().starts_with("key.not-at-hand: "));
    }

    #[test]
    fn it_knows_what_is_to_be_signed_and_nothing_else() {
        let exact = "[ \"$(cat)\" = message ] && [ \"$(env | grep -v '^\\(PWD\\|SHLVL\\|_\\|OLDPWD\\)=' | sort)\" = \"$(printf 'HOME=/home/ci\\nPATH=/usr/bin:/bin')\" ] && [ $# = 0 ] && cat ANSWER";
        assert_eq!(asked(exact, None), Ok(key(2).public()));
    }

    #[test]
    fn every_other_answer_is_none() {
        for (script, expected) in [
            (
                "cat ANSWER; exit 3",
                "key.signer: it did not sign: it ended with exit status: 3",
            ),
            (
                "cat ANSWER; kill -9 $$",
                "key.signer: it did not sign: it ended with signal: 9 (SIGKILL)",
            ),
            (
                "exit 0",
                "key.signer: it did not sign: it answered 0 bytes, a signature has 64",
            ),
            (
                "head -c 63 ANSWER",
                "key.signer: it did not sign: it answered 63 bytes, a signature has 64",
            ),
            (
                "cat ANSWER; echo",
                "key.signer: it did not sign: it answered more than 64 bytes, a signature has 64",
            ),
            (
                "cat ANSWER; exec sleep 30",
                "key.signer: it did not sign: it did not end within 1 seconds",
            ),
            (
                "exec sleep 30",
                "key.signer: it did not sign: it did not end within 1 seconds",
            ),
        ] {
            assert_eq!(asked(script, None).unwrap_err(), expected, "{script}");
        }
        let random = asked("head -c 64 /dev/zero", None).unwrap_err();
        assert!(random.starts_with("key.signature: "), "{random}");
        // What would never end is cut short.
        let endless = asked("yes", None).unwrap_err();
        assert!(endless.starts_with("key.signer: "), "{endless}");
    }

    #[test]
    fn a_program_that_is_not_there_is_told() {
        let program = Program::new(
            Path::new("/nowhere/signer"),
            None,
            [("HOME", None), ("PATH", None)],
        );
        let trust = trust();
        let may: Vec<&TrustedKey> = trust.keys().iter().collect();
        let error = program.signatures(b"message", &may).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`/nowhere/signer` did not sign: No such file"),
            "{error}"
        );
        assert_eq!(program.at_hand(&trust).unwrap().len(), 2);
    }
}
