//! What was made of each part of the documents, so that it is made once.
//! Knows nothing of what is made.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Part, Piece, map_by_threads};

/// What `make` gives for each part that was met.
#[derive(Debug)]
pub(super) struct Known<T> {
    /// By address. The part is kept, so that nothing else ever has the address.
    parts: BTreeMap<usize, (Arc<Part>, T)>,
    make: fn(&Part) -> T,
}

impl<T: Clone + Send> Known<T> {
    pub(super) fn new(make: fn(&Part) -> T) -> Self {
        Self {
            parts: BTreeMap::new(),
            make,
        }
    }

    /// Of one part.
    pub(super) fn of(&mut self, part: &Arc<Part>) -> T {
        let make = self.make;
        let known = self.parts.entry(address(part));
        let (_, made) = known.or_insert_with(|| (Arc::clone(part), make(part)));
        made.clone()
    }

    /// Makes by every processor, where a list is long, what was not met before.
    pub(super) fn meet(&mut self, items: &[Piece]) {
        if items.len() < MANY {
            return;
        }
        let new: Vec<&Arc<Part>> = items
            .iter()
            .filter_map(Piece::part)
            .filter(|part| !self.parts.contains_key(&address(part)))
            .collect();
        let make = self.make;
        let made = map_by_threads(&new, |_, part| make(part));
        let made = new.into_iter().zip(made);
        let made = made.map(|(part, made)| (address(part), (Arc::clone(part), made)));
        self.parts.extend(made);
    }
}

fn address(part: &Arc<Part>) -> usize {
    Arc::as_ptr(part).addr()
}

/// So many parts are worth another thread.
const MANY: usize = 64;
