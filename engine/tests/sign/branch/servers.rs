//! A Git server that stalls, hangs up in the middle or says what no Git server says: to who signs and to who admits.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use super::{APP, Remote};

/// What it does with a connection, by its name.
type Fault = fn(TcpStream);

const FAULTS: [(&str, Fault); 7] = [
    ("says nothing", |stream| stalls(stream, b"")),
    ("says the beginning of a line and no more", |stream| {
        stalls(stream, b"00");
    }),
    ("says one line and no more", |stream| {
        stalls(stream, LINE.as_bytes());
    }),
    ("hangs up", |_| ()),
    ("hangs up in a line", |stream| {
        answers(stream, b"0049e1d67188704");
    }),
    ("is none", |stream| {
        answers(stream, b"HTTP/1.1 200 OK\r\n\r\n<html>");
    }),
    ("names a commit that it does not have", |stream| {
        answers(stream, format!("{LINE}0000").as_bytes());
    }),
];

/// The branch of the verdicts, at a commit that nobody has.
const LINE: &str = concat!(
    "0060e1d6718870435b58c8671ed836c626b54d2baa83 ",
    "refs/heads/tidegate/verdicts\0side-band-64k ofs-del\n"
);

fn stalls(stream: TcpStream, begins: &[u8]) {
    let _ = (&stream).write_all(begins);
    thread::sleep(Duration::from_mins(5));
    drop(stream);
}

fn answers(mut stream: TcpStream, answer: &[u8]) {
    let mut asked = [0; 1024];
    let _ = stream.read(&mut asked);
    let _ = stream.write_all(answer);
}

/// The address of a server of which every connection ends so.
fn serve(fault: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || fault(stream));
        }
    });
    format!("git://127.0.0.1:{port}/shop.git")
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that must not take long asks how long it took"
)]
fn a_server_that_stalls_cuts_or_lies_admits_and_signs_nothing_and_is_waited_for_half_a_minute() {
    let remote = Remote::started();
    remote.world.label(APP, "a", "b");
    remote.push();
    assert_eq!(remote.signs("sign", &[]).0, 0);
    let deployers: Vec<_> = (0..FAULTS.len())
        .map(|number| remote.clone_as(&format!("deployer-{number}")))
        .collect();
    let admit = "--unit web --revision HEAD --deployed HEAD~1";
    for clone in &deployers {
        let (exit, said) = remote.admits(clone, admit);
        assert_eq!(exit, 0, "{said}");
    }
    remote.world.label(APP, "b", "c");
    remote.push();
    let before = remote.git(&["rev-parse", super::BRANCH]);
    for clone in &deployers {
        let path = clone.to_str().unwrap();
        remote.world.repo.git(&["-C", path, "pull", "-q"]);
    }
    let mut commands = Vec::new();
    for (clone, (name, fault)) in deployers.iter().zip(FAULTS) {
        let (path, address) = (clone.to_str().unwrap(), serve(fault));
        let set = ["-C", path, "remote", "set-url", "origin", &address];
        remote.world.repo.git(&set);
        let old = "--unit web --revision HEAD~1 --deployed HEAD~2";
        commands.push((name, remote.admission(clone, old)));
        commands.push((name, remote.signer(clone, "sign", &[])));
    }
    let began = commands.into_iter().map(|(name, mut command)| {
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        (name, Instant::now(), piped.spawn().unwrap())
    });
    let began: Vec<_> = began.collect();
    for (name, began, child) in began {
        let output = child.wait_with_output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        let exit = output.status.code().unwrap();
        assert!([3, 75].contains(&exit), "{name}: {exit} {text}");
        assert!(text.contains("error[store."), "{name}: {text}");
        // Half a minute, on a machine that may have much else to do.
        assert!(began.elapsed() < Duration::from_secs(120), "{name}");
    }
    assert_eq!(remote.git(&["rev-parse", super::BRANCH]), before);
}
