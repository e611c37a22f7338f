//! Units that kustomize and Helm render, through the command line and the library: the shop's brands C and D.
//! Knows no kustomization and no chart but theirs.

mod backed;
mod kept;
mod patched;
mod strangers;
mod valued;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate::attest::TrustFile;
use tidegate::gate::{self, AdmitRequest, Request, Runtime, What};
use tidegate::model::{Exit, GitId};
use tidegate::render::{Cache, Programs, ProgramsConfig, Workshop};
use tidegate::store::FolderStore;
use tidegate::verdict::RunReport;
use tidegate::verify::{ApplicationQuery, Sync};

use crate::cli::shop;
use crate::support::Repo;

const VALUES: &str = "apps/loyalty/prod-d/values.yaml";
const PATCH: &str = "apps/storefront/prod-c/replicas.yaml";
const BASE: &str = "apps/storefront/base/deployment.yaml";
const APPLICATION: &str = "argocd/prod-d/loyalty.yaml";

/// A program of `PATH` by one of these names.
#[expect(
    clippy::disallowed_methods,
    reason = "a test looks where the shell would"
)]
fn program(names: &[&str]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let places = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let found = places.into_iter().find(|place| place.is_file());
    found.unwrap_or_else(|| panic!("none of {names:?} is in PATH"))
}

pub(super) fn kustomize() -> PathBuf {
    program(&["kustomize"])
}

fn helm() -> PathBuf {
    program(&["helm", "helm3", "helm4"])
}

/// Programs that are not looked up before they are needed.
fn workshop(programs: bool) -> Arc<Workshop> {
    let programs = ProgramsConfig {
        kustomize: programs.then(kustomize),
        helm: programs.then(helm),
        temporary: std::env::temp_dir(),
        ..ProgramsConfig::default()
    };
    Arc::new(Workshop::new(Programs::new(programs), Cache::off()))
}

fn check_in(repo: &Repo, base: GitId, workshop: &Arc<Workshop>) -> RunReport {
    let request = Request {
        what: What::Range(format!("{base}..HEAD")),
        environment: None,
        unit: None,
        everything: false,
        now: "2026-11-20T10:00:00Z".parse().unwrap(),
        policy_ref: None,
        config: None,
    };
    let runtime = Runtime {
        workshop: Some(workshop),
        ..Runtime::default()
    };
    gate::check_within(&repo.open(), &request, runtime).unwrap()
}

fn edit(repo: &Repo, path: &str, from: &str, to: &str) -> GitId {
    let text = std::fs::read_to_string(repo.path().join(path)).unwrap();
    assert_eq!(text.matches(from).count(), 1, "`{from}` in {path}");
    repo.write(path, text.replacen(from, to, 1));
    repo.commit(&format!("{path}: {to}"))
}

/// Unit, object, field and place of each change.
fn told(report: &RunReport) -> Vec<String> {
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    let units = report.units.iter().flat_map(|unit| {
        unit.changes.iter().flat_map(move |change| {
            let of = |path: &str, place: String| {
                format!(
                    "{}/{} {}: {path} at {place}",
                    unit.environment, unit.unit, change.object.kind
                )
            };
            let whole = change.fields.is_empty().then(|| {
                let place = change.location.as_ref().map(ToString::to_string);
                of(
                    &format!("{:?}", change.operation).to_lowercase(),
                    place.unwrap_or_default(),
                )
            });
            let fields = change.fields.iter().map(move |field| {
                let place = field.new_location.as_ref().or(field.old_location.as_ref());
                of(
                    &field.path,
                    place.map(ToString::to_string).unwrap_or_default(),
                )
            });
            fields.chain(whole).collect::<Vec<_>>()
        })
    });
    units.collect()
}

fn changed(path: &str, from: &str, to: &str) -> Vec<String> {
    let repo = shop();
    let base = repo.id("HEAD");
    edit(&repo, path, from, to);
    told(&check_in(&repo, base, &workshop(true)))
}

