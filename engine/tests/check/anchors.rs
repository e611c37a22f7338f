//! Where reports point that can only point at head.

use super::*;

#[test]
fn a_removed_object_points_at_the_file_it_was_in_and_then_at_its_environment() {
    let (repo, _) = shop(&format!("{CONFIG}    max-tier: low\n"));
    let two = format!("{}---\n{}", deployment("a", "1Gi"), deployment("b", "1Gi"));
    let base = repo.write("prod/two.yaml", two).commit("two");
    repo.write("prod/two.yaml", deployment("a", "1Gi"))
        .commit("one");
    let report = check(&repo, base);
    assert_eq!(places(&report), ["prod/two.yaml:1"], "{}", json_of(&report));
    repo.remove("prod/two.yaml").commit("none");
    let report = check(&repo, base);
    assert_eq!(places(&report), ["tidegate.yaml:2"], "{}", json_of(&report));
}

#[test]
fn a_stray_that_is_gone_points_at_the_kustomization_that_listed_it_or_at_the_configuration() {
    let config = format!("{CONFIG}profile: retail-prod\n");
    let (repo, _) = shop(&config);
    repo.write("stray/a.yaml", config_map("a", "1"));
    let base = repo.commit("a stray");
    repo.remove("stray/a.yaml").commit("gone");
    assert_eq!(places(&check(&repo, base)), ["tidegate.yaml:2"]);
    let lists = "apiVersion: v1\nkind: X\nresources:\n- b.yaml\n- a.yaml\n";
    repo.write("stray/kustomization.yaml", lists);
    repo.commit("a kustomization");
    let report = check(&repo, base);
    let place = report.findings[0].place().unwrap();
    assert_eq!(
        format!("{}:{}", place.path, place.line),
        "stray/kustomization.yaml:5"
    );
}

fn places(report: &RunReport) -> Vec<String> {
    let of_units = report.units.iter().flat_map(|unit| &unit.findings);
    let findings = report.findings.iter().chain(of_units);
    let places = findings.filter(|finding| finding.blocks()).map(|finding| {
        let place = finding.place().unwrap();
        format!("{}:{}", place.path, place.line)
    });
    places.collect()
}
