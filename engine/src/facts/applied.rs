//! Whether a deployer surely applies an object together with the rest of its commit, and in time.
//! Knows the annotations by which Argo CD, Flux, Helm and kustomize do otherwise.

use serde_json::Value;

/// Whether nothing in `neighbour` lets a deployer leave it out, apply it at another time, or take it away
/// again. One that is not sure protects nothing.
pub(super) fn is_sure(neighbour: &Value) -> bool {
    OTHERWISE
        .iter()
        .all(|name| annotation(neighbour, name).is_none())
}

/// Whether `neighbour` is there when `object` is created: Argo CD applies lower waves first.
pub(super) fn is_before(neighbour: &Value, object: &Value) -> bool {
    match (wave(neighbour), wave(object)) {
        (Some(neighbour), Some(object)) => neighbour <= object,
        _ => false,
    }
}

/// `None` where it is no number.
fn wave(object: &Value) -> Option<i64> {
    annotation(object, WAVE).map_or(Some(0), |wave| wave.as_str()?.parse().ok())
}

fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.get("metadata")?.get("annotations")?.get(name)
}

const WAVE: &str = "argocd.argoproj.io/sync-wave";

const OTHERWISE: [&str; 7] = [
    "argocd.argoproj.io/hook",
    "argocd.argoproj.io/hook-delete-policy",
    "config.kubernetes.io/local-config",
    "helm.sh/hook",
    "helm.sh/hook-delete-policy",
    "kustomize.toolkit.fluxcd.io/reconcile",
    "kustomize.toolkit.fluxcd.io/ssa",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn annotated(name: &str, value: &str) -> Value {
        json!({"metadata": {"annotations": {name: value}}})
    }

    #[test]
    fn what_is_left_out_or_late_is_not_sure() {
        for name in OTHERWISE {
            assert!(!is_sure(&annotated(name, "x")), "{name}");
        }
        assert!(is_sure(&annotated("example.com/hook", "x")));
        assert!(is_sure(&json!({})));
    }

    #[test]
    fn waves_are_compared_as_numbers() {
        let wave = |text: &str| annotated(WAVE, text);
        let none = json!({});
        for (neighbour, object, before) in [
            (&none, &none, true),
            (&wave("10"), &none, false),
            (&none, &wave("-5"), false),
            (&wave("-10"), &wave("-9"), true),
            (&wave("9"), &wave("10"), true),
            (&wave("soon"), &none, false),
        ] {
            assert_eq!(is_before(neighbour, object), before, "{neighbour} {object}");
        }
    }
}
