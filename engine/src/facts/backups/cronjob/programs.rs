//! Programs that back up, and those that send what others give them: by which of their words they do.
//! Knows no object; what a variable stands for is not read.

use serde_json::Value;

use super::shell::{Simple, commands};
use super::uploads;
use crate::facts::backups::near::text;

/// A program that backs up.
pub(super) struct Program {
    pub(super) name: &'static str,
    /// It asks the database for what it holds, and does not read its files.
    pub(super) dumps: bool,
    /// It sends what it takes away by itself.
    pub(super) sends: bool,
    /// The word by which it takes a backup; nothing where it always does.
    verb: Option<&'static str>,
    /// The options that have a value of their own word.
    valued: &'static [&'static str],
    /// The options with which it takes none, or not the data.
    idle: &'static [&'static str],
    /// The options and the variables that say where to.
    places: &'static [&'static str],
}

/// What a container runs that takes a backup.
pub(super) struct Run<'a> {
    pub(super) container: &'a Value,
    pub(super) program: &'static Program,
    /// Where to, as far as it is written.
    pub(super) target: Option<String>,
    /// The file that it writes, as far as it is written.
    pub(super) file: Option<String>,
    /// What it takes leaves its pod.
    pub(super) is_sent: bool,
}

/// The first of the programs that containers name anywhere.
pub(super) fn named<'a>(
    mut containers: impl Iterator<Item = &'a Value>,
) -> Option<&'static Program> {
    containers.find_map(|container| {
        let parts = ["command", "args"].into_iter();
        let parts = parts.filter_map(|part| container.get(part)?.as_array());
        let mut said = parts.flatten().filter_map(Value::as_str);
        said.find_map(|said| {
            let is_end = |it: char| !(it.is_ascii_alphanumeric() || "_-".contains(it));
            said.split(is_end).find_map(of)
        })
    })
}

/// What takes a backup among what containers run, or why nothing does.
pub(super) fn run<'a>(containers: impl Iterator<Item = &'a Value>) -> Result<Run<'a>, String> {
    let mut why = None;
    let mut runs: Vec<Run<'a>> = Vec::new();
    for container in containers {
        let commands = commands(container);
        for (place, simple) in commands.iter().enumerate() {
            let Some(program) = of(simple.program()) else {
                continue;
            };
            match program.idles(simple) {
                Some(idle) => why = why.or(Some(idle)),
                None => runs.extend(Run::of(container, program, (&commands, place))),
            }
        }
    }
    // One that sends what another took is worth what that is.
    let dumps = runs.iter().position(|run| run.program.dumps);
    let sends = runs.iter().position(|run| run.is_sent);
    match dumps.or(sends).or((!runs.is_empty()).then_some(0)) {
        Some(index) => Ok(runs.swap_remove(index)),
        None => Err(why.unwrap_or_else(|| {
            "names a program that backs up, and runs none that can be read".to_owned()
        })),
    }
}

/// Whether it is one of the programs that back up.
pub(super) fn is_known(name: &str) -> bool {
    of(name).is_some()
}

pub(super) fn of(name: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.name == name)
}

impl Program {
    /// Why a command of it takes no backup.
    pub(super) fn idles(&self, simple: &Simple) -> Option<String> {
        let idle = |it: &&String| {
            let name = it.split('=').next().unwrap_or_default();
            self.idle.contains(&name) || HELP.contains(&name)
        };
        let words = simple.words.iter().skip(1);
        if let Some(option) = words.clone().find(idle) {
            return Some(format!(
                "runs `{}` with `{option}`, which takes no backup",
                self.name
            ));
        }
        if simple.writes.iter().any(|file| file == "/dev/null") {
            return Some(format!("runs `{}` and keeps nothing of it", self.name));
        }
        let verb = self.verb?;
        let mut is_value = false;
        let mut plain = words.filter(|word| {
            let was_value = std::mem::replace(&mut is_value, self.valued.contains(&word.as_str()));
            !was_value && !word.starts_with('-')
        });
        let first = plain.next().map(String::as_str);
        (first != Some(verb)).then(|| {
            format!(
                "runs `{}`, which takes no backup: that is `{} {verb}`",
                simple.shown(),
                self.name
            )
        })
    }

