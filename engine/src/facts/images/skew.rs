//! The fact `skew`: repositories that the objects of one release run in more than one version.
//! Knows nothing of findings, and asks no registry.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::places::{self, Use, Written};
use super::rules::Rules;
use crate::change::Change;
use crate::facts::image_ref::ImageRef;
use crate::facts::inventory::Neighbours;
use crate::facts::pods::{self, PodSource};
use crate::facts::{Collector, Context, Fact};
use crate::model::{GroupKind, ObjectRef, Piece};

/// The kinds among which the rest of a release is looked for.
pub const KINDS: [&str; 9] = [
    "Deployment.apps",
    "ReplicaSet.apps",
    "StatefulSet.apps",
    "DaemonSet.apps",
    "Job.batch",
    "CronJob.batch",
    "Pod",
    "ReplicationController",
    "Rollout.argoproj.io",
];

/// The collector of `skew`.
pub struct Skew;

impl Collector for Skew {
    fn name(&self) -> &'static str {
        "skew"
    }

    fn schema(&self) -> &'static str {
        "facts/skew.json"
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        let rows = rows(context.changes, (context.images, context.head));
        Fact::known(Piece::list(rows.map(Piece::new)))
    }
}

/// The repositories of which the release of a changed object runs several digests.
fn rows(changes: &[Change], (rules, head): (&Rules, &Neighbours)) -> impl Iterator<Item = Value> {
    let mut releases = Releases::default();
    for change in changes {
        if let Some(value) = &change.new {
            releases.take((&change.object, value), true, (rules, head));
        }
    }
    let known: BTreeSet<&ObjectRef> = changes.iter().map(|change| &change.object).collect();
    let kinds = KINDS.into_iter();
    for value in kinds.flat_map(|kind| head.of_kind(&GroupKind::parse(kind))) {
        let object = pods::reference(value);
        if !known.contains(&object) && releases.names(&object, value) {
            releases.take((&object, value), false, (rules, head));
        }
    }
    releases.skewed()
}

/// Whether a change may bring another version of an image into a release: only then the rest of it is looked at.
#[must_use]
pub fn brings(change: &Change, rules: &Rules) -> bool {
    let none = Neighbours::default();
    let of = |value: Option<&Value>| {
        let mut releases = Releases::default();
        if let Some(value) = value {
            releases.take((&change.object, value), true, (rules, &none));
        }
        releases.versions()
    };
    let new = of(change.new.as_ref());
    !new.is_empty() && new != of(change.old.as_ref())
}

/// What releases run, by the name of the release and the repository.
#[derive(Default)]
struct Releases(BTreeMap<String, BTreeMap<String, Vec<Run>>>);

/// An image in one place.
#[derive(Clone, PartialEq, Serialize)]
struct Run {
    object: ObjectRef,
    pointer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    digest: String,
    /// Whether the object is one of the changed ones.
    changed: bool,
}

impl Releases {
    /// Whether the object is of a release that is known already.
    fn names(&self, object: &ObjectRef, value: &Value) -> bool {
        let release = release_of(object, value);
        release.is_some_and(|release| self.0.contains_key(&release))
    }

    fn take(
        &mut self,
        (object, value): (&ObjectRef, &Value),
        changed: bool,
        around: (&Rules, &Neighbours),
    ) {
        let Some(release) = release_of(object, value) else {
            return;
        };
        let places = places::of(object, value, around).into_iter();
        for place in places.filter(|place| place.role != Use::Guessed) {
            let Written::Text(text) = place.written else {
                continue;
            };
            let Some((repository, digest)) =
                ImageRef::parse(&text).and_then(|it| Some((it.repository.clone(), it.digest?)))
            else {
                continue;
            };
            let of_release = self.0.entry(release.clone()).or_default();
            of_release.entry(repository).or_default().push(Run {
                object: object.clone(),
                pointer: place.pointer,
                container: place.container.map(str::to_owned),
                digest,
                changed,
            });
        }
    }

    /// Release, repository and digest of each image.
    fn versions(&self) -> BTreeSet<[String; 3]> {
        let repositories = self.0.iter().flat_map(|(release, repositories)| {
            let repositories = repositories.iter();
            repositories.map(move |(repository, runs)| (release, repository, runs))
        });
        let versions = repositories.flat_map(|(release, repository, runs)| {
            let digests = runs.iter().map(|run| &run.digest);
            digests.map(move |digest| [release.clone(), repository.clone(), digest.clone()])
        });
        versions.collect()
    }

    /// The repositories of which one release runs several digests.
    fn skewed(self) -> impl Iterator<Item = Value> {
        let all = self.0.into_iter().flat_map(|(release, repositories)| {
            let repositories = repositories.into_iter();
            repositories.map(move |(repository, runs)| (release.clone(), repository, runs))
        });
        let several = all.filter(|(_, _, runs)| {
            let digests: BTreeSet<&str> = runs.iter().map(|run| run.digest.as_str()).collect();
            digests.len() > 1
        });
        several.map(|(release, repository, mut runs)| {
            runs.sort_by(|a, b| (&a.object, &a.pointer).cmp(&(&b.object, &b.pointer)));
            json!({"partOf": release, "repository": repository, "runs": runs})
        })
    }
}

