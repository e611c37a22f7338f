//! Conversations with a registry: what is asked, in which order, as whom, and what becomes of each answer.

mod listed;

use std::collections::VecDeque;
use std::time::Duration;

use zeroize::Zeroizing;

use super::*;
use crate::model::{Exit, code_of};
use crate::registry::{Ask, Credentials, Failure};

/// A registry that gives its answers in their order, and then 404.
#[derive(Default)]
struct Talk {
    answers: RefCell<VecDeque<Answer>>,
    asked: RefCell<Vec<String>>,
    paused: RefCell<Vec<u64>>,
    hurried: bool,
}

impl Transport for Talk {
    fn begin(&self, _: Duration) {}

    fn exchange(&self, ask: &Ask<'_>) -> Result<Answer, Failure> {
        let mut headers = ask.headers.iter();
        let pass = headers.find(|(name, _)| *name == "authorization");
        let pass = pass.map_or(String::new(), |(_, value)| format!(" {value}"));
        let url = ask.url.replace("https://registry.example/v2/shop/", "");
        let asked = format!("{:?} {url}{pass}", ask.method);
        self.asked.borrow_mut().push(asked);
        let next = self.answers.borrow_mut().pop_front();
        Ok(next.unwrap_or_else(|| answer(404, &[], "")))
    }

    fn pause(&self, time: Duration) -> bool {
        self.paused.borrow_mut().push(time.as_secs());
        !self.hurried
    }

