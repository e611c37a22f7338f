//! What manifests say of the older versions of a bucket: whether they are kept, for how long, and whether all of it is
//! replicated. Knows nothing of what that is worth.

use serde_json::Value;

use super::buckets::{Bucket, Maker};
use super::cover::{Missed, Retention, Told};
use super::near::{Near, is_on, left_out, said as switch, text, texts};
use super::rules::Vouched;
use crate::facts::pods;
use crate::facts::selector::selects;
use crate::model::ObjectRef;

/// What is said of the older versions of a bucket.
pub(super) struct Versions {
    pub(super) kept: Told,
    /// By the judge alone.
    pub(super) is_vouched: bool,
    /// What says so.
    pub(super) by: ObjectRef,
    /// What says more of them.
    pub(super) parts: Vec<ObjectRef>,
    /// What was looked at and does not say so.
    pub(super) missed: Vec<Missed>,
    /// How long each is kept.
    pub(super) retention: Retention,
    /// Whether all of the bucket is replicated to another one.
    pub(super) replicated: bool,
}

/// What manifests say of a bucket.
pub(super) fn said(bucket: &Bucket<'_>, near: &Near<'_>) -> Versions {
    let object = bucket.object;
    let mut versions = Versions {
        kept: Told::Unknown,
        is_vouched: false,
        by: bucket.reference.clone(),
        parts: Vec::new(),
        missed: Vec::new(),
        retention: Retention::Unlimited,
        replicated: false,
    };
    match bucket.kind.maker {
        Maker::Aws(group) => {
            versions.by_versioning(bucket, group, near);
            versions.by_replication(bucket, group, near);
            versions.by_lifecycle(bucket, group, near);
        }
        Maker::Google => {
            let at = first(object.pointer("/spec/forProvider/versioning"));
            versions.of_itself(object, switch(at, "/enabled"));
            let rules = object.pointer("/spec/forProvider/lifecycleRule");
            versions.expire(items(rules).filter_map(deletes));
        }
        Maker::Controller => {
            let status = text(object, "/spec/versioning/status");
            versions.of_itself(object, status.map(|it| it == ENABLED));
            let mut rules = items(object.pointer("/spec/replication/rules"));
            let is_idle = idle(object).is_some();
            versions.replicated = !is_idle && rules.any(|rule| replicates(rule, bucket, near));
            versions.expire(items(object.pointer("/spec/lifecycle/rules")).filter_map(expires));
        }
        Maker::Claim | Maker::Driver => {
            versions.miss(&bucket.reference, "says nothing of versions");
        }
    }
    versions
}

impl Versions {
    /// With what the judge says, who vouches for what no manifest tells.
    pub(super) fn vouched(mut self, vouched: Option<&Vouched>) -> Self {
        let Some(vouched) = vouched else {
            return self;
        };
        self.is_vouched = self.kept == Told::Unknown;
        self.kept = match (vouched.versioned, self.kept) {
            (Some(false), _) => Told::No,
            (Some(true), Told::Unknown) => Told::Yes,
            (_, said) => said,
        };
        self.replicated = vouched.replicated.unwrap_or(self.replicated);
        self
    }

    fn miss(&mut self, by: &ObjectRef, why: impl Into<String>) {
        let (by, why) = (by.clone(), why.into());
        self.missed.push(Missed { by, why });
    }

    /// As the manifest of the bucket says.
    fn of_itself(&mut self, object: &Value, said: Option<bool>) {
        let own = self.by.clone();
        match (said, idle(object)) {
            (None, _) => self.miss(&own, "says nothing of versions"),
            (Some(true), Some(why)) => self.miss(&own, why),
            (Some(true), None) => self.kept = Told::Yes,
            (Some(false), _) => {
                self.kept = Told::No;
                self.miss(&own, "does not enable versions");
            }
        }
    }

