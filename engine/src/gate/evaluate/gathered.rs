//! The facts about a unit, in their order: what the tier depends on, then what depends on the tier.
//! Knows no policy but by the facts that it declares.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use super::{Bench, Matter};
use crate::calendar::Class;
use crate::change::Change;
use crate::facts::evidence::Known;
use crate::facts::freeze::{self, Tiers};
use crate::facts::images::promoted::{Promoted, brought};
use crate::facts::inventory::Neighbours;
use crate::facts::migrations::Held;
use crate::facts::{self, Collector, Context, Facts, backups, images, migrations, rollback};
use crate::gate::Error;
use crate::gate::evidence::{Sides, recorded};
use crate::input::{Reason, Risk};
use crate::model::RiskTier;

impl Bench<'_> {
    /// The facts about objects as they stand.
    pub(super) fn facts_of_unchanged(
        &self,
        changes: &[Change],
        around: &Neighbours,
    ) -> Result<Facts, Error> {
        let context = self.context((changes, Tiers::Unchanged), around, around);
        self.collected(&context, |_| true)
    }

    /// What is true whatever the tier; and, where the tier depends on them, the others with the worst in mind.
    pub(super) fn early_facts(&self, matter: &Matter<'_>) -> Result<Facts, Error> {
        let context = self.context_of(matter, Tiers::Unknown);
        let for_reasons: BTreeSet<&str> = self
            .judge
            .modules()
            .filter(|wanted| wanted.gives_reasons)
            .flat_map(|wanted| wanted.wants.facts.iter().map(String::as_str))
            .collect();
        self.collected(&context, |collector| {
            !collector.needs_tiers() || for_reasons.contains(collector.name())
        })
    }

    /// All of them, once it is known how risky each change is, and all together.
    pub(super) fn all_facts(
        &self,
        matter: &Matter<'_>,
        early: &Facts,
        risk: &Risk,
    ) -> Result<Facts, Error> {
        let weights = Weights::of(risk, matter.changes.len());
        let context = self.with_tiers(matter, &weights);
        let mut facts = early.clone();
        facts.extend(self.collected(&context, |collector| collector.needs_tiers())?);
        Ok(facts)
    }

    /// What a calendar tells apart of the changes.
    pub(super) fn classes(&self, matter: &Matter<'_>, risk: &Risk) -> BTreeSet<Class> {
        let weights = Weights::of(risk, matter.changes.len());
        freeze::classes(&self.with_tiers(matter, &weights))
    }

    fn with_tiers<'c>(&'c self, matter: &'c Matter<'_>, weights: &'c Weights) -> Context<'c> {
        let tiers = Tiers::Known {
            each: &weights.each,
            shared: &weights.shared,
            beside: weights.beside,
            scripts: weights.scripts,
            all: weights.all,
        };
        self.context_of(matter, tiers)
    }

    fn context_of<'c>(&'c self, matter: &'c Matter<'_>, tiers: Tiers<'c>) -> Context<'c> {
        Context {
            scripts: matter.scripts,
            prepared: matter.prepared,
            ..self.context((matter.changes, tiers), matter.head, matter.base)
        }
    }

    fn context<'c>(
        &'c self,
        (changes, tiers): (&'c [Change], Tiers<'c>),
        head: &'c Neighbours,
        base: &'c Neighbours,
    ) -> Context<'c> {
        Context {
            changes,
            head,
            base,
            range: self.range,
            source: self.source,
            season: self.season,
            images: &self.judge.images,
            backups: &self.judge.backups,
            ways_back: &self.judge.ways_back,
            script_rules: &self.judge.migrations,
            evidence: LazyLock::force(&NOTHING),
            reported: LazyLock::force(&UNREPORTED),
            promoted: LazyLock::force(&NOWHERE),
            held: LazyLock::force(&UNHELD),
            scripts: LazyLock::force(&NO_SCRIPTS),
            prepared: LazyLock::force(&NOTHING_PREPARED),
            tiers,
        }
    }

    fn collected(
        &self,
        context: &Context<'_>,
        which: impl Fn(&dyn Collector) -> bool,
    ) -> Result<Facts, Error> {
        let wanted = self.judge.modules();
        let wanted: BTreeSet<&str> = wanted
            .flat_map(|wanted| wanted.wants.facts.iter().map(String::as_str))
            .collect();
        let collectors = self.judge.collectors.iter().copied();
        let collectors: Vec<&dyn Collector> = collectors
            .map(|collector| -> &dyn Collector { collector })
            .filter(|collector| wanted.contains(collector.name()) && which(*collector))
            .collect();
        let has = |name: &str| collectors.iter().any(|one| one.name() == name);
        let sides = Sides {
            head: has(IMAGES),
            before: has(rollback::NAME),
        };
        let asked = (context.images, (context.head, context.base));
        let place = (self.evidence, sides);
        let evidence = recorded(context.changes, asked, place, self.unit.0)?;
        let promoted = match has(PROMOTIONS) {
            true => self.promoted(context),
            false => Promoted::default(),
        };
        let held = match has(migrations::NAME) {
            true => self.held(context),
            false => Held::default(),
        };
        let names = collectors.iter().map(|one| one.name());
        let reported = self.reported(context, names)?;
        let wanted: Vec<&str> = wanted.into_iter().collect();
        let context = Context {
            evidence: &evidence,
            reported: &reported,
            promoted: &promoted,
            held: &held,
            ..*context
        };
        Ok(facts::collect(&collectors, &wanted, &context))
    }

    /// What is said of backups, scripts and ways back, where a change may need that.
    fn reported(
        &self,
        context: &Context<'_>,
        names: impl IntoIterator<Item = &'static str>,
    ) -> Result<Arc<Known>, Error> {
        let needed = names.into_iter().any(|name| match name {
            backups::NAME => backups::are_asked(context),
            migrations::NAME => context.script_rules.asks_in(Some(self.environment.stage)),
            rollback::NAME => {
                let stage = Some(self.environment.stage);
                let rules = context.ways_back;
                rules.asks_in(stage) || rules.restores_in(stage)
            }
            _ => false,
        });
        match needed && !matches!(context.tiers, Tiers::Unchanged) {
            true => self.reported.known(self.environment),
            false => Ok(Arc::default()),
        }
    }

    /// Since when accepted states of the unit hold what scripts come after; nobody is asked where none says so.
    fn held(&self, context: &Context<'_>) -> Held {
        let wanted = migrations::awaited(context);
        let least = context.script_rules.contract_after();
        let before = context.season.now.checked_sub(least);
        match (wanted.is_empty(), before) {
            (false, Ok(before)) => {
                let unit = (self.environment.name.as_str(), self.unit.0);
                self.promotions.held(unit, &wanted, before)
            }
            _ => Held::default(),
        }
    }

    /// What the stage before has run of what the changes bring; nobody is asked where they bring nothing.
    fn promoted(&self, context: &Context<'_>) -> Promoted {
        let from = context.images.promote_from(self.environment.stage);
        let around = (context.head, context.base);
        let wanted = brought(context.changes, context.images, around);
        match from {
            Some(from) if !wanted.is_empty() => {
                self.promotions.ran(&self.environment.name, from, &wanted)
            }
            from => Promoted {
                from,
                ..Promoted::default()
            },
        }
    }
}

