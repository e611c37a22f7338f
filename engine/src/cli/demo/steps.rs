//! The demo's repository and its five steps, as they are embedded.
//! Knows nothing of how they are walked.

use serde::Deserialize;

use super::lie;
use crate::cli::common::Error;
use crate::manifest::yaml;
use crate::model::RiskTier;

/// The files of the shop: path and text.
pub(super) const SHOP: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shop.rs"));

/// One change of the demo.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// Its name for programs.
    #[serde(rename = "id")]
    _id: String,
    pub(super) title: String,
    pub(super) environment: String,
    pub(super) unit: String,
    /// The file that is changed.
    pub(super) file: String,
    /// Committed without being judged.
    #[serde(default)]
    pub(super) unsigned: bool,
    replace: Vec<Replacement>,
    /// The message of the commit.
    #[serde(rename = "commit")]
    pub(super) message: String,
    /// What the reader should see in it.
    pub(super) says: String,
    pub(super) expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replacement {
    from: String,
    to: String,
}

/// What must come out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    pub(super) check: Option<Check>,
    pub(super) tier: Option<RiskTier>,
    /// The findings that deny.
    #[serde(default)]
    pub(super) codes: Vec<String>,
    pub(super) admit: Admit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Check {
    Pass,
    Fail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Admit {
    Admitted,
    Refused,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Steps {
    steps: Vec<Step>,
}

/// The steps, in order.
pub(super) fn all() -> Result<Vec<Step>, Error> {
    let text = DEMO
        .iter()
        .find_map(|(path, text)| (*path == "steps.yaml").then_some(*text))
        .unwrap_or_default();
    let mut documents = yaml::parse(text).map_err(|error| lie(&error))?;
    let root = documents.pop().ok_or_else(|| lie(&"steps.yaml is empty"))?;
    let steps: Steps = serde_json::from_value(root.to_json()).map_err(|error| lie(&error))?;
    Ok(steps.steps)
}

impl Step {
    /// The file as the step makes it, from the file as it stands.
    pub(super) fn edit(&self, text: &str) -> Result<String, Error> {
        let mut edited = text.to_owned();
        for Replacement { from, to } in &self.replace {
            if edited.matches(from.as_str()).count() != 1 {
                return Err(lie(&format!(
                    "`{from}` does not stand once in {}",
                    self.file
                )));
            }
            edited = edited.replace(from.as_str(), to);
        }
        Ok(edited)
    }
}

const DEMO: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/demo.rs"));
