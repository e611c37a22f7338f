//! Asks policies: one warm engine for each policy file, on a thread that is left behind when it
//! does not answer in time, and on a second one where there is much to ask. Knows nothing of what happens to the answers.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::thread;
use std::time::Duration;

use regorus::Engine;
use regorus::utils::limits::ExecutionTimerConfig;

use super::answer::{Context, Entry, RawFinding, RawReason};
use super::answers::{Answer, Answers};
use super::check;
use super::document::{Converter, Input};
use super::error::{Error, Place, Problems, place_and_message};
use super::metadata::{Metadata, Scope};
use super::question::Digester;
use super::set::{Module, Origin, Policy};
use super::times::Times;
use super::watchdog::{NoAnswer, Worker};
use crate::model::limits;
use crate::model::{Effect, Piece};

/// Answers for as long as every answer comes in time.
#[derive(Debug)]
pub struct Evaluator {
    /// One, or two that know the same policies.
    workers: Vec<Asker>,
    /// Whether the first one has said that it has loaded the policies.
    is_loaded: bool,
    converter: Converter,
    times: Times,
    known: Option<Known>,
    /// Which question each worker was lost with.
    lost: BTreeMap<usize, (String, NoAnswer)>,
}

/// What need not be asked.
#[derive(Debug)]
struct Known {
    answers: Answers,
    digester: Digester,
}

type Asker = Worker<Question, Result<Reply, Error>>;

#[derive(Debug)]
enum Question {
    /// Are the policies loaded?
    Load,
    /// What is it that you have loaded?
    Copy,
    /// What do these rules of a package say?
    Rules {
        package: String,
        entries: &'static [Entry],
        input: Input,
    },
}

#[derive(Debug, Default)]
struct Reply {
    answer: Answer,
    copy: Option<Loaded>,
}

