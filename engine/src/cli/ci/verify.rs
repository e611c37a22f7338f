//! `command: verify`: `tidegate verify` with its arguments from the inputs.
//! Verifies nothing itself.

use super::error::told;
use super::inputs::Inputs;
use super::{Error, Outcome, Step, Terminal};
use crate::cli::trusted::Trusted;
use crate::cli::verify::{One, sentence};
use crate::model::{Exit, code_of};
use crate::report::github;

/// Says whether the verdict holds; a refusal is an answer, and an error is none.
pub(super) fn run(mut step: Step<'_>, terminal: &mut Terminal) -> Outcome {
    let one = one(&step.inputs)?;
    let file = one.file.display().to_string();
    match one.verified(terminal) {
        Ok(held) => {
            let said = sentence(&held);
            step.log(terminal, |terminal| terminal.line(&said));
            step.summarise("## ✅ tidegate: the verdict holds\n\n")?;
            let verdict = held.verified.verdict();
            step.hand_on(&[
                ("verdict", "pass".to_owned()),
                ("risk-tier", verdict.risk_tier.to_string()),
                ("units", format!("{}/{}", verdict.environment, verdict.unit)),
                ("gated-trees", verdict.head.gated_tree.to_string()),
                ("verdict-paths", file),
            ])?;
            Ok(Exit::Pass)
        }
        Err(error) => {
            let word = match Exit::of_error(error.as_ref()) {
                Exit::Refused => "refused",
                _ => "error",
            };
            terminal.line(github::command("error", &told(error.as_ref())).trim_end());
            let code = code_of(error.as_ref());
            step.summarise(&format!("## ⛔ tidegate: {word}\n\n`{code}`\n\n"))?;
            step.hand_on(&[("verdict", word.to_owned())])?;
            Err(error)
        }
    }
}

fn one(inputs: &Inputs) -> Result<One, Error> {
    let given = |name: &str, value: &Option<String>, wanted| {
        value.clone().ok_or_else(|| Error::Input {
            name: name.to_owned(),
            value: String::new(),
            wanted,
        })
    };
    let trust = "a trust file that the change cannot reach";
    Ok(One {
        file: given("verdict-file", &inputs.verdict_file, "the DSSE envelope")?.into(),
        trust: Trusted::of(given("trust-file", &inputs.trust_file, trust)?),
        env: given("environment", &inputs.environment, "the name of one")?,
        unit: inputs.unit.clone(),
        revision: inputs.revision.clone().unwrap_or_else(|| "HEAD".to_owned()),
        verdicts: None,
    })
}
