//! The places of a file where a small change must be noticed by a test, and what to write there.
//! Judges nothing; that a change is no Rego any more is for the check to say.

use regorus::unstable::{BoolOp, Expr, Literal, LiteralStmt, Module, Query, Rule, RuleHead, Span};

use super::{At, reference};

/// A change of a few characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Site {
    pub(in crate::policy) line: u32,
    pub(in crate::policy) column: u32,
    /// The bytes that go.
    pub(in crate::policy) start: usize,
    pub(in crate::policy) end: usize,
    /// What comes in their place.
    pub(in crate::policy) text: String,
    /// What is done, in words.
    pub(in crate::policy) what: String,
}

/// Every site of `module`, whose text is `text`.
pub(in crate::policy::check) fn sites(module: &Module, text: &str) -> Vec<Site> {
    let mut sites = Sites {
        text,
        found: Vec::new(),
    };
    let starts: Vec<usize> = module
        .policy
        .iter()
        .map(|rule| start(rule.span()))
        .collect();
    let roots: Vec<String> = super::rules(module)
        .filter_map(|(head, ..)| Some(head?.name.root))
        .collect();
    for (n, rule) in module.policy.iter().enumerate() {
        let end = starts.get(n + 1).copied().unwrap_or(text.len());
        let is_root =
            |root: &&String| reference(head_of(rule)).is_some_and(|name| name.root == **root);
        let is_only = roots.iter().filter(is_root).count() == 1;
        sites.without_rule(rule, end, is_only);
        sites.rule(rule);
    }
    sites.found
}

fn head_of(rule: &Rule) -> &Expr {
    match rule {
        Rule::Default { refr, .. } => refr,
        Rule::Spec { head, .. } => match head {
            RuleHead::Set { refr, .. }
            | RuleHead::Func { refr, .. }
            | RuleHead::Compr { refr, .. } => refr,
        },
    }
}

struct Sites<'a> {
    text: &'a str,
    found: Vec<Site>,
}

