//! What `doctor` says of the keys that the trust file of this tree names: whose time ends soon, and whether those who
//! are left are enough. Judges nothing.

use jiff::{SignedDuration, Timestamp};

use super::{failed, ok};
use crate::attest::{Right, Role, TrustFile, TrustedKey};
use crate::cli::common::Error;
use crate::cli::keys;
use crate::cli::terminal::Terminal;
use crate::report::doctor::{Check, State};
use crate::report::plural;

/// A line about all of them, and one for each that needs a hand; nothing where there is no trust file.
pub(super) fn checks(terminal: &Terminal) -> Vec<Check> {
    let Some(path) = keys::nearest(&terminal.directory) else {
        return Vec::new();
    };
    let bytes = std::fs::read(&path).map_err(|error| Error::read(&path, &error));
    match bytes.map(|bytes| TrustFile::parse(&bytes)) {
        Ok(Ok(trust)) => of_trust(&trust, terminal.now),
        Ok(Err(error)) => vec![failed(NAME, &error)],
        Err(error) => vec![failed(NAME, &error)],
    }
}

fn of_trust(trust: &TrustFile, now: Timestamp) -> Vec<Check> {
    let mut checks = vec![ok(NAME, counted(trust))];
    checks.extend(end_of_root(trust, now));
    let signer = trust
        .keys()
        .iter()
        .find(|key| key.role == Role::MergeSigner);
    if let Some(signer) = signer.filter(|_| !can_sign(trust, now)) {
        checks.push(Check {
            name: NAME,
            state: State::Wrong,
            about: "too few merge-signers are valid now for anything to be signed".to_owned(),
            help: Some(format!(
                "`tidegate keys show` lists them; the first is `{}`. Where no time to come will help, docs/disaster.md has the way back: a store that begins anew",
                signer.principal
            )),
        });
    }
    let wanted = trust.threshold(Role::MergeSigner);
    if wanted > 1 && can_sign(trust, now) && trust.needs_all(Role::MergeSigner, now) {
        checks.push(Check {
            name: NAME,
            state: State::Wrong,
            about: format!(
                "{wanted} of {wanted} principals must sign as merge-signer: one lost key locks everything"
            ),
            help: Some(
                "add a merge-signer with a principal of its own, or lower `thresholds` by one"
                    .to_owned(),
            ),
        });
    }
    let keys = trust.keys().iter();
    checks.extend(keys.filter_map(|key| ends_soon(trust, key, now)));
    checks
}

fn counted(trust: &TrustFile) -> String {
    let keys = plural(trust.keys().len(), "key", "keys");
    let file = match trust.expires() {
        Some(expires) => format!("trust file {}, signed until {expires}", trust.number()),
        None => "an unsigned trust file".to_owned(),
    };
    match trust.revoked().len() {
        0 => format!("{keys} in {file}"),
        revoked => format!("{keys} in {file}, {revoked} revoked"),
    }
}

/// A file that its root signed ends as a whole.
fn end_of_root(trust: &TrustFile, now: Timestamp) -> Option<Check> {
    let left = trust.expires()?.duration_since(now);
    if left > AHEAD {
        return None;
    }
    let about = if left <= SignedDuration::ZERO {
        "the trust file is over: nothing is signed and nothing is admitted by it".to_owned()
    } else {
        format!("the trust file ends in {}", days(left))
    };
    Some(Check {
        name: NAME,
        state: State::Wrong,
        about,
        help: Some(
            "its root signs the next one: `tidegate keys sign --expires TIME .tidegate/trust.json`"
                .to_owned(),
        ),
    })
}

/// Whether, for some environment, enough keys sign now.
fn can_sign(trust: &TrustFile, now: Timestamp) -> bool {
    let places = trust.keys().iter().flat_map(|key| &key.environments);
    let mut places: Vec<&str> = places.flatten().map(String::as_str).collect();
    places.push("*");
    places.into_iter().any(|environment| {
        let right = Right {
            role: Role::MergeSigner,
            environment,
        };
        let mut principals: Vec<&str> = trust
            .signing(right, now)
            .iter()
            .map(|key| key.principal.as_str())
            .collect();
        principals.sort_unstable();
        principals.dedup();
        principals.len() >= trust.threshold(Role::MergeSigner)
    })
}

