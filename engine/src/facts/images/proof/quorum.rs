//! How many of which authorities must have signed an image. Distinct signers count, not signatures: a signer whom
//! two authorities name is one.

use super::{Flaw, Signature, Who};

/// So many of these must have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Its name in the configuration.
    pub name: String,
    /// How many at least.
    pub count: usize,
    /// The names of those who count.
    pub of: Vec<String>,
}

impl Quorum {
    /// That enough signers of those authorities that are `met` signed; `signatures` are all that hold.
    pub(super) fn reached(&self, met: &[Signature], signatures: &[Signature]) -> Result<(), Flaw> {
        let asked = self.of.iter();
        let asked = asked.filter(|name| met.iter().any(|met| met.authority == **name));
        let signers: Vec<Vec<&Who>> = asked.map(|name| who(name, signatures)).collect();
        match distinct(&signers) {
            enough if enough >= self.count => Ok(()),
            signed => Err(Flaw::Quorum {
                name: self.name.clone(),
                signed,
                count: self.count,
            }),
        }
    }
}

/// Those who signed for an authority, each once.
fn who<'a>(authority: &str, signatures: &'a [Signature]) -> Vec<&'a Who> {
    let mut signers: Vec<&Who> = Vec::new();
    for signature in signatures.iter().filter(|it| it.authority == authority) {
        if !signers.contains(&&signature.who) {
            signers.push(&signature.who);
        }
    }
    signers
}

/// How many authorities can each be given a signer of its own.
fn distinct(signers: &[Vec<&Who>]) -> usize {
    let mut taken: Vec<(&Who, usize)> = Vec::new();
    (0..signers.len())
        .filter(|authority| give(*authority, signers, &mut taken, &mut Vec::new()))
        .count()
}

/// Gives one authority a signer, if need be one of another authority that has a second one.
fn give<'a>(
    authority: usize,
    signers: &[Vec<&'a Who>],
    taken: &mut Vec<(&'a Who, usize)>,
    asked: &mut Vec<&'a Who>,
) -> bool {
    for signer in signers.get(authority).into_iter().flatten() {
        if asked.contains(signer) {
            continue;
        }
        asked.push(signer);
        let owner = taken.iter().position(|(taken, _)| taken == signer);
        let owned = owner.and_then(|at| taken.get(at)).map(|(_, owner)| *owner);
        if owned.is_none_or(|owner| give(owner, signers, taken, asked)) {
            taken.retain(|(taken, _)| taken != signer);
            taken.push((signer, authority));
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    #[test]
    fn each_authority_needs_a_signer_of_its_own() {
        let all: Vec<Who> = ["a", "b", "c"]
            .map(|text| Who::Key(Digest::of(text.as_bytes())))
            .into();
        let [a, b, c] = [&all[0], &all[1], &all[2]];
        for (signers, expected) in [
            (vec![], 0),
            (vec![vec![a], vec![a]], 1),
            (vec![vec![a, b], vec![a]], 2),
            (vec![vec![a, b], vec![a], vec![b]], 2),
            (vec![vec![a, b], vec![a, c], vec![a]], 3),
            (vec![vec![], vec![a]], 1),
        ] {
            assert_eq!(distinct(&signers), expected, "{signers:?}");
        }
    }
}
