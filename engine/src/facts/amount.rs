//! Quantities as the integers that policies compare.
//! Knows nothing of containers.

use crate::manifest::Quantity;

/// A resource whose amounts are known as integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Cpu,
    Memory,
    EphemeralStorage,
}

impl Resource {
    /// All three.
    pub(super) const ALL: [Self; 3] = [Self::Cpu, Self::Memory, Self::EphemeralStorage];

    /// As it stands in a manifest.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::EphemeralStorage => "ephemeral-storage",
        }
    }

    /// The resource of a manifest's name; `None` for extended resources and huge pages.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// The amount that `text` spells: thousandths of a core, or bytes, rounded up.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn amount(text: &str, resource: Resource) -> Result<i64, String> {
    let quantity = Quantity::parse(text).map_err(|error| error.to_string())?;
    let amount = match resource {
        Resource::Cpu => quantity.milli_ceil(),
        Resource::Memory | Resource::EphemeralStorage => quantity.ceil(),
    };
    amount.ok_or_else(|| "more than 64 bits can hold".to_owned())
}
