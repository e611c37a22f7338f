//! `tidegate calendar import` and `export`, and calendars of other programs in the tree.

use std::fs;

use super::folder;
use crate::support::Repo;

const CONFIG: &str = r#"environments:
  - {name: prod, paths: [prod], tenants: [brand-a], calendars: [retail]}
calendars:
  retail:
    timezone: Europe/Berlin
    windows:
      - {id: black-week, kind: freeze, from: "2026-11-20T00:00", to: "2026-12-01T06:00", blocks: {tiers-at-or-above: medium}, allow: [rollback], reason: 'peak, trading', owner: ops}
      - {id: close, kind: freeze, from: "2026-10-31T18:00", to: "2026-11-02T08:00", repeat: {every: monthly, by-month-day: -1, until: "2027-12-31"}}
      - {id: stop-the-line, kind: freeze, from: "2027-11-01T00:00", scope: {environments: ["prod*"]}}
"#;

/// Rules that iCalendar has no words for.
const ERP: &str = r#"  erp:
    timezone: Europe/Berlin
    holidays: ["2026-12-24", "2026-12-31"]
    windows:
      - {id: month-end, kind: freeze, from: "2026-11-26T18:00", to: "2026-12-02T08:00", repeat: {every: monthly, business-day: -3, ends: {business-day: 2}}}
      - {id: rolled, kind: freeze, from: "2026-11-29T00:00", to: "2026-12-02T08:00", repeat: {every: monthly, by-month-day: -1, roll: next, shift: -1}}
"#;

const NOW: [&str; 2] = ["--now", "2026-11-22T04:07:30Z"];

/// Standard output, standard error and exit.
fn calendar(repo: &Repo, arguments: &[&str]) -> (String, String, i32) {
    let mut command = repo.command(env!("CARGO_BIN_EXE_tidegate"));
    let run = command.arg("calendar").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        text(run.stdout),
        text(run.stderr),
        run.status.code().unwrap(),
    )
}

fn shop(config: &str) -> Repo {
    let repo = Repo::new();
    repo.write("tidegate.yaml", config);
    repo
}

#[test]
fn windows_are_printed_as_sync_windows_of_argo_cd() {
    let repo = shop(CONFIG);
    let export = [
        &["export", "--to", "argocd", "--env", "prod", "--days", "100"],
        &NOW[..],
    ]
    .concat();
    let (text, errors, exit) = calendar(&repo, &export);
    assert_eq!((errors.as_str(), exit), ("", 0));
    assert_eq!(
        text,
        "# Sync windows of environment `prod` from 2026-11-22T04:07Z to 2027-03-02T04:07Z, by tidegate. Export them again before:\n\
         # Argo CD knows no years, and takes these dates for those of every year.\n\
         # These hold only some changes, which Argo CD cannot tell apart, and hold everything here: black-week\n\
         spec:\n  syncWindows:\n  - kind: deny\n    schedule: 0 17 28 2 *\n    duration: 35h7m\n    timeZone: UTC\n    applications:\n    - '*'\n    description: close\n  \
         - kind: deny\n    schedule: 0 17 31 1,12 *\n    duration: 38h\n    timeZone: UTC\n    applications:\n    - '*'\n    description: close\n  \
         - kind: deny\n    schedule: 7 4 22 11 *\n    duration: 242h53m\n    timeZone: UTC\n    applications:\n    - '*'\n    description: black-week, close\n"
    );
    let (text, _, exit) = calendar(
        &repo,
        &[
            &export[..],
            &[
                "--leave-partial",
                "--manual-sync",
                "--application",
                "shop-*",
            ],
        ]
        .concat(),
    );
    assert_eq!(exit, 0);
    assert!(
        text.contains("are left to the gate: black-week\n") && text.contains("manualSync: true"),
        "{text}"
    );
    assert!(
        !text.contains("description: black-week") && text.contains("- shop-*"),
        "{text}"
    );
    let (_, errors, exit) = calendar(&repo, &["export", "--to", "argocd"]);
    assert_eq!(exit, 2, "{errors}");
    let (_, errors, exit) = calendar(
        &repo,
        &["export", "--to", "argocd", "--env", "prod", "--days", "366"],
    );
    assert_eq!(exit, 2, "{errors}");
}

#[test]
fn what_is_exported_comes_back_as_it_was() {
    for config in [CONFIG.to_owned(), business()] {
        let repo = shop(&config);
        let (text, errors, exit) =
            calendar(&repo, &[&["export", "--to", "ics"], &NOW[..]].concat());
        assert_eq!((errors.as_str(), exit), ("", 0));
        repo.write("retail.ics", &text);
        let (yaml, errors, exit) = calendar(&repo, &["import", "retail.ics", "--name", "retail"]);
        assert_eq!(exit, 0, "{errors}");
        let (_, yaml) = yaml.split_once("calendars:").unwrap();
        let (environments, _) = CONFIG.split_once("calendars:\n").unwrap();
        let again = shop(&format!("{environments}calendars:{yaml}"));
        let show = [&["show", "--env", "prod", "--output", "json"], &NOW[..]].concat();
        let found = calendar(&again, &show);
        assert_eq!(found.2, 0, "{}", found.1);
        for arguments in [
            [&["export", "--to", "argocd", "--env", "prod"], &NOW[..]].concat(),
            [&["export", "--to", "ics"], &NOW[..]].concat(),
        ] {
            let found = calendar(&again, &arguments);
            assert_eq!(found, calendar(&repo, &arguments), "{arguments:?}\n{yaml}");
            assert_eq!(found.2, 0, "{}", found.1);
        }
    }
}

