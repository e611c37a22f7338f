//! Two renderings of one chart: whether they are the same, secrets that are made anew apart.
//! Shows no value: what differs is named by object and field.

use serde_json::Value;

use super::Error;
use super::output::Document;
use crate::manifest::yaml;
use crate::model::step_of;
use crate::render::Deployer;

/// The documents of a chart that was rendered twice, one text in place of each secret that differs.
///
/// # Errors
/// Anything else differs.
pub(super) fn agreed(
    first: Vec<Document>,
    second: &[Document],
    deployer: Deployer,
) -> Result<Vec<Document>, Error> {
    let longer = if first.len() < second.len() {
        second
    } else {
        &first
    };
    let fewer = first.len().min(second.len());
    if let Some(extra) = longer.get(fewer) {
        return Err(Error::NotDeterministic {
            template: extra.source.clone(),
            object: "the number of objects".to_owned(),
            field: String::new(),
        });
    }
    let mut agreed = Vec::new();
    for (one, other) in first.into_iter().zip(second) {
        agreed.extend(same(one, other, deployer)?);
    }
    Ok(agreed)
}

/// The document that both are; none where it differs and its deployer applies neither.
fn same(one: Document, other: &Document, deployer: Deployer) -> Result<Option<Document>, Error> {
    if one == *other {
        return Ok(Some(one));
    }
    let (mut value, again) = (value(&one)?, value(other)?);
    if deployer == Deployer::ArgoCd && is_test(&value) && is_test(&again) {
        return Ok(None);
    }
    let is_secret = [&value, &again]
        .iter()
        .all(|value| value["apiVersion"] == "v1" && value["kind"] == "Secret");
    let mut fields = Vec::new();
    differing(&value, &again, &mut String::new(), &mut fields);
    for field in fields {
        let in_data = field.starts_with("/data/");
        let secret = is_secret && (in_data || field.starts_with("/stringData/"));
        match value.pointer_mut(&field) {
            Some(found @ Value::String(_)) if secret => {
                *found = Value::from(if in_data { ENCODED } else { TEXT });
            }
            _ => {
                return Err(Error::NotDeterministic {
                    template: one.source,
                    object: object(&value),
                    field,
                });
            }
        }
    }
    let unwritten = |_| Error::Output {
        what: "a Secret cannot be written anew".to_owned(),
    };
    let text = serde_yaml::to_string(&value).map_err(unwritten)?;
    Ok(Some(one.with(&text)))
}

/// Whether it is a test of Helm's and nothing else: Argo CD takes a hook of no kind that it knows for none of
/// its objects.
fn is_test(value: &Value) -> bool {
    let annotation = |name: &str| value.pointer(&format!("/metadata/annotations/{name}"));
    let hooks = annotation("helm.sh~1hook").and_then(Value::as_str);
    let is_argo = annotation("argocd.argoproj.io~1hook").is_some();
    let test = |hook: &str| matches!(hook.trim(), "test" | "test-success" | "test-failure");
    !is_argo && hooks.is_some_and(|hooks| hooks.split(',').all(test))
}

fn value(document: &Document) -> Result<Value, Error> {
    let parsed = yaml::parse(&document.text).map_err(|error| Error::Parse {
        path: format!("what Helm made of {}", document.source),
        error: Box::new(error),
    })?;
    Ok(parsed
        .first()
        .map_or(Value::Null, crate::manifest::Node::to_json))
}

/// The fields of two values that are not the same, each as far down as both have it.
fn differing(one: &Value, other: &Value, pointer: &mut String, found: &mut Vec<String>) {
    let length = pointer.len();
    match (one, other) {
        (Value::Object(entries), Value::Object(others)) if entries.keys().eq(others.keys()) => {
            for ((key, one), other) in entries.iter().zip(others.values()) {
                pointer.push('/');
                pointer.push_str(&step_of(key));
                differing(one, other, pointer, found);
                pointer.truncate(length);
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            for (at, (one, other)) in items.iter().zip(others).enumerate() {
                pointer.push_str(&format!("/{at}"));
                differing(one, other, pointer, found);
                pointer.truncate(length);
            }
        }
        _ if one == other => {}
        // A secret that is of another kind the second time is no longer the same field.
        (Value::String(_), Value::String(_)) => found.push(pointer.clone()),
        _ => found.push(format!("{pointer}/")),
    }
}

fn object(value: &Value) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let metadata = &value["metadata"];
    let names = [
        text(&value["kind"]),
        text(&metadata["namespace"]),
        text(&metadata["name"]),
    ];
    let names: Vec<String> = names.into_iter().flatten().collect();
    names.join(" ")
}

