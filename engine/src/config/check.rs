//! What the schema cannot say: names that must be unique, globs, zones, dates, durations.
//! Knows no clock. Walks the tree tolerantly, so that all problems come out at once.

mod exceptions;

pub(super) use self::exceptions::is_quoted;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::SignedDuration;
use miette::Diagnostic as _;

use super::duration::{LONGEST_VERDICT, parse_duration};
use super::environment::below;
use super::problem::{Problem, SourceText};
use super::shape::{human, shown};
use super::{GATE, SECTIONS};
use crate::calendar::Zone;
use crate::git::Selector;
use crate::manifest::{Entry, Node, NodeValue};
use crate::model::{Span, branch_segment, code_of, did_you_mean};

/// Everything that is wrong with what the file says.
pub(super) fn check(source: &SourceText, root: &Node) -> Vec<Problem> {
    let mut check = Check {
        source,
        problems: Vec::new(),
    };
    check.environments(root);
    check.repository(root);
    check.globs(root.get("unmanaged"));
    check.components(root);
    check.exceptions(root);
    check.policies(root);
    check.valid_for(root);
    check.problems
}

struct Check<'a> {
    source: &'a SourceText,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn environments(&mut self, root: &Node) {
        let environments = items(root.get("environments"));
        self.unique(environments, "name", "environments are named");
        for (index, environment) in environments.iter().enumerate() {
            let pointer = format!("/environments/{index}");
            self.reserved(environment);
            self.ways(environment);
            self.globs(environment.get("paths"));
            for way in WAYS {
                self.globs(
                    environment
                        .get(way)
                        .and_then(|deployers| deployers.get("paths")),
                );
            }
            self.sources(environment, &pointer);
            self.branch(environment, &pointer);
            self.time_zone(environment, &pointer);
            self.named_calendars(root, environment);
        }
    }

    fn sources(&mut self, environment: &Node, pointer: &str) {
        let sources = items(environment.get("sources"));
        self.unique(sources, "name", "units are named");
        for (index, source) in sources.iter().enumerate() {
            self.reserved(source);
            let Some((span, path)) = text(source, "path") else {
                continue;
            };
            if below(path).is_none() {
                let name = human(&format!("{pointer}/sources/{index}/path"));
                let message = format!("{name} is no folder: `{}`", shown(path));
                self.say(span, "config.invalid-path", message, |problem| {
                    problem.help("name a folder from the root of the repository, such as `apps/odoo/prod`, or `.` for the root")
                });
            }
        }
    }

    /// No two of `list` say the same under `key`.
    fn unique(&mut self, list: &[Node], key: &str, what: &str) {
        let mut first: BTreeMap<&str, Span> = BTreeMap::new();
        for (span, name) in list.iter().filter_map(|item| text(item, key)) {
            let Some(earlier) = first.get(name).copied() else {
                first.insert(name, span);
                continue;
            };
            let message = format!("two {what} `{}`", shown(name));
            self.say(span, "config.duplicate-name", message, |problem| {
                problem
                    .label("and again here")
                    .because(earlier, "first used here")
                    .help("rename one of them")
            });
        }
    }

    fn reserved(&mut self, named: &Node) {
        if let Some((span, GATE)) = text(named, "name") {
            self.say(
                span,
                "config.reserved-name",
                "the name `gate` is reserved",
                |problem| {
                    problem.help("`gate` is the unit of the gate's own files; choose another name")
                },
            );
        }
    }

    /// Units are declared in one way.
    fn ways(&mut self, environment: &Node) {
        let NodeValue::Mapping(_) = environment.value else {
            return;
        };
        let name = shown(text(environment, "name").map_or("", |(_, name)| name));
        let ways = WAYS.iter().filter_map(|way| environment.entry(way));
        let ways: Vec<&Entry> = ways.collect();
        let code = "config.paths-or-sources";
        match ways.as_slice() {
            [] => {
                let message = format!("environment `{name}` does not say what its units are");
                self.say(environment.span, code, message, |problem| {
                    problem.help("add `paths: [\"apps/**\"]`")
                });
            }
            [_] => {}
            [first, second, ..] => {
                let message = format!(
                    "environment `{name}` has both `{}` and `{}`",
                    first.key, second.key
                );
                let because = first.key_span;
                self.say(second.key_span, code, message, |problem| {
                    problem
                        .label("this says what its units are")
                        .because(because, "this does too")
                        .help("keep one of them")
                });
            }
        }
    }

    /// What is deployed from elsewhere must be told from what is deployed from here.
    fn repository(&mut self, root: &Node) {
        let named = root.pointer("/verdict/repository").is_some();
        if named || !items(root.get("repositories")).is_empty() {
            return;
        }
        let environments = items(root.get("environments")).iter();
        let way = |environment: &&Node| {
            WAYS.iter()
                .skip(2)
                .any(|way| environment.get(way).is_some())
        };
        if let Some(environment) = environments.into_iter().find(way) {
            let message = "nothing says which repository this one is";
            self.say(environment.span, "config.no-repository", message, |problem| {
                problem.help("add the URL that Argo CD or Flux reads it from: `repositories: [\"https://git.example/acme/shop.git\"]`")
            });
        }
    }

    fn branch(&mut self, environment: &Node, pointer: &str) {
        let Some((span, branch)) = text(environment, "branch") else {
            return;
        };
        if !is_branch(branch) {
            let name = human(&format!("{pointer}/branch"));
            let message = format!("{name} is no branch: `{}`", shown(branch));
            self.say(span, "config.invalid-branch", message, |problem| {
                problem.help("write the short name, such as `main`")
            });
        } else if branch_segment(branch).is_none() {
            let name = human(&format!("{pointer}/branch"));
            let message = format!("{name} is too long to name a folder: `{}`", shown(branch));
            self.say(span, "config.invalid-branch", message, |problem| {
                problem.help("deploy from a branch with a shorter name; a byte that is no letter, digit, `-`, `.` or `_` counts as three, and 255 is the limit")
            });
        }
    }

    fn time_zone(&mut self, environment: &Node, pointer: &str) {
        let Some((span, zone)) = text(environment, "timezone") else {
            return;
        };
        if Zone::parse(zone).is_none() {
            let name = human(&format!("{pointer}/timezone"));
            self.problems
                .push(unknown_zone(self.source, span, &name, zone));
        }
    }

    /// An environment names calendars that there are, each once.
    fn named_calendars(&mut self, root: &Node, environment: &Node) {
        let known: Vec<&str> = entries(root.get("calendars"))
            .iter()
            .map(|entry| &*entry.key)
            .collect();
        let mut seen: Vec<&str> = Vec::new();
        for item in items(environment.get("calendars")) {
            let Some(name) = item.as_str() else {
                continue;
            };
            if seen.contains(&name) {
                let message = format!("calendar `{}` is named twice", shown(name));
                self.say(item.span, "config.duplicate-name", message, |problem| {
                    problem.help("remove one of them")
                });
            } else if !known.contains(&name) {
                let message = format!("there is no calendar `{}`", shown(name));
                let meant = did_you_mean(name, known.iter().copied());
                self.say(
                    item.span,
                    "calendar.unknown",
                    message,
                    |problem| match meant {
                        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                        None => problem.help("declare it in `calendars`"),
                    },
                );
            }
            seen.push(name);
        }
    }

    fn globs(&mut self, list: Option<&Node>) {
        for item in items(list) {
            let Some(glob) = item.as_str() else {
                continue;
            };
            if let Err(error) = Selector::check(glob) {
                let help = error
                    .help()
                    .map(|help| help.to_string())
                    .unwrap_or_default();
                self.say(item.span, code_of(&error), error.to_string(), |problem| {
                    problem.help(help)
                });
            } else if glob.trim() != glob {
                let message = format!(
                    "the path pattern `{}` begins or ends with a space",
                    shown(glob)
                );
                self.say(item.span, "config.glob", message, |problem| {
                    problem.help("remove it")
                });
            }
        }
    }

    fn components(&mut self, root: &Node) {
        for Entry {
            key,
            key_span,
            value,
        } in entries(root.get("components"))
        {
            if !is_kebab(key) {
                let message = format!("component `{}` is not in kebab-case", shown(key));
                self.say(*key_span, "config.invalid-name", message, |problem| {
                    problem.help("use lower-case letters, digits and inner hyphens")
                });
            }
            let says_something = |kind: &&str| {
                !items(value.get(kind)).is_empty() || !entries(value.get(kind)).is_empty()
            };
            if matches!(value.value, NodeValue::Mapping(_))
                && !COMPONENT_KEYS.iter().any(says_something)
            {
                let message = format!("component `{}` matches nothing", shown(key));
                self.say(*key_span, "config.empty-component", message, |problem| {
                    problem.help("give at least one of `paths`, `labels`, `kinds` and `images`")
                });
            }
            for list in ["paths", "images"] {
                self.globs(value.get(list));
            }
        }
    }

    fn policies(&mut self, root: &Node) {
        for Entry { key, key_span, .. } in entries(root.get("policies")) {
            let Some((section, folder)) = SECTIONS.iter().find(|(_, folder)| folder == &&**key)
            else {
                continue;
            };
            let message = format!("the settings of `{folder}` stand in the section `{section}`");
            let section_key = root.entry(section).map(|entry| entry.key_span);
            self.say(*key_span, "config.misplaced-settings", message, |problem| {
                let problem = problem.help(format!("move them to `{section}`"));
                match section_key {
                    Some(span) => problem.because(span, "they are here too"),
                    None => problem,
                }
            });
        }
    }

    fn valid_for(&mut self, root: &Node) {
        let Some((span, written)) = root
            .get("verdict")
            .and_then(|verdict| text(verdict, "valid-for"))
        else {
            return;
        };
        let message = match parse_duration(written) {
            None => format!("`verdict.valid-for` is no duration: `{}`", shown(written)),
            Some(duration) if duration <= SignedDuration::ZERO => {
                "`verdict.valid-for` is zero".to_owned()
            }
            Some(duration) if Some(duration) > parse_duration(LONGEST_VERDICT) => {
                format!(
                    "`verdict.valid-for` is `{}`, the limit is `{LONGEST_VERDICT}`",
                    shown(written)
                )
            }
            Some(_) => return,
        };
        self.say(span, "config.invalid-duration", message, |problem| {
            problem.help("write a whole number and a unit (`m`, `h`, `d`), such as `24h`")
        });
    }

    fn say(
        &mut self,
        at: Span,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
        more: impl FnOnce(Problem) -> Problem,
    ) {
        let problem = Problem::new(self.source, at, code, message);
        self.problems.push(more(problem));
    }
}

