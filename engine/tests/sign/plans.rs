//! Plans for the way back that commits name count where links are signed as they do in a check.

use super::world::World;

const JUDGE: &str = "\
profile: retail-prod
policies: {freeze-windows: {require-calendar: {production: false}}}
images: {signatures: of-authorities, registries: [\"**\"]}
environments:
  - {name: prod, stage: production, paths: [\"shop/**\"]}
";
const PLAN: &str = "# Going back\n\n## Irreversible\n\nRestore the snapshot.\n";

fn claim(size: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: files, namespace: shop}}\nspec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: {size}}}}}}}\n"
    )
}

/// Whether what is signed after these commits lacks a plan; each is a message, with the plan beside it or without.
fn lacks(commits: &[(&str, Option<&str>)]) -> bool {
    let world = World::judged_by(JUDGE);
    world.repo.write("shop/claim.yaml", claim("10Gi"));
    world.repo.commit("a volume");
    world.baseline("prod", None);
    world.repo.write("shop/claim.yaml", claim("20Gi"));
    for (nth, (message, plan)) in commits.iter().enumerate() {
        world.repo.write("elsewhere.txt", format!("{nth}\n"));
        if let Some(path) = plan {
            world.repo.write(path, PLAN);
        }
        world.repo.commit(message);
    }
    let told = world.sign("prod", Some("prod"));
    assert!(
        told.starts_with("prod/prod fail"),
        "no backup is known: {told}"
    );
    told.contains("rollback.irreversible-field")
}

#[test]
fn a_plan_that_a_commit_of_the_signed_range_names_is_the_one_that_counts() {
    let own = "grow\n\nRollback-Plan: docs/grow.md";
    assert!(lacks(&[("grow", None)]));
    assert!(!lacks(&[("grow", Some("docs/rollback.md"))]));
    assert!(!lacks(&[(own, Some("docs/grow.md"))]));
    // It is asked for instead of the one of the settings.
    assert!(lacks(&[(own, Some("docs/rollback.md"))]));
    // Any commit since the last link may name it; each that is named counts.
    assert!(!lacks(&[(own, Some("docs/grow.md")), ("more", None)]));
    let other = "more\n\nRollback-Plan: docs/more.md";
    assert!(lacks(&[(own, Some("docs/grow.md")), (other, None)]));
}
