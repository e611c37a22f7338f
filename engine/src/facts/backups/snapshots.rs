//! Schedules of snapshots and copies of claims: the snapshot scheduler, and `VolSync`.
//! Knows no storage: whether a class can take a snapshot is not asked.

use serde_json::Value;

use super::SNAPSHOT_CLASS;
use super::cadence::{Cadence, Fields};
use super::cover::{
    Address, Consistency, Cover, Found, No, Recipe, Retention, Told, address, kept,
};
use super::credentials;
use super::near::{Near, is_on, left_out, text};
use super::stateful::Stateful;
use crate::calendar::cron::parse_length;
use crate::facts::pods;
use crate::facts::selector::selects;
use crate::model::ObjectRef;

/// The schedules that take `stateful` in.
pub(super) fn find(stateful: &Stateful<'_>, near: &Near<'_>, found: &mut Found) {
    let takes: [(&str, Take); 2] = [
        ("SnapshotSchedule.snapscheduler.backube", snapshot),
        ("ReplicationSource.volsync.backube", copy),
    ];
    for (kind, take) in takes {
        for schedule in near.all(kind) {
            let by = pods::reference(schedule);
            let is_near = by.namespace == stateful.reference.namespace;
            let taken = match (is_near, left_out(schedule)) {
                (false, _) => Err("takes claims of its own namespace only".into()),
                (true, Some(why)) => Err(why.into()),
                (true, None) => take(stateful, (schedule, &by), near),
            };
            found.take(by, taken);
        }
    }
}

/// The class of snapshots of that name, or the default one, where it deletes each with the object that stands for it.
pub(super) fn deleting_class(near: &Near<'_>, name: Option<&str>) -> Option<ObjectRef> {
    let default = "/metadata/annotations/snapshot.storage.kubernetes.io~1is-default-class";
    let is_it = |class: &&Value| match name {
        Some(name) => pods::name(class) == name,
        None => is_on(class, default),
    };
    let mut classes = near.all(SNAPSHOT_CLASS);
    let class = classes.find(is_it)?;
    (text(class, "/deletionPolicy") == Some("Delete")).then(|| pods::reference(class))
}

/// Whether the class of snapshots of that name is seen to keep them without the objects that stand for them.
pub(super) fn keeps(near: &Near<'_>, name: &str) -> bool {
    let mut classes = near.all("VolumeSnapshotClass.snapshot.storage.k8s.io");
    classes.any(|it| pods::name(it) == name && text(it, "/deletionPolicy") == Some("Retain"))
}

type Take = fn(&Stateful<'_>, (&Value, &ObjectRef), &Near<'_>) -> Result<Cover, No>;

fn snapshot(
    stateful: &Stateful<'_>,
    (schedule, by): (&Value, &ObjectRef),
    near: &Near<'_>,
) -> Result<Cover, No> {
    if is_on(schedule, "/spec/disabled") {
        return Err("is disabled".into());
    }
    let selector = schedule.pointer("/spec/claimSelector");
    let selector = selector.filter(|it| !it.is_null());
    for claim in &stateful.claims {
        let name = &claim.name;
        if selector.is_some() && !claim.is_told {
            return Err(No::Untold(format!(
                "selects by labels, and those of `{name}` are what an operator gives it"
            )));
        }
        if selector.is_some_and(|it| !selects(Some(it), &claim.labels)) {
            return Err(format!("does not select the labels of `{name}`").into());
        }
    }
    let cadence = cadence(schedule, "/spec/schedule", near)?;
    let retention = retention(schedule, &cadence);
    Ok(Cover {
        method: "volume-snapshot",
        part: None,
        by: by.clone(),
        parts: vec![stateful.reference.clone()],
        cadence,
        pitr: false,
        consistency: Consistency::Crash,
        retention,
        target: None,
        encrypted: Told::Unknown,
        // It lies beside its volume.
        offsite: Told::No,
        address: Address::new(),
        recipe: Recipe::new(),
        immutable_days: None,
        upkeep: Vec::new(),
        dies_by: deleting_class(
            near,
            text(schedule, "/spec/snapshotTemplate/snapshotClassName"),
        ),
        credentials: Vec::new(),
    })
}

