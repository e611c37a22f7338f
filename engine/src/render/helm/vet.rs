//! What a chart may not hold if what is judged is to be what is deployed.
//! Runs nothing: it reads the texts that Helm would run.

use serde_json::Value;

use super::actions::{self, Function};
use super::capabilities;
use super::chart::{Chart, Item};
use super::flow::{self, Flaw};
use super::handed::Handed;
use super::ignore::Rules;
use super::options::Inputs;
use super::whole::{Whole, Why};
use super::{Error, schema};
use crate::manifest::{Node, json, yaml};
use crate::model::Span;
use crate::render::{Deployer, Files, Found, Helm};

/// Whether a chart gives the same each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeats {
    /// Nothing in it makes it differ.
    Itself,
    /// It names a function whose answer differs.
    Perhaps,
}

/// Checks the chart that is rendered.
///
/// # Errors
/// A library, which gives nothing; files that change what the deployer is told.
pub(super) fn chart(chart: &Chart, deployer: Deployer) -> Result<(), Error> {
    if chart.meta.library {
        return Err(Error::Chart {
            place: chart.meta.place.clone(),
            what: format!("`{}` is a library, which other charts use", chart.meta.name),
        });
    }
    // Argo CD reads `.argocd-source.yaml` and `.argocd-source-<application>.yaml`.
    let changes = |item: &&Item| {
        let name = item.path.as_bytes();
        name.starts_with(b".argocd-source") && name.ends_with(b".yaml")
    };
    match chart.items.iter().find(changes) {
        Some(item) if deployer == Deployer::ArgoCd => Err(Error::SourceFile {
            path: item.file.clone(),
        }),
        _ => Ok(()),
    }
}

/// Checks that the charts and lists by which deployers count what is missing are in what they load.
///
/// # Errors
/// A `.helmignore` that leaves one of them out.
pub(super) fn hides_no_chart(items: &[Item], files: &dyn Files) -> Result<(), Error> {
    let Some(list) = items.iter().find(|item| item.is_named(".helmignore")) else {
        return Ok(());
    };
    let rules = Rules::read(&list.shown(), &list.text(files)?)?;
    let counts = |item: &&Item| {
        let path = item.path.as_bytes();
        let of_charts = path.starts_with(b"charts/")
            && (path.ends_with(b"/Chart.yaml") || path.ends_with(b".tgz"));
        of_charts || LISTS.iter().any(|list| item.is_named(list))
    };
    match items
        .iter()
        .filter(counts)
        .find(|item| rules.ignore(&item.path))
    {
        None => Ok(()),
        Some(item) => Err(Error::Chart {
            place: list.shown(),
            what: format!(
                "it leaves out `{}`, by which deployers know the charts that are there: remove the pattern, or the file",
                item.path
            ),
        }),
    }
}

/// Checks the schemas that Helm holds values against.
///
/// # Errors
/// One that is no JSON, or refers to a file or address out of itself.
pub(super) fn schemas(charts: &[&Chart], files: &dyn Files) -> Result<(), Error> {
    for chart in charts {
        let mut items = chart.items.iter();
        let Some(item) = items.find(|item| item.is_named("values.schema.json")) else {
            continue;
        };
        let text = item.text(files)?;
        let schema = json::parse(&text).map_err(|error| Error::Parse {
            path: item.shown(),
            error: Box::new(error),
        })?;
        if let Some(outside) = schema::reference_outside(&schema.to_json()) {
            let at = text.find(outside).unwrap_or_default();
            return Err(Error::Remote {
                place: place(&item.shown(), &text, at),
                what: outside.to_owned(),
            });
        }
    }
    Ok(())
}

