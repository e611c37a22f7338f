//! What is allowed in a calendar and hardly meant: windows that overlap, never open, take too long, are over,
//! or leave no time for changes at all.
//! Knows no policy: nothing here stops a change.

use jiff::{SignedDuration, Timestamp};

use super::{Calendar, Days, Error, Kind, Native, Occurrence, When, Window};
use crate::model::Location;

/// From when on is looked, and how far; what is too long.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// From when on.
    pub now: Timestamp,
    /// How far.
    pub horizon: SignedDuration,
    /// No window should be longer.
    pub longest: SignedDuration,
}

/// Something that is hardly meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// The stable code, `calendar.overlap`.
    pub code: &'static str,
    /// The name of the calendar.
    pub calendar: String,
    /// The id of the window; `None` where it is all of them together.
    pub window: Option<String>,
    /// What it is.
    pub message: String,
    /// What to do.
    pub help: &'static str,
    /// Where the window is written.
    pub place: Option<Location>,
}

/// A window and the times it is open within the horizon.
struct Seen<'a> {
    calendar: &'a Calendar,
    window: &'a Window,
    open: Vec<Occurrence>,
}

/// Everything in `calendars`, which hold together, that is hardly meant.
///
/// # Errors
/// A window does not say when it is open.
pub fn lint(calendars: &[&Calendar], look: Look) -> Result<Vec<Lint>, Error> {
    let end = later(look.now, look.horizon);
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for calendar in calendars {
        for window in &calendar.windows {
            let one = Seen {
                calendar,
                window,
                open: window.occurrences(look.now, end)?,
            };
            found.extend(one.opens(look)?);
            found.extend(one.length(look));
            found.extend(one.holidays(end));
            if one.window.preset.is_none() {
                found.extend(one.owner());
            }
            seen.push(one);
        }
        found.extend(presets(calendar));
    }
    found.extend(overlaps(&seen));
    found.extend(never_open(&seen, look.now, end));
    Ok(found)
}

impl Seen<'_> {
    fn lint(&self, code: &'static str, message: String, help: &'static str) -> Lint {
        Lint {
            code,
            calendar: self.calendar.name.clone(),
            window: Some(self.window.id.clone()),
            message,
            help,
            place: self.window.place.clone(),
        }
    }

    /// Whether it ever opens, and ever again.
    fn opens(&self, look: Look) -> Result<Option<Lint>, Error> {
        if !self.open.is_empty() {
            return Ok(None);
        }
        let id = &self.window.id;
        let before = look.now.duration_since(Timestamp::UNIX_EPOCH);
        let ever = self.window.next(Timestamp::UNIX_EPOCH, before)?;
        let yet = self.window.next(look.now, FAR)?;
        Ok(Some(match (ever, yet) {
            (_, Some(next)) => self.lint(
                "calendar.far-off",
                format!("`{id}` opens no earlier than {}", next.civil_from.date()),
                "see its year",
            ),
            (Some(_), None) => self.lint(
                "calendar.over",
                format!("`{id}` is over and does not come again"),
                "remove it, or write this year's; a list of last year guards nothing",
            ),
            (None, None) => self.lint(
                "calendar.never-opens",
                format!("`{id}` never opens"),
                "see its times: the clocks skip them, or each of its days is taken out",
            ),
        }))
    }

    fn length(&self, look: Look) -> Option<Lint> {
        let id = &self.window.id;
        let longest = |one: &&Occurrence| match one.to {
            Some(to) => to.duration_since(one.from) > look.longest,
            None => true,
        };
        if self.window.kind == Kind::Maintenance {
            return None;
        }
        let one = self.open.iter().find(longest)?;
        let (message, help) = match one.to {
            None => (
                format!("`{id}` has no end"),
                "give it one as soon as there is one: what waits grows with each day",
            ),
            Some(to) => (
                format!(
                    "`{id}` takes {} days from {}, the limit is {}",
                    to.duration_since(one.from).as_hours() / 24,
                    one.civil_from,
                    look.longest.as_hours() / 24
                ),
                "see its end, or split it into windows with reasons of their own",
            ),
        };
        Some(self.lint("calendar.too-long", message, help))
    }

    /// A rule that counts business days by a list that ends.
    fn holidays(&self, end: Timestamp) -> Option<Lint> {
        let When::Native(Native {
            repeat: Some(repeat),
            ..
        }) = &self.window.when
        else {
            return None;
        };
        let counts = |days: &Days| matches!(days, Days::Business(_));
        if !(counts(&repeat.days) || repeat.ends.as_ref().is_some_and(counts))
            && repeat.roll.is_none()
        {
            return None;
        }
        let year = self.window.zone.civil(end).year();
        let last = repeat.holidays.last().map(|date| date.year());
        if last >= Some(year) {
            return None;
        }
        let known = last.map_or_else(
            || "there are no `holidays`".to_owned(),
            |last| format!("`holidays` end with {last}"),
        );
        let message = format!("`{}` counts business days, and {known}", self.window.id);
        let help =
            "add those of the years to come; until then each of them counts as a business day";
        Some(self.lint("calendar.holidays", message, help))
    }

    fn owner(&self) -> Option<Lint> {
        let Window {
            id, owner, reason, ..
        } = self.window;
        let missing = match (owner, reason) {
            (Some(_), Some(_)) => return None,
            (None, _) => "owner",
            (Some(_), None) => "reason",
        };
        Some(self.lint(
            "calendar.unowned",
            format!("`{id}` has no `{missing}`"),
            "say who answers for it, and why it is: whoever is held asks both",
        ))
    }

    /// Whether both may concern one change.
    fn meets(&self, other: &Self) -> bool {
        let (one, two) = (&self.window.scope, &other.window.scope);
        let apart = [
            (&one.tenants, &two.tenants),
            (&one.brands, &two.brands),
            (&one.clusters, &two.clusters),
            (&one.regions, &two.regions),
            (&one.components, &two.components),
            (
                &self.window.blocks.components,
                &other.window.blocks.components,
            ),
        ];
        apart.iter().all(|(one, two)| match (one, two) {
            (Some(one), Some(two)) => !one.is_disjoint(two),
            _ => true,
        })
    }

    /// Whether it concerns every change there is.
    fn is_for_all(&self) -> bool {
        let Window { scope, blocks, .. } = self.window;
        blocks.components.is_none()
            && scope.components.is_none()
            && scope.tenants.is_none()
            && scope.brands.is_none()
            && scope.kinds.is_none()
            && scope.labels.is_empty()
    }
}

