//! One statement as a tree of what PostgreSQL's grammar calls its parts. What is not of the grammar has no tree.
//! Knows nothing of what a part means for a table.

use std::thread;

use squawk_parser::{EntryPoint, LexedStr, StrStep, SyntaxKind};

/// The tree of a statement: its parts in the order of the text, the outermost first.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    parts: Vec<Part>,
    /// Words and signs, without comments and blanks.
    words: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    kind: SyntaxKind,
    /// Behind the last part within it.
    end: usize,
    /// Its words: the first of them, and the one behind the last.
    words: (usize, usize),
    /// How many parts stand around it.
    depth: usize,
}

/// A part of a tree.
#[derive(Clone, Copy)]
pub(super) struct Node<'t> {
    tree: &'t Tree,
    at: usize,
    part: Part,
}

/// The trees of statements, in their order; `None` for one that is no statement, or more than one. Reads them on a
/// thread of its own, since the parser recurses: what it cannot do there is no statement either.
pub(super) fn parse(texts: &[&str]) -> Vec<Option<Tree>> {
    let unread = || vec![None; texts.len()];
    thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK_BYTES);
        let read = reader.spawn_scoped(scope, || texts.iter().map(|text| one(text)).collect());
        match read.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(trees)) => trees,
            // The parser stopped at one of them: each is read alone, so that the others are known.
            Ok(Err(_)) if texts.len() > 1 => texts.iter().flat_map(|text| parse(&[text])).collect(),
            Ok(Err(_)) | Err(_) => unread(),
        }
    })
}

/// The tree of one statement.
fn one(text: &str) -> Option<Tree> {
    let lexed = LexedStr::new(text);
    if lexed.errors().next().is_some() {
        return None;
    }
    let output = EntryPoint::SourceFile.parse(&lexed.to_input());
    let mut tree = Tree::default();
    let mut open: Vec<usize> = Vec::new();
    let mut wrong = false;
    let whole = lexed.intersperse_trivia(&output, &mut |step| match step {
        StrStep::Enter { kind } => {
            wrong |= kind == SyntaxKind::ERROR || kind == SyntaxKind::NON_STANDARD_PARAM;
            open.push(tree.parts.len());
            tree.parts.push(Part {
                kind,
                end: 0,
                words: (tree.words.len(), 0),
                depth: open.len(),
            });
        }
        StrStep::Exit => {
            let (end, words) = (tree.parts.len(), tree.words.len());
            if let Some(part) = open.pop().and_then(|at| tree.parts.get_mut(at)) {
                part.end = end;
                part.words.1 = words;
            }
        }
        StrStep::Token { kind, text } if !is_blank(kind) => tree.words.push(text.to_owned()),
        StrStep::Token { .. } => {}
        StrStep::Error { .. } => wrong = true,
    });
    let is_one = |tree: &Tree| tree.root().is_some_and(|root| root.children().count() == 1);
    (whole && !wrong && open.is_empty() && is_one(&tree)).then_some(tree)
}

fn is_blank(kind: SyntaxKind) -> bool {
    matches!(kind, SyntaxKind::WHITESPACE | SyntaxKind::COMMENT)
}

impl Tree {
    fn root(&self) -> Option<Node<'_>> {
        self.node(0)
    }

    /// The statement.
    pub(super) fn statement(&self) -> Option<Node<'_>> {
        self.root()?.children().next()
    }

    fn node(&self, at: usize) -> Option<Node<'_>> {
        let part = *self.parts.get(at)?;
        Some(Node {
            tree: self,
            at,
            part,
        })
    }
}

impl<'t> Node<'t> {
    pub(super) fn kind(self) -> SyntaxKind {
        self.part.kind
    }

