//! `LimitRange`s of a namespace: the defaults that they give and the bounds that they set.
//! Knows nothing of what a container ought to have.

mod taken;
mod together;

use serde_json::Value;

use self::taken::is_taken;
use super::amount::{Resource, amount};
use super::applied::{is_before, is_sure};
use super::pods;
use super::resources::{Side, key};
use super::workload::{Amounts, Container, LimitRanges, Resources, Role, Rule, Source, Violation};

/// What the `LimitRange`s of a namespace say of containers and pods, filled in as the API server does it.
pub(super) struct Limits {
    names: Vec<String>,
    /// Of containers.
    items: Vec<Item>,
    /// Of pods as a whole.
    pods: Vec<Bounds>,
}

impl Limits {
    /// Takes those of the namespace of `object` from `limit_ranges`. One that the API server refuses, or
    /// that may not be there when the object is created, sets bounds and gives no defaults.
    pub(super) fn around(object: &Value, limit_ranges: &[&Value]) -> Self {
        let namespace = pods::namespace(object);
        let mut limits = Self {
            names: Vec::new(),
            items: Vec::new(),
            pods: Vec::new(),
        };
        for limit_range in limit_ranges {
            if pods::namespace(limit_range) != namespace {
                continue;
            }
            let is_there =
                is_taken(limit_range) && is_sure(limit_range) && is_before(limit_range, object);
            let before = limits.items.len() + limits.pods.len();
            let containers = items_of(limit_range, "Container");
            limits
                .items
                .extend(containers.map(|item| Item::read(item, is_there)));
            limits
                .pods
                .extend(items_of(limit_range, "Pod").map(Bounds::read));
            if limits.items.len() + limits.pods.len() > before {
                limits.names.push(pods::name(limit_range).to_owned());
            }
        }
        limits.names.sort();
        limits
    }

    /// The default that a container without an amount of its own gets; `None` where the
    /// `LimitRange`s give none or disagree.
    pub(super) fn default(&self, side: Side, resource: Resource) -> Option<i64> {
        let of_item = |item: &Item| side.of(&item.default_request, &item.default).of(resource);
        let given = |item: &Item| Some((of_item(item)?, item.is_there));
        let defaults: Vec<(i64, bool)> = self.items.iter().filter_map(given).collect();
        let (first, _) = *defaults.first()?;
        let agree = defaults.iter().all(|(default, _)| *default == first);
        let is_given = defaults.iter().any(|(_, is_there)| *is_there);
        (agree && is_given).then_some(first)
    }

    /// Compares settled containers with every bound, each and together; `pod` is where their template
    /// stands, and what it has for the pod as a whole.
    pub(super) fn judge(
        &self,
        containers: &[Container],
        pod: (&str, Option<&Resources>),
    ) -> LimitRanges {
        let mut violations = Vec::new();
        let started = containers.iter().filter(|it| it.role != Role::Ephemeral);
        for container in started {
            for item in &self.items {
                for resource in Resource::ALL {
                    self.bounds(&item.bounds, (container, resource), &mut violations);
                    self.ratio(&item.bounds, (container, resource), &mut violations);
                }
            }
        }
        for bounds in &self.pods {
            violations.extend(self.together(bounds, containers, pod));
        }
        LimitRanges {
            names: self.names.clone(),
            ambiguous: self.is_ambiguous(),
            violations,
        }
    }

    fn is_ambiguous(&self) -> bool {
        self.items
            .iter()
            .filter(|item| item.gives_defaults())
            .count()
            > 1
    }

    fn bounds(&self, item: &Bounds, at: (&Container, Resource), violations: &mut Vec<Violation>) {
        let (container, resource) = at;
        for side in Side::ALL {
            let copied = container.resources.source(side, resource) == Source::FromLimit;
            let Some(actual) = container
                .resources
                .at_admission(side, resource)
                .filter(|_| !copied)
            else {
                continue;
            };
            let min = item.min.of(resource).filter(|bound| actual < *bound);
            let max = item.max.of(resource).filter(|bound| actual > *bound);
            for (rule, bound) in [(Rule::Min, min), (Rule::Max, max)] {
                violations
                    .extend(bound.map(|bound| violation(at, side, (rule, Some(actual), bound))));
            }
        }
    }

