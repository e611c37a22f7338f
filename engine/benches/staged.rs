//! Times `tidegate check` of what is staged and of the same as a commit, as a whole process, cold and warm, in a
//! generated repository, beside `git diff --cached --stat`.
//! Knows the binary by its command line and the `git` program only.
//!
//! `cargo bench --bench staged -- [FILES] [RUNS]`; without FILES both 1,000 and 10,000.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures time and reads its arguments"
)]

mod timing;

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use timing::Outcome;

fn main() -> Outcome<()> {
    let numbers = timing::numbers()?;
    let sizes = numbers
        .first()
        .map_or(vec![1_000, 10_000], |size| vec![*size]);
    let runs = numbers.get(1).copied().unwrap_or(RUNS).max(1);

    println!("{CHANGED} changed Deployments, {runs} runs, whole process, ms");
    println!("{:>7}  {:20}{}", "files", "", timing::heading());
    for size in sizes {
        let shop = Shop::new(size)?;
        let line = |command: &str, times: Vec<Duration>| {
            println!("{size:>7}  {command:20}{}", timing::figures(times));
        };
        let both = |range: &str| -> Outcome<()> {
            let cold = timing::measured(runs, || shop.check(range, Cache::Removed))?;
            let warm = timing::measured(runs, || shop.check(range, Cache::Kept))?;
            line(&format!("{range}, cold"), cold);
            line(&format!("{range}, warm"), warm);
            Ok(())
        };
        both("--staged")?;
        let git = timing::measured(runs, || shop.git_diff())?;
        line("git diff --cached", git);
        shop.git(&["commit", "-q", "-m", "Twenty changes"])?;
        both("HEAD~1..HEAD")?;
    }
    Ok(())
}

/// What happens before a run to the index of blobs and to the answers of policies, which lie below `HOME`.
/// The page cache of the system stays warm.
#[derive(Clone, Copy)]
enum Cache {
    Removed,
    Kept,
}

/// A repository with staged changes; its folder goes away with it.
struct Shop {
    root: PathBuf,
}

impl Shop {
    fn new(files: usize) -> Outcome<Self> {
        let name = format!("tidegate-bench-{}-{files}", std::process::id());
        let shop = Self {
            root: std::env::temp_dir().join(name),
        };
        fs::create_dir(&shop.root)?;
        shop.git(&["init", "-q", "-b", "main"])?;
        // Else a commit of this size packs in the background, and the packing below finds it at work.
        shop.git(&["config", "gc.auto", "0"])?;
        shop.git(&["config", "maintenance.auto", "false"])?;
        shop.write("tidegate.yaml", CONFIGURATION)?;
        let deployments = shop.write_manifests(files.saturating_sub(1))?;
        shop.git(&["add", "-A"])?;
        shop.git(&["commit", "-q", "-m", "The shop"])?;
        // As a repository on disk is: packed, without a thousand loose objects.
        shop.git(&["gc", "-q"])?;
        shop.change(&deployments)?;
        shop.git(&["add", "-A"])?;
        Ok(shop)
    }

    /// Writes `count` manifests and returns the paths of the Deployments among them.
    fn write_manifests(&self, count: usize) -> Outcome<Vec<String>> {
        let mut deployments = Vec::new();
        for index in 0..count {
            let (namespace, place) = (index / PER_NAMESPACE, index % PER_NAMESPACE);
            let (kind, text) = manifest(namespace, place);
            let path = format!("apps/shop-{namespace:03}/{kind}-{place:02}.yaml");
            self.write(&path, &text)?;
            if kind == "deployment" {
                deployments.push(path);
            }
        }
        Ok(deployments)
    }

    /// Takes the memory limit from every other one of twenty Deployments, spread over the namespaces,
    /// and gives the rest a new image.
    fn change(&self, deployments: &[String]) -> Outcome<()> {
        if deployments.len() < CHANGED {
            return Err(format!(
                "{} Deployments are too few to change {CHANGED}",
                deployments.len()
            )
            .into());
        }
        // Odd, so that Deployments with and without an autoscaler are among them.
        let stride = (deployments.len() / CHANGED - 1) | 1;
        for (index, path) in deployments.iter().step_by(stride).take(CHANGED).enumerate() {
            let old = fs::read_to_string(self.root.join(path))?;
            let new = if index % 2 == 0 {
                old.replace(MEMORY_LIMIT, "")
            } else {
                old.replace(":17.0.1@", ":17.0.2@")
                    .replace(OLD_DIGEST, NEW_DIGEST)
            };
            if new == old {
                return Err(format!("nothing to change in {path}").into());
            }
            fs::write(self.root.join(path), new)?;
        }
        Ok(())
    }

    /// Runs the binary once and returns its time; findings other than the planted ones are an error.
    fn check(&self, range: &str, cache: Cache) -> Outcome<Duration> {
        if let Cache::Removed = cache {
            remove(&self.root.join(".git/tidegate"))?;
            remove(&self.root.join(".cache/tidegate"))?;
        }
        let mut command = self.command(env!("CARGO_BIN_EXE_tidegate"));
        command.args(["check", range, "--output", "json"]);
        let begin = Instant::now();
        let output = command.output()?;
        let time = begin.elapsed();
        expect_findings(&output)?;
        Ok(time)
    }

