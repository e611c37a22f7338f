//! Remote bases: refused before anything is asked, unless a run is online, the judge lists the host and a commit pins
//! them. Needs `git`, and no renderer.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tidegate::config::{Config, OnlineHost};
use tidegate::gate::{self, Request, Runtime, What};
use tidegate::model::{Exit, GitId, code_of, limits};
use tidegate::render::{
    Bounds, Cache, Files as _, GitFiles, Naming, Online, Pinned, Programs, ProgramsConfig, Remotes,
    Workshop,
};

use crate::support::{GitHttp, Repo, publish, silent_host};

/// A repository that deploys one folder, and a served one with a base.
pub(super) struct World {
    pub(super) repo: Repo,
    pub(super) server: GitHttp,
    pub(super) base: Repo,
    pub(super) commit: GitId,
    _served: TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        let base = Repo::new();
        for (path, text) in BASE {
            base.write(path, text);
        }
        base.symlink("link/x.yaml", "../../../etc/passwd");
        let commit = base.commit("a base");
        let served = tempfile::tempdir().unwrap();
        publish(base.path(), served.path(), "shop/base.git");
        let server = GitHttp::serve(served.path());
        let repo = Repo::new();
        repo.write("tidegate.yaml", config(&[&server.host()]));
        repo.write("apps/web/kustomization.yaml", "resources: [own.yaml]\n");
        repo.write("apps/web/own.yaml", OWN);
        repo.commit("the shop");
        Self {
            repo,
            server,
            base,
            commit,
            _served: served,
        }
    }

    /// The address of a folder of the base.
    pub(super) fn address(&self, folder: &str) -> String {
        let (host, commit) = (self.server.host(), self.commit);
        format!("git::http://{host}/shop/base.git//{folder}?ref={commit}")
    }

    /// Commits a kustomization that names this too.
    pub(super) fn name(&self, address: &str) -> GitId {
        let text = format!("resources:\n- own.yaml\n- {address}\n");
        self.repo.write("apps/web/kustomization.yaml", text);
        self.repo.commit("a remote base")
    }

    /// How the last commit is judged: the exit, and what keeps it from being judged.
    fn judged(&self, workshop: &Arc<Workshop>) -> (Exit, Vec<String>, String) {
        let what = What::Range("HEAD~1..HEAD".to_owned());
        let request = Request::new(what, "2026-11-20T10:00:00Z".parse().unwrap());
        let runtime = Runtime {
            workshop: Some(workshop),
            ..Runtime::default()
        };
        let report = gate::check_within(&self.repo.open(), &request, runtime).unwrap();
        let codes = report.errors.iter();
        let codes = codes.map(|error| code_of(error.error.as_ref()));
        let texts = report.errors.iter().map(|error| error.error.to_string());
        (report.exit, codes.collect(), texts.collect())
    }
}

#[test]
fn without_online_nobody_is_asked_and_nothing_is_started() {
    let world = World::new();
    world.name(&world.address("deploy"));
    let offline = offline();
    let (exit, codes, text) = world.judged(&offline);
    assert_eq!((exit, codes), unjudged("render.remote-input"));
    assert!(
        text.starts_with("apps/web/kustomization.yaml:3:3: `git::http://"),
        "{text}"
    );
    assert_eq!((world.server.asked(), offline.programs().started()), (0, 0));
}

#[test]
fn what_is_pinned_is_fetched_once_and_read() {
    let world = World::new();
    world.name(&world.address("deploy"));
    // There is no kustomize here: all that it needs is at hand.
    let (exit, codes, text) = world.judged(&online());
    assert_eq!((exit, codes), unjudged("render.tool-missing"), "{text}");
    let once = world.server.asked();
    assert!(once > 0);
    let (_, codes, _) = world.judged(&online());
    assert_eq!(codes, ["render.tool-missing"]);
    assert_eq!(world.server.asked(), 2 * once);
}

