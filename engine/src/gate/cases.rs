//! The cases of a policy: two folders of manifests, and what must come out.
//! Knows no Git; a case is judged as one unit of one environment.

#[cfg(test)]
mod less;
mod plans;
mod reported;
mod scripts;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use self::reported::{ScriptReport, Told};
use self::scripts::scripts;
use self::written::{Expected, ExpectedFinding, Setting};
use super::Error;
use super::evaluate::{Bench, Judged, Matter};
use super::evidence::Evidence;
use super::file::File;
use super::judge::Judge;
use super::library::Policies;
use super::registries::Said;
use super::scene::{self, Scene, Trees};
use super::season::season;
use super::unit::{Reached, compare, no_neighbours};
use super::watch::Unwatched;
use crate::change::{Change, Objects};
use crate::config::{Config, Profile, settings_pointer};
use crate::facts::images::Lock;
use crate::facts::inventory::Neighbours;
use crate::facts::range::Range;
use crate::facts::rollback::Prepared;
use crate::facts::workloads::ImageRef;
use crate::git::TreeEntry;
use crate::input::Mode;
use crate::manifest;
use crate::model::{Digest, Finding, RepoPath};
use crate::policy::Origin;
use crate::registry::RegistryError;
use crate::render::{self, FilesError, Found};
use crate::verdict::{Outcome, Unused, decide};

/// How one case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// `resource-limits/missing-memory-limit-is-denied`.
    pub name: String,
    /// What must come out.
    pub expected: Outcome,
    /// What is not as it must be.
    pub problem: Option<String>,
}

/// Runs the cases of one policy.
///
/// # Errors
/// A case that cannot be judged.
pub fn run_cases(policies: &Policies, folder: &str) -> Result<Vec<CaseResult>, Error> {
    each_case(policies, folder).collect()
}

/// Runs the cases of one policy, each when it is asked for.
pub fn each_case<'a>(
    policies: &'a Policies,
    folder: &'a str,
) -> impl Iterator<Item = Result<CaseResult, Error>> + 'a {
    let mut judges = BTreeMap::new();
    cases(policies, folder)
        .into_iter()
        .map(move |(name, files)| {
            let name = format!("{folder}/{name}");
            let case = Case {
                policies,
                folder,
                name: &name,
                files,
            };
            let (expected, problem) = case.run(&mut judges)?;
            Ok(CaseResult {
                name,
                expected,
                problem,
            })
        })
}

/// What the policies receive in the cases of one policy, in the form in which [`facts`](super::facts)
/// gives it for a range: for looking at it, and for other evaluators.
///
/// # Errors
/// A case that cannot be judged.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method holds for too few lifetimes"
)]
pub fn case_documents(policies: &Policies, folder: &str) -> Result<Vec<Value>, Error> {
    let mut judges = BTreeMap::new();
    let mut all = Vec::new();
    for (name, files) in cases(policies, folder) {
        let case = Case {
            policies,
            folder,
            name: &format!("{folder}/{name}"),
            files,
        };
        let setting = case.read("case.yaml")?.unwrap_or_default();
        let judge = case.judge(&setting, &mut judges)?;
        all.extend(case.ask(judge, &setting, |bench, matter| bench.documents(matter))?);
    }
    Ok(all)
}

type Files<'a> = BTreeMap<&'a str, &'a [u8]>;

fn cases<'a>(policies: &'a Policies, folder: &str) -> BTreeMap<&'a str, Files<'a>> {
    let below = format!(".tidegate/policies/{folder}/cases/");
    let own = policies
        .files
        .iter()
        .filter_map(|(path, bytes)| Some((path.as_str()?.strip_prefix(&below)?, bytes.as_slice())));
    let embedded = EMBEDDED
        .iter()
        .filter(|(policy, _, _)| *policy == folder)
        .map(|(_, path, text)| (*path, text.as_bytes()));
    let mut cases: BTreeMap<&str, Files<'_>> = BTreeMap::new();
    for (path, bytes) in own.chain(embedded) {
        if let Some((case, file)) = path.split_once('/') {
            cases.entry(case).or_default().insert(file, bytes);
        }
    }
    cases
}

struct Case<'a> {
    policies: &'a Policies,
    folder: &'a str,
    name: &'a str,
    files: Files<'a>,
}

