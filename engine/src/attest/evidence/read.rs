//! Evidence read from files that anybody may have written: what a trusted key says of this environment, the newest word
//! of each signer first. Believes no name of a file, and no signature that it did not verify.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::{Rejection, TrustFile, dsse};
use super::Evidence;
use crate::facts::evidence::{
    About, Backup, Error, Incident, Known, MigrationRehearsal, MigrationReview, ObjectName,
    Observed, OfObject, OfScript, Refused, RestoreTest, RollbackTest, SKEW, Why, Witnessed,
};
use crate::model::{Digest, limits};

/// Whose word counts, where and when.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The keys, from the judge.
    pub trust: &'a TrustFile,
    /// The environment.
    pub environment: &'a str,
    /// The cluster that it runs in, where the judge's configuration says that.
    pub cluster: Option<&'a str>,
    /// The time.
    pub now: Timestamp,
}

/// What is known from these files, each with its path.
///
/// What is no evidence, is signed by nobody who may, or is about another environment or cluster counts for nothing, and
/// is told. Of what one signer says of one object the highest sequence counts.
///
/// # Errors
/// Too many files, too long ones, or a trusted key says of something that it happened in the future: then a clock is
/// wrong, and no age can be told.
pub fn read(files: &[(String, Vec<u8>)], asked: Asked<'_>) -> Result<Known, Error> {
    check_limits(files)?;
    let mut reading = Reading {
        asked,
        known: Known::default(),
        seen: BTreeSet::new(),
        backups: BTreeMap::new(),
        restore_tests: BTreeMap::new(),
        incidents: BTreeMap::new(),
        rollback_tests: BTreeMap::new(),
        reviews: BTreeMap::new(),
        rehearsals: BTreeMap::new(),
    };
    let mut files: Vec<&(String, Vec<u8>)> = files.iter().collect();
    files.sort();
    for (path, bytes) in files {
        reading.take(path, bytes)?;
    }
    Ok(reading.finish())
}

fn check_limits(files: &[(String, Vec<u8>)]) -> Result<(), Error> {
    if files.len() > limits::EVIDENCE_FILES.most {
        return Err(Error::Files);
    }
    if let Some((path, _)) = files
        .iter()
        .find(|(_, bytes)| bytes.len() > limits::EVIDENCE_FILE.most)
    {
        let path = path.clone();
        return Err(Error::FileTooLong { path });
    }
    let total = files
        .iter()
        .fold(0_usize, |sum, (_, bytes)| sum.saturating_add(bytes.len()));
    match total > limits::EVIDENCE_TOTAL.most {
        true => Err(Error::Total),
        false => Ok(()),
    }
}

/// What one signer says of one thing.
type Streams<T> = BTreeMap<(ObjectName, Vec<String>, String), Vec<Witnessed<T>>>;
/// What one signer says of one script.
type OfScripts<T> = BTreeMap<(Digest, Vec<String>), Vec<Witnessed<T>>>;

struct Reading<'a> {
    asked: Asked<'a>,
    known: Known,
    /// Payloads that were read: a copy of a file says nothing new.
    seen: BTreeSet<Digest>,
    backups: Streams<Backup>,
    restore_tests: Streams<RestoreTest>,
    incidents: Streams<Incident>,
    rollback_tests: Streams<RollbackTest>,
    reviews: OfScripts<MigrationReview>,
    rehearsals: OfScripts<MigrationRehearsal>,
}

