//! Text that must not be longer than its reader takes: whole sections and whole items are left out, and
//! said to be. Knows nothing of what they say.

use crate::model::limits;

/// The longest text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget(usize);

impl Budget {
    /// A job summary: GitHub drops one of more than 1 MiB whole.
    pub const SUMMARY: Self = Self(limits::SUMMARY.most);
    /// A comment: GitHub refuses one of more than 65,536 characters.
    pub const COMMENT: Self = Self(limits::COMMENT.most);

    /// So many bytes, but never fewer than a first sentence and the note about the rest need.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        Self(bytes.max(LEAST))
    }

    /// Bytes.
    #[must_use]
    pub fn bytes(self) -> usize {
        self.0
    }
}

/// A part of a document that is there or not.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// What it is called where it is left out.
    pub name: String,
    /// Sections of a low rank are kept before those of a high one, wherever they stand.
    pub rank: u8,
    /// What stands before the items.
    pub head: String,
    /// Its parts; the last ones go first.
    pub items: Vec<String>,
    /// What stands after the items.
    pub tail: String,
}

impl Section {
    /// A section that is kept or dropped as a whole.
    #[must_use]
    pub fn whole(name: &str, rank: u8, text: String) -> Self {
        Self {
            name: name.to_owned(),
            rank,
            head: text,
            ..Self::default()
        }
    }

    /// How many of its items fit. `None` where not even one does, or not what surrounds them.
    fn fits(&self, room: usize) -> Option<(usize, usize)> {
        let mut used = self.head.len() + self.tail.len();
        let mut kept = 0;
        for item in &self.items {
            if used + item.len() > room {
                break;
            }
            used += item.len();
            kept += 1;
        }
        let enough = used <= room && (kept > 0 || self.items.is_empty());
        enough.then_some((kept, used))
    }
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// The text, within the budget.
    pub text: String,
    /// What was left out of it: `what changes`, `12 of 40 denials`.
    pub left_out: Vec<String>,
}

/// Puts sections together in their order. Where not all fit, `note` is asked for the closing words
/// about what was left out; it must be at most a few hundred bytes.
#[must_use]
pub fn fit(sections: &[Section], budget: Budget, note: impl Fn(&[String]) -> String) -> Fitted {
    let all: usize = sections.iter().map(Section::length).sum();
    let mut room = if all <= budget.bytes() {
        budget.bytes()
    } else {
        budget.bytes().saturating_sub(NOTE)
    };
    let mut order: Vec<usize> = (0..sections.len()).collect();
    order.sort_by_key(|at| sections.get(*at).map(|section| section.rank));
    let mut kept = vec![None; sections.len()];
    for at in order {
        let (Some(section), Some(kept)) = (sections.get(at), kept.get_mut(at)) else {
            continue;
        };
        if let Some((items, used)) = section.fits(room) {
            *kept = Some(items);
            room -= used;
        }
    }
    let mut text = String::new();
    let mut left_out = Vec::new();
    for (section, kept) in sections.iter().zip(kept) {
        let (name, all) = (&section.name, section.items.len());
        match kept {
            None => left_out.push(name.clone()),
            Some(items) => {
                text += &section.head;
                text.extend(section.items.iter().take(items).map(String::as_str));
                text += &section.tail;
                if items < all {
                    left_out.push(format!("{} of {all} {name}", all - items));
                }
            }
        }
    }
    if !left_out.is_empty() {
        text += &note(&left_out);
    }
    Fitted { text, left_out }
}

impl Section {
    fn length(&self) -> usize {
        let items: usize = self.items.iter().map(String::len).sum();
        self.head.len() + items + self.tail.len()
    }
}

const NOTE: usize = 1_000;
const LEAST: usize = 4_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn section(name: &str, rank: u8, items: &[usize]) -> Section {
        Section {
            head: "<".to_owned(),
            items: items.iter().map(|length| "i".repeat(*length)).collect(),
            tail: ">".to_owned(),
            ..Section::whole(name, rank, String::new())
        }
    }

    fn note(left_out: &[String]) -> String {
        format!("left out: {}", left_out.join(", "))
    }

    #[test]
    fn what_fits_is_whole_and_says_nothing() {
        let fitted = fit(&[section("a", 0, &[1, 2])], Budget::of(0), note);
        assert_eq!((fitted.text.as_str(), fitted.left_out.len()), ("<iii>", 0));
    }

    #[test]
    fn a_high_rank_is_dropped_first_wherever_it_stands_and_items_from_the_end() {
        let sections = [
            section("first", 0, &[10]),
            section("last", 9, &[2000]),
            section("items", 1, &[900, 900, 900, 900]),
        ];
        let fitted = fit(&sections, Budget::of(0), note);
        assert_eq!(fitted.left_out, ["last", "1 of 4 items"]);
        assert!(fitted.text.starts_with("<iiiiiiiiii><iii"));
        assert!(fitted.text.ends_with("i>left out: last, 1 of 4 items"));
    }

    proptest! {
        #[test]
        fn nothing_is_longer_than_its_budget(lengths in proptest::collection::vec(0_usize..3000, 0..40)) {
            let sections: Vec<Section> = lengths
                .chunks(3)
                .zip(0..)
                .map(|(items, rank)| section("s", rank, items))
                .collect();
            let fitted = fit(&sections, Budget::of(0), note);
            prop_assert!(fitted.text.len() <= Budget::of(0).bytes());
        }
    }
}