/// Checks what the templates call, and the texts that they may run as templates.
///
/// # Errors
/// A call whose answer is not in the tree.
pub(super) fn templates(
    charts: &[&Chart],
    files: &dyn Files,
    (options, inputs): (&Helm, &Inputs),
    deployer: Deployer,
) -> Result<Repeats, Error> {
    let mut calls = Calls {
        options,
        deployer,
        repeats: Repeats::Itself,
        runs_texts: false,
        reads_files: false,
        hands_release: false,
        revision: None,
        handed: Handed::default(),
        whole: Whole::default(),
    };
    let items = || charts.iter().flat_map(|chart| &chart.items);
    let is_template = |item: &&Item| item.path.as_bytes().starts_with(b"templates/");
    for (shown, text) in written(items().filter(is_template), files)? {
        calls.template(&shown, &text)?;
    }
    calls.release()?;
    calls.hidden()?;
    calls.whole()?;
    if !calls.runs_texts {
        return Ok(calls.repeats);
    }
    let reads_files = calls.reads_files;
    let is_text =
        |item: &&Item| !is_template(item) && (reads_files || item.is_named("values.yaml"));
    for item in items().filter(is_text) {
        calls.values(item, files)?;
    }
    let single = inputs.single.iter().map(|(_, path)| path);
    for path in inputs.values.iter().chain(single) {
        if let Found::File(entry) = files.at(path)? {
            calls.values(&Item::of_entry(path.as_bytes().to_vec(), entry), files)?;
        }
    }
    let own = options.parameters.iter().map(|parameter| &*parameter.value);
    let of_object = options.values.iter().flat_map(texts);
    for text in own.chain(of_object) {
        calls.value("the deployer's values", text)?;
    }
    calls.release()?;
    calls.hidden()?;
    calls.whole()?;
    Ok(calls.repeats)
}

/// What templates say, with the names that they are shown by. Only where one of them runs texts, those within their actions
/// are templates, too.
fn written<'i>(
    templates: impl Iterator<Item = &'i Item>,
    files: &dyn Files,
) -> Result<Vec<(String, String)>, Error> {
    let read = templates.map(|item| {
        let bytes = item.bytes(files)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok((item.shown(), text))
    });
    let mut all: Vec<(String, String)> = read.collect::<Result<_, Error>>()?;
    let runs = |call: &actions::Call| call.function == Function::Text;
    let mut texts = all.iter();
    if !texts.any(|(_, text)| actions::calls(text).iter().any(runs)) {
        for (_, text) in &mut all {
            *text = actions::without_inner(text);
        }
    }
    Ok(all)
}

/// What was called so far.
struct Calls<'a> {
    options: &'a Helm,
    deployer: Deployer,
    repeats: Repeats,
    runs_texts: bool,
    reads_files: bool,
    /// Whether `.Release` is given a name by which its fields are not known.
    hands_release: bool,
    /// The first `.Revision` of something that may be `.Release`.
    revision: Option<String>,
    handed: Handed,
    whole: Whole,
}

