//! The first five minutes with tidegate, command by command, in a retailer's repository that knows
//! nothing of it: an empty home, a remote that is a folder, no network.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::{copy, root, said};
use crate::support::{Repo, run};

const DEPLOYMENT: &str = "apps/odoo/prod-a/web-deployment.yaml";
const DATABASE: &str = "apps/postgres/prod-a/cluster.yaml";
const LIMIT: &str = "              memory: 4Gi\n";

/// The shop without its gate, pushed to a bare repository beside it.
struct Newcomer {
    repo: Repo,
}

impl Newcomer {
    fn new() -> Self {
        let repo = Repo::new();
        copy(&root().join("testdata/shop"), &repo, "");
        fs::remove_file(repo.path().join("tidegate.yaml")).unwrap();
        // A newcomer may have neither kustomize nor Helm.
        for folder in [
            ".github",
            "apps/storefront",
            "apps/loyalty",
            "argocd/prod-d",
        ] {
            fs::remove_dir_all(repo.path().join(folder)).unwrap();
        }
        repo.commit("the shop");
        let origin = repo.beside("origin.git");
        let origin = origin.to_str().unwrap();
        repo.git(&["init", "-q", "--bare", "--initial-branch=main", origin]);
        let url = format!("file://{origin}");
        repo.git(&["remote", "add", "origin", &url]);
        repo.git(&["push", "-q", "-u", "origin", "main"]);
        Self { repo }
    }

    /// A line as it is typed, in the repository.
    fn types(&self, line: &str) -> Output {
        self.types_in(self.repo.path(), line)
    }

    fn types_in(&self, folder: &Path, line: &str) -> Output {
        let program = Path::new(env!("CARGO_BIN_EXE_tidegate"));
        let path = format!("{}:{}", program.parent().unwrap().display(), env!("PATH"));
        let mut shell: Command = self.repo.command("sh");
        shell.args(["-c", line]).current_dir(folder);
        shell.env("PATH", path).output().unwrap()
    }

    /// Types it, and holds how it ends and what it says against what must come.
    fn expect(&self, line: &str, exit: i32, phrase: &str) -> String {
        let (text, seen) = said(&self.types(line));
        assert_eq!(seen, exit, "$ {line}\n{text}");
        assert!(text.contains(phrase), "no `{phrase}`\n$ {line}\n{text}");
        text
    }

    /// Replaces text that stands exactly once in a file.
    fn edit(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.repo.path().join(path)).unwrap();
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {path}");
        self.repo.write(path, text.replacen(from, to, 1));
    }

    /// The environment `prod-a` stops from here on, and takes up to `high`.
    fn enforce(&self) {
        let text = fs::read_to_string(self.repo.path().join("tidegate.yaml")).unwrap();
        let start = text.find("- name: prod-a").unwrap();
        let (before, after) = text.split_at(start);
        let observed = "    enforcement: observe ";
        let after = after.replacen(
            observed,
            "    max-tier: high\n    enforcement: enforce #",
            1,
        );
        self.repo.write("tidegate.yaml", format!("{before}{after}"));
    }
}

#[test]
fn from_nothing_to_the_first_admitted_verdict() {
    let newcomer = Newcomer::new();
    set_up(&newcomer);
    commit_what_the_hook_takes(&newcomer);
    sign_and_verify(&newcomer);
    go_around_the_gate(&newcomer);
    share(&newcomer);
}

fn set_up(newcomer: &Newcomer) {
    let text = newcomer.expect(
        "tidegate init --with github,pre-commit",
        0,
        "found 4 environments in 141 manifests",
    );
    for phrase in [
        "wrote .github/workflows/tidegate-sign.yml",
        "wrote .pre-commit-config.yaml",
        "`pre-commit install`",
        "2  resources.missing-memory-limit  first at apps/legacy-reports/prod-a/cronjob.yaml:46",
        "nothing is blocked",
    ] {
        assert!(text.contains(phrase), "no `{phrase}`: {text}");
    }
    newcomer.expect("tidegate hook install", 0, "hooks/pre-commit");
    newcomer.expect(
        "git add -A && git commit -m 'tidegate: observe'",
        0,
        "judged at",
    );
    newcomer.expect(
        "tidegate keys new --role merge-signer --out ~/.config/tidegate/ci-prod.pem --trust .tidegate/trust.json",
        0,
        "commit it, and keep the key where only the signer reads it",
    );
    newcomer.enforce();
    newcomer.expect(
        "git add -A && git commit -m 'tidegate: enforce prod-a'",
        0,
        "tier critical (risk.gate)",
    );
    newcomer.expect(
        &format!("tidegate baseline --env prod-a {SIGNER}"),
        0,
        "prod-a/brand-a-odoo: accepted as it stands, link 0",
    );
}

