//! Buckets as what holds data: whether older versions are kept of what is deleted or overwritten, and whether copies
//! of them lie elsewhere. Knows no manifest that says so; a bucket into which backups go is their store.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::assess::State;
use super::cadence::Cadence;
use super::cover::{Address, Consistency, Cover, Found, Recipe, Told};
use super::cronjob;
use super::gap::Gap;
use super::near::{Near, is_on, text};
use super::rules::{Data, Vouched, named};
use super::stateful::Stateful;
use super::versions::{self, Versions};
use crate::facts::pods;
use crate::model::ObjectRef;

/// What a bucket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BucketUse {
    /// It holds what a program keeps there.
    Data,
    /// Backups go there: it needs none itself.
    Store,
}

/// A bucket that a manifest declares.
pub(super) struct Bucket<'a> {
    pub(super) object: &'a Value,
    pub(super) reference: ObjectRef,
    pub(super) kind: &'static Kind,
    /// Its name in its store, where the manifest tells.
    pub(super) name: Option<&'a str>,
}

/// A kind of manifests that declare buckets.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) maker: Maker,
    /// How addresses in its store begin, the usual way first.
    schemes: &'static [&'static str],
}

/// Who makes buckets of manifests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Maker {
    /// Crossplane in AWS, by manifests of this group beside that of the bucket.
    Aws(&'static str),
    /// Crossplane in Google's cloud.
    Google,
    /// The controller of AWS.
    Controller,
    /// A provisioner of `ObjectBucketClaim`.
    Claim,
    /// A driver of the Container Object Storage Interface.
    Driver,
}

/// All buckets, by kind and name.
pub(super) fn all<'a>(near: &Near<'a>) -> Vec<Bucket<'a>> {
    let buckets = KINDS.iter().flat_map(|kind| {
        let objects = near.all(kind.name);
        objects.map(move |object| Bucket::of(object, kind))
    });
    buckets.collect()
}

/// The buckets to which backups go, as `scheme://name`.
pub(super) fn stores<'s>(states: impl Iterator<Item = &'s State>) -> BTreeSet<String> {
    let targets = states.flat_map(|state| &state.coverage);
    let targets = targets.filter_map(|cover| cover.target.as_deref());
    let stores = targets.filter_map(|target| {
        let (scheme, rest) = target.split_once("://")?;
        // As Velero names its providers: `velero.io/aws`.
        let scheme = scheme.rsplit('/').next()?;
        let name = rest.split('/').next().filter(|it| !it.is_empty())?;
        Some(format!("{scheme}://{name}"))
    });
    stores.collect()
}

impl<'a> Bucket<'a> {
    fn of(object: &'a Value, kind: &'static Kind) -> Self {
        let name = match kind.maker {
            Maker::Aws(_) | Maker::Google => {
                text(object, "/metadata/annotations/crossplane.io~1external-name")
                    .or_else(|| text(object, "/metadata/name"))
            }
            Maker::Controller => text(object, "/spec/name"),
            Maker::Claim => text(object, "/spec/bucketName"),
            Maker::Driver => None,
        };
        Self {
            object,
            reference: pods::reference(object),
            kind,
            name,
        }
    }

    /// How backups and the judge's configuration name it.
    fn addresses(&self, name: Option<&str>) -> Vec<String> {
        let schemes = self.kind.schemes.iter();
        let addresses = schemes.filter_map(|scheme| Some(format!("{scheme}://{}", name?)));
        addresses.collect()
    }

    /// Whether backups go there: those of the environment, or others as the judge says. What fits any bucket says so of
    /// none.
    fn is_store(&self, stores: &BTreeSet<String>, near: &Near<'_>) -> bool {
        let own = self.addresses(self.name);
        let any = self.addresses(Some("\u{0}"));
        own.iter().any(|it| stores.contains(it)) || near.rules.names_store(&own, &any)
    }

    fn vouched<'r>(&self, near: &Near<'r>) -> Option<&'r Vouched> {
        let mut names = self.addresses(self.name);
        names.push(named(&self.reference));
        near.rules.bucket(&names)
    }

    fn shown(&self) -> &str {
        self.name.unwrap_or(&self.reference.name)
    }

    /// What becomes of it where its manifest is deleted, in words; nothing where it stays.
    fn fate(&self, near: &Near<'_>) -> Option<String> {
        let (object, name) = (self.object, self.shown());
        let empty = format!("the bucket `{name}` is deleted with it once it is empty");
        match self.kind.maker {
            Maker::Aws(_) | Maker::Google if versions::orphans(object) => None,
            Maker::Aws(_) | Maker::Google if is_on(object, "/spec/forProvider/forceDestroy") => {
                Some(format!(
                    "the bucket `{name}` is deleted with it, and all that it holds (`forceDestroy`)"
                ))
            }
            Maker::Aws(_) | Maker::Google => Some(empty),
            Maker::Controller => {
                let policy = "/metadata/annotations/services.k8s.aws~1deletion-policy";
                (text(object, policy) != Some("retain")).then_some(empty)
            }
            Maker::Claim => {
                let class = text(object, "/spec/storageClassName");
                let mut classes = near.all("StorageClass.storage.k8s.io");
                let class = classes.find(|it| Some(pods::name(it)) == class);
                let policy = class.and_then(|it| text(it, "/reclaimPolicy"));
                (policy != Some("Retain")).then(|| self.untold())
            }
            Maker::Driver => Some(self.untold()),
        }
    }

    fn untold(&self) -> String {
        let name = self.shown();
        format!(
            "the bucket of `{name}` is deleted with it, and all that it holds, unless its class says `Retain`"
        )
    }

    /// Its older versions, as what backs it up; nothing where none are kept.
    fn versioning(&self, said: &Versions, vouched: Option<&Vouched>) -> Option<Cover> {
        if said.kept != Told::Yes {
            return None;
        }
        let encrypted = match self.kind.maker {
            // Both encrypt all that they store.
            Maker::Aws(_) | Maker::Google | Maker::Controller => Told::Yes,
            Maker::Claim | Maker::Driver => Told::Unknown,
        };
        let mut parts = said.parts.clone();
        parts.push(self.reference.clone());
        Some(Cover {
            method: if said.is_vouched { VOUCHED } else { DECLARED },
            part: None,
            by: said.by.clone(),
            parts,
            cadence: Cadence::of_writes(),
            pitr: true,
            consistency: Consistency::Native,
            retention: said.retention,
            target: self.addresses(self.name).into_iter().next(),
            address: Address::new(),
            recipe: Recipe::new(),
            encrypted: vouched
                .and_then(|it| it.encrypted)
                .map_or(encrypted, Told::of),
            // In the bucket itself they go with it.
            offsite: Told::of(said.replicated),
            immutable_days: vouched.and_then(|it| it.immutable_days),
            upkeep: Vec::new(),
            dies_by: None,
            credentials: Vec::new(),
        })
    }
}

