//! The shipped installation in two repositories, and a small server beside it for what is asked with `--online`.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use super::{Installation, PLATFORM, SHOP};
use crate::support::Repo;

/// The token that a server here asks for.
pub(super) const TOKEN: &str = "word";

/// A status and a body.
pub(super) type Answer = (u16, String);

/// A server that answers until the test ends.
pub(super) struct Server {
    pub(super) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers by path, with query; and `denied` to whom does not say the token.
    pub(super) fn start(
        denied: &'static str,
        answer: impl Fn(&str) -> Answer + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let Some((first, is_known)) = request(&stream) else {
                    continue;
                };
                let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                log.lock().unwrap().push(first);
                let (status, body) = if is_known {
                    answer(&path)
                } else {
                    (401, denied.to_owned())
                };
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                // Who asked may be gone.
                let _gone = stream.write_all(format!("{head}{body}").as_bytes());
            }
        });
        Self { address, asked }
    }

    /// The first lines of what it was asked.
    pub(super) fn asked(&self) -> MutexGuard<'_, Vec<String>> {
        self.asked.lock().unwrap()
    }
}

/// The first line of a request, and whether it says the token.
fn request(stream: &TcpStream) -> Option<(String, bool)> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next()?;
    let mine = format!("authorization: Bearer {TOKEN}");
    let mut headers = lines.take_while(|line| !line.is_empty());
    // All are read: a server that hangs up before resets the connection.
    let is_known = headers
        .by_ref()
        .any(|line| line.eq_ignore_ascii_case(&mine));
    headers.for_each(drop);
    Some((first, is_known))
}

/// What `action/` ships, committed: the shop and the platform.
pub(super) fn shipped() -> (Repo, Repo) {
    let (shop, platform) = (Repo::new(), Repo::new());
    for (tree, path, text) in &Installation::shipped().0 {
        if *tree == SHOP { &shop } else { &platform }.write(path, text);
    }
    shop.commit("the shop");
    platform.commit("the platform");
    assert_eq!((SHOP, PLATFORM), ("shop", "platform"));
    (shop, platform)
}
