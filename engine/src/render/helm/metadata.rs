//! What `Chart.yaml` and `requirements.yaml` say, as far as it decides which files are read.
//! Knows no other file.

use super::Error;
use crate::manifest::{Node, NodeValue, is_read_as, yaml};
use crate::model::Span;

/// A chart's own description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) library: bool,
    pub(super) dependencies: Vec<Dependency>,
    /// Where the name stands.
    pub(super) place: String,
}

/// A chart that another one needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) alias: Option<String>,
    /// As it is written; empty where the chart lies in `charts/` anyway.
    pub(super) repository: String,
    /// As it is written, a range often.
    pub(super) version: Option<String>,
    /// Where it stands, `path:line:column`.
    pub(super) place: String,
}

impl Dependency {
    /// What the chart is called where it is needed.
    pub(super) fn called(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

impl Metadata {
    /// Reads `Chart.yaml`; `shown` is what it is called in errors.
    ///
    /// # Errors
    /// It is no YAML, or describes no chart that Helm takes.
    pub(super) fn read(shown: &str, text: &str) -> Result<Self, Error> {
        let file = File::read(shown, text)?;
        for key in KEYS {
            file.spelled(&file.root, key)?;
        }
        let is_first = match file.text(&file.root, "apiVersion")?.as_deref() {
            None | Some("" | "v1") => true,
            Some("v2") => false,
            Some(other) => {
                let what = format!("`apiVersion` is `{other}`, and charts are `v1` or `v2`");
                return Err(file.wrong(&file.root, "apiVersion", what));
            }
        };
        let library = match file.text(&file.root, "type")?.as_deref() {
            None | Some("" | "application") => false,
            Some("library") => true,
            Some(other) => {
                let what = format!("`type` is `{other}`, not `application` or `library`");
                return Err(file.wrong(&file.root, "type", what));
            }
        };
        let name = file.name(&file.root)?;
        let version = file.text(&file.root, "version")?.unwrap_or_default();
        if version.is_empty() {
            let what = "the chart has no `version`".to_owned();
            return Err(file.wrong(&file.root, "version", what));
        }
        let dependencies = file.dependencies()?;
        if is_first && !dependencies.is_empty() {
            // A folder is read with the list, and what is packed of it is without.
            let what = "Helm leaves `dependencies` of a chart of `apiVersion: v1`, or of none, out when it packs it: write `apiVersion: v2`, or move the list to `requirements.yaml`".to_owned();
            return Err(file.wrong(&file.root, "dependencies", what));
        }
        Ok(Self {
            name,
            version,
            library,
            dependencies,
            place: file.place(&file.root, "name"),
        })
    }

    /// Adds what `requirements.yaml` asks for, as charts of `v1` do.
    ///
    /// # Errors
    /// It is no YAML, or says anything else.
    pub(super) fn require(&mut self, shown: &str, text: &str) -> Result<(), Error> {
        let file = File::read(shown, text)?;
        if let NodeValue::Mapping(entries) = &file.root.value {
            // Helm would take it for a field of `Chart.yaml`.
            let other = entries.iter().find(|entry| &*entry.key != "dependencies");
            if let Some(other) = other {
                let what = format!("`{}` has no place here", other.key);
                return Err(file.wrong(&file.root, &other.key, what));
            }
        }
        if !self.dependencies.is_empty() {
            // Helm reads one list into the other.
            let what = "`Chart.yaml` has `dependencies` too: keep one of the lists".to_owned();
            return Err(file.wrong(&file.root, "dependencies", what));
        }
        self.dependencies = file.dependencies()?;
        Ok(())
    }
}

/// A file of YAML, and what it is called.
pub(super) struct File<'a> {
    shown: &'a str,
    text: &'a str,
    pub(super) root: Node,
}

impl<'a> File<'a> {
    pub(super) fn read(shown: &'a str, text: &'a str) -> Result<Self, Error> {
        let mut documents = yaml::parse(text).map_err(|error| Error::Parse {
            path: shown.to_owned(),
            error: Box::new(error),
        })?;
        let root = documents.pop();
        match root {
            Some(root) if documents.is_empty() && is_mapping(&root) => {
                Ok(Self { shown, text, root })
            }
            _ => Err(Error::Chart {
                place: format!("{shown}:1:1"),
                what: "the file is not one mapping".to_owned(),
            }),
        }
    }

