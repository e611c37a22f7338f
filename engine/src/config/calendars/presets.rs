//! Presets: the windows that come along, with what the configuration changes of them.
//! Knows no times: they are read as if the configuration had written them.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use super::{Reader, items, text};
use crate::calendar::{PRESETS, Preset, Window, Zone};
use crate::config::problem::{Problem, SourceText};
use crate::config::shape::shown;
use crate::manifest::{Entry, Node, NodeValue, yaml};
use crate::model::{RepoPath, did_you_mean};

impl Reader<'_> {
    /// The windows of all presets of a calendar.
    pub(super) fn presets(
        &mut self,
        calendar: &Node,
        zone: &Zone,
        holidays: &Arc<BTreeSet<Date>>,
    ) -> Vec<Window> {
        let mut windows = Vec::new();
        let mut seen = BTreeSet::new();
        for used in items(calendar.get("presets")) {
            let Some((span, name)) = used
                .as_str()
                .map(|name| (used.span, name))
                .or_else(|| text(used, "preset"))
            else {
                continue;
            };
            let Some(preset) = Preset::named(name) else {
                let message = format!("there is no preset `{}`", shown(name));
                let names = PRESETS.iter().map(|preset| preset.name);
                let help = did_you_mean(name, names.clone()).map_or_else(
                    || format!("there are {}", names.collect::<Vec<_>>().join(", ")),
                    |meant| format!("did you mean `{meant}`?"),
                );
                let problem = self.problem(span, "calendar.unknown-preset", message);
                self.problems.push(problem.help(help));
                continue;
            };
            if !seen.insert(preset.name) {
                let message = format!("the preset `{name}` is used twice");
                let problem = self.problem(span, "config.duplicate-name", message);
                self.problems.push(problem.help("keep one of them"));
                continue;
            }
            windows.extend(self.preset(preset, used, zone, holidays));
        }
        windows
    }

    /// The windows of a preset. What is wrong with one is told where it is used: what comes along is right,
    /// so that it is wrong by what `used` changes.
    fn preset(
        &mut self,
        preset: &Preset,
        used: &Node,
        zone: &Zone,
        holidays: &Arc<BTreeSet<Date>>,
    ) -> Vec<Window> {
        let path = RepoPath::from(format!("preset {}", preset.name).as_str());
        let whole = yaml::parse(preset.text).unwrap_or_default();
        let ours = whole.first().and_then(Node::items).unwrap_or_default();
        if ours.len() > 1
            && let Some(times) = TIMES.iter().find_map(|key| used.entry(key))
        {
            let message = format!("the preset `{}` has {} windows", preset.name, ours.len());
            let problem = self.problem(times.key_span, "calendar.preset-times", message);
            self.problems
                .push(problem.help("write windows of your own where their times are others"));
            return Vec::new();
        }
        if let Some(unquoted) = TIMES
            .iter()
            .filter_map(|key| used.get(key))
            .find(|node| node.as_str().is_some() && !self.is_quoted(node.span))
        {
            let message = "a time without quotes";
            let problem = self.problem(unquoted.span, "calendar.unquoted-time", message);
            self.problems
                .push(problem.help("quote it; YAML readers do not agree what it is"));
            return Vec::new();
        }
        // JSON is YAML in which every text has quotes.
        let changed = ours.iter().map(|window| merged(window, used).to_json());
        let text = serde_json::Value::from_iter(changed).to_string();
        let source = SourceText::hidden(path, Arc::from(text.as_str()));
        let mut reader = Reader::new(&source, Arc::clone(&self.known));
        reader.aligned = TIMES.iter().all(|key| used.get(key).is_none());
        let read = yaml::parse(&text).unwrap_or_default();
        let read = read.first().and_then(Node::items).unwrap_or_default();
        let mut windows = Vec::new();
        for node in read {
            let window = reader.window(node, "", zone, holidays);
            windows.extend(window.map(|window| Window {
                preset: Some(preset.name.to_owned()),
                place: Some(self.place(used.span)),
                ..window
            }));
        }
        let wrong = reader.problems.into_iter();
        let moved = |problem: Problem| problem.moved_to(self.source, used.span);
        self.problems.extend(wrong.map(moved));
        windows
    }
}

/// The window of a preset with the keys that `used` gives in their place.
fn merged(window: &Node, used: &Node) -> Node {
    let entries = |node: &Node| match &node.value {
        NodeValue::Mapping(entries) => entries.clone(),
        _ => Vec::new(),
    };
    let mut all: Vec<Entry> = entries(used);
    all.retain(|entry| &*entry.key != "preset");
    for entry in entries(window) {
        if !all.iter().any(|changed| changed.key == entry.key) {
            all.push(entry);
        }
    }
    Node {
        value: NodeValue::Mapping(all),
        span: window.span,
    }
}

const TIMES: [&str; 3] = ["from", "to", "repeat"];
