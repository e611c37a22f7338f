//! Freezes as `check` tells of them: exit codes, places, and what no clock of a commit changes.

use super::*;

/// Saturday and Sunday in Berlin, for the component `pricing`, from tier medium on.
const CALENDAR: &str = "    timezone: Europe/Berlin
    tenants: [brand-a]
    calendars: [retail]
components:
  pricing: {paths: [\"prod/pricing/**\"]}
calendars:
  retail:
    timezone: Europe/Berlin
    windows:
      - {id: next, kind: freeze, from: \"2027-11-20T00:00\", to: \"2027-12-01T06:00\", owner: o, reason: r, ticket: t}
      - id: weekend
        kind: freeze
        from: \"2026-11-21T00:00\"
        to: \"2026-11-23T00:00\"
        scope: {environments: [\"pr*\"], tenants: [brand-a]}
        blocks: {tiers-at-or-above: medium, components: [pricing]}
        owner: retail-ops
        reason: a sale
        ticket: CHG-1
";

fn calendar_shop() -> (Repo, GitId) {
    calendar_shop_of(&format!("{CONFIG}{CALENDAR}"))
}

fn calendar_shop_of(config: &str) -> (Repo, GitId) {
    let (repo, _) = shop(config);
    repo.write("prod/pricing/odoo.yaml", deployment("prices", "2Gi"));
    let base = repo.commit("prices");
    (repo, base)
}

fn checked(repo: &Repo, base: GitId, now: &str) -> (Option<i32>, String) {
    let range = format!("{base}..HEAD");
    let output = tidegate(repo, &["check", &range, "--now", now]);
    (
        output.status.code(),
        format!("{}{}", stdout(&output), stderr(&output)),
    )
}

#[test]
fn a_freeze_denies_from_its_first_instant_to_its_last() {
    let (repo, base) = calendar_shop();
    repo.write("prod/pricing/odoo.yaml", deployment("prices", "3Gi"))
        .commit("more memory");
    for (now, code) in [
        ("2026-11-20T10:00:00Z", 0),
        ("2026-11-20T23:00:00Z", 1),
        ("2026-11-22T22:59:59Z", 1),
        ("2026-11-22T23:00:00Z", 0),
    ] {
        let (exit, said) = checked(&repo, base, now);
        assert_eq!(exit, Some(code), "{now}: {said}");
    }
    let (_, said) = checked(&repo, base, "2026-11-22T12:00:00Z");
    assert!(
        said.contains("deny[freeze.window-closed]") && said.contains("tidegate.yaml:14"),
        "{said}"
    );
    for part in [
        "until 2026-11-23 00:00 Europe/Berlin (2026-11-22T23:00:00Z)",
        "Deployment shop/prices (high)",
        "tidegate calendar next --env prod --tier high",
    ] {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = words(&said.replace(['│', '╰', '─', '▶'], " "));
        assert!(said.contains(part), "`{part}` in {said}");
    }
}

#[test]
fn lifting_a_freeze_that_is_open_is_told() {
    let config = |old: &str, new: &str| {
        let text = format!("{CONFIG}{CALENDAR}");
        let changed = text.replacen(old, new, 1);
        assert!(changed != text || old == new, "{old}");
        changed
    };
    let whole = CALENDAR
        .get(CALENDAR.find("      - id: weekend").unwrap()..)
        .unwrap();
    for (old, new, expected) in [
        ("2026-11-23T00:00", "2026-11-21T12:00", Some("is ended")),
        (
            "2026-11-23T00:00",
            "2026-11-22T20:00",
            Some("is shortened, to 2026-11-22T19:00:00Z"),
        ),
        ("2026-11-23T00:00", "2026-11-24T00:00", None),
        (whole, "", Some("is taken away")),
        (
            "kind: freeze\n",
            "kind: quiet\n",
            Some("becomes one of the kind `quiet`"),
        ),
        (
            "tiers-at-or-above: medium",
            "tiers-at-or-above: high",
            Some("gets another `blocks`"),
        ),
        ("[\"pr*\"]", "[\"prod\"]", Some("gets another `scope`")),
        (
            "ticket: CHG-1\n",
            "ticket: CHG-1\n        allow: [high]\n",
            Some("gets another `allow`"),
        ),
        (
            "calendars: [retail]",
            "calendars: []",
            Some("no longer holds for environment `prod`"),
        ),
        ("reason: a sale", "reason: a sale!", None),
        ("2027-11-20T00:00", "2027-11-21T00:00", None),
    ] {
        let (repo, base) = calendar_shop();
        repo.write("tidegate.yaml", config(old, new))
            .commit("another calendar");
        let (_, said) = checked(&repo, base, "2026-11-22T12:00:00Z");
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = words(&said.replace(['│', '╰', '─', '▶'], " "));
        match expected {
            Some(how) => {
                assert!(said.contains("warn[engine.freeze-lifted]"), "{how}: {said}");
                assert!(said.contains(how), "{how}: {said}");
            }
            None => assert!(!said.contains("freeze-lifted"), "{new}: {said}"),
        }
        // The freeze is not open any more, or not yet.
        let (_, said) = checked(&repo, base, "2026-12-22T12:00:00Z");
        assert!(!said.contains("freeze-lifted"), "{said}");
    }
}

#[test]
fn a_calendar_that_broke_at_the_base_is_mended_with_the_judge_before_it() {
    let (repo, good) = calendar_shop();
    let text = format!("{CONFIG}{CALENDAR}");
    repo.write(
        "tidegate.yaml",
        text.replace("2026-11-23T00:00", "2026-11-20T00:00"),
    );
    let broken = repo.commit("a window that ends before it begins");
    repo.write("tidegate.yaml", &text).commit("mended");
    let now = "2026-12-22T12:00:00Z";
    let (exit, said) = checked(&repo, broken, now);
    assert_eq!(exit, Some(3), "{said}");
    assert!(
        said.contains("calendar.reversed") && said.contains("--policy-ref"),
        "{said}"
    );
    let (range, good) = (format!("{broken}..HEAD"), good.to_string());
    let output = tidegate(
        &repo,
        &["check", &range, "--now", now, "--policy-ref", &good],
    );
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
}

#[test]
fn what_is_not_meant_goes_ahead_inside_of_a_freeze() {
    let (repo, base) = calendar_shop();
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("no prices");
    let (exit, said) = checked(&repo, base, "2026-11-22T12:00:00Z");
    assert_eq!(exit, Some(0), "{said}");
}

#[test]
fn a_tenant_that_is_not_meant_goes_ahead_too() {
    let both = format!("{CONFIG}{CALENDAR}").replacen("[brand-a]", "[brand-a, brand-b]", 1);
    let (repo, base) = calendar_shop_of(&both);
    let of = |tenant: &str, memory: &str| labelled("tenant", tenant, &deployment("prices", memory));
    repo.write("prod/pricing/odoo.yaml", of("brand-b", "2Gi"))
        .commit("of brand b from now on");
    let (exit, said) = checked(&repo, base, "2026-11-22T12:00:00Z");
    assert_eq!(exit, Some(1), "until then it was anybody's: {said}");
    let base = repo.id("HEAD");
    repo.write("prod/pricing/odoo.yaml", of("brand-b", "3Gi"))
        .commit("of brand b");
    let (exit, said) = checked(&repo, base, "2026-11-22T12:00:00Z");
    assert_eq!(exit, Some(0), "{said}");
    let base = repo.id("HEAD");
    repo.write("prod/pricing/odoo.yaml", of("brand-a", "3Gi"))
        .commit("of brand a");
    let (exit, said) = checked(&repo, base, "2026-11-22T12:00:00Z");
    assert_eq!(exit, Some(1), "{said}");
}

/// What it is called, the scope of the freeze, the files that change, and the exit code.
type Labelled<'a> = (&'a str, &'a str, &'a [(&'a str, String)], i32);

/// What a change says of itself, and whether a freeze for one tenant of two holds it.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn no_label_of_the_change_itself_lifts_a_freeze() {
    let claim = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: data, labels: {tidegate.dev/tenant: brand-b}}\nspec: {capacity: {storage: 1Gi}}\n";
    let namespace = |labels: &str| {
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop{labels}}}\n")
    };
    let tenant = |name: &str| labelled("tenant", name, &deployment("prices", "3Gi"));
    let of_b = namespace(", labels: {tidegate.dev/tenant: brand-b}");
    let plain = deployment("prices", "3Gi");
    let by_tenant = "tenants: [brand-a]";
    let cases: [Labelled<'_>; 7] = [
        (
            "its tenant is nobody",
            by_tenant,
            &[(PRICES, tenant("nobody"))],
            1,
        ),
        (
            "its tenant is the other one",
            by_tenant,
            &[(PRICES, tenant("brand-b"))],
            1,
        ),
        (
            "its brand is one of which no calendar speaks",
            "brands: [brand-a]",
            &[(PRICES, labelled("brand", "other", &plain))],
            1,
        ),
        (
            "its namespace goes to the other one",
            by_tenant,
            &[(PRICES, plain.clone()), ("prod/shop.yaml", of_b.clone())],
            1,
        ),
        (
            "a volume is the cluster's",
            by_tenant,
            &[("prod/pv.yaml", claim.to_owned())],
            1,
        ),
        (
            "something new is the other one's",
            by_tenant,
            &[(
                "prod/new.yaml",
                labelled("tenant", "brand-b", &deployment("new", "3Gi")),
            )],
            0,
        ),
        (
            "something new is nobody's",
            by_tenant,
            &[(
                "prod/new.yaml",
                labelled("tenant", "nobody", &deployment("new", "3Gi")),
            )],
            1,
        ),
    ];
    for (name, scope, files, expected) in cases {
        let config = CONFIG.replacen("paths:", "tenants: [brand-a, brand-b]\n    paths:", 1);
        let calendar = format!(
            "{config}    calendars: [sales]\ncalendars:\n  sales:\n    timezone: Europe/Berlin\n    windows:\n      - {{id: sale, kind: freeze, from: \"2026-11-20T00:00\", to: \"2026-11-23T00:00\", scope: {{{scope}}}, reason: r, owner: o, ticket: t}}\n"
        );
        let (repo, _) = shop(&calendar);
        repo.write(PRICES, deployment("prices", "2Gi"))
            .write("prod/shop.yaml", namespace(""));
        let base = repo.commit("the shop");
        for (path, text) in files {
            repo.write(path, text);
        }
        repo.commit(name);
        let (exit, said) = checked(&repo, base, "2026-11-22T12:00:00Z");
        assert_eq!(exit, Some(expected), "{name}: {said}");
        assert_eq!(
            said.contains("freeze.window-closed"),
            expected == 1,
            "{name}: {said}"
        );
    }
}

fn labelled(what: &str, name: &str, object: &str) -> String {
    let labels = format!("  namespace: shop\n  labels: {{tidegate.dev/{what}: {name}}}");
    object.replacen("  namespace: shop", &labels, 1)
}

const PRICES: &str = "prod/pricing/odoo.yaml";

#[test]
fn removing_the_window_in_the_same_range_lifts_nothing() {
    let (repo, base) = calendar_shop();
    repo.write("tidegate.yaml", CONFIG)
        .write("prod/pricing/odoo.yaml", deployment("prices", "3Gi"))
        .commit("no calendar");
    let (exit, said) = checked(&repo, base, "2026-11-22T12:00:00Z");
    assert_eq!(exit, Some(1), "{said}");
    assert!(said.contains("freeze.window-closed"), "{said}");
}

#[test]
fn no_exception_lifts_a_freeze() {
    let exception = "exceptions:\n  - {id: E-1, code: freeze.window-closed, match: {name: prices}, owner: o, reason: r, until: \"2026-12-31\"}\n";
    let (repo, _) = shop(&format!("{CONFIG}{CALENDAR}{exception}"));
    repo.write("prod/pricing/odoo.yaml", deployment("prices", "2Gi"));
    let base = repo.commit("prices");
    repo.write("prod/pricing/odoo.yaml", deployment("prices", "3Gi"))
        .commit("more memory");
    let (exit, said) = checked(&repo, base, "2026-11-22T12:00:00Z");
    assert_eq!(exit, Some(1), "{said}");
}

#[test]
fn a_moved_file_changes_nothing_and_nothing_holds_it() {
    let (repo, base) = calendar_shop();
    repo.git(&["mv", "prod/pricing/odoo.yaml", "prod/pricing/prices.yaml"]);
    repo.commit("another name");
    let (exit, said) = checked(&repo, base, "2026-11-22T12:00:00Z");
    assert_eq!(exit, Some(0), "{said}");
}

#[test]
fn neither_zone_nor_locale_nor_database_of_the_machine_changes_a_byte() {
    let (repo, base) = calendar_shop();
    repo.write("prod/pricing/odoo.yaml", deployment("prices", "3Gi"))
        .commit("more memory");
    let range = format!("{base}..HEAD");
    let facts = ["facts", &range, "--policy", "freeze-windows"];
    let commands: [(&[&str], &str); 6] = [
        (&facts, "retail/weekend"),
        (&["check", &range], "freeze.window-closed"),
        (&["calendar", "show"], "weekend"),
        (&["calendar", "next", "--env", "prod"], "Europe/Berlin"),
        (
            &["calendar", "explain", "2026-10-25T02:30", "--env", "prod"],
            "2026-10-25 02:30 Europe/Berlin",
        ),
        (&["calendar", "lint"], "0 deny"),
    ];
    for (arguments, expected) in commands {
        let on = |zone: &str, database: &str, locale: &str| {
            let mut command = tidegate_command(&repo, arguments);
            command.args(["--now", "2026-11-22T12:00:00Z"]);
            command.env("TZ", zone).env("TZDIR", database);
            for name in ["LC_ALL", "LANG", "LC_TIME"] {
                command.env(name, locale);
            }
            let output = command.output().unwrap();
            (stdout(&output), stderr(&output), output.status.code())
        };
        let answer = on("Pacific/Auckland", "/nowhere", "de_DE.UTF-8");
        let said = format!("{}{}", answer.0, answer.1);
        assert!(said.contains(expected), "{arguments:?}: {said}");
        for (zone, database, locale) in [
            ("America/St_Johns", "/nowhere", "tr_TR.UTF-8"),
            ("UTC", "/usr/share/zoneinfo", "C.UTF-8"),
            (":/etc/passwd", "/etc", "ja_JP.UTF-8"),
        ] {
            assert_eq!(answer, on(zone, database, locale), "{arguments:?} {zone}");
        }
    }
}

#[test]
fn the_binary_has_no_way_to_the_database_of_the_machine() {
    let holds = |text: &str| {
        let mut grep = Command::new("grep");
        grep.args(["-q", "-a", text, env!("CARGO_BIN_EXE_tidegate")]);
        grep.status().unwrap().code()
    };
    // What would read `/usr/share/zoneinfo` would look for TZDIR first.
    assert_eq!((holds("TZDIR"), holds("Europe/Berlin")), (Some(1), Some(0)));
}

#[test]
fn a_commit_of_the_future_is_told_and_moves_no_clock() {
    let (repo, base) = calendar_shop();
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"));
    repo.git(&["add", "--all"]);
    let mut command = repo.command("git");
    command.args(["commit", "--quiet", "--message", "from tomorrow"]);
    command.env("GIT_AUTHOR_DATE", "2026-11-22T12:00:00Z");
    command.env("GIT_COMMITTER_DATE", "2026-11-22T12:00:00Z");
    assert!(command.status().unwrap().success());
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Pass);
    let warned: Vec<&str> = report.findings.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(warned, ["engine.commit-in-future"]);
    let later = Request {
        now: at("2026-11-22T11:59:00Z"),
        ..request(&format!("{base}..HEAD"))
    };
    assert!(check_with(&repo, &later).unwrap().findings.is_empty());
}