impl Case<'_> {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method holds for too few lifetimes"
    )]
    fn run(
        &self,
        judges: &mut BTreeMap<String, Judge>,
    ) -> Result<(Outcome, Option<String>), Error> {
        let setting: Setting = self.read("case.yaml")?.unwrap_or_default();
        let expected: Expected = self
            .read("expect.yaml")?
            .ok_or_else(|| self.broken("it has no expect.yaml"))?;
        let judge = self.judge(&setting, judges)?;
        let judged = self.ask(judge, &setting, |bench, matter| bench.judge(matter))?;
        Ok((expected.outcome, self.compare(judge, judged, &expected)))
    }

    fn judge<'j>(
        &self,
        setting: &Setting,
        judges: &'j mut BTreeMap<String, Judge>,
    ) -> Result<&'j Judge, Error> {
        let (config, signers) = (self.config(setting), self.signers());
        let known = format!("{config}{signers:?}");
        if !judges.contains_key(&known) {
            let mut parsed = Config::parse(&RepoPath::from("tidegate.yaml"), config.as_bytes())?;
            parsed.read_signers(signers);
            let policies = self.policies.set.only(|policy| {
                policy.origin() == Origin::Repository || parsed.profile.runs(policy.folder())
            });
            let judge = Judge::with(parsed, policies, "the case", None)?;
            judges.insert(known.clone(), judge);
        }
        let judge = judges.get(&known);
        judge.ok_or_else(|| self.broken("its judge is gone"))
    }

    fn ask<T>(
        &self,
        judge: &Judge,
        setting: &Setting,
        what: fn(&Bench<'_>, &Matter<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (base, head) = (self.side("base/")?, self.side("head/")?);
        let changes = compare(&judge.config, &base, &head);
        let trees = Trees {
            base: None,
            head: &NoFiles,
            before: None,
        };
        let scenes = scene::of_config(&judge.config, trees)?;
        let scene = scenes
            .iter()
            .find(|scene| !scene.is_gate())
            .ok_or_else(|| self.broken("its configuration has no unit"))?;
        let now = setting.now();
        let now = now.ok_or_else(|| self.broken("`now` is no instant"))?;
        let bench = Bench {
            judge,
            mode: Mode::Merge,
            now,
            environment: &scene.input,
            environment_pointer: &scene.pointer,
            unit: (&scene.name, scene.kind),
            range: &range(scene, &changes, setting),
            source: &setting.source(),
            season: &season(judge, scene, now, setting.rollback),
            rooted: None,
            evidence: &self.recorded(setting),
            reported: &Told {
                reports: &setting.reported,
                scripts: self.reported_scripts(setting)?,
                now,
            },
            promotions: setting,
            watch: &Unwatched,
        };
        let reach = Reached::of(&bench, &changes);
        let unchanged = head
            .values()
            .filter(|source| !changes.iter().any(|change| change.object == source.object));
        let reached: Vec<_> = unchanged
            .filter(|source| {
                reach
                    .as_ref()
                    .is_some_and(|reach| reach.takes(&source.object) && reach.concerns(source))
            })
            .cloned()
            .collect();
        let matter = Matter {
            changes: &changes,
            reached: &reached,
            head: &neighbours(judge, &head),
            base: &neighbours(judge, &base),
            scripts: &scripts(&self.files, &judge.migrations),
            prepared: &Prepared {
                plans: plans::plans(&self.files, judge, &setting.source()),
                target: bench.target(),
            },
            everything: false,
        };
        what(&bench, &matter)
    }

    fn recorded<'c>(&'c self, setting: &'c Setting) -> Recorded<'c> {
        Recorded {
            files: &self.files,
            gone: &setting.gone,
        }
    }

    fn compare(&self, judge: &Judge, judged: Judged, expected: &Expected) -> Option<String> {
        let own = |finding: &Finding| finding.policy == self.folder;
        let findings: Vec<Finding> = judged.findings.into_iter().filter(own).collect();
        let decision = decide(findings, &[], Timestamp::UNIX_EPOCH, Unused::Ignore);
        let mut problems = Vec::new();
        if decision.outcome != expected.outcome {
            problems.push(format!("the outcome is {:?}", decision.outcome));
        }
        let mut found: Vec<ExpectedFinding> = decision
            .findings
            .iter()
            .map(|finding| ExpectedFinding {
                code: finding.code.clone(),
                effect: finding.effect,
                object: finding.object.as_ref().map(ToString::to_string),
                field: finding.field.clone(),
                inherited: finding.inherited,
            })
            .collect();
        found.sort();
        let mut wanted: Vec<&ExpectedFinding> = expected.findings.iter().collect();
        wanted.sort();
        if !found.iter().eq(wanted) {
            problems.push(format!("the findings are {found:?}"));
        }
        let tier = judged.risk.tier.as_str();
        if expected
            .tier
            .as_deref()
            .is_some_and(|expected| expected != tier)
        {
            problems.push(format!("the tier is {tier}"));
        }
        if let Some(expected) = &expected.reasons {
            let mut codes: Vec<&str> = judged
                .risk
                .reasons
                .iter()
                .map(|reason| reason.code.as_str())
                .collect();
            codes.sort_unstable();
            codes.dedup();
            let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            expected.sort_unstable();
            expected.dedup();
            if codes != expected {
                problems.push(format!("the reasons are {codes:?}"));
            }
        }
        debug_assert!(judge.policies.policy(self.folder).is_some());
        (!problems.is_empty()).then(|| problems.join("; "))
    }

    /// The files of the judge: what lies in `judge/`.
    fn signers(&self) -> BTreeMap<RepoPath, Vec<u8>> {
        let below = |(path, bytes): (&&str, &&[u8])| {
            let path = path.strip_prefix("judge/")?;
            Some((RepoPath::from(path), bytes.to_vec()))
        };
        self.files.iter().filter_map(below).collect()
    }

    /// What is reported of scripts, by the digests of their texts.
    fn reported_scripts<'s>(
        &self,
        setting: &'s Setting,
    ) -> Result<BTreeMap<Digest, &'s ScriptReport>, Error> {
        let reports = setting.scripts.iter().map(|(path, report)| {
            let text = self.files.get(format!("head/{path}").as_str());
            let text = text.ok_or_else(|| self.broken(&format!("it has no head/{path}")))?;
            Ok((Digest::of(text), report))
        });
        reports.collect()
    }

    fn side(&self, folder: &str) -> Result<Objects, Error> {
        let mut objects = Objects::new();
        for (path, bytes) in &self.files {
            if let Some(path) = path.strip_prefix(folder).map(RepoPath::from)
                && manifest::is_manifest_name(&path)
            {
                for source in File::read(&path, bytes)?.sources {
                    objects.entry(source.object.clone()).or_insert(source);
                }
            }
        }
        Ok(objects)
    }

    /// The configuration, as JSON, which is YAML too.
    fn config(&self, setting: &Setting) -> String {
        let names: Vec<&String> = setting.calendars.keys().collect();
        let mut config = json!({
            "environments": [{
                "name": "case",
                "paths": ["**"],
                "stage": setting.stage.as_deref().unwrap_or("production"),
                "max-tier": setting.max_tier.as_deref().unwrap_or("critical"),
                "tenants": setting.tenants.clone().unwrap_or_else(|| json!([])),
                "timezone": setting.timezone.as_deref().unwrap_or("UTC"),
                "calendars": names,
            }],
        });
        // A policy of ours that not every profile runs is asked in one that does.
        let policy = self.policies.set.policy(self.folder);
        let is_ours = policy.is_some_and(|policy| policy.origin() != Origin::Repository);
        if is_ours && !Profile::default().runs(self.folder) {
            put(&mut config, "profile", json!(Profile::RetailProd));
        }
        if !setting.calendars.is_empty() {
            put(&mut config, "calendars", json!(setting.calendars));
        }
        if let Some(components) = &setting.components {
            put(&mut config, "components", components.clone());
        }
        if let Some(images) = &setting.images {
            put(&mut config, "images", images.clone());
        }
        if let Some(settings) = &setting.settings {
            let pointer = settings_pointer(self.folder);
            let mut value = settings.clone();
            for step in pointer.rsplit('/').filter(|step| !step.is_empty()) {
                value = json!({ step: value });
            }
            for (key, section) in value.as_object().into_iter().flatten() {
                put(&mut config, key, section.clone());
            }
        }
        config.to_string()
    }

    fn read<T: for<'de> Deserialize<'de>>(&self, file: &str) -> Result<Option<T>, Error> {
        let Some(bytes) = self.files.get(file) else {
            return Ok(None);
        };
        let text = std::str::from_utf8(bytes).map_err(|_| self.broken("it is not UTF-8"))?;
        let documents = manifest::yaml::parse(text)
            .map_err(|error| self.broken(&format!("{file}: {error}")))?;
        let value = documents
            .first()
            .map_or(Value::Null, manifest::Node::to_json);
        serde_json::from_value(value)
            .map(Some)
            .map_err(|error| self.broken(&format!("{file}: {error}")))
    }

    fn broken(&self, what: &str) -> Error {
        Error::Case {
            name: self.name.to_owned(),
            what: what.to_owned(),
        }
    }
}

