//! Which files decide what a chart gives, and which charts are refused, over files in memory.

mod brought;
mod vetted;

use super::*;
use crate::model::code_of;
use crate::render::files::fake::FakeFiles;

const CHART: &str = "apiVersion: v2\nname: app\nversion: 1.0.0\n";
const LIB: &str = "apiVersion: v2\nname: lib\nversion: 0.3.0\n";

fn options() -> Helm {
    Helm {
        release: "shop".to_owned(),
        ..Helm::default()
    }
}

fn read(files: &FakeFiles) -> Result<Source, Error> {
    Source::read(files, &"app".into(), &options(), Deployer::ArgoCd)
}

fn patterns(files: &FakeFiles) -> Vec<String> {
    let closure = closure(files, &"app".into(), &options(), Deployer::ArgoCd).unwrap();
    closure.selector().unwrap().patterns().to_vec()
}

fn refused(files: &FakeFiles) -> (String, String) {
    refused_by(files, &options(), Deployer::ArgoCd)
}

fn refused_by(files: &FakeFiles, options: &Helm, deployer: Deployer) -> (String, String) {
    let error = closure(files, &"app".into(), options, deployer).unwrap_err();
    (code_of(&error), error.to_string())
}

fn needing(dependencies: &str) -> String {
    format!("{CHART}dependencies:\n{dependencies}")
}

/// A chart whose one template says `text`.
fn saying(text: &str) -> FakeFiles {
    FakeFiles::of(&[("app/Chart.yaml", CHART), ("app/templates/a.yaml", text)])
}

#[test]
fn the_whole_folder_is_an_input_and_nothing_beside_it() {
    let files = FakeFiles::of(&[
        ("app/Chart.yaml", CHART),
        ("app/templates/a.yaml", ""),
        ("app/config/x.conf", ""),
        ("app-2/Chart.yaml", CHART),
        ("other.yaml", ""),
    ]);
    assert_eq!(patterns(&files), ["app/**"]);
}

#[test]
fn a_chart_at_the_root_of_the_tree_is_all_of_it() {
    let files = FakeFiles::of(&[("Chart.yaml", CHART), ("templates/a.yaml", "")]);
    let closure = closure(&files, &"".into(), &options(), Deployer::ArgoCd).unwrap();
    assert_eq!(closure.selector().unwrap().patterns(), ["**"]);
    assert_eq!(closure.files().count(), 2);
}

#[test]
fn links_are_followed_inside_of_the_tree_and_what_they_lead_to_is_an_input() {
    let files = FakeFiles::of(&[
        ("app/Chart.yaml", CHART),
        ("shared/a.yaml", ""),
        ("lib/Chart.yaml", LIB),
        ("lib/templates/l.yaml", ""),
    ]);
    let files = files
        .link("app/templates/a.yaml", "../../shared/a.yaml")
        .link("app/charts/lib", "../../lib");
    assert_eq!(patterns(&files), ["app/**", "lib/**", "shared/a.yaml"]);
    let source = read(&files).unwrap();
    let of = |name| source.chart.item_of(name).map(|item| item.file.to_string());
    assert_eq!(of("app/templates/a.yaml").unwrap(), "shared/a.yaml");
    assert_eq!(
        of("app/charts/lib/templates/l.yaml").unwrap(),
        "lib/templates/l.yaml"
    );
}

#[test]
fn flux_builds_a_chart_of_an_archive_without_links_and_ignored_files() {
    let files = FakeFiles::of(&[
        ("app/Chart.yaml", CHART),
        ("app/templates/cloudbuild.yaml", ""),
        ("app/templates/a.yaml", ""),
        ("app/flag.zip", ""),
        ("common.yaml", ""),
    ]);
    let files = files.link("app/values.yaml", "../common.yaml");
    let read = |deployer| {
        let closure = closure(&files, &"app".into(), &options(), deployer).unwrap();
        let files = closure.files().map(|entry| entry.path.to_string());
        files.collect::<Vec<_>>()
    };
    assert_eq!(
        read(Deployer::Flux),
        ["app/Chart.yaml", "app/templates/a.yaml"]
    );
    assert_eq!(read(Deployer::ArgoCd).len(), 6);
}

