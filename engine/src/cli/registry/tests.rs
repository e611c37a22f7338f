//! One exchange: how long it may take, how much is read, and whom it believes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;

use super::*;
use crate::model::limits;

fn wire() -> Wire {
    Wire {
        agent: https::agent(ureq::tls::RootCerts::new_with_certs(&[]), false, LONGEST),
        accounts: Accounts::in_folder(None, None),
        reach: Reach::Everywhere,
        proxies: Proxies::default(),
        left: Cell::new(LONGEST),
        clock: Terminal::of_process().clock(),
        told: OnceCell::new(),
    }
}

fn get(url: &str) -> Ask<'_> {
    Ask {
        method: Method::Get,
        url,
        headers: &[],
        body: &[],
        most: limits::REGISTRY_MANIFEST.most,
    }
}

#[test]
fn an_answer_is_read_up_to_the_limit() {
    let most = limits::REGISTRY_MANIFEST.most;
    for (length, refused) in [(most, false), (most + 1, true), (10 * most, true)] {
        let mut answer = ureq::Body::builder().data("x".repeat(length));
        match body(&mut answer, most) {
            Ok(bytes) => assert!(!refused && bytes.len() == length),
            Err(error) => assert!(refused && error == Failure::TooLong, "{error}"),
        }
    }
}

#[test]
fn the_first_answer_says_what_time_it_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (hour, stream) in (12..).zip(listener.incoming()) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            write!(
                stream,
                "HTTP/1.1 404 Not Found\r\nDate: Fri, 20 Nov 2026 {hour}:00:00 GMT\r\n\
                 Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
            .unwrap();
        }
    });
    let wire = wire();
    let ask = Ask {
        method: Method::Get,
        url: &format!("http://{address}/v2/"),
        headers: &[],
        body: &[],
        most: 1,
    };
    assert_eq!(wire.told(), None);
    for _ in 0..2 {
        assert_eq!(wire.exchange(&ask).unwrap().status, 404);
        let told = wire.told().unwrap();
        assert_eq!(told.who, format!("the server {address}"));
        assert_eq!(told.says.to_string(), "2026-11-20T12:00:00Z");
    }
}

#[test]
fn nobody_is_asked_when_the_time_is_over() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let wire = wire();
    wire.begin(Duration::ZERO);
    let asked = wire.exchange(&Ask {
        method: Method::Get,
        url: &format!("http://{}/", listener.local_addr().unwrap()),
        headers: &[],
        body: &[],
        most: 1,
    });
    assert!(matches!(asked, Err(Failure::Unavailable(_))), "{asked:?}");
    assert!(!wire.pause(Duration::from_secs(1)));
    assert!(listener.accept().is_err(), "somebody came");
}

/// What is done with a connection.
type Server = fn(TcpStream);

/// Answers each connection so, and then keeps it.
fn serving(answer: Server) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            thread::spawn(move || answer(stream));
        }
    });
    address
}

/// A byte now and then, for as long as anybody listens.
fn drip(mut stream: TcpStream, first: &str, drop: &str) {
    let mut going = stream.write_all(first.as_bytes()).is_ok();
    while going {
        going = stream.write_all(drop.as_bytes()).is_ok();
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that must not take long asks how long it took"
)]
fn r8_r9_who_does_not_answer_in_time_is_not_waited_for() {
    const BEGUN: &str = "HTTP/1.1 200 X\r\ncontent-length: 1000000\r\n";
    let answers: [(&str, Server); 4] = [
        ("R8 nothing", |_stream| thread::sleep(LONGEST)),
        ("R9 a slow head", |stream| drip(stream, BEGUN, "x: y\r\n")),
        ("R9 a slow line", |stream| drip(stream, BEGUN, "x")),
        ("R9 a slow body", |stream| {
            drip(stream, &format!("{BEGUN}\r\n"), "x");
        }),
    ];
    for (name, answer) in answers {
        let wire = wire();
        wire.begin(Duration::from_millis(300));
        let url = format!("http://{}/v2/", serving(answer));
        let began = Instant::now();
        let failure = wire.exchange(&get(&url)).unwrap_err();
        let took = began.elapsed();
        assert!(matches!(failure, Failure::Unavailable(_)), "{name}");
        assert!(took < Duration::from_secs(5), "{name}: {took:?}");
        // Nothing is left of the time for anything else.
        let again = wire.exchange(&get(&url)).unwrap_err();
        assert!(matches!(again, Failure::Unavailable(_)), "{name}");
        assert!(!wire.pause(Duration::from_millis(300)), "{name}");
    }
    // R8: where nobody listens.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v2/", free.local_addr().unwrap());
    drop(free);
    let failure = wire().exchange(&get(&url)).unwrap_err();
    assert!(matches!(failure, Failure::Unavailable(_)), "{failure}");
}

