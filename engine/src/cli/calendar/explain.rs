//! `tidegate calendar explain`: what holds at an instant, and why.
//! Draws nothing itself.

use jiff::Timestamp;

use super::next::answered;
use super::whom::Whom;
use super::{Source, show};
use crate::calendar::{Kind, Zone, parse_civil};
use crate::cli::check;
use crate::cli::common::{Error, Outcome};
use crate::cli::output::{self, Format};
use crate::cli::terminal::Terminal;
use crate::model::Exit;
use crate::report::calendar as view;

/// Say what may go at an instant, what holds the rest, and how every window stands that may concern it
///
/// A time without an offset is read in the zone of each environment; where the clocks show it twice or
/// never, both instants that it may stand for are explained.
#[derive(clap::Args)]
pub(super) struct Args {
    /// RFC 3339 with an offset, or a time such as `2026-10-25T02:30`
    #[arg(value_name = "INSTANT")]
    instant: String,
    #[command(flatten)]
    whom: Whom,
    /// Read INSTANT in this zone
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    #[command(flatten)]
    source: Source,
    /// human | json, to standard output or to a file (`json=why.json`); may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse_plain(&self.output, &terminal.directory)?;
        let now = self.source.now(terminal)?;
        let config = self.source.config(terminal)?;
        let mut answers = Vec::new();
        for environment in self.whom.environments(&config)? {
            let own = environment.timezone.iana_name().unwrap_or("UTC");
            let zone = show::zone(self.zone.as_deref().unwrap_or(own))?;
            let (instants, note) = meant(&self.instant, &zone)?;
            for at in instants {
                let mut answer = answered(&config, environment, &self.whom, at)?;
                answer.note.clone_from(&note);
                answers.push(answer);
            }
        }
        output::write_each(&outputs, terminal, &|format, style, out| match format {
            Format::Json => view::write_answers_json(view::Asked::Explain, &answers, now, out),
            _ => view::write_explained(&answers, style, out),
        })?;
        Ok(Exit::Pass)
    }
}

/// The instants that a text may stand for, and what is to be said where they are two.
fn meant(text: &str, zone: &Zone) -> Result<(Vec<Timestamp>, Option<String>), Error> {
    if let Some(instant) = check::instant(text) {
        return Ok((vec![instant], None));
    }
    let none = || Error::Instant {
        text: text.to_owned(),
    };
    let civil = parse_civil(text).map_err(|_| none())?;
    let begin = zone.begin(civil, Kind::Freeze).ok_or_else(none)?;
    let end = zone.end(civil, Kind::Freeze).ok_or_else(none)?;
    if begin == end {
        return Ok((vec![begin], None));
    }
    let shown = if zone.civil(begin) == civil {
        "twice"
    } else {
        "never"
    };
    let note = format!(
        "the clocks of {zone} show {civil} {shown}: a freeze from then on begins at {begin}, one until then ends at \
         {end}, and maintenance the other way round"
    );
    Ok((vec![begin, end], Some(note)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_clocks_show_twice_or_never_is_two_instants() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        for (text, instants, word) in [
            (
                "2026-10-25T02:30",
                ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"].as_slice(),
                Some(" twice: "),
            ),
            (
                "2026-03-29T02:30",
                &["2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"],
                Some(" never: "),
            ),
            ("2026-03-29T03:00", &["2026-03-29T01:00:00Z"], None),
            ("2026-10-25T02:30:00+02:00", &["2026-10-25T00:30:00Z"], None),
        ] {
            let (found, note) = meant(text, &berlin).unwrap();
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, instants, "{text}");
            assert_eq!(note.is_some(), word.is_some(), "{text}");
            assert!(
                note.unwrap_or_default().contains(word.unwrap_or_default()),
                "{text}"
            );
        }
        assert!(meant("noon", &berlin).is_err());
    }
}
