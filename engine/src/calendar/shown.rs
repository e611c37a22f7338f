//! Times as texts in what is serialised.
//! Knows what `Display` says of them, how they are read again, and nothing else.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize as _, Deserializer, Serializer};

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

pub(super) fn read_one<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    read(&String::deserialize(from)?)
}

pub(super) fn read_any<'de, T: FromStr, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Option::<String>::deserialize(from)?
        .map(|text| read(&text))
        .transpose()
}

pub(super) fn read_all<'de, T: FromStr + Ord, D: Deserializer<'de>>(
    from: D,
) -> Result<BTreeSet<T>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| read(text)).collect()
}

pub(super) fn read_all_of<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Arc<BTreeSet<Date>>, D::Error> {
    read_all(from).map(Arc::new)
}

fn read<T: FromStr, E: serde::de::Error>(text: &str) -> Result<T, E> {
    text.parse().map_err(|_| E::custom("no date and no time"))
}
