//! What changes outside of every unit: manifests that nobody claims, and what is out of reach.
//! Judges no object.

use super::super::judge::Judge;
use super::super::scene::Settled;
use super::super::unit::misleading_path;
use super::super::{Error, anchor};
use super::{Run, Session};
use crate::config::Config;
use crate::git::{FileChange, Selector};
use crate::manifest;
use crate::model::{Effect, Finding, RepoPath};

impl Session<'_> {
    /// Adds everything to say of it.
    pub(super) fn add_strays(
        &self,
        run: &mut Run,
        judge: &Judge,
        settled: &[Settled],
    ) -> Result<(), Error> {
        run.findings = self.unclaimed(judge, settled)?;
        run.findings.extend(self.out_of_reach(judge, settled));
        run.findings.extend(self.unsaid(judge, settled)?);
        Ok(())
    }

    /// Paths that are too deep or too long to be followed and keep no unit from being judged.
    fn out_of_reach(&self, judge: &Judge, settled: &[Settled]) -> Vec<Finding> {
        let (config, beyond) = (&judge.config, &self.view.beyond);
        let selectors = settled.iter().map(|settled| &settled.scene.head);
        let selectors: Vec<&Selector> = selectors.chain(config.unmanaged.as_ref()).collect();
        // It may hold manifests that nobody claims.
        let effect = config.profile.unclaimed_manifest();
        let stray = beyond
            .beside(&selectors)
            .map(|path| not_followed(path, "no environment claims it", effect, config));
        let removed = beyond.removed().iter();
        let removed = removed.map(|path| not_followed(path, "it is removed", Effect::Warn, config));
        stray.chain(removed).collect()
    }

    /// Changed manifests that no environment claims and nobody left out on purpose.
    fn unclaimed(&self, judge: &Judge, settled: &[Settled]) -> Result<Vec<Finding>, Error> {
        let config = &judge.config;
        let unmanaged = config.unmanaged.as_ref();
        let is_stray = |change: &&FileChange| {
            !unmanaged.is_some_and(|unmanaged| unmanaged.matches(&change.path))
                && !settled.iter().any(|it| it.scene.head.matches(&change.path))
        };
        let strays: Vec<&FileChange> = self.view.changed.iter().filter(is_stray).collect();
        let mut twins = Vec::new();
        if strays.iter().any(|change| is_new_manifest(change)) {
            for Settled { scene, .. } in settled {
                twins.push((scene, scene.head.twins()?));
            }
        }
        let mut findings = Vec::new();
        for change in strays {
            let mut twins = twins.iter().filter(|_| is_new_manifest(change));
            let twin = twins.find(|(_, twins)| twins.matches(&change.path));
            if let Some((scene, _)) = twin {
                let reason = format!(
                    "but for case or the composition of letters it is one of {}/{}, which does not claim it",
                    scene.environment, scene.name
                );
                findings.push(Finding {
                    anchor: anchor::at_head(&change.path, &self.view)?,
                    ..misleading_path(&change.path, &reason)
                });
            } else if self.holds_objects(change)? {
                findings.push(Finding {
                    anchor: anchor::at_head(&change.path, &self.view)?
                        .or_else(|| config.location("/environments")),
                    remediation: Some(
                        "add its path to an environment, or to `unmanaged` in tidegate.yaml"
                            .to_owned(),
                    ),
                    ..Finding::of_engine(
                        "engine.unclaimed-manifest",
                        config.profile.unclaimed_manifest(),
                        format!("no environment claims {}", change.path),
                    )
                });
            }
        }
        Ok(findings)
    }

    /// Files that no unit claims are left alone where they do not parse, but for those of a chart.
    fn holds_objects(&self, change: &FileChange) -> Result<bool, Error> {
        if manifest::role_of_name(&change.path).is_some() {
            return Ok(true);
        }
        if !manifest::is_manifest_name(&change.path) {
            return Ok(false);
        }
        if self.view.is_of_chart(&change.path)? {
            return Ok(true);
        }
        for entry in [&change.old, &change.new].into_iter().flatten() {
            if entry.is_link() || entry.is_submodule() {
                continue;
            }
            let bytes = self.view.repository.file(entry)?;
            if manifest::read(&entry.path, &bytes).is_ok_and(|file| !file.objects.is_empty()) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn is_new_manifest(change: &FileChange) -> bool {
    change.old.is_none() && manifest::is_manifest_name(&change.path)
}

fn not_followed(path: &RepoPath, why: &str, effect: Effect, config: &Config) -> Finding {
    Finding {
        anchor: config.location("/environments"),
        remediation: Some("keep paths below 64 folders and 4096 bytes".to_owned()),
        ..Finding::of_engine(
            "engine.out-of-reach",
            effect,
            format!("{path} is too deep or too long to be looked at; {why}"),
        )
    }
}