/// What lies beside images in a case, and what registries say.
struct Recorded<'a> {
    files: &'a Files<'a>,
    gone: &'a BTreeSet<String>,
}

impl Evidence for Recorded<'_> {
    fn asks(&self) -> bool {
        !self.gone.is_empty()
    }

    fn ask(&self, image: &ImageRef, digest: Digest) -> Option<Said> {
        let gone = RegistryError::NoImage {
            place: image.canonical(),
        };
        let is_gone = self.gone.contains(&digest.to_string());
        is_gone.then_some(Err(gone))
    }

    /// What lies in `evidence/sha256/<digest of the image>/`.
    fn beside(&self, image: &Digest) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let folder = format!("evidence/sha256/{image}/");
        let below = |(path, bytes): (&&str, &&[u8])| {
            let name = path.strip_prefix(&folder)?;
            Some((name.to_owned(), bytes.to_vec()))
        };
        Ok(self.files.iter().filter_map(below).collect())
    }

    /// What `evidence/images.lock` says.
    fn lock(&self) -> Result<Arc<Lock>, Error> {
        let lock = self.files.get("evidence/images.lock");
        let lock = lock.map(|bytes| Lock::parse(bytes)).transpose()?;
        Ok(Arc::new(lock.unwrap_or_default()))
    }
}

