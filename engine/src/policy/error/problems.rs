//! Several errors in one, as a set of policies has them.
//! Knows nothing of what they say.

use std::fmt;

use miette::Diagnostic;

use super::{Error, Place};

/// All that is wrong with a set of policies; at least one error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    // Boxed, since this travels in results.
    first: Box<Error>,
    rest: Vec<Error>,
}

impl Problems {
    /// The problems in `errors`, sorted; `Ok` where there is none.
    pub(in crate::policy) fn none_in(mut errors: Vec<Error>) -> Result<(), Self> {
        errors.sort();
        errors.dedup();
        let mut errors = errors.into_iter();
        match errors.next() {
            None => Ok(()),
            Some(first) => Err(Self {
                first: Box::new(first),
                rest: errors.collect(),
            }),
        }
    }

    /// The same, at other places.
    pub(in crate::policy) fn moved(mut self, place: impl Fn(&mut Place)) -> Self {
        let errors = std::iter::once(&mut *self.first).chain(&mut self.rest);
        errors.filter_map(Error::place_mut).for_each(place);
        self
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Error> {
        std::iter::once(&*self.first).chain(&self.rest)
    }
}

impl From<Error> for Problems {
    fn from(first: Error) -> Self {
        Self {
            first: Box::new(first),
            rest: Vec::new(),
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)
    }
}

impl std::error::Error for Problems {}

/// Stands for its first error; the others are related to it.
impl Diagnostic for Problems {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.first.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.first.help()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(
            self.rest.iter().map(|error| error as &dyn Diagnostic),
        ))
    }
}
