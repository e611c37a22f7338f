//! Policies that cannot be used: what each is refused for, where, and with which exit code.
//! Knows nothing of how that is found out.

mod answers;
mod files;
mod rules;

use tidegate::model::{Exit, RepoPath, code_of};
use tidegate::policy::{Error, PolicySet, Problems};

const FILE: &str = ".tidegate/policies/t/policy.rego";

const FACTS: &[&str] = &["inventory", "range", "source", "workloads"];

/// Thirteen lines; rules begin on the one that follows.
const HEAD: &str = "# METADATA
# title: T
# description: D
# custom:
#   prefix: t
#   scope: object
#   kinds: ['*']
#   facts: [workloads]
#   codes:
#     t.bad: deny
package tidegate.t

deny contains {\"code\": \"t.bad\", \"message\": m} if some m in messages
";

const QUIET: &str = "messages := set()\n";

fn read(text: &str) -> Result<PolicySet, Problems> {
    let files = [(RepoPath::from(FILE), text.as_bytes().to_vec())];
    PolicySet::default().with_repository(&files, FACTS)
}

fn assert_refused(problems: &Problems, code: &str, place: &str, what: &str) {
    assert_eq!(Exit::of_error(problems), Exit::Unjudged, "{what}");
    let place = match place {
        "" => String::new(),
        place => format!("{FILE}:{place}"),
    };
    let fits = |error: &&Error| code_of(*error) == code && error.to_string().starts_with(&place);
    let found: Vec<String> = problems
        .iter()
        .map(|error| format!("{} {error}", code_of(error)))
        .collect();
    assert!(
        problems.iter().any(|error| fits(&error)),
        "{what}: {code} {place}: {found:#?}"
    );
}
