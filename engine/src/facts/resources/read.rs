//! Reads `resources` as they are written; what is no quantity is listed with its place.
//! Fills no gap.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Amounts, InvalidQuantity, Resources, Side, Source, key};
use crate::facts::amount::{Resource, amount};
use crate::facts::demand::sum;
use crate::facts::workloads::{Container, Literals, Role};
use crate::model::step_of;

impl Resources {
    /// Reads what is written at `pointer`, and nothing else.
    pub(in crate::facts) fn read(
        written: Option<&Value>,
        pointer: &str,
        literals: &Literals<'_>,
    ) -> Self {
        let mut resources = Self::nothing(pointer);
        match written {
            None | Some(Value::Null) => {}
            Some(Value::Object(sides)) => {
                for side in Side::ALL {
                    let pointer = format!("{pointer}/{}", side.name());
                    resources.read_side(side, sides.get(side.name()), &pointer, literals);
                }
            }
            Some(other) => resources.refuse("resources", pointer, &shape(other), NO_MAPPING),
        }
        resources
    }

    fn nothing(pointer: &str) -> Self {
        let all = || {
            Side::ALL
                .into_iter()
                .flat_map(|side| Resource::ALL.map(|it| (side, it)))
        };
        let place = |(side, it): (Side, Resource)| {
            let place = format!("{pointer}/{}/{}", side.name(), it.name());
            (key(side, it), place)
        };
        Self {
            requests: Amounts::default(),
            limits: Amounts::default(),
            source: all()
                .map(|(side, it)| (key(side, it), Source::Absent))
                .collect(),
            literal: BTreeMap::new(),
            pointer: all().map(place).collect(),
            invalid: Vec::new(),
        }
    }

    fn read_side(
        &mut self,
        side: Side,
        written: Option<&Value>,
        pointer: &str,
        literals: &Literals<'_>,
    ) {
        let amounts = match written {
            None | Some(Value::Null) => return,
            Some(Value::Object(amounts)) => amounts,
            Some(other) => return self.refuse(side.name(), pointer, &shape(other), NO_MAPPING),
        };
        for (name, value) in amounts.iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("{pointer}/{}", step_of(name));
            let full_name = format!("{}.{name}", side.name());
            let resource = Resource::of(name);
            let spelled = spelling(value, &place, literals);
            match read_amount(value, &spelled, resource) {
                Err(reason) => self.refuse(&full_name, &place, &spelled, &reason),
                Ok(amount) => {
                    if let Some(resource) = resource {
                        self.set(side, resource, (amount, Source::Explicit));
                        self.literal.insert(full_name, spelled);
                    }
                }
            }
        }
    }

    fn refuse(&mut self, resource: &str, pointer: &str, literal: &str, reason: &str) {
        self.invalid.push(InvalidQuantity {
            resource: resource.to_owned(),
            literal: literal.chars().take(LONGEST_LITERAL).collect(),
            pointer: pointer.to_owned(),
            reason: reason.to_owned(),
        });
    }
}

impl Resources {
    /// Reads those of a pod as a whole; `None` where nothing is written.
    ///
    /// Where there are limits, a request that is absent is that of the containers together, and the limit
    /// where they have none.
    pub(in crate::facts) fn of_pod(
        written: Option<&Value>,
        (pointer, literals): (&str, &Literals<'_>),
        containers: &[Container],
    ) -> Option<Self> {
        let mut resources = Self::read(written, pointer, literals);
        for side in Side::ALL {
            let name = key(side, Resource::EphemeralStorage);
            if let Some(spelled) = resources.literal.remove(&name) {
                let place = resources.pointer.get(&name).cloned().unwrap_or_default();
                resources.refuse(&name, &place, &spelled, "a whole pod has no such resource");
                resources.set(side, Resource::EphemeralStorage, (0, Source::Absent));
                resources.source.insert(name, Source::Absent);
            }
        }
        let has_limits = resources
            .literal
            .keys()
            .any(|name| name.starts_with("limits."));
        for resource in [Resource::Cpu, Resource::Memory] {
            let request = together(containers, resource)
                .map(|sum| (sum, Source::FromContainers))
                .or_else(|| {
                    let limit = resources.at_admission(Side::Limits, resource)?;
                    Some((limit, Source::FromLimit))
                });
            if let Some(request) =
                request.filter(|_| has_limits && resources.is_open(Side::Requests, resource))
            {
                resources.set(Side::Requests, resource, request);
            }
        }
        let is_said = !resources.literal.is_empty() || !resources.invalid.is_empty();
        is_said.then_some(resources)
    }
}

/// What the containers request together, where any of them does.
fn together(containers: &[Container], resource: Resource) -> Option<i64> {
    let mut asking = containers
        .iter()
        .filter(|container| container.role != Role::Ephemeral)
        .filter_map(|container| container.resources.at_admission(Side::Requests, resource));
    asking.next()?;
    sum(containers, (Side::Requests, resource), Some(0))
}

/// The text of a scalar as the file has it.
pub(in crate::facts) fn spelling(value: &Value, pointer: &str, literals: &Literals<'_>) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => literals(pointer).unwrap_or_else(|| number.to_string()),
        Value::Bool(flag) => flag.to_string(),
        other => shape(other),
    }
}

/// A fraction is read from its spelling, since a float may have lost digits; an integer from its
/// value, since the spelling may be octal.
fn read_amount(value: &Value, spelled: &str, resource: Option<Resource>) -> Result<i64, String> {
    let resource = resource.unwrap_or(Resource::EphemeralStorage);
    match value {
        Value::String(text) => amount(text, resource),
        Value::Number(number) if number.is_f64() => {
            amount(spelled, resource).or_else(|_| amount(&number.to_string(), resource))
        }
        Value::Number(number) => amount(&number.to_string(), resource),
        _ => Err("a quantity is a string or a number".to_owned()),
    }
}

fn shape(value: &Value) -> String {
    match value {
        Value::Array(_) => "[…]".to_owned(),
        Value::Object(_) => "{…}".to_owned(),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

const NO_MAPPING: &str = "this must be a mapping";
const LONGEST_LITERAL: usize = 64;
