//! Which rule needs which, and whether one needs itself.
//! Knows names only.

use std::collections::{BTreeMap, BTreeSet};

/// The rules of one package and what each reads or calls.
#[derive(Debug, Default)]
pub(super) struct Graph {
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    pub(super) fn add(&mut self, from: &str, to: &str) {
        self.edges
            .entry(from.to_owned())
            .or_default()
            .insert(to.to_owned());
    }

    /// Whether a way leads from `start` to `end`.
    pub(super) fn leads(&self, start: &str, end: &str) -> bool {
        let mut met = BTreeSet::new();
        let mut next = vec![start];
        while let Some(at) = next.pop() {
            for to in self.edges.get(at).into_iter().flatten() {
                if to == end {
                    return true;
                }
                if met.insert(to) {
                    next.push(to);
                }
            }
        }
        false
    }

    /// A way from `start` back to itself, the shortest first in the order of names.
    pub(super) fn cycle(&self, start: &str) -> Option<Vec<String>> {
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut next = std::collections::VecDeque::from([start]);
        while let Some(at) = next.pop_front() {
            for to in self.edges.get(at).into_iter().flatten() {
                if to == start {
                    return Some(way_back(start, at, &came_from));
                }
                if !came_from.contains_key(to.as_str()) {
                    came_from.insert(to, at);
                    next.push_back(to);
                }
            }
        }
        None
    }
}

fn way_back(start: &str, last: &str, came_from: &BTreeMap<&str, &str>) -> Vec<String> {
    let mut way = vec![start.to_owned()];
    let mut at = last;
    while at != start {
        way.push(at.to_owned());
        match came_from.get(at) {
            Some(before) => at = before,
            None => break,
        }
    }
    way.push(start.to_owned());
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leads_back_is_a_cycle() {
        let mut graph = Graph::default();
        for (from, to) in [("a", "b"), ("b", "c"), ("c", "b"), ("d", "d"), ("a", "d")] {
            graph.add(from, to);
        }
        assert_eq!(graph.cycle("a"), None);
        assert_eq!(graph.cycle("b").unwrap(), ["b", "c", "b"]);
        assert_eq!(graph.cycle("d").unwrap(), ["d", "d"]);
        assert_eq!(graph.cycle("e"), None);
        assert!(graph.leads("a", "c") && graph.leads("b", "b"));
        assert!(!graph.leads("c", "a") && !graph.leads("e", "a"));
    }
}
