//! Where an API server is and who asks it, as a kubeconfig says. Starts no program that it names, and asks nothing.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::cluster::ClusterError;
use crate::manifest::{Node, yaml};

/// What a kubeconfig says of its current context.
pub(super) struct Kubeconfig {
    /// The address.
    pub(super) server: String,
    /// The authority in PEM; the machine's own where it says none.
    pub(super) authority: Option<Vec<u8>>,
    pub(super) user: User,
}

/// Who asks.
pub(super) enum User {
    Token(String),
    /// A certificate and its key, in PEM.
    Certificate {
        chain: Vec<u8>,
        key: Vec<u8>,
    },
    Nobody,
}

impl Kubeconfig {
    /// Reads the current context of a file.
    pub(super) fn read(path: &Path) -> Result<Self, ClusterError> {
        let wrong = |what: &str| wrong(path, what);
        let text = fs::read_to_string(path).map_err(|error| wrong(&error.to_string()))?;
        let documents = yaml::parse(&text).map_err(|_| wrong("it is no YAML"))?;
        let [root] = documents.as_slice() else {
            return Err(wrong("it holds no document, or several"));
        };
        let current = root.get("current-context").and_then(Node::as_str);
        let current = current.ok_or_else(|| wrong("it has no `current-context`"))?;
        let context = named(root, "contexts", current, "context");
        let context =
            context.ok_or_else(|| wrong("its `current-context` is none of its contexts"))?;
        let part = |list: &str, key: &str| {
            let name = context.get(key)?.as_str()?;
            named(root, list, name, key)
        };
        let cluster = part("clusters", "cluster")
            .ok_or_else(|| wrong("it has no cluster for its context"))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let read = Reading { path, folder };
        if cluster
            .get("insecure-skip-tls-verify")
            .is_some_and(|node| node.to_json() == true)
        {
            return Err(wrong(
                "it does not verify who answers (`insecure-skip-tls-verify`)",
            ));
        }
        let server = cluster.get("server").and_then(Node::as_str);
        Ok(Self {
            server: server
                .ok_or_else(|| wrong("its cluster has no `server`"))?
                .trim_end_matches('/')
                .to_owned(),
            authority: read.content(cluster, "certificate-authority")?,
            user: match part("users", "user") {
                Some(user) => read.user(user)?,
                None => User::Nobody,
            },
        })
    }
}

struct Reading<'p> {
    path: &'p Path,
    folder: &'p Path,
}

impl Reading<'_> {
    fn user(&self, user: &Node) -> Result<User, ClusterError> {
        if user.get("exec").is_some() || user.get("auth-provider").is_some() {
            return Err(wrong(
                self.path,
                "its user is whoever a program says, and none is started here; write a token of yours into one (`kubectl create token`)",
            ));
        }
        if let Some(token) = user.get("token").and_then(Node::as_str) {
            return Ok(User::Token(token.trim().to_owned()));
        }
        if let Some(file) = user.get("tokenFile").and_then(Node::as_str) {
            let token = self.file(file)?;
            let token =
                String::from_utf8(token).map_err(|_| wrong(self.path, "its token is no text"))?;
            return Ok(User::Token(token.trim().to_owned()));
        }
        let chain = self.content(user, "client-certificate")?;
        let key = self.content(user, "client-key")?;
        Ok(match (chain, key) {
            (Some(chain), Some(key)) => User::Certificate { chain, key },
            _ => User::Nobody,
        })
    }

    /// What stands in a field, in base64, or in the file that another names.
    fn content(&self, node: &Node, key: &str) -> Result<Option<Vec<u8>>, ClusterError> {
        if let Some(data) = node.get(&format!("{key}-data")).and_then(Node::as_str) {
            let bytes = STANDARD.decode(data.trim());
            let bytes =
                bytes.map_err(|_| wrong(self.path, &format!("`{key}-data` is no base64")))?;
            return Ok(Some(bytes));
        }
        let file = node.get(key).and_then(Node::as_str);
        file.map(|file| self.file(file)).transpose()
    }

    fn file(&self, name: &str) -> Result<Vec<u8>, ClusterError> {
        let file: PathBuf = self.folder.join(name);
        fs::read(&file).map_err(|error| wrong(self.path, &format!("`{name}`: {error}")))
    }
}

/// The value of the entry of that name in a list of a kubeconfig.
fn named<'n>(root: &'n Node, list: &str, name: &str, key: &str) -> Option<&'n Node> {
    let entries = root.get(list)?.items()?.iter();
    let mut own = entries.filter(|entry| entry.get("name").and_then(Node::as_str) == Some(name));
    own.next()?.get(key)
}

fn wrong(path: &Path, what: &str) -> ClusterError {
    ClusterError::Kubeconfig {
        path: path.display().to_string(),
        what: what.to_owned(),
    }
}
