//! Judges calls that are allowed or not by what they are given.
//! Knows literals only.

use super::super::error::Error;
use super::names::Names;
use super::pattern;
use super::tree::{Argument, At};
use crate::model::limits;

impl Names<'_> {
    /// Calls whose cost or sense is decided by an argument must show it.
    pub(super) fn check_arguments(&mut self, name: &str, arguments: &[Argument], at: At) {
        match (name, arguments) {
            ("numbers.range", [Argument::Integer(from), Argument::Integer(to)])
                if from.abs_diff(*to) < limits::POLICY_RANGE.wide() => {}
            ("numbers.range", _) => {
                self.forbid(
                    name,
                    "its bounds are not two literals close to each other",
                    at,
                );
            }
            ("sprintf", [Argument::Text(format), ..]) if !has_large_width(format) => {}
            ("sprintf", _) => {
                self.forbid(
                    name,
                    "its format is not a literal, or has a width above 99",
                    at,
                );
            }
            ("walk", [_]) => {
                self.forbid(
                    name,
                    "it answers nothing so; write `walk(value, [path, part])`",
                    at,
                );
            }
            ("glob.match", [Argument::Text(pattern), ..]) if has_empty_choice(pattern) => {
                self.forbid(name, "it never chooses nothing of `{,a}`; ask twice", at);
            }
            ("object.get", [Argument::Reference(of), ..])
                if of.static_path() == Some(vec!["input", "settings"]) =>
            {
                let at = self.place(at);
                self.errors.push(Error::SettingDefault { at });
            }
            ("regex.replace", [_, Argument::Text(text), ..]) => self.check_pattern(text, at),
            (name, [Argument::Text(text), ..]) if name.starts_with("regex.") => {
                self.check_pattern(text, at);
            }
            _ => {}
        }
    }

    /// A pattern that is written out is known to work; others fail where they are used.
    fn check_pattern(&mut self, text: &str, at: At) {
        if let Some(why) = pattern::problem(text) {
            let at = self.place(at);
            self.errors.push(Error::Regex { at, why });
        }
    }
}

/// Whether one of the choices of `{a,b}` is nothing.
fn has_empty_choice(pattern: &str) -> bool {
    ["{,", ",,", ",}", "{}"]
        .iter()
        .any(|it| pattern.contains(it))
}

/// Whether a verb of `format` asks for a width or precision of three digits or more, or takes it
/// from an argument.
fn has_large_width(format: &str) -> bool {
    format.split('%').skip(1).any(|verb| {
        let end = verb
            .find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(verb.len());
        let options = verb.get(..end).unwrap_or_default();
        options.contains('*')
            || options
                .split(|c: char| !c.is_ascii_digit())
                .any(|digits| digits.len() > 2)
    })
}