fn ends_soon(trust: &TrustFile, key: &TrustedKey, now: Timestamp) -> Option<Check> {
    let until = key.validity.not_after?;
    let left = until.duration_since(now);
    if left <= SignedDuration::ZERO || left > AHEAD || trust.revocation(&key.public).is_some() {
        return None;
    }
    let days = days(left);
    let keyid = key.public.keyid();
    Some(Check {
        name: NAME,
        state: State::Wrong,
        about: format!(
            "key {keyid} of `{}` signs until {until}, {days} from now",
            key.principal
        ),
        help: Some(format!(
            "let another follow it: `tidegate keys rotate --plan --key {keyid}`; where one does already, remove the old one from where it signs"
        )),
    })
}

fn days(left: SignedDuration) -> String {
    let whole = usize::try_from(left.as_hours() / 24).unwrap_or(0);
    plural(whole, "day", "days")
}

const NAME: &str = "keys";
const AHEAD: SignedDuration = SignedDuration::from_hours(30 * 24);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::{Revocation, SigningKey, Validity};

    fn trusted(byte: u8, from: Option<&str>, until: Option<&str>) -> TrustedKey {
        let key = SigningKey::generate(|seed| {
            seed.fill(byte);
            Ok::<_, ()>(())
        });
        let instant = |text: &str| text.parse().unwrap();
        TrustedKey {
            public: key.unwrap().public(),
            role: Role::MergeSigner,
            principal: format!("ci-{byte}"),
            environments: None,
            validity: Validity {
                not_before: from.map(instant),
                not_after: until.map(instant),
            },
        }
    }

    fn told(trust: &TrustFile) -> Vec<String> {
        let now = "2026-11-20T10:00:00Z".parse().unwrap();
        let checks = of_trust(trust, now).into_iter();
        checks.map(|check| check.about).collect()
    }

    #[test]
    fn a_key_is_told_thirty_days_before_its_time_is_over() {
        for (until, expected) in [
            ("2026-12-20T10:00:01Z", None),
            ("2026-12-20T10:00:00Z", Some("30 days from now")),
            ("2026-11-21T10:00:00Z", Some("1 day from now")),
            ("2026-11-20T10:00:01Z", Some("0 days from now")),
            ("2026-11-20T10:00:00Z", None),
        ] {
            let keys = vec![trusted(1, None, None), trusted(2, None, Some(until))];
            let told = told(&TrustFile::new(keys).unwrap());
            assert_eq!(told[0], "2 keys in an unsigned trust file");
            let found = told
                .get(1)
                .map(|line| line.ends_with(expected.unwrap_or("no")));
            assert_eq!(found, expected.map(|_| true), "{until} {told:?}");
        }
    }

    #[test]
    fn a_file_by_which_nothing_can_be_signed_now_is_told() {
        let nobody = "too few merge-signers are valid now for anything to be signed".to_owned();
        let over = Some("2026-11-20T10:00:00Z");
        let to_come = Some("2026-11-20T10:00:01Z");
        let one = |key| TrustFile::new(vec![key]).unwrap();
        assert!(told(&one(trusted(1, None, over))).contains(&nobody));
        assert!(told(&one(trusted(1, to_come, None))).contains(&nobody));
        assert!(!told(&one(trusted(1, over, None))).contains(&nobody));
        let mut here = trusted(1, None, None);
        here.environments = Some(vec!["prod".into()]);
        assert!(!told(&one(here)).contains(&nobody));
        let both = TrustFile::new(vec![trusted(1, None, None), trusted(2, to_come, None)]).unwrap();
        let two = both
            .clone()
            .with_thresholds([(Role::MergeSigner, 2)].into())
            .unwrap();
        assert!(told(&two).contains(&nobody));
        assert!(!told(&both).contains(&nobody));
        assert_eq!(told(&two).len(), 2, "one thing at a time");
        let all = "2 of 2 principals must sign as merge-signer: one lost key locks everything";
        let pair = TrustFile::new(vec![trusted(1, None, None), trusted(2, None, None)]).unwrap();
        let wanting = |trust: &TrustFile| {
            let trust = trust.clone();
            told(
                &trust
                    .with_thresholds([(Role::MergeSigner, 2)].into())
                    .unwrap(),
            )
        };
        assert!(wanting(&pair).contains(&all.to_owned()));
        let spare = pair.clone().with(trusted(3, None, None)).unwrap();
        assert_eq!(wanting(&spare).len(), 1);
        assert_eq!(told(&pair).len(), 1);
        let revocation = Revocation {
            public: trusted(1, None, None).public,
            from: "2026-11-20T10:00:00Z".parse().unwrap(),
            reason: "lost".into(),
            keep: Vec::new(),
        };
        let revoked = both.with_revoked(vec![revocation]).unwrap();
        let told = told(&revoked);
        assert_eq!(told[0], "2 keys in an unsigned trust file, 1 revoked");
        assert!(told.contains(&nobody));
    }
}
