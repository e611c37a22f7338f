//! Objects of which an operator makes a Secret: where they hold what comes into it, encrypted or plain.
//! Knows nothing of Secrets themselves.

use super::{Found, Node, Object, leaves};
use crate::model::step_of;

/// Tells `found` each value that comes into a Secret.
pub(super) fn values(object: &Object, found: &mut Found<'_>) {
    let reference = &object.reference;
    let its = |made: &&Made| made.kind == reference.kind && made.group == reference.group();
    for made in MADE.iter().filter(its) {
        let mut pointer = String::new();
        let mut node: Option<&Node> = Some(&object.node);
        for key in made.path {
            pointer.push('/');
            pointer.push_str(&step_of(key));
            node = node.and_then(|node| node.get(key));
        }
        if let Some(node) = node {
            leaves(node, &mut pointer, found);
        }
    }
}

/// A kind, and a place of values in it.
struct Made {
    group: &'static str,
    kind: &'static str,
    path: &'static [&'static str],
}

const fn made(group: &'static str, kind: &'static str, path: &'static [&'static str]) -> Made {
    Made { group, kind, path }
}

const MADE: [Made; 6] = [
    made("bitnami.com", "SealedSecret", &["spec", "encryptedData"]),
    made("bitnami.com", "SealedSecret", &["spec", "data"]),
    made("bitnami.com", "SealedSecret", &["spec", "template", "data"]),
    made(
        "external-secrets.io",
        "ExternalSecret",
        &["spec", "target", "template", "data"],
    ),
    made(
        "external-secrets.io",
        "ClusterExternalSecret",
        &["spec", "externalSecretSpec", "target", "template", "data"],
    ),
    made(
        "isindir.github.com",
        "SopsSecret",
        &["spec", "secretTemplates"],
    ),
];
