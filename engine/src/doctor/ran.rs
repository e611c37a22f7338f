//! Whether the gate that an Application brings was asked at its last sync, by what the cluster says of it.
//! Believes the status: who may write that can have written anything.

use super::Way;
use super::deployed::Application;
use super::gates;
use super::tree::{Seen, list};
use crate::manifest::Node;

impl Application<'_, '_> {
    /// What is in sync and was not asked about. Files say nothing of the past.
    pub(super) fn unasked(&self, seen: &Seen<'_>) -> Option<Way> {
        let document = self.document;
        if document.text_at("/status/sync/status") != Some("Synced") {
            return None;
        }
        if self.is_self_heal() {
            return None;
        }
        let called = document.called();
        let last = document.text_at("/status/operationState/phase");
        let about = match (last, self.gate_phase(seen)) {
            (None, _) => format!(
                "{called} is in sync, and no sync of it is on record: nothing asked before it was applied"
            ),
            (Some("Succeeded"), phase) if phase != Some("Succeeded") => {
                format!("the last sync of {called} succeeded without an answer of the gate")
            }
            (Some("Failed" | "Error"), Some("Failed" | "Error")) if self.is_at_last_sync() => {
                format!(
                    "the gate stopped the last sync of {called}, which is in sync with that commit nevertheless"
                )
            }
            _ => return None,
        };
        Some(document.open(
            "gate-not-asked",
            "/status",
            about,
            "find out who applied it, ask `tidegate admit` about what runs, and sync it again with its hooks; the admission policy of action/argocd denies syncs without them",
        ))
    }

    /// How the gate's Job ended at the last sync; nothing where there was none. Of several the worst counts.
    fn gate_phase(&self, seen: &Seen<'_>) -> Option<&str> {
        let document = self.document;
        let names: Vec<&str> = seen
            .of_kind("batch", "Job")
            .filter(|job| gates::is_gate(seen, job))
            .filter_map(|job| job.text_at("/metadata/name"))
            .collect();
        let is_gate = |result: &&Node| {
            let text = |key: &str| result.get(key).and_then(Node::as_str);
            let name = text("name").unwrap_or_default();
            // A kustomization may have put something before or behind it.
            text("hookType") == Some("PreSync")
                && (name.contains("tidegate-admit") || names.iter().any(|gate| name.contains(gate)))
        };
        let results = list(
            &document.node,
            "/status/operationState/syncResult/resources",
        )
        .iter();
        let phases = results.filter(is_gate).map(|result| {
            result
                .get("hookPhase")
                .and_then(Node::as_str)
                .unwrap_or_default()
        });
        phases.min_by_key(|phase| *phase == "Succeeded")
    }

    /// Whether the last sync was Argo CD's own, of some objects: that applies once more what was there, without hooks,
    /// and says nothing of the sync before.
    fn is_self_heal(&self) -> bool {
        let node = &self.document.node;
        let automated = node.pointer("/status/operationState/operation/initiatedBy/automated");
        let some = list(node, "/status/operationState/operation/sync/resources");
        automated.map(Node::to_json) == Some(true.into()) && !some.is_empty()
    }

    fn is_at_last_sync(&self) -> bool {
        let at = |pointer: &str| self.document.node.pointer(pointer).map(Node::to_json);
        ["revision", "revisions"].iter().all(|key| {
            at(&format!("/status/sync/{key}"))
                == at(&format!("/status/operationState/syncResult/{key}"))
        })
    }
}