    /// Where several are for one bucket, all of them must say so.
    fn by_versioning(&mut self, bucket: &Bucket<'_>, group: &str, near: &Near<'_>) {
        let mut is_off = false;
        for (object, names) in beside("BucketVersioning", (bucket, group), near) {
            let by = pods::reference(object);
            let at = object.pointer("/spec/forProvider/versioningConfiguration");
            let status = text(first(at), "/status");
            match (names, idle(object), status) {
                (Names::Other, ..) => self.miss(&by, "is for another bucket"),
                (Names::Untold, ..) => self.miss(&by, UNTOLD),
                (Names::It, Some(why), _) => self.miss(&by, why),
                (Names::It, None, Some(ENABLED)) => {
                    self.kept = Told::Yes;
                    self.parts.push(by);
                }
                (Names::It, None, status) => {
                    is_off = true;
                    let status = status.unwrap_or_default();
                    self.miss(&by, format!("has the status `{status}`"));
                }
            }
        }
        if is_off {
            self.kept = Told::No;
        }
        if let Some(by) = self.parts.first() {
            self.by = by.clone();
        }
    }

    fn by_replication(&mut self, bucket: &Bucket<'_>, group: &str, near: &Near<'_>) {
        for (object, names) in beside("BucketReplicationConfiguration", (bucket, group), near) {
            let mut rules = items(object.pointer("/spec/forProvider/rule"));
            let is_it = names == Names::It && idle(object).is_none();
            if is_it && rules.any(|rule| replicates(rule, bucket, near)) {
                self.replicated = true;
                self.parts.push(pods::reference(object));
            }
        }
    }

    /// What may be for the bucket counts: it takes away.
    fn by_lifecycle(&mut self, bucket: &Bucket<'_>, group: &str, near: &Near<'_>) {
        for (object, names) in beside("BucketLifecycleConfiguration", (bucket, group), near) {
            if names != Names::Other {
                self.parts.push(pods::reference(object));
                self.expire(items(object.pointer("/spec/forProvider/rule")).filter_map(expires));
            }
        }
    }

    fn expire(&mut self, after: impl Iterator<Item = Retention>) {
        for retention in after {
            if retention.is_shorter(self.retention) {
                self.retention = retention;
            }
        }
    }
}

/// Whether deleting the manifest of Crossplane leaves what it stands for.
pub(super) fn orphans(object: &Value) -> bool {
    text(object, "/spec/deletionPolicy") == Some("Orphan") || !may(object, "Delete")
}

/// Whether the policies of management of a manifest of Crossplane let it do something.
fn may(object: &Value, what: &str) -> bool {
    let policies = object.pointer("/spec/managementPolicies");
    policies.and_then(Value::as_array).is_none_or(|policies| {
        let mut policies = policies.iter().filter_map(Value::as_str);
        policies.any(|it| it == "*" || it == what)
    })
}

/// Why a manifest does nothing to what it stands for.
fn idle(object: &Value) -> Option<String> {
    let is_annotated = |name: &str| is_on(object, &format!("/metadata/annotations/{name}"));
    left_out(object).or_else(|| {
        let why = if is_annotated("crossplane.io~1paused") {
            "is paused"
        } else if is_annotated("services.k8s.aws~1read-only") {
            "is only observed"
        } else if may(object, "Create") && may(object, "Update") {
            return None;
        } else {
            "is only observed, as its `managementPolicies` say"
        };
        Some(why.to_owned())
    })
}

/// Whether a manifest is for a bucket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    It,
    Other,
    Untold,
}

