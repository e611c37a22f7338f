//! `tidegate.yaml`: it is read, or every problem lies in the text; what is read, written with all its
//! defaults, means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate::config::Config;
use tidegate::model::RepoPath;

fuzz_target!(|bytes: &[u8]| {
    let path = RepoPath::from("tidegate.yaml");
    let lines = bytes.split(|byte| *byte == b'\n').count();
    match Config::parse(&path, bytes) {
        Err(problems) => {
            assert!(problems.count() >= problems.iter().count() && problems.iter().count() > 0);
            for problem in problems.iter() {
                let place = problem.place();
                assert!(
                    (1..=lines).contains(&place.line) && place.column >= 1,
                    "{problem}"
                );
                assert!(problem.stable_code().contains('.'));
            }
        }
        Ok(config) => {
            let written = config.show_resolved().expect("what is read can be written");
            let again = Config::parse(&path, written.as_bytes());
            let again = again.unwrap_or_else(|problems| panic!("{written}\n{problems}"));
            assert_eq!(again.digest, config.digest, "{written}");
            assert!(config.verdict.valid_for.is_positive());
            for environment in &config.environments {
                let named = config.environment(&environment.name);
                assert!(named.is_some_and(|named| std::ptr::eq(named, environment)));
            }
        }
    }
});
