//! Which maintenance windows a change needs: each part of it one that is open. A part is what windows tell
//! apart: one component and one of those whom the change reaches. Knows no time.

use std::collections::{BTreeMap, BTreeSet};

use super::{Subject, Window};

/// What one part of a change needs, as places in the list of windows that was asked about.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    /// The windows that are for it, or may be.
    pub(super) any: Vec<usize>,
    /// Those of them that are for it for sure: one that is open is enough.
    pub(super) sure: Vec<usize>,
}

/// What the parts of `subject` need of `windows`, each of which concerns it as a whole.
pub(super) fn needs(windows: &[&Window], subject: &Subject<'_>) -> BTreeSet<Need> {
    let mut components = values(subject.components, windows, |window| {
        let (scope, blocks) = (&window.scope.components, &window.blocks.components);
        scope.iter().chain(blocks).collect()
    });
    if subject.components.is_empty() || subject.kind.is_none() {
        components.insert(None);
    }
    let whom: [(Names, &BTreeSet<String>); 2] = [
        (
            |window| window.scope.tenants.iter().collect(),
            subject.tenants,
        ),
        (
            |window| window.scope.brands.iter().collect(),
            subject.brands,
        ),
    ];
    let mut needs = BTreeSet::new();
    for (names, reached) in whom {
        for who in values_or_all(reached, windows, names) {
            for component in &components {
                let any = windows.iter().enumerate().filter(|(_, window)| {
                    fits(&names(window), who)
                        && fits(&window.scope.components.iter().collect(), *component)
                        && fits(&window.blocks.components.iter().collect(), *component)
                });
                let any: Vec<usize> = any.map(|(place, _)| place).collect();
                let sure = any.iter().copied();
                let sure =
                    sure.filter(|&place| windows.get(place).is_some_and(|w| knows(w, subject)));
                let sure = sure.collect();
                if !any.is_empty() {
                    needs.insert(Need { any, sure });
                }
            }
        }
    }
    needs
}

/// The lists of names with which a window says for whom it is.
type Names = fn(&Window) -> Vec<&BTreeSet<String>>;

/// What is told apart among `found`: each name that a window has, and `None` for all others.
fn values<'a>(
    found: &'a BTreeSet<String>,
    windows: &[&Window],
    names: impl Fn(&Window) -> Vec<&BTreeSet<String>>,
) -> BTreeSet<Option<&'a str>> {
    let is_named = |name: &String| {
        let mut lists = windows.iter().flat_map(|window| names(window));
        lists.any(|list| list.contains(name))
    };
    let values = found
        .iter()
        .map(|name| is_named(name).then_some(name.as_str()));
    values.collect()
}

/// As [`values`]; nobody found stands for everybody.
fn values_or_all<'a>(
    found: &'a BTreeSet<String>,
    windows: &[&'a Window],
    names: Names,
) -> BTreeSet<Option<&'a str>> {
    if !found.is_empty() {
        return values(found, windows, names);
    }
    let lists = windows.iter().flat_map(|window| names(window));
    let all = lists.flatten().map(|name| Some(name.as_str()));
    all.chain([None]).collect()
}

/// Whether one of `wanted` is meant by each list.
fn fits(lists: &Vec<&BTreeSet<String>>, value: Option<&str>) -> bool {
    lists
        .iter()
        .all(|list| value.is_some_and(|value| list.contains(value)))
}

/// Whether all is known of the subject that the window asks for.
fn knows(window: &Window, subject: &Subject<'_>) -> bool {
    let scope = &window.scope;
    let labels: &BTreeMap<String, String> = &scope.labels;
    (scope.clusters.is_none() || subject.cluster.is_some())
        && (scope.regions.is_none() || subject.region.is_some())
        && (scope.kinds.is_none() || subject.kind.is_some())
        && (labels.is_empty() || subject.labels.is_some())
}

#[cfg(test)]
mod tests;