impl Sites<'_> {
    /// The rule goes; where it is the only one of its name, one without a value stays behind, since
    /// others may name it.
    fn without_rule(&mut self, rule: &Rule, next: usize, is_only: bool) {
        let Rule::Spec { head, .. } = rule else {
            return;
        };
        let name = head_of(rule).span().text();
        let silent = match head {
            _ if !is_only => String::new(),
            RuleHead::Set { .. } => format!("{name} contains 0 if false\n\n"),
            RuleHead::Func { args, .. } => {
                let names: Vec<String> = (0..args.len()).map(|n| format!("a{n}")).collect();
                format!("{name}({}) := 0 if false\n\n", names.join(", "))
            }
            RuleHead::Compr { refr, .. } => match reference(refr) {
                Some(name) if name.static_path().is_some() => {
                    format!("{} := 0 if false\n\n", name.text())
                }
                Some(name) => format!("{}[k] := 0 if {{ k := 0; false }}\n\n", name.root),
                None => return,
            },
        };
        let what = format!("rule `{name}` removed");
        self.add(rule.span(), start(rule.span()), next, silent, what);
    }

    fn rule(&mut self, rule: &Rule) {
        match rule {
            Rule::Default { value, .. } => self.expr(value),
            Rule::Spec { head, bodies, .. } => {
                match head {
                    RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => {
                        assign.iter().for_each(|assign| self.expr(&assign.value));
                    }
                    RuleHead::Set { key, .. } => key.iter().for_each(|key| self.expr(key)),
                }
                for body in bodies {
                    body.assign
                        .iter()
                        .for_each(|assign| self.expr(&assign.value));
                    self.query(&body.query);
                }
            }
        }
    }

    fn query(&mut self, query: &Query) {
        query.stmts.iter().for_each(|stmt| self.statement(stmt));
    }

    fn statement(&mut self, statement: &LiteralStmt) {
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { collection, .. } => self.expr(collection),
            Literal::Expr { span, expr } => {
                if !matches!(expr.as_ref(), Expr::AssignExpr { .. } | Expr::Bool { .. }) {
                    self.replace(span, "true", "taken for true");
                }
                self.expr(expr);
            }
            Literal::NotExpr { span, expr } => {
                self.replace(span, "true", "taken for true");
                let inner = self.slice(expr.span()).to_owned();
                self.replace(span, &inner, "negated");
                self.expr(expr);
            }
            Literal::Every {
                span,
                domain,
                query,
                ..
            } => {
                self.replace(span, "true", "taken for true");
                self.expr(domain);
                self.query(query);
            }
        }
    }

    fn expr(&mut self, tree: &Expr) {
        match tree {
            Expr::Number { span, value, .. } => {
                let more = value.as_i64().map_or(1, |number| number.saturating_add(1));
                self.replace(span, &more.to_string(), &format!("is {more}"));
            }
            Expr::Bool { span, value, .. } => {
                let other = match value.as_bool() {
                    Ok(true) => "false",
                    _ => "true",
                };
                self.replace(span, other, &format!("is {other}"));
            }
            Expr::String { span, .. } | Expr::RawString { span, .. } => self.string(span),
            Expr::BoolExpr {
                op, lhs, rhs, span, ..
            } => {
                self.comparison(span, op, lhs, rhs);
                self.parts(tree);
            }
            _ => self.parts(tree),
        }
    }

    /// What a tree is made of, apart from patterns and from what is for people.
    fn parts(&mut self, tree: &Expr) {
        match tree {
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                items.iter().for_each(|item| self.expr(item));
            }
            Expr::Object { fields, .. } => {
                let read = fields.iter().filter(|(_, key, _)| !is_prose(key));
                read.for_each(|(_, _, value)| self.expr(value));
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.expr(term);
                self.query(query);
            }
            Expr::ObjectCompr {
                key, value, query, ..
            } => {
                self.expr(key);
                self.expr(value);
                self.query(query);
            }
            Expr::Call { fcn, params, .. } => {
                // The words of a message are nobody's decision.
                let words = usize::from(fcn.span().text() == "sprintf");
                let params = params.iter().skip(words);
                params.for_each(|param| self.expr(param));
            }
            Expr::UnaryExpr { expr: of, .. } | Expr::RefDot { refr: of, .. } => self.expr(of),
            // What stands left of `:=` is a pattern.
            Expr::AssignExpr { rhs, .. } => self.expr(rhs),
            Expr::RefBrack {
                refr: one,
                index: other,
                ..
            }
            | Expr::BoolExpr {
                lhs: one,
                rhs: other,
                ..
            }
            | Expr::BinExpr {
                lhs: one,
                rhs: other,
                ..
            }
            | Expr::ArithExpr {
                lhs: one,
                rhs: other,
                ..
            } => [one, other].into_iter().for_each(|tree| self.expr(tree)),
            Expr::Membership {
                key,
                value,
                collection,
                ..
            } => {
                let trees = key.iter().chain([value, collection]);
                trees.for_each(|tree| self.expr(tree));
            }
            _ => {}
        }
    }

    fn comparison(&mut self, span: &Span, op: &BoolOp, lhs: &Expr, rhs: &Expr) {
        let (found, other) = match op {
            BoolOp::Lt => ("<", ">="),
            BoolOp::Le => ("<=", ">"),
            BoolOp::Eq => ("==", "!="),
            BoolOp::Ge => (">=", "<"),
            BoolOp::Gt => (">", "<="),
            BoolOp::Ne => ("!=", "=="),
        };
        let (_, left) = self.outer(lhs.span());
        let (right, _) = self.outer(rhs.span());
        let between = self.text.get(left..right);
        if let Some(at) = between.and_then(|between| between.find(found)) {
            let begin = left + at;
            let what = format!("`{found}` is `{other}`");
            self.add(span, begin, begin + found.len(), other.to_owned(), what);
        }
    }

    /// One more character, before the closing quote. What has a space is a sentence, for people.
    fn string(&mut self, span: &Span) {
        if span.text().contains(' ') {
            return;
        }
        let what = format!("`{}` is another string", span.text());
        self.add(span, end(span), end(span), "~".to_owned(), what);
    }

    fn replace(&mut self, span: &Span, text: &str, what: &str) {
        let found: String = self
            .slice(span)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let found: String = found.chars().take(SHOWN).collect();
        let what = format!("`{found}` {what}");
        let (start, end) = self.outer(span);
        self.add(span, start, end, text.to_owned(), what);
    }

    fn add(&mut self, span: &Span, start: usize, end: usize, text: String, what: String) {
        let At { line, column } = At::of(span);
        self.found.push(Site {
            line,
            column,
            start,
            end,
            text,
            what,
        });
    }

    fn slice(&self, span: &Span) -> &str {
        let (start, end) = self.outer(span);
        self.text.get(start..end).unwrap_or_default()
    }

    /// The bytes of a tree. The engine's span of a string lacks the quotes, and so does that of
    /// whatever begins or ends with one.
    fn outer(&self, span: &Span) -> (usize, usize) {
        let (start, end) = (start(span), end(span));
        let is_quote = |at: usize| matches!(self.text.as_bytes().get(at), Some(b'"' | b'`'));
        let before = start.checked_sub(1).filter(|at| is_quote(*at));
        (before.unwrap_or(start), end + usize::from(is_quote(end)))
    }
}

/// Whether what stands under this key is for people.
fn is_prose(key: &Expr) -> bool {
    matches!(key, Expr::String { span, .. } if PROSE.contains(&span.text()))
}

fn start(span: &Span) -> usize {
    span.start.try_into().unwrap_or(usize::MAX)
}

fn end(span: &Span) -> usize {
    span.end.try_into().unwrap_or(usize::MAX)
}

const PROSE: [&str; 4] = ["message", "power", "remediation", "text"];

const SHOWN: usize = 60;