/// The manifests of a kind beside that of a bucket, and which of them are for it.
fn beside<'n>(
    kind: &str,
    (bucket, group): (&'n Bucket<'n>, &str),
    near: &'n Near<'n>,
) -> impl Iterator<Item = (&'n Value, Names)> + use<'n> {
    let objects = near.all(&format!("{kind}.{group}"));
    objects.map(move |object| {
        let at = object.pointer("/spec/forProvider").unwrap_or(&Value::Null);
        let own = pods::namespace(object);
        let names = names(at, own, bucket, near).unwrap_or(Names::Other);
        (object, names)
    })
}

/// Whether `bucket`, `bucketRef` and `bucketSelector` mean a bucket; nothing where none of them says anything. Which of them
/// Crossplane asks first depends on more, so that all that are written must mean the same.
fn names(at: &Value, own: Option<&str>, bucket: &Bucket<'_>, near: &Near<'_>) -> Option<Names> {
    let told = |is_it: bool| if is_it { Names::It } else { Names::Other };
    let lies = |reference: &str, object: &Value| {
        let there = text(at, &format!("/{reference}/namespace")).or(own);
        super::is_cluster_scoped(&bucket.reference) || pods::namespace(object) == there
    };
    // As `arn:aws:s3:::name`, too.
    let by_name = text(at, "/bucket").map(|name| told(name.rsplit(":::").next() == bucket.name));
    let by_reference = text(at, "/bucketRef/name")
        .map(|name| told(name == bucket.reference.name && lies("bucketRef", bucket.object)));
    let selector = at.pointer("/bucketSelector").filter(|it| !it.is_null());
    let by_selector = selector.map(|selector| {
        let selected = |object: &Value| {
            let labels = texts(object.pointer("/metadata/labels"));
            lies("bucketSelector", object) && selects(Some(selector), &labels)
        };
        if !selected(bucket.object) {
            return Names::Other;
        }
        // It takes one of them, or one that has the same maker.
        let mut all = near.all(bucket.kind.name).filter(|it| selected(it));
        match all.nth(1).is_some() || is_on(selector, "/matchControllerRef") {
            true => Names::Untold,
            false => Names::It,
        }
    });
    let votes = [by_name, by_reference, by_selector].into_iter().flatten();
    votes.reduce(|one, other| if one == other { one } else { Names::Untold })
}

/// Whether a rule sends all of a bucket to another one.
fn replicates(rule: &Value, bucket: &Bucket<'_>, near: &Near<'_>) -> bool {
    let destination = first(rule.get("destination"));
    let own = pods::namespace(bucket.object);
    let elsewhere = names(destination, own, bucket, near);
    let is_all = |it: &Value| match it {
        Value::Null => true,
        Value::String(prefix) => prefix.is_empty(),
        Value::Object(fields) => fields.values().all(|it| it.is_null() || it == ""),
        _ => false,
    };
    text(rule, "/status") == Some(ENABLED)
        && is_all(first(rule.get("filter")))
        && is_all(rule.get("prefix").unwrap_or(&Value::Null))
        && elsewhere == Some(Names::Other)
}

/// How long older versions stay by a rule of AWS, where it lets any go.
fn expires(rule: &Value) -> Option<Retention> {
    let at = first(rule.get("noncurrentVersionExpiration"));
    (text(rule, "/status") == Some(ENABLED) && !at.is_null()).then(|| days(at, "noncurrentDays"))
}

/// The same by a rule of Google's. Of what it deletes by its age older versions may be the newest.
fn deletes(rule: &Value) -> Option<Retention> {
    let (action, condition) = (first(rule.get("action")), first(rule.get("condition")));
    let is_live = text(condition, "/withState") == Some("LIVE");
    (text(action, "/type") == Some("Delete") && !is_live)
        .then(|| days(condition, "daysSinceNoncurrentTime"))
}

fn days(at: &Value, field: &str) -> Retention {
    let days = at.get(field).and_then(Value::as_i64);
    let seconds = days.and_then(|days| days.checked_mul(86_400));
    seconds
        .filter(|it| *it > 0)
        .map_or(Retention::Unknown, Retention::Seconds)
}

/// Older versions of these kinds have a list of one where newer ones have that one.
fn first(value: Option<&Value>) -> &Value {
    match value {
        Some(Value::Array(items)) => items.first().unwrap_or(&Value::Null),
        other => other.unwrap_or(&Value::Null),
    }
}

fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
}

const ENABLED: &str = "Enabled";
const UNTOLD: &str =
    "may be for another bucket: its selector takes several, or what names it does not agree";