    fn dependencies(&self) -> Result<Vec<Dependency>, Error> {
        let wrong = |what: &str| self.wrong(&self.root, "dependencies", what.to_owned());
        let Some(list) = self.root.get("dependencies") else {
            return Ok(Vec::new());
        };
        if list.value == NodeValue::Null {
            return Ok(Vec::new());
        }
        let list = list.items().ok_or_else(|| wrong("it is no list"))?;
        list.iter().map(|item| self.dependency(item)).collect()
    }

    fn dependency(&self, item: &Node) -> Result<Dependency, Error> {
        if !is_mapping(item) {
            return Err(Error::Chart {
                place: self.at(item.span),
                what: "a dependency is a mapping".to_owned(),
            });
        }
        for key in ["name", "repository", "alias", "version"] {
            self.spelled(item, key)?;
        }
        let name = self.name(item)?;
        let alias = self.text(item, "alias")?.filter(|alias| !alias.is_empty());
        if let Some(alias) = &alias {
            self.plain(alias, item, "alias")?;
        }
        let repository = self.text(item, "repository")?.unwrap_or_default();
        let place = match repository.as_str() {
            "" => self.place(item, "name"),
            _ => self.place(item, "repository"),
        };
        Ok(Dependency {
            name,
            alias,
            repository,
            version: self.text(item, "version")?,
            place,
        })
    }

    /// A name, which Helm makes a part of paths.
    fn name(&self, node: &Node) -> Result<String, Error> {
        let name = self.text(node, "name")?.unwrap_or_default();
        self.plain(&name, node, "name")?;
        Ok(name)
    }

    /// Refuses a name that is not the same wherever a chart lies: of a folder `_lib` or `lib.tgz` in `charts/`, which an
    /// archive has for a chart of this name, Helm makes something else than of a folder of any other name.
    fn plain(&self, name: &str, node: &Node, key: &str) -> Result<(), Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let what = if name.is_empty() {
            format!("it has no `{key}`")
        } else if !name.chars().all(plain) {
            format!("`{name}` is no name of a chart: letters, digits, `-`, `_` and `.`")
        } else if name.starts_with(['_', '.']) || name.ends_with(".tgz") {
            format!(
                "a packed chart with the name `{name}` is left out or misread: begin it with a letter, and end it otherwise"
            )
        } else {
            return Ok(());
        };
        Err(self.wrong(node, key, what))
    }

    /// The keys of a mapping, as they are written.
    pub(super) fn keys<'n>(&self, node: &'n Node) -> impl Iterator<Item = &'n str> {
        let entries = match &node.value {
            NodeValue::Mapping(entries) => entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|entry| &*entry.key)
    }

    /// What a field for text holds. As for Helm, a number is the text that Go prints.
    pub(super) fn text(&self, node: &Node, key: &str) -> Result<Option<String>, Error> {
        let value = node.get(key);
        match value.filter(|value| value.value != NodeValue::Null) {
            None => Ok(None),
            Some(value) => match value.to_field_text() {
                Some(text) => Ok(Some(text.into())),
                None => Err(self.wrong(node, key, format!("`{key}` is no text"))),
            },
        }
    }

    /// Refuses a key that Helm, which does not look at upper and lower case and folds as Go does, takes for `key`.
    fn spelled(&self, node: &Node, key: &str) -> Result<(), Error> {
        let NodeValue::Mapping(entries) = &node.value else {
            return Ok(());
        };
        let alike = |other: &str| other != key && is_read_as(other, key);
        match entries.iter().find(|entry| alike(&entry.key)) {
            Some(entry) => Err(Error::Chart {
                place: self.at(entry.key_span),
                what: format!("`{}` is written `{key}`", entry.key),
            }),
            None => Ok(()),
        }
    }

    fn wrong(&self, node: &Node, key: &str, what: String) -> Error {
        Error::Chart {
            place: self.place(node, key),
            what,
        }
    }

    pub(super) fn place(&self, node: &Node, key: &str) -> String {
        self.at(node.get(key).map_or(node.span, |value| value.span))
    }

    fn at(&self, span: Span) -> String {
        let at = span.line_column(self.text);
        format!("{}:{}:{}", self.shown, at.line, at.column)
    }
}

