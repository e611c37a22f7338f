//! Values that kustomize makes others of: what a unit is told by them is unknown.

use super::*;
use crate::model::Span;

const WORD: &str = "a word such as `yes` or `off` stands without quotes";
const DATE: &str = "a date stands without quotes";

#[test]
fn what_flux_is_told_by_a_word_or_a_date_is_unknown() {
    let variables = |data: &str| {
        let told = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: v, namespace: flux-system}, data: {A: c}}";
        taking_from("ConfigMap") + &told.replace("A: c", data)
    };
    let chart = "chart: ./charts/web, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}";
    let dated = format!("url: '{HERE}', ref: {{branch: 2026-01-31}}");
    for (text, value, wanted) in [
        (
            kustomization("path: plain, postBuild: {substitute: {A: yes}}"),
            "yes",
            WORD,
        ),
        (
            kustomization("path: plain, postBuild: {substitute: {A: 2026-01-31}}"),
            "2026-01-31",
            DATE,
        ),
        (variables("A: off"), "off", WORD),
        (variables("A: 2026-01-31"), "2026-01-31", DATE),
        (variables("off: c"), "off", WORD),
        (release(chart, "values: {a: {b: yes}}"), "yes", WORD),
        (
            release(chart, "values: {a: {b: 2026-01-31}}"),
            "2026-01-31",
            DATE,
        ),
        (
            kustomization("path: plain") + &git("flux-system", &dated),
            "2026-01-31",
            DATE,
        ),
    ] {
        let files = [("clusters/prod.yaml", text.as_str()), PLAIN, CHART];
        let found = units(FLUX, &files).unwrap();
        let unknown = found[0].unknown().next().unwrap();
        let start = text.find(value).unwrap();
        let at = Span { start, end: start }.line_column(&text);
        let place = format!("clusters/prod.yaml:{}:{}: ", at.line, at.column);
        let said = unknown.to_string();
        assert!(
            said.contains(&place) && said.contains(wanted),
            "{place}{wanted}: {said}"
        );
        assert!(unknown.remedy.starts_with("write it in quotes"), "{said}");
        let quoted = text.replace(value, &format!("'{value}'"));
        let found = flux(&quoted, &[PLAIN, CHART]);
        assert!(!found[0].contains("unknown"), "{found:?}");
    }
}

#[test]
fn what_the_configuration_tells_of_a_secret_is_not_held_against_a_date() {
    let told = "values: {Secret/flux-system/v: {A: '2026-01-31'}}";
    let of = |value: &str| {
        let secret = taking("Secret", "").replace("data: {A: c}", "stringData: {A: c}");
        beside(told, &secret.replace("A: c", &format!("A: {value}"))).remove(0)
    };
    assert!(of("'2026-01-31'").contains(r#"{"A":"2026-01-31"}"#));
    assert!(of("2026-01-31").contains(DATE));
}

#[test]
fn an_application_that_no_kustomization_lists_is_read_as_the_api_server_reads_it() {
    let application = of_source("path: charts/web, helm: {skipCrds: yes}");
    let listed = ("argo/kustomization.yaml", "resources: [web.yaml]");
    let plain = argo(&application, &[CHART]);
    assert!(plain[0].contains(r#""skipCrds":true"#), "{plain:?}");
    let found = argo(&application, &[CHART, listed]);
    assert!(
        found[0].contains("unknown") && found[0].contains(WORD),
        "{found:?}"
    );

    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: web, namespace: argocd}\nspec:\n  generators: [{list: {elements: [{a: 2026-01-31}]}}]\n  template:\n    metadata: {name: 'x-{{a}}'}\n    spec: {destination: {namespace: shop}, source: {repoURL: 'HERE', path: plain}}\n"
        .replace("HERE", HERE);
    let found = argo(&set, &[PLAIN]);
    assert!(found[0].starts_with("x-2026-01-31: plain"), "{found:?}");
    let found = argo(&set, &[PLAIN, listed]);
    assert!(
        found[0].contains("web: unknown") && found[0].contains(DATE),
        "{found:?}"
    );
}

/// kustomize makes a text of the word, so that the Application has the label that is asked for.
#[test]
fn a_label_that_is_a_word_loses_no_unit() {
    let listed = ("argo/kustomization.yaml", "resources: [web.yaml]");
    for label in ["env: on", "on: env"] {
        let quoted = label.replace("on", "'on'");
        let config = format!(
            "environments: [{{name: prod, applications: {{paths: ['argo/**'], match-labels: {{{quoted}}}}}}}]"
        );
        let application = of_source("path: plain")
            .replace("{name: web", &format!("{{name: web, labels: {{{label}}}"));
        let files = [("argo/web.yaml", application.as_str()), listed, PLAIN];
        let found = told(&units(&config, &files).unwrap());
        assert!(found[0].contains(WORD), "{found:?}");
    }
}

#[test]
fn a_plain_folder_of_flux_that_kustomize_reads_otherwise_is_rendered() {
    for (data, is_rendered) in [
        ("{a: 2026-01-31}", true),
        ("{a: \"x\\Ny\"}", true),
        ("{a: '2026-01-31', b: 'yes'}", false),
    ] {
        let text =
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata: {data}\n");
        let found = flux(&kustomization("path: plain"), &[("plain/x.yaml", &text)]);
        let wanted = r#"apps: plain {"kustomize":{}}"#;
        assert_eq!(found[0] == wanted, is_rendered, "{data}: {found:?}");
    }
}
