//! Asks policies: one warm engine for each policy file, on a thread that is left behind when it
//! does not answer in time. Knows nothing of what happens to the answers.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use regorus::Engine;
use regorus::utils::limits::ExecutionTimerConfig;

use super::answer::{Context, Entry, RawFinding, RawReason};
use super::check;
use super::document::{Converter, Input};
use super::error::{Error, Place, Problems, place_and_message};
use super::limits::{self, Times};
use super::metadata::{Metadata, Scope};
use super::set::{Module, Policy};
use super::watchdog::{NoAnswer, Worker};
use crate::model::{Effect, Piece};

/// Answers for as long as every answer comes in time.
#[derive(Debug)]
pub struct Evaluator {
    worker: Worker<Question, Result<Answer, Error>>,
    converter: Converter,
    times: Times,
}

#[derive(Debug)]
struct Question {
    package: String,
    entries: &'static [Entry],
    input: Input,
}

#[derive(Debug, Default)]
struct Answer {
    findings: Vec<RawFinding>,
    reasons: Vec<RawReason>,
}

impl Evaluator {
    /// Parses the files of `policies` once.
    ///
    /// # Errors
    /// A file that does not parse, or lacks a rule that its metadata promises.
    pub fn start<'a>(
        policies: impl IntoIterator<Item = &'a Policy>,
        times: Times,
    ) -> Result<Self, Problems> {
        let modules: Vec<Module> = policies
            .into_iter()
            .flat_map(|policy| policy.modules().cloned())
            .collect();
        let mut loaded = Loaded::default();
        let mut modules = Some(modules);
        let mut worker = Worker::start(move |question: Question| {
            if let Some(modules) = modules.take() {
                loaded = Loaded::new(modules, times)?;
            }
            loaded.answer(&question)
        })
        .map_err(|none| none.error("loading the policies"))?;
        worker
            .ask(Question::nothing(), limits::LOAD_TIME)
            .map_err(|none| none.error("loading the policies"))??;
        Ok(Self {
            worker,
            converter: Converter::default(),
            times,
        })
    }

    /// What `module` finds wrong with `input`, sorted: its `deny` and its `warn`.
    ///
    /// # Errors
    /// It could not be evaluated, took too long, or gave something that is no finding.
    pub fn findings(&mut self, module: &Module, input: &Piece) -> Result<Vec<RawFinding>, Error> {
        Ok(self
            .ask(module, &[Entry::Deny, Entry::Warn], input)?
            .findings)
    }

    /// Why `module` gives the changes of `input` their tiers, sorted.
    ///
    /// # Errors
    /// It could not be evaluated, took too long, or gave something that is no reason.
    pub fn reasons(&mut self, module: &Module, input: &Piece) -> Result<Vec<RawReason>, Error> {
        Ok(self.ask(module, &[Entry::Reasons], input)?.reasons)
    }

    fn ask(
        &mut self,
        module: &Module,
        entries: &'static [Entry],
        input: &Piece,
    ) -> Result<Answer, Error> {
        if self.worker.spent() > self.times.total {
            return Err(NoAnswer::Late(self.times.total).error("evaluating all policies"));
        }
        let limit = time_of(module.metadata().scope, self.times);
        let question = Question {
            package: module.package().to_owned(),
            entries,
            input: self.converter.input(input),
        };
        // The engine's own timer comes first; it can say where the time went.
        let outer = limit + limit / 10 + Duration::from_millis(20);
        self.worker
            .ask(question, outer)
            .map_err(|none| match none {
                NoAnswer::Late(_) => NoAnswer::Late(limit),
                none => none,
            })
            .map_err(|none| none.error(&format!("policy file {}", module.path())))?
    }
}

impl Question {
    fn nothing() -> Self {
        Self {
            package: String::new(),
            entries: &[],
            input: Input::nothing(),
        }
    }
}

/// The engines, on the thread that asks them.
#[derive(Debug, Default)]
struct Loaded {
    engines: BTreeMap<String, Asked>,
}

#[derive(Debug)]
struct Asked {
    engine: Engine,
    path: String,
    metadata: Metadata,
    rules: BTreeSet<String>,
    limit: Duration,
}

impl Loaded {
    fn new(modules: Vec<Module>, times: Times) -> Result<Self, Error> {
        let mut engines = BTreeMap::new();
        for module in modules {
            let asked = Asked::new(&module, times)?;
            engines.insert(module.package().to_owned(), asked);
        }
        Ok(Self { engines })
    }

    fn answer(&mut self, question: &Question) -> Result<Answer, Error> {
        let mut answer = Answer::default();
        if question.entries.is_empty() {
            return Ok(answer);
        }
        let Some(asked) = self.engines.get_mut(&question.package) else {
            return Err(Error::Evaluation {
                at: Place::file(&question.package),
                what: "this package is not loaded".to_owned(),
            });
        };
        asked.engine.set_input(question.input.value().clone());
        for entry in question.entries {
            asked.answer(*entry, question, &mut answer)?;
        }
        answer.findings.sort();
        answer.reasons.sort();
        Ok(answer)
    }
}

impl Asked {
    fn new(module: &Module, times: Times) -> Result<Self, Error> {
        let mut engine = check::load(module.path(), module.text())?;
        let limit = time_of(module.metadata().scope, times);
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit,
            check_interval: CHECK_INTERVAL,
        });
        let rules = check::rule_names(&mut engine);
        let metadata = module.metadata().clone();
        check::missing_entries(module.path(), &metadata, &rules)
            .into_iter()
            .next()
            .map_or(Ok(()), Err)?;
        Ok(Self {
            engine,
            path: module.path().to_owned(),
            metadata,
            rules,
            limit,
        })
    }

    fn answer(
        &mut self,
        entry: Entry,
        question: &Question,
        answer: &mut Answer,
    ) -> Result<(), Error> {
        if !self.rules.contains(entry.rule()) {
            return Ok(());
        }
        let rule = format!("data.{}.{}", question.package, entry.rule());
        let value = self
            .engine
            .eval_rule(rule)
            .map_err(|error| self.error(&error.to_string()))?;
        let context = Context::new(&self.path, &self.metadata, &question.input, entry);
        match entry {
            Entry::Deny => answer
                .findings
                .extend(context.findings(Effect::Deny, &value)?),
            Entry::Warn => answer
                .findings
                .extend(context.findings(Effect::Warn, &value)?),
            Entry::Reasons => answer.reasons.extend(context.reasons(&value)?),
        }
        Ok(())
    }

    fn error(&self, text: &str) -> Error {
        if text.contains(TIMER_MESSAGE) {
            let what = format!("policy file {}", self.path);
            return NoAnswer::Late(self.limit).error(&what);
        }
        let (at, what) = place_and_message(&self.path, text);
        if NO_BUILTIN.iter().any(|words| what.contains(words)) {
            Error::Evaluation { at, what }
        } else {
            Error::BuiltinError { at, what }
        }
    }
}

fn time_of(scope: Scope, times: Times) -> Duration {
    match scope {
        Scope::Object => times.object,
        Scope::ChangeSet => times.change_set,
    }
}

// The engine looks at its clock after so many steps; a step takes about a microsecond.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(256).unwrap();

const TIMER_MESSAGE: &str = "execution exceeded time limit";

// What the engine says of rules and of itself; all else that fails is a function or an operator.
const NO_BUILTIN: [&str; 8] = [
    "conflicts with",
    "could not find",
    "generated multiple times",
    "internal error",
    "item cannot be indexed",
    "multiple outputs",
    "previous value is not",
    "undefined var",
];

#[cfg(test)]
mod tests;