/// All that a case touches, with what it says is touched besides.
fn range(scene: &Scene, changes: &[Change], setting: &Setting) -> Range {
    let mut range = Range::default();
    range
        .environments
        .insert(scene.environment.clone(), scene.input.stage);
    range.tenants.extend(scene.input.tenants.iter().cloned());
    for change in changes {
        range.components.extend(change.components.iter().cloned());
        range.kinds.insert(change.object.group_kind().to_string());
    }
    if let Some(more) = &setting.range {
        range.environments.extend(more.environments.clone());
        range.tenants.extend(more.tenants.iter().cloned());
    }
    range
}

fn put(config: &mut Value, key: &str, value: Value) {
    if let Value::Object(config) = config {
        config.insert(key.to_owned(), value);
    }
}

fn neighbours(judge: &Judge, objects: &Objects) -> Neighbours {
    let mut neighbours = no_neighbours(judge);
    for source in objects.values() {
        neighbours.insert(source);
    }
    neighbours
}

/// Policy folder, path below `cases/`, text.
const EMBEDDED: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/cases.rs"));

/// A case has objects and no repository; its unit is given by paths.
struct NoFiles;

impl render::Files for NoFiles {
    fn at(&self, _: &RepoPath) -> Result<Found, FilesError> {
        Ok(Found::Nothing)
    }

    fn below(&self, _: &RepoPath) -> Result<Vec<TreeEntry>, FilesError> {
        Ok(Vec::new())
    }

    fn content(&self, _: &TreeEntry) -> Result<Vec<u8>, FilesError> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Collector, Context, Fact};
    use crate::gate::policies;
    use crate::model::{Effect, Exit, code_of};

    /// A collector that never finds anything out.
    struct Dark(&'static str);

    impl Collector for Dark {
        fn name(&self) -> &'static str {
            self.0
        }

        fn schema(&self) -> &'static str {
            "none"
        }

        fn collect(&self, _: &Context<'_>) -> Fact {
            Fact::Unknown {
                reason: "nobody answers".to_owned(),
            }
        }
    }

    static QUOTAS: Dark = Dark("quotas");
    static STORAGE: Dark = Dark("storage");

    /// A harmless change, judged while one fact is unknown.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method holds for too few lifetimes"
    )]
    fn judged_without(dark: &'static Dark) -> Result<Judged, Error> {
        let policies = policies(Vec::new()).unwrap();
        let text = |value: u8| {
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{key: a{value}}}\n"
            )
        };
        let (base, head) = (text(1), text(2));
        let files = [("base/a.yaml", &base), ("head/a.yaml", &head)];
        let case = Case {
            policies: &policies,
            folder: "resource-limits",
            name: "dark",
            files: files.map(|(path, text)| (path, text.as_bytes())).into(),
        };
        let setting = Setting::default();
        let config = case.config(&setting);
        let config = Config::parse(&RepoPath::from("tidegate.yaml"), config.as_bytes()).unwrap();
        let mut judge = Judge::with(config, policies.set.clone(), "the case", None).unwrap();
        judge.collectors.retain(|known| known.name() != dark.name());
        judge.collectors.push(dark);
        case.ask(&judge, &setting, |bench, matter| bench.judge(matter))
    }

    #[test]
    fn a_policy_that_reads_an_unknown_fact_denies() {
        let judged = judged_without(&QUOTAS).unwrap_or_else(|error| panic!("{error}"));
        let [finding] = judged.findings.as_slice() else {
            panic!("{:?}", judged.findings)
        };
        assert_eq!(
            (&*finding.code, finding.effect),
            ("engine.fact-unknown", Effect::Deny)
        );
        assert_eq!(
            finding.message,
            "`resource-limits` needs the fact `quotas`: nobody answers"
        );
    }

    #[test]
    fn without_a_fact_that_the_tier_depends_on_nothing_is_judged() {
        let error = judged_without(&STORAGE).err().unwrap();
        assert_eq!(code_of(&error), "policy.fact-unknown");
        assert_eq!(Exit::of_error(&error), Exit::Unjudged);
    }
}
