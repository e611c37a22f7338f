//! The images in what a chart of elsewhere is given: its values as the deployer joins them. Renders nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::guess;
use super::super::places::{Place, Use, Written};
use super::super::shapes::{self, Found};
use super::joined::{Joined, Origin};
use super::parameters::{Step, pointer_to};
use super::referred::Referred;
use super::{Kind, parameters, untold};
use crate::manifest::secrets::SHOWN;
use crate::model::step_of;

/// The images in the values of a source of a kind, which stands at a place.
pub(super) fn images<'v>(
    kind: &Kind,
    (value, at): (&'v Value, &str),
    referred: &[Referred],
    found: &mut Found<'v>,
) {
    let given = Given::of(kind, value);
    match (given.values, given.is_one() && referred.is_empty()) {
        (None, true) => {}
        (Some((below, values)), true) => alone(&format!("{at}{below}"), values, found),
        _ => joined(&given, at, referred, found),
    }
}

/// What a source gives its chart, with its place below that of the source.
struct Given<'v> {
    values: Option<(&'static str, &'v Value)>,
    text: Option<(&'static str, &'v str)>,
    parameters: Vec<(String, &'v Value)>,
    set: Vec<(String, &'v str, &'v Value)>,
    /// Whether the text counts where there are values.
    is_joined: bool,
    files: Vec<(String, &'v Value)>,
}

impl<'v> Given<'v> {
    fn of(kind: &Kind, source: &'v Value) -> Self {
        let at = |place: Option<&'static str>| {
            let place = place?;
            let value = source.pointer(place).filter(|value| !value.is_null())?;
            Some((place, value))
        };
        let items = |place: Option<&'static str>| {
            let (place, list) = at(place)?;
            let items = list.as_array()?.iter().enumerate();
            let items = items.map(|(index, item)| (format!("{place}/{index}"), item));
            Some(items.collect::<Vec<_>>())
        };
        let set = at(kind.set).and_then(|(place, set)| Some((place, set.as_object()?)));
        let set = set.into_iter().flat_map(|(place, set)| {
            let at = move |key: &str| format!("{place}/{}", step_of(key));
            set.iter()
                .map(move |(key, value)| (at(key), key.as_str(), value))
        });
        Self {
            set: set.collect(),
            is_joined: kind.set.is_some(),
            values: at(kind.values),
            text: at(kind.text).and_then(|(place, text)| Some((place, text.as_str()?))),
            parameters: items(kind.parameters).unwrap_or_default(),
            files: items(kind.files).unwrap_or_default(),
        }
    }

    /// Whether there are values, and nothing beside them.
    fn is_one(&self) -> bool {
        let singles = [self.parameters.len(), self.set.len(), self.files.len()];
        self.text.is_none() && singles == [0, 0, 0]
    }
}

/// The images in values beside which nothing is said, that no shape of a pod shows. What is guessed there is an image where it
/// can hardly be anything else: so charts take them.
fn alone<'v>(at: &str, values: &'v Value, found: &mut Found<'v>) {
    let known = found.known_below(at);
    let mut guessed = guess::below((values, at), &known, found.depth);
    guessed.iter_mut().for_each(settle_one);
    let named = named(found.places.iter().chain(&guessed));
    for place in untold::below((values, at), &named) {
        found.put(&place.pointer.clone(), [place]);
    }
    // A text may hold several.
    let mut once = BTreeSet::new();
    let again: BTreeSet<String> = guessed
        .iter()
        .filter(|place| !once.insert(place.pointer.as_str()))
        .map(|place| place.pointer.clone())
        .collect();
    for place in guessed {
        match again.contains(&place.pointer) {
            true => found.put(&place.pointer.clone(), [place]),
            false => found.places.push(place),
        }
    }
}