impl Evaluator {
    /// Begins to parse the files of `policies`, once. Those of the repository are waited for; that the
    /// embedded ones load, the tests of tidegate prove, and whoever asks first waits for them.
    ///
    /// # Errors
    /// A file that does not parse, or lacks a rule that its metadata promises.
    pub fn start<'a>(
        policies: impl IntoIterator<Item = &'a Policy>,
        times: Times,
    ) -> Result<Self, Problems> {
        let mut modules: Vec<Module> = Vec::new();
        let mut foreign = false;
        for policy in policies {
            foreign |= policy.origin() == Origin::Repository;
            modules.extend(policy.modules().cloned());
        }
        let mut loaded = Loaded::default();
        let mut modules = Some(modules);
        let mut worker = Worker::start(move |question: Question| {
            if let Some(modules) = modules.take() {
                loaded = Loaded::new(modules, times)?;
            }
            loaded.answer(question)
        })
        .map_err(|none| none.error(LOADING))?;
        worker.send(Question::Load);
        let mut evaluator = Self {
            workers: vec![worker],
            is_loaded: false,
            converter: Converter::default(),
            times,
            known: None,
            lost: BTreeMap::new(),
        };
        if foreign {
            evaluator.load()?;
        }
        Ok(evaluator)
    }

    /// What `module` finds wrong with `input`, sorted: its `deny` and its `warn`.
    ///
    /// # Errors
    /// It could not be evaluated, took too long, or gave something that is no finding.
    pub fn findings(&mut self, module: &Module, input: &Piece) -> Result<Vec<RawFinding>, Error> {
        Ok(self.answer(module, FINDINGS, input)?.findings)
    }

    /// As [`Evaluator::findings`] for each of the inputs, in their order.
    ///
    /// # Errors
    /// Those of the first input that has one.
    pub fn all_findings(
        &mut self,
        module: &Module,
        inputs: Vec<Piece>,
    ) -> Result<Vec<Vec<RawFinding>>, Error> {
        let answers = self.answers(module, FINDINGS, inputs)?;
        Ok(answers.into_iter().map(|answer| answer.findings).collect())
    }

    /// Why `module` gives the changes of `input` their tiers, sorted.
    ///
    /// # Errors
    /// It could not be evaluated, took too long, or gave something that is no reason.
    pub fn reasons(&mut self, module: &Module, input: &Piece) -> Result<Vec<RawReason>, Error> {
        Ok(self.answer(module, &[Entry::Reasons], input)?.reasons)
    }

    /// Does not ask from now on what these answers tell.
    pub fn remember(&mut self, answers: Answers) {
        self.known = Some(Known {
            answers,
            digester: Digester::default(),
        });
    }

    /// The answers that are known by now.
    #[must_use]
    pub fn remembered(&self) -> Option<&Answers> {
        self.known.as_ref().map(|known| &known.answers)
    }

    fn answer(
        &mut self,
        module: &Module,
        entries: &'static [Entry],
        input: &Piece,
    ) -> Result<Answer, Error> {
        let answers = self.answers(module, entries, vec![input.clone()])?;
        Ok(answers.into_iter().next().unwrap_or_default())
    }

    /// The answers to these inputs, as far as they are known without asking.
    fn answers(
        &mut self,
        module: &Module,
        entries: &'static [Entry],
        inputs: Vec<Piece>,
    ) -> Result<Vec<Answer>, Error> {
        let Some(known) = &mut self.known else {
            return self.ask_all(module, entries, &inputs);
        };
        let mut answers = BTreeMap::new();
        let mut open = Vec::new();
        for (place, input) in inputs.into_iter().enumerate() {
            let question = known.digester.question(module, entries, &input);
            match known.answers.get(question) {
                Some(answer) => drop(answers.insert(place, answer)),
                None => open.push((place, question, input)),
            }
        }
        let inputs: Vec<Piece> = open.iter().map(|(.., input)| input.clone()).collect();
        let asked = self.ask_all(module, entries, &inputs)?;
        for ((place, question, _), answer) in open.into_iter().zip(asked) {
            if let Some(known) = &mut self.known {
                known.answers.keep(question, &answer);
            }
            answers.insert(place, answer);
        }
        Ok(answers.into_values().collect())
    }

    fn ask_all(
        &mut self,
        module: &Module,
        entries: &'static [Entry],
        inputs: &[Piece],
    ) -> Result<Vec<Answer>, Error> {
        if inputs.len() >= WORTH_A_SECOND {
            self.start_second()?;
        }
        let workers = self.workers.len();
        let mut answers = Vec::with_capacity(inputs.len());
        let mut sent = 0;
        let mut refused = None;
        for input in inputs {
            if sent - answers.len() == workers {
                answers.push(self.wait(answers.len() % workers, module));
            }
            if answers.last().is_some_and(Result::is_err) {
                break;
            }
            if let Err(error) = self.send(sent % workers, module, entries, input) {
                refused = Some(error);
                break;
            }
            sent += 1;
        }
        // Whoever asks next must not get these.
        while answers.len() < sent {
            answers.push(self.wait(answers.len() % workers, module));
        }
        let answers: Vec<Answer> = answers.into_iter().collect::<Result<_, _>>()?;
        match refused {
            Some(error) => Err(error),
            None => Ok(answers),
        }
    }

    fn send(
        &mut self,
        worker: usize,
        module: &Module,
        entries: &'static [Entry],
        input: &Piece,
    ) -> Result<(), Error> {
        let input = self.converter.input(input);
        self.load()?;
        let spent: Duration = self.workers.iter().map(Worker::spent).sum();
        if spent > self.times.total {
            return Err(NoAnswer::Late(self.times.total).error("evaluating all policies"));
        }
        if let Some(worker) = self.workers.get_mut(worker) {
            worker.send(Question::Rules {
                package: module.package().to_owned(),
                entries,
                input,
            });
        }
        Ok(())
    }

    fn wait(&mut self, worker: usize, module: &Module) -> Result<Answer, Error> {
        let limit = time_of(module.metadata().scope, self.times);
        // The engine's own timer comes first; it can say where the time went.
        let outer = limit + limit / 10 + Duration::from_millis(20);
        let answer = self
            .workers
            .get_mut(worker)
            .map_or(Err(NoAnswer::Died), |worker| worker.wait(outer));
        let none = match answer {
            Ok(reply) => return Ok(reply?.answer),
            Err(NoAnswer::Late(_)) => NoAnswer::Late(limit),
            Err(none) => none,
        };
        // Who asks a lost worker is not who lost it.
        let asked = || (format!("policy file {}", module.path()), none);
        let (what, none) = self.lost.entry(worker).or_insert_with(asked);
        Err(none.error(what))
    }

    /// Waits until the policies are loaded.
    fn load(&mut self) -> Result<(), Error> {
        if let (false, Some(first)) = (self.is_loaded, self.workers.first_mut()) {
            first
                .wait_busy(limits::POLICY_LOAD_TIME.time())
                .map_err(|none| none.error(LOADING))??;
            self.is_loaded = true;
        }
        Ok(())
    }

    /// A second thread, where the machine has a processor for it.
    fn start_second(&mut self) -> Result<(), Error> {
        if self.workers.len() > 1 || thread::available_parallelism().map_or(1, usize::from) < 2 {
            return Ok(());
        }
        self.load()?;
        let Some(first) = self.workers.first_mut() else {
            return Ok(());
        };
        first.send(Question::Copy);
        let reply = first
            .wait(limits::POLICY_LOAD_TIME.time())
            .map_err(|none| none.error(LOADING))??;
        if let Some(mut copy) = reply.copy {
            let second = Worker::start(move |question| copy.answer(question));
            self.workers
                .push(second.map_err(|none| none.error(LOADING))?);
        }
        Ok(())
    }
}

