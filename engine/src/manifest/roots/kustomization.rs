//! The files and folders that a kustomization names.
//! Knows nothing of where they lie.

use crate::manifest::{Entry, Limits, Node, NodeValue, yaml};

/// Every path it names, as written; `None` where it cannot be read.
pub(super) fn reached(bytes: &[u8]) -> Option<Vec<String>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let documents = yaml::read(text, &Limits::DEFAULT).ok()?;
    let mut paths = Vec::new();
    for node in &documents.nodes {
        for field in LISTS {
            paths.extend(items(node, field).filter_map(Node::as_str));
        }
        for field in MAPPINGS {
            paths.extend(items(node, field).filter_map(|item| text_of(item, "path")));
        }
        paths.extend(fields(node, "openapi").filter_map(|item| text_of(item, "path")));
        for generator in ["configMapGenerator", "secretGenerator"] {
            items(node, generator).for_each(|item| generated_from(item, &mut paths));
        }
        for chart in items(node, "helmCharts").chain(items(node, "helmChartInflationGenerator")) {
            paths.extend(text_of(chart, "valuesFile"));
            paths.extend(text_of(chart, "values"));
            paths.extend(items(chart, "additionalValuesFiles").filter_map(Node::as_str));
        }
        let globals = fields(node, "helmGlobals");
        paths.extend(globals.filter_map(|item| text_of(item, "chartHome")));
    }
    Some(paths.into_iter().map(str::to_owned).collect())
}

fn generated_from<'node>(generator: &'node Node, paths: &mut Vec<&'node str>) {
    let files = items(generator, "files").filter_map(Node::as_str);
    // `key=path`, or the path alone.
    paths.extend(files.map(|file| file.split_once('=').map_or(file, |(_, path)| path)));
    paths.extend(items(generator, "envs").filter_map(Node::as_str));
    paths.extend(text_of(generator, "env"));
}

fn items<'node>(node: &'node Node, field: &str) -> impl Iterator<Item = &'node Node> {
    let lists = fields(node, field).filter_map(Node::items);
    lists.flatten()
}

/// What stands under a key, in whatever case: kustomize reads it as Go reads JSON.
fn fields<'node>(node: &'node Node, field: &str) -> impl Iterator<Item = &'node Node> {
    let entries = match &node.value {
        NodeValue::Mapping(entries) => entries.as_slice(),
        _ => &[],
    };
    let is_it = move |entry: &&Entry| is_read_as(&entry.key, field);
    entries.iter().filter(is_it).map(|entry| &entry.value)
}

/// Whether kustomize and Helm read a key as that field: in whatever case, as Go folds it.
pub(crate) fn is_read_as(key: &str, field: &str) -> bool {
    let folded = key.chars().map(|c| match c {
        'ſ' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    });
    folded.eq(field.chars().map(|c| c.to_ascii_lowercase()))
}

fn text_of<'node>(node: &'node Node, field: &str) -> Option<&'node str> {
    fields(node, field).find_map(Node::as_str)
}

/// Lists of paths; some may hold YAML instead of a path.
const LISTS: [&str; 9] = [
    "resources",
    "bases",
    "components",
    "configurations",
    "crds",
    "generators",
    "transformers",
    "validators",
    "patchesStrategicMerge",
];

/// Lists of mappings with a `path`.
const MAPPINGS: [&str; 3] = ["patches", "patchesJson6902", "replacements"];
