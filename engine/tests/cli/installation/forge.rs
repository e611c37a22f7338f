//! `doctor --repo --online` with a token for GitHub: what a small server on this machine answers, in the types that
//! GitHub documents ("Get rules for a branch", "Get a repository ruleset", "Get branch protection"; 2022-11-28).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::tidegate;
use super::served::{Server, TOKEN, shipped};

/// Answers by path below the repository: a status and a body.
type Answers = BTreeMap<String, (u16, Value)>;

/// A server that answers as GitHub does.
fn serve(answers: Answers) -> Server {
    let denied = r#"{"message":"Bad credentials"}"#;
    Server::start(denied, move |path| {
        let path = path.strip_prefix("/repos/acme/shop/").unwrap_or(path);
        let (status, body) = match answers.get(path) {
            Some(known) => known.clone(),
            None if path.starts_with("rules/") => (200, json!([])),
            None => (404, json!({"message": "Branch not protected"})),
        };
        (status, body.to_string())
    })
}

/// The ways that the shipped installation has where GitHub answers so, without what is told of tags.
fn told(answers: Answers) -> (Vec<String>, i32) {
    let server = serve(answers);
    let (shop, platform) = shipped();
    let output = tidegate(shop.path())
        .env("GITHUB_TOKEN", TOKEN)
        .env("GITHUB_REPOSITORY", "acme/shop")
        .env("GITHUB_API_URL", &server.address)
        .args(["doctor", "--online", "--output", "json", "--repo", "."])
        .args(["--repo"])
        .arg(platform.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let exit = output.status.code().unwrap();
    let Ok(document) = serde_json::from_slice::<Value>(&output.stdout) else {
        return (vec![said], exit);
    };
    assert!(said.contains("GitHub alone is asked"), "{said}");
    let asked = server.asked();
    assert!(
        asked
            .iter()
            .all(|line| line.starts_with("GET /repos/acme/shop/")),
        "{asked:?}"
    );
    let line = |way: &Value| {
        let text = |key: &str| way[key].as_str().unwrap().to_owned();
        let mark = if way["state"] == "open" { "" } else { "?" };
        let branch = text("about")
            .split('`')
            .nth(1)
            .unwrap_or_default()
            .to_owned();
        format!("{}{mark} {branch}", text("code"))
    };
    let ways = document["ways"].as_array().unwrap();
    let mut ways: Vec<String> = ways.iter().map(line).collect();
    assert!(ways.pop().unwrap().starts_with("branch-protection? "));
    (ways, exit)
}

fn rule(kind: &str, parameters: &Value) -> Value {
    json!({"type": kind, "ruleset_source_type": "Repository", "ruleset_source": "acme/shop", "ruleset_id": 42, "parameters": parameters})
}

/// A repository in which nothing is left open.
fn kept() -> Answers {
    let check = json!({"context": "tidegate check", "integration_id": 15368});
    let main = json!([
        rule("deletion", &json!({})),
        rule("non_fast_forward", &json!({})),
        rule("merge_queue", &json!({"merge_method": "MERGE"})),
        rule(
            "pull_request",
            &json!({"required_approving_review_count": 1, "require_code_owner_review": true})
        ),
        rule(
            "required_status_checks",
            &json!({"strict_required_status_checks_policy": false, "required_status_checks": [check]})
        ),
    ]);
    let alone = json!([
        rule("update", &json!({})),
        rule("deletion", &json!({})),
        rule("non_fast_forward", &json!({})),
    ]);
    let ruleset = |actors: Value| json!({"id": 42, "name": "gate", "enforcement": "active", "bypass_actors": actors});
    [
        (rules("main"), (200, main)),
        (rules("tidegate/verdicts"), (200, alone.clone())),
        (rules("gated/prod/any"), (200, alone)),
        ("rulesets/42".to_owned(), (200, ruleset(json!([])))),
    ]
    .into()
}

fn rules(branch: &str) -> String {
    format!("rules/branches/{branch}?per_page=100&page=1")
}

/// The same without the rules of one kind.
fn without(kind: &str) -> Answers {
    changed(&|rules: &mut Vec<Value>| rules.retain(|rule| rule["type"] != kind))
}

/// The same with another ruleset for the protected branch.
fn changed(change: &dyn Fn(&mut Vec<Value>)) -> Answers {
    let mut answers = kept();
    if let Some((_, Value::Array(all))) = answers.get_mut(&rules("main")) {
        change(all);
    }
    answers
}

fn with(path: &str, status: u16, body: Value) -> Answers {
    let mut answers = kept();
    answers.insert(path.to_owned(), (status, body));
    answers
}

#[test]
fn a_repository_that_keeps_its_branches_leaves_nothing_open() {
    assert_eq!(told(kept()), (vec![], 0));
}

#[test]
fn each_rule_that_is_missing_is_a_way() {
    for (kind, way) in [
        ("pull_request", "branch-unprotected main"),
        ("required_status_checks", "check-not-required main"),
        ("non_fast_forward", "branch-rewritable main"),
        ("deletion", "branch-rewritable main"),
        ("merge_queue", "queue-missing main"),
    ] {
        assert_eq!(told(without(kind)), (vec![way.to_owned()], 1), "{kind}");
    }
    let parameter = |at: &str, value: Value| {
        changed(&|rules: &mut Vec<Value>| {
            for rule in rules {
                if let Some(found) = rule["parameters"].pointer_mut(at) {
                    *found = value.clone();
                }
            }
        })
    };
    for (at, value, way) in [
        (
            "/require_code_owner_review",
            json!(false),
            "owners-not-asked main",
        ),
        (
            "/required_status_checks/0/context",
            json!("lint"),
            "check-not-required main",
        ),
        (
            "/required_status_checks/0/integration_id",
            Value::Null,
            "check-by-anybody main",
        ),
    ] {
        assert_eq!(
            told(parameter(at, value)),
            (vec![way.to_owned()], 1),
            "{at}"
        );
    }
    let open = told(with(&rules("tidegate/verdicts"), 200, json!([])));
    let wanted = [
        "branch-writable tidegate/verdicts",
        "branch-rewritable tidegate/verdicts",
    ];
    assert_eq!(open, (wanted.map(str::to_owned).to_vec(), 1));
}

#[test]
fn who_may_bypass_is_named_and_what_is_not_shown_is_not_seen() {
    let actor = json!([{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]);
    let set = json!({"id": 42, "name": "gate", "bypass_actors": actor});
    assert_eq!(
        told(with("rulesets/42", 200, set)),
        (vec!["branch-bypass main".to_owned()], 1)
    );
    let hidden = json!({"id": 42, "name": "gate"});
    let unseen = (vec!["branch-bypass? main".to_owned()], 0);
    assert_eq!(told(with("rulesets/42", 200, hidden)), unseen);
    assert_eq!(
        told(with("rulesets/42", 404, json!({"message": "Not Found"}))),
        unseen
    );
    let classic = "branches/main/protection";
    let mut answers = without("pull_request");
    answers.insert(
        classic.to_owned(),
        (403, json!({"message": "Resource not accessible"})),
    );
    assert_eq!(
        told(answers),
        (vec!["branch-unprotected? main".to_owned()], 0)
    );
}

#[test]
fn a_classic_rule_counts_as_well() {
    let said = |admins: bool, force: bool, allowed: Value| {
        let mut answers = kept();
        answers.insert(rules("main"), (200, json!([])));
        let rule = json!({
            "required_status_checks": {"strict": true, "contexts": ["tidegate check"], "checks": [{"context": "tidegate check", "app_id": 15368}]},
            "enforce_admins": {"enabled": admins},
            "required_pull_request_reviews": {"require_code_owner_reviews": true, "required_approving_review_count": 1,
                "bypass_pull_request_allowances": {"users": allowed, "teams": [], "apps": []}},
            "allow_force_pushes": {"enabled": force},
            "allow_deletions": {"enabled": false},
        });
        answers.insert("branches/main/protection".to_owned(), (200, rule));
        told(answers)
    };
    assert_eq!(said(true, false, json!([])), (vec![], 0));
    let bypass = (vec!["branch-bypass main".to_owned()], 1);
    assert_eq!(said(false, false, json!([])), bypass);
    assert_eq!(said(true, false, json!([{"login": "eve"}])), bypass);
    assert_eq!(
        said(true, true, json!([])),
        (vec!["branch-rewritable main".to_owned()], 1)
    );
}

#[test]
fn what_cannot_be_asked_is_an_error() {
    for (answers, exit, code) in [
        (with(&rules("main"), 500, json!({})), 75, "net.unavailable"),
        (with(&rules("main"), 403, json!({})), 3, "forge.denied"),
        (with(&rules("main"), 404, json!({})), 3, "forge.denied"),
        (with(&rules("main"), 200, json!({})), 3, "forge.answer"),
    ] {
        let (said, found) = told(answers);
        assert_eq!(found, exit, "{said:?}");
        assert!(said.concat().contains(code), "{said:?}");
    }
}
