//! Times `tidegate admit` as a whole process, where the branch of verdicts holds few links and many: from a clone that
//! knows the branch, as the hook without any clone, and for twenty Applications at once.
//! Makes its links with the library; knows the binary by its command line and the `git` program only.
//!
//! `cargo bench --bench admit -- [LINKS] [RUNS]`; without LINKS 1, 1,000 and 100,000, in twenty units.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures time and reads its arguments"
)]

mod timing;

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tidegate::attest::{self, Role, SigningKey, TrustFile, TrustedKey, Validity, Verdict};
use tidegate::model::Digest;
use timing::Outcome;

fn main() -> Outcome<()> {
    let numbers = timing::numbers()?;
    let sizes = numbers
        .first()
        .map_or(vec![1, 1_000, 100_000], |size| vec![*size]);
    let runs = numbers.get(1).copied().unwrap_or(RUNS).max(1);

    println!("{UNITS} units, {runs} runs, whole process, ms");
    println!("{:>7}  {:18}{}", "links", "", timing::heading());
    for size in sizes {
        let shop = Shop::new(size)?;
        shop.known(&["app-00"])?;
        let units: Vec<String> = (0..UNITS).map(unit).collect();
        let units: Vec<&str> = units.iter().map(String::as_str).collect();
        let line = |name: &str, times: Vec<Duration>| {
            println!("{size:>7}  {name:18}{}", timing::figures(times));
        };
        line(
            "in a clone",
            timing::measured(runs, || shop.known(&["app-00"]))?,
        );
        line(
            "twenty at once",
            timing::measured(runs, || shop.known(&units))?,
        );
        line(
            "without a clone",
            timing::measured(runs, || shop.new_each_time())?,
        );
    }
    Ok(())
}

/// A clone with two commits, and a remote whose branch of verdicts admits the step from one to the other for each unit.
/// Its folder goes away with it.
struct Shop {
    root: PathBuf,
    key: SigningKey,
}

impl Shop {
    fn new(links: usize) -> Outcome<Self> {
        let name = format!("tidegate-bench-{}-{links}", std::process::id());
        let root = std::env::temp_dir().join(name);
        fs::create_dir_all(root.join("shop"))?;
        let key = SigningKey::generate(|seed| {
            seed.fill(7);
            Ok::<_, ()>(())
        })?;
        let shop = Self { root, key };
        shop.git(&["init", "-q", "-b", "main"])?;
        shop.git(&["init", "-q", "--bare", "-b", "main", "../remote.git"])?;
        shop.git(&["remote", "add", "origin", &shop.address()])?;
        shop.write("tidegate.yaml", &configuration())?;
        shop.write(".tidegate/trust.json", &shop.trust()?)?;
        shop.write("../trust.json", &shop.trust()?)?;
        attest::write_private(&shop.root.join("ci.pem"), &shop.key)?;
        shop.commit("a")?;
        shop.tidegate(&[
            "baseline",
            "--env",
            "prod",
            "--key-file",
            "../ci.pem",
            "--verdicts",
            "branch",
        ])?;
        shop.commit("b")?;
        shop.tidegate(&[
            "sign",
            "--env",
            "prod",
            "--key-file",
            "../ci.pem",
            "--verdicts",
            "branch",
        ])?;
        shop.git(&["push", "-q", "origin", "main"])?;
        shop.fill(links)?;
        Ok(shop)
    }

