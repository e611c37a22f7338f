//! Limits of manifests, configurations and policies.
//! Knows no Git but the repository in which changes are counted.

use serde_json::{Value, json};
use tidegate::config::Config;
use tidegate::gate::{self, Request, What};
use tidegate::manifest::{Limits, ParseError, read_within, yaml};
use tidegate::model::limits::{self, Limit};
use tidegate::model::{Piece, RepoPath, code_of};
use tidegate::policy::{Evaluator, PolicySet, Times};

use super::{PATIENCE, Row, beyond};
use crate::support::Repo;

pub(super) const ROWS: &[Row] = &[
    (limits::YAML_DEPTH, |depth| {
        parsed(&("[".repeat(depth) + &"]".repeat(depth)))
    }),
    (limits::YAML_DOCUMENTS, |count| {
        parsed(&"---\na\n".repeat(count))
    }),
    (limits::YAML_ALIASES, |count| {
        parsed(&format!("a: &a x\nb: [{}]\n", "*a,".repeat(count - 1)))
    }),
    (limits::YAML_SCALAR, |length| {
        parsed(&format!("a: {}\n", "x".repeat(length)))
    }),
    (limits::LIST_DEPTH, |depth| {
        let list = |inner: String, _| format!("{{apiVersion: v1, kind: List, items: [{inner}]}}");
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}}".to_owned();
        manifest(&(0..depth).fold(pod, list), limits::LIST_DEPTH)
    }),
    (limits::OBJECT_SIZE, |size| {
        let object = |text: &str| {
            json!({"apiVersion": "v1", "data": {"a": text}, "kind": "ConfigMap", "metadata": {"name": "a"}})
                .to_string()
        };
        let text = "x".repeat(size - object("").len());
        manifest(&object(&text), limits::OBJECT_SIZE)
    }),
    (limits::CHANGES, changed_objects),
    (limits::FIELDS, changed_fields),
    (limits::CONFIG, |size| {
        let text = "environments: [{name: a, paths: [a]}]\n#";
        configured(
            &(text.to_owned() + &"x".repeat(size - text.len())),
            limits::CONFIG,
        )
    }),
    (limits::ENVIRONMENTS, |count| {
        let items = many(count, |n| format!("- {{name: e{n}, paths: [a]}}"));
        configured(&format!("environments:\n{items}"), limits::ENVIRONMENTS)
    }),
    (limits::UNITS, |count| {
        let items = many(count, |n| {
            format!("  - {{name: u{n}, kind: Paths, path: p{n}}}")
        });
        let text = format!("environments:\n- name: a\n  sources:\n{items}");
        configured(&text, limits::UNITS)
    }),
    (limits::REPOSITORIES, |count| {
        let items = many(count, |n| format!("- https://git.example/r{n}"));
        let text = format!("environments: [{{name: a, paths: [a]}}]\nrepositories:\n{items}");
        configured(&text, limits::REPOSITORIES)
    }),
    (limits::GENERATORS, |count| {
        let items = many(count, |n| format!("  g{n}: [{{a: b}}]"));
        let text = format!("environments: [{{name: a, paths: [a]}}]\ngenerators:\n{items}");
        configured(&text, limits::GENERATORS)
    }),
    (limits::CALENDARS, |count| {
        let window = "{id: w, kind: freeze, from: \"2026-01-01T00:00\"}";
        let items = many(count, |n| {
            format!("  c{n}: {{timezone: UTC, windows: [{window}]}}")
        });
        let text = format!("environments: [{{name: a, paths: [a]}}]\ncalendars:\n{items}");
        configured(&text, limits::CALENDARS)
    }),
    (limits::CALENDAR_FILE, |size| {
        let padding = "\n".repeat(size.saturating_sub(CALENDAR.len()));
        imported(&format!("{CALENDAR}{padding}"), limits::CALENDAR_FILE)
    }),
    (limits::CALENDAR_LINE, |length| {
        let line = format!("X-A:{}\n", "a".repeat(length - 4));
        let text = CALENDAR.replace("VERSION:2.0\n", &line);
        imported(&text, limits::CALENDAR_LINE)
    }),
    (limits::COMPONENTS, |count| {
        let items = many(count, |n| format!("  c{n}: {{paths: [a]}}"));
        let text = format!("environments: [{{name: a, paths: [a]}}]\ncomponents:\n{items}");
        configured(&text, limits::COMPONENTS)
    }),
    (limits::EXCEPTIONS, |count| {
        let items = many(count, |n| {
            format!(
                "- {{id: E{n}, code: resources.missing-memory-limit, match: {{name: x}}, owner: a, reason: b, until: \"2026-12-05\"}}"
            )
        });
        let text = format!("environments: [{{name: a, paths: [a]}}]\nexceptions:\n{items}");
        configured(&text, limits::EXCEPTIONS)
    }),
    (limits::GLOBS, |count| {
        let items = many(count, |n| format!("- g{n}"));
        let text = format!("environments: [{{name: a, paths: [a]}}]\nunmanaged:\n{items}");
        configured(&text, limits::GLOBS)
    }),
    (limits::GLOB_LENGTH, |length| {
        let glob = "x".repeat(length);
        beyond(tidegate::git::Selector::parse(&[glob]), limits::GLOB_LENGTH)
    }),
    (limits::POLICY_FILE, |size| {
        let text = policy("p", "object", "messages := set()\n#\n");
        let lines = "#\n".repeat((size - text.len()) / 2);
        let rest = "\n".repeat(size - text.len() - lines.len());
        loaded(&[("p", text + &lines + &rest)], limits::POLICY_FILE)
    }),
    (limits::POLICIES, |count| {
        let name = |n: usize| format!("p{n}");
        let names: Vec<String> = (0..count).map(name).collect();
        let texts = names
            .iter()
            .map(|name| (name.as_str(), policy(name, "object", "messages := set()\n")));
        loaded(&texts.collect::<Vec<_>>(), limits::POLICIES)
    }),
    (limits::POLICY_TOTAL, |size| {
        // Two files for each policy, or there would be too many policies first.
        let each = limits::POLICY_FILE.most;
        let files = (0..size.div_ceil(each)).map(|n| {
            let file = ["policy", "change_set"][n % 2];
            let path = format!(".tidegate/policies/p{}/{file}.rego", n / 2);
            (
                RepoPath::from(path.as_str()),
                vec![b'#'; each.min(size - n * each)],
            )
        });
        let files: Vec<_> = files.collect();
        beyond(
            PolicySet::default().with_repository(&files, &[]),
            limits::POLICY_TOTAL,
        )
    }),
    (limits::POLICY_BRACKETS, |depth| {
        let nested = "[".repeat(depth) + &"]".repeat(depth);
        ruled(
            &format!("messages := set()\nx := {nested}\n"),
            limits::POLICY_BRACKETS,
        )
    }),
    (limits::POLICY_RANGE, |length| {
        let rules =
            format!("messages := {{\"a\" | some n in numbers.range(1, {length}); n > 0}}\n");
        code_of_read(&rules)
    }),
    (limits::POLICY_PATTERN, |length| {
        // A line of a policy has at most 1,024 columns; in a raw string over lines a break is one byte.
        let pattern: Vec<String> = (0..length.div_ceil(500))
            .map(|n| "a".repeat((length - n * 500).min(500) - usize::from((n + 1) * 500 < length)))
            .collect();
        let pattern = pattern.join("\n");
        assert_eq!(pattern.len(), length);
        let rules = format!("messages := {{\"a\" | regex.match(`{pattern}`, \"a\")}}\n");
        code_of_read(&rules)
    }),
    (limits::INPUT_DOCUMENT, given),
    (limits::FINDINGS, |count| {
        asked(
            &format!(
                "deny contains {{\"code\": \"p.bad\", \"message\": sprintf(\"%d %d\", [a, b])}} if {{\n\tsome a in numbers.range(0, 99)\n\tsome b in numbers.range(0, 999)\n\t(a * 1000) + b < {count}\n}}"
            ),
            limits::FINDINGS,
        )
    }),
    (limits::REASONS, reasons),
    (limits::MESSAGE_LENGTH, |length| {
        let words = "x".repeat(64);
        let parts = vec![format!("\"{words}\""); length / 64];
        let rest = "x".repeat(length % 64);
        asked(
            &format!(
                "deny contains {{\"code\": \"p.bad\", \"message\": concat(\"\", [\n{},\n\"{rest}\"])}}",
                parts.join(",\n")
            ),
            limits::MESSAGE_LENGTH,
        )
    }),
];