    /// The parts right within it.
    pub(super) fn children(self) -> impl Iterator<Item = Node<'t>> {
        let depth = self.part.depth + 1;
        self.within().filter(move |node| node.part.depth == depth)
    }

    /// All parts within it.
    pub(super) fn within(self) -> impl Iterator<Item = Node<'t>> {
        (self.at + 1..self.part.end).filter_map(move |at| self.tree.node(at))
    }

    /// The first part right within it that is of one of these kinds.
    pub(super) fn child(self, kinds: &[SyntaxKind]) -> Option<Node<'t>> {
        self.children().find(|node| kinds.contains(&node.kind()))
    }

    /// Whether any part within it is of one of these kinds.
    pub(super) fn has(self, kinds: &[SyntaxKind]) -> bool {
        self.within().any(|node| kinds.contains(&node.kind()))
    }

    /// Its words and signs, those of the parts within it too.
    pub(super) fn words(self) -> &'t [String] {
        let (from, to) = self.part.words;
        self.tree.words.get(from..to).unwrap_or_default()
    }

    /// Its words and signs that are of no part within it.
    pub(super) fn own_words(self) -> impl Iterator<Item = &'t str> {
        let (from, to) = self.part.words;
        let inner: Vec<(usize, usize)> = self.children().map(|node| node.part.words).collect();
        let is_own = move |at: &usize| !inner.iter().any(|(from, to)| (from..to).contains(&at));
        let words = (from..to).filter(is_own);
        words.filter_map(move |at| self.tree.words.get(at).map(String::as_str))
    }

    /// Whether one of its own words is this keyword.
    pub(super) fn says(self, keyword: &str) -> bool {
        self.own_words()
            .any(|word| word.eq_ignore_ascii_case(keyword))
    }

    /// The name that it is, as PostgreSQL folds it: `public.stock_move`.
    pub(super) fn name(self) -> String {
        let parts = self.words().iter().map(String::as_str);
        let parts = parts.filter(|word| !["ONLY", "."].contains(&word.to_uppercase().as_str()));
        let parts = parts.filter(|word| *word != "*").map(folded);
        parts.collect::<Vec<String>>().join(".")
    }
}

/// A name as PostgreSQL keeps it.
pub(super) fn folded(name: &str) -> String {
    let quoted = name
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(inner) => inner.replace("\"\"", "\""),
        None => name.to_lowercase(),
    }
}

/// Reserved, not used, until something nests deeply: some 6 KiB a level without optimisation.
const STACK_BYTES: usize = 128 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::limits;

    fn is_read(text: &str) -> bool {
        parse(&[text]).first().is_some_and(Option::is_some)
    }

    #[test]
    fn what_is_no_single_statement_of_postgresql_has_no_tree() {
        for text in [
            "ALTER TABLE t DROP COLUMN",
            "ALTER TABLE t MODIFY a int",
            "ALTER TABLE `t` DROP `x`",
            "CREATE TABLE t (a int) ENGINE=InnoDB",
            "FOO BAR",
            "SELECT 1; DROP TABLE t",
            "SELECT :name",
            "SELECT :'name'",
            "DROP TABLE ${table}",
            "DROP TABLE {{ table }}",
            "SELECT 'a",
            "",
            "\0",
        ] {
            assert!(!is_read(text), "{text}");
        }
        for text in [
            "ALTER TABLE t DROP COLUMN a",
            "SELECT a[1:2]",
            "SELECT 1::int",
        ] {
            assert!(is_read(text), "{text}");
        }
    }

    #[test]
    fn the_deepest_that_is_taken_fits_the_stack() {
        let most = limits::STATEMENT_WORDS.most;
        let deep = limits::STATEMENT_DEPTH.most;
        for (before, again, after, times) in [
            ("SELECT ", "NOT ", "x", most),
            ("SELECT ", "- ", "x", most),
            ("SELECT ", "CASE WHEN ", "x", most / 2),
            ("SELECT ", "2 ^ ", "x", most),
            ("SELECT 1 FROM ", "a JOIN ", "b", most / 2),
            ("", "EXPLAIN ", "SELECT 1", most),
            ("", "SELECT 1 UNION ", "SELECT 1", most / 2),
            ("", "WITH a AS ", "", most / 3),
            ("SELECT ", "(", "1", deep),
            ("SELECT ", "ARRAY[", "1", deep),
        ] {
            let text = format!("{before}{}{after}", again.repeat(times));
            // It comes back, whatever it says.
            assert_eq!(parse(&[&text]).len(), 1, "{again}");
        }
    }

    #[test]
    fn names_are_those_that_postgresql_keeps() {
        for (written, wanted) in [
            ("Stock_Move", "stock_move"),
            ("\"Stock\"", "Stock"),
            ("\"a\"\"b\"", "a\"b"),
        ] {
            assert_eq!(folded(written), wanted);
        }
    }
}
