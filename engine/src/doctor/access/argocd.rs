//! Rights that Argo CD's own server gives, and writes with for whoever has them: `argocd-rbac-cm`, roles of projects.
//!
//! Source: Argo CD, "RBAC Configuration", and `util/rbac` of its sources.

use std::collections::BTreeSet;

use super::super::Way;
use super::super::tree::{Document, Seen, list, texts};
use crate::manifest::{Node, NodeValue};
use crate::model::step_of;
use crate::sources::{Pattern, Slash};

pub(super) fn ways(seen: &Seen<'_>) -> Vec<Way> {
    let maps = || seen.of_kind("", "ConfigMap");
    let rights = maps().filter(|map| map.name() == "argocd-rbac-cm");
    let own = maps().filter(|map| map.name() == "argocd-cm");
    let projects = seen.of_kind("argoproj.io", "AppProject");
    rights
        .flat_map(of_map)
        .chain(own.filter_map(of_account))
        .chain(projects.flat_map(of_project))
        .collect()
}

fn of_map(map: &Document<'_>) -> Vec<Way> {
    let mode = Mode::of(map.text_at("/data/policy.matchMode"));
    let files = policies(&map.node);
    let all: Vec<Line<'_>> = files.iter().flat_map(|(_, lines)| lines.clone()).collect();
    let default = map.text_at("/data/policy.default").unwrap_or_default();
    let mut ways = Vec::new();
    if default == ADMIN || above(default, &all).contains(ADMIN) {
        ways.push(map.open(
            CODE,
            "/data/policy.default",
            "everybody who logs in to Argo CD is an administrator of it".to_owned(),
            "set `policy.default: role:readonly`, or nothing",
        ));
    }
    for (key, lines) in &files {
        let pointer = format!("/data/{}", step_of(key));
        for line in lines {
            ways.extend(
                of_line(*line, &all, default, mode)
                    .map(|about| map.open(CODE, &pointer, about, FIX)),
            );
        }
    }
    ways
}

/// What a line opens, in words.
fn of_line(line: Line<'_>, all: &[Line<'_>], default: &str, mode: Mode) -> Option<String> {
    match line {
        Line::Member { who, of: ADMIN } if who != ADMIN => {
            Some(format!("{} administers Argo CD", held(who, all, default)))
        }
        Line::Right(right) if right.allow && right.who != ADMIN => {
            let (action, kind) = opened(&right, all, mode)?;
            let who = held(right.who, all, default);
            Some(format!(
                "{who} may `{action}` {kind} through Argo CD's server"
            ))
        }
        _ => None,
    }
}

/// The action and the kind of things with which a right leads round the gate, unless another line denies it.
fn opened<'r>(right: &Right<'r>, all: &[Line<'_>], mode: Mode) -> Option<(&'r str, &'static str)> {
    let mut leading = LEADING.iter().filter(|(resource, actions, _)| {
        let fits = |pattern: &str, word: &str| mode.matches(pattern, word);
        let denied = |action: &str| {
            all.iter().any(|line| match line {
                Line::Right(other) => {
                    !other.allow
                        && other.who == right.who
                        && fits(other.resource, resource)
                        && fits(other.action, action)
                        && (other.object == right.object || ["*", "*/*"].contains(&other.object))
                }
                Line::Member { .. } => false,
            })
        };
        let mut actions = actions.iter();
        fits(right.resource, resource)
            && (actions.any(|action| fits(right.action, action) && !denied(action))
                || right.action.starts_with("update/"))
    });
    leading.next().map(|(_, _, kind)| (right.action, *kind))
}

/// Who has a role: for people.
fn held(who: &str, all: &[Line<'_>], default: &str) -> String {
    if !who.starts_with("role:") {
        return format!("`{who}`");
    }
    let mut holders: Vec<String> = all
        .iter()
        .filter_map(|line| match line {
            Line::Member { who: member, .. } if !member.starts_with("role:") => Some(*member),
            _ => None,
        })
        .filter(|member| above(member, all).contains(who))
        .map(|member| format!("`{member}`"))
        .collect();
    holders.sort();
    holders.dedup();
    if default == who || above(default, all).contains(who) {
        holders.push("everybody who logs in".to_owned());
    }
    match holders.is_empty() {
        true => format!("`{who}`"),
        false => format!("`{who}` ({})", holders.join(", ")),
    }
}

/// The roles that somebody has, directly and by what these are members of.
fn above<'l>(who: &str, all: &[Line<'l>]) -> BTreeSet<&'l str> {
    let mut roles: BTreeSet<&str> = BTreeSet::new();
    loop {
        let more = all.iter().filter_map(|line| match line {
            Line::Member { who: member, of } => {
                let has = *member == who || roles.contains(member);
                (has && !roles.contains(of)).then_some(*of)
            }
            Line::Right(_) => None,
        });
        let more: Vec<&str> = more.collect();
        if more.is_empty() {
            return roles;
        }
        roles.extend(more);
    }
}