/// That `zone` is none.
pub(super) fn unknown_zone(source: &SourceText, at: Span, name: &str, zone: &str) -> Problem {
    let names = Zone::names();
    let help = did_you_mean(zone, names.iter().map(String::as_str)).map_or_else(
        || "write an IANA name such as `Europe/Berlin`, or `UTC`".to_owned(),
        |meant| format!("did you mean `{meant}`?"),
    );
    let message = format!("{name} is no time zone: `{}`", shown(zone));
    Problem::new(source, at, "config.unknown-time-zone", message).help(help)
}

pub(super) fn items(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::items).unwrap_or_default()
}

pub(super) fn entries(node: Option<&Node>) -> &[Entry] {
    match node.map(|node| &node.value) {
        Some(NodeValue::Mapping(entries)) => entries,
        _ => &[],
    }
}

pub(super) fn text<'a>(node: &'a Node, key: &str) -> Option<(Span, &'a str)> {
    let value = node.get(key)?;
    Some((value.span, value.as_str()?))
}

fn is_kebab(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.split('-').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

/// The rules of `git check-ref-format` for a short branch name.
fn is_branch(name: &str) -> bool {
    let segment =
        |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let forbidden = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    name.split('/').all(segment)
        && !name.starts_with('-')
        && !name.starts_with("refs/")
        && !name.ends_with('.')
        && !name.contains("..")
        && !name.contains("@{")
        && !name.contains(forbidden)
        && !matches!(name, "@" | "HEAD")
}

/// How an environment may say what its units are.
const WAYS: [&str; 4] = ["paths", "sources", "applications", "kustomizations"];
const COMPONENT_KEYS: [&str; 4] = ["paths", "labels", "kinds", "images"];
