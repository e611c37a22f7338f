//! The fact `promotions`: the images that a change brings into an environment, and whether the stage that
//! `images.promote-from` names has run them. What that stage ran is handed in; this knows no chain and no store.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::places::{self, Use, Written};
use super::rules::Rules;
use crate::change::{Change, Source};
use crate::facts::image_ref::ImageRef;
use crate::facts::inventory::Neighbours;
use crate::facts::{Collector, Context, Fact};
use crate::model::{ObjectRef, Piece, Stage};

/// The collector of `promotions`.
pub struct Promotions;

impl Collector for Promotions {
    fn name(&self) -> &'static str {
        "promotions"
    }

    fn schema(&self) -> &'static str {
        "facts/promotions.json"
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        let around = (context.images, (context.head, context.base));
        Fact::known(Piece::new(value(context.changes, around, context.promoted)))
    }
}

/// What is known of what a stage ran.
#[derive(Clone, Debug, Default)]
pub struct Promoted {
    /// The stage; `None` where nothing is promoted from any.
    pub from: Option<Stage>,
    /// By digest, as manifests write it, where a link that stands names it.
    pub ran: BTreeMap<String, Ran>,
    /// Why more may have run than is known, for people.
    pub unknown: Vec<String>,
}

/// Where something ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// The environment's name.
    pub environment: String,
    /// The unit's name.
    pub unit: String,
}

/// The digests that changes bring into an environment: those that their objects did not name before.
#[must_use]
pub fn brought(
    changes: &[Change],
    rules: &Rules,
    (head, base): (&Neighbours, &Neighbours),
) -> BTreeSet<String> {
    let changes = changes.iter();
    let images = changes.flat_map(|change| new_in(change, rules, (head, base)));
    images.filter_map(|image| image.digest).collect()
}

/// The digests that objects name, wherever an image is known to stand.
#[must_use]
pub fn named<'a>(
    objects: impl IntoIterator<Item = (&'a ObjectRef, &'a Value)>,
    rules: &Rules,
    around: &Neighbours,
) -> BTreeSet<String> {
    let objects = objects.into_iter();
    let images = objects.flat_map(|(object, value)| images(object, value, (rules, around)));
    images.filter_map(|image| image.digest).collect()
}

fn value(
    changes: &[Change],
    (rules, around): (&Rules, (&Neighbours, &Neighbours)),
    promoted: &Promoted,
) -> Value {
    let Some(from) = promoted.from else {
        return json!({"images": []});
    };
    let images = changes
        .iter()
        .flat_map(|change| new_in(change, rules, around));
    let images = images.map(|image| {
        let ran = image.digest.as_ref();
        let ran = ran.and_then(|digest| promoted.ran.get(digest));
        let mut row = json!(image);
        if let (Value::Object(row), Some(ran)) = (&mut row, ran) {
            row.insert("ran".to_owned(), json!(ran));
        }
        row
    });
    let images: Vec<Value> = images.collect();
    json!({"from": from, "images": images, "unknown": promoted.unknown})
}

/// An image in one place of an object.
#[derive(Serialize)]
pub(super) struct Image {
    object: ObjectRef,
    pub(super) pointer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) container: Option<String>,
    pub(super) repository: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<String>,
    /// As it is written, where there is no digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
}

impl Image {
    pub(super) fn reference(&self) -> ImageRef {
        ImageRef {
            repository: self.repository.clone(),
            tag: self.tag.clone(),
            digest: self.digest.clone(),
        }
    }

    /// What tells it from another version: its digest, or else repository and tag.
    pub(super) fn version(&self) -> [String; 2] {
        match &self.digest {
            Some(digest) => [String::new(), digest.clone()],
            None => [
                self.repository.clone(),
                self.tag.clone().unwrap_or_default(),
            ],
        }
    }
}

/// Those that the object did not name before.
fn new_in(change: &Change, rules: &Rules, (head, base): (&Neighbours, &Neighbours)) -> Vec<Image> {
    let mut new = at_head(change, rules, head);
    if !new.is_empty() {
        let old = at_base(change, rules, base);
        let old: BTreeSet<[String; 2]> = old.iter().map(Image::version).collect();
        new.retain(|image| !old.contains(&image.version()));
    }
    new
}

/// Those that the object names at base.
pub(super) fn at_base(change: &Change, rules: &Rules, base: &Neighbours) -> Vec<Image> {
    let source = change.old.as_ref().and(change.old_source.as_ref());
    of_side(&change.object, source, (rules, base))
}

