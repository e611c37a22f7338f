//! Times as texts in what is serialised.
//! Knows what `Display` says of them, and nothing else.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serializer;

pub(super) fn one<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(super) fn any<T: Display, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

pub(super) fn all<'a, T, S>(values: &'a T, serializer: S) -> Result<S::Ok, S::Error>
where
    &'a T: IntoIterator<Item: Display>,
    S: Serializer,
{
    serializer.collect_seq(values.into_iter().map(|value| value.to_string()))
}

pub(super) fn all_of<S: Serializer>(
    dates: &Arc<BTreeSet<Date>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    all(&**dates, serializer)
}
