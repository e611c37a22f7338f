//! What the calendar is asked with about a unit: from the configuration of its judge.
//! Asks nothing.

use jiff::Timestamp;

use super::judge::Judge;
use super::scene::Scene;
use crate::calendar::{self, Place};
use crate::facts::freeze::Season;

/// The season of a unit. `rollback` says whether it was accepted before as it is at head.
///
/// An environment that the judge does not know yet may name calendars that it does not know either:
/// they hold from the step after the one that brings them.
pub(super) fn season<'a>(
    judge: &'a Judge,
    scene: &'a Scene,
    now: Timestamp,
    rollback: bool,
) -> Season<'a> {
    let (config, input) = (&judge.config, &scene.input);
    let calendars = judge.calendars(scene);
    let cluster = input.cluster.as_deref();
    let beside = config.environments.iter();
    let beside = beside.filter(|other| cluster.is_some() && other.cluster.as_deref() == cluster);
    let tenants = beside
        .flat_map(|other| &other.tenants)
        .chain(&input.tenants);
    Season {
        now,
        digest: calendar::digest(&calendars),
        calendars,
        place: Place {
            environment: &scene.environment,
            cluster,
            region: input.region.as_deref(),
        },
        tenants: &input.tenants,
        cluster_tenants: tenants.map(String::as_str).collect(),
        zone: &scene.zone,
        rollback,
        valid_for: config.verdict.valid_for,
    }
}
