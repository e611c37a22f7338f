//! A store that is a stream of envelopes, a line each: read once, never written.
//! Knows of each statement what it claims to be, so that it is found where others would lie; believes nothing.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};
use std::path::Path;

use jiff::Timestamp;

use super::{Error, Store, StoredFile, check_bytes, check_count, layout};
use crate::{
    attest::{
        self, Outcome, RENEWAL_PREDICATE, Renewal, UnitId, Verdict, WITHDRAWAL_PREDICATE,
        Withdrawal,
    },
    model::{Digest, GitId, limits},
};

/// What came in a stream.
#[derive(Clone, Debug, Default)]
pub struct StreamStore {
    /// As it is named.
    name: String,
    /// By the folder in which other stores keep them.
    folders: BTreeMap<String, Vec<StoredFile>>,
    units: Vec<UnitId>,
    files: usize,
    /// Lines that say nothing.
    blanks: usize,
    bytes: usize,
}

impl StreamStore {
    /// An empty store of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Takes each line of `lines`, which come from `place`, for an envelope or the bundle around one. Empty
    /// lines say nothing; the same statement twice is once.
    ///
    /// # Errors
    /// A line that is no statement of tidegate: it might have been the one that takes a link back. More than
    /// anyone would send.
    pub fn read(&mut self, mut lines: impl BufRead, place: &str) -> Result<(), Error> {
        for number in 1_u64.. {
            let most = limits::ENVELOPE.wide().saturating_add(2);
            let mut line = Vec::new();
            let read = (&mut lines).take(most).read_until(b'\n', &mut line);
            let read = read.map_err(|source| Error::Unreachable {
                action: "read",
                path: place.into(),
                source,
            })?;
            if read == 0 {
                break;
            }
            self.add(line.trim_ascii(), &format!("{place}, line {number}"))?;
        }
        Ok(())
    }

    fn add(&mut self, line: &[u8], place: &str) -> Result<(), Error> {
        if line.is_empty() {
            self.blanks = self.blanks.saturating_add(1);
            return check_count(self.blanks, Path::new(&self.name));
        }
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(line.len());
        check_count(self.files, Path::new(&self.name))?;
        check_bytes(self.bytes, Path::new(&self.name))?;
        let unread = |why: String| Error::Line {
            place: place.to_owned(),
            why,
        };
        let envelope = attest::unbundle(line).map_err(|error| unread(error.to_string()))?;
        let found = found(&envelope).map_err(|error| unread(error.to_string()))?;
        if let Some(unit) = found.link_of
            && !self.units.contains(&unit)
        {
            self.units.push(unit);
        }
        let files = self.folders.entry(found.folder).or_default();
        let content = Ok(envelope.into_owned());
        if !files.iter().any(|file| file.content == content) {
            files.push(StoredFile {
                name: found.name,
                place: place.to_owned(),
                content,
            });
        }
        Ok(())
    }

    fn list(&self, folder: &str) -> Vec<StoredFile> {
        self.folders.get(folder).cloned().unwrap_or_default()
    }

    fn read_only<T>(&self) -> Result<T, Error> {
        Err(Error::ReadOnly {
            name: self.name.clone(),
        })
    }
}

/// Where a statement lies in other stores.
struct Found {
    folder: String,
    name: String,
    link_of: Option<UnitId>,
}

fn found(envelope: &[u8]) -> Result<Found, attest::Rejection> {
    let payload = attest::unverified_payload(envelope)?;
    let kind = serde_json::from_slice::<Kind>(&payload).map(|kind| kind.predicate_type);
    match kind.as_deref() {
        Ok(WITHDRAWAL_PREDICATE) => {
            Withdrawal::parse_unverified(&payload)?;
            Ok(Found {
                folder: layout::WITHDRAWALS.to_owned(),
                name: layout::withdrawal(Digest::of(&payload)),
                link_of: None,
            })
        }
        Ok(RENEWAL_PREDICATE) => {
            let renewal = Renewal::parse_unverified(&payload)?;
            Ok(Found {
                folder: layout::renewals(renewal.link),
                name: layout::renewal(renewal.valid_from),
                link_of: None,
            })
        }
        Ok(_) | Err(_) => of_verdict(&Verdict::parse_unverified(&payload)?, &payload),
    }
}

fn of_verdict(verdict: &Verdict, payload: &[u8]) -> Result<Found, attest::Rejection> {
    let unit = UnitId::new(&verdict.environment, &verdict.unit);
    let unit = unit.map_err(|error| attest::Rejection::Malformed {
        what: error.to_string(),
    })?;
    Ok(match verdict.outcome {
        Outcome::Pass => Found {
            folder: layout::links(&unit),
            name: layout::link(verdict.height),
            link_of: Some(unit),
        },
        Outcome::Fail => Found {
            folder: layout::reports(&unit),
            name: layout::report(verdict.head.gated_tree, Digest::of(payload)),
            link_of: None,
        },
    })
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    predicate_type: String,
}

impl Store for StreamStore {
    fn check_signing(&self) -> Result<(), Error> {
        self.read_only()
    }

    fn units(&self) -> Result<Vec<UnitId>, Error> {
        Ok(self.units.clone())
    }