fn parsed(text: &str) -> String {
    yaml::parse(text)
        .err()
        .map_or_else(String::new, |error: ParseError| code_of(&error))
}

/// The other limits of a file stand aside.
fn manifest(text: &str, limit: Limit) -> String {
    let limits = Limits {
        file_bytes: usize::MAX,
        scalar_bytes: usize::MAX,
        ..Limits::DEFAULT
    };
    beyond(
        read_within(&"a.yaml".into(), text.as_bytes(), &limits),
        limit,
    )
}

fn many(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(|n| line(n) + "\n").collect()
}

fn configured(text: &str, limit: Limit) -> String {
    beyond(
        Config::parse(&"tidegate.yaml".into(), text.as_bytes()),
        limit,
    )
}

/// Lists of a thousand objects, in as many files as there must be.
fn changed_objects(count: usize) -> String {
    let repo = shop();
    for (file, first) in (0..count).step_by(1_000).enumerate() {
        let objects = (first..count.min(first + 1_000)).map(|n| {
            format!(
                "- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{n}, namespace: a}}}}\n"
            )
        });
        let items: String = objects.collect();
        repo.write(
            format!("prod/{file}.yaml"),
            format!("apiVersion: v1\nkind: List\nitems:\n{items}"),
        );
    }
    repo.commit("many objects");
    difference(&repo)
}

