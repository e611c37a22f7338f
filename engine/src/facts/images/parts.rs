//! References that are written in parts, as `{repository, tag}` or the `baseImage` of the operator of Prometheus.
//! Knows not where they stand.

use serde_json::{Map, Value};

use crate::facts::image_ref::ImageRef;

/// What parts in one mapping make.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Joined {
    /// The key of the part that tells where it stands.
    pub(super) key: &'static str,
    /// The keys of all of them.
    pub(super) keys: Vec<&'static str>,
    /// The reference.
    pub(super) text: String,
}

/// The reference that parts in one mapping make; `None` where there are none, or the name alone. A `name` is one only below
/// a key that names an image.
pub(super) fn joined(entries: &Map<String, Value>, is_image: bool) -> Option<Joined> {
    let mut forms = FORMS.iter().filter(|form| is_image || !form.is_within);
    forms.find_map(|form| {
        let name = text(entries, form.name)?;
        let end = match form.name {
            BASE => base_end(entries),
            WHOLE if !lacks_end(&name) => None,
            WHOLE => form.end(entries, name.contains('/')),
            _ => form.end(entries, is_image),
        }?;
        Some(form.of(entries, &name, &end))
    })
}

/// The name of such a mapping, which surely names an image, where neither tag nor digest stand beside it.
pub(super) fn bare(entries: &Map<String, Value>) -> Option<Joined> {
    FORMS.iter().find_map(|form| {
        let name = text(entries, form.name)?;
        Some(form.of(entries, &name, ""))
    })
}

/// Whether a key holds a part of a reference, and never a whole one.
pub(super) fn is_part(key: &str) -> bool {
    let mut forms = FORMS.iter();
    forms.any(|form| form.name == key) && key != WHOLE
}

/// The reference that an entry of `images` in a kustomization makes of a name; it stands at what it sets first.
pub(super) fn renamed(entries: &Map<String, Value>) -> Option<Joined> {
    let mut set = RENAMED.into_iter();
    let key = set.find(|key| text(entries, key).is_some())?;
    let name = text(entries, "newName").or_else(|| text(entries, "name"))?;
    let tag = text(entries, "newTag").map(|tag| format!(":{tag}"));
    let digest = text(entries, "digest").map(|digest| format!("@{digest}"));
    let end = tag.unwrap_or_default() + &digest.unwrap_or_default();
    let keys = ["name"].into_iter().chain(RENAMED);
    Some(Joined {
        key,
        keys: keys.filter(|key| entries.contains_key(*key)).collect(),
        text: name + &end,
    })
}

/// How one reference is spread over the entries of a mapping.
struct Form {
    name: &'static str,
    registries: &'static [&'static str],
    tags: &'static [&'static str],
    digests: &'static [&'static str],
    /// Whether it is one only below a key that names an image.
    is_within: bool,
}

impl Form {
    /// The tag and the digest. A `version` is a tag where the name is surely that of an image.
    fn end(&self, entries: &Map<String, Value>, is_sure: bool) -> Option<String> {
        let of = |keys: &[&str]| keys.iter().find_map(|key| text(entries, key));
        let version = || text(entries, "version").filter(|_| is_sure);
        let tag = of(self.tags).or_else(version);
        let tag = tag.map(|tag| format!(":{tag}"));
        let digest = of(self.digests).map(|digest| at(&digest));
        (tag.is_some() || digest.is_some())
            .then(|| tag.unwrap_or_default() + &digest.unwrap_or_default())
    }

    /// With its registry, and every key that has a say in it.
    fn of(&self, entries: &Map<String, Value>, name: &str, end: &str) -> Joined {
        let mut registries = self.registries.iter();
        let registry = registries.find_map(|key| text(entries, key));
        let name =
            registry.map_or_else(|| name.to_owned(), |registry| format!("{registry}/{name}"));
        let keys = [self.registries, self.tags, self.digests].concat();
        let keys = [self.name, "version"].into_iter().chain(keys);
        Joined {
            key: self.name,
            keys: keys.filter(|key| entries.contains_key(*key)).collect(),
            text: name + end,
        }
    }
}

/// Whether a reference has neither tag nor digest.
fn lacks_end(text: &str) -> bool {
    ImageRef::parse(text).is_some_and(|image| image.tag.is_none() && image.digest.is_none())
}

/// The first of `sha`, `tag` and `version`, as the operator of Prometheus takes them.
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

/// What an entry of `images` sets.
const RENAMED: [&str; 3] = ["newName", "newTag", "digest"];

/// Of the operator of Prometheus.
const BASE: &str = "baseImage";

/// What may be a whole reference, too.
const WHOLE: &str = "image";

const FORMS: [Form; 7] = [
    Form {
        name: "repository",
        registries: &["registry", "imageRegistry"],
        tags: &["tag", "imageTag"],
        digests: &["digest", "sha"],
        is_within: false,
    },
    Form {
        name: BASE,
        registries: &["registry"],
        tags: &["tag"],
        digests: &["sha"],
        is_within: false,
    },
    Form {
        name: "imageRepository",
        registries: &["imageRegistry", "registry"],
        tags: &["imageTag", "imageVersion", "tag"],
        digests: &["imageDigest", "digest"],
        is_within: false,
    },
    Form {
        name: "imageRepo",
        registries: &["imageRegistry", "registry"],
        tags: &["imageTag", "imageVersion", "tag"],
        digests: &["imageDigest", "digest"],
        is_within: false,
    },
    Form {
        name: "repo",
        registries: &["registry"],
        tags: &["tag"],
        digests: &["digest", "sha"],
        is_within: true,
    },
    Form {
        name: "name",
        registries: &["registry"],
        tags: &["tag"],
        digests: &["digest", "sha"],
        is_within: true,
    },
    Form {
        name: WHOLE,
        registries: &["imageRegistry", "registry"],
        tags: &["imageTag", "imageVersion", "tag"],
        digests: &["imageDigest", "digest", "sha"],
        is_within: false,
    },
];
