//! The statements of one text, each with what those before it mean for it: transactions, time bounds, tables that are new.
//! Knows nothing of where the text comes from, nor of tools but whether they wrap it into a transaction.

use std::collections::BTreeSet;

use squawk_parser::SyntaxKind::*;

use super::classify::{QUOTES, called, classify, parameters, value_of};
use super::split::{Piece, split};
use super::statement::{Class, Effect, Statement};
use super::syntax::{Node, Tree, parse};
use crate::model::{Digest, limits};

/// Whether a text runs in a transaction that it does not begin itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrap {
    /// It does not.
    Never,
    /// It does where it has several statements: they are sent together.
    Several,
    /// It does unless PostgreSQL refuses each of its statements there: the tool looks.
    Unless,
    /// Part by part: how many statements stand before a part, and whether it does.
    Parts(Vec<(usize, bool)>),
}

/// What a text says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) statements: Vec<Statement>,
    /// Whether an advisory lock keeps two runs of it apart.
    pub(super) takes_lock: bool,
}

/// Reads a text; of its statements not more than `most`.
pub(super) fn read(text: &str, wrap: &Wrap, most: usize) -> Read {
    if text.contains('\0') {
        return unread("it holds a NUL, which is in no text");
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut pieces = split(text);
    let most = most.min(limits::SCRIPT_STATEMENTS.most);
    let beyond = pieces.pieces.get(most).map(|piece| piece.line);
    pieces.pieces.truncate(most);
    let texts: Vec<&str> = pieces.pieces.iter().map(sound).collect();
    let trees = parse(&texts);
    let read: Vec<(&Piece<'_>, Option<Node<'_>>)> = pieces
        .pieces
        .iter()
        .zip(
            trees
                .iter()
                .map(|tree| tree.as_ref().and_then(Tree::statement)),
        )
        .collect();
    let effects: Vec<Effect> = read
        .iter()
        .map(|(piece, node)| effect(piece, *node))
        .collect();
    let mut session = Session::default();
    let mut found = Read::default();
    for (nth, ((piece, node), effect)) in read.iter().zip(&effects).enumerate() {
        session.wrapped = wrap.holds(nth, &effects);
        if wrap.begins(nth) {
            session.held.clear();
        }
        found.takes_lock |= node.is_some_and(takes_lock);
        found.statements.push(session.take(piece, *node, effect));
    }
    if let Some(line) = beyond {
        let reason = "what comes from here on is too much to be read: cut it into several scripts";
        found.statements.push(not_understood(line, reason));
    }
    found
}

/// A text of which nothing is understood.
pub(super) fn unread(reason: &str) -> Read {
    Read {
        statements: vec![not_understood(1, reason)],
        takes_lock: false,
    }
}

fn not_understood(line: usize, reason: &str) -> Statement {
    Statement {
        class: Class::Unknown,
        verb: String::new(),
        tables: Vec::new(),
        line,
        digest: Digest::of(b"").to_string(),
        locks: None,
        rewrites: false,
        blocks_for_index: false,
        transactional: true,
        in_transaction: false,
        bounded: false,
        held: BTreeSet::new(),
        reason: Some(reason.to_owned()),
    }
}

/// What the parser is given of a piece.
fn sound<'t>(piece: &Piece<'t>) -> &'t str {
    match piece.flaw {
        Some(_) => "",
        None => piece.text,
    }
}

fn effect(piece: &Piece<'_>, statement: Option<Node<'_>>) -> Effect {
    match (piece.flaw, statement) {
        (Some(flaw), _) => Effect::unknown(flaw),
        (None, None) => Effect::unknown("it is no statement of PostgreSQL that can be read"),
        (None, Some(statement)) => classify(statement),
    }
}

/// Whether a statement waits for an advisory lock, or goes on only with one.
fn takes_lock(statement: Node<'_>) -> bool {
    called(statement).any(|name| {
        let locks = ["pg_advisory_lock", "pg_advisory_xact_lock"];
        locks.contains(&name.as_str())
    })
}

impl Wrap {
    fn holds(&self, nth: usize, effects: &[Effect]) -> bool {
        match self {
            Self::Never => false,
            Self::Several => effects.len() > 1,
            Self::Unless => effects.iter().any(|effect| !effect.alone),
            Self::Parts(parts) => {
                let part = parts.iter().rev().find(|(before, _)| *before <= nth);
                part.is_some_and(|(_, wrapped)| *wrapped)
            }
        }
    }
}

impl Wrap {
    /// Whether a tool begins another transaction there.
    fn begins(&self, nth: usize) -> bool {
        match self {
            Self::Parts(parts) => parts.iter().any(|(before, _)| *before == nth),
            Self::Never | Self::Several | Self::Unless => false,
        }
    }
}

/// What the statements so far have left.
#[derive(Default)]
struct Session {
    wrapped: bool,
    /// A transaction that the script has begun itself.
    begun: bool,
    /// Whether a time bound holds to the end, and to the end of the transaction.
    bounds: Bounds,
    /// Tables that the script has made.
    fresh: BTreeSet<String>,
    /// Tables that the transaction keeps locked until it ends.
    held: BTreeSet<String>,
    /// Whether it is still known where texts end.
    quotes_lost: bool,
}

#[derive(Clone, Default)]
struct Bounds {
    session: BTreeSet<String>,
    local: BTreeSet<String>,
}

