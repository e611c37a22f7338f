//! Whether the parameters of a PostgreSQL keep its log from where its base backups go.
//! Knows no operator.

use serde_json::Value;

/// Why the log is not archived, without which no base backup can be restored: by the parameters at a place of the cluster,
/// and by what the program that sends it is called with.
pub(super) fn unarchived(cluster: &Value, (place, sender): (&str, &str)) -> Option<String> {
    let parameters = cluster.pointer(&format!("/{}", place.replace('.', "/")))?;
    let parameter = |name: &str| {
        let said = parameters.get(name)?;
        let said = said
            .as_str()
            .map_or_else(|| said.to_string(), str::to_owned);
        Some((format!("`{name}: {said}`"), said))
    };
    if let Some((shown, mode)) = parameter("archive_mode") {
        let mode = mode.to_ascii_lowercase();
        if !["on", "always", "true", "yes", "1"].contains(&mode.as_str()) {
            return Some(format!(
                "has {shown} in `{place}`: its log is not archived, and no base backup can be restored without it"
            ));
        }
    }
    let own = [parameter("archive_command"), parameter("archive_library")];
    let mut own = own.into_iter().flatten();
    let verb = sender.rsplit(' ').next().unwrap_or(sender);
    let (shown, _) = own.find(|(_, said)| !said.split(' ').any(|word| word == verb))?;
    Some(format!(
        "has its own {shown} in `{place}`, which does not say that it sends the log to the store (`{sender}`)"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_log_is_archived_unless_parameters_say_otherwise() {
        for (parameters, is_archived) in [
            (json!({}), true),
            (json!({"archive_mode": "on"}), true),
            (json!({"archive_mode": "ALWAYS"}), true),
            (json!({"archive_mode": "off"}), false),
            (json!({"archive_mode": false}), false),
            (json!({"archive_mode": null}), false),
            (json!({"archive_command": "send archive-push %p"}), true),
            (json!({"archive_command": "/bin/true"}), false),
            (json!({"archive_command": "true #archive-push"}), false),
            (json!({"archive_library": "basic_archive"}), false),
        ] {
            let cluster = json!({"spec": {"a": {"parameters": parameters}}});
            let why = unarchived(&cluster, ("spec.a.parameters", "send archive-push"));
            assert_eq!(why.is_none(), is_archived, "{parameters} {why:?}");
        }
    }
}
