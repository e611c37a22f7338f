//! Documents for other people's readers have the shape that those say: SARIF by OASIS' schema, code
//! quality by what GitLab documents; for none, one and many findings, an error, and hostile text.

use std::sync::Arc;

use tidegate::model::{Effect, Exit, Finding};
use tidegate::report::{gitlab, sarif};

use super::*;

#[test]
fn sarif_and_code_quality_have_the_shape_that_their_schemas_say() {
    let validators = [validator(SARIF), validator(GITLAB)];
    let mut counts = Vec::new();
    for report in reports() {
        let documents = [sarif::render(&report), gitlab::render(&report)];
        let [sarif, gitlab] = documents.map(|text| serde_json::from_str::<Value>(&text).unwrap());
        for (validator, document) in validators.iter().zip([&sarif, &gitlab]) {
            let problems: Vec<String> = validator
                .iter_errors(document)
                .map(|problem| format!("{}: {problem}", problem.instance_path()))
                .collect();
            assert_eq!(problems, [""; 0], "{document:#}");
        }
        let results = sarif["runs"][0]["results"].as_array().unwrap().len();
        assert_eq!(
            gitlab.as_array().unwrap().len(),
            results + report.errors.len()
        );
        counts.push((results.min(2), report.errors.len()));
    }
    assert_eq!(counts, [(0, 0), (1, 0), (2, 0), (2, 0), (0, 1)]);
}

#[test]
fn a_document_beyond_those_schemas_is_noticed() {
    let report = &reports()[1];
    let mut document: Value = serde_json::from_str(&sarif::render(report)).unwrap();
    document["runs"][0]["results"][0]["level"] = "fatal".into();
    document["runs"][0]["results"][0]["message"] = Value::Null;
    assert!(validator(SARIF).iter_errors(&document).count() >= 2);
    let mut document: Value = serde_json::from_str(&gitlab::render(report)).unwrap();
    document[0]["severity"] = "bad".into();
    assert_eq!(validator(GITLAB).iter_errors(&document).count(), 1);
}

/// None, one, many, many with hostile text, an error.
fn reports() -> Vec<RunReport> {
    let repo = shop();
    change_one(&repo);
    repo.commit("one thing");
    let none = gate::check(&repo.open(), &request(range("HEAD~1..HEAD"))).unwrap();
    let mut one = none.clone();
    let denial = "no environment claims a.yaml".to_owned();
    one.findings = vec![Finding::of_engine(
        "engine.unclaimed-manifest",
        Effect::Deny,
        denial,
    )];
    one.exit = Exit::Denied;
    change_everything(&repo);
    repo.commit("everything at once");
    let many = gate::check(&repo.open(), &request(range("HEAD~1..HEAD"))).unwrap();
    let mut hostile = many.clone();
    for finding in hostile.units.iter_mut().flat_map(|unit| &mut unit.findings) {
        finding.message = HOSTILE.repeat(700);
        finding.keyed_path = Some(HOSTILE.to_owned());
        finding.remediation = Some(HOSTILE.to_owned());
        finding.excepted_by = Some(HOSTILE.to_owned());
        if let Some(object) = &mut finding.object {
            object.name = HOSTILE.to_owned();
        }
    }
    let error = gate::check(&repo.open(), &request(range("HEAD..HEAD"))).unwrap_err();
    let error = RunReport::of_error("HEAD..HEAD".to_owned(), none.now, Arc::new(error));
    vec![none, one, many, hostile, error]
}

fn validator(file: &str) -> jsonschema::Validator {
    let text = fs::read_to_string(root().join("testdata/outputs").join(file)).unwrap();
    // One pattern of OASIS' schema, of the language of a run, is no regular expression for everybody.
    let text = text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

const SARIF: &str = "sarif-schema-2.1.0.json";
const GITLAB: &str = "gitlab-code-quality.schema.json";
const HOSTILE: &str =
    "a\u{1b}[2J\0\r\n::error::pwn ##[group]g @team [x](y) <b> \u{202e}rtl ]]> {0} \\ ";
