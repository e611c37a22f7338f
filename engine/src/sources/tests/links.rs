//! Symbolic links: a deployer follows them, and what they lead to may change without any file that a unit names.

use super::{ARGO, HERE, argo, flux, kustomization, of_source, units};
use crate::model::code_of;

#[test]
fn no_path_of_a_source_leads_through_a_link() {
    let files = [
        (
            "apps/v1/x.yaml",
            "{apiVersion: v1, kind: Service, metadata: {name: x}}",
        ),
        ("apps/current", "->v1"),
        ("way", "->apps"),
        ("charts/web/Chart.yaml", "name: web"),
        ("charts/web/now.yaml", "->prod.yaml"),
        ("charts/web/prod.yaml", "a: 1"),
    ];
    for (source, link) in [
        ("path: apps/current", "apps/current"),
        ("path: apps/current, kustomize: {}", "apps/current"),
        ("path: way/v1", "way"),
        (
            "path: charts/web, helm: {valueFiles: [now.yaml]}",
            "charts/web/now.yaml",
        ),
        (
            "path: charts/web, helm: {valueFiles: [/way/v1/x.yaml]}",
            "way",
        ),
    ] {
        let found = argo(&of_source(source), &files);
        let wanted = format!("leads through the symbolic link `{link}`");
        assert!(
            found[0].contains("unknown argo/web.yaml:6:") && found[0].contains(&wanted),
            "{source}: {found:?}"
        );
    }
    let found = argo(&of_source("path: apps/v1"), &files);
    assert!(found[0].starts_with("web: apps/v1 plain"), "{found:?}");
}

#[test]
fn a_plain_folder_holds_no_link_that_is_named_like_a_manifest() {
    let files = [
        (
            "plain/x.yaml",
            "{apiVersion: v1, kind: Service, metadata: {name: x}}",
        ),
        (
            "plain/NOTES.txt",
            "{apiVersion: v1, kind: Service, metadata: {name: evil}}",
        ),
        ("plain/README", "->NOTES.txt"),
        ("plain/hidden/y.yaml", "->../NOTES.txt"),
    ];
    let refused = "is a symbolic link, and Argo CD deploys what it leads to";
    for (source, more, link) in [
        ("path: plain", None, None),
        (
            "path: plain, directory: {recurse: true}",
            None,
            Some("plain/hidden/y.yaml"),
        ),
        (
            "path: plain, directory: {recurse: true, exclude: 'hidden/*'}",
            None,
            None,
        ),
        (
            "path: plain, directory: {recurse: true, exclude: 'hidden/*'}",
            Some(("plain/web.yaml", "->hidden/y.yaml")),
            Some("plain/web.yaml"),
        ),
        (
            "path: plain",
            Some(("plain/web.yml", "->NOTES.txt")),
            Some("plain/web.yml"),
        ),
        (
            "path: plain",
            Some(("plain/web.json", "->none")),
            Some("plain/web.json"),
        ),
    ] {
        let files: Vec<_> = files.into_iter().chain(more).collect();
        let found = argo(&of_source(source), &files);
        match link {
            Some(link) => assert!(
                found[0].contains(&format!("`{link}` {refused}")),
                "{source}: {found:?}"
            ),
            None => assert!(!found[0].contains("unknown"), "{source}: {found:?}"),
        }
    }
}

#[test]
fn what_deploys_something_does_not_lie_behind_a_link() {
    let child = of_source("path: evil").replace("name: web", "name: child");
    let parent = |path: &str| of_source(&format!("path: {path}"));
    let (recursive, overlay) = (
        parent("children, directory: {recurse: true}"),
        parent("overlay"),
    );
    let chosen: &[(&str, &str)] = &[
        ("argo/child.yaml", "->child.txt"),
        ("argo/child.txt", &child),
    ];
    let listed: &[(&str, &str)] = &[
        ("overlay/kustomization.yaml", "resources: [child.yaml]"),
        ("overlay/child.yaml", "->README"),
        ("overlay/README", &child),
    ];
    for (application, files) in [(&recursive, chosen), (&overlay, listed)] {
        let files = [files, &[("argo/web.yaml", application.as_str())]].concat();
        let error = units(ARGO, &files).unwrap_err();
        assert_eq!(code_of(&error), "source.linked", "{error}");
        assert!(error.to_string().contains("child.yaml"), "{error}");
    }
    // The unit itself is not known, so that nothing is judged without what the link hides.
    let held = [
        ("children/child.yaml", "->README"),
        ("children/README", child.as_str()),
    ];
    let found = units(
        ARGO,
        &[&held[..], &[("argo/web.yaml", recursive.as_str())]].concat(),
    );
    let error = found
        .map(|units| super::told(&units))
        .map_err(|error| code_of(&error));
    assert!(
        error
            .as_ref()
            .is_ok_and(|told| told[0].contains("is a symbolic link")),
        "{error:?}"
    );
    let harmless = [
        ("argo/a.yaml", "->../b"),
        ("b", "a: 1"),
        ("argo/c.yaml", "->../../out"),
    ];
    let found = argo(
        &parent("apps"),
        &[&harmless[..], &[("apps/x.yaml", "")]].concat(),
    );
    assert!(!found[0].contains("unknown"), "{found:?}");
}

#[test]
fn flux_follows_a_link_to_what_it_leaves_out() {
    let files = [
        (
            "apps/web/x.yaml",
            "{apiVersion: v1, kind: Service, metadata: {name: x}}",
        ),
        ("apps/web/rules.txt", "x.yaml"),
    ];
    let own = format!(
        "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: here, namespace: flux-system}}\nspec: {{url: '{HERE}', ref: {{branch: main}}}}\n"
    );
    let bootstrapped = kustomization("path: apps/web");
    let named = bootstrapped.replace(
        "GitRepository, name: flux-system",
        "GitRepository, name: here",
    );
    let documents = [bootstrapped, named + &own];
    for documents in documents {
        for link in [".sourceignore", "apps/web/.sourceignore"] {
            let target = if link.contains('/') {
                "->rules.txt"
            } else {
                "->apps/web/rules.txt"
            };
            let found = flux(&documents, &[&files[..], &[(link, target)]].concat());
            assert!(
                found[0].contains(&format!("`{link}` is a symbolic link, which Flux follows")),
                "{documents}: {found:?}"
            );
        }
    }
}