impl Session {
    fn take(&mut self, piece: &Piece<'_>, node: Option<Node<'_>>, effect: &Effect) -> Statement {
        let mut effect = effect.clone();
        if self.quotes_lost {
            effect = Effect::unknown("what stands before it changes where texts end");
        }
        self.quotes_lost |= effect.reason == Some(QUOTES);
        let in_transaction = self.wrapped || self.begun;
        if let Some(node) = node {
            self.follow(node, in_transaction);
        }
        if self.is_of_fresh_tables(&effect) {
            // Nobody waits for a table that nobody has seen yet, and no row of it is written anew.
            effect = Effect {
                class: Class::Additive,
                locks: None,
                rewrites: false,
                blocks_for_index: false,
                ..effect
            };
        }
        self.remember(node, &effect);
        let held = self.held_by(&effect, in_transaction);
        Statement {
            held,
            class: effect.class,
            verb: effect.verb,
            tables: effect.tables,
            line: piece.line,
            digest: Digest::of(piece.text.as_bytes()).to_string(),
            locks: effect.locks,
            rewrites: effect.rewrites,
            blocks_for_index: effect.blocks_for_index,
            transactional: !effect.alone,
            in_transaction,
            bounded: !self.bounds.session.is_empty() || !self.bounds.local.is_empty(),
            reason: effect.reason.map(str::to_owned),
        }
    }

    /// The tables that are locked while it writes rows of them.
    fn held_by(&mut self, effect: &Effect, in_transaction: bool) -> BTreeSet<String> {
        if !in_transaction {
            self.held.clear();
        }
        let tables = effect.tables.iter();
        if effect.class == Class::Data {
            let held = tables.filter(|table| self.held.contains(*table));
            return held.cloned().collect();
        }
        if in_transaction && effect.keeps_waiting() {
            self.held.extend(tables.cloned());
        }
        BTreeSet::new()
    }

    /// Transactions and time bounds.
    fn follow(&mut self, node: Node<'_>, in_transaction: bool) {
        match node.kind() {
            BEGIN => self.begun = true,
            COMMIT_TRANSACTION | PREPARE_TRANSACTION => {
                self.begun = node.has(&[AND_CHAIN]);
                self.bounds.local.clear();
                self.held.clear();
            }
            // What the transaction has set is undone; before it, nothing was.
            ROLLBACK_TRANSACTION | ROLLBACK_TO_SAVEPOINT => {
                self.begun &= node.kind() == ROLLBACK_TO_SAVEPOINT || node.has(&[AND_CHAIN]);
                self.bounds = Bounds::default();
                self.fresh.clear();
                if node.kind() == ROLLBACK_TRANSACTION {
                    self.held.clear();
                }
            }
            DISCARD => self.bounds = Bounds::default(),
            RESET => self.reset(node),
            SET => {
                let name = node
                    .within()
                    .find(|part| part.kind() == CONFIG_PARAMETER_REF);
                let name = name.map(Node::name).unwrap_or_default();
                let value = node.child(&[SET_CONFIG]).and_then(value_of);
                let local = node.has(&[LOCAL_SCOPE]);
                if !local || in_transaction {
                    self.set(&name, value.as_deref(), local);
                }
            }
            _ => {
                for (name, value) in parameters(node) {
                    // Whether it is for the transaction alone is a value like any other.
                    self.set(&name, value.as_deref(), true);
                }
            }
        }
    }

    fn reset(&mut self, node: Node<'_>) {
        let name = node
            .within()
            .find(|part| part.kind() == CONFIG_PARAMETER_REF);
        match name.map(Node::name) {
            Some(name) => self.set(&name, None, false),
            None => self.bounds = Bounds::default(),
        }
    }

    fn set(&mut self, name: &str, value: Option<&str>, local: bool) {
        if name == "search_path" {
            self.fresh.clear();
        }
        if !TIMEOUTS.contains(&name) {
            return;
        }
        let is_bound = value.is_some_and(is_a_time);
        if !local {
            self.bounds.session.remove(name);
        }
        self.bounds.local.remove(name);
        match (is_bound, local) {
            (true, true) => self.bounds.local.insert(name.to_owned()),
            (true, false) => self.bounds.session.insert(name.to_owned()),
            // Within the transaction nothing is bound any more.
            (false, _) => self.bounds.session.remove(name),
        };
    }

    /// Whether it only works on tables that the script has made itself.
    fn is_of_fresh_tables(&self, effect: &Effect) -> bool {
        let own = !effect.tables.is_empty()
            && effect.tables.iter().all(|table| self.fresh.contains(table));
        own && matches!(effect.class, Class::Care | Class::Data)
    }

    /// Which tables are new. What takes a name away, or is not understood, may give it to an old one.
    fn remember(&mut self, node: Option<Node<'_>>, effect: &Effect) {
        if effect.class >= Class::Unknown {
            self.fresh.clear();
        }
        let makes = |node: &Node<'_>| {
            let kinds = [IF_NOT_EXISTS, TEMP, PARTITION_OF, INHERITS];
            matches!(node.kind(), CREATE_TABLE | CREATE_TABLE_AS) && !node.has(&kinds)
        };
        if node.as_ref().is_some_and(makes) && effect.class == Class::Additive {
            self.fresh.extend(effect.tables.first().cloned());
        }
    }
}

/// Whether a parameter is a time that bounds anything: zero does not.
fn is_a_time(value: &str) -> bool {
    let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
    digits.bytes().any(|digit| digit != b'0')
}

/// Parameters that end what waits or runs for too long.
const TIMEOUTS: [&str; 2] = ["lock_timeout", "statement_timeout"];

#[cfg(test)]
mod tests;