fn commit_what_the_hook_takes(newcomer: &Newcomer) {
    let before = newcomer.repo.id("HEAD");
    newcomer.edit(DEPLOYMENT, LIMIT, "");
    let text = newcomer.expect(
        "git commit -am 'odoo: let the web workers breathe'",
        1,
        "deny[resources.missing-memory-limit]",
    );
    assert!(text.contains(&format!("[{DEPLOYMENT}:122:13]")), "{text}");
    newcomer.expect(
        "tidegate explain resources.missing-memory-limit",
        0,
        "limits: {memory: 2Gi}",
    );
    // More than the environment takes is held in the same way.
    newcomer.expect(&format!("git checkout -q -- {DEPLOYMENT}"), 0, "");
    let (on, off) = ("full_page_writes: \"on\"", "full_page_writes: \"off\"");
    newcomer.edit(DATABASE, on, off);
    let text = newcomer.expect(
        "git commit -am 'postgres: faster'",
        1,
        "deny[risk.above-max-tier]",
    );
    assert!(text.contains("\"prod-a\" takes at most high"), "{text}");
    newcomer.expect(&format!("git checkout -q -- {DATABASE}"), 0, "");
    assert_eq!(newcomer.repo.id("HEAD"), before);
    newcomer.edit(DEPLOYMENT, LIMIT, "              memory: 5Gi\n");
    newcomer.expect(
        "git commit -am 'odoo: let the web workers breathe'",
        0,
        "PASS  1 changed file, 1 unit touched; unsigned; exit 0",
    );
    newcomer.expect(
        "tidegate check HEAD~1..HEAD --env prod-a",
        0,
        "limits.memory  4Gi -> 5Gi",
    );
}

fn sign_and_verify(newcomer: &Newcomer) {
    newcomer.expect(
        &format!("tidegate sign --env prod-a {SIGNER} -o ../v.dsse.json"),
        0,
        "prod-a/brand-a-odoo: pass, tier medium, link 1",
    );
    // The shop has several units: which one is meant has to be said.
    newcomer.expect(
        &format!("tidegate verify ../v.dsse.json {TRUST} --env prod-a --revision HEAD"),
        2,
        "name it with `--unit`",
    );
    newcomer.expect(
        &format!("tidegate verify ../v.dsse.json {TRUST} {UNIT} --revision HEAD"),
        0,
        "verified: prod-a/brand-a-odoo link 1, tier medium",
    );
    newcomer.expect(
        &format!("{ADMIT} --verdicts folder:../verdicts --wait 0s"),
        0,
        "prod-a/brand-a-odoo: admitted (judged), link 1, tier medium",
    );
}

fn go_around_the_gate(newcomer: &Newcomer) {
    newcomer.expect(
        &format!("echo '# x' >> {DEPLOYMENT} && git commit -qam x --no-verify"),
        0,
        "",
    );
    newcomer.expect(
        &format!("tidegate verify ../v.dsse.json {TRUST} {UNIT} --revision HEAD"),
        4,
        "refused[other-tree]",
    );
    newcomer.expect(
        &format!("{ADMIT} --verdicts folder:../verdicts --wait 0s"),
        4,
        "refused[missing]",
    );
    // A character more, and another character.
    newcomer.expect(
        &format!(
            "sed 's/./&X/200' ../v.dsse.json | tidegate verify - {TRUST} {UNIT} --revision HEAD~1"
        ),
        4,
        "refused[malformed]",
    );
    let path = newcomer.repo.beside("v.dsse.json");
    let envelope = fs::read_to_string(&path).unwrap();
    let at = envelope.find("\"payload\"").unwrap() + 200;
    let other = if envelope.as_bytes()[at] == b'A' {
        "B"
    } else {
        "A"
    };
    let mut flipped = envelope;
    flipped.replace_range(at..=at, other);
    fs::write(newcomer.repo.beside("flipped.json"), flipped).unwrap();
    newcomer.expect(
        &format!("tidegate verify ../flipped.json {TRUST} {UNIT} --revision HEAD~1"),
        4,
        "refused[",
    );
    newcomer.expect("git reset -q --hard HEAD~1", 0, "");
}

fn share(newcomer: &Newcomer) {
    newcomer.expect("git push", 0, "main -> main");
    newcomer.expect(
        "tidegate publish folder:../verdicts --verdicts branch",
        0,
        "prod-a/brand-a-odoo: 2 links copied, the newest is link 1",
    );
    // Somebody else, who has nothing but the remote.
    let fresh = newcomer.repo.beside("fresh");
    let origin = format!("file://{}", newcomer.repo.beside("origin.git").display());
    let mut clone = newcomer.repo.command("git");
    run(clone.args(["clone", "-q", &origin]).arg(&fresh), b"");
    let output = newcomer.types_in(&fresh, &format!("{ADMIT} --verdicts branch"));
    let (text, exit) = said(&output);
    assert_eq!(exit, 0, "{text}");
    let admitted = "prod-a/brand-a-odoo: admitted (judged), link 1, tier medium";
    assert!(text.contains(admitted), "{text}");
}

const TRUST: &str = "--trust .tidegate/trust.json";
const UNIT: &str = "--env prod-a --unit brand-a-odoo";
const SIGNER: &str = "--key-file ~/.config/tidegate/ci-prod.pem --verdicts folder:../verdicts";
const ADMIT: &str =
    "tidegate admit --env prod-a --revision HEAD --deployed HEAD~1 --trust .tidegate/trust.json";
