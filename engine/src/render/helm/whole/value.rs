//! What an expression may hold: read from its words, with what is known of variables, keys and templates.

use std::ops::BitOr;

use super::functions::{Does, does};
use super::{Names, Variables, Why};
use crate::render::Deployer;
use crate::render::helm::body::{Token, Tokens};

/// Which of the things that are not shown a value may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Holds(u8);

impl Holds {
    pub(super) const NOTHING: Self = Self(0);
    /// `.Capabilities`, or all that a template is given.
    const CONTEXT: Self = Self(1);
    const RELEASE: Self = Self(2);
    /// `.Chart`, in which lists are of addresses.
    const CHART: Self = Self(4);
    /// All that a template is given.
    pub(super) const ROOT: Self = Self(7);

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Holds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Reads expressions, and keeps what they say of names.
pub(super) struct Reader<'n> {
    names: &'n mut Names,
    variables: &'n mut Variables,
    deployer: Deployer,
    dot: Holds,
    root: Holds,
    /// Where the action stands.
    at: usize,
    /// How many parentheses are open.
    depth: usize,
    /// The first.
    pub(super) flaw: Option<(usize, Why)>,
}

/// What a function is given.
struct Argument<'t, 'a> {
    tokens: Tokens<'t, 'a>,
    holds: Holds,
}

impl<'n> Reader<'n> {
    pub(super) fn new(
        names: &'n mut Names,
        variables: &'n mut Variables,
        deployer: Deployer,
    ) -> Self {
        Self {
            names,
            variables,
            deployer,
            dot: Holds::ROOT,
            root: Holds::ROOT,
            at: 0,
            depth: 0,
            flaw: None,
        }
    }

    /// What `.` and `$` are from here on.
    pub(super) fn enter(&mut self, dot: Holds, root: Holds, at: usize) {
        (self.dot, self.root, self.at) = (dot, root, at);
    }

    /// What a named template is given.
    pub(super) fn given(&self, name: Option<&str>) -> Holds {
        let own = name.and_then(|name| self.names.given.get(name).copied());
        own.unwrap_or_default() | self.names.given_any
    }

    /// Hands a value to a template.
    pub(super) fn give(&mut self, name: Option<&str>, value: Holds) -> Holds {
        match name {
            Some(name) => add(&mut self.names.given, name, value),
            None => self.names.given_any = self.names.given_any | value,
        }
        self.given(name)
    }

    /// Reads `$a, $b := x`, or `x` alone.
    pub(super) fn assign(&mut self, tokens: Tokens<'_, '_>) -> Holds {
        let sign = tokens
            .iter()
            .position(|(_, token)| *token == Token::Mark('='));
        let is_assigned = matches!(tokens.first(), Some((_, Token::Variable(_))));
        let Some(sign) = sign.filter(|_| is_assigned) else {
            return self.pipeline(tokens);
        };
        let (before, after) = (tokens.get(..sign), tokens.get(sign + 1..));
        let after = after.unwrap_or_default();
        let value = self.pipeline(after);
        let is_literal = matches!(after, [(_, Token::Quoted(text))] if literal(text).is_some());
        for (_, token) in before.unwrap_or_default() {
            if let Token::Variable(name) = token {
                add(&mut self.variables.holds, name, value);
                let kind = match is_literal {
                    true => &mut self.variables.literal,
                    false => &mut self.variables.made,
                };
                kind.insert((*name).to_owned());
            }
        }
        value
    }

    /// What the steps of a walk through `of` are.
    pub(super) fn walked(&mut self, of: Holds) -> Holds {
        self.shown(of, Does::Shows);
        Holds::NOTHING
    }

    /// Reads an action that prints what it comes to, if it is no assignment.
    pub(super) fn print(&mut self, tokens: Tokens<'_, '_>) {
        let is_assigned = matches!(
            tokens,
            [(_, Token::Variable(_)), (_, Token::Mark(':' | '=')), ..]
        );
        let value = self.assign(tokens);
        if !is_assigned {
            self.shown(value, Does::Prints);
        }
    }

    fn found(&mut self, why: Why) {
        self.flaw.get_or_insert((self.at, why));
    }

