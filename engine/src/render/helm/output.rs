//! What Helm prints, as documents that each know their template.
//! Reads no objects: it knows Helm's `# Source:` lines and where documents begin.

use super::Error;
use super::chart::Chart;
use crate::model::RepoPath;
use crate::render::Origin;

/// One document of Helm's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Document {
    /// The template, as Helm names it: `app/charts/lib/templates/x.yaml`.
    pub(super) source: String,
    /// With the line `---` that begins it.
    pub(super) text: String,
}

/// The documents of an output, those without content left out; `definitions` gives what a file of a folder
/// `crds` says.
///
/// # Errors
/// It is not UTF-8, or a document in it is nobody's.
pub(super) fn documents(
    output: Vec<u8>,
    definitions: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Document>, Error> {
    let wrong = |what: &str| Error::Output {
        what: what.to_owned(),
    };
    let output = String::from_utf8(output).map_err(|_| wrong("it is not UTF-8"))?;
    let mut documents: Vec<Document> = Vec::new();
    let mut source = None;
    // Up to here all is what a file says.
    let mut verbatim = 0;
    for (start, text) in pieces(&output) {
        // Helm writes its line before all that a template prints, which may well print such a line itself.
        let named = text
            .strip_prefix("---\n# Source: ")
            .and_then(|text| text.lines().next());
        if let Some(named) = named.filter(|_| start >= verbatim) {
            source = Some(named);
            // Files of `crds/` are printed as they are, with all their documents.
            let said = crds(named).then(|| definitions(named)).flatten();
            let begin = start + "---\n# Source: \n".len() + named.len();
            verbatim = said.map_or(0, |said| begin + said.trim_end().len());
        }
        let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        let (marker, rest) = text.split_at(text.find('\n').unwrap_or(text.len()));
        if blank(marker.trim_start_matches("---")) && rest.lines().all(blank) {
            continue;
        }
        let source = source.ok_or_else(|| wrong("a document does not say where it comes from"))?;
        if text.lines().any(|line| is_marker(line, "...")) {
            return Err(Error::Output {
                what: format!("`{source}` ends a document with `...`"),
            });
        }
        documents.push(Document {
            source: source.to_owned(),
            text: text.to_owned(),
        });
    }
    // Helm prints the definitions of its charts in an order that is another one each time.
    documents.sort_by(
        |one, other| match (crds(&one.source), crds(&other.source)) {
            (true, true) => one.source.cmp(&other.source),
            (one, other) => other.cmp(&one),
        },
    );
    Ok(documents)
}

impl Document {
    /// Where a document comes from; `values` are the files that templates are filled in from.
    pub(super) fn origin(&self, chart: &Chart, values: &[RepoPath]) -> Origin {
        // Definitions are no templates.
        let values = if crds(&self.source) { &[] } else { values };
        Origin {
            file: chart.item_of(&self.source).map(|item| item.file.clone()),
            changed_by: values.to_vec(),
            base: None,
        }
    }

    /// The same template's document with another text.
    pub(super) fn with(&self, yaml: &str) -> Self {
        Self {
            source: self.source.clone(),
            text: format!("---\n# Source: {}\n{yaml}", self.source),
        }
    }
}

/// Whether Helm calls a file of a chart's folder `crds` so.
fn crds(source: &str) -> bool {
    let Some((_, mut rest)) = source.split_once('/') else {
        return false;
    };
    while let Some((_, inner)) = rest
        .strip_prefix("charts/")
        .and_then(|rest| rest.split_once('/'))
    {
        rest = inner;
    }
    rest.starts_with("crds/")
}

/// The text from each `---` to the next, and where it begins.
fn pieces(output: &str) -> Vec<(usize, &str)> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in output.split_inclusive('\n') {
        if at > 0 && is_marker(line, "---") {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([output.len()]);
    let pieces = starts.iter().zip(ends);
    pieces
        .filter_map(|(start, end)| Some((*start, output.get(*start..end)?)))
        .collect()
}

/// Whether a line begins with `---` or `...` as YAML means it.
fn is_marker(line: &str, marker: &str) -> bool {
    let rest = line.strip_prefix(marker);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    fn read(output: &str) -> Vec<(String, String)> {
        let said = |source: &str| (source == "app/crds/fake.yaml").then(|| FAKE.to_owned());
        let documents = documents(output.as_bytes().to_vec(), &said).unwrap();
        documents
            .into_iter()
            .map(|one| (one.source, one.text))
            .collect()
    }

    #[test]
    fn each_document_knows_its_template_whatever_the_template_prints() {
        let output = "---\n# Source: app/templates/a.yaml\n# Source: app/templates/fake.yaml\nkind: A\n---\n# Source: app/templates/b.yaml\n# nothing\n\n---\n# Source: app/charts/lib/templates/c.yaml\nkind: C\n";
        let found = read(output);
        let sources: Vec<&str> = found.iter().map(|found| found.0.as_str()).collect();
        assert_eq!(
            sources,
            ["app/templates/a.yaml", "app/charts/lib/templates/c.yaml"]
        );
        assert!(found[0].1.ends_with("kind: A\n"));
    }

    #[test]
    fn definitions_come_first_in_one_order_with_all_their_documents() {
        let output = "---\n# Source: app/charts/z/crds/a.yaml\nkind: Z\n---\nkind: Z2\n---\n# Source: app/crds/a.yaml\nkind: A\n\n---\n# Source: app/templates/crds/a.yaml\nkind: T\n";
        let found = read(output);
        let sources: Vec<&str> = found.iter().map(|found| found.0.as_str()).collect();
        let wanted = [
            "app/charts/z/crds/a.yaml",
            "app/charts/z/crds/a.yaml",
            "app/crds/a.yaml",
            "app/templates/crds/a.yaml",
        ];
        assert_eq!(sources, wanted);
        assert_eq!(found[1].1, "---\nkind: Z2\n");
    }

    /// Definitions of which one says that it comes from elsewhere.
    const FAKE: &str = "kind: A\n---\n# Source: app/templates/a.yaml\nkind: B\n";

    #[test]
    fn definitions_do_not_say_themselves_where_they_come_from() {
        let output = format!(
            "---\n# Source: app/crds/fake.yaml\n{FAKE}\n---\n# Source: app/templates/b.yaml\nkind: C\n"
        );
        let found = read(&output);
        let sources: Vec<&str> = found.iter().map(|found| found.0.as_str()).collect();
        let wanted = [
            "app/crds/fake.yaml",
            "app/crds/fake.yaml",
            "app/templates/b.yaml",
        ];
        assert_eq!(sources, wanted);
    }

    #[test]
    fn an_output_that_cannot_be_told_apart_is_an_error() {
        for output in [
            "kind: A\n",
            "---\nkind: A\n",
            "---\n# Source: app/templates/a.yaml\nkind: A\n...\nkind: B\n",
        ] {
            let error = documents(output.as_bytes().to_vec(), &|_| None).unwrap_err();
            assert_eq!(code_of(&error), "render.output", "{output}");
            let named = error.to_string().contains("`app/templates/a.yaml`");
            assert_eq!(named, output.contains("..."), "{error}");
        }
        assert_eq!(read(""), []);
        assert_eq!(read("\n"), []);
        assert_eq!(
            read("---\n# Source: app/templates/a.yaml\n---not: a marker\n").len(),
            1
        );
    }
}
