//! Kustomizations that are odd: built as kustomize builds them in a checkout, or failed where it fails.

use tidegate::model::code_of;
use tidegate::render::{Deployer, Kustomize};

use super::{DEPLOYMENT, World, plain, try_build};

const ROLE: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: web}
rules: []
";

/// What is beside `web.yaml` and `role.yaml`, and whether kustomize builds it.
const ODD: &[(&str, &str, bool)] = &[
    (
        "a patch whose target is nothing",
        "patches: [{target: {kind: Ingress}, patch: '- {op: remove, path: /spec}'}]",
        true,
    ),
    (
        "a patch of an object that is not there",
        "patches: [{patch: '{apiVersion: v1, kind: Service, metadata: {name: none}}'}]",
        false,
    ),
    (
        "a patch of two objects",
        "patches: [{target: {name: web}, patch: '- {op: add, path: /metadata/labels, value: {a: b}}'}]",
        true,
    ),
    (
        "a step along a path that is not there",
        "patches: [{target: {kind: Deployment}, patch: '- {op: remove, path: /spec/none}'}]",
        false,
    ),
    (
        "a patch that deletes",
        "patches: [{patch: '{$patch: delete, apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: web}}'}]",
        true,
    ),
    ("a file of two patches", "patches: [{path: two.yaml}]", true),
    (
        "a replacement of a field that is not there",
        "replacements: [{source: {kind: Deployment, fieldPath: spec.none}, targets: [{select: {kind: ClusterRole}, fieldPaths: [metadata.name]}]}]",
        false,
    ),
    (
        "an image with everything",
        "images: [{name: nginx, newName: other, newTag: '3', digest: 'sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5'}]",
        true,
    ),
    (
        "an image that nobody has",
        "images: [{name: none, newTag: '3'}]",
        true,
    ),
    (
        "a generator with a binary file and no hash",
        "configMapGenerator: [{name: a, files: [binary]}]\ngeneratorOptions: {disableNameSuffixHash: true}",
        true,
    ),
    (
        "a namespace for a kind of the cluster",
        "namespace: shop",
        true,
    ),
    (
        "a prefix that makes a name too long",
        "namePrefix: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-",
        true,
    ),
];

#[test]
#[ignore = "needs kustomize"]
fn what_is_odd_is_built_or_fails_as_in_a_checkout() {
    for (name, text, builds) in ODD {
        let kustomization = format!("resources: [web.yaml, role.yaml]\n{text}\n");
        let two = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {a: b}}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: web, labels: {c: d}}\n";
        let world = World::new(&[
            ("app/kustomization.yaml", kustomization.as_str()),
            ("app/web.yaml", DEPLOYMENT),
            ("app/role.yaml", ROLE),
            ("app/two.yaml", two),
            ("app/binary", "\u{1}\u{0}\u{ff}"),
        ]);
        let (repository, snapshot) = world.snapshot();
        let built = try_build(
            &repository,
            &snapshot,
            &"app".into(),
            &Kustomize::default(),
            Deployer::ArgoCd,
            &world.programs,
        );
        match (built, plain(&world.repo.path().join("app"), &[])) {
            (Ok(built), Ok(plain)) => {
                assert_eq!(built.text, plain, "{name}");
                assert!(*builds, "{name} builds");
            }
            (Err(error), Err(_)) => {
                assert_eq!(code_of(&error), "render.tool-failed", "{name}: {error}");
                assert!(!builds, "{name}: {error}");
            }
            (built, plain) => panic!("{name}: {:?} and {plain:?}", built.map(|it| it.text)),
        }
    }
}
