//! The shape that the API server asks of an object: what is a mapping, a list, a text.
//! Knows nothing of what the values mean; a field that is not listed here may be anything.

mod table;

use std::fmt;

use super::{Entry, Error, ManifestFile, Node, NodeValue, Object};

/// Refuses a file with an object whose parts are not of the shape that Kubernetes decodes: policies
/// would look at nothing, or fail at it.
///
/// # Errors
/// The first node that is of another shape, a pod without containers, or an object that SOPS encrypted
/// and that is no Secret.
pub fn check_shape(file: &ManifestFile) -> Result<(), Error> {
    if let Some((object, mark)) = file.objects.iter().find_map(encrypted) {
        return Err(Error::EncryptedObject {
            path: file.path.clone(),
            span: mark.key_span,
            position: mark.key_span.line_column(&file.text),
            kind: object.reference.kind.clone(),
        });
    }
    let mut objects = file.objects.iter();
    match objects.find_map(misshapen) {
        None => Ok(()),
        Some(found) => Err(Error::Misshapen {
            path: file.path.clone(),
            span: found.node.span,
            position: found.node.span.line_column(&file.text),
            reason: found.to_string().into(),
        }),
    }
}

/// An object whose values only its deployer can read, and where that is said. What a Secret holds is
/// nobody's to judge.
fn encrypted(object: &Object) -> Option<(&Object, &Entry)> {
    let is_secret = matches!(object.reference.kind.as_str(), "Secret" | "SopsSecret");
    let mark = object.node.entry("sops").filter(|_| !is_secret)?;
    Some((object, mark))
}

/// What a value must be. Nothing at all (`null`) is as good as absent.
enum Shape {
    /// A mapping, in which these keys have a shape of their own.
    Mapping(&'static [(&'static str, Shape)]),
    /// A mapping of values that are all alike.
    Each(&'static Shape),
    /// A list of values that are all alike; nothing is no such value.
    List(&'static Shape),
    Text,
    /// The value of a label: nothing that the API server would refuse for its length or its lines.
    Label,
    Truth,
    Whole,
    /// How many there are to be: from none to what 32 bits hold.
    Count,
}

/// A node of the wrong shape.
struct Found<'node> {
    node: &'node Node,
    /// `spec.template.spec.containers[0]`.
    field: String,
    wanted: &'static str,
    found: &'static str,
}

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (field, wanted, found) = (&self.field, self.wanted, self.found);
        write!(f, "`{field}` must be {wanted}, and is {found}")
    }
}

fn misshapen(object: &Object) -> Option<Found<'_>> {
    let (shape, pods) = table::of(&object.reference);
    let found = shape.misfit(&object.node, "");
    let found = found.or_else(|| too_many_notes(&object.node));
    found.or_else(|| pods.and_then(|pods| without_containers(&object.node, pods)))
}

/// Annotations that the API server refuses for their size.
fn too_many_notes(object: &Node) -> Option<Found<'_>> {
    let node = object.pointer("/metadata/annotations")?;
    let NodeValue::Mapping(entries) = &node.value else {
        return None;
    };
    let size = |entry: &Entry| entry.key.len() + entry.value.as_str().map_or(0, str::len);
    let total: usize = entries.iter().map(size).sum();
    (total > ANNOTATIONS).then(|| Found {
        node,
        field: "metadata.annotations".to_owned(),
        wanted: "at most 256 KiB in all",
        found: "more",
    })
}

fn is_label(text: &str) -> bool {
    text.len() <= LABEL && !text.contains(char::is_control)
}

/// Pods run something, unless a Rollout leaves that to another workload.
fn without_containers<'node>(object: &'node Node, pods: &str) -> Option<Found<'node>> {
    let present = |pointer: &str| {
        let node = object.pointer(pointer);
        node.filter(|node| node.value != NodeValue::Null)
    };
    let pointer = format!("{pods}/containers");
    let found = match present(&pointer).map(Node::items) {
        Some(Some([])) => "empty",
        Some(_) => return None,
        None if present("/spec/workloadRef").is_some() => return None,
        None => "absent",
    };
    Some(Found {
        node: object.deepest(&pointer),
        field: pointer.trim_start_matches('/').replace('/', "."),
        wanted: "a list of at least one container",
        found,
    })
}