/// The images in all that is given together.
fn joined<'v>(given: &Given<'v>, at: &str, referred: &[Referred], found: &mut Found<'v>) {
    let mut values = Joined::default();
    let mut places = Vec::new();
    let mut depth = found.depth;
    if let Some((below, text)) = given.text {
        let at = format!("{at}{below}");
        found.settle(&at);
        // Without values of their own it counts, and with some of k3s too.
        if given.is_joined || given.values.is_none() {
            let read = shapes::documents(text).filter(|_| depth < shapes::DEEPEST);
            match read.and_then(one_mapping) {
                Some(read) => values.merge(read, &Origin::one(at)),
                None => places.push(Place {
                    pointer: at,
                    ..shapes::unreadable(text)
                }),
            }
            depth += 1;
        }
    }
    for one in referred {
        refer(one, (&mut values, &mut places));
    }
    depth += usize::from(!referred.is_empty());
    if let Some((below, own)) = given.values {
        let at = format!("{at}{below}");
        found.settle(&at);
        if let Value::Object(own) = own {
            values.merge(own.clone(), &Origin::tree(at));
        }
    }
    places.extend(set(&Single::of(given, at), &mut values));
    places.extend(of_joined(&values, depth));
    if !referred.is_empty() {
        places.iter_mut().for_each(hide);
    }
    for place in places {
        found.put(&place.pointer.clone(), [place]);
    }
}