    /// The file that a command writes, or the end of its pipeline.
    fn file(&self, simple: &Simple, after: &[Simple]) -> Option<String> {
        let joined = |it: &&Simple| it.pipeline == simple.pipeline;
        let option = FILES.iter().find_map(|name| value(simple, name));
        let pipeline = std::iter::once(simple).chain(after.iter().take_while(joined));
        let mut written = pipeline.filter_map(|it| it.writes.first().cloned());
        option.or_else(|| written.next())
    }

    /// Where to: what the command says comes before what its variables do.
    pub(super) fn place(&self, simple: &Simple, container: &Value) -> Option<String> {
        let (options, variables): (Vec<&str>, Vec<&str>) =
            self.places.iter().partition(|it| it.starts_with('-'));
        let archive = || {
            let mut words = simple.words.iter().skip(1);
            let place = words.find_map(|word| word.split_once("::"))?.0;
            (self.name == "borg" && !place.is_empty()).then(|| place.to_owned())
        };
        let told = options
            .iter()
            .find_map(|it| value(simple, it))
            .or_else(archive);
        let told = told.or_else(|| {
            variables
                .iter()
                .find_map(|it| variable(container, it).map(str::to_owned))
        });
        told.filter(|it| is_literal(it)).map(|it| shown(&it))
    }
}

impl<'a> Run<'a> {
    fn of(
        container: &'a Value,
        program: &'static Program,
        (commands, place): (&[Simple], usize),
    ) -> Option<Self> {
        let (simple, after) = commands.get(place..)?.split_first()?;
        let target = program.place(simple, container);
        let is_near = target.as_deref().is_some_and(is_path);
        if program.sends && !is_near {
            return Some(Self {
                container,
                program,
                target,
                file: None,
                is_sent: true,
            });
        }
        let file = target.or_else(|| program.file(simple, after));
        let sent = uploads::sent((simple, after), file.as_deref(), container);
        Some(Self {
            container,
            program,
            is_sent: sent.is_some(),
            target: sent.flatten(),
            file,
        })
    }
}

/// What an option of a command says, in its own word or in the next.
fn value(simple: &Simple, name: &str) -> Option<String> {
    let mut words = simple.words.iter().skip(1);
    while let Some(word) = words.next() {
        if word == name {
            return words.next().cloned();
        }
        let rest = word.strip_prefix(name).and_then(|it| it.strip_prefix('='));
        if let Some(rest) = rest {
            return Some(rest.to_owned());
        }
    }
    None
}

/// The text of a variable that a container is given.
pub(super) fn variable<'v>(container: &'v Value, name: &str) -> Option<&'v str> {
    let env = container.get("env").and_then(Value::as_array);
    let mut env = env.into_iter().flatten();
    text(env.find(|it| text(it, "/name") == Some(name))?, "/value")
}

/// Whether nothing of it stands for something else.
fn is_literal(said: &str) -> bool {
    !said.is_empty() && !said.contains(['$', '`'])
}

/// Whether a place is a folder of the pod.
fn is_path(place: &str) -> bool {
    let is_remote = place.contains(':');
    let is_local = ["local:", "file:"].iter().any(|it| place.starts_with(it));
    is_local || !is_remote
}

/// Without a user and a password.
fn shown(place: &str) -> String {
    match (place.find("://"), place.rfind('@')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", &place[..start + 3], &place[end + 1..])
        }
        _ => place.to_owned(),
    }
}

/// The options by which dumps name their file or folder.
const FILES: [&str; 8] = [
    "-f",
    "--file",
    "-D",
    "--pgdata",
    "--result-file",
    "-o",
    "--out",
    "--archive",
];

/// With these no program does anything.
const HELP: [&str; 4] = ["--help", "--usage", "--version", "help"];

const NOTHING: Program = Program {
    name: "",
    dumps: false,
    sends: false,
    verb: None,
    valued: &[],
    idle: &[],
    places: &[],
};