/// What the reasons say of the changes.
struct Weights {
    /// The tier of each change: the highest of its reasons.
    each: Vec<RiskTier>,
    /// Those that a whole cluster leans on.
    shared: BTreeSet<usize>,
    /// What is in no object.
    beside: Option<RiskTier>,
    /// The scripts, wherever they are.
    scripts: Option<RiskTier>,
    all: RiskTier,
}

impl Weights {
    fn of(risk: &Risk, count: usize) -> Self {
        let mut each = vec![RiskTier::Low; count];
        let mut shared = BTreeSet::new();
        for reason in &risk.reasons {
            let Some(index) = reason.change else {
                continue;
            };
            if let Some(tier) = each.get_mut(index) {
                *tier = (*tier).max(reason.tier);
            }
            if SHARED.contains(&reason.code.as_str()) {
                shared.insert(index);
            }
        }
        let highest = |which: fn(&&Reason) -> bool| {
            let reasons = risk.reasons.iter().filter(which);
            reasons.map(|reason| reason.tier).max()
        };
        Self {
            each,
            shared,
            beside: highest(|reason| reason.change.is_none()),
            scripts: highest(|reason| {
                let of_module = reason.change.is_none() && reason.code == MODULES;
                of_module || reason.code == MIGRATION
            }),
            all: risk.tier,
        }
    }
}

/// The reasons of changes that reach all tenants of a cluster.
const SHARED: [&str; 2] = ["risk.crd", "risk.operator"];
/// The reason that a script is.
const MIGRATION: &str = "risk.migration";
/// The reason that a module of Odoo is.
const MODULES: &str = "risk.odoo-modules";
/// The fact that looks at evidence.
const IMAGES: &str = "images";
/// The fact that looks at other environments.
const PROMOTIONS: &str = "promotions";
static NOWHERE: LazyLock<Promoted> = LazyLock::new(Promoted::default);
static UNHELD: LazyLock<Held> = LazyLock::new(Held::default);
static NO_SCRIPTS: LazyLock<migrations::Files> = LazyLock::new(migrations::Files::default);
static UNREPORTED: LazyLock<Known> = LazyLock::new(Known::default);
static NOTHING_PREPARED: LazyLock<rollback::Prepared> = LazyLock::new(rollback::Prepared::default);
static NOTHING: LazyLock<images::Evidence> = LazyLock::new(images::Evidence::default);
