//! The environments and what is deployed to them, for people and for programs.
//! Shows no values that a chart or a template is given: they may be secrets.

use std::io::{self, Write};
use std::iter;

use serde_json::{Value, json};

use super::sanitise::{inert, line};
use super::{Color, Style};
use crate::config::Environment;
use crate::manifest::secrets::without_secrets;
use crate::render::{Rendering, Tool};
use crate::sources::{External, Local, ResolvedUnit, Source};

/// An environment and its units.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// Its units.
    pub units: &'a [Unit],
}

/// A unit as it is shown.
#[derive(Debug)]
pub struct Unit {
    /// The unit.
    pub unit: ResolvedUnit,
    /// Why it is never rendered.
    pub refused: Option<Refused>,
}

/// Why nobody renders a unit, though it is known what it deploys.
#[derive(Debug)]
pub struct Refused {
    /// The code of the error.
    pub code: String,
    /// What is wrong, and where.
    pub reason: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// Writes environments for people: each unit, and below it what it deploys.
///
/// # Errors
/// The writer's.
pub fn write_human(listed: &[Listed<'_>], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut drawn = Vec::new();
    for one in listed {
        let environment = one.environment;
        let about = about(environment);
        let name = style.paint(&environment.name, Color::Bold);
        writeln!(drawn, "{name}{}", style.paint(&line(&about), Color::Dim))?;
        for unit in one.units {
            write_unit(unit, style, &mut drawn)?;
        }
    }
    out.write_all(inert(&String::from_utf8_lossy(&drawn)).as_bytes())
}

/// The environments as JSON, version v1.
#[must_use]
pub fn to_json(listed: &[Listed<'_>]) -> Value {
    let environments = listed.iter().map(|one| {
        let environment = one.environment;
        json!({
            "name": environment.name,
            "stage": environment.stage,
            "branch": environment.branch,
            "cluster": environment.cluster,
            "tenants": environment.tenants,
            "units": one.units.iter().map(unit_json).collect::<Vec<_>>(),
        })
    });
    json!({"version": "v1", "environments": environments.collect::<Vec<_>>()})
}

fn about(environment: &Environment) -> String {
    let mut about = format!("  branch {}", environment.branch);
    if let Some(cluster) = &environment.cluster {
        about.push_str(&format!(", cluster {cluster}"));
    }
    if !environment.tenants.is_empty() {
        about.push_str(&format!(", for {}", environment.tenants.join(", ")));
    }
    about
}

fn write_unit(shown: &Unit, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let unit = &shown.unit;
    let mut about = unit.kind.to_string();
    if let Some(deployment) = &unit.deployment {
        if let Some(cluster) = &deployment.cluster {
            about.push_str(&format!(", cluster {}", safe(cluster)));
        }
        about.push_str(&format!(", {}", deployment.place));
        if let Some(by) = &deployment.generated_by {
            about.push_str(&format!(", by {by}"));
        }
    }
    writeln!(
        out,
        "  {}  {}",
        line(&unit.name),
        style.paint(&line(&about), Color::Dim)
    )?;
    if let Some(selector) = &unit.selector {
        writeln!(out, "      {}", line(&selector.patterns().join("  ")))?;
    }
    for source in &unit.sources {
        match source {
            Source::Local(local) => writeln!(out, "      {}", line(&in_words(local)))?,
            Source::External(external) => writeln!(out, "      {}", line(&elsewhere(external)))?,
            Source::Unknown(unknown) => {
                let reason = format!("unknown: {}", safe(&unknown.reason));
                writeln!(out, "      {}", style.paint(&line(&reason), Color::Red))?;
                writeln!(out, "        at {}", line(&unknown.place.to_string()))?;
                writeln!(out, "        {}", line(&safe(&unknown.remedy)))?;
            }
        }
    }
    if let Some(refused) = &shown.refused {
        let code = format!("not rendered: {}", refused.code);
        writeln!(out, "      {}", style.paint(&line(&code), Color::Red))?;
        for text in iter::once(&refused.reason).chain(&refused.remedy) {
            writeln!(out, "        {}", line(&safe(text)))?;
        }
    }
    Ok(())
}

fn in_words(local: &Local) -> String {
    let folder = match local.folder.as_bytes() {
        b"" => ".".to_owned(),
        _ => local.folder.to_string(),
    };
    format!("{folder}  {}", tool(local.render.as_ref()))
}

fn elsewhere(external: &External) -> String {
    let mut text = format!("external: {}", safe(&external.repository));
    for part in [&external.chart, &external.path].into_iter().flatten() {
        text.push_str(&format!("  {part}"));
    }
    let revision = external.revision.as_deref().unwrap_or("whatever is newest");
    let holds = if external.pinned {
        "pinned"
    } else {
        "floating"
    };
    format!("{text}  {revision} ({holds})")
}

fn tool(rendering: Option<&Rendering>) -> &'static str {
    match rendering.map(|rendering| &rendering.tool) {
        None => "as it stands",
        Some(Tool::Kustomize(_)) => "kustomize",
        Some(Tool::Helm(_)) => "helm",
    }
}

fn unit_json(shown: &Unit) -> Value {
    let unit = &shown.unit;
    let deployment = unit.deployment.as_ref();
    json!({
        "name": unit.name,
        "kind": unit.kind.as_str(),
        "declaredAt": deployment.map(|deployment| &deployment.place),
        "generatedBy": deployment.and_then(|deployment| deployment.generated_by.as_ref()),
        "namespace": deployment.and_then(|deployment| deployment.target_namespace.as_ref()),
        "cluster": deployment.and_then(|deployment| deployment.cluster.as_deref().map(safe)),
        "project": deployment.and_then(|deployment| deployment.project.as_ref()),
        "dependsOn": deployment.map(|deployment| deployment.depends_on.as_slice()).unwrap_or_default(),
        "files": unit.globs(),
        "sources": unit.sources.iter().map(source_json).collect::<Vec<_>>(),
        "refused": shown.refused.as_ref().map(|refused| json!({
            "code": refused.code,
            "reason": safe(&refused.reason),
            "remedy": refused.remedy.as_deref().map(safe),
        })),
    })
}

fn source_json(source: &Source) -> Value {
    match source {
        Source::Local(local) => {
            let (release, value_files) = match local.render.as_ref().map(|render| &render.tool) {
                Some(Tool::Helm(helm)) => (Some(&helm.release), helm.value_files.as_slice()),
                Some(Tool::Kustomize(_)) | None => (None, [].as_slice()),
            };
            json!({"local": {
                "folder": local.folder,
                "tool": tool(local.render.as_ref()),
                "release": release,
                "valueFiles": value_files,
            }})
        }
        Source::External(external) => json!({"external": External {
            repository: safe(&external.repository),
            ..external.clone()
        }}),
        Source::Unknown(unknown) => json!({"unknown": {
            "reason": safe(&unknown.reason), "place": unknown.place, "remedy": safe(&unknown.remedy),
        }}),
    }
}

/// Text of a manifest, without what looks like a secret.
fn safe(text: &str) -> String {
    without_secrets(text).unwrap_or_else(|| text.to_owned())
}