/// Those that the object names at head.
pub(super) fn at_head(change: &Change, rules: &Rules, head: &Neighbours) -> Vec<Image> {
    let source = change.new.as_ref().and(change.new_source.as_ref());
    of_side(&change.object, source, (rules, head))
}

fn of_side(
    object: &ObjectRef,
    source: Option<&Source>,
    around: (&Rules, &Neighbours),
) -> Vec<Image> {
    match source {
        Some(source) => images(object, &source.with_secrets(), around),
        None => Vec::new(),
    }
}

/// What cannot be read is no image of this fact; that it cannot be read is told elsewhere.
fn images(object: &ObjectRef, value: &Value, around: (&Rules, &Neighbours)) -> Vec<Image> {
    let places = places::of(object, value, around).into_iter();
    let places = places.filter(|place| place.role != Use::Guessed);
    let images = places.filter_map(|place| {
        let Written::Text(text) = place.written else {
            return None;
        };
        let image = ImageRef::parse(&text)?;
        Some(Image {
            object: object.clone(),
            pointer: place.pointer,
            container: place.container.map(str::to_owned),
            tag: image.tag.filter(|_| image.digest.is_none()),
            repository: image.repository,
            digest: image.digest,
        })
    });
    images.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{compare, unchanged};
    use crate::facts::tests::objects;

    fn digest(digit: char) -> String {
        format!("sha256:{}", digit.to_string().repeat(64))
    }

    fn pod(images: &[&str]) -> String {
        let images = images.iter().enumerate();
        let images: Vec<String> = images
            .map(|(index, image)| format!("{{name: c{index}, image: '{image}'}}"))
            .collect();
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{}]}}\n",
            images.join(", ")
        )
    }

    /// The rows between two pods, where staging ran what has the digit 1.
    fn rows(base: &str, head: &str, from: Option<Stage>) -> Vec<(String, bool)> {
        let none = Neighbours::default();
        let ran = Ran {
            environment: "staging".to_owned(),
            unit: "odoo".to_owned(),
        };
        let promoted = Promoted {
            from,
            ran: [(digest('1'), ran)].into(),
            unknown: Vec::new(),
        };
        let changes = compare(&objects(base), &objects(head));
        let value = value(&changes, (&Rules::default(), (&none, &none)), &promoted);
        let rows = value["images"].as_array().unwrap().iter();
        let row = |row: &Value| {
            let container = row["container"].as_str().unwrap().to_owned();
            (container, row["ran"]["environment"] == "staging")
        };
        rows.map(row).collect()
    }

    #[test]
    fn only_what_is_brought_is_asked_for_and_only_its_digest_counts() {
        let [one, two] = ['1', '2'].map(|digit| format!("a.example/odoo:17@{}", digest(digit)));
        let mirrored = format!("b.example/mirror@{}", digest('1'));
        let row = |name: &str, ran| (name.to_owned(), ran);
        let staging = Some(Stage::Staging);
        let of = |old: &[&str], new: &[&str]| rows(&pod(old), &pod(new), staging);
        assert_eq!(of(&[&two], &[&one]), [row("c0", true)]);
        assert_eq!(of(&[&one], &[&two]), [row("c0", false)]);
        assert_eq!(of(&[&two], &[&two, &mirrored]), [row("c1", true)]);
        assert_eq!(of(&[&one, &two], &[&two, &one]), []);
        assert_eq!(
            rows("", &pod(&[&one, &two]), staging),
            [row("c0", true), row("c1", false)]
        );
        assert_eq!(rows(&pod(&[&one]), "", staging), []);
        assert_eq!(rows(&pod(&[&one]), &pod(&[&two]), None), []);
    }

    #[test]
    fn a_tag_without_a_digest_is_brought_when_it_is_another() {
        let staging = Some(Stage::Staging);
        let of = |old: &str, new: &str| rows(&pod(&[old]), &pod(&[new]), staging);
        assert_eq!(of("odoo:17", "odoo:18"), [("c0".to_owned(), false)]);
        assert_eq!(of("odoo:17", "docker.io/library/odoo:17"), []);
        assert_eq!(of("odoo:17", "${IMAGE}"), []);
    }

    #[test]
    fn what_does_not_change_brings_nothing() {
        let text = pod(&[&format!("a.example/odoo@{}", digest('1'))]);
        let changes: Vec<Change> = objects(&text).values().map(unchanged).collect();
        let (rules, none) = (Rules::default(), Neighbours::default());
        assert_eq!(brought(&changes, &rules, (&none, &none)), BTreeSet::new());
        let values = changes
            .iter()
            .map(|change| (&change.object, change.new.as_ref().unwrap()));
        assert_eq!(named(values, &rules, &none), [digest('1')].into());
    }
}