/// Stands in `stringData` where each rendering makes another secret.
const TEXT: &str = "another one each time";
/// The same in `data`.
const ENCODED: &str = "YW5vdGhlciBvbmUgZWFjaCB0aW1l";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    fn document(yaml: &str) -> Document {
        let empty = Document {
            source: "app/templates/a.yaml".to_owned(),
            text: String::new(),
        };
        empty.with(yaml)
    }

    fn agree(one: &str, other: &str) -> Result<String, Error> {
        let agreed = agreed(vec![document(one)], &[document(other)], Deployer::ArgoCd)?;
        Ok(agreed.into_iter().map(|one| one.text).collect())
    }

    #[test]
    fn secrets_that_are_made_anew_are_replaced_by_one_text() {
        let secret = |password: &str, token: &str| {
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata:\n  p: {password}\n  same: eA==\nstringData: {{t: {token}}}\n"
            )
        };
        let one = agree(&secret("YQ==", "a"), &secret("Yg==", "b")).unwrap();
        let two = agree(&secret("Yw==", "c"), &secret("ZA==", "d")).unwrap();
        assert_eq!(one, two);
        assert!(
            one.starts_with("---\n# Source: app/templates/a.yaml\n"),
            "{one}"
        );
        assert!(one.contains(ENCODED) && one.contains("same: eA=="), "{one}");
    }

    #[test]
    fn any_other_difference_is_refused_without_its_value() {
        let cases = [
            (
                "kind: ConfigMap\nmetadata: {name: c}\ndata: {p: hush1}",
                "kind: ConfigMap\nmetadata: {name: c}\ndata: {p: hush2}",
                "/data/p",
            ),
            (
                "apiVersion: v1\nkind: Secret\nmetadata: {name: hush1}",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: hush2}",
                "/metadata/name",
            ),
            (
                "apiVersion: v1\nkind: Secret\ndata: {a: hush}",
                "apiVersion: v1\nkind: Secret\ndata: {b: hush}",
                "/data/",
            ),
            (
                "apiVersion: v1\nkind: Secret\ndata: {a: hush}",
                "apiVersion: v1\nkind: Secret\ndata: {a: 1}",
                "/data/a/",
            ),
            (
                "apiVersion: x/v1\nkind: Secret\ndata: {a: hush1}",
                "apiVersion: x/v1\nkind: Secret\ndata: {a: hush2}",
                "/data/a",
            ),
        ];
        for (one, other, wanted) in cases {
            let error = agree(one, other).unwrap_err();
            assert_eq!(code_of(&error), "render.not-deterministic", "{one}");
            let Error::NotDeterministic { field, .. } = &error else {
                panic!("{error}");
            };
            assert_eq!(field, wanted);
        }
        let (one, other) = (document("kind: A"), document("kind: B"));
        assert!(agreed(vec![one.clone()], &[one, other], Deployer::ArgoCd).is_err());
    }

    #[test]
    fn a_test_that_is_named_anew_is_left_out_where_argo_cd_would() {
        let pod = |name: &str, hook: &str| {
            document(&format!(
                "kind: Pod\nmetadata: {{name: {name}, annotations: {hook}}}"
            ))
        };
        let agree =
            |hook: &str, deployer| agreed(vec![pod("a", hook)], &[pod("b", hook)], deployer);
        let test = "{helm.sh/hook: 'test, test-success'}";
        assert_eq!(agree(test, Deployer::ArgoCd).unwrap(), []);
        assert!(agree(test, Deployer::Flux).is_err());
        for hook in [
            "{}",
            "{helm.sh/hook: 'pre-install,test'}",
            "{helm.sh/hook: test, argocd.argoproj.io/hook: Sync}",
        ] {
            assert!(agree(hook, Deployer::ArgoCd).is_err(), "{hook}");
        }
    }

    #[test]
    fn the_same_twice_stays_as_it_was_printed() {
        let text = "kind: A # a comment\n";
        assert_eq!(agree(text, text).unwrap(), document(text).text);
    }
}