impl Calls<'_> {
    fn template(&mut self, shown: &str, text: &str) -> Result<(), Error> {
        self.read(shown, text)?;
        if let Some(unknown) = capabilities::unknown(text, self.options, self.deployer) {
            return Err(Error::Capabilities {
                place: place(shown, text, unknown.at),
                what: unknown.what,
                remedy: unknown.remedy,
            });
        }
        self.handed.read(text, &|at| place(shown, text, at));
        self.whole.read(shown, text);
        match flow::flaw(text) {
            None => Ok(()),
            Some(Flaw::Chance(function, at)) => Err(Error::Chance {
                place: place(shown, text, at),
                function,
            }),
            Some(Flaw::Hidden(at)) => Err(Error::HiddenTemplate {
                place: place(shown, text, at),
            }),
        }
    }

    /// Reads a file whose texts templates may run, also as YAML gives them.
    fn values(&mut self, item: &Item, files: &dyn Files) -> Result<(), Error> {
        let bytes = item.bytes(files)?;
        let text = String::from_utf8_lossy(&bytes);
        let shown = item.shown();
        self.value(&shown, &text)?;
        let name = item.path.as_bytes();
        if ![b".yaml".as_slice(), b".yml", b".json"]
            .iter()
            .any(|end| name.ends_with(end))
        {
            return Ok(());
        }
        match yaml::parse(&text) {
            Ok(documents) => {
                let documents: Vec<Value> = documents.iter().map(Node::to_json).collect();
                let mut read = documents.iter().flat_map(texts);
                read.try_for_each(|text| self.value(&shown, text))
            }
            // Without escapes what is written is what is read.
            Err(_) if !text.contains('\\') => Ok(()),
            Err(error) => Err(Error::Parse {
                path: shown,
                error: Box::new(error),
            }),
        }
    }

    /// Reads a text that templates may run: its answer may be asked for in any condition.
    fn value(&mut self, shown: &str, text: &str) -> Result<(), Error> {
        let chance = |call: &actions::Call| match call.function {
            Function::Random(name) if !flow::is_order(name) => Some((name, call.at)),
            _ => None,
        };
        if let Some((function, at)) = actions::calls(text).iter().find_map(chance) {
            let place = place(shown, text, at);
            return Err(Error::Chance { place, function });
        }
        self.template(shown, text)
    }

    /// Whether what was deployed before is asked for by another name.
    fn release(&mut self) -> Result<(), Error> {
        match self.revision.take() {
            Some(place) if self.hands_release => Err(Error::ReleaseState {
                place,
                field: "Revision",
            }),
            revision => {
                self.revision = revision;
                Ok(())
            }
        }
    }

    /// Whether all that a template is given is made a text, or more than that.
    fn whole(&self) -> Result<(), Error> {
        let Some((shown, text, at, why)) = self.whole.flaw(self.deployer) else {
            return Ok(());
        };
        let place = place(shown, text, at);
        let what = match why {
            Why::Release => {
                let field = "all of it";
                return Err(Error::ReleaseState { place, field });
            }
            Why::Context => {
                "makes something of all that it is given (`.`, `$`, `.Capabilities`, lists of `.Chart`)"
            }
            Why::MadeName => {
                "asks by a name that it makes for something of all that it is given (`.`, `$`, `.Release`, `.Capabilities`, `.Chart`)"
            }
            Why::Format => "gives `printf` a format that it makes",
        };
        Err(Error::Whole { place, what })
    }

    /// Whether a text that was made is handed to where one is run.
    fn hidden(&self) -> Result<(), Error> {
        match self.handed.hidden() {
            Some(place) => Err(Error::HiddenTemplate {
                place: place.to_owned(),
            }),
            None => Ok(()),
        }
    }

    fn read(&mut self, shown: &str, text: &str) -> Result<(), Error> {
        for call in actions::calls(text) {
            let place = || place(shown, text, call.at);
            match call.function {
                // Argo CD runs `helm template`, in which the cluster holds nothing.
                Function::Cluster(_) if self.deployer == Deployer::ArgoCd => {}
                Function::Cluster(function) => {
                    let place = place();
                    return Err(Error::ClusterLookup { place, function });
                }
                Function::Network(function) => {
                    let place = place();
                    return Err(Error::Network { place, function });
                }
                Function::Clock(function) => {
                    let place = place();
                    return Err(Error::Clock { place, function });
                }
                // Argo CD renders every time as if nothing were installed.
                Function::ReleaseState(field) if self.deployer == Deployer::Flux => {
                    let place = place();
                    return Err(Error::ReleaseState { place, field });
                }
                Function::MaybeRevision if self.deployer == Deployer::Flux => {
                    self.revision.get_or_insert_with(place);
                }
                Function::ReleaseState(_) | Function::MaybeRevision => {}
                Function::Pointer => {
                    let (place, function) = (place(), "%p");
                    return Err(Error::Chance { place, function });
                }
                Function::WholeRelease => self.hands_release = true,
                Function::Random(_) => self.repeats = Repeats::Perhaps,
                Function::Text => self.runs_texts = true,
                Function::Files => self.reads_files = true,
            }
        }
        Ok(())
    }
}

/// Every text in a value, keys among them.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(entries) => entries
            .iter()
            .flat_map(|(key, value)| std::iter::once(key.as_str()).chain(texts(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn place(shown: &str, text: &str, at: usize) -> String {
    let at = Span { start: at, end: at }.line_column(text);
    format!("{shown}:{}:{}", at.line, at.column)
}

const LISTS: [&str; 4] = [
    "Chart.yaml",
    "Chart.lock",
    "requirements.yaml",
    "requirements.lock",
];