    /// A text is made of a value, or something else of all that it holds.
    fn shown(&mut self, value: Holds, how: Does) {
        if value.has(Holds::CONTEXT) || how == Does::Prints && value.has(Holds::CHART) {
            self.found(Why::Context);
        } else if value.has(Holds::RELEASE) && self.deployer == Deployer::Flux {
            self.found(Why::Release);
        }
    }

    /// Commands, each of which is given what the one before it comes to.
    fn pipeline(&mut self, tokens: Tokens<'_, '_>) -> Holds {
        if self.depth > DEPTH {
            self.found(Why::Context);
            return Holds::ROOT;
        }
        self.depth += 1;
        let mut value = None;
        for command in split(tokens) {
            value = Some(self.command(command, value));
        }
        self.depth -= 1;
        value.unwrap_or_default()
    }

    fn command(&mut self, tokens: Tokens<'_, '_>, before: Option<Holds>) -> Holds {
        let operands = operands(tokens);
        let Some((head, rest)) = operands.split_first() else {
            return before.unwrap_or_default();
        };
        let name = match head {
            [(_, Token::Word(name))] if !name.starts_with(|c: char| c.is_ascii_digit()) => *name,
            // A field, which may be a method and take something.
            _ => {
                let own = self.operand(head);
                rest.iter().for_each(|it| {
                    self.operand(it);
                });
                return own;
            }
        };
        let mut arguments = Vec::new();
        for tokens in rest {
            let holds = self.operand(tokens);
            arguments.push(Argument { tokens, holds });
        }
        if let Some(holds) = before {
            arguments.push(Argument { tokens: &[], holds });
        }
        self.call(name, &arguments)
    }

    /// A value with the fields behind it.
    fn operand(&mut self, tokens: Tokens<'_, '_>) -> Holds {
        let (mut value, fields) = match tokens {
            [(_, Token::Mark('(')), ..] => {
                let end = closing(tokens);
                let inner = tokens.get(1..end).unwrap_or_default();
                let fields = tokens.get(end + 1..).unwrap_or_default();
                (self.pipeline(inner), fields)
            }
            [(_, Token::Field(_)), ..] => (self.dot, tokens),
            [(_, Token::Variable("")), fields @ ..] => (self.root, fields),
            [(_, Token::Variable(name)), fields @ ..] => {
                let known = self.variables.holds.get(*name).copied();
                (known.unwrap_or_default(), fields)
            }
            _ => return Holds::NOTHING,
        };
        let mut before = "";
        for (_, field) in fields {
            if let Token::Field(name) = field {
                if name.is_empty() {
                    continue;
                }
                value = self.field(value, before, name);
                // What lies deeper in values is one, whatever it is called.
                if before != "Values" || value != Holds::NOTHING {
                    before = name;
                }
            }
        }
        value
    }

    /// What stands under a name of a value.
    fn field(&self, of: Holds, before: &str, name: &str) -> Holds {
        let set = self.names.set.get(name).copied().unwrap_or_default();
        let known = match (before, name) {
            ("Values", _) if of == Holds::NOTHING => Holds::NOTHING,
            ("Subcharts", _) => Holds::ROOT,
            (_, "Capabilities") => Holds::CONTEXT,
            (_, "Release") => Holds::RELEASE,
            (_, "Chart") => Holds::CHART,
            (_, "Subcharts") => Holds::ROOT,
            ("Chart", "Maintainers" | "Dependencies") => Holds::CHART,
            ("Chart" | "Release" | "Capabilities", _) | (_, "Values" | "Files" | "Template") => {
                Holds::NOTHING
            }
            (_, name) => self.names.keys.get(name).copied().unwrap_or_default(),
        };
        known | set
    }

