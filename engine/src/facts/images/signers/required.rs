//! What an authority must attest besides its signature, as it is written.
//! Knows no attestation.

use std::collections::BTreeMap;
use std::mem;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::pattern;
use super::raw::{RawRequired, RawText, RawUnfixed, RawVex, RawWanted};
use crate::facts::images::proof::{
    Bound, Pattern, PatternError, Required, ScanRule, Severity, Tolerance, Unfixed, Vex, Wanted,
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
    #[error(
        "`{key}` is for `kind: {of}`, and asks for nothing here: leave it out, or take that kind"
    )]
    OtherKind { key: &'static str, of: &'static str },
    #[error("`{0}` is no severity: take critical, high, medium, low, negligible or unknown")]
    Severity(String),
    #[error(
        "`max` names `unknown` alone, so that what is known to be critical would pass: name a severity too"
    )]
    OnlyUnknown,
    #[error("`{0}` is accepted until no day: write one such as \"2026-12-31\"")]
    Day(String),
}

/// Reads one; what the schema leaves open is refused here.
pub(super) fn read(mut raw: RawRequired) -> Result<Required, Bad> {
    of_its_kind(&raw)?;
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
        RawWanted::Scan => Wanted::Scan(scan(&mut raw)?),
    };
    Ok(Required {
        name: raw.name,
        wanted,
    })
}

/// That every key belongs to the kind; one of another asks for nothing, whatever it looks like.
fn of_its_kind(raw: &RawRequired) -> Result<(), Bad> {
    use RawWanted::{Other, Provenance, Scan};
    let keys = [
        ("predicate-types", Other, !raw.predicate_types.is_empty()),
        ("builders", Provenance, !raw.builders.is_empty()),
        ("sources", Provenance, !raw.sources.is_empty()),
        ("source-refs", Provenance, !raw.source_refs.is_empty()),
        ("bound-to-certificate", Provenance, raw.bound_to_certificate),
        ("scanners", Scan, !raw.scanners.is_empty()),
        ("max-age-days", Scan, raw.max_age_days.is_some()),
        (
            "database-max-age-days",
            Scan,
            raw.database_max_age_days.is_some(),
        ),
        ("max", Scan, raw.max.is_some()),
        ("accepted", Scan, !raw.accepted.is_empty()),
        ("unfixed", Scan, raw.unfixed.is_some()),
        ("fix-grace-days", Scan, raw.fix_grace_days.is_some()),
        ("vex", Scan, raw.vex.is_some()),
    ];
    let mut keys = keys.into_iter();
    match keys.find(|(_, kind, is_said)| *is_said && *kind != raw.kind) {
        Some((key, kind, _)) => Err(Bad::OtherKind {
            key,
            of: match kind {
                Provenance => "provenance",
                RawWanted::Sbom => "sbom",
                Scan => "scan",
                Other => "other",
            },
        }),
        None => Ok(()),
    }
}

fn of_days(days: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

fn scan(raw: &mut RawRequired) -> Result<ScanRule, Bad> {
    let days = raw.max_age_days.ok_or(Bad::Lacks {
        kind: "`kind: scan`",
        key: "max-age-days",
    })?;
    let scanners = patterns(mem::take(&mut raw.scanners))?;
    Ok(ScanRule {
        most: of_days(days),
        scanners: some(scanners, "`kind: scan`", "scanners")?,
        database: raw.database_max_age_days.map(of_days),
        findings: tolerance(raw)?,
    })
}

/// What a scan may have found; `None` where nobody asks.
fn tolerance(raw: &mut RawRequired) -> Result<Option<Tolerance>, Bad> {
    let Some(max) = raw.max.take() else {
        let vain = [
            ("`accepted`", !raw.accepted.is_empty()),
            ("`unfixed`", raw.unfixed.is_some()),
            ("`fix-grace-days`", raw.fix_grace_days.is_some()),
            ("`vex`", raw.vex.is_some()),
        ];
        let vain = vain.iter().find(|(_, is_said)| *is_said);
        return vain.map_or(Ok(None), |(kind, _)| Err(Bad::Lacks { kind, key: "max" }));
    };
    let most = max.into_iter().map(|(name, most)| {
        let known = Severity::ALL.into_iter().find(|it| it.name() == name);
        known.map(|it| (it, most)).ok_or(Bad::Severity(name))
    });
    let most: BTreeMap<Severity, u64> = most.collect::<Result<_, Bad>>()?;
    if most.keys().all(|it| *it == Severity::Unknown) {
        return Err(Bad::OnlyUnknown);
    }
    let accepted = mem::take(&mut raw.accepted).into_iter();
    let accepted = accepted.map(|(id, day)| match end_of(&day) {
        Some(until) => Ok((id, until)),
        None => Err(Bad::Day(id)),
    });
    Ok(Some(Tolerance {
        most,
        accepted: accepted.collect::<Result<_, Bad>>()?,
        unfixed: match raw.unfixed {
            Some(RawUnfixed::Counted) | None => Unfixed::Counted,
            Some(RawUnfixed::Warned) => Unfixed::Warned,
            Some(RawUnfixed::LeftOut) => Unfixed::LeftOut,
        },
        grace: raw.fix_grace_days.map(of_days).unwrap_or_default(),
        statements: match raw.vex {
            Some(RawVex::Counted) => Vex::Counted,
            Some(RawVex::Ignored) | None => Vex::Ignored,
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