impl Reading<'_> {
    fn take(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let payload = dsse::unverified_payload(bytes);
        let read = payload.and_then(|payload| Evidence::parse_unverified(&payload));
        let evidence = match read {
            Ok(evidence) => evidence,
            Err(rejection) => {
                self.refuse(path, Why::Malformed, rejection.to_string(), None);
                return Ok(());
            }
        };
        if evidence.about().environment != self.asked.environment {
            self.known.elsewhere += 1;
            return Ok(());
        }
        let statement = match self.verify(bytes, &evidence) {
            Ok(statement) => statement,
            Err(rejection) => {
                self.refuse(path, Why::Untrusted, rejection.to_string(), Some(&evidence));
                return Ok(());
            }
        };
        if let Some(text) = self.other_cluster(&evidence) {
            self.refuse(path, Why::Cluster, text, Some(&evidence));
            return Ok(());
        }
        self.check_future(path, &evidence)?;
        if self.seen.insert(statement.digest()) {
            let mut signers: Vec<String> = statement
                .signers()
                .iter()
                .map(|signer| signer.principal.clone())
                .collect();
            signers.sort();
            signers.dedup();
            self.keep(evidence, statement.digest(), &signers, path);
        }
        Ok(())
    }

    fn verify(
        &self,
        envelope: &[u8],
        evidence: &Evidence,
    ) -> Result<dsse::VerifiedStatement, Rejection> {
        let role = evidence.kind().role();
        dsse::verify(envelope, self.asked.trust, role, self.asked.environment)
    }

    /// Another cluster has an environment and objects of the same names.
    fn other_cluster(&self, evidence: &Evidence) -> Option<String> {
        let wanted = self.asked.cluster?;
        match evidence.about().cluster.as_deref() {
            Some(found) if found == wanted => None,
            Some(found) => Some(format!("it is of cluster `{found}`, not of `{wanted}`")),
            None => Some(format!("it does not say that it is of cluster `{wanted}`")),
        }
    }

    fn check_future(&self, path: &str, evidence: &Evidence) -> Result<(), Error> {
        let now = self.asked.now;
        let mut happened = evidence.happened().into_iter();
        match happened.find(|(_, at)| at.duration_since(now) > SKEW) {
            None => Ok(()),
            Some((what, at)) => Err(Error::Future {
                what: format!("`{what}` of `{path}`"),
                at,
                now,
            }),
        }
    }

    fn keep(&mut self, evidence: Evidence, digest: Digest, signers: &[String], path: &str) {
        let key = |object: &ObjectName, what: String| (object.clone(), signers.to_vec(), what);
        match evidence {
            Evidence::Backup(said) => {
                let selected = said.source.selected.iter();
                let selected: Vec<String> = selected.map(|(k, v)| format!("{k}={v}")).collect();
                let what = format!("{} {}", said.source.tool.as_str(), selected.join(" "));
                let stream = self.backups.entry(key(&said.object, what));
                stream
                    .or_default()
                    .push(witnessed(*said, digest, signers, path));
            }
            Evidence::RestoreTest(said) => {
                let scope: Vec<&str> = said.scope.iter().map(|one| one.as_str()).collect();
                let stream = self.restore_tests.entry(key(&said.object, scope.join(" ")));
                stream
                    .or_default()
                    .push(witnessed(said, digest, signers, path));
            }
            Evidence::Incident(said) => {
                for object in &said.objects {
                    let stream = self.incidents.entry(key(object, said.id.clone()));
                    let one = witnessed(said.clone(), digest, signers, path);
                    stream.or_default().push(one);
                }
            }
            Evidence::RollbackTest(said) => {
                let way = format!("{} {}", said.from, said.to);
                let stream = self.rollback_tests.entry(key(&said.object, way));
                stream
                    .or_default()
                    .push(witnessed(said, digest, signers, path));
            }
            Evidence::MigrationReview(said) => {
                for script in &said.scripts {
                    let stream = self.reviews.entry((*script, signers.to_vec()));
                    let one = witnessed(said.clone(), digest, signers, path);
                    stream.or_default().push(one);
                }
            }
            Evidence::MigrationRehearsal(said) => {
                for script in &said.scripts {
                    let stream = self.rehearsals.entry((*script, signers.to_vec()));
                    let one = witnessed(said.clone(), digest, signers, path);
                    stream.or_default().push(one);
                }
            }
        }
    }

    fn refuse(&mut self, path: &str, why: Why, text: String, evidence: Option<&Evidence>) {
        let objects = evidence.map(Evidence::objects).unwrap_or_default();
        self.known.refused.push(Refused {
            path: path.to_owned(),
            why,
            text,
            objects: objects.into_iter().cloned().collect(),
            scripts: evidence.map(Evidence::scripts).unwrap_or_default(),
        });
    }

    fn finish(self) -> Known {
        let mut known = self.known;
        let refused = &mut known.refused;
        let (objects, scripts) = (&mut known.objects, &mut known.scripts);
        for ((object, ..), stream) in self.backups {
            let of = objects.entry(object.clone()).or_default();
            let observed = newest(&Of::Object(&object), stream, &|it| &it.about, refused);
            of.backups.extend(observed);
        }
        for ((object, ..), stream) in self.restore_tests {
            let of = objects.entry(object.clone()).or_default();
            let stream = of_this_database(stream, of, refused);
            let observed = newest(&Of::Object(&object), stream, &|it| &it.about, refused);
            of.restore_tests.extend(observed);
        }
        for ((object, ..), stream) in self.incidents {
            let of = objects.entry(object.clone()).or_default();
            let observed = newest(&Of::Object(&object), stream, &|it| &it.about, refused);
            of.incidents.extend(observed);
        }
        for ((object, ..), stream) in self.rollback_tests {
            let of = objects.entry(object.clone()).or_default();
            let observed = newest(&Of::Object(&object), stream, &|it| &it.about, refused);
            of.rollback_tests.extend(observed);
        }
        for ((script, _), stream) in self.reviews {
            let of = scripts.entry(script).or_default();
            let observed = newest(&Of::Script(script), stream, &|it| &it.about, refused);
            of.reviews.extend(observed);
        }
        for ((script, _), stream) in self.rehearsals {
            let of = scripts.entry(script).or_default();
            let observed = newest(&Of::Script(script), stream, &|it| &it.about, refused);
            of.rehearsals.extend(observed);
        }
        known.objects.retain(|_, of| *of != OfObject::default());
        known.scripts.retain(|_, of| *of != OfScript::default());
        known.refused.sort();
        known.refused.dedup();
        known
    }
}

