//! A JSON Schema as the reader of settings walks it: through `$ref`, lists and free keys.
//! Knows nothing of values.

use serde_json::Value;

use crate::manifest::Quantity;

/// What a quantity measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// `"format": "cpu"`, as millicores.
    Cpu,
    /// `"format": "memory"`, as bytes.
    Memory,
}

impl Measure {
    pub(super) fn of_format(format: &str) -> Option<Self> {
        match format {
            "cpu" => Some(Self::Cpu),
            "memory" => Some(Self::Memory),
            _ => None,
        }
    }

    /// The amount as Rego sees it, rounded up; else why `text` is none.
    pub(super) fn amount(self, text: &str) -> Result<i64, String> {
        let quantity = Quantity::parse(text).map_err(|error| error.to_string())?;
        let amount = match self {
            Self::Cpu => quantity.milli_ceil(),
            Self::Memory => quantity.ceil(),
        };
        amount.ok_or_else(|| format!("`{text}` is out of range"))
    }
}

/// One schema with everything that its `$ref`s lead to: what stands beside a `$ref` counts too.
#[derive(Clone, Debug)]
pub(super) struct View<'a> {
    root: &'a Value,
    /// From the nearest to the farthest; none where anything may stand.
    layers: Vec<&'a Value>,
}

impl<'a> View<'a> {
    pub(super) fn of(root: &'a Value) -> Self {
        Self::at(root, root)
    }

    fn at(root: &'a Value, schema: &'a Value) -> Self {
        let mut layers = vec![schema];
        let mut next = referred(root, schema);
        while let Some(schema) = next.filter(|_| layers.len() < REFERENCES) {
            layers.push(schema);
            next = referred(root, schema);
        }
        Self { root, layers }
    }

    fn nothing(root: &'a Value) -> Self {
        let layers = Vec::new();
        Self { root, layers }
    }

    /// The properties that the schema names.
    pub(super) fn properties(&self) -> impl Iterator<Item = (&'a str, Self)> {
        let root = self.root;
        self.layers
            .iter()
            .filter_map(|layer| layer.get("properties")?.as_object())
            .flatten()
            .map(move |(name, schema)| (name.as_str(), Self::at(root, schema)))
    }

    /// What holds for the value of one key.
    pub(super) fn property(&self, name: &str) -> Self {
        let named = self.find(|layer| layer.get("properties")?.get(name));
        named
            .or_else(|| self.find(|layer| layer.get("additionalProperties")))
            .unwrap_or_else(|| Self::nothing(self.root))
    }

    /// What holds for the items of a list.
    pub(super) fn items(&self) -> Self {
        self.find(|layer| layer.get("items"))
            .unwrap_or_else(|| Self::nothing(self.root))
    }

    pub(super) fn default(&self) -> Option<&'a Value> {
        self.layers.iter().find_map(|layer| layer.get("default"))
    }

    pub(super) fn measure(&self) -> Option<Measure> {
        self.layers
            .iter()
            .find_map(|layer| Measure::of_format(layer.get("format")?.as_str()?))
    }

    fn find(&self, step: impl Fn(&'a Value) -> Option<&'a Value>) -> Option<Self> {
        self.layers
            .iter()
            .find_map(|layer| step(layer))
            .map(|schema| Self::at(self.root, schema))
    }
}

fn referred<'a>(root: &'a Value, schema: &Value) -> Option<&'a Value> {
    let reference = schema.get("$ref")?.as_str()?;
    root.pointer(reference.strip_prefix('#')?)
}

/// A keyword below which a default or a quantity would be overlooked, since a `View` does not go
/// there.
pub(super) fn blind_spot(schema: &Value) -> Option<&str> {
    match schema {
        Value::Object(map) => map.iter().find_map(|(key, below)| {
            if BLIND.contains(&key.as_str()) && matters(below) {
                Some(key.as_str())
            } else {
                blind_spot(below)
            }
        }),
        Value::Array(items) => items.iter().find_map(blind_spot),
        _ => None,
    }
}

fn matters(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => {
            let format = map.get("format").and_then(Value::as_str);
            format.and_then(Measure::of_format).is_some()
                || map.contains_key("default")
                || map.contains_key("$ref")
                || map.values().any(matters)
        }
        Value::Array(items) => items.iter().any(matters),
        _ => false,
    }
}

// More references in a row are a circle.
const REFERENCES: usize = 16;

const BLIND: [&str; 10] = [
    "$dynamicRef",
    "allOf",
    "anyOf",
    "dependentSchemas",
    "else",
    "if",
    "oneOf",
    "patternProperties",
    "prefixItems",
    "then",
];