const fn dump(name: &'static str, idle: &'static [&'static str]) -> Program {
    Program {
        name,
        dumps: true,
        idle,
        ..NOTHING
    }
}

const PROGRAMS: [Program; 9] = [
    dump("pg_dump", &["--schema-only", "-s", "-V", "-?"]),
    dump(
        "pg_dumpall",
        &[
            "--globals-only",
            "--roles-only",
            "--schema-only",
            "--tablespaces-only",
            "-g",
            "-r",
            "-s",
            "-t",
            "-V",
            "-?",
        ],
    ),
    dump("pg_basebackup", &["-V", "-?"]),
    dump("mysqldump", &["--no-data", "-d", "-V", "-?"]),
    dump("mongodump", &[]),
    Program {
        name: "pgbackrest",
        dumps: true,
        sends: true,
        verb: Some("backup"),
        valued: &[
            "--config",
            "--log-level-console",
            "--log-level-file",
            "--pg1-path",
            "--repo",
            "--stanza",
            "--type",
        ],
        ..NOTHING
    },
    Program {
        name: "wal-g",
        dumps: true,
        sends: true,
        verb: Some("backup-push"),
        valued: &["--config", "--walg-storage-prefix"],
        places: &[
            "--walg-s3-prefix",
            "WALG_S3_PREFIX",
            "WALG_GS_PREFIX",
            "WALG_AZ_PREFIX",
            "WALG_SSH_PREFIX",
            "WALG_FILE_PREFIX",
        ],
        ..NOTHING
    },
    Program {
        name: "restic",
        sends: true,
        verb: Some("backup"),
        valued: &[
            "--cacert",
            "--cache-dir",
            "--compression",
            "--key-hint",
            "--limit-download",
            "--limit-upload",
            "--option",
            "--pack-size",
            "--password-command",
            "--password-file",
            "--repo",
            "--repository-file",
            "--retry-lock",
            "--tls-client-cert",
            "-o",
            "-p",
            "-r",
        ],
        idle: &["--dry-run", "-n", "-h"],
        places: &["-r", "--repo", "RESTIC_REPOSITORY"],
        ..NOTHING
    },
    Program {
        name: "borg",
        sends: true,
        verb: Some("create"),
        valued: &[
            "--lock-wait",
            "--remote-path",
            "--rsh",
            "--socket",
            "--umask",
            "--upload-ratelimit",
        ],
        idle: &["--dry-run", "-n", "-h"],
        places: &["BORG_REPO"],
        ..NOTHING
    },
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Where to, and whether it leaves its pod; nothing where no backup is taken.
    fn taken(text: &str) -> Option<(Option<String>, bool)> {
        let env = json!([{"name": "RESTIC_REPOSITORY", "value": "s3:s3.example/shop"}]);
        let container = json!({"command": ["sh", "-c", text], "env": env});
        let run = run(std::iter::once(&container)).ok()?;
        Some((run.target, run.is_sent))
    }

    #[test]
    fn a_backup_is_taken_by_the_word_that_takes_it() {
        let sent = |place: &str| Some((Some(place.to_owned()), true));
        for (text, wanted) in [
            ("restic backup /data", sent("s3:s3.example/shop")),
            ("restic -q -r b2:shop backup /data", sent("b2:shop")),
            ("restic version", None),
            ("restic forget --prune backup", None),
            ("echo restic backup", None),
            ("restic backup --dry-run /data", None),
            ("restic -r /tmp/x backup /data", Some((None, false))),
            (
                "borg create ssh://backup/./shop::a /data",
                sent("ssh://backup/./shop"),
            ),
            ("borg prune ssh://backup/./shop", None),
            ("pgbackrest --stanza=shop backup", Some((None, true))),
            ("pgbackrest --stanza=shop info", None),
            ("wal-g backup-push /data", Some((None, true))),
            ("wal-g backup-list", None),
            ("pg_dump shop > /b/x", Some((None, false))),
            ("pg_dump --schema-only shop > /b/x", None),
            ("pg_dump shop > /dev/null", None),
            (
                "pg_dump shop | gzip | aws s3 cp - s3://b/x",
                sent("s3://b/x"),
            ),
            (
                "pg_dump shop | gsutil cp - gs://b/$(date).gz",
                sent("gs://b"),
            ),
            ("pg_dump shop | rclone rcat store:b/x", sent("store:b/x")),
            (
                "pg_dump shop | restic backup --stdin",
                sent("s3:s3.example/shop"),
            ),
            (
                "pg_dump shop > /b/x; aws s3 cp /b/x s3://b/x",
                sent("s3://b/x"),
            ),
            (
                "pg_dump shop > /b/x; aws s3 cp /c/y s3://b/x",
                Some((None, false)),
            ),
            ("pg_dump shop | gzip; aws s3 ls s3://b", Some((None, false))),
        ] {
            assert_eq!(taken(text), wanted, "{text}");
        }
    }
}
