//! Label selectors as the API server reads them.
//! Knows nothing of who selects.

use std::collections::BTreeMap;

use serde_json::Value;

/// The labels of one object.
pub(super) type Labels = BTreeMap<String, String>;

/// Whether a `LabelSelector` takes an object of these labels: an empty one takes everything, an
/// absent one nothing. An operator that nobody knows takes nothing.
pub(super) fn selects(selector: Option<&Value>, labels: &Labels) -> bool {
    let Some(Value::Object(selector)) = selector else {
        return false;
    };
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    has_all(selector.get("matchLabels"), labels)
        && expressions
            .into_iter()
            .flatten()
            .all(|expression| holds(expression, labels))
}

/// Whether the plain map of a Service takes an object of these labels; an empty one takes nothing.
pub(super) fn sends_to(selector: Option<&Value>, labels: &Labels) -> bool {
    let wanted = selector.and_then(Value::as_object);
    wanted.is_some_and(|wanted| !wanted.is_empty()) && has_all(selector, labels)
}

fn has_all(wanted: Option<&Value>, labels: &Labels) -> bool {
    let mut wanted = wanted.and_then(Value::as_object).into_iter().flatten();
    wanted.all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str())
}

fn holds(expression: &Value, labels: &Labels) -> bool {
    let text = |field: &str| expression.get(field).and_then(Value::as_str);
    let values = expression.get("values").and_then(Value::as_array);
    let label = text("key").and_then(|key| labels.get(key));
    let listed = label.is_some_and(|label| {
        let mut values = values.into_iter().flatten();
        values.any(|value| value.as_str() == Some(label))
    });
    match text("operator") {
        Some("In") => listed,
        Some("NotIn") => !listed,
        Some("Exists") => label.is_some(),
        Some("DoesNotExist") => label.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn labels() -> Labels {
        Labels::from([("app".to_owned(), "odoo".to_owned())])
    }

    #[test]
    fn an_empty_selector_takes_everything_and_an_absent_one_nothing() {
        assert!(selects(Some(&json!({})), &labels()));
        assert!(!selects(None, &labels()));
        assert!(!sends_to(Some(&json!({})), &labels()));
    }

    #[test]
    fn every_part_of_a_selector_must_hold() {
        let both = |value: &str, operator: &str| json!({"matchLabels": {"app": value}, "matchExpressions": [{"key": "tier", "operator": operator, "values": ["web"]}]});
        assert!(selects(Some(&both("odoo", "NotIn")), &labels()));
        assert!(selects(Some(&both("odoo", "DoesNotExist")), &labels()));
        assert!(!selects(Some(&both("odoo", "In")), &labels()));
        assert!(!selects(Some(&both("odoo", "Exists")), &labels()));
        assert!(!selects(Some(&both("web", "NotIn")), &labels()));
        assert!(!selects(Some(&both("odoo", "Perhaps")), &labels()));
        assert!(sends_to(Some(&json!({"app": "odoo"})), &labels()));
        assert!(!sends_to(
            Some(&json!({"app": "odoo", "tier": "web"})),
            &labels()
        ));
    }
}