#[test]
fn what_is_not_pinned_or_not_listed_is_refused_before_anybody_is_asked() {
    let world = World::new();
    let host = world.server.host();
    let pinned = world.address("deploy");
    let (address, _) = pinned.split_once('?').unwrap();
    let elsewhere = pinned.replace("127.0.0.1", "127.0.0.2");
    let secure = pinned.replace("http://", "https://");
    for (address, code) in [
        (format!("{address}?ref=main"), "render.remote-input"),
        (
            format!("{address}?ref={}", world.commit.short()),
            "render.remote-input",
        ),
        (address.to_owned(), "render.remote-input"),
        (format!("{pinned}&timeout=1s"), "render.remote-input"),
        (pinned.replace("git::", ""), "render.remote-input"),
        (
            pinned.replace("http://", "http://me:secret@"),
            "render.remote-input",
        ),
        (
            format!("ssh://git@{host}/shop/base.git"),
            "render.remote-input",
        ),
        (elsewhere, "render.remote-host"),
        // The judge lists it without TLS.
        (secure, "render.remote-host"),
    ] {
        world.name(&address);
        let (exit, codes, text) = world.judged(&online());
        assert_eq!((exit, codes), unjudged(code), "{address}");
        assert!(text.contains("kustomization.yaml:3:3: "), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    assert_eq!(world.server.asked(), 0);
}

#[test]
fn a_change_cannot_list_its_own_host() {
    let world = World::new();
    world.repo.write("tidegate.yaml", config(&["github.com"]));
    world.repo.commit("another host");
    world
        .repo
        .write("tidegate.yaml", config(&[&world.server.host()]));
    world.name(&world.address("deploy"));
    let (exit, codes, _) = world.judged(&online());
    assert_eq!((exit, codes), unjudged("render.remote-host"));
    assert_eq!(world.server.asked(), 0);
}

#[test]
fn who_does_not_answer_may_answer_later_and_a_commit_that_is_not_there_never_comes() {
    let world = World::new();
    let silent = silent_host();
    world
        .repo
        .write("tidegate.yaml", config(&[&world.server.host(), &silent]));
    world.repo.commit("another host");
    world.name(
        &world
            .address("deploy")
            .replace(&world.server.host(), &silent),
    );
    let (exit, codes, text) = world.judged(&online());
    assert_eq!(
        (exit, codes),
        (Exit::Temporary, vec!["net.unavailable".to_owned()]),
        "{text}"
    );
    let other = "0123456789012345678901234567890123456789";
    world.name(
        &world
            .address("deploy")
            .replace(&world.commit.to_string(), other),
    );
    let (exit, codes, text) = world.judged(&online());
    assert_eq!((exit, codes), unjudged("render.remote-missing"), "{text}");
    world.name(&world.address("deploy").replace("base.git", "none.git"));
    let (exit, codes, text) = world.judged(&online());
    assert_eq!((exit, codes), unjudged("render.remote-missing"), "{text}");
}

#[test]
fn a_tree_or_a_blob_is_no_commit() {
    let world = World::new();
    for object in ["HEAD^{tree}", "HEAD:deploy/deployment.yaml"] {
        let id = world.base.id(object);
        world.name(
            &world
                .address("deploy")
                .replace(&world.commit.to_string(), &id.to_string()),
        );
        let (exit, codes, text) = world.judged(&online());
        assert_eq!(exit, Exit::Unjudged, "{text}");
        let known = ["render.remote-missing", "render.remote-damaged"];
        assert!(known.contains(&&*codes[0]), "{codes:?}: {text}");
    }
}

#[test]
fn a_remote_base_holds_nothing_that_its_own_repository_does_not() {
    let world = World::new();
    for (folder, code) in [
        ("above", "render.outside-tree"),
        ("link", "render.link-outside"),
        ("floating", "render.remote-input"),
        ("outside", "render.outside-root"),
        ("missing", "render.missing-input"),
        ("none", "render.missing-input"),
        ("component", "render.component"),
    ] {
        world.name(&world.address(folder));
        let (exit, codes, text) = world.judged(&online());
        assert_eq!((exit, codes), unjudged(code), "{folder}: {text}");
        assert!(text.contains("apps/web/kustomization.yaml:3:3"), "{text}");
    }
}

#[test]
fn nothing_of_the_repository_stands_in_for_what_is_fetched() {
    let world = World::new();
    world.repo.write("apps/web/git::http:/x.yaml", OWN);
    world.name(&world.address("deploy"));
    let (exit, codes, _) = world.judged(&online());
    assert_eq!((exit, codes), unjudged("render.remote-hidden"));
    world.repo.remove("apps/web/git::http:/x.yaml");
    world.repo.write(".tidegate-remote/x.yaml", OWN);
    world.repo.commit("a folder of its own");
    world.name(&format!("{} # again", world.address("deploy")));
    let (exit, codes, _) = world.judged(&online());
    assert_eq!((exit, codes), unjudged("render.remote-hidden"));
}

#[test]
fn one_run_fetches_so_many_remote_bases_and_no_more() {
    let world = World::new();
    let silent = silent_host();
    world.repo.write("tidegate.yaml", config(&[&silent]));
    world.repo.commit("another host");
    let remotes = Remotes::new(git());
    let hosts = hosts(&world);
    let snapshot = world.repo.open().snapshot(world.repo.id("HEAD")).unwrap();
    let repository = world.repo.open();
    let online = Online::Fetched {
        remotes: &remotes,
        hosts: &hosts,
    };
    let files = GitFiles::new(&repository, &snapshot).with(online);
    let code = |number: usize| {
        let address = format!("git::http://{silent}/o/r?ref={number:040x}");
        let pinned = Pinned::parse(&address, Naming::Resource).unwrap();
        code_of(&files.mount(&pinned).unwrap_err())
    };
    let most = limits::REMOTE_BASES.most;
    let codes: Vec<String> = (0..=most).map(code).collect();
    assert!(
        codes[..most].iter().all(|code| code == "net.unavailable"),
        "{codes:?}"
    );
    assert_eq!(codes[most], "limit.remote-bases");
    // What was asked before is still known.
    assert_eq!(code(0), "net.unavailable");
}

#[test]
fn who_takes_too_long_or_sends_too_much_is_left() {
    let world = World::new();
    let dumb = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = dumb.local_addr().unwrap().to_string();
    world
        .repo
        .write("tidegate.yaml", config(&[&world.server.host(), &host]));
    world.repo.commit("another host");
    let within = |time, output| {
        let bounds = Bounds {
            time: Duration::from_millis(time),
            output,
            ..Bounds::default()
        };
        let workshop = Workshop::new(Programs::new(programs()), Cache::off());
        Arc::new(workshop.online(Remotes::within(git(), bounds)))
    };
    world.name(&world.address("deploy").replace(&world.server.host(), &host));
    let (exit, codes, text) = world.judged(&within(500, 1 << 20));
    assert_eq!(
        (exit, codes),
        (Exit::Temporary, vec!["net.unavailable".to_owned()]),
        "{text}"
    );
    let noise: String = (0..40_000_u64)
        .map(|n| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .collect();
    world.base.write("noise.txt", noise);
    let large = world.base.commit("noise");
    let served = tempfile::tempdir().unwrap();
    publish(world.base.path(), served.path(), "shop/base.git");
    let server = GitHttp::serve(served.path());
    world.repo.write("tidegate.yaml", config(&[&server.host()]));
    // The state before has no base of the server that is listed no more.
    let text = "resources: [own.yaml]\n";
    world.repo.write("apps/web/kustomization.yaml", text);
    world.repo.commit("another server");
    let address = world
        .address("deploy")
        .replace(&world.server.host(), &server.host());
    world.name(&address.replace(&world.commit.to_string(), &large.to_string()));
    let (exit, codes, text) = world.judged(&within(60_000, 100_000));
    assert_eq!((exit, codes), unjudged("render.remote-missing"), "{text}");
    assert_eq!(world.judged(&online()).1, ["render.tool-missing"]);
}

pub(super) fn unjudged(code: &str) -> (Exit, Vec<String>) {
    (Exit::Unjudged, vec![code.to_owned()])
}

fn config(hosts: &[&str]) -> String {
    let hosts: Vec<String> = hosts
        .iter()
        .map(|host| match host.starts_with("127.") {
            true => format!("'http://{host}'"),
            false => (*host).to_owned(),
        })
        .collect();
    let hosts = hosts.join(", ");
    format!(
        "environments: [{{name: prod, sources: [{{name: web, kind: Application, path: apps/web}}]}}]\nonline: {{hosts: [{hosts}]}}\n"
    )
}

/// Those that the configuration at the head lists.
pub(super) fn hosts(world: &World) -> Vec<OnlineHost> {
    let text = world.repo.git(&["show", "HEAD:tidegate.yaml"]);
    Config::parse(&"tidegate.yaml".into(), text.as_bytes())
        .unwrap()
        .online
}

fn offline() -> Arc<Workshop> {
    Arc::new(Workshop::new(Programs::new(programs()), Cache::off()))
}

fn online() -> Arc<Workshop> {
    let workshop = Workshop::new(Programs::new(programs()), Cache::off());
    Arc::new(workshop.online(Remotes::new(git())))
}

/// None that renders.
fn programs() -> ProgramsConfig {
    ProgramsConfig {
        temporary: std::env::temp_dir(),
        ..ProgramsConfig::default()
    }
}

pub(super) fn git() -> ProgramsConfig {
    ProgramsConfig {
        search: Some(env!("PATH").into()),
        ..programs()
    }
}

const OWN: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: own}}\n";

pub(super) const BASE: &[(&str, &str)] = &[
    (
        "deploy/kustomization.yaml",
        "resources: [deployment.yaml, ../common]\nconfigMapGenerator: [{name: settings, files: [app.conf]}]\ncomponents: [../component]\n",
    ),
    (
        "deploy/deployment.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers: [{name: web, image: 'shop/web:1.2.3', resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: 200m, memory: 128Mi}}}]\n",
    ),
    ("deploy/app.conf", "a = 1\n"),
    ("common/kustomization.yaml", "resources: [service.yaml]\n"),
    (
        "common/service.yaml",
        "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}}}\n",
    ),
    (
        "component/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nlabels: [{pairs: {team: shop}}]\n",
    ),
    ("above/kustomization.yaml", "resources: [../../other]\n"),
    ("link/kustomization.yaml", "resources: [x.yaml]\n"),
    (
        "floating/kustomization.yaml",
        "resources: ['github.com/o/r?ref=main']\n",
    ),
    (
        "outside/kustomization.yaml",
        "resources: [../common]\nconfigMapGenerator: [{name: a, files: [../deploy/app.conf]}]\n",
    ),
    ("missing/kustomization.yaml", "resources: [x.yaml]\n"),
    ("crlf/kustomization.yaml", "resources: [x.yaml]\n"),
    (
        "crlf/x.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}\n",
    ),
    (".gitattributes", "crlf/x.yaml text eol=crlf\n"),
];
