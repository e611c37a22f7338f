//! What an authority must attest besides its signature, as it is written.
//! Knows no attestation.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::pattern;
use super::raw::{RawRequired, RawText, RawUnfixed, RawWanted};
use crate::facts::images::proof::{
    Bound, Pattern, PatternError, Required, ScanRule, Severity, Tolerance, Unfixed, Wanted,
};

/// Why it asks for nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Bad {
    #[error("{0}")]
    Pattern(#[from] PatternError),
    #[error("{kind} needs `{key}`: with none, nothing answers it")]
    Lacks {
        kind: &'static str,
        key: &'static str,
    },
    #[error("`{0}` is no severity: take critical, high, medium, low, negligible or unknown")]
    Severity(String),
    #[error("`{0}` is accepted until no day: write one such as \"2026-12-31\"")]
    Day(String),
}

/// Reads one; what the schema leaves open is refused here.
pub(super) fn read(raw: RawRequired) -> Result<Required, Bad> {
    let wanted = match raw.kind {
        RawWanted::Other => Wanted::Types(some(
            raw.predicate_types,
            "`kind: other`",
            "predicate-types",
        )?),
        RawWanted::Sbom => Wanted::Sbom,
        RawWanted::Provenance => Wanted::Provenance {
            builders: some(patterns(raw.builders)?, "`kind: provenance`", "builders")?,
            sources: some(patterns(raw.sources)?, "`kind: provenance`", "sources")?,
            refs: patterns(raw.source_refs)?,
            bound: match raw.bound_to_certificate {
                true => Bound::ToCertificate,
                false => Bound::No,
            },
        },
        RawWanted::Scan => {
            let days = raw.max_age_days.ok_or(Bad::Lacks {
                kind: "`kind: scan`",
                key: "max-age-days",
            })?;
            Wanted::Scan(ScanRule {
                most: of_days(days),
                scanners: some(patterns(raw.scanners)?, "`kind: scan`", "scanners")?,
                database: raw.database_max_age_days.map(of_days),
                findings: tolerance(raw.max, raw.accepted, raw.unfixed)?,
            })
        }
    };
    Ok(Required {
        name: raw.name,
        wanted,
    })
}

fn of_days(days: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

/// What a scan may have found; `None` where nobody asks.
fn tolerance(
    max: Option<BTreeMap<String, u64>>,
    accepted: BTreeMap<String, String>,
    unfixed: RawUnfixed,
) -> Result<Option<Tolerance>, Bad> {
    let Some(max) = max else {
        return match accepted.is_empty() {
            true => Ok(None),
            false => Err(Bad::Lacks {
                kind: "`accepted`",
                key: "max",
            }),
        };
    };
    let most = max.into_iter().map(|(name, most)| {
        let known = Severity::ALL.into_iter().find(|it| it.name() == name);
        known.map(|it| (it, most)).ok_or(Bad::Severity(name))
    });
    let accepted = accepted.into_iter().map(|(id, day)| match end_of(&day) {
        Some(until) => Ok((id, until)),
        None => Err(Bad::Day(id)),
    });
    Ok(Some(Tolerance {
        most: most.collect::<Result<_, Bad>>()?,
        accepted: accepted.collect::<Result<_, Bad>>()?,
        unfixed: match unfixed {
            RawUnfixed::Counted => Unfixed::Counted,
            RawUnfixed::LeftOut => Unfixed::LeftOut,
        },
    }))
}

/// When a day is over, as with exceptions; here in UTC.
fn end_of(day: &str) -> Option<Timestamp> {
    let next = day.parse::<Date>().ok()?.tomorrow().ok()?;
    Some(next.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn patterns(texts: Vec<RawText>) -> Result<Vec<Pattern>, PatternError> {
    texts.into_iter().map(pattern).collect()
}

fn some<T>(list: Vec<T>, kind: &'static str, key: &'static str) -> Result<Vec<T>, Bad> {
    match list.is_empty() {
        true => Err(Bad::Lacks { kind, key }),
        false => Ok(list),
    }
}