    fn links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        Ok(self.list(&layout::links(unit)))
    }

    fn publish_link(&self, _: &UnitId, _: u64, _: &[u8]) -> Result<(), Error> {
        self.read_only()
    }

    fn reports(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        Ok(self.list(&layout::reports(unit)))
    }

    fn publish_report(&self, _: &UnitId, _: GitId, _: Digest, _: &[u8]) -> Result<(), Error> {
        self.read_only()
    }

    fn renewals(&self, link: Digest) -> Result<Vec<StoredFile>, Error> {
        Ok(self.list(&layout::renewals(link)))
    }

    fn publish_renewal(&self, _: Digest, _: Timestamp, _: &[u8]) -> Result<(), Error> {
        self.read_only()
    }

    fn withdrawals(&self) -> Result<Vec<StoredFile>, Error> {
        Ok(self.list(layout::WITHDRAWALS))
    }

    fn publish_withdrawal(&self, _: Digest, _: &[u8]) -> Result<(), Error> {
        self.read_only()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::sample;
    use crate::model::{RiskTier, code_of};

    fn read(text: &[u8]) -> Result<StreamStore, Error> {
        let mut store = StreamStore::new("-");
        store.read(text, "standard input")?;
        Ok(store)
    }

    fn link() -> (Verdict, Vec<u8>) {
        let verdict = sample::baseline(sample::state(1));
        let envelope = attest::sign(&verdict.to_statement_bytes().unwrap(), &sample::key(1));
        (verdict, envelope)
    }

    #[test]
    fn a_line_is_found_where_other_stores_keep_it() {
        let (verdict, envelope) = link();
        let unit = UnitId::new(&verdict.environment, &verdict.unit).unwrap();
        let bundle = attest::bundle(&envelope).unwrap();
        let text = [b"\n", envelope.as_slice(), b"\r\n", &bundle, b"\n\n"].concat();
        let store = read(&text).unwrap();
        assert_eq!(store.units().unwrap(), std::slice::from_ref(&unit));
        let links = store.links(&unit).unwrap();
        assert_eq!(links.len(), 1, "twice is once");
        assert_eq!(links[0].height(), Some(verdict.height));
        assert_eq!(links[0].place, "standard input, line 2");
        assert_eq!(links[0].content, Ok(envelope));
        assert_eq!(store.reports(&unit).unwrap(), []);
        assert_eq!(store.withdrawals().unwrap(), []);
    }

    #[test]
    fn what_lies_beside_links_is_found_beside_them() {
        let (verdict, _) = link();
        let unit = UnitId::new(&verdict.environment, &verdict.unit).unwrap();
        let link = Digest::of(b"link");
        let mut failed = sample::link(&verdict, sample::state(2));
        failed.outcome = Outcome::Fail;
        failed.counts.denied = 1;
        let withdrawal = Withdrawal {
            environment: verdict.environment.clone(),
            unit: verdict.unit.clone(),
            link,
            reason: "wrong".into(),
            withdrawn_at: verdict.valid_from,
        };
        let renewal = Renewal {
            engine_version: "0.1.0".into(),
            environment: verdict.environment.clone(),
            unit: verdict.unit.clone(),
            link,
            height: 3,
            valid_from: verdict.valid_from,
            valid_until: verdict.valid_until,
            risk_tier: RiskTier::High,
            classes: None,
            gate_state: None,
            also_judged_by: None,
            policy_digest: Digest::of(b"policies"),
            config_digest: Digest::of(b"config"),
            facts_digest: Digest::of(b"facts"),
        };
        let payloads = [
            failed.to_statement_bytes().unwrap(),
            withdrawal.to_statement_bytes().unwrap(),
            renewal.to_statement_bytes().unwrap(),
        ];
        let lines = payloads.map(|payload| attest::sign(&payload, &sample::key(1)));
        let store = read(&lines.join(&b"\n"[..])).unwrap();
        let [report, withdrawal, renewal] = lines;
        let contents = |files: Result<Vec<StoredFile>, Error>| {
            let files = files.unwrap().into_iter();
            files.map(|file| file.content.unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(store.units().unwrap(), []);
        assert_eq!(contents(store.links(&unit)), [b""; 0]);
        assert_eq!(contents(store.reports(&unit)), [report]);
        assert_eq!(contents(store.withdrawals()), [withdrawal]);
        assert_eq!(contents(store.renewals(link)), [renewal]);
    }

    #[test]
    fn a_line_that_is_no_statement_is_an_error_that_names_it() {
        let (_, envelope) = link();
        let cut = &envelope[..envelope.len() - 1];
        for line in [cut, b"{}", b"x", &vec![b' '; 10 << 20][..], b"\xff"] {
            let text = [envelope.as_slice(), b"\n", line, b"."].concat();
            let error = read(&text).unwrap_err();
            assert_eq!(code_of(&error), "store.line", "{error}");
            assert!(error.to_string().contains("line "), "{error}");
        }
    }

    #[test]
    fn a_stream_is_bounded() {
        let (_, envelope) = link();
        let line = [envelope.as_slice(), b"\n"].concat();
        let many = line.repeat(limits::STORE_FILES.most + 1);
        assert_eq!(code_of(&read(&many).unwrap_err()), "limit.candidates");
        assert!(read(&many[line.len()..]).is_ok());
        let long = vec![b'x'; 3 * limits::ENVELOPE.most];
        assert_eq!(code_of(&read(&long).unwrap_err()), "store.line");
    }

    #[test]
    fn nothing_is_put_into_a_stream() {
        let store = StreamStore::new("-");
        let unit = UnitId::new("prod", "odoo").unwrap();
        let digest = Digest::of(b"x");
        for put in [
            store.check_signing(),
            store.publish_link(&unit, 0, b"x"),
            store.publish_report(&unit, GitId::EMPTY_TREE, digest, b"x"),
            store.publish_renewal(digest, Timestamp::UNIX_EPOCH, b"x"),
            store.publish_withdrawal(digest, b"x"),
        ] {
            let error = put.unwrap_err();
            assert_eq!(code_of(&error), "usage.read-only-store");
            assert!(error.to_string().contains("`-`"), "{error}");
        }
    }
}