#[test]
#[ignore = "needs kustomize"]
fn a_change_of_a_base_or_a_patch_is_told_where_a_person_edits_it() {
    assert_eq!(
        changed(BASE, "memory: 512Mi", "memory: 640Mi"),
        [format!(
            "prod-c/storefront Deployment: spec.template.spec.containers[storefront].resources.limits.memory at {BASE}:91:23"
        )]
    );
    assert_eq!(
        changed(PATCH, "replicas: 4", "replicas: 5"),
        [format!(
            "prod-c/storefront Deployment: spec.replicas at {PATCH}:6:13"
        )]
    );
}

#[test]
#[ignore = "needs helm"]
fn a_change_of_values_is_told_by_their_line_and_one_of_a_template_by_its_file() {
    assert_eq!(
        changed(VALUES, "replicas: 3", "replicas: 4"),
        [format!(
            "prod-d/loyalty Deployment: spec.replicas at {VALUES}:1:1"
        )]
    );
    let template = "apps/loyalty/chart/templates/deployment.yaml";
    assert_eq!(
        changed(
            template,
            "terminationGracePeriodSeconds: 45",
            "terminationGracePeriodSeconds: 60"
        ),
        [format!(
            "prod-d/loyalty Deployment: spec.template.spec.terminationGracePeriodSeconds at {template}:19:1"
        )]
    );
}

#[test]
#[ignore = "needs helm"]
fn what_an_application_says_is_judged_with_what_it_deploys() {
    let told = changed(APPLICATION, "namespace: brand-d", "namespace: brand-x");
    let of = |what: &str| told.iter().filter(|line| line.contains(what)).count();
    assert_eq!(of("Application: spec.destination.namespace"), 1, "{told:?}");
    assert_eq!((of(": create "), of(": delete ")), (4, 4), "{told:?}");
}

#[test]
fn no_program_is_looked_for_where_the_range_touches_no_source() {
    let repo = shop();
    let base = repo.id("HEAD");
    edit(
        &repo,
        "apps/pricing/prod-a/deployment.yaml",
        "replicas: 3",
        "replicas: 4",
    );
    repo.write("apps/storefront/notes.md", "nothing that is deployed");
    repo.commit("notes");
    let workshop = workshop(false);
    let report = check_in(&repo, base, &workshop);
    assert_eq!(report.exit, Exit::Pass, "{:?}", report.errors);
    assert_eq!(report.units.len(), 1);
    assert_eq!(workshop.programs().started(), 0);
}

#[test]
fn without_its_program_a_source_is_not_judged() {
    let repo = shop();
    let base = repo.id("HEAD");
    edit(&repo, PATCH, "replicas: 4", "replicas: 5");
    let report = check_in(&repo, base, &workshop(false));
    assert_eq!(report.exit, Exit::Unjudged);
    let codes: Vec<String> = report
        .errors
        .iter()
        .map(|error| tidegate::model::code_of(error.error.as_ref()))
        .collect();
    assert_eq!(codes, ["render.tool-missing"]);
}

#[test]
#[ignore = "needs kustomize and helm"]
fn only_what_is_touched_is_rendered_and_each_side_once() {
    let repo = shop();
    let base = repo.id("HEAD");
    edit(&repo, PATCH, "replicas: 4", "replicas: 5");
    let workshop = workshop(true);
    check_in(&repo, base, &workshop);
    let first = workshop.programs().started();
    check_in(&repo, base, &workshop);
    // Each side is built with and without the marks that point back, or once where that is enough.
    let second = workshop.programs().started() - first;
    assert!(
        (2..=4).contains(&second),
        "{second} processes for two sides"
    );
    assert!(
        first - second <= 1,
        "{first}, then {second}: the version is asked for once"
    );
}

/// Runs the program itself.
fn tidegate(repo: &Repo, arguments: &[&str]) -> (i32, String) {
    let mut command: Command = repo.command(env!("CARGO_BIN_EXE_tidegate"));
    command
        .env("TIDEGATE_KUSTOMIZE", kustomize())
        .env("TIDEGATE_HELM", helm())
        .args(arguments);
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    (output.status.code().unwrap_or(-1), text)
}