/// A server of TLS with a certificate of its own, for this name, from one day to another.
struct Secured {
    folder: tempfile::TempDir,
    server: Child,
    port: String,
}

impl Secured {
    /// `None` where there is no `openssl`.
    fn new(name: &str, days: [&str; 2]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("sh")
            .current_dir(folder.path())
            .args(["-c", MAKE, "sh", name, days[0], days[1]])
            .output()
            .unwrap();
        if made.status.code() == Some(127) && may_be_missing() {
            return None;
        }
        assert!(made.status.success(), "{made:?}");
        let mut server = Command::new("openssl")
            .current_dir(folder.path())
            .args(["s_server", "-accept", "127.0.0.1:0", "-www"])
            .args(["-cert", "cert.pem", "-key", "key.pem"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.ok()?;
            let place = line.strip_prefix("ACCEPT ")?;
            Some(place.rsplit_once(':')?.1.to_owned())
        });
        Some(Self {
            folder,
            server,
            port: port.unwrap(),
        })
    }

    /// What is answered to whoever trusts this, and nobody else.
    fn asked(&self, trusted: &[u8]) -> Result<u16, Failure> {
        let none = || ureq::tls::RootCerts::new_with_certs(&[]);
        let roots = https::roots(trusted).unwrap_or_else(none);
        let wire = Wire {
            agent: https::agent(roots, false, LONGEST),
            ..wire()
        };
        let url = format!("https://127.0.0.1:{}/", self.port);
        wire.exchange(&get(&url)).map(|answer| answer.status)
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn r24_a_certificate_that_does_not_hold_is_no_certificate() {
    let now = ["20200101000000Z", "20450101000000Z"];
    let over = ["20200101000000Z", "20200102000000Z"];
    for (name, days, holds) in [
        ("127.0.0.1", now, true),
        ("127.0.0.1", over, false),
        ("192.0.2.1", now, false),
    ] {
        let Some(secured) = Secured::new(name, days) else {
            return;
        };
        let own = std::fs::read(secured.folder.path().join("cert.pem")).unwrap();
        match secured.asked(&own) {
            Ok(status) => assert!(holds && status == 200, "{name} {days:?}"),
            Err(failure) => {
                let by_tls = matches!(failure, Failure::Tls(_));
                assert!(!holds && by_tls, "{name} {days:?}: {failure:?}");
            }
        }
        let unknown = secured.asked(b"").unwrap_err();
        assert!(matches!(unknown, Failure::Tls(_)), "{unknown:?}");
    }
}

/// A machine of a person may lack a program; one of the CI is told to have it.
#[expect(
    clippy::disallowed_methods,
    reason = "what may be skipped depends on where the tests run"
)]
fn may_be_missing() -> bool {
    std::env::var_os("CI").is_none()
}

/// An authority that signs its own certificate, since only such a one can be dated at will.
const MAKE: &str = "
set -e
command -v openssl >/dev/null || exit 127
touch index
cat >conf <<END
[ca]
default_ca = own
[own]
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
x509_extensions = of
[any]
commonName = supplied
[of]
subjectAltName = IP:$1
basicConstraints = critical,CA:false
[req]
distinguished_name = name
[name]
END
openssl req -config conf -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out request.pem -subj /CN=registry.test
openssl ca -config conf -batch -create_serial -selfsign -keyfile key.pem -in request.pem -out cert.pem -notext -startdate $2 -enddate $3
";