impl Shape {
    /// The first value below `node` that is of another shape; `field` is where the node stands.
    fn misfit<'node>(&self, node: &'node Node, field: &str) -> Option<Found<'node>> {
        match (self, &node.value) {
            (Self::Mapping(fields), NodeValue::Mapping(_)) => {
                fields.iter().find_map(|(key, shape)| {
                    let value = node.get(key).filter(|it| it.value != NodeValue::Null)?;
                    shape.misfit(value, &below(field, key))
                })
            }
            (Self::Each(shape), NodeValue::Mapping(entries)) => {
                let values = entries.iter().map(|entry| &entry.value);
                let mut values = values.filter(|it| it.value != NodeValue::Null);
                values.find_map(|value| shape.misfit(value, &below(field, "*")))
            }
            (Self::List(shape), NodeValue::Sequence(items)) => {
                let mut items = items.iter().enumerate();
                items.find_map(|(index, item)| shape.misfit(item, &format!("{field}[{index}]")))
            }
            (Self::Text, NodeValue::String(_)) | (Self::Truth, NodeValue::Bool(_)) => None,
            (Self::Label, NodeValue::String(text)) if is_label(text) => None,
            (Self::Whole, NodeValue::Number { value, .. }) if value.is_i64() => None,
            (Self::Count, NodeValue::Number { value, .. })
                if value
                    .as_i64()
                    .is_some_and(|count| i32::try_from(count).is_ok_and(|count| count >= 0)) =>
            {
                None
            }
            _ => Some(Found {
                node,
                field: field.to_owned(),
                wanted: self.name(),
                found: self.name_of_misfit(&node.value),
            }),
        }
    }

    /// What a value is that does not fit, where its kind alone may do.
    fn name_of_misfit(&self, value: &NodeValue) -> &'static str {
        match (self, value) {
            (Self::Label, NodeValue::String(_)) => "another",
            (Self::Count, NodeValue::Number { .. }) => "another number",
            _ => name_of(value),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Mapping(_) | Self::Each(_) => "a mapping",
            Self::List(_) => "a list",
            Self::Text => "a string",
            Self::Label => "a string of one line and at most 63 bytes",
            Self::Truth => "`true` or `false`",
            Self::Whole => "a whole number",
            Self::Count => "a whole number that is not negative and fits 32 bits",
        }
    }
}

fn below(field: &str, key: &str) -> String {
    match field {
        "" => key.to_owned(),
        field => format!("{field}.{key}"),
    }
}

fn name_of(value: &NodeValue) -> &'static str {
    match value {
        NodeValue::Null => "nothing",
        NodeValue::Bool(_) => "a boolean",
        NodeValue::Number { .. } => "a number",
        NodeValue::String(_) => "a string",
        NodeValue::Sequence(_) => "a list",
        NodeValue::Mapping(_) => "a mapping",
    }
}

