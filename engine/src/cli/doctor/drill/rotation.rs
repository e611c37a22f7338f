//! What takes the key: accepting a state, and one key after another. Done in a repository and a store of its own, with
//! keys that stand in.

use jiff::{SignedDuration, Timestamp};

use super::standing::Standing;
use super::{Drill, Said, objections, unsigned};
use crate::attest::{Signatory, TrustFile};
use crate::cli::common::{self, Failure};
use crate::cli::config;
use crate::cli::renderers::{self, Network};
use crate::cli::verdicts::Verdicts;
use crate::config::Environment;
use crate::gate::{self, AdmitRequest, SignRequest, Signed, Signing};
use crate::git::Scratch;
use crate::model::RepoPath;
use crate::report::plural;

/// Where it is done.
pub(super) struct Stage {
    scratch: Scratch,
    pub(super) keys: Standing,
    verdicts: Verdicts,
}

/// Accepts the head of the protected branch as it stands, and asks for it in a cluster where nothing runs.
pub(super) fn accepted(drill: &Drill<'_>) -> Result<(Option<Stage>, Said), Failure> {
    let name = &drill.request.environment;
    let Some(environment) = environment(drill)? else {
        let about = format!("the configuration has no environment `{name}`");
        let help = "`tidegate environments` lists them".to_owned();
        return Ok((None, Said::Fails { about, help }));
    };
    let mut stage = Stage::new(drill, &environment.branch, "accepted")?;
    if stage.keys.signer(name).is_none() {
        let about = format!("no merge-signer of the trust file signs for `{name}` now");
        let help = "`tidegate keys show` lists them; a key that is left takes over (docs/keys.md)"
            .to_owned();
        return Ok((None, Said::Fails { about, help }));
    }
    let trust = stage.keys.trust()?;
    stage.commit(&trust, drill.now())?;
    let everybody = stage.keys.without(None)?;
    let signing = stage.baseline(drill, (&everybody, drill.now()), None)?;
    let units = signing.units.len();
    let mut wrong = unsigned(&signing);
    if wrong.is_empty() {
        wrong = stage.asked(drill, &trust, drill.now())?;
    }
    if wrong.is_empty() {
        let units = plural(units, "unit", "units");
        let about = format!(
            "with the key, the head of `{}` is accepted as it stands, and admitted: {units}",
            environment.branch
        );
        return Ok((Some(stage), Said::Works(about)));
    }
    let help = "what is named here keeps `tidegate baseline` from helping on a bad night: mend it while there is time".to_owned();
    Ok((
        None,
        Said::Fails {
            about: wrong.join("; "),
            help,
        },
    ))
}

/// Does what `keys rotate --plan` says, to its end, by a clock that is put forward.
pub(super) fn rotated(drill: &Drill<'_>, stage: &mut Stage) -> Result<Said, Failure> {
    let Some(old) = stage.keys.signer(&drill.request.environment) else {
        return Ok(super::skipped());
    };
    let (start, mut notes) = (drill.now(), Vec::new());
    let (overlap, end) = (later(start, OVERLAP / 2), later(start, OVERLAP));
    // The key that follows is made known by those that there are.
    let before = stage.keys.without(None)?;
    stage.keys.follow(old, start)?;
    if let Some(wrong) = stage.gate(drill, (&before, start), &mut notes)? {
        return Ok(fails(1, &wrong));
    }
    // It signs that the old one ends.
    stage.keys.end(old, end);
    let after = stage.keys.without(Some(old))?;
    if let Some(wrong) = stage.gate(drill, (&after, overlap), &mut notes)? {
        return Ok(fails(4, &wrong));
    }
    // After its end the old one signs nothing, and what rests on it is accepted anew.
    let over = later(end, SignedDuration::from_secs(1));
    let alone = stage.keys.only(old)?;
    if let Ok(signing) = stage.baseline(drill, (&alone, over), None)
        && unsigned(&signing).is_empty()
    {
        return Ok(fails(5, "the old key still signs"));
    }
    let signing = stage.baseline(drill, (&after, over), None)?;
    let wrong = unsigned(&signing);
    if !wrong.is_empty() {
        return Ok(fails(5, &wrong.join("; ")));
    }
    let without = stage.keys.removed(old).trust()?;
    let wrong = stage.asked(drill, &without, over)?;
    if !wrong.is_empty() {
        return Ok(fails(6, &wrong.join("; ")));
    }
    notes.insert(
        0,
        format!(
            "a key of `{}` is followed by another: both, then the new one alone",
            stage.keys.principal(old)
        ),
    );
    Ok(Said::Works(notes.join("; ")))
}

fn fails(step: usize, about: &str) -> Said {
    Said::Fails {
        about: format!("step {step} of the plan: {about}"),
        help: "`tidegate keys rotate --plan` has the steps, docs/keys.md says why".to_owned(),
    }
}

impl Stage {
    /// The same by a name of its own; `None` where there is no such environment.
    pub(super) fn named(drill: &Drill<'_>, name: &str) -> Result<Option<Self>, Failure> {
        let environment = environment(drill)?;
        let branch = environment.map(|environment| environment.branch);
        branch
            .map(|branch| Self::new(drill, &branch, name))
            .transpose()
    }

