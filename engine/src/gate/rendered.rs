//! The objects that came out of a rendering, each with the files in which a person edits it.
//! Renders nothing itself; secrets are masked as in any file.

mod origin;
mod unfit;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Error;
use super::deployed::Input;
use super::file::{self, File};
use crate::change::Source;
use crate::manifest::Limits;
use crate::manifest::secrets::Secrets;
use crate::model::{ObjectRef, RepoPath, limits};
use crate::render::{self, Files, Rendered};
pub(super) use origin::Layers;
use unfit::Unfit;

/// What a rendering gave.
pub(super) struct RenderedFile {
    /// Its objects; they know only the file that they stand in.
    pub(super) sources: Vec<Source>,
    secrets: Secrets,
    /// What rendered it.
    pub(super) tool: (String, String),
    /// For each object, which of the origins is its own.
    documents: Vec<usize>,
    origins: Vec<render::Origin>,
}

impl RenderedFile {
    /// Reads what came out of `input`, a folder of `files`.
    pub(super) fn read(
        input: &Input,
        rendered: Rendered,
        files: &dyn Files,
    ) -> Result<Self, Error> {
        input.check_version(&rendered.tool, &rendered.version)?;
        let name = format!(
            "{} (as {} renders it)",
            shown(&input.rendering.folder),
            rendered.tool
        );
        let starts = starts(&rendered.text);
        let wide = Limits {
            file_bytes: limits::RENDER_OUTPUT.most,
            documents: limits::RENDER_OUTPUT.most,
            ..Limits::DEFAULT
        };
        let given = input.rendering.secrets();
        let (name, bytes) = (name.as_str().into(), rendered.text.as_bytes());
        let file = File::read_rendered(&name, bytes, &wide, &given);
        let file = file.map_err(|error| match error {
            Error::Manifest(error) => Unfit::of(&rendered, &starts, files).told(error).into(),
            error => error,
        })?;
        let document = |source: &Source| {
            let start = source.node.span.start;
            starts.partition_point(|at| *at <= start).saturating_sub(1)
        };
        let documents: Vec<usize> = file.sources.iter().map(document).collect();
        let made_by = |at: &usize| {
            let origin = rendered.origins.get(*at)?;
            let elsewhere = || origin.base.as_ref().map(|base| base.file.clone());
            origin.file.clone().or_else(elsewhere)
        };
        let sources = file.sources.iter().zip(&documents);
        let sources = sources.map(|(source, at)| Source {
            file: made_by(at).unwrap_or_else(|| input.root()),
            ..source.clone()
        });
        Ok(Self {
            sources: sources.collect(),
            secrets: file.secrets,
            tool: (rendered.tool, rendered.version),
            documents,
            origins: rendered.origins,
        })
    }

    /// All of it, secret values masked.
    pub(super) fn written(&self) -> String {
        file::written(&self.sources, &self.secrets).unwrap_or_default()
    }

    /// Tells those of `wanted` that came out of here by the files in which they are edited.
    pub(super) fn point_back(
        &self,
        files: &dyn Files,
        wanted: &mut BTreeMap<ObjectRef, &mut Source>,
    ) {
        let mut layers = Layers::new(files);
        for (source, document) in self.sources.iter().zip(&self.documents) {
            let origin = self.origins.get(*document);
            if let (Some(wanted), Some(origin)) = (wanted.remove(&source.object), origin) {
                wanted.origin = layers.of(source, origin).map(Arc::new);
            }
        }
    }
}

/// Where the documents of a stream begin.
fn starts(text: &str) -> Vec<usize> {
    let mut at = 0;
    let mut starts = vec![0];
    for line in text.split_inclusive('\n') {
        at += line.len();
        if line.trim_end() == "---" {
            starts.push(at);
        }
    }
    // A stream may begin with the mark of its first document.
    if text.starts_with("---") {
        starts.remove(0);
    }
    starts
}

fn shown(folder: &RepoPath) -> String {
    match folder.as_bytes() {
        b"" => "the root".to_owned(),
        _ => folder.to_string(),
    }
}
