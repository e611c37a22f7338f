//! How many of which authorities must have signed, as `images.quorums` says it.
//! Knows no signature.

use serde::Deserialize;
use serde_json::Value;

use super::raw::RawQuorum;
use super::{Repositories, SignerProblem};
use crate::facts::images::proof::Quorum;

/// A quorum and the images that it is for.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) images: Repositories,
    pub(super) quorum: Quorum,
}

/// Reads them from the settings. One that nobody can reach is a problem.
pub(super) fn read(settings: &Value, problems: &mut Vec<SignerProblem>) -> Vec<Counted> {
    let authorities = items(settings, "authorities");
    let names = authorities.filter_map(|it| it.get("name").and_then(Value::as_str));
    let names: Vec<&str> = names.collect();
    let mut counted = Vec::new();
    for (at, value) in items(settings, "quorums").enumerate() {
        let mut problem = |within: String, message| {
            problems.push(SignerProblem {
                pointer: format!("/quorums/{at}{within}"),
                message,
            });
        };
        let raw = match RawQuorum::deserialize(value) {
            Ok(raw) => raw,
            Err(error) => {
                problem(String::new(), error.to_string());
                continue;
            }
        };
        for (at, name) in raw.of.iter().enumerate() {
            if !names.contains(&name.as_str()) {
                let message = format!("there is no authority `{name}`");
                problem(format!("/of/{at}"), message);
            }
        }
        if raw.count == 0 || raw.count > raw.of.len() {
            let message = format!(
                "give a number from 1 to {}, how many `of` names",
                raw.of.len()
            );
            problem("/count".to_owned(), message);
        }
        counted.push(Counted {
            images: Repositories::new(&raw.images, &raw.except),
            quorum: Quorum {
                name: raw.name,
                count: raw.count,
                of: raw.of,
            },
        });
    }
    counted
}

fn items<'v>(settings: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    let list = settings.get(key).and_then(Value::as_array);
    list.into_iter().flatten()
}
