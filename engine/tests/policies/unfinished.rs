//! A policy of a repository that is not finished: what it lacks is named, and its tests do not pass.

use crate::support::Repo;

const POLICY: &str = "# METADATA
# title: T
# description: D
# custom:
#   prefix: own
#   scope: object
#   kinds: [ConfigMap]
#   facts: [workloads]
#   codes: {own.bad: deny}
package tidegate.own

deny contains {\"code\": \"own.bad\", \"message\": \"it is bad\"} if input.changes[0].new.data.bad == \"yes\"
";

const TEST: &str = "package tidegate.own_test

import data.tidegate.own

test_bad_is_denied if {
	count(own.deny) == 1 with input as {\"changes\": [{\"new\": {\"data\": {\"bad\": \"yes\"}}}]}
}
";

const FOLDER: &str = ".tidegate/policies/own";

struct Shop(Repo);

impl Shop {
    fn new() -> Self {
        let repo = Repo::new();
        repo.write(
            "tidegate.yaml",
            "environments: [{name: prod, paths: [\"prod/**\"]}]\n",
        )
        .write(format!("{FOLDER}/policy.rego"), POLICY);
        Self(repo)
    }

    fn write(&self, path: &str, text: &str) {
        self.0.write(format!("{FOLDER}/{path}"), text);
    }

    fn case(&self, name: &str, bad: &str, expect: &str) {
        let map = |bad: &str| {
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: s}}\ndata: {{bad: '{bad}'}}\n"
            )
        };
        self.write(&format!("cases/{name}/base/a.yaml"), &map("maybe"));
        self.write(&format!("cases/{name}/head/a.yaml"), &map(bad));
        self.write(&format!("cases/{name}/expect.yaml"), expect);
    }

    /// What is said, a line each, and how it ends.
    fn tested(&self) -> (Vec<String>, Option<i32>) {
        let mut command = self.0.command(env!("CARGO_BIN_EXE_tidegate"));
        let output = command.args(["policy", "test", "own"]).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let lines = text.lines().map(str::to_owned).collect();
        (lines, output.status.code())
    }
}

#[test]
fn what_a_policy_lacks_is_named_until_nothing_is_lacking() {
    let shop = Shop::new();
    let unread = "note .tidegate/policies/own/policy.rego:8:13 the fact `workloads` is declared and not read";
    let no_test = "FAIL own has no Rego test";
    let no_readme = "FAIL own has no README.md";
    let no_pass = "FAIL own has no case that passes";
    let no_denial = "FAIL own has no case that is denied";
    let lacks = |wanted: &[&str], passed: usize| {
        let (mut said, exit) = shop.tested();
        let sum = said.pop().unwrap();
        let failed = wanted
            .iter()
            .filter(|line| line.starts_with("FAIL"))
            .count();
        assert_eq!(said, wanted);
        assert_eq!(sum, format!("{passed} passed, {failed} failed"));
        assert_eq!(exit, Some(i32::from(failed > 0)), "{said:?}");
    };
    lacks(&[unread, no_test, no_readme, no_pass, no_denial], 0);
    shop.write("policy_test.rego", TEST);
    lacks(&[unread, no_readme, no_pass, no_denial], 1);
    shop.write("README.md", "# Own\n");
    lacks(&[unread, no_pass, no_denial], 1);
    shop.case(
        "bad-is-denied",
        "yes",
        "outcome: fail\nfindings: [{code: own.bad, effect: deny}]\n",
    );
    let (said, exit) = shop.tested();
    assert!(said.contains(&no_pass.to_owned()), "{said:?}");
    assert_eq!(exit, Some(1), "{said:?}");
    shop.case("good-is-allowed", "no", "outcome: pass\nfindings: []\n");
    lacks(&[unread], 3);
    shop.write(
        "policy.rego",
        &POLICY.replace("#   facts: [workloads]\n", ""),
    );
    lacks(&[], 3);
}

#[test]
fn a_test_that_asks_nothing_or_fails_is_no_test() {
    let shop = Shop::new();
    for (test, why) in [
        ("test_nothing if true\n", "asks nothing of the policy"),
        (
            "test_wrong if count(own.deny) == 7 with input as {}\n",
            "not true",
        ),
    ] {
        let text = format!("package tidegate.own_test\n\nimport data.tidegate.own\n\n{test}");
        shop.write("policy_test.rego", &text);
        let (said, exit) = shop.tested();
        assert_eq!(exit, Some(1), "{said:?}");
        let told = said
            .iter()
            .any(|line| line.starts_with("FAIL") && line.contains(why));
        assert!(told, "{why}: {said:?}");
    }
}
