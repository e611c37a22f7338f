//! The zones that an .ics file names.
//! Knows no zone's rules: what the file says of them is not used.

use super::super::Zone;
use super::super::fault::Fault;
use super::lines::Line;
use super::windows_zones;
use crate::model::Span;

/// How times are read that name no zone.
pub(super) struct Zones {
    given: Option<Zone>,
}

impl Zones {
    /// `given` by whoever names the file, else what the file says of all of itself.
    pub(super) fn new(given: Option<&Zone>, of_file: Option<&Line>) -> Result<Self, Fault> {
        let given = match (given, of_file) {
            (Some(zone), _) => Some(zone.clone()),
            (None, Some(line)) => Some(known(&line.value, line.span)?),
            (None, None) => None,
        };
        Ok(Self { given })
    }

    /// The zone of the times in `line`.
    pub(super) fn of(&self, line: &Line) -> Result<Zone, Fault> {
        if let Some(name) = line.parameter("TZID") {
            return known(name, line.span);
        }
        self.given.clone().ok_or_else(|| {
            Fault::new(
                "calendar.floating",
                line.span,
                format!("`{}` names no time zone", line.name),
                "say in the configuration which is meant: `timezone: Europe/Berlin` beside `file`",
            )
        })
    }
}

/// The zone of that IANA name, or of that name of Windows.
fn known(name: &str, span: Span) -> Result<Zone, Fault> {
    let zone = Zone::parse(name).or_else(|| Zone::parse(windows_zones::iana(name)?));
    zone.ok_or_else(|| {
        Fault::new(
            "calendar.unknown-zone",
            span,
            format!("`{name}` is no time zone that is known by its IANA name or by that of Windows"),
            "choose a zone such as Europe/Berlin in the calendar program and export again; what the file itself says of a zone is not used",
        )
    })
}
