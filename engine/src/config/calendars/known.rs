//! Names that windows may use: a scope with a name that nothing has would hold nothing, and nobody would see it.
//! Knows nothing of times.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Reader, entries, items, text};
use crate::calendar::fits;
use crate::config::components;
use crate::config::shape::shown;
use crate::manifest::Node;
use crate::model::did_you_mean;

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

impl Reader<'_> {
    /// Whether every name in `scope` and `blocks` of a window is one that there is.
    pub(super) fn names(&mut self, window: &Node) {
        let known = Arc::clone(&self.known);
        for (pointer, what, names) in [
            ("/scope/environments", "environment", &known.environments),
            ("/scope/tenants", "tenant", &known.tenants),
            ("/scope/clusters", "cluster", &known.clusters),
            ("/scope/regions", "region", &known.regions),
            ("/scope/components", "component", &known.components),
            ("/blocks/components", "component", &known.components),
        ] {
            for item in items(window.pointer(pointer)) {
                let Some(name) = item.as_str() else {
                    continue;
                };
                let there = match what {
                    "environment" => names.iter().any(|found| fits(name, found)),
                    _ => names.contains(name),
                };
                if there {
                    continue;
                }
                let message = format!("there is no {what} `{}`", shown(name));
                let help = did_you_mean(name, names.iter().map(String::as_str)).map_or_else(
                    || {
                        "a window for nothing holds nothing: see the spelling, or remove it"
                            .to_owned()
                    },
                    |meant| format!("did you mean `{meant}`?"),
                );
                let problem = self.problem(item.span, "calendar.unknown-name", message);
                self.problems.push(problem.help(help));
            }
        }
    }
}
