//! How the kubelet asks a container whether it is well, with the API's defaults filled in.
//! Knows nothing of which answers are wise.

use serde::Serialize;
use serde_json::Value;

/// The probes of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Probes {
    /// Whether it has started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup: Option<Probe>,
    /// Whether it may serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Probe>,
    /// Whether it is to be restarted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub liveness: Option<Probe>,
}

/// One probe, with the API's defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Probe {
    /// How it asks.
    pub kind: ProbeKind,
    /// The path of an HTTP request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The number of the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u32>,
    /// The name of a port that the container does not declare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undeclared: Option<String>,
    /// Before the first question.
    pub initial_delay_seconds: u32,
    /// From one question to the next.
    pub period_seconds: u32,
    /// How long an answer may take.
    pub timeout_seconds: u32,
    /// After how many good answers it counts as well.
    pub success_threshold: u32,
    /// After how many bad answers it does not.
    pub failure_threshold: u32,
}

/// How a probe asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProbeKind {
    /// An HTTP request.
    Http,
    /// A connection.
    Tcp,
    /// The health service of gRPC.
    Grpc,
    /// A command in the container.
    Exec,
    /// Not said.
    None,
}

/// The probes of a container as written.
pub(super) fn probes(container: &Value) -> Probes {
    let ports = ports(container);
    let probe = |field: &str| {
        let written = container.get(field).filter(|it| it.is_object())?;
        Some(probe(written, &ports))
    };
    Probes {
        startup: probe("startupProbe"),
        readiness: probe("readinessProbe"),
        liveness: probe("livenessProbe"),
    }
}

/// The seconds that a container is given before it is told to stop: what its `preStop` hook sleeps.
/// Zero for a hook that sleeps for a time nobody can read; `None` without a hook.
pub(super) fn pre_stop_seconds(container: &Value) -> Option<u32> {
    let hook = container.pointer("/lifecycle/preStop")?.as_object()?;
    let slept = hook
        .get("sleep")
        .and_then(|sleep| seconds(sleep, "seconds"));
    let words = hook.get("exec").and_then(|exec| exec.get("command"));
    let words = words.and_then(Value::as_array).into_iter().flatten();
    let words: Vec<&str> = words
        .filter_map(Value::as_str)
        .flat_map(str::split_whitespace)
        .collect();
    let said = words.iter().zip(words.iter().skip(1));
    let said = said
        .filter(|(word, _)| {
            word.trim_end_matches(|it: char| !it.is_alphabetic())
                .ends_with("sleep")
        })
        .find_map(|(_, next)| {
            next.trim_end_matches(|it: char| !it.is_ascii_digit())
                .parse()
                .ok()
        });
    Some(slept.or(said).unwrap_or(0))
}

/// The ports that a container declares.
pub(super) fn ports(container: &Value) -> Vec<Port> {
    let ports = container.get("ports").and_then(Value::as_array);
    let ports = ports.into_iter().flatten();
    ports
        .filter_map(|port| {
            Some(Port {
                number: u32::try_from(port.get("containerPort")?.as_u64()?).ok()?,
                name: port.get("name").and_then(Value::as_str).map(str::to_owned),
            })
        })
        .collect()
}

/// One declared port.
pub(super) struct Port {
    pub(super) number: u32,
    name: Option<String>,
}

fn probe(written: &Value, ports: &[Port]) -> Probe {
    let found = KINDS
        .into_iter()
        .find_map(|(field, kind)| Some((kind, written.get(field)?)));
    let handler = found.map(|(_, handler)| handler);
    let port = handler.and_then(|handler| handler.get("port"));
    let by_name = |name: &str| {
        let declared = ports.iter().find(|port| port.name.as_deref() == Some(name));
        declared
            .map(|port| port.number)
            .or_else(|| name.parse().ok())
    };
    let number = match port {
        Some(Value::String(name)) => by_name(name),
        Some(Value::Number(number)) => number.as_u64().and_then(|it| u32::try_from(it).ok()),
        _ => None,
    };
    Probe {
        kind: found.map_or(ProbeKind::None, |(kind, _)| kind),
        path: handler
            .and_then(|handler| handler.get("path")?.as_str())
            .map(str::to_owned),
        port: number,
        undeclared: port
            .and_then(Value::as_str)
            .filter(|_| number.is_none())
            .map(str::to_owned),
        initial_delay_seconds: seconds(written, "initialDelaySeconds").unwrap_or(0),
        period_seconds: positive(written, "periodSeconds").unwrap_or(10),
        timeout_seconds: positive(written, "timeoutSeconds").unwrap_or(1),
        success_threshold: positive(written, "successThreshold").unwrap_or(1),
        failure_threshold: positive(written, "failureThreshold").unwrap_or(3),
    }
}

fn seconds(written: &Value, field: &str) -> Option<u32> {
    u32::try_from(written.get(field)?.as_u64()?).ok()
}

/// Zero counts as absent, as the API server has it.
fn positive(written: &Value, field: &str) -> Option<u32> {
    seconds(written, field).filter(|it| *it > 0)
}

const KINDS: [(&str, ProbeKind); 4] = [
    ("httpGet", ProbeKind::Http),
    ("tcpSocket", ProbeKind::Tcp),
    ("grpc", ProbeKind::Grpc),
    ("exec", ProbeKind::Exec),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_probe_leaves_out_has_the_defaults_of_the_api() {
        let container = json!({
            "ports": [{"containerPort": 8069, "name": "http"}],
            "readinessProbe": {"httpGet": {"path": "/web/health", "port": "http"}, "timeoutSeconds": 0},
            "livenessProbe": {"tcpSocket": {"port": "long-poll"}, "initialDelaySeconds": 30},
        });
        let probes = probes(&container);
        let expected = Probe {
            kind: ProbeKind::Http,
            path: Some("/web/health".to_owned()),
            port: Some(8069),
            undeclared: None,
            initial_delay_seconds: 0,
            period_seconds: 10,
            timeout_seconds: 1,
            success_threshold: 1,
            failure_threshold: 3,
        };
        assert_eq!(probes.readiness, Some(expected));
        let liveness = probes.liveness.unwrap();
        assert_eq!(
            (liveness.port, liveness.undeclared.as_deref()),
            (None, Some("long-poll"))
        );
        assert_eq!(liveness.initial_delay_seconds, 30);
        assert_eq!(probes.startup, None);
    }

    #[test]
    fn a_hook_sleeps_for_what_it_says() {
        let hook = |hook: Value| pre_stop_seconds(&json!({"lifecycle": {"preStop": hook}}));
        assert_eq!(hook(json!({"sleep": {"seconds": 15}})), Some(15));
        assert_eq!(
            hook(json!({"exec": {"command": ["sh", "-c", "sleep 20; nginx -s quit"]}})),
            Some(20)
        );
        assert_eq!(
            hook(json!({"exec": {"command": ["/bin/sleep", "5"]}})),
            Some(5)
        );
        assert_eq!(
            hook(json!({"exec": {"command": ["nginx", "-s", "quit"]}})),
            Some(0)
        );
        assert_eq!(pre_stop_seconds(&json!({})), None);
    }
}