fn is_mapping(node: &Node) -> bool {
    matches!(node.value, NodeValue::Mapping(_))
}

/// The fields of a chart that are read here.
const KEYS: [&str; 5] = ["apiVersion", "name", "version", "type", "dependencies"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    fn read(text: &str) -> Result<Metadata, Error> {
        Metadata::read("app/Chart.yaml", text)
    }

    #[test]
    fn a_chart_names_its_dependencies_with_their_places() {
        let text = "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n- name: lib\n  alias: l\n  version: '>=0'\n  repository: file://../lib\n- {name: own, version: 1.x}\n";
        let chart = read(text).unwrap();
        let found: Vec<_> = chart
            .dependencies
            .iter()
            .map(|d| {
                (
                    d.name.as_str(),
                    d.alias.as_deref(),
                    d.repository.as_str(),
                    d.place.as_str(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("lib", Some("l"), "file://../lib", "app/Chart.yaml:8:15"),
                ("own", None, "", "app/Chart.yaml:9:10")
            ]
        );
    }

    #[test]
    fn what_helm_refuses_or_could_misread_is_refused_with_its_place() {
        let cases = [
            (
                "apiVersion: v3\nname: a\nversion: 1.0.0\n",
                "app/Chart.yaml:1:13",
            ),
            ("name: ../x\nversion: 1.0.0\n", "app/Chart.yaml:1:7"),
            ("name: ..\nversion: 1.0.0\n", "app/Chart.yaml:1:7"),
            ("name: _lib\nversion: 1.0.0\n", "app/Chart.yaml:1:7"),
            ("name: .lib\nversion: 1.0.0\n", "app/Chart.yaml:1:7"),
            ("name: lib.tgz\nversion: 1.0.0\n", "app/Chart.yaml:1:7"),
            (
                "name: a\nversion: 1.0.0\ndependencies: [{name: x, alias: _x}]\n",
                "app/Chart.yaml:3:33",
            ),
            ("name: a\n", "app/Chart.yaml:1:1"),
            ("name: a\nversion: [1]\n", "app/Chart.yaml:2:10"),
            ("name: a\nversion: {a: 1}\n", "app/Chart.yaml:2:10"),
            ("name: a\nversion: ~\n", "app/Chart.yaml:2:10"),
            ("name: 1e7\nversion: 1.0.0\n", "app/Chart.yaml:1:7"),
            (
                "apiVersion: 2\nname: a\nversion: 1.0.0\n",
                "app/Chart.yaml:1:13",
            ),
            ("name: a\nversion: 1.0.0\ntype: 1\n", "app/Chart.yaml:3:7"),
            (
                "name: a\nversion: 1.0.0\ntype: plugin\n",
                "app/Chart.yaml:3:7",
            ),
            (
                "name: a\nversion: 1.0.0\nDependencies: []\n",
                "app/Chart.yaml:3:1",
            ),
            (
                "name: a\nversion: 1.0.0\ndependencies: [x]\n",
                "app/Chart.yaml:3:16",
            ),
            (
                "apiVersion: v1\nname: a\nversion: 1.0.0\ndependencies: [{name: x}]\n",
                "app/Chart.yaml:4:15",
            ),
            (
                "name: a\nversion: 1.0.0\ndependencies: [{name: x}]\n",
                "app/Chart.yaml:3:15",
            ),
            (
                "name: a\nversion: 1.0.0\ndependencies: [{name: x/y}]\n",
                "app/Chart.yaml:3:23",
            ),
            ("[]", "app/Chart.yaml:1:1"),
            ("---\nname: a\n---\nname: b\n", "app/Chart.yaml:1:1"),
        ];
        for (text, place) in cases {
            let error = read(text).unwrap_err();
            assert_eq!(code_of(&error), "render.chart", "{text}");
            assert!(error.to_string().starts_with(place), "{text}: {error}");
        }
    }

    #[test]
    fn numbers_and_booleans_are_the_texts_that_helm_makes_of_them() {
        for (written, read_as) in [
            ("1", "1"),
            ("1.10", "1.1"),
            ("1.0", "1"),
            ("1e3", "1000"),
            ("1e7", "1e+07"),
            ("0x1F", "31"),
            ("010", "8"),
            ("1_000", "1000"),
            (".5", "0.5"),
            ("+1", "1"),
            ("123456789012", "123456789012"),
            ("16777217.5", "1.6777218e+07"),
            ("2026-01-02", "2026-01-02"),
            ("'1.10'", "1.10"),
            ("yes", "true"),
        ] {
            let text = format!(
                "apiVersion: v2\nname: 1.10\nversion: {written}\nappVersion: {written}\n\
                 dependencies: [{{name: 7, version: {written}, repository: no, alias: 0x10}}]\n"
            );
            let chart = read(&text).unwrap();
            assert_eq!((&*chart.name, &*chart.version), ("1.1", read_as), "{text}");
            let needed = &chart.dependencies[0];
            assert_eq!(
                (
                    needed.name.as_str(),
                    needed.alias.as_deref(),
                    needed.version.as_deref()
                ),
                ("7", Some("16"), Some(read_as))
            );
            assert_eq!(needed.repository, "false");
        }
    }

    #[test]
    fn a_list_that_helm_drops_when_it_packs_a_chart_is_refused() {
        let dropped = "dependencies: [{name: lib, condition: lib.enabled}]\n";
        for version in ["apiVersion: v1\n", "apiVersion: ''\n", ""] {
            let chart = format!("{version}name: a\nversion: 1.0.0\n");
            let error = read(&format!("{chart}{dropped}")).unwrap_err().to_string();
            assert!(error.contains("write `apiVersion: v2`"), "{error}");
            for none in ["dependencies: []\n", "dependencies:\n"] {
                assert_eq!(read(&format!("{chart}{none}")).unwrap().dependencies, []);
            }
        }
        let kept = read(&format!(
            "apiVersion: v2\nname: a\nversion: 1.0.0\n{dropped}"
        ));
        assert_eq!(kept.unwrap().dependencies.len(), 1);
    }

    #[test]
    fn requirements_add_dependencies_and_nothing_else() {
        let mut chart = read("name: a\nversion: 1.0.0\n").unwrap();
        chart
            .require(
                "app/requirements.yaml",
                "dependencies: [{name: x, repository: '@r'}]",
            )
            .unwrap();
        assert_eq!(chart.dependencies.len(), 1);
        let twice = "dependencies: [{name: y}]";
        assert!(chart.require("app/requirements.yaml", twice).is_err());
        assert!(
            chart
                .require("app/requirements.yaml", "name: other")
                .is_err()
        );
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_is_read_without_a_panic(text: String, key in "[a-z]{4}|dependencies|name") {
            let _ = read(&text);
            let _ = read(&format!("name: a\nversion: 1.0.0\n{key}: {text}\n"));
        }
    }
}