/// Kubernetes' own bounds.
const LABEL: usize = 63;
const ANNOTATIONS: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest;
    use crate::model::{RepoPath, code_of};

    fn problem(text: &str) -> Option<String> {
        let file = manifest::read(&RepoPath::from("a.yaml"), text.as_bytes()).unwrap();
        let error = check_shape(&file).err()?;
        assert_eq!(code_of(&error), "manifest.misshapen");
        Some(error.to_string())
    }

    fn deployment(spec: &str) -> String {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec:\n  template:\n    spec: {spec}\n"
        )
    }

    #[test]
    fn a_pod_of_another_shape_is_told_where_it_is_so() {
        for (spec, said) in [
            (
                "[]",
                "6:11: `spec.template.spec` must be a mapping, and is a list",
            ),
            (
                "{}",
                "6:11: `spec.template.spec.containers` must be a list of at least one container, and is absent",
            ),
            (
                "{containers: []}",
                "6:24: `spec.template.spec.containers` must be a list of at least one container, and is empty",
            ),
            (
                "{containers: null}",
                "6:24: `spec.template.spec.containers` must be a list of at least one container, and is absent",
            ),
            (
                "{containers: {a: {}}}",
                "6:24: `spec.template.spec.containers` must be a list, and is a mapping",
            ),
            (
                "{containers: [null]}",
                "6:25: `spec.template.spec.containers[0]` must be a mapping, and is nothing",
            ),
            (
                "{containers: [a]}",
                "6:25: `spec.template.spec.containers[0]` must be a mapping, and is a string",
            ),
            (
                "{containers: [{name: a, resources: x}]}",
                "6:46: `spec.template.spec.containers[0].resources` must be a mapping, and is a string",
            ),
            (
                "{containers: [{name: a, resources: {limits: []}}]}",
                "6:55: `spec.template.spec.containers[0].resources.limits` must be a mapping, and is a list",
            ),
            (
                "{containers: [{name: a, env: {A: b}}]}",
                "6:40: `spec.template.spec.containers[0].env` must be a list, and is a mapping",
            ),
            (
                "{containers: [{name: 1}]}",
                "6:32: `spec.template.spec.containers[0].name` must be a string, and is a number",
            ),
            (
                "{containers: [{name: a, securityContext: {privileged: \"true\"}}]}",
                "6:65: `spec.template.spec.containers[0].securityContext.privileged` must be `true` or `false`, and is a string",
            ),
            (
                "{containers: [{name: a}], volumes: {a: b}}",
                "6:46: `spec.template.spec.volumes` must be a list, and is a mapping",
            ),
        ] {
            let wanted = format!("a.yaml:{said}");
            assert_eq!(problem(&deployment(spec)), Some(wanted), "{spec}");
        }
    }

    #[test]
    fn every_kind_with_pods_is_looked_at() {
        for (api_version, kind, before) in [
            ("v1", "Pod", "spec: "),
            ("v1", "PodTemplate", "template: {spec: "),
            ("v1", "ReplicationController", "spec: {template: {spec: "),
            ("apps/v1", "Deployment", "spec: {template: {spec: "),
            ("apps/v1", "DaemonSet", "spec: {template: {spec: "),
            ("apps/v1", "ReplicaSet", "spec: {template: {spec: "),
            ("apps/v1", "StatefulSet", "spec: {template: {spec: "),
            ("batch/v1", "Job", "spec: {template: {spec: "),
            (
                "batch/v1",
                "CronJob",
                "spec: {jobTemplate: {spec: {template: {spec: ",
            ),
            (
                "argoproj.io/v1alpha1",
                "Rollout",
                "spec: {template: {spec: ",
            ),
        ] {
            let head = format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\n");
            let after = "}".repeat(before.matches('{').count());
            for spec in ["[]", "{}", "{containers: {}}", "{containers: [1]}"] {
                let text = format!("{head}{before}{spec}{after}\n");
                assert!(problem(&text).is_some(), "{text}");
            }
            let sound = format!("{head}{before}{{containers: [{{name: a}}]}}{after}\n");
            assert_eq!(problem(&sound), None, "{sound}");
            assert!(problem(&head).is_some(), "{head}");
        }
    }

    #[test]
    fn a_rollout_of_another_workload_needs_no_containers_of_its_own() {
        let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: a}\nspec: {workloadRef: {kind: Deployment, name: a}}\n";
        assert_eq!(problem(rollout), None);
    }

    #[test]
    fn labels_are_strings_in_every_kind_and_unknown_fields_are_anything() {
        let object = |labels: &str| {
            format!(
                "apiVersion: a.example/v1\nkind: A\nmetadata: {{name: a, labels: {labels}}}\nspec: [1]\n"
            )
        };
        assert_eq!(problem(&object("{a: b, c: null}")), None);
        let said = "a.yaml:3:33: `metadata.labels.*` must be a string of one line and at most 63 bytes, and is a number";
        assert_eq!(problem(&object("{a: 1}")).as_deref(), Some(said));
        assert!(problem(&object("[a]")).is_some());
    }

    #[test]
    fn built_in_kinds_have_a_spec_that_is_a_mapping() {
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: []\n";
        let said = "a.yaml:4:7: `spec` must be a mapping, and is a list";
        assert_eq!(problem(service).as_deref(), Some(said));
    }

    #[test]
    fn what_a_secret_holds_is_text_and_is_not_quoted() {
        let secret =
            |body: &str| format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\n{body}\n");
        let all = "`stringData.*` must be a string, and is";
        for (body, said) in [
            (
                "stringData: [hunter2]",
                "4:13: `stringData` must be a mapping, and is a list".to_owned(),
            ),
            (
                "data: \"hunter2\"",
                "4:7: `data` must be a mapping, and is a string".to_owned(),
            ),
            ("stringData: {a: [hunter2]}", format!("4:17: {all} a list")),
            (
                "stringData: {a: {b: hunter2}}",
                format!("4:17: {all} a mapping"),
            ),
            ("stringData: {a: 20261121}", format!("4:17: {all} a number")),
            ("stringData: {a: true}", format!("4:17: {all} a boolean")),
            (
                "type: 20261121",
                "4:7: `type` must be a string, and is a number".to_owned(),
            ),
        ] {
            let wanted = format!("a.yaml:{said}");
            assert_eq!(problem(&secret(body)), Some(wanted), "{body}");
        }
        for body in [
            "data: {a: YQ==}",
            "stringData: {a: null, b: \"1\"}",
            "data: null",
        ] {
            assert_eq!(problem(&secret(body)), None, "{body}");
        }
    }

    #[test]
    fn an_item_of_a_list_is_told_at_its_place() {
        let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  spec: 1\n";
        let said = "a.yaml:7:9: `spec` must be a mapping, and is a number";
        assert_eq!(problem(list).as_deref(), Some(said));
    }
}
