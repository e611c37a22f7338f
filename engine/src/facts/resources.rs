//! Effective resources: what a container gets once the API server has filled the gaps.
//! Knows nothing of how much is enough.

mod read;

pub(super) use self::read::spelling;

use super::amount::Resource;
use super::workload::{Amounts, InvalidQuantity, Resources, Source};

impl Resources {
    /// Where `resource` of `side` comes from.
    pub(super) fn source(&self, side: Side, resource: Resource) -> Source {
        let source = self.source.get(&key(side, resource));
        source.copied().unwrap_or(Source::Absent)
    }

    /// Whether an amount is missing and a default may take its place.
    pub(super) fn is_open(&self, side: Side, resource: Resource) -> bool {
        let key = key(side, resource);
        let stands_for = |name: &str| name == key || name == side.name() || name == "resources";
        self.source(side, resource) == Source::Absent
            && !self.invalid.iter().any(|it| stands_for(&it.resource))
    }

    /// What the admission of the pod sees: a zero is a zero, and the pod's own amounts are not the
    /// container's.
    pub(super) fn at_admission(&self, side: Side, resource: Resource) -> Option<i64> {
        match self.source(side, resource) {
            Source::Zero => Some(0),
            Source::Pod | Source::Absent => None,
            Source::Explicit | Source::FromLimit | Source::FromContainers | Source::LimitRange => {
                side.of(&self.requests, &self.limits).of(resource)
            }
        }
    }

    pub(super) fn requests_from_limits(&mut self) {
        for resource in Resource::ALL {
            if self.is_open(Side::Requests, resource)
                && let Some(limit) = self.at_admission(Side::Limits, resource)
            {
                self.set(Side::Requests, resource, (limit, Source::FromLimit));
            }
        }
    }

    pub(super) fn fill(&mut self, source: Source, default: impl Fn(Side, Resource) -> Option<i64>) {
        for side in Side::ALL {
            for resource in Resource::ALL {
                if let Some(amount) =
                    default(side, resource).filter(|_| self.is_open(side, resource))
                {
                    self.set(side, resource, (amount, source));
                }
            }
        }
    }

    /// A zero is left out, and says so.
    fn set(&mut self, side: Side, resource: Resource, (amount, source): (i64, Source)) {
        let source = if amount == 0 { Source::Zero } else { source };
        self.source.insert(key(side, resource), source);
        let amounts = match side {
            Side::Requests => &mut self.requests,
            Side::Limits => &mut self.limits,
        };
        *amounts.of_mut(resource) = (amount != 0).then_some(amount);
    }
}

impl Amounts {
    /// The amount of `resource`.
    pub(super) fn of(&self, resource: Resource) -> Option<i64> {
        match resource {
            Resource::Cpu => self.cpu_milli,
            Resource::Memory => self.memory_bytes,
            Resource::EphemeralStorage => self.ephemeral_bytes,
        }
    }

    /// The place of the amount of `resource`.
    pub(super) fn of_mut(&mut self, resource: Resource) -> &mut Option<i64> {
        match resource {
            Resource::Cpu => &mut self.cpu_milli,
            Resource::Memory => &mut self.memory_bytes,
            Resource::EphemeralStorage => &mut self.ephemeral_bytes,
        }
    }
}

/// The two halves of `resources`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Requests,
    Limits,
}

impl Side {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Requests, Self::Limits];

    /// As it stands in a manifest.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Limits => "limits",
        }
    }

    /// The one of two that belongs to this side.
    pub(super) fn of<T>(self, requests: T, limits: T) -> T {
        match self {
            Self::Requests => requests,
            Self::Limits => limits,
        }
    }
}

/// `limits.memory`.
pub(super) fn key(side: Side, resource: Resource) -> String {
    format!("{}.{}", side.name(), resource.name())
}

#[cfg(test)]
mod tests;