/// The shop with a key, a store and a baseline of one environment.
struct Gated {
    repo: Repo,
    environment: &'static str,
    store: PathBuf,
    key: String,
    trust: PathBuf,
    base: GitId,
}

impl Gated {
    fn new(environment: &'static str) -> Self {
        let repo = shop();
        let key = repo.beside("key").to_str().unwrap().to_owned();
        let trust = repo.path().join(".tidegate/trust.json");
        let file = trust.to_str().unwrap();
        let new = [
            "keys",
            "new",
            "--role",
            "merge-signer",
            "--out",
            &key,
            "--trust",
            file,
        ];
        assert_eq!(tidegate(&repo, &new).0, 0);
        let base = repo.commit("a key");
        let store = repo.beside("verdicts");
        let gated = Self {
            repo,
            environment,
            store,
            key,
            trust,
            base,
        };
        let (exit, text) = gated.signed("baseline");
        assert_eq!(exit, 0, "{text}");
        gated
    }

    fn verdicts(&self) -> String {
        format!("folder:{}", self.store.display())
    }

    fn signed(&self, command: &str) -> (i32, String) {
        let (key, verdicts) = (&self.key, self.verdicts());
        let arguments = [
            command,
            "--env",
            self.environment,
            "--key-file",
            key,
            "--verdicts",
            &verdicts,
        ];
        tidegate(&self.repo, &arguments)
    }

    fn admit(&self) -> (i32, String) {
        let (base, verdicts) = (self.base.to_string(), self.verdicts());
        let trust = self.trust.to_str().unwrap();
        tidegate(
            &self.repo,
            &[
                "admit",
                "--env",
                self.environment,
                "--revision",
                "HEAD",
                "--deployed",
                &base,
                "--trust",
                trust,
                "--verdicts",
                &verdicts,
            ],
        )
    }

    /// Link 1 of the only unit.
    fn link(&self) -> PathBuf {
        let links = self.store.join("links").join(self.environment);
        let unit = std::fs::read_dir(links).unwrap().next().unwrap().unwrap();
        unit.path().join("1.json")
    }

    fn verify(&self, link: &Path) -> (i32, String) {
        let unit = link.parent().and_then(Path::file_name).unwrap();
        tidegate(
            &self.repo,
            &[
                "verify",
                link.to_str().unwrap(),
                "--env",
                self.environment,
                "--unit",
                unit.to_str().unwrap(),
                "--revision",
                "HEAD",
                "--trust",
                self.trust.to_str().unwrap(),
            ],
        )
    }
}

#[test]
#[ignore = "needs kustomize and helm"]
fn a_verdict_of_a_rendered_unit_holds_for_its_inputs_and_its_options_alone() {
    for (environment, renderer, (path, from, to)) in [
        (
            "prod-c",
            "kustomize",
            (BASE, "memory: 512Mi", "memory: 640Mi"),
        ),
        ("prod-d", "helm", (VALUES, "perEuro: 2", "perEuro: 3")),
        (
            "prod-d",
            "helm",
            (APPLICATION, "releaseName: loyalty", "releaseName: points"),
        ),
    ] {
        let gated = Gated::new(environment);
        match environment {
            "prod-c" => edit(&gated.repo, PATCH, "replicas: 4", "replicas: 5"),
            _ => edit(&gated.repo, VALUES, "replicas: 3", "replicas: 4"),
        };
        let (exit, text) = gated.signed("sign");
        assert_eq!(exit, 0, "{text}");
        let (exit, text) = gated.admit();
        assert_eq!(exit, 0, "{text}");
        gated
            .repo
            .write("docs/elsewhere.md", "outside")
            .commit("outside");
        assert_eq!(gated.admit().0, 0);
        let link = gated.link();
        assert_eq!(gated.verify(&link).0, 0);
        edit(&gated.repo, path, from, to);
        let (exit, text) = gated.admit();
        assert_eq!(exit, 4, "{text}");
        assert!(text.contains("refused[missing]"), "{text}");
        let (exit, text) = gated.verify(&link);
        assert_eq!(exit, 4, "{text}");
        let named = format!("\"renderers\":{{\"{renderer}\":\"v");
        assert!(payload(&std::fs::read_to_string(link).unwrap()).contains(&named));
    }
}