/// The presets whose windows nobody owns, all at once: they come without an owner.
fn presets(calendar: &Calendar) -> Option<Lint> {
    let windows = calendar.windows.iter();
    let unowned = windows.filter(|window| window.preset.is_some() && window.owner.is_none());
    let first = unowned.clone().next()?;
    let mut names: Vec<String> = unowned
        .filter_map(|window| Some(format!("`{}`", window.preset.as_ref()?)))
        .collect();
    names.dedup();
    Some(Lint {
        code: "calendar.unowned",
        calendar: calendar.name.clone(),
        window: None,
        message: format!("nobody owns what presets give: {}", names.join(", ")),
        help: "say who answers for it: `{preset: black-week, owner: retail-ops}`",
        place: first.place.clone(),
    })
}

/// Windows of one kind that are open at once for one change; each is told once.
fn overlaps(seen: &[Seen<'_>]) -> Vec<Lint> {
    let mut open: Vec<(&Occurrence, &Seen<'_>)> = Vec::new();
    for one in seen.iter().filter(|one| one.window.kind != Kind::Quiet) {
        open.extend(one.open.iter().map(|occurrence| (occurrence, one)));
    }
    open.sort_by_key(|(occurrence, _)| occurrence.from);
    let mut still: Vec<(&Occurrence, &Seen<'_>)> = Vec::new();
    let mut told: Vec<&Window> = Vec::new();
    let mut found = Vec::new();
    for (occurrence, one) in open {
        still.retain(|(earlier, _)| earlier.to.is_none_or(|to| occurrence.from < to));
        let new = !told.iter().any(|window| std::ptr::eq(*window, one.window));
        let other = still
            .iter()
            .find(|(_, earlier)| earlier.window.kind == one.window.kind && earlier.meets(one));
        if let (true, Some((_, earlier))) = (new, other) {
            told.push(one.window);
            let (id, with) = (&one.window.id, &earlier.window.id);
            let message = match std::ptr::eq(earlier.window, one.window) {
                true => format!(
                    "`{id}` opens again on {} before it has ended",
                    occurrence.civil_from
                ),
                false => format!(
                    "`{id}` and `{with}` are both open from {}",
                    occurrence.civil_from
                ),
            };
            let help = "the longer one counts; if both are meant, leave them";
            found.push(one.lint("calendar.overlap", message, help));
        }
        still.push((occurrence, one));
    }
    found
}

/// That there is no hour left for a change that only general windows concern.
fn never_open(seen: &[Seen<'_>], now: Timestamp, end: Timestamp) -> Option<Lint> {
    let times = |kind: Kind| {
        let of_kind = seen
            .iter()
            .filter(|one| one.window.kind == kind && one.is_for_all());
        let open = of_kind.flat_map(|one| &one.open);
        let mut times: Vec<(Timestamp, Timestamp)> = open
            .map(|one| (one.from, one.to.unwrap_or(Timestamp::MAX)))
            .collect();
        times.sort_unstable();
        times
    };
    let has = |kind| {
        let mut all = seen.iter();
        all.any(|one| one.window.kind == kind && one.is_for_all())
    };
    let mut open = match has(Kind::Maintenance) {
        true => times(Kind::Maintenance),
        false => vec![(now, end)],
    };
    for (from, to) in times(Kind::Freeze) {
        let cut = open
            .into_iter()
            .flat_map(|(begin, last)| [(begin, last.min(from)), (begin.max(to), last)]);
        open = cut.filter(|(begin, last)| begin < last).collect();
    }
    let hour = SignedDuration::from_hours(1);
    if open
        .iter()
        .any(|(begin, last)| last.duration_since(*begin) >= hour)
    {
        return None;
    }
    let first = seen.iter().find(|one| one.is_for_all())?;
    Some(Lint {
        window: None,
        ..first.lint(
            "calendar.always-shut",
            "there is no hour in which a change could go anywhere".to_owned(),
            "leave some time open, or give windows a `scope`: what may never go is gone around",
        )
    })
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// So far ahead nobody plans.
const FAR: SignedDuration = SignedDuration::from_hours(24 * 366 * 20);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Zone, parse_civil};

    fn window(id: &str, kind: Kind, from: &str, to: Option<&str>) -> Window {
        let civil = |text| parse_civil(text).unwrap();
        let native = Native::once(civil(from), to.map(civil));
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let mut window = Window::new(id, kind, zone, When::Native(native));
        window.owner = Some("ops".into());
        window.reason = Some("trading".into());
        window
    }

    fn found(windows: Vec<Window>) -> Vec<String> {
        let calendar = Calendar {
            name: "retail".into(),
            windows,
        };
        let look = Look {
            now: "2026-01-01T00:00Z".parse().unwrap(),
            horizon: SignedDuration::from_hours(24 * 365),
            longest: SignedDuration::from_hours(24 * 31),
        };
        let found = lint(&[&calendar], look).unwrap();
        found
            .iter()
            .map(|lint| format!("{} {}", lint.code, lint.message))
            .collect()
    }

    #[test]
    fn what_is_fine_is_not_told() {
        let (a, b) = ("2026-11-20T00:00", Some("2026-12-01T06:00"));
        let quiet = window("quiet", Kind::Quiet, a, b);
        let mut other = window("other", Kind::Freeze, a, b);
        other.scope.tenants = Some(["brand-b".to_owned()].into());
        let mut freeze = window("freeze", Kind::Freeze, a, b);
        freeze.scope.tenants = Some(["brand-a".to_owned()].into());
        assert_eq!(found(vec![freeze, other, quiet]), [""; 0]);
    }

    #[test]
    fn what_is_hardly_meant_is_told() {
        let mut unowned = window(
            "unowned",
            Kind::Freeze,
            "2026-03-02T00:00",
            Some("2026-03-03T00:00"),
        );
        unowned.owner = None;
        let told = found(vec![
            window(
                "over",
                Kind::Freeze,
                "2025-11-20T00:00",
                Some("2025-12-01T00:00"),
            ),
            window(
                "skipped",
                Kind::Maintenance,
                "2026-03-29T02:10",
                Some("2026-03-29T02:50"),
            ),
            window(
                "long",
                Kind::Freeze,
                "2026-06-01T00:00",
                Some("2026-07-20T00:00"),
            ),
            window(
                "within",
                Kind::Freeze,
                "2026-06-10T00:00",
                Some("2026-06-11T00:00"),
            ),
            window(
                "far",
                Kind::Freeze,
                "2036-06-10T00:00",
                Some("2036-06-11T00:00"),
            ),
            unowned,
        ]);
        let expected = [
            "calendar.over `over` is over and does not come again",
            "calendar.never-opens `skipped` never opens",
            "calendar.too-long `long` takes 49 days from 2026-06-01T00:00:00, the limit is 31",
            "calendar.far-off `far` opens no earlier than 2036-06-10",
            "calendar.unowned `unowned` has no `owner`",
            "calendar.overlap `within` and `long` are both open from 2026-06-10T00:00:00",
            "calendar.always-shut there is no hour in which a change could go anywhere",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn presets_that_nobody_owns_are_told_once() {
        let preset = |id: &str, name: &str| {
            let mut window = window(
                id,
                Kind::Freeze,
                "2026-06-01T00:00",
                Some("2026-06-02T00:00"),
            );
            window.preset = Some(name.to_owned());
            window.owner = None;
            window.scope.components = Some([id.to_owned()].into());
            window
        };
        let mut owned = preset("d", "year-end");
        owned.owner = Some("ops".to_owned());
        let told = found(vec![
            preset("a", "black-week"),
            preset("b", "black-week"),
            preset("c", "stock-take"),
            owned,
        ]);
        assert_eq!(
            told,
            ["calendar.unowned nobody owns what presets give: `black-week`, `stock-take`"]
        );
    }

    #[test]
    fn a_year_without_an_open_hour_is_told() {
        let all = window("all", Kind::Freeze, "2025-12-01T00:00", None);
        let told = found(vec![all]);
        assert!(
            told.iter()
                .any(|lint| lint.starts_with("calendar.too-long")),
            "{told:?}"
        );
        assert!(
            told.iter()
                .any(|lint| lint.starts_with("calendar.always-shut")),
            "{told:?}"
        );
    }
}
