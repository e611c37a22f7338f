//! Attributes that rewrite a manifest on checkout are seen at signing and at the sync.

use super::world::{APP, World};

#[test]
fn what_was_signed_is_not_admitted_once_a_checkout_would_rewrite_it() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    world.repo.write(
        ".gitattributes",
        "*.yaml working-tree-encoding=ISO-8859-1\n",
    );
    let rewritten = world.repo.commit("attributes");
    assert_eq!(
        world.admit("web", rewritten, Some(running)),
        "git.content-transformed exit 3"
    );
    assert!(
        world
            .sign("prod", Some("web"))
            .contains("git.content-transformed"),
        "{}",
        world.sign("prod", Some("web"))
    );
    let envelope = world.envelope("prod/web", 1);
    assert_eq!(
        world.verify(&envelope, "prod", Some("web"), rewritten),
        "git.content-transformed exit 3"
    );
}
