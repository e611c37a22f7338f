//! `tidegate sign` and `tidegate baseline`: the next links of an environment.

use std::path::{Path, PathBuf};

use super::common::{self, Error, Outcome};
use super::output::replace;
use super::terminal::Terminal;
use super::verdicts::Verdicts;
use crate::attest::{UnitId, bundle, read_private};
use crate::gate::{self, Published, Renewed, RenewedUnit, SignRequest, Signed, Signing};
use crate::model::Exit;
use crate::report::human;

/// Judge from the newest link of each unit to the head of the protected branch, sign and publish
///
/// Takes no range. A pass is published as the next link, a fail as a report that blocks nobody: the
/// next run judges from the same link.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Then ask facts and calendar anew about the newest link of each unit, and publish how long it
    /// may still begin its way
    #[arg(long)]
    renew: bool,
}

/// The arguments of `sign` and `baseline`.
#[derive(clap::Args)]
pub(super) struct Common {
    /// The environment
    #[arg(long, value_name = "NAME")]
    env: String,
    /// Only this unit
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    /// The signer's private key (ed25519, PKCS#8 PEM, mode 0600)
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// Where verdicts lie: `folder:DIR` (made when missing) or `branch[:REMOTE[:NAME]]` (origin and
    /// tidegate/verdicts when left out), fetched and pushed by your `git`
    #[arg(long, value_name = "STORE")]
    verdicts: String,
    /// Write the envelope of the newest link to this file too; of several units, that of the last
    #[arg(short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The same envelope in a Sigstore bundle v0.3, for `cosign` and sigstore-js
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let how = if self.renew { gate::renew } else { gate::sign };
        self.common.run(terminal, how)
    }
}

impl Common {
    pub(super) fn run(
        self,
        terminal: &mut Terminal,
        how: impl Fn(&crate::git::Repository, &SignRequest<'_>) -> Result<Signing, gate::Error>,
    ) -> Outcome {
        let directory = terminal.directory.clone();
        let key = read_private(&directory.join(&self.key_file))?;
        let repository = common::repository(&directory)?;
        let verdicts = Verdicts::open(&self.verdicts, &repository, terminal)?;
        let request = SignRequest {
            environment: &self.env,
            unit: self.unit.as_deref(),
            key: &key,
            store: verdicts.store(),
            now: terminal.now,
        };
        let signing = how(&repository, &request)?;
        print(&signing, terminal);
        let newest = published(&signing).next_back().map(|(_, newest)| newest);
        if let Some(out) = &self.out {
            if let Some(newest) = newest {
                write(&directory.join(out), &newest.envelope)?;
            }
            tell_written(&signing, out, terminal);
        }
        if let Some(out) = &self.bundle {
            if let Some(newest) = newest {
                write(&directory.join(out), &bundle(&newest.envelope)?)?;
            }
            tell_written(&signing, out, terminal);
        }
        Ok(signing.exit())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace(path, bytes).map_err(|error| Error::write(path, &error))
}

/// Says what the file holds where that is not plain: one envelope of several, or an older one.
fn tell_written(signing: &Signing, out: &Path, terminal: &mut Terminal) {
    let out = out.display();
    let mut units = published(signing);
    match (units.next_back(), units.next_back()) {
        (None, _) => terminal.say(&format!("nothing was signed: {out} is not written")),
        (Some(_), None) => {}
        (Some((unit, _)), Some(_)) => terminal.say(&format!(
            "{out} holds the envelope of {unit} alone; `--unit` names another"
        )),
    }
}

/// The units that have something new, and what; the unit `gate` comes first.
fn published(signing: &Signing) -> impl DoubleEndedIterator<Item = (&UnitId, &Published)> {
    signing.units.iter().filter_map(|unit| match &unit.result {
        Signed::Link(published) | Signed::Failed(published) => Some((&unit.unit, &**published)),
        Signed::NothingNew { .. } => None,
    })
}

/// A line a unit; the whole report of what was denied.
pub(super) fn print(signing: &Signing, terminal: &mut Terminal) {
    for unit in &signing.units {
        match &unit.result {
            Signed::NothingNew { height } => {
                terminal.line(&format!("{}: nothing new since link {height}", unit.unit));
            }
            Signed::Link(published) => {
                let verdict = &published.verdict;
                let (unit, height) = (&unit.unit, verdict.height);
                let tree = verdict.head.gated_tree.short();
                terminal.line(&if verdict.baseline {
                    format!("{unit}: accepted as it stands, link {height}, gated tree {tree}")
                } else {
                    format!(
                        "{unit}: pass, tier {}, link {height}, gated tree {tree}, first deployment until {}",
                        verdict.risk_tier, verdict.valid_until,
                    )
                });
            }
            Signed::Failed(published) => failed(unit, published, terminal),
        }
        also_judged(unit, terminal);
    }
    for renewed in &signing.renewals {
        print_renewed(renewed, terminal);
    }
    for error in &signing.errors {
        terminal.line(&format!(
            "{}/{}: could not be judged",
            error.environment, error.unit
        ));
        let exit = terminal.print_error(error.error.as_ref());
        debug_assert_ne!(exit, Exit::Pass);
    }
}

/// A range that began under an older state of the gate must pass both.
fn also_judged(unit: &gate::SignedUnit, terminal: &mut Terminal) {
    let (Signed::Link(published) | Signed::Failed(published)) = &unit.result else {
        return;
    };
    if let Some(older) = published.verdict.also_judged_by {
        let older: String = older.to_string().chars().take(8).collect();
        terminal.line(&format!(
            "{}: judged by the newest state of the gate and by link {older} of it, under which this was begun; both must pass",
            unit.unit,
        ));
    }
}

fn print_renewed(renewed: &RenewedUnit, terminal: &mut Terminal) {
    let (unit, height) = (&renewed.unit, renewed.height);
    match &renewed.result {
        Renewed::Until(renewal) => terminal.line(&format!(
            "{unit}: link {height} renewed, tier {}, first deployment until {}",
            renewal.risk_tier, renewal.valid_until,
        )),
        Renewed::Denied(report) => {
            let style = terminal.style();
            let written = human::write_unit(report, style, &mut terminal.out);
            terminal.note(&written);
            terminal.line(&format!(
                "{unit}: FAIL, link {height} is not renewed and keeps its end"
            ));
        }
    }
}

fn failed(unit: &gate::SignedUnit, published: &Published, terminal: &mut Terminal) {
    if let Some(report) = &published.report {
        let style = terminal.style();
        let written = human::write_unit(report, style, &mut terminal.out);
        terminal.note(&written);
    }
    terminal.line(&format!(
        "{}: FAIL, a report and no link: the next run judges from the same link",
        unit.unit
    ));
}
