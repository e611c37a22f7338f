//! Times calendars of 10,000 windows in a Git tree: how long they take to load, and to answer "open now?" and "next opening?".
//! Knows the library.
//!
//! `cargo bench --bench calendar -- [WINDOWS] [RUNS]`; without them 10000 and 20.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures time and reads its arguments"
)]

mod timing;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Instant;

use jiff::civil::{Date, Weekday, date};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use tempfile::TempDir;
use tidegate::calendar::{self, Calendar, Subject};
use tidegate::config::Config;
use tidegate::git::{Draft, Repository};
use tidegate::manifest::yaml;
use tidegate::model::{GitId, RepoPath, RiskTier};

use timing::Outcome;

fn main() -> Outcome<()> {
    let numbers = timing::numbers()?;
    let windows = numbers.first().copied().unwrap_or(10_000).max(CHAIN);
    let runs = numbers.get(1).copied().unwrap_or(20).max(1);

    let bench = Bench::new(windows, runs)?;
    println!("{windows} windows, {runs} runs, ms");
    println!("{:28}{}", "", timing::heading());
    bench.time("blobs of the tree", || Ok(bench.files()?.len()))?;
    let files = bench.files()?;
    bench.time("YAML of them", || parsed(&files))?;
    let config = bench.load()?;
    bench.time("load, from the tree on", || {
        Ok(bench.load()?.calendars.len())
    })?;
    let calendars: Vec<&Calendar> = config.calendars.values().collect();
    let count: usize = calendars.iter().map(|one| one.windows.len()).sum();
    if count != windows {
        return Err(format!("{count} windows were read").into());
    }
    bench.ask("of everybody", &calendars, &BTreeSet::new(), windows)?;
    let one = BTreeSet::from([tenant(0)]);
    bench.ask("of one tenant", &calendars, &one, windows)
}

struct Bench {
    /// Goes away with it.
    _folder: TempDir,
    repository: Repository,
    commit: GitId,
    runs: usize,
}

impl Bench {
    fn new(windows: usize, runs: usize) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let shop = Draft::init(folder.path())?;
        let foreign = windows / 10;
        let native = windows - foreign;
        let each = native.div_ceil(FILES);
        for file in 0..FILES {
            let numbers = file * each..native.min((file + 1) * each);
            shop.write(&place(file), calendar_file(numbers)?.as_bytes())?;
        }
        shop.write(ICS, ics(foreign)?.as_bytes())?;
        shop.write("tidegate.yaml", configuration()?.as_bytes())?;
        let commit = shop.commit("the calendars", 0)?;
        Ok(Self {
            repository: Repository::open(folder.path())?,
            _folder: folder,
            commit,
            runs,
        })
    }

    /// The configuration and the files of its calendars.
    fn files(&self) -> Outcome<BTreeMap<RepoPath, Vec<u8>>> {
        let snapshot = self.repository.snapshot(self.commit)?;
        let mut files = BTreeMap::new();
        let paths = (0..FILES).map(place);
        for path in paths.chain([ICS.to_owned(), "tidegate.yaml".to_owned()]) {
            let path = RepoPath::from(path.as_str());
            let entry = self.repository.entry(&snapshot, &path)?;
            let entry = entry.ok_or("a file is missing")?;
            files.insert(path, self.repository.file(&entry)?);
        }
        Ok(files)
    }

    /// As the gate does it.
    fn load(&self) -> Outcome<Config> {
        let files = self.files()?;
        let path = RepoPath::from("tidegate.yaml");
        let mut config = Config::parse(&path, files.get(&path).ok_or("no configuration")?)?;
        config.read_calendars(&files)?;
        Ok(config)
    }

    fn ask(
        &self,
        whose: &str,
        calendars: &[&Calendar],
        tenants: &BTreeSet<String>,
        windows: usize,
    ) -> Outcome<()> {
        let (brands, components) = (BTreeSet::new(), BTreeSet::new());
        let subject = Subject {
            environment: "prod",
            cluster: None,
            region: None,
            tenants,
            brands: &brands,
            components: &components,
            kind: None,
            labels: None,
            tier: RiskTier::High,
            rollback: false,
        };
        let now: Timestamp = NOW.parse()?;
        self.time(&format!("open now? {whose}"), || {
            let answer = calendar::answer(calendars, &subject, now, VERDICT)?;
            wanted(answer.held_by.len(), &1)
        })?;
        self.time(&format!("of a year, {whose}"), || {
            let answer = calendar::answer(calendars, &subject, now, YEAR)?;
            let concerned = if tenants.is_empty() { windows } else { 1 };
            wanted(usize::from(answer.opens_next.len() * 3 > concerned), &1)
        })?;
        let opens: Timestamp = OPENS.parse()?;
        self.time(&format!("next opening? {whose}"), || {
            wanted(
                calendar::opens(calendars, &subject, now, YEAR)?,
                &Some(opens),
            )
        })
    }

    fn time<T>(&self, name: &str, mut run: impl FnMut() -> Outcome<T>) -> Outcome<()> {
        let times = timing::measured(self.runs, || {
            let begun = Instant::now();
            run().map_err(|error| format!("{name}: {error}"))?;
            Ok(begun.elapsed())
        })?;
        println!("{name:28}{}", timing::figures(times));
        Ok(())
    }
}

fn wanted<T: PartialEq + std::fmt::Debug>(found: T, wanted: &T) -> Outcome<T> {
    if found == *wanted {
        return Ok(found);
    }
    Err(format!("{found:?} instead of {wanted:?}").into())
}

