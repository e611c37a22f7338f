//! Caches of which any part is damaged, mixed up or another's: the report has the same bytes.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tidegate::gate::Runtime;

use super::*;

/// What becomes of one line of a cache.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Kept,
    Lost,
    Cut,
    Flipped(u8),
    /// It holds what the next one holds.
    AsNext,
    /// It stands there twice.
    Twice,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Kept),
        1 => Just(Fate::Lost),
        1 => Just(Fate::Cut),
        2 => any::<u8>().prop_map(Fate::Flipped),
        1 => Just(Fate::AsNext),
        1 => Just(Fate::Twice),
    ]
}

/// The file, each line by its fate.
fn poisoned(whole: &[u8], fates: &[Fate]) -> Vec<u8> {
    let lines: Vec<&[u8]> = whole.split(|byte| *byte == b'\n').collect();
    let mut made: Vec<Vec<u8>> = Vec::new();
    for ((number, line), fate) in lines.iter().enumerate().zip(fates.iter().cycle()) {
        let mut line = line.to_vec();
        match fate {
            Fate::Kept => {}
            Fate::Lost => continue,
            Fate::Cut => line.truncate(line.len() / 2),
            Fate::Flipped(at) => {
                let length = line.len().max(1);
                if let Some(byte) = line.get_mut(usize::from(*at) * 7 % length) {
                    *byte ^= 1;
                }
            }
            Fate::AsNext => {
                let next = lines[(number + 1) % lines.len()];
                let content = next.iter().position(|byte| *byte == b' ').unwrap_or(0);
                let name = line.iter().position(|byte| *byte == b' ').unwrap_or(0);
                line.truncate(name);
                line.extend(&next[content..]);
            }
            Fate::Twice => made.push(line.clone()),
        }
        made.push(line);
    }
    made.join(&b'\n')
}

#[test]
fn a_cache_of_which_any_part_is_damaged_changes_no_byte_of_the_report() {
    let (repo, base) = shop(CONFIG);
    for number in 0..8 {
        let name = format!("app-{number}");
        let memory = if number % 3 == 0 { "" } else { "2Gi" };
        repo.write(format!("prod/{name}.yaml"), deployment(&name, memory));
        repo.write(format!("prod/m{number}.yaml"), config_map(&name, "1"));
    }
    repo.write("prod/limits.yaml", limit_range("far"));
    repo.commit("more");
    let folder = repo.beside("cache");
    let report = |folder: Option<&Path>| {
        let runtime = Runtime {
            cache: folder,
            ..Runtime::default()
        };
        let range = request(&format!("{base}..HEAD"));
        json_of(&gate::check_within(&repo.open(), &range, runtime).unwrap())
    };
    let cold = report(Some(&folder));
    assert!(cold.contains("resources.missing-memory-limit"));
    let files = [
        repo.path().join(".git/tidegate/index"),
        folder.join("answers"),
    ];
    let whole = files.each_ref().map(|file| fs::read(file).unwrap());
    assert!(whole[1].split(|byte| *byte == b'\n').count() > 10);
    let config = ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let fates = || prop::collection::vec(fate(), 1..24);
    let run = TestRunner::new(config).run(&(fates(), fates()), |(index, answers)| {
        for ((file, whole), fates) in files.iter().zip(&whole).zip([&index, &answers]) {
            fs::write(file, poisoned(whole, fates)).unwrap();
        }
        prop_assert_eq!(report(Some(&folder)), cold.clone());
        Ok(())
    });
    run.unwrap();
}
