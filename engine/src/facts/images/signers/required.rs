//! What an authority must attest besides its signature, as it is written.
//! Knows no attestation.

use jiff::SignedDuration;

use super::pattern;
use super::raw::{RawRequired, RawText, RawWanted};
use crate::facts::images::proof::{Bound, Pattern, PatternError, Required, Wanted};

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
            Wanted::Scan {
                most: SignedDuration::from_hours(24 * i64::from(days)),
                scanners: some(patterns(raw.scanners)?, "`kind: scan`", "scanners")?,
            }
        }
    };
    Ok(Required {
        name: raw.name,
        wanted,
    })
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
