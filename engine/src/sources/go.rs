//! Evaluates Go's text/template with the functions that Argo CD gives it, within bounds.
//! What is random, reads a clock or is not built ends the evaluation; nothing is guessed. Knows nothing of what templates are for.
//!
//! Sources: the Go standard library, `text/template` and `fmt`; sprig v3; Argo CD, `applicationset/utils`.

mod bounds;
mod call;
mod compare;
mod functions;
mod lex;
mod number;
mod parse;
mod print;
mod printf;
mod run;
mod tree;
mod value;

use serde_json::{Map, Value as Json};

pub(super) use self::bounds::Steps;
pub(super) use self::run::Missing;

/// Why a template gives no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong, or not built.
    pub(super) why: String,
    /// The byte of the template at which it is.
    pub(super) at: usize,
}

/// What a template comes to. `steps` is what it and others may take together.
pub(super) fn executed(
    template: &str,
    params: &Map<String, Json>,
    missing: Missing,
    steps: &Steps,
) -> Result<String, Fault> {
    let tokens = lex::tokens(template)?;
    let parsed = parse::parse(tokens)?;
    run::run(&parsed, params, missing, steps)
}

pub(super) use self::functions::{paths::base, text::normalized};
pub(super) use self::print::printed_json;

#[cfg(test)]
mod tests;
