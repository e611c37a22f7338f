//! Runs kustomize over the exported files, and does with its objects what Flux does behind the build.
//! Knows nothing of how the files were found.

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde_json::{Map, Value};

use super::documents::{Document, documents};
use super::edit::Root;
use super::error::{Error, Folder};
use super::origin::Trail;
use super::substitute::{is_name, substitute};
use super::{Deployed, Plan};
use crate::manifest::Node;
use crate::render::export::Exported;
use crate::render::options::{Deployer, Kustomize};
use crate::render::programs::{Program, Programs};
use crate::render::rendered::{Origin, Rendered};

/// What is built, and by what.
pub(super) struct Build<'a> {
    pub(super) files: &'a Deployed<'a>,
    pub(super) plan: &'a Plan,
    pub(super) options: &'a Kustomize,
    pub(super) deployer: Deployer,
    pub(super) exported: &'a Exported,
    pub(super) programs: &'a Programs,
}

impl Build<'_> {
    pub(super) fn run(&self) -> Result<Rendered, Error> {
        let program = self.programs.kustomize()?;
        let edited = self.plan.root.edited(self.options, self.deployer)?;
        let root = edited.as_ref().unwrap_or(&self.plan.root);
        // Kustomize says in annotations where objects come from. They are for pointing only: a selector
        // or a replacement may look at them, so that what is judged is built without.
        self.exported
            .write(&root.file, &root.annotated().to_bytes())?;
        let told = self.kustomize(program, root);
        match (&edited, &self.plan.root.text) {
            (None, Some(text)) => self.exported.write(&root.file, text.as_bytes())?,
            _ => self.exported.write(&root.file, &root.to_bytes())?,
        }
        let printed = self.kustomize(program, root)?;
        let built = documents(&printed)?;
        let trail = Trail::new(self.files, self.plan, told.ok().as_deref());
        let origins: Vec<Origin> = built
            .iter()
            .enumerate()
            .map(|(at, document)| trail.origin(at, document))
            .collect();
        let text = match self.deployer {
            Deployer::ArgoCd => printed,
            Deployer::Flux => self.after(&built)?,
        };
        Ok(Rendered {
            text,
            origins,
            tool: program.name.to_owned(),
            version: program.version.clone(),
        })
    }

    fn kustomize(&self, program: &Program, root: &Root) -> Result<String, Error> {
        let mut arguments = vec![OsString::from(".")];
        if self.deployer == Deployer::Flux {
            arguments.extend(["--load-restrictor", "LoadRestrictionsNone"].map(OsString::from));
        }
        let printed = self
            .programs
            .run(program, &arguments, &root.folder, self.exported)?;
        String::from_utf8(printed).map_err(|_| Error::NotText)
    }

    /// Variables are replaced and common metadata is added, object by object.
    fn after(&self, built: &[Document<'_>]) -> Result<String, Error> {
        let values = self.values()?;
        let mut texts = Vec::new();
        for document in built {
            let mut text = document.text.to_owned();
            if !values.is_empty() && !is_disabled(&document.node) {
                text = substituted(document, &values)?;
            }
            if self.options.labels.is_some() || !self.options.annotations.is_empty() {
                text = self.with_metadata(&text)?;
            }
            texts.push(text);
        }
        Ok(texts.join("---\n"))
    }

    fn values(&self) -> Result<BTreeMap<String, String>, Error> {
        let values = self.options.substitute.iter().flatten();
        values
            .map(|(name, value)| {
                if !is_name(name) {
                    return Err(Error::Options {
                        folder: Folder(self.plan.root.folder.clone()),
                        what: "the name of a variable is letters, digits and `_`".to_owned(),
                    });
                }
                // Flux takes line breaks out of values.
                Ok((name.clone(), value.replace('\n', "")))
            })
            .collect()
    }

    fn with_metadata(&self, text: &str) -> Result<String, Error> {
        let built = documents(text)?;
        let mut texts = Vec::new();
        for document in &built {
            let mut object = document.node.to_json();
            let labels = self.options.labels.iter().flat_map(|labels| &labels.pairs);
            add(&mut object, "labels", labels);
            add(&mut object, "annotations", self.options.annotations.iter());
            let written = serde_yaml::to_string(&object);
            texts.push(written.map_err(|_| Error::NotText)?);
        }
        Ok(texts.join("---\n"))
    }
}

/// The document with its variables replaced, which is one document again.
fn substituted(
    document: &Document<'_>,
    values: &BTreeMap<String, String>,
) -> Result<String, Error> {
    let wrong = |what| Error::Substitution {
        object: document.name(),
        what,
    };
    let text = substitute(document.text, values).map_err(wrong)?;
    match documents(&text) {
        Ok(found) if found.len() == 1 => Ok(text),
        Ok(_) => Err(wrong(
            "with the values in their places it is no longer one object",
        )),
        Err(_) => Err(wrong("with the values in their places it is no YAML")),
    }
}

/// Flux leaves such an object as it is.
fn is_disabled(object: &Node) -> bool {
    ["labels", "annotations"].into_iter().any(|field| {
        let value = object
            .get("metadata")
            .and_then(|metadata| metadata.get(field));
        let value = value.and_then(|pairs| pairs.get("kustomize.toolkit.fluxcd.io/substitute"));
        value.and_then(Node::as_str) == Some("disabled")
    })
}

fn add<'p>(object: &mut Value, field: &str, pairs: impl Iterator<Item = (&'p String, &'p String)>) {
    let mut pairs = pairs.peekable();
    if pairs.peek().is_none() {
        return;
    }
    let metadata = object.as_object_mut().map(|fields| {
        let metadata = fields.entry("metadata");
        metadata.or_insert_with(|| Value::Object(Map::new()))
    });
    let known = metadata.and_then(Value::as_object_mut).map(|metadata| {
        let known = metadata.entry(field);
        known.or_insert(Value::Null)
    });
    let Some(known) = known else { return };
    let mut all = known.as_object().cloned().unwrap_or_default();
    all.extend(pairs.map(|(key, value)| (key.clone(), Value::from(value.clone()))));
    *known = Value::Object(all);
}
