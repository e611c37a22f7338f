//! Finds the `# METADATA` comments of a Rego file and reads their YAML.
//! Knows nothing of what they declare.

use serde_json::Value;

use super::super::error::{Error, Place};
use crate::manifest::yaml;

/// One comment block that begins with `# METADATA`.
#[derive(Debug)]
pub(in crate::policy) struct Block {
    path: String,
    /// The line of `# METADATA`, from 1.
    line: u32,
    /// The lines below it, without `#`.
    yaml: Vec<String>,
    value: Value,
    above_package: bool,
}

impl Block {
    /// Every block of a file, of which these are the lines outside of strings.
    pub(super) fn all(path: &str, lines: &[&str]) -> Result<Vec<Self>, Vec<Error>> {
        let mut blocks = Vec::new();
        let mut errors = Vec::new();
        let mut lines = (1..).zip(lines.iter().copied()).peekable();
        while let Some((line, first)) = lines.next() {
            if first.trim() != "# METADATA" {
                continue;
            }
            let mut yaml = Vec::new();
            while let Some((_, comment)) = lines.next_if(|(_, text)| text.starts_with('#')) {
                let content = comment.trim_start_matches('#');
                yaml.push(content.strip_prefix(' ').unwrap_or(content).to_owned());
            }
            let above_package = lines
                .clone()
                .map(|(_, text)| text.trim())
                .find(|text| !text.is_empty() && !text.starts_with('#'))
                .is_some_and(|text| text.starts_with("package"));
            match parse_yaml(&yaml.join("\n")) {
                Ok(value) => blocks.push(Self {
                    path: path.to_owned(),
                    line,
                    yaml,
                    value,
                    above_package,
                }),
                Err((offset, what)) => errors.push(Error::Metadata {
                    at: Place::new(path, line + u32::try_from(offset).unwrap_or(0), 1),
                    what: format!("the metadata cannot be read: {what}"),
                }),
            }
        }
        if errors.is_empty() {
            Ok(blocks)
        } else {
            Err(errors)
        }
    }

    /// The one block that speaks for the package.
    pub(super) fn of_package<'a>(blocks: &'a [Self], path: &str) -> Result<&'a Self, Vec<Error>> {
        let mut found = blocks.iter().filter(|block| block.is_package());
        let error = |at, what: &str| {
            Err(vec![Error::Metadata {
                at,
                what: what.to_owned(),
            }])
        };
        match (found.next(), found.next()) {
            (None, _) => error(Place::file(path), "the package has no metadata"),
            (Some(_), Some(second)) => error(
                second.place(),
                "this is a second metadata block for the package",
            ),
            (Some(only), None) => Ok(only),
        }
    }

    /// Whether it speaks for the package: `scope: package`, or it stands above the package line.
    pub(super) fn is_package(&self) -> bool {
        match self.value.get("scope") {
            Some(scope) => scope == "package",
            None => self.above_package,
        }
    }

    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    /// The place of the block.
    pub(super) fn place(&self) -> Place {
        Place::new(&self.path, self.line, 1)
    }

    /// The place of the last line that holds `word`; of the block where none does.
    pub(super) fn place_of(&self, word: &str) -> Place {
        let found = (1..)
            .zip(&self.yaml)
            .filter_map(|(below, line)| Some((below, line.find(word)?)))
            .last();
        found.map_or_else(
            || self.place(),
            |(below, column)| {
                // Two columns for `# `.
                let column = u32::try_from(column + 3).unwrap_or(u32::MAX);
                Place::new(&self.path, self.line + below, column)
            },
        )
    }
}

/// Reads one YAML document; the error has the line within `text`, from 1.
fn parse_yaml(text: &str) -> Result<Value, (usize, String)> {
    let documents = yaml::parse(text).map_err(|error| {
        let line = error.place().position.line;
        (line, error.problem().to_string())
    })?;
    match documents.as_slice() {
        [] => Ok(Value::Null),
        [document] => Ok(document.to_json()),
        [_, second, ..] => {
            let line = second.span.line_column(text).line;
            Err((line, "there is a second document".to_owned()))
        }
    }
}