/// Values from elsewhere: all of them below those of the object, or one at its place.
fn refer(one: &Referred, (values, places): (&mut Joined, &mut Vec<Place<'static>>)) {
    let origin = Origin::one(one.at.clone());
    let path = one.path.as_deref().map(parameters::path);
    let written = one
        .text
        .as_ref()
        .map(|text| text.replace(SHOWN, &guess::filled(0)));
    let untold = |why| {
        let path = one.path.iter().map(|path| format!("{path}="));
        let text = path.chain([one.name.clone()]).collect();
        untold::place(one.at.clone(), text, why)
    };
    match (path, &written) {
        (None, Some(text)) => match shapes::documents(text).and_then(one_mapping) {
            Some(read) => values.merge(read, &origin),
            None => places.push(Place {
                pointer: one.at.clone(),
                ..shapes::unreadable(text)
            }),
        },
        (Some(Some(path)), Some(text)) => {
            let text = text.trim();
            // Nobody escapes it.
            let value = parameters::value(text, false).filter(|_| !text.contains([',', '\\']));
            match value {
                Some(value) => values.set(&path, value, &origin),
                None => places.push(untold(AMBIGUOUS)),
            }
        }
        (Some(Some(path)), None) => {
            values.set(&path, Value::from(format!("$({})", one.name)), &origin);
        }
        (Some(None), _) => places.push(untold(AMBIGUOUS)),
        (None, None) => places.push(untold(UNREAD)),
    }
}

/// What was hidden in what is read is shown as that.
fn hide(place: &mut Place<'static>) {
    let (Written::Text(text) | Written::Unreadable(text) | Written::Untold(text, _)) =
        &mut place.written
    else {
        return;
    };
    if guess::has_filled(text) {
        *text = Cow::Owned(text.replace(&guess::filled(0), SHOWN));
        place.role = Use::Resource;
    }
}

/// Parameters count before values, and of those of one name the last; one that is surely a text counts before one that may be
/// a number, and a file before both.
fn set(items: &[Single<'_>], values: &mut Joined) -> Vec<Place<'static>> {
    let mut untold = Vec::new();
    let paths = items.iter().filter_map(|item| item.path.as_deref());
    let paths: BTreeSet<String> = paths.map(pointer_to).collect();
    // Argo CD keeps no order among names.
    let leads_on = |path: &[Step]| {
        let below = pointer_to(path) + "/";
        let mut longer = paths.range(below.clone()..);
        longer.next().is_some_and(|path| path.starts_with(&below))
    };
    let mut fields: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for item in items {
        fields.entry(item.name).or_default().push(item.at.clone());
    }
    for item in items {
        let own = fields.get(item.name).cloned().unwrap_or_default();
        let origin = Origin::one(item.place.clone()).with_fields(own);
        let path = item.path.as_ref().filter(|path| !leads_on(path));
        match (path, &item.value) {
            (Some(path), Some(value)) => values.set(path, value.clone(), &origin),
            _ => {
                let text = format!("{}={}", item.name, item.written);
                untold.push(untold::place(item.at.clone(), text, AMBIGUOUS));
            }
        }
    }
    untold
}

/// One value by its path.
struct Single<'v> {
    at: String,
    name: &'v str,
    written: Cow<'v, str>,
    /// Where that is written.
    place: String,
    path: Option<Vec<Step>>,
    value: Option<Value>,
}

impl<'v> Single<'v> {
    /// All of them, in the order in which they count.
    fn of(given: &Given<'v>, at: &str) -> Vec<Self> {
        let text = |item: &'v Value, key| item.get(key).and_then(Value::as_str);
        let forced = |item: &Value| item.get("forceString") == Some(&Value::Bool(true));
        let mut parameters: Vec<&(String, &Value)> = given.parameters.iter().collect();
        parameters.sort_by_key(|(_, item)| forced(item));
        let parameters = parameters.into_iter().map(|item| (item, "value"));
        let files = given.files.iter().map(|item| (item, FILE));
        let all = parameters.chain(files).filter_map(|((below, item), end)| {
            let name = text(item, "name")?;
            let written = text(item, end).unwrap_or_default();
            Some(Self {
                at: format!("{at}{below}"),
                place: format!("{at}{below}/{end}"),
                path: parameters::path(name),
                value: match end {
                    "value" => parameters::value(written, forced(item)),
                    _ => Some(Value::from(format!("{OF_FILE}{written})"))),
                },
                name,
                written: Cow::Borrowed(written),
            })
        });
        let set = given.set.iter();
        let set =
            set.map(|(below, name, value)| Self::of_mapping(&format!("{at}{below}"), name, value));
        all.chain(set).collect()
    }

    /// A text is one whatever stands in it, but for `null`.
    fn of_mapping(at: &str, name: &'v str, value: &'v Value) -> Self {
        let written = match value {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            other => Cow::Owned(other.to_string()),
        };
        Self {
            at: at.to_owned(),
            place: at.to_owned(),
            path: parameters::path(name),
            value: parameters::value(&written, false),
            name,
            written,
        }
    }
}

/// The images in joined values, where they are written.
fn of_joined(values: &Joined, depth: usize) -> Vec<Place<'static>> {
    let mut places = shapes::of_values(&values.tree, depth);
    let known = places.iter().map(|place| place.pointer.clone()).collect();
    let mut guessed = guess::below((&values.tree, ""), &known, depth);
    guessed.iter_mut().for_each(settle_one);
    places.extend(guessed);
    let named = named(&places);
    places.extend(untold::below((&values.tree, ""), &named));
    let places = places.into_iter();
    places.filter_map(|place| values.place(place)).collect()
}

/// The places of what is surely an image, or is told otherwise.
fn named<'p>(places: impl IntoIterator<Item = &'p Place<'p>>) -> BTreeSet<String> {
    let is_filled = |place: &&Place<'_>| match &place.written {
        Written::Text(text) => guess::has_filled(text),
        _ => false,
    };
    let places = places.into_iter();
    let named = places.filter(|place| place.role != Use::Guessed || is_filled(place));
    named.map(|place| place.pointer.clone()).collect()
}

fn settle_one(place: &mut Place<'_>) {
    if matches!(&place.written, Written::Text(text) if guess::is_surely_one(text)) {
        place.role = Use::Resource;
    }
}

/// What values are that stand in a text.
fn one_mapping(documents: Vec<Value>) -> Option<Map<String, Value>> {
    let mut mapping = Map::new();
    let mut documents = documents.into_iter();
    match (documents.next(), documents.next()) {
        (None | Some(Value::Null), None) => {}
        (Some(Value::Object(own)), None) => mapping = own,
        _ => return None,
    }
    Some(mapping)
}

/// The key of a file.
const FILE: &str = "path";
/// How a value is shown that a file holds.
const OF_FILE: &str = "$(file ";

const UNREAD: &str = "what it holds is not read here; name one value with `targetPath`, or use a ConfigMap of this repository";
const AMBIGUOUS: &str = "Helm may take it for something else than one value";
