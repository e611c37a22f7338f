//! Remote bases that are fetched, and built by the real kustomize: what comes out is what a copy in the repository
//! gives. Signed online, admitted without a network.

use std::process::Command;
use std::sync::Arc;

use tidegate::model::{Exit, RepoPath, code_of};
use tidegate::render::{
    self, Cache, Deployer, GitFiles, Kustomize, Online, Programs, ProgramsConfig, Remotes,
    Rendered, Rendering, Tool, Workshop,
};

use super::units::kustomize;
use crate::render::remote::{BASE, World, git, hosts};

#[test]
#[ignore = "needs kustomize"]
fn what_is_fetched_gives_the_objects_of_a_copy() {
    let world = World::new();
    for (path, text) in BASE {
        world.repo.write(format!("vendor/{path}"), text);
    }
    for folder in ["deploy", "common"] {
        for deployer in [Deployer::ArgoCd, Deployer::Flux] {
            world.name(&format!("../../vendor/{folder}"));
            let copied = render(&world, "apps/web", deployer).unwrap();
            let asked = world.server.asked();
            world.name(&world.address(folder));
            let fetched = render(&world, "apps/web", deployer).unwrap();
            assert_eq!(fetched.text, copied.text, "{folder}");
            assert!(fetched.text.contains("name: own"), "{}", fetched.text);
            assert!(world.server.asked() > asked);
            if deployer == Deployer::ArgoCd {
                world.name(&format!("../../vendor/{folder}"));
                assert_eq!(fetched.text, plain(&world), "{folder}");
            }
        }
    }
}

#[test]
#[ignore = "needs kustomize"]
fn a_base_of_a_base_and_components_are_fetched_too() {
    let world = World::new();
    for (path, text) in BASE {
        world.repo.write(format!("vendor/{path}"), text);
    }
    let overlay = "{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization, namePrefix: a-, resources: [BASE], components: [COMPONENT]}\n";
    let with = |base: &str, component: &str| {
        let text = overlay
            .replace("BASE", base)
            .replace("COMPONENT", component);
        world.repo.write("apps/middle/kustomization.yaml", text);
        world.name("../middle");
        render(&world, "apps/web", Deployer::ArgoCd).unwrap().text
    };
    let copied = with("../../vendor/deploy", "../../vendor/component");
    let quoted = |folder: &str| format!("'{}'", world.address(folder));
    let fetched = with(&quoted("deploy"), &quoted("component"));
    assert_eq!(fetched, copied);
    assert!(
        fetched.contains("name: a-web") && fetched.contains("team: shop"),
        "{fetched}"
    );
}

#[test]
#[ignore = "needs kustomize"]
fn objects_of_a_remote_base_are_edited_where_it_is_named() {
    let world = World::new();
    world.name(&world.address("deploy"));
    let rendered = render(&world, "apps/web", Deployer::ArgoCd).unwrap();
    let documents: Vec<&str> = rendered.text.split("---\n").collect();
    let places: Vec<(bool, String)> = documents
        .iter()
        .zip(&rendered.origins)
        .map(|(text, origin)| {
            let place = match &origin.base {
                Some(base) => format!("{}:{}", base.file, base.line),
                None => origin.file.as_ref().unwrap().to_string(),
            };
            (text.contains("name: own"), place)
        })
        .collect();
    assert_eq!(places.len(), 4, "{}", rendered.text);
    for (is_own, place) in places {
        let expected = match is_own {
            true => "apps/web/own.yaml",
            false => "apps/web/kustomization.yaml:3",
        };
        assert_eq!(place, expected);
    }
}

#[test]
#[ignore = "needs kustomize"]
fn what_would_be_other_bytes_elsewhere_is_refused() {
    let world = World::new();
    world.name(&world.address("deploy"));
    let text = std::fs::read_to_string(world.repo.path().join("apps/web/kustomization.yaml"));
    let text = format!("{}buildMetadata: [originAnnotations]\n", text.unwrap());
    world.repo.write("apps/web/kustomization.yaml", text);
    world.repo.commit("annotated");
    let error = render(&world, "apps/web", Deployer::ArgoCd).unwrap_err();
    assert_eq!(error, "render.remote-input");
    // A checkout of it would hold other bytes than its commit.
    world.name(&world.address("crlf"));
    let error = render(&world, "apps/web", Deployer::ArgoCd).unwrap_err();
    assert_eq!(error, "git.content-transformed");
}