    fn call(&mut self, name: &str, arguments: &[Argument<'_, '_>]) -> Holds {
        let all = arguments
            .iter()
            .fold(Holds::NOTHING, |all, argument| all | argument.holds);
        match does(name) {
            how @ (Does::Prints | Does::Shows) => {
                self.shown(all, how);
                Holds::NOTHING
            }
            Does::Hands => all,
            Does::Lists => {
                self.listed(arguments);
                all
            }
            Does::Moves => {
                add(&mut self.names.keys, ANY_ITEM, all);
                all
            }
            Does::Keeps => Holds::NOTHING,
            Does::Merges => {
                let later = arguments.iter().skip(1);
                let later = later.fold(Holds::NOTHING, |all, argument| all | argument.holds);
                if let Some(first) = arguments.first() {
                    self.grows(first.tokens, later);
                }
                all
            }
            Does::Pairs => {
                self.paired(arguments);
                all
            }
            Does::Sets => {
                if let [into, key, value] = arguments {
                    self.put(key, value.holds, true);
                    self.grows(into.tokens, value.holds);
                }
                all
            }
            how @ (Does::Picks | Does::Digs | Does::Plucks) => {
                self.chosen(how, arguments).unwrap_or(all)
            }
            Does::Includes => {
                self.included(arguments);
                Holds::NOTHING
            }
            Does::Runs => {
                if let Some(text) = arguments.first() {
                    self.shown(text.holds, Does::Prints);
                }
                Holds::NOTHING
            }
            Does::Formats => {
                self.shown(all, Does::Prints);
                if let Some((format, [_, ..])) = arguments.split_first()
                    && !self.is_literal(format.tokens)
                {
                    self.found(Why::Format);
                }
                Holds::NOTHING
            }
        }
    }

    /// Notes what stands at which place of a list.
    fn listed(&mut self, arguments: &[Argument<'_, '_>]) {
        for (place, argument) in arguments.iter().enumerate() {
            add(&mut self.names.keys, &item(place), argument.holds);
        }
    }

    /// Notes what stands under which key of a dictionary.
    fn paired(&mut self, arguments: &[Argument<'_, '_>]) {
        for pair in arguments.chunks(2) {
            if let [key, value] = pair {
                self.put(key, value.holds, false);
            }
        }
    }

    /// What one of the functions that take keys gives; `None` where it is called as nothing that is known.
    fn chosen(&mut self, how: Does, arguments: &[Argument<'_, '_>]) -> Option<Holds> {
        match (how, arguments) {
            (Does::Picks, [of, keys @ ..]) => {
                Some(self.picked(of.holds, last_field(of.tokens), keys))
            }
            (Does::Digs, [keys @ .., none, of]) => {
                Some(self.picked(of.holds, last_field(of.tokens), keys) | none.holds)
            }
            (Does::Plucks, [key, of @ ..]) => Some(of.iter().fold(Holds::NOTHING, |all, of| {
                all | self.picked(of.holds, last_field(of.tokens), std::slice::from_ref(key))
            })),
            (Does::Digs, _) => None,
            _ => Some(Holds::NOTHING),
        }
    }

    /// Gives a template that is included its context.
    fn included(&mut self, arguments: &[Argument<'_, '_>]) {
        let Some((name, context)) = arguments.split_first() else {
            return;
        };
        let context = context
            .iter()
            .fold(Holds::NOTHING, |all, argument| all | argument.holds);
        let of_file = Token::Field("BasePath");
        match quoted(name.tokens) {
            Some(name) => {
                self.give(Some(name), context);
            }
            // A file is given all there is anyway.
            None if name.tokens.iter().any(|(_, token)| *token == of_file) => {}
            None => {
                self.give(None, context);
            }
        }
    }

    /// What stands under these keys, one in another.
    fn picked(&mut self, of: Holds, field: &str, keys: &[Argument<'_, '_>]) -> Holds {
        let (mut value, mut before) = (of, field.to_owned());
        for key in keys {
            if let Some(name) = quoted(key.tokens) {
                value = self.field(value, &before, name);
                name.clone_into(&mut before);
            } else if let Some(number) = number(key.tokens) {
                let known = |name: &str| self.names.keys.get(name).copied().unwrap_or_default();
                if value != Holds::NOTHING {
                    value = known(&item(number)) | known(ANY_ITEM);
                }
            } else if value != Holds::NOTHING {
                self.found(Why::MadeName);
                return Holds::NOTHING;
            }
        }
        value
    }

    /// A value is put under a key.
    fn put(&mut self, key: &Argument<'_, '_>, value: Holds, is_set: bool) {
        if value == Holds::NOTHING {
            return;
        }
        let names = match is_set {
            true => &mut self.names.set,
            false => &mut self.names.keys,
        };
        match quoted(key.tokens) {
            Some(name) => add(names, name, value),
            None => self.shown(value, Does::Shows),
        }
    }