    fn credentials(&self, host: &str) -> Result<Option<Credentials>, Failure> {
        let account = |user: &str| Credentials {
            user: user.to_owned(),
            password: Zeroizing::new("word".to_owned()),
        };
        match host {
            "registry.example" => Ok(Some(account("ci"))),
            "tokens.example" => Ok(Some(account("tokens"))),
            "broken.example" => Err(Failure::Credentials("the helper failed".to_owned())),
            _ => Ok(None),
        }
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Answer {
        status,
        headers: headers.collect(),
        body: body.as_bytes().to_vec(),
    }
}

fn client(answers: Vec<Answer>) -> (Client, Rc<Talk>) {
    client_of("registry.example/shop", answers)
}

fn client_of(place: &str, answers: Vec<Answer>) -> (Client, Rc<Talk>) {
    let talk = Rc::new(Talk {
        answers: RefCell::new(answers.into()),
        ..Talk::default()
    });
    let place = OciPlace::parse(place).unwrap();
    (Client::new(place, Rc::clone(&talk) as _), talk)
}

/// What became of a read, and what was asked for it.
fn read(answers: Vec<Answer>) -> (String, Vec<String>) {
    let (client, talk) = client(answers);
    let found = client.manifest(Reference::Tag("t"));
    let told = match found {
        Ok(None) => "nothing".to_owned(),
        Ok(Some(_)) => "found".to_owned(),
        Err(error) => format!("{}: {error}", code_of(&error)),
    };
    (told, talk.asked.take())
}

/// The same of a write.
fn write(answers: Vec<Answer>) -> (String, Vec<String>) {
    let (client, talk) = client(answers);
    let told = match client.put_manifest(Reference::Tag("t"), INDEX, b"{}") {
        Ok(kept) => format!("{kept:?}"),
        Err(error) => format!("{}: {error}", code_of(&error)),
    };
    (told, talk.asked.take())
}

const MANIFEST: &str = r#"{"schemaVersion": 2, "layers": []}"#;
/// `ci:word`.
const CI: &str = "Basic Y2k6d29yZA==";

fn found() -> Answer {
    answer(200, &[], MANIFEST)
}

fn asks_in(challenge: &str) -> Answer {
    answer(401, &[("www-authenticate", challenge)], "")
}

#[test]
fn who_is_asked_in_by_password_asks_again_once() {
    let basic = || asks_in("Basic realm=\"x\"");
    let (told, asked) = read(vec![basic(), found()]);
    assert_eq!(told, "found");
    assert_eq!(asked, ["Get manifests/t", &format!("Get manifests/t {CI}")]);
    let (told, asked) = read(vec![basic(), basic(), found()]);
    assert!(told.contains("`ci` at `registry.example`"), "{told}");
    assert_eq!(asked.len(), 2, "nobody asks in for ever");
    for challenge in ["Digest realm=\"x\"", ""] {
        let (told, asked) = read(vec![asks_in(challenge), found()]);
        assert_eq!((told.as_str(), asked.len()), ("found", 2), "{challenge}");
        assert_eq!(asked[1], "Get manifests/t", "as nobody");
    }
    let (_, asked) = read(vec![answer(401, &[], ""), answer(401, &[], "")]);
    assert_eq!(asked, ["Get manifests/t"; 2]);
}

#[test]
fn a_token_is_fetched_where_the_registry_says_for_what_is_done_and_no_more() {
    let bearer = || asks_in("Bearer realm=\"https://tokens.example/t\",service=\"r\"");
    let token = |name: &str| answer(200, &[], &format!(r#"{{"{name}": "abc"}}"#));
    let at = |rights: &str| {
        format!("Get https://tokens.example/t?scope=repository%3Ashop%3A{rights}&service=r {CI}")
    };
    for name in ["token", "access_token"] {
        let (told, asked) = read(vec![bearer(), token(name), found()]);
        assert_eq!(told, "found");
        let again = "Get manifests/t Bearer abc";
        assert_eq!(asked, ["Get manifests/t", &at("pull"), again]);
    }
    let (told, asked) = write(vec![bearer(), token("token"), answer(201, &[], "")]);
    assert_eq!(told, "Unlisted");
    let again = "Put manifests/t Bearer abc";
    assert_eq!(asked, ["Put manifests/t", &at("pull%2Cpush"), again]);
    // Who wrote once still may when the token has to be fetched anew for reading.
    let (client, talk) = client(vec![
        bearer(),
        token("token"),
        answer(201, &[("oci-subject", "x")], ""),
        bearer(),
        token("token"),
        found(),
    ]);
    let kept = client.put_manifest(Reference::Tag("t"), INDEX, b"{}");
    assert_eq!(kept.unwrap(), Kept::Listed);
    assert!(client.manifest(Reference::Tag("t")).unwrap().is_some());
    assert_eq!(talk.asked.borrow()[4], at("pull%2Cpush"));
    // Without a service, and with no other scope than what is asked for.
    let realm = "Bearer realm=\"https://other.example/t?scope=repository:secret:pull,push\"";
    let (_, asked) = read(vec![asks_in(realm), token("token"), found()]);
    let plain = format!("Get https://other.example/t?scope=repository%3Ashop%3Apull {CI}");
    assert_eq!(asked[1], plain);
}

#[test]
fn no_account_of_another_registry_is_used_for_one_that_sends_for_a_token_there() {
    let realm =
        "Bearer realm=\"https://registry.example/service/token\",service=\"harbor-registry\"";
    let token = answer(200, &[], r#"{"token": "abc"}"#);
    let (client, talk) = client_of("evil.example/shop", vec![asks_in(realm), token, found()]);
    assert!(client.manifest(Reference::Tag("t")).unwrap().is_some());
    let asked = talk.asked.take();
    assert!(
        asked[1].starts_with("Get https://registry.example/service/token?"),
        "{asked:?}"
    );
    assert!(
        asked.iter().all(|ask| !ask.contains("Basic")),
        "as nobody: {asked:?}"
    );
}

#[test]
fn r17_a_token_that_is_over_at_once_is_used_for_one_question_and_never_for_ever() {
    let bearer = || asks_in("Bearer realm=\"https://tokens.example/t\"");
    let token = |name: &str| {
        let body = format!(r#"{{"token": "{name}", "expires_in": 0}}"#);
        answer(200, &[], &body)
    };
    let (told, asked) = read(vec![bearer(), token("a"), found()]);
    assert_eq!((told.as_str(), asked.len()), ("found", 3), "{asked:?}");
    // The registry says when a token does not count any more: another one is fetched for the next question,
    let (client, talk) = client(vec![
        bearer(),
        token("a"),
        found(),
        bearer(),
        token("b"),
        found(),
    ]);
    for _ in 0..2 {
        assert!(client.manifest(Reference::Tag("t")).unwrap().is_some());
    }
    let asked = talk.asked.take();
    assert_eq!(asked[3], "Get manifests/t Bearer a", "{asked:?}");
    assert_eq!(asked[5], "Get manifests/t Bearer b", "{asked:?}");
    // and not for the same one twice.
    let (told, asked) = read(vec![bearer(), token("a"), bearer(), token("b"), found()]);
    assert!(told.starts_with("store.denied"), "{told}");
    assert_eq!(asked.len(), 3, "{asked:?}");
}

#[test]
fn r16_an_account_goes_where_its_registry_sends_for_a_token_and_nowhere_in_plain_text() {
    let token = || answer(200, &[], r#"{"token": "abc"}"#);
    for realm in [
        "https://registry.example/t",
        "https://tokens.example/t",
        "https://registry.example:8443/t",
    ] {
        let bearer = asks_in(&format!("Bearer realm=\"{realm}\""));
        let (told, asked) = read(vec![bearer, token(), found()]);
        assert_eq!(told, "found");
        let plain = format!("Get {realm}?scope=repository%3Ashop%3Apull {CI}");
        assert_eq!(asked[1], plain, "{realm}");
    }
    for realm in [
        "https://registry.example@evil.example/t",
        "http://registry.example/t",
        "//evil.example/t",
        "https://169.254.169.254/t",
    ] {
        let bearer = asks_in(&format!("Bearer realm=\"{realm}\""));
        let (told, asked) = read(vec![bearer, token(), found()]);
        assert!(!told.starts_with("found"), "{realm}");
        let led = asked.iter().any(|asked| asked.contains(CI));
        assert!(!led, "{realm}: {asked:?}");
    }
}

#[test]
fn what_keeps_a_registry_from_being_asked_is_told_apart() {
    struct Failing(Failure);
    impl Transport for Failing {
        fn begin(&self, _: Duration) {}
        fn exchange(&self, _: &Ask<'_>) -> Result<Answer, Failure> {
            Err(self.0.clone())
        }
        fn pause(&self, _: Duration) -> bool {
            panic!("nobody waits for who does not answer")
        }
        fn credentials(&self, _: &str) -> Result<Option<Credentials>, Failure> {
            Ok(None)
        }
    }
    let text = || "it says why".to_owned();
    for (name, failure, code, exit) in [
        ("R8", Failure::Unavailable(text()), "store.unreachable", 75),
        ("R14", Failure::Inside, "store.inside", 3),
        ("R18", Failure::TooLong, "limit.registry-answer", 3),
        ("R24", Failure::Tls(text()), "store.tls", 3),
        ("R1", Failure::Credentials(text()), "store.credentials", 3),
    ] {
        let place = OciPlace::parse("registry.example/shop").unwrap();
        let client = Client::new(place, Rc::new(Failing(failure)));
        let errors = [
            client.manifest(Reference::Tag("t")).map(|_| ()),
            client.referrers(Digest::of(b"x")).map(|_| ()),
            client.blob_there(Digest::of(b"x"), 1).map(|_| ()),
        ];
        for error in errors {
            let error = error.unwrap_err();
            assert_eq!(code_of(&error), code, "{name}");
            assert_eq!(Exit::of_error(&error).code(), exit, "{name}");
        }
    }
}

#[test]
fn a_token_that_is_not_given_is_told_by_what_it_means() {
    let bearer = || asks_in("Bearer realm=\"https://tokens.example/t\"");
    for (token, told) in [
        (answer(429, &[], ""), "it answers 429 for a token"),
        (answer(500, &[], ""), "it answers 500 for a token"),
        (answer(599, &[], ""), "it answers 599 for a token"),
        (answer(403, &[], ""), "`ci` at `registry.example`"),
        (answer(200, &[], ""), "its token cannot be read"),
        (answer(200, &[], "{}"), "its token cannot be read"),
        (
            answer(200, &[], r#"{"token": ""}"#),
            "its token cannot be read",
        ),
        (
            answer(200, &[], r#"{"token": "a b"}"#),
            "its token cannot be read",
        ),
    ] {
        let (answered, asked) = read(vec![bearer(), token, found()]);
        assert!(answered.contains(told), "{answered}");
        assert_eq!(asked.len(), 2);
    }
    let nowhere = asks_in("Bearer realm=\"http://tokens.example/t\"");
    let (told, asked) = read(vec![nowhere, found()]);
    assert!(told.contains("to where nobody goes"), "{told}");
    assert_eq!(asked.len(), 1);
    let (client, _) = client_of("broken.example/shop", vec![bearer(), found()]);
    let told = client.manifest(Reference::Tag("t")).unwrap_err();
    assert!(told.to_string().contains("the helper failed"), "{told}");
}

#[test]
fn reads_are_led_on_a_few_times_and_writes_never_and_no_password_goes_along() {
    let to = |status: u16, place: &str| answer(status, &[("location", place)], "");
    let elsewhere = "https://blobs.example/m?sig=1";
    for status in [301, 302, 303, 307, 308] {
        let answers = vec![asks_in("Basic"), to(status, elsewhere), found()];
        let (told, asked) = read(answers);
        assert_eq!(told, "found", "{status}");
        assert_eq!(asked[2], format!("Get {elsewhere}"));
        let (told, asked) = write(vec![to(status, elsewhere), answer(201, &[], "")]);
        assert!(told.starts_with("store."), "{told}");
        assert_eq!(asked.len(), 1, "{status}");
    }
    for status in [300, 304, 305, 306] {
        let (_, asked) = read(vec![to(status, elsewhere), found()]);
        assert_eq!(asked.len(), 1, "{status}");
    }
    let led = |hops: usize| {
        let mut answers = vec![to(302, "/v2/shop/other"); hops];
        answers.push(found());
        read(answers)
    };
    assert_eq!(led(3).0, "found");
    let (told, asked) = led(4);
    assert!(told.contains("more than 3 times"), "{told}");
    assert_eq!(asked.len(), 4);
    let (told, _) = read(vec![to(302, "https://127.0.0.1/m"), found()]);
    assert!(told.contains("to where nobody goes"), "{told}");
    // Whoever it leads to is not let in.
    let (_, asked) = read(vec![to(302, elsewhere), asks_in("Basic"), found()]);
    assert_eq!(asked.len(), 2);
}

#[test]
fn a_busy_registry_is_asked_again_when_it_says_a_few_times() {
    let after = |text: &str| answer(429, &[("retry-after", text)], "");
    let plain = |status: u16| answer(status, &[], "");
    let told = |answers: Vec<Answer>, hurried: bool| {
        let talk = Rc::new(Talk {
            answers: RefCell::new(answers.into()),
            hurried,
            ..Talk::default()
        });
        let place = OciPlace::parse("registry.example/shop").unwrap();
        let found = Client::new(place, Rc::clone(&talk) as _).manifest(Reference::Tag("t"));
        let exit = found.map_or_else(|error| Exit::of_error(&error), |_| Exit::Pass);
        (exit, talk.paused.take())
    };
    let (found, pass, busy) = (found, Exit::Pass, Exit::Temporary);
    for (answers, expected) in [
        (vec![plain(429), plain(503), found()], (pass, vec![1, 2])),
        (vec![plain(500), found()], (pass, vec![1])),
        (vec![plain(599), found()], (pass, vec![1])),
        (
            vec![plain(500), plain(500), plain(500), found()],
            (busy, vec![1, 2]),
        ),
        (vec![after(" 7 "), found()], (pass, vec![7])),
        (vec![after("10"), found()], (pass, vec![10])),
        (vec![after("0"), found()], (pass, vec![0])),
        (vec![after("11"), found()], (busy, vec![])),
        (
            vec![after("Fri, 20 Nov 2026 10:00:00 GMT"), found()],
            (busy, vec![]),
        ),
    ] {
        assert_eq!(told(answers, false), expected);
    }
    assert_eq!(told(vec![plain(429), found()], true), (busy, vec![1]));
}

#[test]
fn a_refusal_says_what_was_refused_and_to_whom() {
    for (told, action) in [
        (read(vec![answer(403, &[], "")]).0, "read"),
        (write(vec![answer(403, &[], "")]).0, "write"),
        (
            read(vec![answer(429, &[("retry-after", "99")], "")]).0,
            "read",
        ),
        (
            write(vec![answer(429, &[("retry-after", "99")], "")]).0,
            "write",
        ),
    ] {
        assert!(told.contains(action), "{told}");
    }
}

#[test]
fn what_is_read_has_the_digest_that_was_asked_for() {
    let digest = Digest::of(MANIFEST.as_bytes());
    let other = Digest::of(b"other");
    let manifest = |by: Reference<'_>, said: &str| {
        let said = answer(200, &[("docker-content-digest", said)], MANIFEST);
        let found = client(vec![said]).0.manifest(by);
        found.map(|found| found.is_some()).is_ok()
    };
    assert!(manifest(
        Reference::Digest(digest),
        &format!("sha256:{digest}")
    ));
    assert!(!manifest(
        Reference::Digest(other),
        &format!("sha256:{digest}")
    ));
    assert!(!manifest(Reference::Tag("t"), &format!("sha256:{other}")));
    assert!(manifest(Reference::Tag("t"), "sha512:00"));
    let blob = |wanted: Digest, answer: Answer| {
        let blob = client(vec![answer]).0.blob(wanted, 9);
        blob.map_err(|error| error.to_string())
    };
    assert_eq!(
        blob(other, answer(200, &[], "other")),
        Ok(b"other".to_vec())
    );
    let wrong = blob(digest, answer(200, &[], "other")).unwrap_err();
    assert!(wrong.contains("another digest"), "{wrong}");
    let missing = blob(digest, answer(404, &[], "")).unwrap_err();
    assert!(missing.contains("is not there"), "{missing}");
    assert!(blob(digest, answer(403, &[], "")).is_err());
}

#[test]
fn a_blob_is_put_where_it_is_not_there_yet() {
    let place = [("location", "/v2/shop/blobs/uploads/7?state=x")];
    let begun = || answer(202, &place, "");
    let put = |answers: Vec<Answer>| {
        let (client, talk) = client(answers);
        let told = client.put_blob(b"x").map_err(|error| code_of(&error));
        (told, talk.asked.take())
    };
    let digest = Digest::of(b"x");
    let head = format!("Head blobs/sha256:{digest}");
    let (told, asked) = put(vec![answer(200, &[], "")]);
    assert_eq!((told, asked), (Ok(()), vec![head.clone()]));
    let (told, asked) = put(vec![answer(404, &[], ""), begun(), answer(201, &[], "")]);
    assert_eq!(told, Ok(()));
    let upload = format!("Put blobs/uploads/7?state=x&digest=sha256:{digest}");
    assert_eq!(asked, [head.as_str(), "Post blobs/uploads/", &upload]);
    for answers in [
        vec![answer(404, &[], ""), answer(403, &[], "")],
        vec![answer(404, &[], ""), answer(202, &[], "")],
        vec![answer(404, &[], ""), begun(), answer(400, &[], "")],
    ] {
        assert!(put(answers).0.is_err());
    }
}

#[test]
fn a_list_that_ends_in_the_middle_is_none() {
    let page = |next: Option<&str>, listed: &str| {
        let link = next.map(|next| format!("<{next}>; rel=\"next\""));
        let headers: Vec<_> = link.iter().map(|link| ("link", link.as_str())).collect();
        let body = format!(r#"{{"schemaVersion": 2, "manifests": [{listed}]}}"#);
        answer(200, &headers, &body)
    };
    let entry = r#"{"mediaType": "x", "digest": "sha256:00", "size": 1}"#;
    let referrers = |answers: Vec<Answer>| {
        let listed = client(answers).0.referrers(Digest::of(b"x"));
        listed.map(|listed| listed.map(|all| all.len())).ok()
    };
    let next = Some("/v2/shop/next");
    assert_eq!(referrers(vec![answer(404, &[], "")]), Some(None));
    assert_eq!(referrers(vec![page(None, entry)]), Some(Some(1)));
    let two = vec![page(next, entry), page(None, entry)];
    assert_eq!(referrers(two), Some(Some(2)));
    let cut = vec![page(next, entry), answer(404, &[], "")];
    assert_eq!(referrers(cut), None, "half a list is no list");
    assert_eq!(referrers(vec![answer(403, &[], "")]), None);
}

#[test]
fn an_account_is_shown_without_its_password() {
    let account = Talk::default().credentials("registry.example").unwrap();
    let shown = format!("{:?}", account.unwrap());
    assert_eq!(shown, r#"Credentials { user: "ci", password: … }"#);
}
