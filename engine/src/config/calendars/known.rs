//! Names that windows may use: a scope with a name that nothing has would hold nothing, and nobody would see it.
//! Knows nothing of times.

use std::collections::BTreeSet;

use super::{Reader, entries, items, text};
use crate::calendar::{Window, fits};
use crate::config::components;
use crate::config::shape::shown;
use crate::manifest::Node;
use crate::model::{Span, did_you_mean};

/// What there is, in the configuration.
#[derive(Default)]
pub(super) struct Known {
    environments: BTreeSet<String>,
    tenants: BTreeSet<String>,
    clusters: BTreeSet<String>,
    regions: BTreeSet<String>,
    components: BTreeSet<String>,
}

impl Known {
    pub(super) fn of(root: &Node) -> Self {
        let environments = items(root.get("environments"));
        let all = |key: &str| -> BTreeSet<String> {
            let names = environments
                .iter()
                .filter_map(|environment| text(environment, key));
            names.map(|(_, name)| name.to_owned()).collect()
        };
        let tenants = environments
            .iter()
            .flat_map(|environment| items(environment.get("tenants")));
        let own = entries(root.get("components"))
            .iter()
            .map(|entry| entry.key.to_string());
        Self {
            environments: all("name"),
            tenants: tenants
                .filter_map(|tenant| tenant.as_str().map(str::to_owned))
                .collect(),
            clusters: all("cluster"),
            regions: all("region"),
            components: own.chain(components::built_in_names()).collect(),
        }
    }
}

impl Known {
    /// Whether there is such a `what`; of environments, one that fits.
    fn has(&self, what: &str, name: &str) -> bool {
        let names = self.names(what);
        match what {
            "environment" => names.iter().any(|found| fits(name, found)),
            _ => names.contains(name),
        }
    }

    fn names(&self, what: &str) -> &BTreeSet<String> {
        match what {
            "environment" => &self.environments,
            "tenant" => &self.tenants,
            "cluster" => &self.clusters,
            "region" => &self.regions,
            _ => &self.components,
        }
    }
}

impl Reader<'_> {
    /// Whether every name in `scope` and `blocks` of a window is one that there is.
    pub(super) fn names(&mut self, window: &Node) {
        for (pointer, what) in [
            ("/scope/environments", "environment"),
            ("/scope/tenants", "tenant"),
            ("/scope/clusters", "cluster"),
            ("/scope/regions", "region"),
            ("/scope/components", "component"),
            ("/blocks/components", "component"),
        ] {
            for item in items(window.pointer(pointer)) {
                if let Some(name) = item.as_str() {
                    self.name(what, name, item.span);
                }
            }
        }
    }

    /// The same of a window that was read from another program's file.
    pub(super) fn names_of(&mut self, window: &Window) {
        let span = window
            .place
            .as_ref()
            .map_or_else(Span::default, |place| place.span);
        let (scope, blocks) = (&window.scope, &window.blocks);
        for (what, names) in [
            ("environment", &scope.environments),
            ("tenant", &scope.tenants),
            ("cluster", &scope.clusters),
            ("region", &scope.regions),
            ("component", &scope.components),
            ("component", &blocks.components),
        ] {
            for name in names.iter().flatten() {
                self.name(what, name, span);
            }
        }
    }

    fn name(&mut self, what: &str, name: &str, span: Span) {
        if self.known.has(what, name) {
            return;
        }
        let message = format!("there is no {what} `{}`", shown(name));
        let names = self.known.names(what).iter().map(String::as_str);
        let help = did_you_mean(name, names).map_or_else(
            || "a window for nothing holds nothing: see the spelling, or remove it".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        );
        let problem = self.problem(span, "calendar.unknown-name", message);
        self.problems.push(problem.help(help));
    }
}
