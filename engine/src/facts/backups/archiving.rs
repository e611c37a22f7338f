//! Whether the parameters of a PostgreSQL keep its log from where its base backups go.
//! Knows no operator.

use serde_json::Value;

use super::cronjob::commands_of;

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
    let command = parameter("archive_command").filter(|(_, said)| !sends(said, sender));
    let (shown, _) = command.or_else(|| parameter("archive_library"))?;
    Some(format!(
        "has its own {shown} in `{place}`, which does not say that it sends the log to the store (`{sender}`)"
    ))
}

/// Whether a command calls the program that sends the log, by itself or by what only starts it, with its verb.
fn sends(command: &str, sender: &str) -> bool {
    let (program, verb) = sender.rsplit_once(' ').unwrap_or((sender, sender));
    let program = program.split(' ').next().unwrap_or_default();
    let is_it = |word: &String| word.rsplit('/').next() == Some(program);
    commands_of(command).iter().any(|words| {
        let first = words.first().and_then(|word| word.rsplit('/').next());
        let is_started = first.is_some_and(|first| STARTERS.contains(&first));
        let mut own = words.iter().take(if is_started { words.len() } else { 1 });
        let at = own.position(is_it);
        at.is_some_and(|at| words.iter().skip(at + 1).any(|word| word == verb))
    })
}

/// What starts the program that its arguments name.
const STARTERS: [&str; 6] = ["chpst", "env", "envdir", "ionice", "nice", "timeout"];

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
            (
                json!({"archive_command": "true # send archive-push"}),
                false,
            ),
            (json!({"archive_command": "true send archive-push"}), false),
            (json!({"archive_command": "echo archive-push"}), false),
            (json!({"archive_command": "archive-push send"}), false),
            (json!({"archive_command": "send '#' # archive-push"}), false),
            (
                json!({"archive_command": "envdir /e /usr/bin/send --a=b archive-push \"%p\""}),
                true,
            ),
            (
                json!({"archive_command": "A=b timeout 60 send archive-push %p"}),
                true,
            ),
            (
                json!({"archive_command": "test -f x || send archive-push %p"}),
                true,
            ),
            (
                json!({"archive_command": "send archive-push %p # to the store"}),
                true,
            ),
            (json!({"archive_library": "basic_archive"}), false),
        ] {
            let cluster = json!({"spec": {"a": {"parameters": parameters}}});
            let why = unarchived(&cluster, ("spec.a.parameters", "send archive-push"));
            assert_eq!(why.is_none(), is_archived, "{parameters} {why:?}");
        }
    }
}
