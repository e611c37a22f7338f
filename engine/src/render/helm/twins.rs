//! Charts beside each other that one name stands for: nobody can say which of them is deployed.
//! Knows no file.

use std::collections::BTreeMap;

use super::Error;
use super::chart::Chart;

/// Holds the names of the charts in each `charts/` against each other, as they are and as aliases make them.
///
/// # Errors
/// Two of one name.
pub(super) fn none(chart: &Chart) -> Result<(), Error> {
    chart.all().into_iter().try_for_each(none_in)
}

fn none_in(chart: &Chart) -> Result<(), Error> {
    let mut own = Names::default();
    for inner in &chart.charts {
        own.add(&inner.meta.name, &inner.meta.place)?;
    }
    let needed = &chart.meta.dependencies;
    let is_needed = |inner: &&Chart| needed.iter().any(|one| one.name == inner.meta.name);
    let mut called = Names::default();
    for inner in chart.charts.iter().filter(|inner| !is_needed(inner)) {
        called.add(&inner.meta.name, &inner.meta.place)?;
    }
    for one in needed {
        called.add(one.called(), &one.place)?;
    }
    Ok(())
}

/// Names, and where they stand.
#[derive(Default)]
struct Names<'c>(BTreeMap<&'c str, &'c str>);

impl<'c> Names<'c> {
    fn add(&mut self, name: &'c str, place: &'c str) -> Result<(), Error> {
        match self.0.insert(name, place) {
            None => Ok(()),
            Some(other) => Err(Error::Twins {
                place: place.to_owned(),
                name: name.to_owned(),
                other: other.to_owned(),
            }),
        }
    }
}
