//! Bytes judged are bytes deployed, wherever the attributes that change them are set.

use tidegate::model::Exit;

use super::*;

#[test]
fn attributes_outside_the_unit_that_rewrite_its_manifests_are_an_error() {
    for (file, line) in [
        (".gitattributes", "*.yaml eol=crlf"),
        (
            ".gitattributes",
            "prod/odoo.yaml working-tree-encoding=ISO-8859-1",
        ),
        ("prod/.gitattributes", "odoo.yaml filter=other"),
    ] {
        let (repo, base) = shop(CONFIG);
        repo.write(file, format!("{line}\n")).commit("attributes");
        let report = check(&repo, base);
        assert_eq!(report.exit, Exit::Unjudged, "{file}: {line}");
        let codes = error_codes(&report);
        assert!(
            codes.iter().all(|code| code == "git.content-transformed") && !codes.is_empty(),
            "{file}: {line}: {codes:?}"
        );
    }
}

#[test]
fn attributes_that_change_nothing_are_judged() {
    let (repo, base) = shop(CONFIG);
    repo.write(".gitattributes", "* text=auto\n*.yaml eol=lf diff=yaml\n")
        .commit("attributes");
    assert_eq!(check(&repo, base).exit, Exit::Pass);
}

#[test]
fn a_line_that_git_would_drop_takes_nothing_back() {
    let bom = "\u{feff}*.yaml !eol";
    for line in ["*.yaml !eol @bad", bom, "*.yaml\u{a0}!eol", "*.yaml --eol"] {
        let (repo, base) = shop(CONFIG);
        repo.write(".gitattributes", format!("*.yaml eol=crlf\n{line}\n"))
            .write("prod/odoo.yaml", deployment("odoo", "3Gi"))
            .commit("attributes");
        assert_eq!(check(&repo, base).exit, Exit::Unjudged, "{line:?}");
    }
}

#[test]
fn what_argo_cd_would_evaluate_or_obey_is_not_judged() {
    for (file, why) in [
        ("prod/x.jsonnet", "is Jsonnet"),
        ("prod/x.libsonnet", "is Jsonnet"),
        ("prod/.argocd-source.yaml", "overrides what Argo CD makes"),
        (
            "prod/.argocd-source-odoo.yaml",
            "overrides what Argo CD makes",
        ),
        ("prod/.sourceignore", "makes Flux leave files out"),
    ] {
        let (repo, base) = shop(CONFIG);
        repo.write(file, "{}\n").commit("a source file");
        let report = check(&repo, base);
        assert_eq!(error_codes(&report), ["source.not-rendered"], "{file}");
        let said = format!("`{file}` {why}");
        assert!(errors(&report)[0].1.starts_with(&said), "{said}");
        assert_eq!(report.exit, Exit::Unjudged, "{file}");
    }
}

#[test]
fn a_file_that_argo_cd_would_leave_out_is_not_judged_as_if_it_stayed() {
    let (repo, base) = shop(CONFIG);
    let marked = format!(
        "# +argocd:skip-file-rendering\n{}",
        deployment("odoo", "2Gi")
    );
    repo.write("prod/odoo.yaml", marked).commit("a comment");
    let report = check(&repo, base);
    assert_eq!(error_codes(&report), ["source.not-rendered"]);
    let said = "`prod/odoo.yaml` holds `+argocd:skip-file-rendering`";
    assert!(errors(&report)[0].1.starts_with(said));
    assert_eq!(report.exit, Exit::Unjudged);
}
