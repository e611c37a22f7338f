//! A signer whose clock is not that of the server that keeps the branch. The words of the server are those that `git`
//! tells of an answer by HTTP; a test of the program that asks it hears them from a server.

use jiff::{SignedDuration, Timestamp};

use super::{APP, Remote};

impl Remote {
    fn signs_where_it_is(&self, command: &str, ahead: SignedDuration, age: &str) -> (i32, String) {
        #[expect(
            clippy::disallowed_methods,
            reason = "the process reads the clock of the machine"
        )]
        let there = Timestamp::now() + ahead;
        let date = there.strftime("%a, %d %b %Y %H:%M:%S GMT");
        let script = format!(
            "header() {{ echo \"12:00:00.123456 http.c:915              <= Recv header: $1\" >&2; }}\n\
             if [ -n \"$GIT_TRACE_CURL\" ]; then header 'HTTP/2 200'; header 'date: {date}'; {age} fi"
        );
        let mut signer = self.signer(self.world.repo.path(), command, &[]);
        self.ends_with(signer.env("PATH", self.wrapped(&script)))
    }
}

#[test]
fn nothing_is_signed_by_a_clock_that_the_server_does_not_share() {
    let remote = Remote::started();
    remote.world.label(APP, "a", "b");
    remote.push();
    let before = remote.commits();
    let minutes = SignedDuration::from_mins;
    for (ahead, code) in [(minutes(-10), "clock.ahead"), (minutes(10), "clock.behind")] {
        let (exit, said) = remote.signs_where_it_is("sign", ahead, "");
        assert_eq!(exit, 3, "{said}");
        assert!(said.contains(&format!("error[{code}]")), "{said}");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("the server of `origin` says"), "{said}");
    }
    assert_eq!(remote.commits(), before);
    // What somebody kept for a while says nothing of now.
    let (exit, said) = remote.signs_where_it_is("sign", minutes(-10), "header 'Age: 600';");
    assert_eq!(exit, 0, "{said}");
    remote.world.label(APP, "b", "c");
    remote.push();
    let (exit, said) = remote.signs_where_it_is("sign", minutes(2), "");
    assert_eq!(exit, 0, "{said}");
    let (exit, said) = remote.signs_where_it_is("baseline", minutes(-10), "");
    assert_eq!(exit, 0, "{said}");
}