    /// Each unit with a new value.
    fn commit(&self, value: &str) -> Outcome<()> {
        for number in 0..UNITS {
            let name = unit(number);
            let text = format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop, labels: {{step: {value}}}}}\n"
            );
            self.write(&format!("apps/{name}/config.yaml"), &text)?;
        }
        self.git(&["add", "-A"])?;
        self.git(&["commit", "-q", "-m", value])?;
        Ok(())
    }

    /// Before the step that is judged, so many links in all, a commit each: a baseline puts what was before it out of
    /// the tip, every hundredth link of a unit is one.
    fn fill(&self, links: usize) -> Outcome<()> {
        let each = u64::try_from(links)? / UNITS;
        if each < 2 {
            return Ok(());
        }
        self.git(&["fetch", "-q", "origin", VERDICTS])?;
        let mut import = Command::new("git")
            .args(["fast-import", "--quiet", "--force"])
            .current_dir(self.root.join("remote.git"))
            .stdin(Stdio::piped())
            .spawn()?;
        let mut stream = BufWriter::new(import.stdin.take().ok_or("no standard input")?);
        let mut chains = Vec::new();
        for number in 0..UNITS {
            chains.push((unit(number), self.link(number, 0)?, self.link(number, 1)?));
        }
        for height in 0..each {
            for (name, last, step) in &mut chains {
                let is_step = height + 1 == each;
                let mut verdict = if is_step { step.clone() } else { last.clone() };
                if height > 0 {
                    verdict.height = height;
                    verdict.previous = Some(Digest::of(&last.to_statement_bytes()?));
                    verdict.base = Some(last.head.clone());
                }
                let statement = verdict.to_statement_bytes()?;
                let envelope = attest::sign(&statement, &self.key);
                let time = last.valid_from.as_second();
                write!(
                    stream,
                    "commit {VERDICTS}\ncommitter C <c@shop.example> {time} +0000\ndata 1\nx\n"
                )?;
                if height == 0 && name == "app-00" {
                    writeln!(stream, "from {VERDICTS}^0")?;
                }
                if is_step || height % 100 == 0 {
                    // What a baseline leaves: itself.
                    writeln!(stream, "D links/prod/{name}")?;
                }
                if is_step {
                    let before = attest::sign(&last.to_statement_bytes()?, &self.key);
                    file(&mut stream, name, height - 1, &before)?;
                }
                file(&mut stream, name, height, &envelope)?;
                *last = verdict;
            }
        }
        stream.flush()?;
        drop(stream);
        if !import.wait()?.success() {
            return Err("git fast-import failed".into());
        }
        let tip = self.git(&["--git-dir=../remote.git", "rev-parse", VERDICTS])?;
        self.git(&["fetch", "-q", "origin", tip.trim()])?;
        Ok(())
    }

    /// A link that the binary has signed.
    fn link(&self, number: u64, height: u64) -> Outcome<Verdict> {
        let place = format!("FETCH_HEAD:links/prod/{}/{height}.json", unit(number));
        let envelope = self.git(&["show", &place])?;
        let trust = TrustFile::parse(self.trust()?.as_bytes())?;
        let statement = attest::verify(envelope.as_bytes(), &trust, Role::MergeSigner, "prod")?;
        Ok(Verdict::parse(&statement)?)
    }

    fn trust(&self) -> Outcome<String> {
        let key = TrustedKey {
            public: self.key.public(),
            role: Role::MergeSigner,
            principal: "ci".to_owned(),
            environments: None,
            validity: Validity::default(),
        };
        Ok(TrustFile::new(vec![key])?.print())
    }

    /// All of `units` at once, in a clone that knows the branch.
    fn known(&self, units: &[&str]) -> Outcome<Duration> {
        let begin = Instant::now();
        let mut running = Vec::new();
        for name in units {
            let mut admit = self.admit(name);
            admit.args(["--revision", "HEAD", "--deployed", "HEAD~1"]);
            running.push(admit.spawn()?);
        }
        for process in running {
            expect_pass(process)?;
        }
        Ok(begin.elapsed())
    }

    /// In an empty folder, as a hook begins.
    fn new_each_time(&self) -> Outcome<Duration> {
        let ids = self.git(&["rev-parse", "HEAD", "HEAD~1"])?;
        let (head, before) = ids.trim().split_once('\n').ok_or("two commits")?;
        let mut admit = self.admit("app-00");
        admit.args(["--revision", head, "--deployed", before]);
        admit.args(["--repository", &self.address(), "--work", "../work"]);
        fs::create_dir(self.root.join("work"))?;
        let begin = Instant::now();
        expect_pass(admit.spawn()?)?;
        let taken = begin.elapsed();
        fs::remove_dir_all(self.root.join("work"))?;
        Ok(taken)
    }

    fn admit(&self, unit: &str) -> Command {
        let mut admit = self.command(env!("CARGO_BIN_EXE_tidegate"));
        admit.args(["admit", "--env", "prod", "--unit", unit]);
        admit.args(["--trust", "../trust.json", "--verdicts", "branch"]);
        admit.stdout(Stdio::null()).stderr(Stdio::piped());
        admit
    }

    fn address(&self) -> String {
        format!("file://{}", self.root.join("remote.git").display())
    }

    fn write(&self, path: &str, text: &str) -> Outcome<()> {
        let path = self.root.join("shop").join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        Ok(fs::write(path, text)?)
    }

    fn tidegate(&self, arguments: &[&str]) -> Outcome<()> {
        run(self.command(env!("CARGO_BIN_EXE_tidegate")).args(arguments)).map(|_| ())
    }

    fn git(&self, arguments: &[&str]) -> Outcome<String> {
        run(self.command("git").args(arguments))
    }

    /// In the clone, with nobody's configuration.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.root.join("shop"))
            .env("HOME", &self.root)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@shop.example")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@shop.example");
        command
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.root).ok();
    }
}

fn configuration() -> String {
    let units = (0..UNITS).map(|number| {
        let name = unit(number);
        format!("      - {{name: {name}, kind: Application, path: apps/{name}}}\n")
    });
    let head = "environments:\n  - name: prod\n    max-tier: critical\n    sources:\n";
    head.to_owned() + &units.collect::<String>()
}

fn unit(number: u64) -> String {
    format!("app-{number:02}")
}

fn file(stream: &mut impl Write, unit: &str, height: u64, envelope: &[u8]) -> Outcome<()> {
    let size = envelope.len();
    write!(
        stream,
        "M 100644 inline links/prod/{unit}/{height}.json\ndata {size}\n"
    )?;
    stream.write_all(envelope)?;
    Ok(stream.write_all(b"\n")?)
}

fn expect_pass(process: std::process::Child) -> Outcome<()> {
    let output = process.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    )
    .into())
}

fn run(command: &mut Command) -> Outcome<String> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?}\n{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

const UNITS: u64 = 20;
const RUNS: usize = 15;
const VERDICTS: &str = "refs/heads/tidegate/verdicts";
