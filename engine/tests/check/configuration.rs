//! What is wrong with a configuration is told at once, settings of policies included; and what it comes to.

use super::*;

const WRONG: &str = "\
environments:
  - name: prod
    paths: [\"prod/**\"]
profle: x
resources: {foo: 1}
policies: {nosuch: {a: 1}, own: {limti: 1}}
";
const POLICY: &str = "\
# METADATA
# scope: package
# title: Own
# description: What this shop wants.
# custom:
#   prefix: own
#   scope: object
#   kinds: [ConfigMap]
#   codes: {own.bad: deny}
package tidegate.own

deny contains finding if {
	some change in input.changes
	change.new.data.key == input.settings.limit
	finding := {\"code\": \"own.bad\", \"message\": \"bad\", \"object\": change.object}
}
";
const SETTINGS: &str = "{
  \"type\": \"object\", \"additionalProperties\": false,
  \"properties\": {\"limit\": {\"type\": \"string\", \"description\": \"what is bad\", \"default\": \"bad\"}}
}";

/// The shop with a policy of its own.
fn with_policy() -> Repo {
    let (repo, _) = shop(CONFIG);
    let folder = ".tidegate/policies/own";
    repo.write(format!("{folder}/policy.rego"), POLICY)
        .write(format!("{folder}/settings.schema.json"), SETTINGS)
        .write(
            format!("{folder}/policy_test.rego"),
            "package tidegate.own_test\n\ntest_it if true\n",
        )
        .write(format!("{folder}/README.md"), "# Own");
    repo.commit("own policy");
    repo
}

#[test]
fn every_problem_is_told_at_once_wherever_the_configuration_is_read() {
    let repo = with_policy();
    repo.write("tidegate.yaml", WRONG);
    repo.git(&["add", "--all"]);
    for command in [&["config", "validate"][..], &["check", "--staged"]] {
        let output = tidegate(&repo, command);
        assert_eq!(output.status.code(), Some(3));
        let said = stdout(&output) + &stderr(&output);
        for unknown in ["`profle`", "`foo`", "`nosuch`", "`limti`"] {
            assert!(said.contains(unknown), "{command:?} {unknown}: {said}");
        }
    }
}

#[test]
fn the_resolved_configuration_has_every_setting_and_means_the_same() {
    let repo = with_policy();
    let config = format!("{CONFIG}resources: {{require: [requests.cpu]}}\n");
    repo.write("tidegate.yaml", &config);
    let shown = || {
        let output = tidegate(&repo, &["config", "show", "--resolved"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    let resolved = shown();
    for setting in [
        "limit: bad",
        "- requests.cpu",
        "default-tier:",
        "max-reduction-percent:",
    ] {
        assert!(resolved.contains(setting), "{setting}: {resolved}");
    }
    repo.write("tidegate.yaml", &resolved);
    assert_eq!(shown(), resolved);
}