#[test]
fn links_that_leave_the_tree_or_never_end_are_refused() {
    let chart = || FakeFiles::of(&[("app/Chart.yaml", CHART), ("b/x", "")]);
    let cases = [
        (
            chart().link("app/templates/a.yaml", "../../../etc/passwd"),
            "render.link-outside",
        ),
        (
            chart().link("app/templates/a.yaml", "/etc/passwd"),
            "render.link-outside",
        ),
        (chart().link("app/loop", "."), "render.link-outside"),
        (
            chart().link("app/loop", "../b").link("b/loop", "../app"),
            "render.link-outside",
        ),
        (chart().link("app/gone", "nothing"), "render.missing-input"),
        (chart().submodule("app/charts/lib"), "render.submodule"),
    ];
    for (files, code) in cases {
        assert_eq!(refused(&files).0, code);
    }
}

#[test]
fn a_key_that_helm_takes_for_another_is_refused() {
    for key in ["Version", "ver\u{17f}ion", "dependencie\u{17f}"] {
        let chart = format!("{CHART}{key}: 1.0.1\n");
        let files = FakeFiles::of(&[("app/Chart.yaml", &chart)]);
        let (code, told) = refused(&files);
        assert_eq!(code, "render.chart", "{key}: {told}");
        assert!(told.contains(&format!("`{key}` is written")), "{told}");
    }
}

#[test]
fn many_links_between_few_folders_are_not_walked_for_ever() {
    let mut files = FakeFiles::of(&[("app/Chart.yaml", CHART), ("f5/x", "")]);
    for link in 0..20 {
        files = files.link(&format!("app/{link}"), "../f1");
        for (from, to) in [("f1", "f2"), ("f2", "f3"), ("f3", "f4"), ("f4", "f5")] {
            files = files.link(&format!("{from}/{link}"), &format!("../{to}"));
        }
    }
    assert_eq!(refused(&files).0, "limit.chart-links");
}

#[test]
fn links_of_a_chart_are_counted_up_to_the_limit() {
    let linked = |count: usize| {
        let files = FakeFiles::of(&[("app/Chart.yaml", CHART), ("x", "")]);
        let links = (0..count).map(|link| format!("app/{link}"));
        let files = links.fold(files, |files, link| files.link(&link, "../x"));
        let chart = &"app".into();
        closure(&files, chart, &options(), Deployer::ArgoCd).map(drop)
    };
    let most = crate::model::limits::CHART_LINKS.most;
    assert!(linked(most).is_ok());
    let beyond = linked(most + 1).unwrap_err();
    assert_eq!(code_of(&beyond), "limit.chart-links");
}

#[test]
fn a_folder_without_a_chart_and_a_library_are_refused() {
    let none = FakeFiles::of(&[("app/values.yaml", "")]);
    assert_eq!(refused(&none).0, "render.no-chart");
    assert_eq!(refused(&FakeFiles::of(&[("app", "")])).0, "render.no-chart");
    let library = FakeFiles::of(&[("app/Chart.yaml", &format!("{CHART}type: library\n"))]);
    let (code, text) = refused(&library);
    assert_eq!(code, "render.chart");
    assert!(
        text.starts_with("app/Chart.yaml:2:7: `app` is a library"),
        "{text}"
    );
}

#[test]
fn charts_that_lie_in_charts_need_nothing_from_elsewhere() {
    let chart = needing("- {name: lib, repository: https://charts.example}\n- {name: own}\n");
    let own = "apiVersion: v2\nname: own\nversion: 1.0.0\n";
    let files = FakeFiles::of(&[
        ("app/Chart.yaml", &chart),
        ("app/charts/anything/Chart.yaml", LIB),
        ("app/charts/own/Chart.yaml", own),
        ("app/charts/.hidden/Chart.yaml", "none"),
        ("app/charts/README.md", ""),
    ]);
    assert_eq!(patterns(&files), ["app/**"]);
}

#[test]
fn a_chart_that_would_be_fetched_is_refused_with_its_line() {
    for repository in [
        "https://charts.example",
        "oci://charts.example/x",
        "'@shop'",
        "alias:shop",
    ] {
        let chart = needing(&format!("- name: lib\n  repository: {repository}\n"));
        let (code, text) = refused(&FakeFiles::of(&[("app/Chart.yaml", &chart)]));
        assert_eq!(code, "render.remote-input", "{repository}");
        assert!(text.starts_with("app/Chart.yaml:6:15: "), "{text}");
    }
    let files = FakeFiles::of(&[
        ("app/Chart.yaml", "name: app\nversion: 1.0.0\n"),
        (
            "app/requirements.yaml",
            "dependencies:\n- {name: lib, repository: 'https://x.example'}\n",
        ),
    ]);
    let (code, text) = refused(&files);
    assert_eq!(code, "render.remote-input");
    assert!(text.starts_with("app/requirements.yaml:2:"), "{text}");
}

