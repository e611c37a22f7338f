//! Globs of paths, against the matcher that Argo CD's generators use. It takes the folder itself for a path below
//! `folder/**`, which is no file; nothing else differs.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tidegate::git::Selector;
use tidegate::model::RepoPath;

use super::folder;

#[test]
#[ignore = "needs Go: .ci/run runs it"]
fn globs_match_what_another_matcher_matches() {
    let mut chance = Chance(0x5eed);
    let mut questions: Vec<Value> = Vec::new();
    while questions.len() < 40_000 {
        let (glob, path) = (chance.text(&GLOB), chance.text(&PATH));
        let Ok(selector) = Selector::parse(&[&glob]) else {
            continue;
        };
        if glob
            .strip_suffix("/**")
            .is_some_and(|above| is_matched(above, &path))
        {
            continue;
        }
        let matches = selector.matches(&RepoPath::from(path.as_str()));
        questions.push(json!({"glob": glob, "path": path, "matches": matches}));
    }
    let matched = questions.iter().filter(|it| it["matches"] == true).count();
    assert!(matched > 2_000, "{matched}");
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), json!(questions).to_string()).unwrap();
    let asked = Command::new("go")
        .args(["test", "-trimpath", "-count=1", "-v", "./globs"])
        .current_dir(folder("engine/tests/cluster"))
        .envs([
            ("CGO_ENABLED", "0"),
            ("GOFLAGS", "-mod=readonly"),
            ("GOWORK", "off"),
        ])
        .env("TIDEGATE_GLOBS", file.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&asked.stdout);
    let errors = String::from_utf8_lossy(&asked.stderr);
    assert!(asked.status.success(), "{said}{errors}");
    assert!(
        said.contains(&format!("40000 questions, {matched} matches")),
        "{said}"
    );
}

fn is_matched(glob: &str, path: &str) -> bool {
    let selector = Selector::parse(&[glob]);
    selector.is_ok_and(|selector| selector.matches(&RepoPath::from(path)))
}

/// The same numbers every time.
struct Chance(u64);

impl Chance {
    fn next(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }

    /// Up to four steps of up to three parts.
    fn text(&mut self, parts: &[&str]) -> String {
        let steps: Vec<String> = (0..=self.next(4))
            .map(|_| {
                let parts = (0..=self.next(3)).map(|_| parts[self.next(parts.len())]);
                parts.collect()
            })
            .collect();
        // A step of two stars stands alone.
        steps.join("/").replace("@", "**")
    }
}

const GLOB: [&str; 8] = ["a", "b", ".", "-", "*", "?", "*", "@"];
const PATH: [&str; 5] = ["a", "b", ".", "-", "c"];