/// The release that an object says it is part of, itself or for its pods.
fn release_of(object: &ObjectRef, value: &Value) -> Option<String> {
    let own = value.get("metadata").and_then(|it| it.get("labels"));
    let own = own.and_then(|labels| labels.get(PART_OF)?.as_str());
    let named = match own {
        Some(name) => Some(name.to_owned()),
        None => PodSource::of(object)?.labels(value).remove(PART_OF),
    };
    named.filter(|name| !name.is_empty())
}

/// The label by which objects of one release know each other.
const PART_OF: &str = "app.kubernetes.io/part-of";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::change::compare;
    use crate::facts::tests::objects;

    /// A Deployment of a release, with the digest of that digit.
    fn deployment(name: &str, namespace: &str, (labels, digit): (&str, char)) -> String {
        let digest = digit.to_string().repeat(64);
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}, labels: {{{labels}}}}}\n\
             spec: {{template: {{spec: {{containers: [{{name: odoo, image: 'acme.example/odoo:17@sha256:{digest}'}}]}}}}}}\n---\n"
        )
    }

    /// What is found where `head` stands beside what comes of `base`.
    fn found(base: &str, head: &str) -> Vec<(String, Vec<(String, bool)>)> {
        let (base, head) = (objects(base), objects(head));
        let mut around = Neighbours::of_kinds(KINDS.map(GroupKind::parse));
        head.values().for_each(|source| around.insert(source));
        let changes = compare(&base, &head);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let rules = Rules::default();
        let rows = rows(&changes, (&rules, &around)).map(|row| {
            let runs = row["runs"].as_array().unwrap().iter();
            let runs = runs.map(|run| {
                (
                    text(&run["object"]["name"]),
                    run["changed"].as_bool().unwrap(),
                )
            });
            (text(&row["partOf"]), runs.collect())
        });
        rows.collect()
    }

    const OF_ODOO: &str = "app.kubernetes.io/part-of: odoo";

    #[test]
    fn a_release_with_two_versions_of_a_repository_is_skewed() {
        let cron = deployment("cron", "shop", (OF_ODOO, '1'));
        let web = |digit| deployment("web", "shop", (OF_ODOO, digit));
        let of = |base, head| found(&(web(base) + &cron), &(web(head) + &cron));
        assert_eq!(
            of('1', '2'),
            [(
                "odoo".to_owned(),
                vec![("cron".to_owned(), false), ("web".to_owned(), true)]
            )]
        );
        assert_eq!(of('2', '1'), []);
    }

    #[test]
    fn another_release_and_none_are_of_no_matter() {
        let web = |digit| deployment("web", "shop", (OF_ODOO, digit));
        for labels in [
            "",
            "app.kubernetes.io/part-of: ''",
            "app.kubernetes.io/part-of: wms",
            "app.kubernetes.io/name: odoo",
        ] {
            let cron = deployment("cron", "shop", (labels, '1'));
            assert_eq!(found(&cron, &(web('2') + &cron)), [], "{labels}");
        }
    }

    #[test]
    fn the_label_of_the_pods_counts_where_the_object_has_none() {
        let value = |own: Value, pods: Value| {
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": own},
                "spec": {"template": {"metadata": {"labels": pods}}}})
        };
        let label = |name: &str| json!({PART_OF: name});
        let of = |value: Value| release_of(&pods::reference(&value), &value);
        assert_eq!(of(value(label("a"), label("b"))), Some("a".to_owned()));
        assert_eq!(of(value(json!({}), label("b"))), Some("b".to_owned()));
        assert_eq!(of(value(json!({}), json!({}))), None);
    }

    #[test]
    fn only_another_version_or_release_has_the_rest_looked_at() {
        let of = |base: &str, head: &str| {
            let changes = compare(&objects(base), &objects(head));
            let rules = Rules::default();
            changes.iter().any(|change| brings(change, &rules))
        };
        let web = |labels, digit| deployment("web", "shop", (labels, digit));
        let replicas = web(OF_ODOO, '1').replace("spec: {template", "spec: {replicas: 3, template");
        assert!(of(&web(OF_ODOO, '1'), &web(OF_ODOO, '2')));
        assert!(of("", &web(OF_ODOO, '2')));
        assert!(of(&web("", '2'), &web(OF_ODOO, '2')));
        assert!(!of(&web(OF_ODOO, '1'), &replicas));
        assert!(!of(&web(OF_ODOO, '1'), &web("", '2')));
        assert!(!of(&web(OF_ODOO, '1'), ""));
    }

    #[test]
    fn what_has_no_digest_or_only_looks_like_an_image_is_left_out() {
        let value = json!({"apiVersion": "acme.example/v1", "kind": "Widget",
            "metadata": {"name": "w", "labels": {PART_OF: "odoo"}},
            "spec": {"image": format!("acme.example/odoo:17@sha256:{}", "1".repeat(64))}});
        let mut releases = Releases::default();
        let (rules, none) = (Rules::default(), Neighbours::default());
        releases.take((&pods::reference(&value), &value), true, (&rules, &none));
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {PART_OF: "odoo"}},
            "spec": {"containers": [{"image": "acme.example/odoo:17"}, {"image": 17}]}});
        let mut around = Neighbours::of_kinds([GroupKind::parse("Pod")]);
        around.insert_part(
            pods::reference(&pod),
            Arc::new(crate::model::Part::new(pod.clone())),
        );
        releases.take((&pods::reference(&pod), &pod), true, (&rules, &around));
        assert_eq!(releases.versions(), BTreeSet::new());
    }
}
