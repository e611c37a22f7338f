//! Signs with a key that an `ssh-agent` holds. Only Ed25519 keys that the trust file names are asked for.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use super::wire::{self, Offered};
use crate::attest::{Error, Made, PublicKey, Signatory, TrustFile, TrustedKey};

/// An agent at its socket.
pub(super) struct Agent {
    socket: PathBuf,
    only: Option<Vec<PublicKey>>,
    patience: Duration,
}

impl Agent {
    pub(super) fn new(socket: PathBuf, only: Option<Vec<PublicKey>>) -> Self {
        Self {
            socket,
            only,
            patience: PATIENCE,
        }
    }

    /// The keys that it offers and that it may be asked for.
    fn offered(&self) -> Result<Vec<Offered>, Error> {
        let answer = self.ask(&wire::request_keys())?;
        let mut keys =
            wire::keys(&answer).ok_or_else(|| failed("its answer is none that an agent gives"))?;
        if let Some(only) = &self.only {
            keys.retain(|key| only.contains(&key.public));
        }
        Ok(keys)
    }

    fn ask(&self, request: &[u8]) -> Result<Vec<u8>, Error> {
        if request.len() > LONGEST + 4 {
            return Err(failed(
                "the statement is longer than an agent takes (256 KiB); sign it with `--signer exec:/PROGRAM` or `--key-file`",
            ));
        }
        self.exchange(request).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => failed(&format!(
                "no answer within {} seconds",
                self.patience.as_secs()
            )),
            io::ErrorKind::InvalidData => failed("its answer is longer than one of an agent"),
            _ => failed(&error.to_string()),
        })
    }

    fn exchange(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(self.patience))?;
        stream.set_write_timeout(Some(self.patience))?;
        stream.write_all(request)?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    }
}

impl Signatory for Agent {
    fn at_hand(&self, _: &TrustFile) -> Result<Vec<PublicKey>, Error> {
        let keys = self.offered()?;
        if keys.is_empty() {
            return Err(failed(match self.only {
                None => "it holds no ed25519 key, or is locked",
                Some(_) => "it does not hold the key that `--signer-key` names, or is locked",
            }));
        }
        Ok(keys.iter().map(|key| key.public).collect())
    }

    /// Of several keys that may sign, the first in the order of the trust file does.
    fn signatures(&self, message: &[u8], may: &[&TrustedKey]) -> Result<Vec<Made>, Error> {
        let offered = self.offered()?;
        let mut keys = may.iter().filter_map(|key| {
            let mut offered = offered.iter();
            offered.find(|offered| offered.public == key.public)
        });
        let Some(key) = keys.next() else {
            let holder = "every key of the ssh-agent".to_owned();
            return Err(Error::NoKeyAtHand { holder });
        };
        let answer = self.ask(&wire::request_signature(&key.blob, message))?;
        let signature = wire::signature(&answer)
            .ok_or_else(|| failed("it refused, or made a signature of another kind"))?;
        let by = key.public;
        Ok(vec![Made { by, signature }])
    }
}

fn failed(what: &str) -> Error {
    Error::Signer {
        signer: "the ssh-agent".to_owned(),
        what: what.to_owned(),
    }
}

/// Somebody may have to touch a token or to answer a question.
const PATIENCE: Duration = Duration::from_secs(60);
/// OpenSSH's own bound of a message.
const LONGEST: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread;

    use super::*;
    use crate::attest::SigningKey;
    use crate::model::code_of;

    fn trust() -> TrustFile {
        let key = SigningKey::generate(|seed| {
            seed.fill(1);
            Ok::<_, ()>(())
        });
        let trusted = TrustedKey {
            public: key.unwrap().public(),
            role: crate::attest::Role::MergeSigner,
            principal: "ci".into(),
            environments: None,
            validity: crate::attest::Validity::default(),
        };
        TrustFile::new(vec![trusted]).unwrap()
    }

    /// What comes of an agent that gives this answer to whatever it is asked.
    fn told(answer: &'static [u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent");
        let listener = UnixListener::bind(&socket).unwrap();
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut question = [0; 5];
            stream.read_exact(&mut question).unwrap();
            stream.write_all(answer).unwrap();
            // It stays there until the other side leaves.
            let _ = stream.read(&mut question);
        });
        let agent = Agent {
            patience: Duration::from_secs(1),
            ..Agent::new(socket, None)
        };
        let error = agent.at_hand(&trust()).unwrap_err();
        served.join().unwrap();
        assert_eq!(code_of(&error), "key.signer");
        error.to_string()
    }

    #[test]
    fn an_agent_that_answers_nothing_much_is_told() {
        let start = "the ssh-agent did not sign: ";
        for (answer, expected) in [
            (
                &[0, 0, 0, 5, 12, 0, 0, 0, 0][..],
                "it holds no ed25519 key, or is locked",
            ),
            (&[0, 0, 0, 1, 5], "its answer is none that an agent gives"),
            (&[0, 0, 0, 0], "its answer is none that an agent gives"),
            (&[0, 4, 0, 1], "its answer is longer than one of an agent"),
            (
                &[255, 255, 255, 255],
                "its answer is longer than one of an agent",
            ),
            (&[0, 0, 0, 9, 12], "no answer within 1 seconds"),
            (&[], "no answer within 1 seconds"),
        ] {
            assert_eq!(told(answer), format!("{start}{expected}"), "{answer:?}");
        }
        let nobody = Agent::new(PathBuf::from("/nowhere/agent"), None);
        assert!(nobody.at_hand(&trust()).is_err());
        let long = nobody.ask(&vec![0; LONGEST + 5]).unwrap_err();
        assert!(long.to_string().contains("256 KiB"), "{long}");
    }
}