/// The engines, on the thread that asks them.
#[derive(Clone, Debug, Default)]
struct Loaded {
    engines: BTreeMap<String, Asked>,
}

#[derive(Clone, Debug)]
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

    fn answer(&mut self, question: Question) -> Result<Reply, Error> {
        let mut reply = Reply::default();
        let (package, entries, input) = match question {
            Question::Load => return Ok(reply),
            Question::Copy => {
                reply.copy = Some(self.clone());
                return Ok(reply);
            }
            Question::Rules {
                package,
                entries,
                input,
            } => (package, entries, input),
        };
        let Some(asked) = self.engines.get_mut(&package) else {
            return Err(Error::Evaluation {
                at: Place::file(&package),
                what: "this package is not loaded".to_owned(),
            });
        };
        asked.engine.set_input(input.value().clone());
        let answer = &mut reply.answer;
        for entry in entries {
            asked.answer(*entry, &package, &input, answer)?;
        }
        answer.findings.sort();
        answer.reasons.sort();
        Ok(reply)
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
        // The engine plans its rules when it is first asked for one, even one that is not there.
        let _ = engine.eval_rule(format!("data.{}.{NO_RULE}", module.package()));
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
        package: &str,
        input: &Input,
        answer: &mut Answer,
    ) -> Result<(), Error> {
        if !self.rules.contains(entry.rule()) {
            return Ok(());
        }
        let rule = format!("data.{package}.{}", entry.rule());
        let value = self
            .engine
            .eval_rule(rule)
            .map_err(|error| self.error(&error.to_string()))?;
        let context = Context::new(&self.path, &self.metadata, input, entry);
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
        if what.contains(PATTERN_MESSAGE) {
            let why = "too large when it is compiled".to_owned();
            return Error::Regex { at, why };
        }
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

const FINDINGS: &[Entry] = &[Entry::Deny, Entry::Warn];

/// So many questions are worth another thread.
const WORTH_A_SECOND: usize = 4;

const LOADING: &str = "loading the policies";
const NO_RULE: &str = "__none";

// The engine looks at its clock after so many steps; a step takes about a microsecond.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(256).unwrap();

const PATTERN_MESSAGE: &str = "compiled regex exceeded size limit";

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
