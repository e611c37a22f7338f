//! Whether a regular expression that stands in a policy works, and at what size.
//! Knows no policy.

use regorus::{Engine, Value};

use crate::model::limits;

/// What is wrong with `pattern`; the engine itself is asked.
pub(super) fn problem(pattern: &str) -> Option<String> {
    if pattern.len() > limits::POLICY_PATTERN.most {
        let (size, limit) = (pattern.len(), limits::POLICY_PATTERN.most);
        return Some(format!("{size} bytes long, the limit is {limit}"));
    }
    let mut engine = Engine::new();
    engine.set_input(Value::from(pattern));
    let asked = engine
        .add_policy("pattern.rego".to_owned(), ASKED.to_owned())
        .and_then(|_package| engine.eval_rule("data.pattern.works".to_owned()));
    match asked {
        Ok(Value::Bool(true)) => None,
        Ok(_) => Some("no regular expression".to_owned()),
        // It is one, but its automaton is larger than the engine takes.
        Err(_) => Some("too large when it is compiled".to_owned()),
    }
}

const ASKED: &str = "package pattern\n\nworks := regex.is_valid(input)\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_works_or_says_why_not() {
        assert_eq!(problem("^[a-z0-9.-]+@sha256:[0-9a-f]{64}$"), None);
        for (pattern, why) in [
            ("(", "no regular expression"),
            ("(?=a)", "no regular expression"),
            ("a{1000000}", "too large"),
            ("((a{1000}){1000}){1000}", "too large"),
            ("(a{999}){999}", "too large"),
        ] {
            let found = problem(pattern).unwrap();
            assert!(found.contains(why), "{pattern}: {found}");
        }
        assert!(problem(&"a".repeat(limits::POLICY_PATTERN.most)).is_none());
        let found = problem(&"a".repeat(100 * 1024)).unwrap();
        assert_eq!(found, "102400 bytes long, the limit is 1024");
    }
}
