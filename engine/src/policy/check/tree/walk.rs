//! Walks a rule and names what it meets: references, calls, bindings.
//! Judges nothing; a `Visitor` does.

use regorus::unstable::{
    AssignOp, Expr, Literal, LiteralStmt, Query, Ref, Rule, RuleAssign, RuleBody, RuleHead,
};

use super::{Argument, At, Reference, Step, argument, reference};

/// Tells `visitor` all that the head and the bodies of `rule` contain.
pub(in crate::policy::check) fn walk(rule: &Rule, visitor: &mut impl Visitor) {
    match rule {
        Rule::Default { args, value, .. } => {
            args.iter().for_each(|arg| pattern(arg, visitor));
            args.iter().for_each(|arg| expr(arg, visitor));
            expr(value, visitor);
        }
        Rule::Spec { head, bodies, .. } => {
            match head {
                RuleHead::Compr {
                    refr,
                    assign: value,
                    ..
                } => {
                    indexes(refr, visitor);
                    assign(value.as_ref(), visitor);
                }
                RuleHead::Set { refr, key, .. } => {
                    indexes(refr, visitor);
                    key.iter().for_each(|key| expr(key, visitor));
                }
                RuleHead::Func {
                    refr,
                    args,
                    assign: value,
                    ..
                } => {
                    indexes(refr, visitor);
                    args.iter().for_each(|arg| pattern(arg, visitor));
                    args.iter().for_each(|arg| expr(arg, visitor));
                    assign(value.as_ref(), visitor);
                }
            }
            bodies.iter().for_each(|body| rule_body(body, visitor));
        }
    }
}

fn rule_body(body: &RuleBody, visitor: &mut impl Visitor) {
    assign(body.assign.as_ref(), visitor);
    query(&body.query, visitor);
}

fn assign(assign: Option<&RuleAssign>, visitor: &mut impl Visitor) {
    if let Some(assign) = assign {
        expr(&assign.value, visitor);
    }
}

fn query(query: &Query, visitor: &mut impl Visitor) {
    query.stmts.iter().for_each(|stmt| statement(stmt, visitor));
}

fn statement(statement: &LiteralStmt, visitor: &mut impl Visitor) {
    for with in &statement.with_mods {
        visitor.with(At::of(&with.span));
        indexes(&with.refr, visitor);
        expr(&with.r#as, visitor);
    }
    match &statement.literal {
        Literal::SomeVars { vars, .. } => {
            vars.iter()
                .for_each(|var| visitor.binding(var.text(), At::of(var)));
        }
        Literal::SomeIn {
            key,
            value,
            collection,
            ..
        } => {
            expr(collection, visitor);
            for name in key.iter().chain([value]) {
                pattern(name, visitor);
                expr(name, visitor);
            }
            part(value, collection, Some(Step::Dynamic), visitor);
        }
        Literal::Expr { expr: inner, .. } | Literal::NotExpr { expr: inner, .. } => {
            if let (Literal::NotExpr { .. }, Expr::AssignExpr { span, .. }) =
                (&statement.literal, inner.as_ref())
            {
                visitor.misread(Misread::UnifiedUnderNot, At::of(span));
            }
            // As a statement a call may bind its last argument: `walk(x, [path, value])`.
            if let Expr::Call { params, .. } = inner.as_ref() {
                params.iter().for_each(|param| pattern(param, visitor));
            }
            expr(inner, visitor);
        }
        Literal::Every {
            key,
            value,
            domain,
            query: body,
            ..
        } => {
            expr(domain, visitor);
            visitor.enter();
            for name in key.iter().chain([value]) {
                visitor.binding(name.text(), At::of(name));
            }
            if let Some(domain) = reference(domain) {
                visitor.part(value.text(), &domain, Some(Step::Dynamic));
            }
            query(body, visitor);
            visitor.leave();
        }
    }
}

fn expr(tree: &Expr, visitor: &mut impl Visitor) {
    match tree {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. } => {}
        Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => refer(tree, visitor),
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().for_each(|item| expr(item, visitor));
        }
        Expr::Object { fields, .. } => {
            fields
                .iter()
                .for_each(|(_, key, value)| exprs([key, value], visitor));
        }
        Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. } => {
            comprehension(tree, visitor);
        }
        Expr::Call {
            fcn, params, span, ..
        } => {
            let arguments: Vec<Argument> = params.iter().map(|param| argument(param)).collect();
            visitor.call(reference(fcn).as_ref(), &arguments, At::of(span));
            indexes(fcn, visitor);
            params.iter().for_each(|param| expr(param, visitor));
        }
        Expr::UnaryExpr { expr: inner, .. } => expr(inner, visitor),
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. } => exprs([lhs, rhs], visitor),
        Expr::AssignExpr { op, lhs, rhs, .. } => {
            pattern(lhs, visitor);
            // `=` unifies: either side may get its value.
            if *op == AssignOp::Eq {
                pattern(rhs, visitor);
            }
            exprs([lhs, rhs], visitor);
            part(lhs, rhs, None, visitor);
        }
        Expr::Membership {
            key,
            value,
            collection,
            ..
        } => {
            if let Some(key) = key {
                visitor.misread(Misread::KeyedIn, At::of(key.span()));
                expr(key, visitor);
            }
            exprs([value, collection], visitor);
        }
    }
}

