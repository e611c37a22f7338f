//! The kustomize options of an Application's source.
//! Reads no kustomization.

use std::collections::BTreeMap;

use super::refuse;
use super::source::Reading;
use crate::manifest::{Node, NodeValue};
use crate::render::{ImageOverride, Kustomize, LabelOverride};
use crate::sources::fields::{
    Read, Stop, field, flag, items, only, owned, pairs, place, shown, text, texts, wrong,
};

/// What is put into the kustomization; `node` is `None` where the folder alone says that it is one.
pub(super) fn options(reading: &Reading<'_>, node: Option<&Node>) -> Read<Kustomize> {
    let Some(node) = node else {
        return Ok(Kustomize::default());
    };
    only(node, "`kustomize`", KEYS)?;
    if let Some(version) = text(node, "version")? {
        return Err(Stop::unknown(
            place(node, "version"),
            format!("the source asks for kustomize `{}`", shown(version)),
            "remove `version`: the kustomize that is installed here renders",
        ));
    }
    refuse(
        node,
        "ignoreMissingComponents",
        "which components count depends on what exists",
        "remove `ignoreMissingComponents`, and name the components that are there",
    )?;
    Ok(Kustomize {
        name_prefix: owned(node, "namePrefix")?,
        name_suffix: owned(node, "nameSuffix")?,
        namespace: owned(node, "namespace")?,
        images: images(reading, node)?,
        labels: labels(reading, node)?,
        annotations: annotations(reading, node)?,
        replicas: replicas(node)?,
        patches: items(node, "patches")?.iter().map(Node::to_json).collect(),
        components: components(node)?,
        ..Kustomize::default()
    })
}

/// `kustomize edit add component` takes a name for a pattern of files, and a dash for an option.
fn components(node: &Node) -> Read<Vec<String>> {
    let components = texts(node, "components")?;
    let is_other = |name: &&String| name.contains(GLOB) || name.starts_with('-');
    match components.iter().find(is_other) {
        Some(name) => Err(Stop::unknown(
            place(node, "components"),
            format!(
                "Argo CD has kustomize take `{}` for a pattern or an option, and not for the name of a component",
                shown(name)
            ),
            "name each component by its path; rename its folder if it has such a letter",
        )),
        None => Ok(components),
    }
}

fn images(reading: &Reading<'_>, node: &Node) -> Read<Vec<ImageOverride>> {
    let images = items(node, "images")?.iter().map(|item| {
        let written = item
            .as_str()
            .ok_or_else(|| wrong(item, "images", "a list of strings"))?;
        let written = reading.variables.replace(written, item.span)?;
        image(&written).ok_or_else(|| {
            Stop::unknown(
                item.span,
                format!(
                    "`{}` is no image as `kustomize edit set image` takes one",
                    shown(&written)
                ),
                "write `name=registry/name:tag`, `name:tag` or `name@sha256:…`",
            )
        })
    });
    images.collect()
}

/// `name=other:tag`, `name=other@digest`, `name=other`, `name:tag`, `name@digest`.
fn image(written: &str) -> Option<ImageOverride> {
    let (name, target) = match written.split_once('=') {
        Some((name, target)) => (Some(name), target),
        None => (None, written),
    };
    let (image, tag, digest) = match (target.split_once('@'), tag(target)) {
        (Some((image, digest)), _) if tag(image).is_none() => (image, None, Some(digest)),
        (None, Some((image, tag))) => (image, Some(tag), None),
        (None, None) => (target, None, None),
        (Some(_), _) => return None,
    };
    let says_something = name.is_some() || tag.is_some() || digest.is_some();
    // A dash makes an option of it, and `-h` ends all that is asked besides.
    let is_option = written.starts_with('-');
    if is_option
        || !says_something
        || image.is_empty()
        || name == Some("")
        || target.contains(['*', '='])
    {
        return None;
    }
    Some(ImageOverride {
        name: name.unwrap_or(image).to_owned(),
        new_name: name.is_some().then(|| image.to_owned()),
        new_tag: tag.map(str::to_owned),
        digest: digest.map(str::to_owned),
    })
}

/// Image and tag, where there is one: a colon before a slash is a port.
fn tag(image: &str) -> Option<(&str, &str)> {
    let (before, tag) = image.rsplit_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    tag.chars().all(plain).then_some((before, tag))
}