/// The account `admin` has every right, and one password.
fn of_account(map: &Document<'_>) -> Option<Way> {
    let off = map.text_at("/data/admin.enabled") == Some("false");
    (!off).then(|| {
        map.open(
            CODE,
            "/data/admin.enabled",
            "the built-in account `admin` is not turned off: whoever knows its password administers Argo CD".to_owned(),
            "set `admin.enabled: \"false\"` in `argocd-cm`, once somebody else can log in",
        )
    })
}

/// Roles of a project: their rights are its own lines, and end at its Applications.
fn of_project(project: &Document<'_>) -> Vec<Way> {
    let mut ways = Vec::new();
    for (at, role) in list(&project.node, "/spec/roles").iter().enumerate() {
        let written = texts(role, "/policies");
        let all: Vec<Line<'_>> = written.iter().copied().filter_map(line).collect();
        for (number, text) in written.iter().copied().enumerate() {
            let Some(told) = line(text).and_then(|line| of_line(line, &all, "", Mode::Glob)) else {
                continue;
            };
            let groups = texts(role, "/groups").join("`, `");
            let whom = match groups.is_empty() {
                true => "whoever has a token of it".to_owned(),
                false => format!("`{groups}`, and whoever has a token of it"),
            };
            let pointer = format!("/spec/roles/{at}/policies/{number}");
            let about = format!("{told}: {whom} ({})", project.called());
            ways.push(project.open(CODE, &pointer, about, FIX));
        }
    }
    ways
}

/// `policy.csv`, and each `policy.NAME.csv` beside it.
fn policies(map: &Node) -> Vec<(&str, Vec<Line<'_>>)> {
    let Some(NodeValue::Mapping(entries)) = map.get("data").map(|data| &data.value) else {
        return Vec::new();
    };
    let entries = entries
        .iter()
        .filter(|entry| entry.key.starts_with("policy.") && entry.key.ends_with("csv"));
    entries
        .filter_map(|entry| {
            let text = entry.value.as_str()?;
            Some((&*entry.key, text.lines().filter_map(line).collect()))
        })
        .collect()
}

#[derive(Clone, Copy)]
enum Line<'l> {
    Right(Right<'l>),
    Member { who: &'l str, of: &'l str },
}

#[derive(Clone, Copy)]
struct Right<'l> {
    who: &'l str,
    resource: &'l str,
    action: &'l str,
    object: &'l str,
    allow: bool,
}

fn line(text: &str) -> Option<Line<'_>> {
    match fields(text)[..] {
        ["p", who, resource, action, object, effect] => Some(Line::Right(Right {
            who,
            resource,
            action,
            object,
            allow: effect == "allow",
        })),
        ["g", who, of] => Some(Line::Member { who, of }),
        _ => None,
    }
}

/// What stands between commas, those in quotes left alone.
fn fields(text: &str) -> Vec<&str> {
    let mut quoted = false;
    let fields = text.split(|letter| {
        quoted ^= letter == '"';
        letter == ',' && !quoted
    });
    fields.map(|field| field.trim().trim_matches('"')).collect()
}

/// How `policy.matchMode` has patterns read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Glob,
    Regex,
}

impl Mode {
    fn of(text: Option<&str>) -> Self {
        match text {
            Some("regex") => Self::Regex,
            _ => Self::Glob,
        }
    }

    /// Whether a pattern matches; one that is not read here may.
    fn matches(self, pattern: &str, word: &str) -> bool {
        let glob = |pattern: &str| {
            Pattern::parse(pattern).is_none_or(|pattern| pattern.matches(word, Slash::Plain))
        };
        if self == Self::Glob {
            return glob(pattern);
        }
        // An expression that says no beginning and no end is looked for anywhere.
        let (start, rest) = match pattern.strip_prefix('^') {
            Some(rest) => ("", rest),
            None => ("*", pattern),
        };
        let (end, rest) = match rest.strip_suffix('$') {
            Some(rest) => ("", rest),
            None => ("*", rest),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_:".contains(&byte);
        let literal = rest.replace(".*", "").bytes().all(plain);
        !literal || glob(&format!("{start}{}{end}", rest.replace(".*", "*")))
    }
}

const ADMIN: &str = "role:admin";
const CODE: &str = "rights-in-argocd";
const FIX: &str = "leave `get`, `sync` and `action/…`; `override` is `sync --local`, and `update` may take the gate out of an Application";
/// Which actions on what lead round the gate, and what that is called.
const LEADING: [(&str, &[&str], &str); 4] = [
    (
        "applications",
        &["create", "override", "update"],
        "Applications",
    ),
    ("applicationsets", &["create", "update"], "ApplicationSets"),
    ("projects", &["create", "update"], "AppProjects"),
    ("accounts", &["update"], "accounts of others"),
];
