//! Runs kustomize over the exported files, and does with its objects what Flux does behind the build.
//! Knows nothing of how the files were found.

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde_json::Value;

use super::bases::Bases;
use super::documents::{Document, documents, path_of};
use super::edit::{Root, json_text};
use super::error::Error;
use super::origin::Trail;
use super::place::Folder;
use super::substitute::{is_name, substitute};
use super::{Deployed, Plan};
use crate::manifest::{Node, NodeValue};
use crate::model::RepoPath;
use crate::render::by_hand::{ByHand, RunError};
use crate::render::export::Exported;
use crate::render::files::inside;
use crate::render::options::{Deployer, Kustomize};
use crate::render::programs::{Program, ProgramError, Programs};
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
        let bases = Bases::of(self.plan);
        bases.refuse_told(root)?;
        bases.write(self.exported)?;
        let root = &root.naming(&bases.names_in(&root.folder));
        // Kustomize says in annotations where objects come from. They are for pointing only: a selector
        // or a replacement may look at them, so that what is judged is built without.
        self.exported
            .write(&root.file, &root.annotated().to_bytes())?;
        let told = self.kustomize(program, root);
        match (&edited, &self.plan.root.text) {
            (None, Some(text)) if !bases.has(&root.folder) => {
                self.exported.write(&root.file, text.as_bytes())?;
            }
            _ => self.exported.write(&root.file, &root.to_bytes())?,
        }
        let printed = self.kustomize(program, root)?;
        let told = told.ok();
        let built = documents(&printed)
            .map_err(|error| self.with_file(error, told.as_deref().unwrap_or_default()))?;
        let trail = Trail::new(self.files, self.plan, told.as_deref());
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
            .run(program, &arguments, &root.folder, self.exported);
        let printed = printed.map_err(|error| self.told(error, program, root, &arguments))?;
        String::from_utf8(printed).map_err(|_| Error::NotText)
    }

    /// What cannot be read, with the file that it comes from.
    fn with_file(&self, mut error: Error, told: &str) -> Error {
        if let Error::Output { object, nth, .. } = &mut error {
            let folder = self.plan.root.folder.as_bytes();
            let file = path_of(told, *nth).and_then(|path| inside(folder, path.as_bytes()));
            let file = file.map_or_else(|| self.plan.root.file.clone(), RepoPath::new);
            object.push_str(&format!(" of {file}"));
        }
        error
    }

    /// What the program did not do, and how a person asks it.
    fn told(
        &self,
        error: ProgramError,
        program: &Program,
        root: &Root,
        arguments: &[OsString],
    ) -> Error {
        if !error.has_run() {
            return error.into();
        }
        let arguments = arguments.get(1..).unwrap_or_default();
        let mut command = ByHand::of(program, &root.folder, arguments);
        let is_edited = self.plan.root.edited(self.options, self.deployer);
        if is_edited.is_ok_and(|edited| edited.is_some()) {
            command = command.beside("with what its deployer writes into the kustomization");
        }
        Error::Run(Box::new(RunError::new(root.file.clone(), command, error)))
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
            let labels = self.options.labels.as_ref().map(|labels| &labels.pairs);
            for (field, pairs) in [
                ("labels", labels),
                ("annotations", Some(&self.options.annotations)),
            ] {
                if let Some(pairs) = pairs.filter(|pairs| !pairs.is_empty()) {
                    text = with_pairs(&text, field, pairs)?;
                }
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

/// The document with more labels or annotations; its own of the same name give way.
fn with_pairs(text: &str, field: &str, pairs: &BTreeMap<String, String>) -> Result<String, Error> {
    let built = documents(text)?;
    let [document] = built.as_slice() else {
        return Err(Error::NotText);
    };
    let metadata = document.node.get("metadata").ok_or(Error::NotText)?;
    let known = metadata.get(field).map(Node::to_json);
    let mut all = known
        .and_then(|known| known.as_object().cloned())
        .unwrap_or_default();
    all.extend(
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.clone()))),
    );
    let line = format!("{field}: {}", json_text(&Value::from(all.clone())));
    let place = match (metadata.entry(field), &metadata.value) {
        (Some(entry), _) => {
            let place = entry.key_span.start..entry.value.span.end;
            let length = text.get(place.clone()).unwrap_or_default().trim_end().len();
            Some((place.start, length, line))
        }
        (None, NodeValue::Mapping(entries)) => entries.first().map(|first| {
            let column = first.key_span.line_column(text).column;
            (
                first.key_span.start,
                0,
                format!("{line}\n{:1$}", "", column - 1),
            )
        }),
        (None, _) => None,
    };
    let mut expected = document.node.to_json();
    if let Some(fields) = expected.get_mut("metadata").and_then(Value::as_object_mut) {
        fields.insert(field.to_owned(), Value::from(all));
    }
    let (start, length, line) = place.ok_or(Error::NotText)?;
    let (before, rest) = text.split_at_checked(start).ok_or(Error::NotText)?;
    let after = rest.get(length..).ok_or(Error::NotText)?;
    let changed = [before, &line, after].concat();
    // What was written is read again: a document that is printed in another way than this is meant for
    // must not become another object.
    let is_expected = documents(&changed).is_ok_and(|read| {
        let read: Vec<Value> = read
            .iter()
            .map(|document| document.node.to_json())
            .collect();
        read == [expected]
    });
    if is_expected {
        Ok(changed)
    } else {
        Err(Error::NotText)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_added_and_replaced_where_they_stand() {
        let pairs = [("team".to_owned(), "on".to_owned())].into();
        for (text, expected) in [
            (
                "kind: X\nmetadata:\n  name: x\n",
                "kind: X\nmetadata:\n  labels: {\"team\":\"on\"}\n  name: x\n",
            ),
            (
                "metadata:\n  labels:\n    a: \"off\"\n    team: b\n  name: x\nspec: {}\n",
                "metadata:\n  labels: {\"a\":\"off\",\"team\":\"on\"}\n  name: x\nspec: {}\n",
            ),
            (
                "metadata:\n  labels: {}\n  name: x\n",
                "metadata:\n  labels: {\"team\":\"on\"}\n  name: x\n",
            ),
            (
                "metadata:\n  labels: null\n  name: x\n",
                "metadata:\n  labels: {\"team\":\"on\"}\n  name: x\n",
            ),
            (
                "metadata:\n  name: x\n  labels:\n    a: b\n",
                "metadata:\n  name: x\n  labels: {\"a\":\"b\",\"team\":\"on\"}\n",
            ),
        ] {
            assert_eq!(with_pairs(text, "labels", &pairs).unwrap(), expected);
        }
        assert!(with_pairs("metadata: {}\n", "labels", &pairs).is_err());
    }
}
