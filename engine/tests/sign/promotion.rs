//! The branches that deployers follow: forward only, and only to what is admitted.

use super::world::{APP, DATABASE, World};
use crate::support::Repo;
use tidegate::model::GitId;

struct Shop {
    world: World,
}

impl Shop {
    /// Signed by the binary, whose clock is the machine's.
    fn started() -> Self {
        let shop = Self {
            world: World::new(),
        };
        shop.signs("baseline", &[]);
        shop
    }

    fn signs(&self, command: &str, more: &[&str]) {
        let (key, store) = (self.world.key_file(), self.world.store_name());
        let fixed = [
            command,
            "--env",
            "prod",
            "--key-file",
            &key,
            "--verdicts",
            &store,
        ];
        let (exit, _, errors) = self.world.run(&[&fixed, more].concat());
        assert!(exit <= 1, "{errors}");
    }

    fn promote(&self, more: &[&str]) -> (i32, String) {
        let (trust, store) = (self.world.trust_file(), self.world.store_name());
        let fixed = [
            "promote",
            "--env",
            "prod",
            "--trust",
            &trust,
            "--verdicts",
            &store,
        ];
        let (exit, out, errors) = self.world.run(&[&fixed, more].concat());
        (exit, out + &errors)
    }

    fn at(&self, unit: &str) -> Option<GitId> {
        at(&self.world.repo, &format!("refs/heads/gated/prod/{unit}"))
    }
}

fn at(repo: &Repo, name: &str) -> Option<GitId> {
    let found = repo.git(&["for-each-ref", "--format=%(objectname)", name]);
    (!found.is_empty()).then(|| GitId::parse(&found).unwrap())
}

#[test]
fn each_unit_has_a_branch_that_moves_to_the_newest_commit_that_is_admitted() {
    let shop = Shop::started();
    let first = shop.world.repo.id("HEAD");
    let (exit, said) = shop.promote(&[]);
    assert_eq!(exit, 0, "{said}");
    assert_eq!((shop.at("web"), shop.at("db")), (Some(first), Some(first)));

    let second = shop.world.label(APP, "a", "b");
    let (exit, said) = shop.promote(&[]);
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains("gated/prod/web: stays at"), "{said}");
    assert!(said.contains("refused[missing]"), "{said}");
    // The files of the other unit did not change.
    assert_eq!((shop.at("web"), shop.at("db")), (Some(first), Some(second)));

    shop.signs("sign", &["--unit", "web"]);
    let (exit, said) = shop.promote(&[]);
    assert_eq!((exit, shop.at("web")), (0, Some(second)), "{said}");
    let (exit, said) = shop.promote(&[]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("gated/prod/web: stays at"), "{said}");
}

#[test]
fn an_older_commit_is_taken_where_the_newest_is_not_admitted() {
    let shop = Shop::started();
    shop.promote(&[]);
    let second = shop.world.label(APP, "a", "b");
    shop.signs("sign", &["--unit", "web"]);
    shop.world.repo.write("README.md", "a shop, open\n");
    let documents = shop.world.repo.commit("documents");
    let denied = shop.world.drop_limit();
    shop.signs("sign", &["--unit", "web"]);
    let (exit, said) = shop.promote(&["--unit", "web"]);
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains("refused[failed]"), "{said}");
    assert!(
        said.contains(&format!("the newest commit is {}", denied.short())),
        "{said}"
    );
    assert_ne!(second, documents);
    assert_eq!(shop.at("web"), Some(documents), "{said}");
}

#[test]
fn a_tier_that_is_held_stays_where_it_is() {
    let shop = Shop::started();
    shop.promote(&[]);
    let first = shop.world.repo.id("HEAD");
    shop.world.endanger_database();
    shop.world.edit(DATABASE, "instances: 3", "instances: 4");
    shop.signs("sign", &["--unit", "db"]);
    let (exit, said) = shop.promote(&["--unit", "db"]);
    assert_eq!((exit, shop.at("db")), (4, Some(first)), "{said}");
}

#[test]
fn a_branch_that_somebody_else_put_aside_is_left_alone() {
    let shop = Shop::started();
    let repo = &shop.world.repo;
    let tree = repo.git(&["rev-parse", "HEAD^{tree}"]);
    let aside = repo.git(&["commit-tree", &tree, "-m", "aside"]);
    repo.git(&["update-ref", "refs/heads/gated/prod/web", &aside]);
    // The other unit moves all the same.
    let (exit, said) = shop.promote(&[]);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("error[promote.not-fast-forward]"), "{said}");
    assert_eq!(shop.at("web").unwrap().to_string(), aside);
    assert_eq!(shop.at("db"), Some(repo.id("HEAD")));
}

