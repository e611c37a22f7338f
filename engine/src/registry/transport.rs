//! What a registry is asked by: one exchange of HTTP, and who may ask.
//! Follows nothing and decides nothing.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::model::Told;

/// The way to a registry. It follows no redirection by itself, and no answer takes for ever.
pub trait Transport {
    /// Begins a span of time in which all that follows must be done.
    fn begin(&self, patience: Duration);

    /// What the first answer said of the time; nothing where it did not.
    fn told(&self) -> Option<Told> {
        None
    }

    /// Asks once.
    ///
    /// # Errors
    /// No answer, or one that is longer than it may be.
    fn exchange(&self, ask: &Ask<'_>) -> Result<Answer, Failure>;

    /// Waits before it is asked again; `false` where the time is over before that.
    fn pause(&self, time: Duration) -> bool;

    /// The account at a host, written as in an address; `None` for nobody.
    ///
    /// # Errors
    /// An account is named in a way that is not read.
    fn credentials(&self, host: &str) -> Result<Option<Credentials>, Failure>;
}

/// A request.
#[derive(Debug)]
pub struct Ask<'a> {
    /// What is done.
    pub method: Method,
    /// The whole address.
    pub url: &'a str,
    /// Names and values.
    pub headers: &'a [(&'a str, &'a str)],
    /// What is sent.
    pub body: &'a [u8],
    /// The most bytes that the body of the answer may have.
    pub most: usize,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Asks whether something is there.
    Head,
    /// Begins an upload.
    Post,
    /// Writes.
    Put,
}

/// What comes back.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// What was sent.
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a header that may be there several times.
    pub(crate) fn all<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let named = self.headers.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| value.as_str())
    }
}

/// An account at a registry.
#[derive(Clone)]
pub struct Credentials {
    /// Its name.
    pub user: String,
    /// Its password or token.
    pub password: Zeroizing<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials {{ user: {:?}, password: … }}", self.user)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nobody answers, or not in time, or not in full.
    #[error("{0}")]
    Unavailable(String),
    /// More than was asked for.
    #[error("it says more than was asked for")]
    TooLong,
    /// Whoever answers is not who was meant.
    #[error("{0}")]
    Tls(String),
    /// It leads to this machine or into a private network, where it may not go.
    #[error("it is this machine, or in a private network")]
    Inside,
    /// The account cannot be read.
    #[error("{0}")]
    Credentials(String),
}