    fn git_diff(&self) -> Outcome<Duration> {
        let begin = Instant::now();
        self.git(&["diff", "--cached", "--stat"])?;
        Ok(begin.elapsed())
    }

    fn git(&self, arguments: &[&str]) -> Outcome<()> {
        let output = self.command("git").args(arguments).output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!(
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        )
        .into())
    }

    /// A command in the repository that sees nothing of the caller's configuration.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .env("HOME", &self.root)
            .env("GIT_CONFIG_NOSYSTEM", "1");
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), "Ada")
                .env(format!("GIT_{role}_EMAIL"), "ada@shop.example");
            command.env(format!("GIT_{role}_DATE"), "2026-03-02T09:00:00Z");
        }
        command
    }

    fn write(&self, path: &str, text: &str) -> io::Result<()> {
        let path = self.root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // A folder left behind in the temporary directory spoils no figure.
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A fast wrong answer is no figure: the ten planted findings, no other denial of that code, exit 1.
fn expect_findings(output: &Output) -> Outcome<()> {
    let text = String::from_utf8_lossy(&output.stdout);
    let found = codes(&text).filter(|code| *code == PLANTED).count();
    if output.status.code() == Some(1) && found == WITHOUT_LIMIT {
        return Ok(());
    }
    let mut message = format!(
        "{found} findings of {PLANTED} instead of {WITHOUT_LIMIT}, {}",
        output.status
    );
    write!(
        message,
        "\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    )?;
    Err(message.into())
}

/// The values of every member named `code`.
fn codes(json: &str) -> impl Iterator<Item = &str> {
    json.split("\"code\"").skip(1).filter_map(|rest| {
        let value = rest
            .trim_start()
            .strip_prefix(':')?
            .trim_start()
            .strip_prefix('"')?;
        value.split('"').next()
    })
}

/// The manifest at a place of a namespace: one LimitRange, then apps of a Deployment, a Service and,
/// for every other one, an autoscaler.
fn manifest(namespace: usize, place: usize) -> (&'static str, String) {
    let Some(place) = place.checked_sub(1) else {
        return ("limitrange", fill(LIMIT_RANGE, namespace, 0));
    };
    let app = place / 5 * 2 + usize::from(place % 5 > 2);
    let (kind, text) = match place % 5 {
        0 | 3 => ("deployment", DEPLOYMENT),
        1 | 4 => ("service", SERVICE),
        _ => ("hpa", AUTOSCALER),
    };
    (kind, fill(text, namespace, app))
}

fn fill(template: &str, namespace: usize, app: usize) -> String {
    let namespace = format!("shop-{namespace:03}");
    let app = format!("odoo-{app:02}");
    template
        .replace("NAMESPACE", &namespace)
        .replace("APP", &app)
        .replace("DIGEST", OLD_DIGEST)
}

const RUNS: usize = 15;
const CHANGED: usize = 20;
const WITHOUT_LIMIT: usize = 10;
const PER_NAMESPACE: usize = 100;
const PLANTED: &str = "resources.missing-memory-limit";

const OLD_DIGEST: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const NEW_DIGEST: &str = "2222222222222222222222222222222222222222222222222222222222222222";

const CONFIGURATION: &str = "\
environments:
  - name: prod
    paths: [\"apps/**\"]
";

// Defaults for requests, a ceiling for CPU, and none for memory: a memory limit that goes is missing.
const LIMIT_RANGE: &str = "\
apiVersion: v1
kind: LimitRange
metadata:
  name: defaults
  namespace: NAMESPACE
spec:
  limits:
    - type: Container
      max:
        cpu: \"4\"
      defaultRequest:
        cpu: 100m
        memory: 256Mi
";

const MEMORY_LIMIT: &str = "              memory: 2Gi\n";

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: APP
  namespace: NAMESPACE
  labels:
    app.kubernetes.io/name: APP
    app.kubernetes.io/part-of: shop
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: APP
  template:
    metadata:
      labels:
        app.kubernetes.io/name: APP
        app.kubernetes.io/part-of: shop
    spec:
      automountServiceAccountToken: false
      containers:
        - name: odoo
          image: registry.example/acme/odoo:17.0.1@sha256:DIGEST
          args: [\"--workers=2\", \"--max-cron-threads=0\"]
          ports:
            - name: http
              containerPort: 8069
          env:
            - name: DB_HOST
              value: postgres-rw
          resources:
            requests:
              cpu: 500m
              memory: 1Gi
            limits:
              cpu: \"2\"
              memory: 2Gi
              ephemeral-storage: 1Gi
          readinessProbe:
            httpGet:
              path: /web/health
              port: http
";

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: APP
  namespace: NAMESPACE
spec:
  selector:
    app.kubernetes.io/name: APP
  ports:
    - name: http
      port: 80
      targetPort: http
";

const AUTOSCALER: &str = "\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: APP
  namespace: NAMESPACE
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: APP
  minReplicas: 2
  maxReplicas: 6
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: 70
";