/// Argo CD takes the first reference whose short or full name is the revision, in an order by chance.
#[test]
fn what_a_deployer_may_take_for_the_branch_is_an_error() {
    let shop = Shop::started();
    let repo = &shop.world.repo;
    let bare = repo.beside("origin.git");
    let path = bare.to_str().unwrap();
    repo.git(&["init", "-q", "--bare", "-b", "main", path]);
    repo.git(&["remote", "add", "origin", &format!("file://{path}")]);
    for namesake in [
        "refs/tags/gated/prod/web",
        "refs/gated/prod/web",
        "refs/remotes/gated/prod/web",
        "refs/tags/refs/heads/gated/prod/web",
        "refs/heads/refs/heads/gated/prod/web",
        "refs/refs/heads/gated/prod/web",
        "refs/heads/\u{a0}refs/heads/gated/prod/web",
        "refs/tags/refs/heads/gated/prod/web\u{2003}x",
    ] {
        for (place, more) in [(".git", &[][..]), (path, &["--remote", "origin"][..])] {
            let there = |arguments: &[&str]| repo.git(&[&["--git-dir", place], arguments].concat());
            repo.git(&["push", "-q", "origin", "HEAD:refs/heads/main"]);
            there(&["update-ref", namesake, "main"]);
            let (exit, said) = shop.promote(more);
            assert_eq!(exit, 3, "{namesake}: {said}");
            let told = format!("error[promote.ambiguous]: `{}`", namesake.escape_debug());
            assert!(said.contains(&told), "{said}");
            let moved = there(&["for-each-ref", "--format=%(refname)", "refs/heads/gated"]);
            assert_eq!(moved, "refs/heads/gated/prod/db", "the other unit moves");
            there(&["update-ref", "-d", namesake]);
        }
    }
    // What only ends so is another thing.
    repo.git(&["update-ref", "refs/tags/old/gated/prod/web", "HEAD"]);
    repo.git(&["push", "-q", "origin", "refs/tags/old/gated/prod/web"]);
    for more in [&[][..], &["--remote", "origin"]] {
        let (exit, said) = shop.promote(more);
        assert_eq!(exit, 0, "{said}");
    }
}

#[test]
fn the_branches_of_a_remote_are_moved_by_a_push_and_those_here_stay() {
    let shop = Shop::started();
    let repo = &shop.world.repo;
    let bare = repo.beside("origin.git");
    let path = bare.to_str().unwrap();
    repo.git(&["init", "-q", "--bare", "-b", "main", path]);
    repo.git(&["remote", "add", "origin", &format!("file://{path}")]);
    let there = |unit: &str| {
        let name = format!("refs/heads/gated/prod/{unit}");
        let found = repo.git(&[
            "--git-dir",
            path,
            "for-each-ref",
            "--format=%(objectname)",
            &name,
        ]);
        (!found.is_empty()).then(|| GitId::parse(&found).unwrap())
    };
    let head = repo.id("HEAD");
    repo.git(&["push", "-q", "origin", "HEAD:refs/heads/gated"]);
    let (exit, said) = shop.promote(&["--remote", "origin"]);
    assert_eq!((exit, there("web")), (3, None), "{said}");
    assert!(said.contains("'refs/heads/gated' exists"), "{said}");
    repo.git(&["push", "-q", "origin", ":refs/heads/gated"]);
    let (exit, said) = shop.promote(&["--remote", "origin"]);
    assert_eq!(exit, 0, "{said}");
    assert_eq!((there("web"), there("db")), (Some(head), Some(head)));
    assert_eq!(shop.at("web"), None);

    let next = shop.world.label(APP, "a", "b");
    shop.signs("sign", &["--unit", "web"]);
    std::fs::write(bare.join("hooks/pre-receive"), "#!/bin/sh\nexit 1\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(bare.join("hooks/pre-receive"), mode).unwrap();
    let (exit, said) = shop.promote(&["--remote", "origin", "--unit", "web"]);
    assert_eq!((exit, there("web")), (3, Some(head)), "{said}");
    assert!(said.contains("error[promote.rejected]"), "{said}");
    std::fs::remove_file(bare.join("hooks/pre-receive")).unwrap();
    let (exit, said) = shop.promote(&["--remote", "origin", "--unit", "web"]);
    assert_eq!((exit, there("web")), (0, Some(next)), "{said}");
}
