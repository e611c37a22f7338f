//! Whether the tests and cases of a policy notice that it has changed.
//! Knows no Rego: what a mutant is, `policy` says.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::cases::each_case;
use super::error::Error;
use super::library::Policies;
use crate::model::processors;
use crate::policy::{Fate, Mutant, Policy, Tests, mutants};

/// What became of all mutants of one policy.
#[derive(Clone, Debug, Default)]
pub struct Mutation {
    /// How many could not even be loaded.
    pub refused: usize,
    /// How many a test or a case noticed.
    pub killed: usize,
    /// Those that nothing noticed, in the order of their places.
    pub survivors: Vec<Mutant>,
}

/// Judges every mutant of the policy in `folder` by its Rego tests, and by its cases where those
/// notice nothing. Uses all processors.
///
/// # Errors
/// There is no such policy, or it does not pass its own tests.
pub fn mutate(policies: &Policies, folder: &str) -> Result<Mutation, Error> {
    let Some(policy) = policies.set.policy(folder) else {
        return Ok(Mutation::default());
    };
    let hunt = Hunt {
        policies,
        policy,
        tests: Tests::of(policy)?,
        mutants: mutants(policy)?,
        next: AtomicUsize::new(0),
        found: Mutex::default(),
    };
    thread::scope(|scope| {
        for _ in 0..processors() {
            // A thread that cannot be had leaves its work to the others, or to this one below.
            let worker = thread::Builder::new().stack_size(STACK_BYTES);
            let _ = worker.spawn_scoped(scope, || hunt.run());
        }
    });
    hunt.run();
    let mut found = hunt.found.into_inner().unwrap_or_default();
    found.sort_by_key(|(at, _)| *at);
    let mut mutation = Mutation::default();
    for (at, fate) in found {
        match (fate?, hunt.mutants.get(at)) {
            (Fate::Refused, _) => mutation.refused += 1,
            (Fate::Killed, _) => mutation.killed += 1,
            (Fate::Survived, mutant) => mutation.survivors.extend(mutant.cloned()),
        }
    }
    Ok(mutation)
}

struct Hunt<'a> {
    policies: &'a Policies,
    policy: &'a Policy,
    tests: Tests,
    mutants: Vec<Mutant>,
    next: AtomicUsize,
    found: Mutex<Vec<(usize, Result<Fate, Error>)>>,
}

impl Hunt<'_> {
    fn run(&self) {
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = self.mutants.get(at) else {
                return;
            };
            let fate = self.fate(mutant);
            if let Ok(mut found) = self.found.lock() {
                found.push((at, fate));
            }
        }
    }

    fn fate(&self, mutant: &Mutant) -> Result<Fate, Error> {
        let Some(mutated) = mutant.of(self.policy) else {
            return Ok(Fate::Refused);
        };
        if self.tests.fate(mutant, &mutated)? == Fate::Killed {
            return Ok(Fate::Killed);
        }
        let changed = Policies {
            set: self.policies.set.with(mutated),
            files: self.policies.files.clone(),
        };
        // A mutant that cannot be judged is noticed too.
        let noticed = each_case(&changed, self.policy.folder())
            .any(|case| case.map_or(true, |case| case.problem.is_some()));
        Ok(if noticed {
            Fate::Killed
        } else {
            Fate::Survived
        })
    }
}

// The parser and the interpreter recurse.
const STACK_BYTES: usize = 64 * 1024 * 1024;