#[test]
fn charts_of_the_tree_are_inputs_and_are_put_where_helm_looks() {
    let chart = needing("- {name: lib, alias: l, repository: 'file://../lib'}\n");
    let files = FakeFiles::of(&[
        ("app/Chart.yaml", &chart),
        ("lib/Chart.yaml", LIB),
        ("lib/templates/l.yaml", "kind: L"),
        ("lib/x.bak", ""),
        ("lib/.helmignore", "*.bak\n"),
    ]);
    assert_eq!(patterns(&files), ["app/**", "lib/**"]);
    let source = read(&files).unwrap();
    let local = &source.local[0];
    assert_eq!(local.name, "charts/lib-0.3.0.tgz");
    let unpacked = archive::unpack(&"x.tgz".into(), &local.packed).unwrap();
    let names: Vec<String> = unpacked.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(names, [".helmignore", "Chart.yaml", "templates/l.yaml"]);
    for name in ["lib", "l"] {
        let found = source
            .chart
            .item_of(&format!("app/charts/{name}/templates/l.yaml"));
        assert_eq!(found.unwrap().file.to_string(), "lib/templates/l.yaml");
    }
}

#[test]
fn charts_of_the_tree_that_are_not_there_or_lie_outside_are_refused() {
    let cases = [
        ("file://../../lib", "render.outside-tree"),
        ("file:///srv/lib", "render.absolute-path"),
        ("file://../none", "render.missing-input"),
        ("file://../empty", "render.missing-input"),
        ("''", "render.missing-input"),
    ];
    for (repository, code) in cases {
        let chart = needing(&format!("- name: lib\n  repository: {repository}\n"));
        let files = FakeFiles::of(&[("app/Chart.yaml", &chart), ("empty/x", "")]);
        let found = refused(&files);
        assert_eq!(found.0, code, "{repository}");
        assert!(found.1.starts_with("app/Chart.yaml:"), "{}", found.1);
    }
}

#[test]
fn charts_that_helm_would_bring_anew_beside_others_are_refused() {
    let two =
        "- {name: lib, repository: 'file://../lib'}\n- {name: two, repository: 'file://../two'}\n";
    let two_chart = LIB.replace("lib", "two");
    let files = FakeFiles::of(&[
        ("app/Chart.yaml", &needing(two)),
        ("app/charts/lib/Chart.yaml", LIB),
        ("lib/Chart.yaml", LIB),
        ("two/Chart.yaml", &two_chart),
    ]);
    assert_eq!(refused(&files).0, "render.chart");
    let remote = "- {name: lib, repository: 'https://x.example'}\n- {name: two, repository: 'file://../two'}\n";
    let files = FakeFiles::of(&[
        ("app/Chart.yaml", &needing(remote)),
        ("app/charts/lib/Chart.yaml", LIB),
        ("two/Chart.yaml", &two_chart),
    ]);
    assert_eq!(refused(&files).0, "render.remote-input");
}

#[test]
fn charts_lie_in_each_other_to_a_bounded_depth() {
    let deep = |depth: usize| {
        let inner = "app/".to_owned() + &"charts/x/".repeat(depth) + "Chart.yaml";
        let names: Vec<String> = (0..depth)
            .map(|at| "app/".to_owned() + &"charts/x/".repeat(at) + "Chart.yaml")
            .chain([inner])
            .collect();
        let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), CHART)).collect();
        closure(
            &FakeFiles::of(&files),
            &"app".into(),
            &options(),
            Deployer::ArgoCd,
        )
    };
    let most = crate::model::limits::CHART_DEPTH.most;
    assert!(deep(most).is_ok());
    for depth in [most + 1, 10 * most] {
        assert_eq!(code_of(&deep(depth).unwrap_err()), "limit.chart-depth");
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_charts_are_read_without_a_panic(
        chart: String,
        key in "name|type|dependencies|version",
        value in "[a-z{}\\[\\]:/, .'@-]{0,40}",
        template in "[{}\"'`a-z .|-]{0,40}",
    ) {
        for chart in [chart, format!("name: app\nversion: 1.0.0\n{key}: {value}\n"), needing(&value)] {
            let files = FakeFiles::of(&[
                ("app/Chart.yaml", &chart),
                ("app/requirements.yaml", &value),
                ("app/templates/a.yaml", &template),
            ]);
            let _ = closure(&files, &"app".into(), &options(), Deployer::Flux);
        }
    }
}
