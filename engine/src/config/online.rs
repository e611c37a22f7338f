//! The hosts from which remote bases may be fetched.
//! Opens no socket, and knows no address of a repository.

/// A host, and how it is asked: by HTTPS, or by plain HTTP where the configuration says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnlineHost {
    /// `https://github.com`, `http://127.0.0.1:8080`.
    origin: String,
}

impl OnlineHost {
    /// One that the configuration lists.
    pub(super) fn new(listed: &str) -> Self {
        let origin = match listed.starts_with(PLAIN) {
            true => listed.to_owned(),
            false => format!("https://{listed}"),
        };
        Self { origin }
    }

    /// Its scheme, name and port, where it is not the usual one.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

const PLAIN: &str = "http://";