/// The body comes first: it says what the variables of the term are.
fn comprehension(tree: &Expr, visitor: &mut impl Visitor) {
    visitor.enter();
    match tree {
        Expr::ArrayCompr {
            term, query: body, ..
        }
        | Expr::SetCompr {
            term, query: body, ..
        } => {
            query(body, visitor);
            expr(term, visitor);
        }
        Expr::ObjectCompr {
            key,
            value,
            query: body,
            ..
        } => {
            query(body, visitor);
            exprs([key, value], visitor);
        }
        _ => {}
    }
    visitor.leave();
}

/// `name` stands for a part of what `of` refers to.
fn part(name: &Expr, of: &Expr, step: Option<Step>, visitor: &mut impl Visitor) {
    if let (Expr::Var { span, .. }, Some(of)) = (name, reference(of)) {
        visitor.part(span.text(), &of, step);
    }
}

fn exprs<'a>(trees: impl IntoIterator<Item = &'a Ref<Expr>>, visitor: &mut impl Visitor) {
    trees.into_iter().for_each(|tree| expr(tree, visitor));
}

/// The variables of a pattern: `x`, `[x, _]`, `{"a": x}`.
fn pattern(tree: &Expr, visitor: &mut impl Visitor) {
    match tree {
        Expr::Var { span, .. } => visitor.binding(span.text(), At::of(span)),
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().for_each(|item| pattern(item, visitor));
        }
        Expr::Object { fields, .. } => fields
            .iter()
            .for_each(|(_, _, value)| pattern(value, visitor)),
        _ => {}
    }
}

fn refer(tree: &Expr, visitor: &mut impl Visitor) {
    if let Some(reference) = reference(tree) {
        visitor.reference(&reference);
        index_patterns(tree, visitor);
        indexes(tree, visitor);
        return;
    }
    // Steps that hang on something without a name: `{"a": 1}[x]`, `f(x).y`.
    match tree {
        Expr::RefDot { refr, .. } => expr(refr, visitor),
        Expr::RefBrack { refr, index, .. } => {
            pattern(index, visitor);
            expr(refr, visitor);
            expr(index, visitor);
        }
        _ => {}
    }
}

/// A variable in the brackets of a reference runs over its keys: `input.changes[i]`.
fn index_patterns(tree: &Expr, visitor: &mut impl Visitor) {
    match tree {
        Expr::RefDot { refr, .. } => index_patterns(refr, visitor),
        Expr::RefBrack { refr, index, .. } => {
            index_patterns(refr, visitor);
            pattern(index, visitor);
        }
        _ => {}
    }
}

/// What stands in the brackets of a reference.
fn indexes(tree: &Expr, visitor: &mut impl Visitor) {
    match tree {
        Expr::RefDot { refr, .. } => indexes(refr, visitor),
        Expr::RefBrack { refr, index, .. } => {
            indexes(refr, visitor);
            expr(index, visitor);
        }
        _ => {}
    }
}

/// What the engine reads otherwise than OPA, and says nothing about.
#[derive(Clone, Copy)]
pub(in crate::policy::check) enum Misread {
    /// `key, value in collection`.
    KeyedIn,
    /// `not a = b`.
    UnifiedUnderNot,
}

/// What is told of a tree.
pub(in crate::policy::check) trait Visitor {
    /// A value is read.
    fn reference(&mut self, reference: &Reference);
    /// A function is called; `None` where it is not called by a plain name.
    fn call(&mut self, function: Option<&Reference>, arguments: &[Argument], at: At);
    /// A scope begins in which variables may get another meaning.
    fn enter(&mut self);
    /// It ends.
    fn leave(&mut self);
    /// A local variable stands for `of`, or for what `step` leads to from there.
    fn part(&mut self, name: &str, of: &Reference, step: Option<Step>);
    /// A local variable may get its value here.
    fn binding(&mut self, name: &str, at: At);
    /// The engine reads this otherwise than OPA.
    fn misread(&mut self, what: Misread, at: At);
    /// A `with` modifier that replaces `target`.
    fn with(&mut self, at: At);
}