#[test]
#[ignore = "needs kustomize and helm"]
fn a_verdict_names_the_option_that_is_another_one_now() {
    let gated = Gated::new("prod-d");
    let config = gated.repo.path().join("tidegate.yaml");
    let with = |render: &str| {
        let text = std::fs::read_to_string(&config).unwrap();
        let kept: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("render:"))
            .collect();
        let text = format!("{}\nrender: {render}\n", kept.join("\n"));
        gated.repo.write("tidegate.yaml", text);
        gated.repo.commit(render);
    };
    edit(&gated.repo, VALUES, "replicas: 3", "replicas: 4");
    let (exit, text) = gated.signed("sign");
    assert_eq!(exit, 0, "{text}");
    let link = gated.link();
    assert_eq!(gated.verify(&link).0, 0);
    with("{kube-version: 1.33.1, helm: {version: v3.0.0}}");
    let (exit, text) = gated.verify(&link);
    assert_eq!(exit, 4, "{text}");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for told in [
        "helm.kubeVersion` was nothing, is `1.33.1`",
        "helm.version` was nothing, is `v3.0.0`",
    ] {
        assert!(text.contains(told), "{told} in {text}");
    }
}

#[test]
#[ignore = "needs kustomize and helm"]
fn an_environment_whose_unit_is_gone_is_not_told_to_be_none() {
    let gated = Gated::new("prod-d");
    edit(
        &gated.repo,
        APPLICATION,
        "https://git.example/acme/shop.git",
        "https://elsewhere.example/x.git",
    );
    let (exit, text) = gated.signed("sign");
    assert_ne!(exit, 0, "{text}");
    assert!(!text.contains("no environment `prod-d`"), "{text}");
    assert!(
        text.contains("environment `prod-d` deploys nothing of this repository"),
        "{text}"
    );
}

/// The Application `loyalty` while it is synced, as Argo CD writes it.
fn syncing(revision: GitId, source: &Value) -> String {
    let template = include_str!("../../../../testdata/argocd/one-source.json");
    let mut root: Value = serde_json::from_str(template).unwrap();
    root["metadata"]["name"] = "loyalty".into();
    let state = &mut root["status"]["operationState"];
    for place in ["/operation/sync", "/syncResult"] {
        let place = state.pointer_mut(place).unwrap();
        place["revision"] = revision.to_string().into();
        place["source"] = source.clone();
    }
    root.to_string()
}

/// What the deployer hears for a sync of `loyalty` with this source.
#[expect(
    clippy::disallowed_methods,
    reason = "what the program signed was signed now"
)]
fn asked(gated: &Gated, source: &Value) -> Result<(), String> {
    let document = syncing(gated.base, source);
    let query = ApplicationQuery {
        namespace: "argocd",
        name: "loyalty",
        repository: "https://git.example/acme/shop.git",
        gate: &[],
    };
    let sync = Sync::read(&document, &query).unwrap();
    let trust = TrustFile::parse(&std::fs::read(&gated.trust).unwrap()).unwrap();
    let request = AdmitRequest {
        environment: "prod-d",
        branch: None,
        unit: Some("loyalty"),
        revision: &gated.base.to_string(),
        deployed: None,
        sync: Some(&sync),
        checkout: None,
        trust: &trust,
        store: &FolderStore::new(&gated.store),
        now: Timestamp::now(),
        witnesses: &[],
    };
    let answers = gate::admit(&gated.repo.open(), &request).unwrap();
    let result = &answers[0].result;
    result
        .as_ref()
        .map(|_| ())
        .map_err(|error| format!("{error:?}"))
}