/// The configuration with a calendar of business days in place of its own.
fn business() -> String {
    let (environments, _) = CONFIG.split_once("calendars:\n").unwrap();
    format!(
        "{environments}calendars:\n{}",
        ERP.replace("erp:", "retail:")
    )
}

#[test]
fn calendars_of_people_are_read_or_named_with_what_is_missing() {
    let repo = shop(CONFIG);
    for name in ["google", "outlook", "apple"] {
        let text = fs::read(folder(&format!("testdata/calendar/ics/{name}.ics"))).unwrap();
        repo.write(format!("{name}.ics"), text);
    }
    let (text, errors, exit) = calendar(&repo, &["import", "google.ics"]);
    assert_eq!((errors.as_str(), exit), ("", 0));
    assert!(
        text.starts_with(
            "# google.ics:10: what the file says of zone `Europe/Berlin` is not used\n"
        ),
        "{text}"
    );
    let close = "      reason: Month-end close\n      repeat:\n        by-day:\n        - -1FR\n        every: monthly\n        except:\n        \
        - \"2026-05-29\"\n        - \"2026-06-26\"\n      to: \"2026-02-01T08:00\"\n";
    assert!(text.contains(close), "{text}");
    let (_, errors, exit) = calendar(&repo, &["import", "outlook.ics"]);
    assert!(
        exit == 3 && errors.contains("calendar.floating"),
        "{errors}"
    );
    let outlook = ["import", "outlook.ics", "--timezone", "Europe/Berlin"];
    let (_, errors, exit) = calendar(&repo, &outlook);
    assert!(
        exit == 3 && errors.contains("calendar.no-words"),
        "{errors}"
    );
    let (text, errors, exit) = calendar(&repo, &[&outlook[..], &["--days", "40"]].concat());
    assert_eq!((errors.as_str(), exit), ("", 0));
    assert!(text.contains("timezone: America/New_York"), "{text}");
    let (_, _, exit) = calendar(&repo, &["import", "apple.ics", "--timezone", "Mars/Base"]);
    assert_eq!(exit, 2);
    repo.write("long.ics", "x".repeat(40 << 20));
    let (_, errors, exit) = calendar(&repo, &["import", "long.ics"]);
    assert!(
        exit == 3 && errors.contains("limit.calendar-file"),
        "{errors}"
    );
    repo.write("latin.ics", b"BEGIN:VCALENDAR\nX-A:\xfc\n");
    let (_, errors, exit) = calendar(&repo, &["import", "latin.ics"]);
    assert!(
        exit == 3 && errors.contains("calendar.encoding") && errors.contains("latin.ics:2:5"),
        "{errors}"
    );
    repo.write("list.yaml", "- {schedule: '60 * * * *', duration: 1h}\n");
    let (_, errors, exit) = calendar(&repo, &["import", "list.yaml"]);
    assert!(
        exit == 3 && errors.contains("calendar.cron") && errors.contains("list.yaml:1:14"),
        "{errors}"
    );
}

#[test]
fn the_configuration_names_a_calendar_of_another_program_as_it_is() {
    let (environments, _) = CONFIG.split_once("calendars:\n").unwrap();
    let stock = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:Stock take\nDTSTART;VALUE=DATE:20261123\nRRULE:FREQ=WEEKLY\nEND:VEVENT\nEND:VCALENDAR\n";
    let freezes = "[{schedule: '0 0 23 11 *', duration: 24h, description: Stock take}]";
    for (file, text, more) in [
        ("stock.ics", stock, "timezone: Europe/Berlin"),
        (
            "stock.yaml",
            freezes,
            "timezone: Europe/Berlin, kind: freeze",
        ),
    ] {
        let repo = shop(&format!(
            "{environments}calendars:\n  retail: {{file: {file}, {more}}}\n"
        ));
        repo.write(file, text);
        let explain = ["explain", "2026-11-23T12:00+01:00", "--env", "prod"];
        let (text, errors, _) = calendar(&repo, &explain);
        assert!(text.contains("stock-take"), "{text}{errors}");
        repo.write(file, "nothing");
        let (_, errors, exit) = calendar(&repo, &explain);
        assert_eq!(exit, 3, "{errors}");
        repo.remove(file);
        let (_, errors, exit) = calendar(&repo, &explain);
        assert!(exit == 3 && errors.contains("calendar.no-file"), "{errors}");
    }
}