impl State {
    /// Of a bucket: what copies volumes takes none of it, and what dumps only where it says so.
    pub(super) fn of_bucket(
        bucket: &Bucket<'_>,
        stores: &BTreeSet<String>,
        near: &Near<'_>,
    ) -> Self {
        let is_scratch = near.rules.is_scratch(&bucket.reference);
        let stateful = Stateful {
            object: bucket.object,
            reference: bucket.reference.clone(),
            data: if is_scratch {
                Data::Cache
            } else {
                Data::Filestore
            },
            claims: Vec::new(),
            own_way: None,
            volatile: None,
        };
        let vouched = bucket.vouched(near);
        let said = versions::said(bucket, near).vouched(vouched);
        let mut found = Found {
            missed: said.missed.clone(),
            ..Found::default()
        };
        cronjob::find(&stateful, near, &mut found);
        let mut state = Self::of_found(&stateful, found, near);
        // A place that fits `stores` too says no more of it than the bucket does.
        state.coverage.extend(bucket.versioning(&said, vouched));
        state.coverage.sort_by_cached_key(Cover::rank);
        state.claims = vec![bucket.shown().to_owned()];
        state.fate = bucket.fate(near);
        state.bucket = Some(match bucket.is_store(stores, near) {
            true => BucketUse::Store,
            false => BucketUse::Data,
        });
        state.gaps = state.gaps_of_bucket(&said, near);
        state
    }

    fn gaps_of_bucket(&self, said: &Versions, near: &Near<'_>) -> Vec<Gap> {
        if self.data == Data::Cache || self.bucket == Some(BucketUse::Store) {
            return Vec::new();
        }
        let mut gaps = Vec::new();
        if said.kept != Told::Yes {
            gaps.push(self.unversioned(said));
        }
        if self.best().is_none() {
            return gaps;
        }
        gaps.extend(self.gaps_of(near.rules));
        for gap in &mut gaps {
            if gap.kind == "not-offsite" && said.kept == Told::Yes {
                "has its older versions in the bucket itself only, and goes with it"
                    .clone_into(&mut gap.text);
            }
        }
        if near.rules.requires_replication && !said.replicated && said.kept == Told::Yes {
            let text = "is not known to be replicated to another bucket";
            gaps.push(Gap::new("replication-unverified", text));
        }
        gaps.extend(self.shared_credentials(near));
        gaps
    }

    fn unversioned(&self, said: &Versions) -> Gap {
        let what = match said.kept {
            Told::No => "keeps no older versions of what is deleted or overwritten",
            _ => "is not known to keep older versions of what is deleted or overwritten",
        };
        let rest = match (self.best(), self.unknown.first()) {
            (Some(other), _) => format!("{} backs it up, as it was then", other.by),
            (None, Some(reason)) if said.kept == Told::Unknown => reason.clone(),
            (None, _) => self.looked(),
        };
        Gap::new("bucket-unversioned", format!("{what}: {rest}"))
    }
}

const fn kind(name: &'static str, maker: Maker, schemes: &'static [&'static str]) -> Kind {
    Kind {
        name,
        maker,
        schemes,
    }
}

/// Older versions are kept as manifests say.
pub(super) const DECLARED: &str = "bucket-versioning";

/// Older versions are kept as the judge says, and no manifest.
pub(super) const VOUCHED: &str = "bucket-vouched";

const AWS: &[&str] = &["s3", "aws"];
const GOOGLE: &[&str] = &["gs", "gcp", "gcs"];

const KINDS: [Kind; 7] = [
    kind(
        "Bucket.s3.aws.upbound.io",
        Maker::Aws("s3.aws.upbound.io"),
        AWS,
    ),
    kind(
        "Bucket.s3.aws.m.upbound.io",
        Maker::Aws("s3.aws.m.upbound.io"),
        AWS,
    ),
    kind("Bucket.s3.services.k8s.aws", Maker::Controller, AWS),
    kind("Bucket.storage.gcp.upbound.io", Maker::Google, GOOGLE),
    kind("Bucket.storage.gcp.m.upbound.io", Maker::Google, GOOGLE),
    kind("BucketClaim.objectstorage.k8s.io", Maker::Driver, AWS),
    kind("ObjectBucketClaim.objectbucket.io", Maker::Claim, AWS),
];