#[test]
#[ignore = "needs helm"]
fn a_sync_with_the_options_of_git_is_admitted_and_one_with_others_is_refused() {
    let gated = Gated::new("prod-d");
    let of_git = json!({
        "repoURL": "https://git.example/acme/shop.git", "targetRevision": "main", "path": "apps/loyalty/chart",
        "helm": {"releaseName": "loyalty", "valueFiles": ["../prod-d/values.yaml"]},
    });
    let with = |pointer: &str, value: Value| {
        let mut source = of_git.clone();
        source["helm"][pointer] = value;
        source
    };
    for source in [of_git.clone(), with("passCredentials", false.into())] {
        asked(&gated, &source).unwrap();
    }
    for (key, value) in [
        ("values", "replicas: 0".into()),
        ("valueFiles", json!(["values.yaml"])),
        ("parameters", json!([{"name": "replicas", "value": "0"}])),
    ] {
        let told = asked(&gated, &with(key, value)).unwrap_err();
        assert!(
            told.contains("SourceOverride") && told.contains(key),
            "{told}"
        );
    }
}

fn payload(envelope: &str) -> String {
    use base64::Engine as _;
    let envelope: Value = serde_json::from_str(envelope).unwrap();
    let payload = envelope["payload"].as_str().unwrap();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(payload)
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
#[ignore = "needs kustomize and helm"]
fn a_unit_is_printed_as_it_is_deployed_and_no_secret_with_it() {
    let repo = shop();
    repo.write(
        "apps/storefront/prod-c/kustomization.yaml",
        "resources: [../base]\nsecretGenerator:\n- {name: s, literals: [password=S3CR3T-CANARY]}\nconfigMapGenerator:\n- {name: c, literals: [copy=x, url=at-S3CR3T-CANARY]}\nreplacements:\n- source: {kind: Secret, name: s, fieldPath: data.password}\n  targets: [{select: {kind: ConfigMap, name: c}, fieldPaths: [data.copy]}]\n",
    );
    repo.commit("a secret");
    let (exit, text) = tidegate(&repo, &["render", "prod-c/storefront"]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("kind: Secret") && text.contains("kind: Deployment"),
        "{text}"
    );
    assert!(
        !text.contains("S3CR3T") && !text.contains("UzNDUjNU"),
        "{text}"
    );
    let (exit, text) = tidegate(&repo, &["render", "loyalty", "HEAD"]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("POINTS_PER_EURO: \"2\""), "{text}");
    let (exit, text) = tidegate(&repo, &["render", "prod-c/nothing"]);
    assert_eq!(exit, 2, "{text}");
}

#[test]
#[ignore = "needs kustomize"]
fn a_folder_of_the_configuration_that_is_not_there_yet_or_any_more_deploys_nothing() {
    let repo = Repo::new();
    let base = repo
        .write(
            "tidegate.yaml",
            "environments:\n  - name: prod\n    sources:\n      - {name: web, kind: Application, path: web, \
             render: {tool: kustomize, namespace: shop}}\n",
        )
        .commit("no folder");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n";
    let there = repo
        .write("web/kustomization.yaml", "resources: [map.yaml]\n")
        .write("web/map.yaml", map)
        .commit("the folder");
    let workshop = workshop(true);
    let created = told(&check_in(&repo, base, &workshop));
    assert_eq!(
        created,
        ["prod/web ConfigMap: create at web/map.yaml:1:1"],
        "nothing before"
    );
    repo.git(&["rm", "-rq", "web"]);
    let gone = repo.commit("no folder any more");
    let deleted = told(&check_in(&repo, there, &workshop));
    assert_eq!(
        deleted,
        ["prod/web ConfigMap: delete at web/map.yaml:1:1"],
        "nothing after"
    );
    // A file where the folder was is none of both.
    repo.write("web", "text").commit("a file");
    let report = check_in(&repo, gone, &workshop);
    assert_eq!(report.exit, Exit::Unjudged);
}
