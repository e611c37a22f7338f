//! How many connections one pod of Odoo opens, and to which host.
//! Knows nothing of who answers there.

use serde_json::Value;

use super::said::{File, Said, files, in_environment, in_files, in_words};
use crate::facts::workload::{Container, Role, Workload};

/// What one container of Odoo opens.
pub(super) struct Client<'a> {
    pub(super) host: String,
    /// Of one pod.
    pub(super) each: i64,
    /// What the numbers stand in, beside the workload.
    pub(super) config_maps: Vec<&'a Value>,
}

/// The containers of Odoo of which the tree says how many connections they open, and to whom.
pub(super) fn clients<'a>(workload: &Workload, config_maps: &[&'a Value]) -> Vec<Client<'a>> {
    let containers = workload.containers.iter();
    let odoo = containers.filter(|it| matches!(it.role, Role::App | Role::Sidecar) && is_odoo(it));
    odoo.filter_map(|container| {
        let files = files(&workload.volumes, config_maps);
        let number = |setting, otherwise| said(container, &files, setting).number(otherwise);
        let workers = number(&WORKERS, None)?;
        let threads = number(&CRON, Some(2))?;
        let most = number(&CONNECTIONS, Some(64))?;
        // Without workers all threads of the one process share its connections.
        let processes = if workers > 0 { workers + threads } else { 1 };
        let Said::This(host) = said(container, &files, &HOST) else {
            return None;
        };
        Some(Client {
            host,
            each: processes.saturating_mul(most),
            config_maps: files.iter().map(|file| file.config_map).collect(),
        })
    })
    .collect()
}

fn is_odoo(container: &Container) -> bool {
    let image = container.image.as_ref();
    let words = container.command.iter().chain(&container.args);
    let mut programs = words.flat_map(|line| line.split_whitespace());
    image.is_some_and(|image| image.repository.contains("odoo"))
        || programs.any(|word| matches!(word.rsplit('/').next(), Some("odoo" | "odoo-bin")))
}

/// A setting under its three kinds of names.
struct Setting {
    option: &'static str,
    key: &'static str,
    variables: &'static [&'static str],
}

fn said(container: &Container, files: &[File<'_>], setting: &Setting) -> Said {
    in_words(container, setting.option)
        .or_else(|| in_files(files, setting.key))
        .or_else(|| in_environment(container, setting.variables))
}

const WORKERS: Setting = Setting {
    option: "--workers",
    key: "workers",
    variables: &["WORKERS", "ODOO_WORKERS"],
};
const CRON: Setting = Setting {
    option: "--max-cron-threads",
    key: "max_cron_threads",
    variables: &["MAX_CRON_THREADS", "ODOO_MAX_CRON_THREADS"],
};
const CONNECTIONS: Setting = Setting {
    option: "--db_maxconn",
    key: "db_maxconn",
    variables: &["DB_MAXCONN", "ODOO_DB_MAXCONN"],
};
const HOST: Setting = Setting {
    option: "--db_host",
    key: "db_host",
    variables: &["HOST", "DB_HOST", "ODOO_DB_HOST", "PGHOST"],
};
