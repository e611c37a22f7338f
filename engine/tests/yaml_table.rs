//! Holds the YAML reader to the answers of Kubernetes' own loader.
//! Knows nothing of how the table is made; `testdata/yaml/golden` prints it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tidegate::manifest::{Limits, Node, ParseError, Quantity, json, read, yaml};
use tidegate::model::code_of;

const TABLE: &str = include_str!("../../testdata/yaml/scalars/table.jsonl");

fn rows() -> Vec<Node> {
    // Kubernetes reads what is deeper than anything we read.
    let limits = Limits {
        depth: 300,
        ..Limits::DEFAULT
    };
    TABLE
        .lines()
        .map(|line| json::read(line, &limits).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

fn text<'row>(row: &'row Node, key: &str) -> Option<&'row str> {
    row.get(key).and_then(Node::as_str)
}

fn input(row: &Node) -> Option<Vec<u8>> {
    match text(row, "base64") {
        Some(encoded) => Some(STANDARD.decode(encoded).unwrap()),
        None if row.get("case").is_some() => {
            Some(text(row, "input").unwrap_or_default().as_bytes().to_vec())
        }
        None => None,
    }
}

/// The documents that are not null, or the code of the refusal.
fn ours(bytes: &[u8]) -> Result<Vec<String>, String> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let error = read(&"x.yaml".into(), bytes).unwrap_err();
        return Err(code_of(&error));
    };
    yaml::parse(text)
        .map(|nodes| canonical(&nodes))
        .map_err(|error: ParseError| code_of(&error))
}

fn canonical(nodes: &[Node]) -> Vec<String> {
    nodes
        .iter()
        .map(|node| node.to_json().to_string())
        .filter(|text| text != "null")
        .collect()
}

#[test]
fn every_reading_is_kubernetes_reading_or_a_refusal_with_a_reason() {
    let mut wrong = Vec::new();
    for row in rows() {
        let Some(bytes) = input(&row) else { continue };
        let kubernetes = match row.get("error") {
            Some(_) => None,
            None => Some(canonical(
                row.get("documents")
                    .and_then(Node::items)
                    .unwrap_or_default(),
            )),
        };
        let answer = ours(&bytes);
        let agrees = match (&answer, text(&row, "refused"), &kubernetes) {
            (Err(code), Some(refused), _) => code == refused,
            (Err(_), None, None) => true,
            (Ok(ours), None, Some(theirs)) => ours == theirs,
            _ => false,
        };
        if !agrees {
            let shown = String::from_utf8_lossy(&bytes)
                .chars()
                .take(120)
                .collect::<String>();
            wrong.push(format!(
                "{}: {shown:?}\n  ours {answer:?}\n  Kubernetes {kubernetes:?}",
                text(&row, "case").unwrap_or_default(),
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_quantity_is_kubernetes_quantity_or_refused() {
    for row in rows() {
        let Some(spelled) = text(&row, "quantity") else {
            continue;
        };
        match (Quantity::parse(spelled), text(&row, "nanos")) {
            (Ok(quantity), Some(nanos)) => {
                assert_eq!(quantity.nanos().to_string(), nanos, "{spelled}");
            }
            (Err(error), Some(nanos)) => {
                let beyond = nanos.len() > 27;
                let digits = spelled.contains(|c: char| c.is_ascii_digit());
                assert!(
                    nanos.starts_with('-') || beyond || !digits,
                    "{spelled}: {error}"
                );
            }
            (Ok(quantity), None) => panic!("{spelled} is no quantity, but {quantity:?}"),
            (Err(_), None) => {}
        }
    }
}

#[test]
fn the_table_is_large_and_gives_its_reasons() {
    let rows = rows();
    let count = |case: &str| {
        rows.iter()
            .filter(|row| text(row, "case") == Some(case))
            .count()
    };
    assert!(count("scalar") >= 1_000);
    assert!(count("key") >= 300);
    for row in &rows {
        let case = text(row, "case").unwrap_or_default();
        assert_eq!(
            row.get("refused").is_some(),
            row.get("because").is_some(),
            "{case}"
        );
        assert!(
            case != "scalar" || row.get("refused").is_none(),
            "an ordinary scalar is refused"
        );
        // The one place where we do not follow the strict reader: all readers give this value.
        if row.get("strictError").is_some() && row.get("refused").is_none() {
            assert_eq!(case, "merge, then a key overrides");
        }
    }
}