    /// Without a request or a limit there is no ratio, and the pod is refused, too.
    fn ratio(&self, item: &Bounds, at: (&Container, Resource), violations: &mut Vec<Violation>) {
        let (container, resource) = at;
        let Some(bound) = item.ratio.of(resource) else {
            return;
        };
        let amount = |side| {
            container
                .resources
                .at_admission(side, resource)
                .filter(|it| *it > 0)
        };
        let known = |side| {
            amount(side).is_some()
                || matches!(
                    container.resources.source(side, resource),
                    Source::Zero | Source::Pod
                )
                || container.resources.is_open(side, resource) && !self.is_ambiguous()
        };
        let (request, limit) = (amount(Side::Requests), amount(Side::Limits));
        let actual = match (request, limit) {
            (Some(request), Some(limit)) => Some(thousandths(limit, request)),
            _ if Side::ALL.into_iter().all(known) => None,
            _ => return,
        };
        if actual.is_none_or(|actual| actual > bound) {
            violations.push(violation(at, Side::Limits, (Rule::Ratio, actual, bound)));
        }
    }
}

/// Amounts of one `LimitRange` item of type `Container`.
struct Item {
    default: Amounts,
    default_request: Amounts,
    bounds: Bounds,
    /// Whether it surely is there when the pods are created.
    is_there: bool,
}

/// What an item refuses.
struct Bounds {
    min: Amounts,
    max: Amounts,
    ratio: Amounts,
}

impl Bounds {
    fn read(written: &Value) -> Self {
        Self {
            min: amounts(written, "min"),
            max: amounts(written, "max"),
            ratio: ratios(written),
        }
    }
}

impl Item {
    /// Without a default limit the maximum is it; without a default request the default limit is
    /// it, else the minimum.
    fn read(written: &Value, is_there: bool) -> Self {
        let bounds = Bounds::read(written);
        let mut default = amounts(written, "default");
        let mut default_request = amounts(written, "defaultRequest");
        for resource in Resource::ALL {
            let limit = default.of(resource).or(bounds.max.of(resource));
            let request = default_request
                .of(resource)
                .or(limit)
                .or(bounds.min.of(resource));
            *default.of_mut(resource) = limit;
            *default_request.of_mut(resource) = request;
        }
        Self {
            default,
            default_request,
            bounds,
            is_there,
        }
    }

    fn gives_defaults(&self) -> bool {
        [self.default, self.default_request]
            .iter()
            .any(|it| *it != Amounts::default())
    }
}

/// The items of a `LimitRange` that are about `kind`.
pub(super) fn items_of<'a>(limit_range: &'a Value, kind: &str) -> impl Iterator<Item = &'a Value> {
    let items = limit_range
        .pointer("/spec/limits")
        .and_then(Value::as_array);
    let items = items.into_iter().flatten();
    items.filter(move |item| item.get("type").and_then(Value::as_str) == Some(kind))
}

fn amounts(item: &Value, name: &str) -> Amounts {
    read_amounts(item, name, |resource| resource)
}

/// Ratios are plain numbers; they are kept in thousandths, so that `1.5` is one.
fn ratios(item: &Value) -> Amounts {
    read_amounts(item, "maxLimitRequestRatio", |_| Resource::Cpu)
}

fn read_amounts(item: &Value, name: &str, unit: impl Fn(Resource) -> Resource) -> Amounts {
    let mut amounts = Amounts::default();
    for resource in Resource::ALL {
        let read = match item.get(name).and_then(|it| it.get(resource.name())) {
            Some(Value::String(text)) => amount(text, unit(resource)).ok(),
            Some(Value::Number(number)) => amount(&number.to_string(), unit(resource)).ok(),
            _ => None,
        };
        *amounts.of_mut(resource) = read;
    }
    amounts
}

fn violation(
    (container, resource): (&Container, Resource),
    side: Side,
    (rule, actual, bound): (Rule, Option<i64>, i64),
) -> Violation {
    let key = key(side, resource);
    Violation {
        container: Some(container.name.clone()),
        rule,
        actual,
        bound,
        pointer: container
            .resources
            .pointer
            .get(&key)
            .cloned()
            .unwrap_or_default(),
        resource: key,
    }
}

/// `limit / request` in thousandths, rounded up; what is out of range is as large as can be.
fn thousandths(limit: i64, request: i64) -> i64 {
    let (limit, request) = (i128::from(limit), i128::from(request));
    let ratio = (limit * 1000 + request - 1).checked_div(request);
    ratio
        .and_then(|it| i64::try_from(it).ok())
        .unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