/// For how long snapshots are kept: the first of its bounds ends each, and one that is not read may be any.
fn retention(schedule: &Value, cadence: &Cadence) -> Retention {
    let said = |field: &str| {
        let value = schedule.pointer(&format!("/spec/retention/{field}"));
        value.filter(|value| !value.is_null() && *value != "")
    };
    let expires = said("expires").map(|it| {
        let length = parse_length(it.as_str()?)?;
        Some(length.as_secs())
    });
    let counted = said("maxCount").map(|it| it.as_i64()?.checked_mul(cadence.gap_seconds));
    let bounds: Vec<Option<i64>> = expires.into_iter().chain(counted).collect();
    match bounds.iter().min() {
        None => Retention::Unlimited,
        // Nothing comes before any number.
        Some(first) => first.map_or(Retention::Unknown, Retention::Seconds),
    }
}

fn copy(
    stateful: &Stateful<'_>,
    (source, by): (&Value, &ObjectRef),
    near: &Near<'_>,
) -> Result<Cover, No> {
    if is_on(source, "/spec/paused") {
        return Err("is paused".into());
    }
    // It counts before the schedule.
    if text(source, "/spec/trigger/manual").is_some() {
        return Err(
            "has `spec.trigger.manual`, by which it copies once, whatever its schedule says".into(),
        );
    }
    let claim = text(source, "/spec/sourcePVC").unwrap_or_default();
    let [own] = stateful.claims.as_slice() else {
        return Err(format!("copies `{claim}` alone, of several claims").into());
    };
    if !own.is(claim) {
        return Err(format!("copies `{claim}`").into());
    }
    if !own.is_one {
        return Err(format!("copies `{claim}` alone, of one claim for each replica").into());
    }
    let way = WAYS
        .iter()
        .find(|way| source.pointer(&format!("/spec/{}", way.name)).is_some());
    let way = way.ok_or("has no way to copy of which a backup remains")?;
    let cadence = cadence(source, "/spec/trigger/schedule", near)?;
    let at = |field: &str| source.pointer(&format!("/spec/{}/{field}", way.name));
    let repository = at("repository").and_then(Value::as_str);
    let namespace = by.namespace.as_deref().unwrap_or_default();
    Ok(Cover {
        method: "volsync",
        part: None,
        by: by.clone(),
        parts: vec![stateful.reference.clone()],
        pitr: false,
        consistency: Consistency::Crash,
        retention: match way.keeps {
            true => kept(at("retain"), "", &cadence),
            false => None,
        }
        // The next copy takes its place, also where a way that keeps older ones is not told which.
        .unwrap_or(Retention::Seconds(cadence.gap_seconds)),
        cadence,
        // The Secret that says where; what it says is not read.
        target: repository.map(|name| format!("volsync:{namespace}/{name}")),
        encrypted: if way.keeps { Told::Yes } else { Told::Unknown },
        offsite: Told::Unknown,
        address: way_address(source, way),
        recipe: Recipe::new(),
        immutable_days: None,
        upkeep: Vec::new(),
        dies_by: None,
        credentials: credentials::of_names(repository, &by.namespace),
    })
}

/// Where a way copies to, beside what its Secret says.
fn way_address(source: &Value, way: &Way) -> Address {
    let said = ADDRESS.iter().flat_map(|(name, field)| {
        let pointer = format!("/spec/{}/{field}", way.name);
        address(source, &[(*name, &pointer)])
    });
    said.collect()
}

fn cadence(schedule: &Value, pointer: &str, near: &Near<'_>) -> Result<Cadence, No> {
    let written = text(schedule, pointer).ok_or("comes by no schedule")?;
    let cadence = near.cadence(written, Fields::Five);
    cadence.map_err(|why| format!("has the schedule `{written}`, which {why}").into())
}

/// What each way says itself of where it copies to.
const ADDRESS: [(&str, &str); 5] = [
    ("config", "rcloneConfig"),
    ("endpoint", "address"),
    ("key", "keySecret"),
    ("path", "rcloneDestPath"),
    ("section", "rcloneConfigSection"),
];

/// A way of `VolSync` to copy.
struct Way {
    name: &'static str,
    /// It keeps older copies, encrypted.
    keeps: bool,
}

const WAYS: [Way; 4] = [
    Way {
        name: "restic",
        keeps: true,
    },
    Way {
        name: "kopia",
        keeps: true,
    },
    Way {
        name: "rclone",
        keeps: false,
    },
    Way {
        name: "rsyncTLS",
        keeps: false,
    },
];
