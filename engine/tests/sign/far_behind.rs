//! How many commits may wait to be promoted: at the limit, one above, ten times above.

use std::fmt::Write as _;

use tidegate::model::limits;

use super::world::{APP, World};

#[test]
fn commits_that_wait_are_counted_up_to_the_limit() {
    let world = World::new();
    let (key, trust, store) = (world.key_file(), world.trust_file(), world.store_name());
    let with_store = ["--env", "prod", "--unit", "web", "--verdicts", &store];
    let baseline = ["baseline", "--env", "prod", "--key-file", &key];
    let (exit, _, said) = world.run(&[&baseline[..], &["--verdicts", &store]].concat());
    assert_eq!(exit, 0, "{said}");
    let admitted = world.repo.id("HEAD").to_string();
    let waiting = world.label(APP, "a", "b");
    let most = limits::PROMOTION.most;
    for (count, refused) in [(most, false), (most + 1, true), (10 * most, true)] {
        let mut stream = String::new();
        let mut parent = waiting.to_string();
        for number in 1..count {
            let time = 1_800_000_000 + number;
            write!(
                stream,
                "commit refs/heads/long\nmark :{number}\ncommitter C <c@d> {time} +0000\ndata 1\nx\nfrom {parent}\n"
            )
            .unwrap();
            parent = format!(":{number}");
        }
        world
            .repo
            .git_with(&["fast-import", "--quiet", "--force"], stream.as_bytes());
        world
            .repo
            .git(&["update-ref", "refs/heads/main", "refs/heads/long"]);
        let promote = [&["promote", "--trust", &trust][..], &with_store].concat();
        let (exit, out, errors) = world.run(&promote);
        let said = format!("{count}: {out}{errors}");
        assert_eq!(exit, if refused { 3 } else { 4 }, "{said}");
        assert_eq!(said.contains("limit.promotion"), refused, "{said}");
        let branch = "refs/heads/gated/prod/web";
        let at = world
            .repo
            .git(&["for-each-ref", "--format=%(objectname)", branch]);
        assert_eq!(at, if refused { "" } else { &admitted }, "{said}");
        if !refused {
            world.repo.git(&["update-ref", "-d", branch]);
        }
    }
}
