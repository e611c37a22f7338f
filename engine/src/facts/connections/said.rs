//! What programs are told by their arguments, their configuration files and their environment.
//! Knows nothing of what any of it means.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::facts::pods;
use crate::facts::workload::Container;

/// What is said of one setting.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    /// The same thing, as often as it is said.
    This(String),
    /// Something that does not stand in the tree, or two things.
    Unclear,
}

impl Said {
    /// What is said, or what holds where nothing is; `None` where it is no such number.
    pub(super) fn number(self, otherwise: Option<u32>) -> Option<i64> {
        match self {
            Self::Nothing => otherwise.map(i64::from),
            Self::This(text) => text.parse::<u32>().ok().map(i64::from),
            Self::Unclear => None,
        }
    }

    /// What is said here, else what is said there.
    pub(super) fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Nothing => other(),
            said => said,
        }
    }
}

/// What the arguments say of an option: `--workers=4`, `--workers 4`, or `-c workers=4` where the option
/// has no dashes of its own. The last one counts.
pub(super) fn in_words(container: &Container, option: &str) -> Said {
    let lines = container.command.iter().chain(&container.args);
    let words: Vec<&str> = lines.flat_map(|line| line.split_whitespace()).collect();
    let following = words.get(1..).unwrap_or_default().iter().map(Some);
    let pairs = words.iter().zip(following.chain([None]));
    let found = pairs.filter_map(|(word, next)| match word.strip_prefix(option)? {
        "" => next.copied(),
        rest => rest.strip_prefix('='),
    });
    match found.last() {
        None => Said::Nothing,
        Some(value) => match value.strip_prefix("$(").and_then(|it| it.strip_suffix(')')) {
            None => Said::This(value.to_owned()),
            Some(name) => match in_environment(container, &[name]) {
                Said::Nothing => Said::Unclear,
                said => said,
            },
        },
    }
}

/// What the environment says under one of these names.
pub(super) fn in_environment(container: &Container, names: &[&str]) -> Said {
    let variables = container.env.iter();
    let mut named = variables.filter(|it| names.contains(&it.name.as_str()));
    match named.next_back().map(|it| &it.value) {
        None => Said::Nothing,
        Some(Some(value)) if !value.contains("$(") => Said::This(value.clone()),
        Some(_) => Said::Unclear,
    }
}

/// A configuration file that pods mount, with the `ConfigMap` that it stands in.
pub(super) struct File<'a> {
    pub(super) config_map: &'a Value,
    pub(super) text: &'a str,
}

/// The files `*.conf` in the `ConfigMap`s that these volumes mount.
pub(super) fn files<'a>(volumes: &[Value], config_maps: &[&'a Value]) -> Vec<File<'a>> {
    let named = |volume: &'_ Value| {
        let projected = volume
            .pointer("/projected/sources")
            .and_then(Value::as_array);
        let sources = projected.into_iter().flatten().chain([volume]);
        let names = sources.filter_map(|it| it.get("configMap")?.get("name")?.as_str());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let mounted: BTreeSet<String> = volumes.iter().flat_map(named).collect();
    let config_maps = config_maps.iter().copied();
    config_maps
        .filter(|it| mounted.contains(pods::name(it)))
        .flat_map(|config_map| {
            let data = config_map.get("data").and_then(Value::as_object);
            let files = data.into_iter().flatten();
            let files = files.filter(|(name, _)| name.ends_with(".conf"));
            files.filter_map(move |(_, text)| {
                let text = text.as_str()?;
                Some(File { config_map, text })
            })
        })
        .collect()
}

/// What files of lines `key = value` say of `key`.
pub(super) fn in_files(files: &[File<'_>], key: &str) -> Said {
    let lines = files.iter().flat_map(|file| file.text.lines());
    let values = lines.filter_map(|line| {
        let line = line.split(['#', ';']).next()?;
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim().trim_matches('\'').to_owned())
    });
    let values: BTreeSet<String> = values.collect();
    let mut values = values.into_iter();
    match (values.next(), values.next()) {
        (None, _) => Said::Nothing,
        (Some(value), None) => Said::This(value),
        _ => Said::Unclear,
    }
}
