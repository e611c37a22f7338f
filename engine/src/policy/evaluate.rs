//! Asks policies: one warm engine for each policy file, on a thread that is left behind when it
//! does not answer in time, and on a second one where there is much to ask. Knows nothing of what happens to the answers.

mod loaded;

use std::collections::BTreeMap;
use std::time::Duration;

use loaded::{Loaded, Question, Reply, time_of};

use super::answer::{Entry, RawFinding, RawReason};
use super::answers::{Answer, Answers};
use super::document::Converter;
use super::error::{Error, Problems};
use super::question::Digester;
use super::set::{Module, Origin, Policy};
use super::times::Times;
use super::watchdog::{NoAnswer, Worker};
use crate::model::{Digest, Piece, limits, processors};

/// Answers for as long as every answer comes in time.
#[derive(Debug)]
pub struct Evaluator {
    modules: Vec<Module>,
    /// None before somebody asks, then one, or two that know the same policies.
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

impl Evaluator {
    /// One of `policies`. The files of the repository are parsed and waited for; the embedded ones are parsed
    /// when somebody asks for what is not known: that they load, the tests of tidegate prove.
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
        let mut evaluator = Self {
            modules,
            workers: Vec::new(),
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

    /// Begins to parse the files, once, on a thread of their own: somebody will ask.
    ///
    /// # Errors
    /// The machine gives no thread.
    pub fn begin(&mut self) -> Result<(), Error> {
        if !self.workers.is_empty() {
            return Ok(());
        }
        let (mut modules, times) = (Some(self.modules.clone()), self.times);
        let mut loaded = Loaded::default();
        let mut worker = Worker::start(move |question: Question| {
            if let Some(modules) = modules.take() {
                loaded = Loaded::new(modules, times)?;
            }
            loaded.answer(question)
        })
        .map_err(|none| none.error(LOADING))?;
        worker.send(Question::Load);
        self.workers.push(worker);
        Ok(())
    }

    /// As [`Evaluator::begin`], unless an earlier run was about the same and left its answers.
    ///
    /// # Errors
    /// The machine gives no thread.
    pub fn expect(&mut self, what: Digest) -> Result<(), Error> {
        let known = self.known.as_mut();
        match known.is_some_and(|known| known.answers.meets(what)) {
            true => Ok(()),
            false => self.begin(),
        }
    }

    /// Whether anybody has begun to parse the files.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        !self.workers.is_empty()
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
        if inputs.is_empty() {
            return Ok(Vec::new());
        }
        self.begin()?;
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
        if input.size() > limits::INPUT_DOCUMENT.most {
            return Err(Error::InputSize {
                path: module.path().to_owned(),
                value: input.size(),
            });
        }
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
        self.begin()?;
        if let (false, Some(first)) = (self.is_loaded, self.workers.first_mut()) {
            let loaded = first
                .wait_busy(limits::POLICY_LOAD_TIME.time())
                .map_err(|none| none.error(LOADING))?;
            if let Err(error) = loaded {
                // It has nothing more to say; whoever asks next is told the same by another one.
                self.workers.clear();
                return Err(error);
            }
            self.is_loaded = true;
        }
        Ok(())
    }

    /// A second thread, where the machine has a processor for it.
    fn start_second(&mut self) -> Result<(), Error> {
        if self.workers.len() > 1 || processors() < 2 {
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

const FINDINGS: &[Entry] = &[Entry::Deny, Entry::Warn];

/// So many questions are worth another thread.
const WORTH_A_SECOND: usize = 4;

const LOADING: &str = "loading the policies";

#[cfg(test)]
mod tests;