fn changed_fields(count: usize) -> String {
    let repo = shop();
    for value in ["a", "b"] {
        let data: String = (0..count).map(|n| format!("  k{n}: {value}\n")).collect();
        repo.write(
            "prod/map.yaml",
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m, namespace: a}}\ndata:\n{data}"),
        );
        repo.commit("many fields");
    }
    difference(&repo)
}

fn shop() -> Repo {
    let repo = Repo::new();
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first, namespace: a}\n";
    repo.write(
        "tidegate.yaml",
        "environments: [{name: prod, paths: ['prod/**']}]\n",
    )
    .write("prod/first.yaml", object)
    .commit("the shop");
    repo
}

fn difference(repo: &Repo) -> String {
    let request = Request {
        what: What::Range("HEAD~1..HEAD".to_owned()),
        environment: None,
        unit: None,
        everything: false,
        now: "2026-11-20T10:00:00Z".parse().unwrap(),
        policy_ref: None,
        config: None,
    };
    let found = gate::diff(&repo.open(), &request, gate::Runtime::default()).unwrap();
    let codes = found
        .errors
        .iter()
        .map(|error| code_of(error.error.as_ref()));
    codes.collect()
}

fn policy(name: &str, scope: &str, rules: &str) -> String {
    let package = match scope {
        "object" => String::new(),
        _ => ".change_set".to_owned(),
    };
    format!(
        "# METADATA
# title: T
# description: D
# custom:
#   prefix: {name}
#   scope: {scope}
#   kinds: ['*']
#   codes:
#     {name}.bad: deny
package tidegate.{name}{package}

deny contains {{\"code\": \"{name}.bad\", \"message\": m}} if some m in messages
{rules}"
    )
}

fn loaded(texts: &[(&str, String)], limit: Limit) -> String {
    let files: Vec<(RepoPath, Vec<u8>)> = texts
        .iter()
        .map(|(name, text)| {
            let path = format!(".tidegate/policies/{name}/policy.rego");
            (RepoPath::from(path.as_str()), text.clone().into_bytes())
        })
        .collect();
    beyond(PolicySet::default().with_repository(&files, &[]), limit)
}

fn ruled(rules: &str, limit: Limit) -> String {
    loaded(&[("p", policy("p", "object", rules))], limit)
}

/// For codes whose message does not say the number.
fn code_of_read(rules: &str) -> String {
    let files = [(
        RepoPath::from(".tidegate/policies/p/policy.rego"),
        policy("p", "object", rules).into_bytes(),
    )];
    let read = PolicySet::default().with_repository(&files, &[]);
    read.err()
        .map_or_else(String::new, |problems| code_of(&problems))
}

fn asked(rules: &str, limit: Limit) -> String {
    let text = policy("p", "object", "");
    let head = text.split_once("deny contains").unwrap().0;
    let files = [(
        RepoPath::from(".tidegate/policies/p/policy.rego"),
        format!("{head}{rules}\n").into_bytes(),
    )];
    let set = PolicySet::default().with_repository(&files, &[]).unwrap();
    let policy = set.policy("p").unwrap();
    let mut evaluator = Evaluator::start([policy], times()).unwrap();
    beyond(
        evaluator.findings(policy.modules().next().unwrap(), &Piece::new(document())),
        limit,
    )
}

/// A policy that looks at nothing of a document of so many bytes, most of which are one text again and again.
fn given(size: usize) -> String {
    let rules = policy("p", "object", "messages := set()\n");
    let files = [(
        RepoPath::from(".tidegate/policies/p/policy.rego"),
        rules.into_bytes(),
    )];
    let set = PolicySet::default().with_repository(&files, &[]).unwrap();
    let policy = set.policy("p").unwrap();
    let mut evaluator = Evaluator::start([policy], times()).unwrap();
    let text = |length: usize| Piece::new("x".repeat(length));
    // Two brackets, and for each text two quotes and a comma.
    let long = text((1 << 27) - 3);
    let count = (size - 2) >> 27;
    let mut items = vec![long; count];
    let rest = size - 2 - (count << 27);
    items.extend((rest > 3).then(|| text(rest - 3)));
    let document = Piece::list(items);
    let module = policy.modules().next().unwrap();
    beyond(
        evaluator.findings(module, &document),
        limits::INPUT_DOCUMENT,
    )
}

fn reasons(count: usize) -> String {
    let text = format!(
        "# METADATA
# title: T
# description: D
# custom:
#   prefix: p
#   scope: change-set
#   kinds: ['*']
#   reasons: [p.why]
package tidegate.p.change_set

reasons contains {{\"code\": \"p.why\", \"tier\": \"low\", \"change\": 0, \"text\": sprintf(\"%d %d\", [a, b])}} if {{
	some a in numbers.range(0, 999)
	some b in numbers.range(0, 999)
	(a * 1000) + b < {count}
}}
"
    );
    let files = [(
        RepoPath::from(".tidegate/policies/p/change_set.rego"),
        text.into_bytes(),
    )];
    let set = PolicySet::default().with_repository(&files, &[]).unwrap();
    let policy = set.policy("p").unwrap();
    let mut evaluator = Evaluator::start([policy], times()).unwrap();
    beyond(
        evaluator.reasons(policy.modules().next().unwrap(), &Piece::new(document())),
        limits::REASONS,
    )
}

/// The code of what an .ics file is refused for, if it speaks of the limit.
fn imported(text: &str, limit: Limit) -> String {
    match tidegate::calendar::ics::read(text, None) {
        Ok(_) => String::new(),
        Err(fault) if fault.message.contains(&limit.to_string()) => fault.code.to_owned(),
        Err(fault) => format!("within, and {}: {}", fault.code, fault.message),
    }
}

const CALENDAR: &str = "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n";

fn times() -> Times {
    Times {
        object: PATIENCE,
        change_set: PATIENCE,
        total: PATIENCE,
    }
}

fn document() -> Value {
    let object =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "odoo"});
    json!({
        "version": "v1",
        "mode": "merge",
        "environment": {"name": "prod", "stage": "production"},
        "changes": [{"index": 0, "operation": "update", "object": object, "new": {"spec": {"replicas": 3}}}],
        "facts": {},
        "settings": {},
    })
}