fn witnessed<T>(said: T, digest: Digest, signers: &[String], path: &str) -> Witnessed<T> {
    Witnessed {
        said,
        digest,
        signers: signers.to_vec(),
        path: path.to_owned(),
    }
}

/// What a stream is about.
enum Of<'a> {
    Object(&'a ObjectName),
    Script(Digest),
}

impl<'a> Of<'a> {
    fn object(&self) -> Option<&'a ObjectName> {
        match self {
            Self::Object(object) => Some(object),
            Self::Script(_) => None,
        }
    }

    fn script(&self) -> Option<Digest> {
        match self {
            Self::Object(_) => None,
            Self::Script(script) => Some(*script),
        }
    }
}

/// The highest sequence, and those before it. Where a number was given twice, or time runs backwards, nobody can tell
/// which is the newest, and none counts: an old statement could be the one that does.
fn newest<T>(
    of: &Of<'_>,
    mut stream: Vec<Witnessed<T>>,
    about: &dyn Fn(&T) -> &About,
    refused: &mut Vec<Refused>,
) -> Option<Observed<T>> {
    stream.sort_by_key(|one| std::cmp::Reverse(about(&one.said).sequence));
    let pairs = || stream.iter().zip(stream.iter().skip(1));
    let flaw = pairs().find_map(|(newer, older)| {
        let (new, old) = (about(&newer.said), about(&older.said));
        if new.sequence == old.sequence {
            let text = format!("`{}` has the same sequence {}", older.path, old.sequence);
            return Some((Why::Sequence, text));
        }
        let backwards = new.reported_at < old.reported_at;
        backwards.then(|| {
            let text = format!(
                "`{}` has sequence {} and was reported at {}, `{}` has {} and was reported later, at {}",
                newer.path, new.sequence, new.reported_at, older.path, old.sequence, old.reported_at
            );
            (Why::Clock, text)
        })
    });
    if let Some((why, text)) = flaw {
        refused.extend(stream.into_iter().map(|one| Refused {
            path: one.path,
            why,
            text: format!("nobody can tell which is the newest: {text}"),
            objects: of.object().cloned().into_iter().collect(),
            scripts: of.script().into_iter().collect(),
        }));
        return None;
    }
    let mut newest_first = stream.into_iter();
    let newest = newest_first.next()?;
    let earlier = newest_first.take(limits::EVIDENCE_HISTORY.most).collect();
    Some(Observed { newest, earlier })
}

/// Restore tests of a database that had the name before, or has it elsewhere, say nothing of this one.
fn of_this_database(
    stream: Vec<Witnessed<RestoreTest>>,
    of: &OfObject,
    refused: &mut Vec<Refused>,
) -> Vec<Witnessed<RestoreTest>> {
    let ids = of.backups.iter().map(|one| &one.newest.said.system_id);
    let ids: BTreeSet<&str> = ids.flatten().map(String::as_str).collect();
    let (own, others): (Vec<_>, Vec<_>) = stream.into_iter().partition(|one| {
        let id = one.said.system_id.as_deref();
        ids.is_empty() || id.is_none_or(|id| ids.contains(id))
    });
    refused.extend(others.into_iter().map(|one| Refused {
        text: format!(
            "database {} was restored, and the backups are of {}",
            one.said.system_id.unwrap_or_default(),
            ids.iter().copied().collect::<Vec<_>>().join(", ")
        ),
        objects: [one.said.object].into(),
        scripts: BTreeSet::new(),
        path: one.path,
        why: Why::OtherDatabase,
    }));
    own
}

#[cfg(test)]
mod tests;