    /// A repository beside the one that is judged, whose trust file lists keys that stand in.
    fn new(drill: &Drill<'_>, branch: &str, name: &str) -> Result<Self, Failure> {
        let head = drill.repository.branch_head(branch)?;
        let folder = drill.scratch.path().join(format!("{name}.git"));
        let scratch = Scratch::beside(drill.repository, &folder, branch, head)?;
        let snapshot = scratch.repository().snapshot(head)?;
        let committed = scratch
            .repository()
            .entry(&snapshot, &RepoPath::from(TRUST_FILE))?;
        let committed = match committed {
            Some(entry) => Some(TrustFile::parse(&scratch.repository().file(&entry)?)?),
            None => None,
        };
        let keys = Standing::of(committed.as_ref().unwrap_or(drill.trust), drill.now())?;
        Ok(Self {
            scratch,
            keys,
            verdicts: drill.folder(name),
        })
    }

    /// Goes on with a store in which nothing lies.
    pub(super) fn begin_anew(&mut self, drill: &Drill<'_>, name: &str) {
        self.verdicts = drill.folder(name);
    }

    pub(super) fn commit(&mut self, trust: &TrustFile, at: Timestamp) -> Result<(), Failure> {
        let printed = trust.print();
        self.scratch
            .commit(TRUST_FILE, printed.as_bytes(), at.as_second())?;
        Ok(())
    }

    fn request<'r>(
        &'r self,
        drill: &'r Drill<'_>,
        (key, now): (&'r dyn Signatory, Timestamp),
        unit: Option<&'r str>,
    ) -> SignRequest<'r> {
        SignRequest {
            environment: &drill.request.environment,
            unit,
            key,
            store: self.verdicts.store(),
            evidence: &[],
            workshop: None,
            now,
        }
    }

    pub(super) fn baseline(
        &self,
        drill: &Drill<'_>,
        by: (&dyn Signatory, Timestamp),
        unit: Option<&str>,
    ) -> Result<Signing, Failure> {
        let repository = self.scratch.repository();
        let workshop = renderers::fresh(drill.terminal, repository, Network::default());
        let request = SignRequest {
            evidence: &[],
            workshop: Some(&workshop),
            ..self.request(drill, by, unit)
        };
        Ok(gate::baseline(repository, &request)?)
    }

    /// Commits the trust file as it is now, and has the gate signed; what is in the way.
    fn gate(
        &mut self,
        drill: &Drill<'_>,
        by: (&dyn Signatory, Timestamp),
        notes: &mut Vec<String>,
    ) -> Result<Option<String>, Failure> {
        self.gate_by(drill, &self.keys.trust()?, by, notes)
    }

    /// The same with a trust file that is given.
    pub(super) fn gate_by(
        &mut self,
        drill: &Drill<'_>,
        trust: &TrustFile,
        by: (&dyn Signatory, Timestamp),
        notes: &mut Vec<String>,
    ) -> Result<Option<String>, Failure> {
        self.commit(trust, by.1)?;
        let repository = self.scratch.repository();
        let signing = gate::sign(repository, &self.request(drill, by, Some(GATE)))?;
        let denied = |signing: &Signing| {
            let mut units = signing.units.iter();
            units.any(|unit| matches!(unit.result, Signed::Failed(_)))
        };
        if !denied(&signing) {
            return Ok(first(&unsigned(&signing)));
        }
        // A change of the gate may need an approval, or another hour, that nobody can give here.
        let note = "the policies deny the change of the trust file as it stands here; `tidegate baseline --unit gate` accepts it";
        if !notes.iter().any(|it| it == note) {
            notes.push(note.to_owned());
        }
        Ok(first(&unsigned(&self.baseline(drill, by, Some(GATE))?)))
    }

    /// What is said against the head of the branch where nothing runs.
    pub(super) fn asked(
        &self,
        drill: &Drill<'_>,
        trust: &TrustFile,
        now: Timestamp,
    ) -> Result<Vec<String>, Failure> {
        let revision = self.scratch.head().to_string();
        let request = AdmitRequest {
            environment: &drill.request.environment,
            unit: None,
            branch: None,
            revision: &revision,
            deployed: None,
            sync: None,
            trust,
            store: self.verdicts.store(),
            now,
            witnesses: &[],
            checkout: None,
        };
        Ok(objections(&gate::admit(
            self.scratch.repository(),
            &request,
        )?))
    }
}

fn environment(drill: &Drill<'_>) -> Result<Option<Environment>, Failure> {
    let (path, bytes) = config::read(drill.terminal)?;
    let files = common::policy_files(&drill.terminal.directory)?;
    let config = gate::validate(&path, &bytes, &files)?;
    Ok(config.environment(&drill.request.environment).cloned())
}

fn first(wrong: &[String]) -> Option<String> {
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

fn later(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}

const GATE: &str = "gate";
/// As `keys rotate --plan` has it.
const OVERLAP: SignedDuration = SignedDuration::from_hours(14 * 24);
const TRUST_FILE: &str = ".tidegate/trust.json";
