//! Times `check` of a range in a repository of overlays over one base: one overlay touched, and all of them, cold and warm,
//! beside one `kustomize build`; and counts the processes that are started.
//! Knows the library and the real kustomize of `PATH`.
//!
//! `cargo bench --bench overlays -- [OVERLAYS] [RUNS]`; without them 50 and 5.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures time and reads its arguments and environment"
)]

mod timing;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tidegate::gate::{self, Request, Runtime, What};
use tidegate::git::{Draft, Repository};
use tidegate::render::{Cache, Programs, ProgramsConfig, Workshop};

use timing::Outcome;

fn main() -> Outcome<()> {
    let numbers = timing::numbers()?;
    let overlays = numbers.first().copied().unwrap_or(50).max(1);
    let runs = numbers.get(1).copied().unwrap_or(5).max(1);

    let folder = tempfile::tempdir()?;
    let shop = Draft::init(folder.path())?;
    shop.write("tidegate.yaml", configuration(overlays)?.as_bytes())?;
    shop.write("base/kustomization.yaml", b"resources: [app.yaml]\n")?;
    shop.write("base/app.yaml", base("1Gi").as_bytes())?;
    for number in 0..overlays {
        shop.write(&place(number), overlay(number, 2).as_bytes())?;
    }
    let first = shop.commit("the shop", 0)?;
    shop.write(&place(0), overlay(0, 3).as_bytes())?;
    let one = shop.commit("one overlay", 60)?;
    shop.write("base/app.yaml", base("2Gi").as_bytes())?;
    let all = shop.commit("the base", 120)?;

    println!("{overlays} overlays over one base, {runs} runs, ms");
    println!("{:28}{}{:>11}", "", timing::heading(), "processes");
    let bench = Bench { folder, runs };
    bench.measure("one touched", &format!("{first}..{one}"))?;
    bench.measure("all touched", &format!("{one}..{all}"))?;
    bench.one_build()
}

struct Bench {
    folder: TempDir,
    runs: usize,
}

impl Bench {
    /// Nothing kept, then with all that the first run kept.
    fn measure(&self, name: &str, range: &str) -> Outcome<()> {
        let (mut cold, mut warm) = (Vec::new(), Vec::new());
        let (mut first, mut then) = (0, 0);
        for _ in 0..self.runs {
            let kept = tempfile::tempdir()?;
            let (time, processes) = self.check(range, kept.path())?;
            cold.push(time);
            first = processes;
            let (time, processes) = self.check(range, kept.path())?;
            warm.push(time);
            then = processes;
        }
        print_line(&format!("{name}, cold"), cold, first);
        print_line(&format!("{name}, warm"), warm, then);
        Ok(())
    }

    fn check(&self, range: &str, kept: &Path) -> Outcome<(Duration, usize)> {
        let programs = ProgramsConfig {
            search: std::env::var_os("PATH"),
            temporary: std::env::temp_dir(),
            versions: Some(kept.to_owned()),
            ..ProgramsConfig::default()
        };
        let workshop = Workshop::new(Programs::new(programs), Cache::open(kept));
        let workshop = Arc::new(workshop);
        let request = Request {
            what: What::Range(range.to_owned()),
            environment: None,
            unit: None,
            everything: false,
            now: "2026-11-20T10:00:00Z".parse()?,
            policy_ref: None,
            config: None,
        };
        let begun = Instant::now();
        let repository = Repository::open(self.folder.path())?;
        let runtime = Runtime {
            workshop: Some(&workshop),
            cache: Some(kept),
            ..Runtime::default()
        };
        let report = gate::check_within(&repository, &request, runtime)?;
        let time = begun.elapsed();
        if !report.errors.is_empty() {
            return Err(format!("{:?}", report.errors).into());
        }
        Ok((time, workshop.programs().started()))
    }

    /// What kustomize itself takes for one of them, in a checkout.
    fn one_build(&self) -> Outcome<()> {
        let checkout: PathBuf = self.folder.path().join("checkout");
        for (path, text) in [
            (
                "base/kustomization.yaml",
                "resources: [app.yaml]\n".to_owned(),
            ),
            ("base/app.yaml", base("2Gi")),
            (place(0).as_str(), overlay(0, 3)),
        ] {
            let file = checkout.join(path);
            std::fs::create_dir_all(file.parent().unwrap_or(&checkout))?;
            std::fs::write(file, text)?;
        }
        let times = timing::measured(self.runs, || {
            let begun = Instant::now();
            let mut command = Command::new("kustomize");
            let output = command
                .arg("build")
                .arg(checkout.join("overlays/0"))
                .output()?;
            let time = begun.elapsed();
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into());
            }
            Ok(time)
        })?;
        print_line("kustomize build, one", times, 1);
        Ok(())
    }
}

fn print_line(name: &str, times: Vec<Duration>, processes: usize) {
    println!("{name:28}{}{processes:>11}", timing::figures(times));
}

fn configuration(overlays: usize) -> Outcome<String> {
    let mut text = "environments:\n- name: prod\n  sources:\n".to_owned();
    for number in 0..overlays {
        writeln!(
            text,
            "  - {{name: u{number}, kind: Application, path: overlays/{number}}}"
        )?;
    }
    Ok(text)
}

fn place(number: usize) -> String {
    format!("overlays/{number}/kustomization.yaml")
}

fn overlay(number: usize, replicas: usize) -> String {
    format!(
        "namespace: tenant-{number}\nresources: [../../base]\nreplicas: [{{name: app, count: {replicas}}}]\n"
    )
}

fn base(memory: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: app}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: app}}}}
  template:
    metadata: {{labels: {{app: app}}}}
    spec:
      containers:
      - name: app
        image: registry.example/app:1.0.0
        resources: {{requests: {{cpu: 1, memory: 1Gi}}, limits: {{memory: {memory}}}}}
"
    )
}