    /// A mapping that was there before holds more.
    fn grows(&mut self, tokens: Tokens<'_, '_>, value: Holds) {
        if value == Holds::NOTHING {
            return;
        }
        match tokens.last() {
            Some((_, Token::Field(name))) if !name.is_empty() => {
                add(&mut self.names.set, name, value);
            }
            Some((_, Token::Variable(name))) if !name.is_empty() => {
                add(&mut self.variables.holds, name, value);
            }
            // It is a new one, whose name comes later, or all there is.
            _ => {}
        }
    }

    /// Whether it is a text that stands there as it is.
    fn is_literal(&self, tokens: Tokens<'_, '_>) -> bool {
        match tokens {
            [(_, Token::Quoted(text))] => literal(text).is_some(),
            [(_, Token::Variable(name))] => {
                self.variables.literal.contains(*name) && !self.variables.made.contains(*name)
            }
            [(_, Token::Mark('(')), inner @ .., (_, Token::Mark(')'))] => self.is_literal(inner),
            _ => false,
        }
    }
}

fn add(names: &mut std::collections::BTreeMap<String, Holds>, name: &str, value: Holds) {
    if value != Holds::NOTHING {
        let known = names.entry(name.to_owned()).or_default();
        *known = *known | value;
    }
}

/// The text between quotes, where it says what it is without escapes that spell letters.
pub(super) fn literal(quoted: &str) -> Option<&str> {
    let inner = quoted.get(1..quoted.len().checked_sub(1)?)?;
    let plain = |rest: &str| rest.starts_with(['n', 't', 'r', '"', '\\']);
    let is_plain = quoted.starts_with('`') || {
        // Of two that stand together, the second is no beginning.
        let inner = inner.replace("\\\\", "");
        inner.split('\\').skip(1).all(plain)
    };
    (is_plain && !quoted.starts_with('\'')).then_some(inner)
}

fn quoted<'a>(tokens: Tokens<'_, 'a>) -> Option<&'a str> {
    match tokens {
        [(_, Token::Quoted(text))] => literal(text),
        _ => None,
    }
}

fn number(tokens: Tokens<'_, '_>) -> Option<usize> {
    match tokens {
        [(_, Token::Word(word))] => word.parse().ok(),
        _ => None,
    }
}

/// The name by which an item of a list is known.
fn item(place: usize) -> String {
    format!("#{place}")
}

fn last_field<'a>(tokens: Tokens<'_, 'a>) -> &'a str {
    match tokens.last() {
        Some((_, Token::Field(name))) => name,
        _ => "",
    }
}

/// Where the parenthesis is closed that the tokens begin with.
fn closing(tokens: Tokens<'_, '_>) -> usize {
    let mut depth = 0_usize;
    for (place, (_, token)) in tokens.iter().enumerate() {
        match token {
            Token::Mark('(') => depth += 1,
            Token::Mark(')') => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return place;
        }
    }
    tokens.len()
}

/// The commands of a pipeline.
fn split<'t, 'a>(tokens: Tokens<'t, 'a>) -> Vec<Tokens<'t, 'a>> {
    let mut commands = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (place, (_, token)) in tokens.iter().enumerate() {
        match token {
            Token::Mark('(') => depth += 1,
            Token::Mark(')') => depth = depth.saturating_sub(1),
            Token::Mark('|') if depth == 0 => {
                commands.extend(tokens.get(start..place));
                start = place + 1;
            }
            _ => {}
        }
    }
    commands.extend(tokens.get(start..));
    commands
}

/// The parts of a command: each a value with the fields that stand at once behind it.
fn operands<'t, 'a>(tokens: Tokens<'t, 'a>) -> Vec<Tokens<'t, 'a>> {
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(rest) = tokens.get(start..).filter(|rest| !rest.is_empty()) {
        let mut length = match rest.first() {
            Some((_, Token::Mark('('))) => closing(rest) + 1,
            _ => 1,
        };
        while let (Some((at, token)), Some((next, Token::Field(_)))) =
            (rest.get(length - 1), rest.get(length))
        {
            if *next != at + token.length() {
                break;
            }
            length += 1;
        }
        let length = length.min(rest.len());
        found.extend(rest.get(..length));
        start += length;
    }
    found
}

/// An item of a list that may be any.
const ANY_ITEM: &str = "#";
/// Parentheses within parentheses that are followed.
const DEPTH: usize = 100;
