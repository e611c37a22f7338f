//! Units that kustomize and Helm render, through the command line and the library: the shop's brands C and D.
//! Knows no kustomization and no chart but theirs.

use std::path::PathBuf;
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

fn kustomize() -> PathBuf {
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

#[test]
#[ignore = "needs kustomize and helm"]
fn a_verdict_of_a_rendered_unit_holds_for_its_inputs_and_its_options_alone() {
    for (environment, inside, renderer) in [
        (
            "prod-c",
            (BASE, "memory: 512Mi", "memory: 640Mi"),
            "kustomize",
        ),
        ("prod-d", (VALUES, "perEuro: 2", "perEuro: 3"), "helm"),
        (
            "prod-d",
            (APPLICATION, "releaseName: loyalty", "releaseName: points"),
            "helm",
        ),
    ] {
        let repo = shop();
        let key = repo.beside("key");
        let key = key.to_str().unwrap();
        let store = format!("folder:{}", repo.beside("verdicts").display());
        let run = |arguments: &[&str]| tidegate(&repo, arguments);
        let trust = repo.path().join(".tidegate/trust.json");
        let trust = trust.to_str().unwrap();
        let made = run(&[
            "keys",
            "new",
            "--role",
            "merge-signer",
            "--out",
            key,
            "--trust",
            trust,
        ]);
        assert_eq!(made.0, 0, "{}", made.1);
        repo.commit("a key");
        let signed = [
            "--env",
            environment,
            "--key-file",
            key,
            "--verdicts",
            &store,
        ];
        let baseline = run(&[&["baseline"], signed.as_slice()].concat());
        assert_eq!(baseline.0, 0, "{}", baseline.1);
        let base = repo.id("HEAD").to_string();
        let (path, from, to) = match environment {
            "prod-c" => (PATCH, "replicas: 4", "replicas: 5"),
            _ => (VALUES, "replicas: 3", "replicas: 4"),
        };
        edit(&repo, path, from, to);
        let link = run(&[&["sign"], signed.as_slice()].concat());
        assert_eq!(link.0, 0, "{}", link.1);
        let admit = || {
            run(&[
                "admit",
                "--env",
                environment,
                "--revision",
                "HEAD",
                "--deployed",
                &base,
                "--trust",
                trust,
                "--verdicts",
                &store,
            ])
        };
        let admitted = admit();
        assert_eq!(admitted.0, 0, "{}", admitted.1);
        repo.write("docs/elsewhere.md", "outside").commit("outside");
        assert_eq!(admit().0, 0);
        edit(&repo, inside.0, inside.1, inside.2);
        let (exit, text) = admit();
        assert_eq!(exit, 4, "{text}");
        assert!(text.contains("refused[missing]"), "{text}");
        let links = repo.beside("verdicts").join("links").join(environment);
        let unit = std::fs::read_dir(links)
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        let envelope = std::fs::read_to_string(unit.join("1.json")).unwrap();
        let verify = run(&[
            "verify",
            unit.join("1.json").to_str().unwrap(),
            "--env",
            environment,
            "--unit",
            unit.file_name().unwrap().to_str().unwrap(),
            "--revision",
            "HEAD",
            "--trust",
            trust,
        ]);
        assert_eq!(verify.0, 4, "{}", verify.1);
        assert!(
            payload(&envelope).contains(&format!("\"renderers\":{{\"{renderer}\":\"v")),
            "{renderer}"
        );
    }
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

#[test]
#[ignore = "needs helm"]
fn a_sync_with_the_options_of_git_is_admitted_and_one_with_others_is_refused() {
    let repo = shop();
    let (key, store) = (repo.beside("key"), repo.beside("verdicts"));
    let verdicts = format!("folder:{}", store.display());
    let trust = repo.path().join(".tidegate/trust.json");
    let (key, trust) = (key.to_str().unwrap(), trust.to_str().unwrap());
    let new = [
        "keys",
        "new",
        "--role",
        "merge-signer",
        "--out",
        key,
        "--trust",
        trust,
    ];
    assert_eq!(tidegate(&repo, &new).0, 0);
    let revision = repo.commit("a key");
    let signed = [
        "--env",
        "prod-d",
        "--key-file",
        key,
        "--verdicts",
        &verdicts,
    ];
    let (exit, text) = tidegate(&repo, &[&["baseline"], signed.as_slice()].concat());
    assert_eq!(exit, 0, "{text}");
    let of_git = json!({
        "repoURL": "https://git.example/acme/shop.git", "targetRevision": "main", "path": "apps/loyalty/chart",
        "helm": {"releaseName": "loyalty", "valueFiles": ["../prod-d/values.yaml"]},
    });
    let with = |pointer: &str, value: Value| {
        let mut source = of_git.clone();
        source["helm"][pointer] = value;
        source
    };
    for (source, refused) in [
        (of_git.clone(), None),
        (with("passCredentials", false.into()), None),
        (with("values", "replicas: 0".into()), Some("helm.values")),
        (
            with("valueFiles", json!(["values.yaml"])),
            Some("helm.valueFiles"),
        ),
        (
            with("parameters", json!([{"name": "replicas", "value": "0"}])),
            Some("helm.parameters"),
        ),
    ] {
        let document = syncing(revision, &source);
        let query = ApplicationQuery {
            namespace: "argocd",
            name: "loyalty",
            repository: "https://git.example/acme/shop.git",
            gate: &[],
        };
        let sync = Sync::read(&document, &query).unwrap();
        let trust = TrustFile::parse(&std::fs::read(trust).unwrap()).unwrap();
        let answers = gate::admit(
            &repo.open(),
            &AdmitRequest {
                environment: "prod-d",
                unit: Some("loyalty"),
                revision: &revision.to_string(),
                deployed: None,
                sync: Some(&sync),
                trust: &trust,
                store: &FolderStore::new(&store),
                now: Timestamp::now(),
            },
        )
        .unwrap();
        let told = format!("{:?}", answers[0].result);
        match refused {
            None => assert!(answers[0].result.is_ok(), "{told}"),
            Some(what) => assert!(
                told.contains("SourceOverride") && told.contains(what),
                "{told}"
            ),
        }
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
        "resources: [../base]\nsecretGenerator:\n- {name: s, literals: [password=S3CR3T-CANARY]}\n",
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