fn labels(reading: &Reading<'_>, node: &Node) -> Read<Option<LabelOverride>> {
    let mut pairs = pairs(node, "commonLabels")?;
    if pairs.is_empty() {
        return Ok(None);
    }
    for value in pairs.values_mut() {
        *value = reading
            .variables
            .replace(value, place(node, "commonLabels"))?;
    }
    are_taken_as_written(&pairs, node, "commonLabels")?;
    Ok(Some(LabelOverride {
        pairs,
        include_selectors: !flag(node, "labelWithoutSelector")?,
        include_templates: flag(node, "labelIncludeTemplates")?,
    }))
}

fn annotations(reading: &Reading<'_>, node: &Node) -> Read<BTreeMap<String, String>> {
    let mut pairs = pairs(node, "commonAnnotations")?;
    if flag(node, "commonAnnotationsEnvsubst")? {
        for value in pairs.values_mut() {
            *value = reading
                .variables
                .replace(value, place(node, "commonAnnotations"))?;
        }
    }
    are_taken_as_written(&pairs, node, "commonAnnotations")?;
    Ok(pairs)
}

/// Argo CD gives each pair to `kustomize edit add` as `key:value`, which splits it at the first colon and drops quotes
/// around the value. A comma is no end of it, since kustomize 3.8.5.
fn are_taken_as_written(pairs: &BTreeMap<String, String>, node: &Node, key: &str) -> Read<()> {
    let is_quoted = |value: &str| value.len() > 1 && value.starts_with('"') && value.ends_with('"');
    let is_other = |(name, value): &(&String, &String)| {
        name.is_empty() || name.contains(':') || name.starts_with('-') || is_quoted(value)
    };
    match pairs.iter().find(is_other) {
        Some((name, _)) => Err(Stop::unknown(
            place(node, key),
            format!(
                "Argo CD has kustomize take `{}` of `{key}` for something else than it is",
                shown(name)
            ),
            "let its name have no colon and no dash before it, and its value no quotes around it; or write it into the kustomization",
        )),
        None => Ok(()),
    }
}

fn replicas(node: &Node) -> Read<BTreeMap<String, u64>> {
    let replicas = items(node, "replicas")?.iter().map(|item| {
        only(item, "a number of replicas", &["name", "count"])?;
        let name = text(item, "name")?.unwrap_or_default().to_owned();
        if name.starts_with('-') {
            return Err(wrong(item, "name", "the name of an object"));
        }
        let count = match field(item, "count").map(|count| &count.value) {
            Some(NodeValue::Number { value, .. }) => value.as_u64(),
            Some(NodeValue::String(text)) => text.parse().ok(),
            _ => None,
        };
        let count = count.ok_or_else(|| wrong(item, "count", "a whole number"))?;
        Ok((name, count))
    });
    replicas.collect()
}

const GLOB: &[char] = &['*', '?', '[', '\\', '{'];
const KEYS: &[&str] = &[
    "namePrefix",
    "nameSuffix",
    "images",
    "commonLabels",
    "version",
    "commonAnnotations",
    "forceCommonLabels",
    "forceCommonAnnotations",
    "namespace",
    "commonAnnotationsEnvsubst",
    "replicas",
    "patches",
    "components",
    "ignoreMissingComponents",
    "labelWithoutSelector",
    "kubeVersion",
    "apiVersions",
    "labelIncludeTemplates",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_read_as_kustomize_reads_them() {
        let override_of = |written: &str| {
            let image = image(written)?;
            let rest = [image.new_name, image.new_tag, image.digest];
            Some((image.name, rest.map(Option::unwrap_or_default).join("|")))
        };
        for (written, name, rest) in [
            ("web:1.2", "web", "|1.2|"),
            ("r.example:5000/web:1.2", "r.example:5000/web", "|1.2|"),
            ("web@sha256:ab", "web", "||sha256:ab"),
            ("web=r.example/web:1", "web", "r.example/web|1|"),
            ("web=r.example:5000/web", "web", "r.example:5000/web||"),
            ("web=other@sha256:ab", "web", "other||sha256:ab"),
        ] {
            assert_eq!(
                override_of(written),
                Some((name.to_owned(), rest.to_owned())),
                "{written}"
            );
        }
        for none in [
            "",
            "web",
            "web=*:1",
            "web:1@sha256:ab",
            "=web:1",
            "a=b=c",
            "-h=web:1",
        ] {
            assert_eq!(override_of(none), None, "{none}");
        }
    }
}