fn parsed(files: &BTreeMap<RepoPath, Vec<u8>>) -> Outcome<usize> {
    let mut documents = 0;
    for (path, bytes) in files {
        if path != &RepoPath::from(ICS) {
            documents += yaml::parse(std::str::from_utf8(bytes)?)?.len();
        }
    }
    Ok(documents)
}

fn configuration() -> Outcome<String> {
    let mut names = String::new();
    let mut calendars = String::new();
    for file in 0..FILES {
        write!(names, "shop-{file}, ")?;
        writeln!(calendars, "  shop-{file}: {{file: {}}}", place(file))?;
    }
    let tenants: Vec<String> = (0..TENANTS).map(tenant).collect();
    Ok(format!(
        "environments:\n- {{name: prod, paths: [\"apps/**\"], tenants: [{}], calendars: [{names}foreign]}}\ncalendars:\n{calendars}  foreign: {{file: {ICS}, timezone: {ZONE}, owner: somebody}}\n",
        tenants.join(", ")
    ))
}

/// Single, yearly, monthly and weekly windows and such on business days, each for an hour of some night; those
/// with the lowest numbers are a freeze of a week and a half.
fn calendar_file(numbers: std::ops::Range<usize>) -> Outcome<String> {
    let mut text = format!(
        "timezone: {ZONE}\nholidays: [\"2026-12-25\", \"2027-01-01\", \"2027-12-24\"]\nwindows:\n"
    );
    for number in numbers {
        let night = later(date(2026, 1, 5), number % 700)?;
        let (from, to, repeat) = match number {
            ..CHAIN => {
                let from = later(date(2026, 11, 20), number)?;
                let to = from.tomorrow()?;
                (
                    format!("{from}T00:00"),
                    format!("{to}T00:00"),
                    String::new(),
                )
            }
            _ => {
                let (night, repeat) = rule(number, night)?;
                let hour = 1 + number % 4;
                (
                    format!("{night}T0{hour}:00"),
                    format!("{night}T0{hour}:30"),
                    repeat,
                )
            }
        };
        writeln!(
            text,
            "- id: window-{number}\n  kind: freeze\n  from: \"{from}\"\n  to: \"{to}\"{repeat}\n  scope: {{environments: [prod], tenants: [{}]}}\n  blocks: {{tiers-at-or-above: medium}}\n  allow: [low, rollback]\n  reason: the count of the warehouse\n  owner: retail-ops\n  ticket: CHG-{number}",
            tenant(if number < CHAIN { 0 } else { number })
        )?;
    }
    Ok(text)
}

/// The first night of a rule about `night`, and the rule; half of the windows have none.
fn rule(number: usize, night: Date) -> Outcome<(Date, String)> {
    let first = night.first_of_month();
    Ok(match number % 10 {
        0 => (night, "\n  repeat: {every: yearly}".to_owned()),
        1 => {
            let fourth = first.nth_weekday_of_month(4, Weekday::Thursday)?;
            let rule = "\n  repeat: {every: yearly, by-day: 4TH}";
            (fourth, rule.to_owned())
        }
        2 => {
            let last = first.nth_weekday_of_month(-1, Weekday::Friday)?;
            (
                last,
                "\n  repeat: {every: monthly, by-day: -1FR}".to_owned(),
            )
        }
        3 => (
            first.last_of_month(),
            "\n  repeat: {every: monthly, by-month-day: -1}".to_owned(),
        ),
        4 => {
            let monday = night.nth_weekday(1, Weekday::Monday)?;
            (monday, "\n  repeat: {every: weekly, by-day: MO}".to_owned())
        }
        5 => {
            // The tenth business day of February 2026, a month without holidays.
            let rule = "\n  repeat: {every: monthly, business-day: 10}";
            (date(2026, 2, 13), rule.to_owned())
        }
        _ => (night, String::new()),
    })
}

/// As Google writes them: half of them come again.
fn ics(windows: usize) -> Outcome<String> {
    let mut text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench\r\n".to_owned();
    for number in 0..windows {
        let night = later(date(2026, 1, 5), number % 700)?;
        let day = night.strftime("%Y%m%d");
        let rule = match number % 4 {
            0 => "RRULE:FREQ=WEEKLY;COUNT=200\r\n",
            1 => "RRULE:FREQ=MONTHLY;BYDAY=1SU\r\n",
            _ => "",
        };
        let night = match number % 4 {
            1 => night
                .first_of_month()
                .nth_weekday_of_month(1, Weekday::Sunday)?
                .strftime("%Y%m%d"),
            _ => day,
        };
        write!(
            text,
            "BEGIN:VEVENT\r\nUID:{number}@bench\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID={ZONE}:{night}T050000\r\nDURATION:PT45M\r\n{rule}SUMMARY:Works {number}\r\nDESCRIPTION:Power of the hall is off\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\n"
        )?;
    }
    text.push_str("END:VCALENDAR\r\n");
    Ok(text)
}

fn later(date: Date, days: usize) -> Outcome<Date> {
    Ok(date.checked_add(i64::try_from(days)?.days())?)
}

fn place(file: usize) -> String {
    format!("calendars/shop-{file}.yaml")
}

fn tenant(number: usize) -> String {
    format!("tenant-{}", number % TENANTS)
}

const FILES: usize = 10;
const TENANTS: usize = 50;
const ICS: &str = "calendars/foreign.ics";
const ZONE: &str = "Europe/Berlin";
/// Freezes of a day, one after the other.
const CHAIN: usize = 11;
const NOW: &str = "2026-11-20T10:00:00Z";
/// Midnight in Berlin after the last of them.
const OPENS: &str = "2026-11-30T23:00:00Z";
const VERDICT: SignedDuration = SignedDuration::from_hours(24);
const YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);
