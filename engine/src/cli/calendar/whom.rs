//! Whom a question is about: an environment, tenants, components, a kind, a tier.
//! Knows no time.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::{Calendar, Subject, Window};
use crate::cli::common::Error;
use crate::config::{Config, Environment};
use crate::model::{GroupKind, KINDS, RiskTier, did_you_mean};

/// Whom a question is about; what is not said is not narrowed down.
#[derive(clap::Args)]
pub(super) struct Whom {
    /// Only what holds for this environment
    #[arg(long, value_name = "NAME")]
    pub(super) env: Option<String>,
    /// Only what holds for this tenant; may be repeated
    #[arg(long, value_name = "NAME")]
    tenant: Vec<String>,
    /// Only what holds for this component; may be repeated
    #[arg(long, value_name = "NAME")]
    component: Vec<String>,
    /// Only what holds for objects of this kind, `Deployment` or `Cluster.postgresql.cnpg.io`
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only what holds for changes of this tier: low, medium, high or critical
    #[arg(long, value_name = "TIER", value_parser = tier)]
    pub(super) tier: Option<RiskTier>,
}

impl Whom {
    /// The environment that is named.
    pub(super) fn environment<'c>(
        &self,
        config: &'c Config,
    ) -> Result<Option<&'c Environment>, Error> {
        self.check(config)?;
        let Some(name) = &self.env else {
            return Ok(None);
        };
        let found = config.environment(name);
        found
            .map(Some)
            .ok_or_else(|| Error::UnknownEnvironment { name: name.clone() })
    }

    /// A name that nothing has would be held by nothing, and the answer look like leave to go.
    fn check(&self, config: &Config) -> Result<(), Error> {
        let environments = config.environments.iter();
        let tenants = environments.flat_map(|environment| &environment.tenants);
        let tenants: BTreeSet<&str> = tenants.map(String::as_str).collect();
        let components = config
            .components
            .names()
            .iter()
            .map(String::as_str)
            .collect();
        for (what, names, known) in [
            ("tenant", &self.tenant, &tenants),
            ("component", &self.component, &components),
        ] {
            if let Some(name) = names.iter().find(|name| !known.contains(name.as_str())) {
                let near = did_you_mean(name, known.iter().copied());
                return Err(Error::unknown_name(what, name, near));
            }
        }
        match &self.kind {
            Some(kind) if !kind.starts_with(|first: char| first.is_ascii_uppercase()) => {
                let near = did_you_mean(kind, KINDS);
                Err(Error::unknown_name("kind", kind, near))
            }
            _ => Ok(()),
        }
    }

    /// The environments that are asked about: the named one, or all.
    pub(super) fn environments<'c>(
        &self,
        config: &'c Config,
    ) -> Result<Vec<&'c Environment>, Error> {
        let one = self.environment(config)?;
        Ok(one.map_or_else(|| config.environments.iter().collect(), |one| vec![one]))
    }

    /// The windows that may hold what is asked about, each with its calendar.
    pub(super) fn windows<'c>(
        &self,
        environment: Option<&Environment>,
        calendars: &[&'c Calendar],
    ) -> Vec<(&'c Calendar, &'c Window)> {
        let named = calendars.iter().flat_map(|calendar| {
            let windows = calendar.windows.iter();
            windows.map(|window| (*calendar, window))
        });
        let asked = Asked::new(self, environment);
        named
            .filter(|(_, window)| self.concerns(window, environment, &asked))
            .collect()
    }

    /// Whether a window may hold what is asked about. What is not said could be anything.
    fn concerns(&self, window: &Window, environment: Option<&Environment>, asked: &Asked) -> bool {
        let (mut scope, mut blocks) = (window.scope.clone(), window.blocks.clone());
        if environment.is_none() {
            scope.environments = None;
        }
        if self.kind.is_none() {
            scope.kinds = None;
        }
        scope.labels.clear();
        if asked.components.is_empty() {
            (scope.components, blocks.components) = (None, None);
        }
        let subject = asked.subject(environment, self.tier.unwrap_or(RiskTier::Critical));
        let passes = || window.allow.iter().any(|allow| allow.lets(&subject));
        scope.matches(&subject) && blocks.matches(&subject) && (self.tier.is_none() || !passes())
    }
}

/// The names that are asked about.
pub(super) struct Asked {
    tenants: BTreeSet<String>,
    brands: BTreeSet<String>,
    components: BTreeSet<String>,
    /// Without a name where none is asked about: then windows for some kinds do not concern it.
    kind: GroupKind,
    /// None: windows for some labels do not concern it.
    labels: BTreeMap<String, String>,
}

impl Asked {
    /// The tenants are those of the environment, where none are named, and the brands are the tenants.
    pub(super) fn new(whom: &Whom, environment: Option<&Environment>) -> Self {
        let named = whom.tenant.iter().cloned().collect::<BTreeSet<_>>();
        let own = environment.map(|environment| environment.tenants.iter().cloned());
        let tenants = if named.is_empty() {
            own.into_iter().flatten().collect()
        } else {
            named
        };
        Self {
            // As the gate has it, where no label says otherwise.
            brands: tenants.clone(),
            tenants,
            components: whom.component.iter().cloned().collect(),
            kind: GroupKind::parse(whom.kind.as_deref().unwrap_or_default()),
            labels: BTreeMap::new(),
        }
    }

    /// A change of a tier, of which no more is known.
    pub(super) fn subject<'a>(
        &'a self,
        environment: Option<&'a Environment>,
        tier: RiskTier,
    ) -> Subject<'a> {
        Subject {
            environment: environment.map_or("", |environment| &environment.name),
            cluster: environment.and_then(|environment| environment.cluster.as_deref()),
            region: environment.and_then(|environment| environment.region.as_deref()),
            tenants: &self.tenants,
            brands: &self.brands,
            components: &self.components,
            kind: Some(&self.kind),
            labels: Some(&self.labels),
            tier,
            rollback: false,
        }
    }
}

/// All of them, lowest first.
pub(super) const TIERS: [RiskTier; 4] = [
    RiskTier::Low,
    RiskTier::Medium,
    RiskTier::High,
    RiskTier::Critical,
];

fn tier(text: &str) -> Result<RiskTier, String> {
    RiskTier::parse(text).ok_or_else(|| "use low, medium, high or critical".to_owned())
}
