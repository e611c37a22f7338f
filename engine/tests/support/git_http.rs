//! Git repositories over smart HTTP on this machine, by Git's own `http-backend`: as much of a server as one fetch
//! needs. Counts who asks, so that a test can say that nobody did.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A server that runs until the tests end.
pub(crate) struct GitHttp {
    port: u16,
    asked: Arc<AtomicUsize>,
}

impl GitHttp {
    /// Serves the repositories below `folder`.
    pub(crate) fn serve(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(AtomicUsize::new(0));
        let (counter, folder) = (Arc::clone(&asked), folder.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::SeqCst);
                let folder = folder.clone();
                // Who hangs up has no answer to wait for.
                thread::spawn(move || answer(&stream, &folder));
            }
        });
        Self { port, asked }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How many connections there were.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// What a client asks for.
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let first = line(&mut reader)?;
        let mut words = first.split(' ');
        let mut request = Self {
            method: words.next()?.to_owned(),
            target: words.next()?.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        loop {
            let header = line(&mut reader)?;
            let Some((name, value)) = header.split_once(':') else {
                break;
            };
            let header = (name.to_ascii_lowercase(), value.trim().to_owned());
            request.headers.push(header);
        }
        let chunked = request.header("transfer-encoding") == "chunked";
        let mut left = request.header("content-length").parse().unwrap_or(0);
        loop {
            if chunked {
                left = u64::from_str_radix(&line(&mut reader)?, 16).ok()?;
            }
            let body = &mut request.body;
            reader.by_ref().take(left).read_to_end(body).ok()?;
            if !chunked {
                return Some(request);
            }
            line(&mut reader)?;
            if left == 0 {
                return Some(request);
            }
        }
    }

    fn header(&self, wanted: &str) -> &str {
        let mut found = self.headers.iter();
        let found = found.find(|(name, _)| name == wanted);
        found.map_or("", |(_, value)| value)
    }
}

fn answer(mut stream: &TcpStream, folder: &Path) -> Option<()> {
    let request = Request::read(stream)?;
    let target = request.target.as_str();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut child = Command::new("git")
        .arg("http-backend")
        .env_clear()
        .env("PATH", env!("PATH"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_PROJECT_ROOT", folder)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", &request.method)
        .env("CONTENT_TYPE", request.header("content-type"))
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", request.header("content-encoding"))
        .env("GIT_PROTOCOL", request.header("git-protocol"))
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let writer = thread::spawn(move || stdin.write_all(&request.body));
    let printed = child.wait_with_output().ok()?.stdout;
    drop(writer.join());
    let status = printed.strip_prefix(b"Status: ");
    let status = status.and_then(|rest| rest.split(|byte| *byte == b'\r').next());
    let status = String::from_utf8_lossy(status.unwrap_or(b"200 OK"));
    write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n").ok()?;
    stream.write_all(&printed).ok()
}

fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    Some(line.trim_end().to_owned())
}

/// A port at which nobody answers.
pub(crate) fn silent_host() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Makes a bare repository `name` below `folder` with everything that `from` holds.
pub(crate) fn publish(from: &Path, folder: &Path, name: &str) -> PathBuf {
    let bare = folder.join(name);
    let mut clone = Command::new("git");
    clone
        .args(["clone", "--quiet", "--bare"])
        .args([from, bare.as_path()])
        .env("GIT_CONFIG_NOSYSTEM", "1");
    super::run(&mut clone, b"");
    bare
}
