//! The engines, on the thread that asks them: what is loaded, and what a rule answers.
//! Knows nothing of threads; that there is a limit of time, the engine is told.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use regorus::Engine;
use regorus::utils::limits::ExecutionTimerConfig;

use crate::model::Effect;
use crate::policy::answer::{Context, Entry};
use crate::policy::answers::Answer;
use crate::policy::check;
use crate::policy::document::Input;
use crate::policy::error::{Error, Place, place_and_message};
use crate::policy::metadata::{Metadata, Scope};
use crate::policy::set::Module;
use crate::policy::times::Times;
use crate::policy::watchdog::NoAnswer;

#[derive(Debug)]
pub(super) enum Question {
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
pub(super) struct Reply {
    pub(super) answer: Answer,
    pub(super) copy: Option<Loaded>,
}

/// The engines, on the thread that asks them.
#[derive(Clone, Debug, Default)]
pub(super) struct Loaded {
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
    pub(super) fn new(modules: Vec<Module>, times: Times) -> Result<Self, Error> {
        let mut engines = BTreeMap::new();
        for module in modules {
            let asked = Asked::new(&module, times)?;
            engines.insert(module.package().to_owned(), asked);
        }
        Ok(Self { engines })
    }

    pub(super) fn answer(&mut self, question: Question) -> Result<Reply, Error> {
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

/// How long a policy of this scope may take.
pub(super) fn time_of(scope: Scope, times: Times) -> Duration {
    match scope {
        Scope::Object => times.object,
        Scope::ChangeSet => times.change_set,
    }
}

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