#[test]
#[ignore = "needs kustomize"]
fn what_is_signed_online_is_admitted_without_a_network() {
    let world = World::new();
    let gated = Gated::new(&world);
    world.name(&world.address("common"));
    let (exit, text) = gated.run("sign", &[]);
    assert_eq!(exit, i32::from(Exit::Unjudged.code()), "{text}");
    assert!(text.contains("render.remote-input"), "{text}");
    assert_eq!(world.server.asked(), 0);
    let (exit, text) = gated.run("sign", &["--online"]);
    assert_eq!(exit, 0, "{text}");
    let asked = world.server.asked();
    let (exit, text) = gated.admit();
    assert_eq!(exit, 0, "{text}");
    assert_eq!(world.server.asked(), asked);
    let (exit, text) = tidegate(&world, &["check", "--online", "HEAD~1..HEAD"]);
    assert_eq!(exit, 0, "{text}");
    let checked = world.server.asked();
    assert!(checked > asked);
    // What would stand in for it is another state.
    world.repo.write("apps/web/git::http:/x.yaml", "{}\n");
    world.repo.commit("a stand-in");
    let (exit, text) = gated.admit();
    assert_ne!(exit, 0, "{text}");
    world.repo.remove("apps/web/git::http:/x.yaml");
    world.name(&world.address("deploy"));
    let (exit, text) = gated.admit();
    assert_eq!(exit, 4, "{text}");
    assert_eq!(world.server.asked(), checked);
}

/// The repository with a key, a store and a baseline.
struct Gated<'w> {
    world: &'w World,
    key: String,
    store: String,
    base: String,
}

impl<'w> Gated<'w> {
    fn new(world: &'w World) -> Self {
        let key = world.repo.beside("key").to_str().unwrap().to_owned();
        let new = ["keys", "new", "--role", "merge-signer"];
        let new = [new.as_slice(), &["--out", &key, "--trust", TRUST]].concat();
        assert_eq!(tidegate(world, &new).0, 0);
        let gated = Self {
            world,
            store: format!("folder:{}", world.repo.beside("verdicts").display()),
            base: world.repo.commit("a key").to_string(),
            key,
        };
        let (exit, text) = gated.run("baseline", &[]);
        assert_eq!(exit, 0, "{text}");
        gated
    }

    fn run(&self, command: &str, more: &[&str]) -> (i32, String) {
        let key = [command, "--env", "prod", "--key-file", &self.key];
        let all = [key.as_slice(), &["--verdicts", &self.store], more].concat();
        tidegate(self.world, &all)
    }

    fn admit(&self) -> (i32, String) {
        let head = ["admit", "--env", "prod", "--revision", "HEAD"];
        let from = ["--deployed", &self.base, "--trust", TRUST];
        let all = [head.as_slice(), &from, &["--verdicts", &self.store]].concat();
        tidegate(self.world, &all)
    }
}

/// What comes out of a folder of the head, by its code where it does not.
fn render(world: &World, folder: &str, deployer: Deployer) -> Result<Rendered, String> {
    let config = ProgramsConfig {
        kustomize: Some(kustomize()),
        ..git()
    };
    let workshop = Workshop::new(Programs::new(config), Cache::off());
    let workshop = Arc::new(workshop.online(Remotes::new(git())));
    let repository = world.repo.open();
    let snapshot = repository.snapshot(world.repo.id("HEAD")).unwrap();
    let hosts = hosts(world);
    let online = Online::Fetched {
        remotes: workshop.remotes().unwrap(),
        hosts: &hosts,
    };
    let files = GitFiles::new(&repository, &snapshot).with(online);
    let rendering = Rendering {
        folder: RepoPath::from(folder),
        deployer,
        tool: Tool::Kustomize(Kustomize::default()),
    };
    let closure = render::closure(&files, &rendering).map_err(|error| code_of(&error))?;
    let rendered = workshop.render(&files, &rendering, &closure);
    rendered.map_err(|error| code_of(&error))
}

/// What kustomize itself prints in a checkout.
fn plain(world: &World) -> String {
    let mut build = world.repo.command(kustomize());
    let output = build.args(["build", "apps/web"]).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn tidegate(world: &World, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    let output = command
        .current_dir(world.repo.path())
        .env_clear()
        .env("PATH", env!("PATH"))
        .env("HOME", world.repo.beside("home"))
        .env("TIDEGATE_KUSTOMIZE", kustomize())
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8(text).unwrap(),
    )
}

const TRUST: &str = ".tidegate/trust.json";
