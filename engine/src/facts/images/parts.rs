//! References that are written in parts, as `{repository, tag}` or the `baseImage` of the operator of Prometheus.
//! Knows not where they stand.

use serde_json::{Map, Value};

/// The reference that parts in one mapping make, and the key of the first of them; `None` where there are none, or the
/// name alone. A `name` is one only below a key that names an image.
pub(super) fn joined(
    entries: &Map<String, Value>,
    is_image: bool,
) -> Option<(&'static str, String)> {
    let repository = ["repository", BASE]
        .into_iter()
        .find_map(|key| Some((key, text(entries, key)?)));
    let named = text(entries, "name").filter(|_| is_image);
    let (key, repository) = repository.or(named.map(|name| ("name", name)))?;
    let end = match key {
        BASE => base_end(entries),
        _ => end(entries),
    }?;
    let registry = text(entries, "registry").map(|registry| format!("{registry}/"));
    let registry = registry.unwrap_or_default();
    Some((key, format!("{registry}{repository}{end}")))
}

/// The reference that an entry of `images` in a kustomization makes of a name, and the key of what it sets first.
pub(super) fn renamed(entries: &Map<String, Value>) -> Option<(&'static str, String)> {
    let mut set = ["newName", "newTag", "digest"].into_iter();
    let first = set.find(|key| text(entries, key).is_some())?;
    let name = text(entries, "newName").or_else(|| text(entries, "name"))?;
    let tag = text(entries, "newTag").map(|tag| format!(":{tag}"));
    let digest = text(entries, "digest").map(|digest| format!("@{digest}"));
    let end = tag.unwrap_or_default() + &digest.unwrap_or_default();
    Some((first, name + &end))
}

/// The tag and the digest.
fn end(entries: &Map<String, Value>) -> Option<String> {
    let tag = text(entries, "tag").map(|tag| format!(":{tag}"));
    let digest = text(entries, "digest").or_else(|| text(entries, "sha"));
    let digest = digest.map(|digest| at(&digest));
    (tag.is_some() || digest.is_some())
        .then(|| tag.unwrap_or_default() + &digest.unwrap_or_default())
}

/// The first of `sha`, `tag` and `version`, as that operator takes them.
fn base_end(entries: &Map<String, Value>) -> Option<String> {
    let sha = text(entries, "sha").map(|sha| at(&sha));
    let tag = || text(entries, "tag").or_else(|| text(entries, "version"));
    sha.or_else(|| Some(format!(":{}", tag()?)))
}

fn at(digest: &str) -> String {
    match digest.contains(':') {
        true => format!("@{digest}"),
        false => format!("@sha256:{digest}"),
    }
}

/// What is written, unless it is empty; YAML may take a tag for a number.
fn text(entries: &Map<String, Value>, key: &str) -> Option<String> {
    let text = match entries.get(key)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// Of the operator of Prometheus.
pub(super) const BASE: &str = "baseImage";
