//! Which image of an object takes the place of which: for asking whether going back from the one to the other was tried.
//! Knows nothing of who tried it.

use std::collections::BTreeSet;

use super::promoted::{Image, at_base, at_head};
use super::rules::Rules;
use crate::change::Change;
use crate::facts::inventory::Neighbours;
use crate::model::Operation;

/// An image that an object gets instead of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::facts) struct Replaced {
    /// Where the new one stands.
    pub(in crate::facts) pointer: String,
    /// The container's name, where a container runs it and has one.
    pub(in crate::facts) container: Option<String>,
    /// The digest of the new one, as manifests write it; none where it is not pinned.
    pub(in crate::facts) new: Option<String>,
    /// The digests of those whose place it may take: of its container, or else of the whole object. Empty where none is
    /// pinned.
    pub(in crate::facts) old: BTreeSet<String>,
}

/// What an object that was there before gets in place of what it had. An object that is new, or had no image, has none that
/// it could go back to.
pub(in crate::facts) fn replaced(
    change: &Change,
    rules: &Rules,
    (head, base): (&Neighbours, &Neighbours),
) -> Vec<Replaced> {
    if change.operation != Operation::Update {
        return Vec::new();
    }
    let old = at_base(change, rules, base);
    if old.is_empty() {
        return Vec::new();
    }
    let new = at_head(change, rules, head).into_iter();
    let replaced = new.filter_map(|image| {
        let own: Vec<&Image> = old.iter().filter(|it| is_of(it, &image)).collect();
        let known = match own.is_empty() {
            true => old.iter().collect(),
            false => own,
        };
        if known.iter().any(|it| it.version() == image.version()) {
            return None;
        }
        let digests = known.into_iter().filter_map(|it| it.digest.clone());
        Some(Replaced {
            old: digests.collect(),
            pointer: image.pointer,
            container: image.container,
            new: image.digest,
        })
    });
    replaced.collect()
}

/// Whether an image stands where another does: in the container of that name, wherever that stands in its list.
fn is_of(one: &Image, other: &Image) -> bool {
    match (&one.container, &other.container) {
        (None, None) => one.pointer == other.pointer,
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Objects, compare};
    use crate::facts::tests::objects;

    fn digest(digit: char) -> String {
        format!("sha256:{}", digit.to_string().repeat(64))
    }

    /// A Deployment with these containers; a letter is the tag, a digit the digest.
    fn pods(containers: &[(&str, char)]) -> Objects {
        let containers = containers.iter().map(|(name, image)| {
            let image = match image.is_ascii_digit() {
                true => format!("r.example/odoo@{}", digest(*image)),
                false => format!("r.example/odoo:{image}"),
            };
            format!("{{name: {name}, image: '{image}'}}")
        });
        let containers: Vec<String> = containers.collect();
        objects(&format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec: {{template: {{spec: {{containers: [{}]}}}}}}\n",
            containers.join(", ")
        ))
    }

    /// Container, digit of the new digest, digits of the old ones.
    fn told(base: &Objects, head: &Objects) -> Vec<String> {
        let none = Neighbours::default();
        let digit = |digest: &String| digest.chars().last().unwrap();
        let changes = compare(base, head);
        let all = changes
            .iter()
            .flat_map(|change| replaced(change, &Rules::default(), (&none, &none)));
        let told = all.map(|it| {
            let old: String = it.old.iter().map(digit).collect();
            let new = it.new.as_ref().map_or('-', digit);
            format!("{} {new}<{old}", it.container.unwrap())
        });
        told.collect()
    }

    #[test]
    fn each_container_goes_back_to_its_own_image_and_a_new_one_to_any_of_the_object() {
        let of = |old: &[(&str, char)], new: &[(&str, char)]| told(&pods(old), &pods(new));
        assert_eq!(of(&[("a", '1')], &[("a", '2')]), ["a 2<1"]);
        assert_eq!(of(&[("a", '1')], &[("a", '1')]), [""; 0]);
        assert_eq!(
            of(&[("a", '1'), ("b", '2')], &[("b", '3'), ("a", '1')]),
            ["b 3<2"]
        );
        let swapped = of(&[("a", '1'), ("b", '2')], &[("a", '2'), ("b", '1')]);
        assert_eq!(swapped, ["a 2<1", "b 1<2"]);
        // Under another name it is no other container.
        assert_eq!(of(&[("a", '1')], &[("z", '2')]), ["z 2<1"]);
        let beside = of(&[("a", '1'), ("b", '2')], &[("a", '1'), ("c", '3')]);
        assert_eq!(beside, ["c 3<12"]);
        assert_eq!(of(&[("a", '1')], &[("b", '1')]), [""; 0]);
    }

    #[test]
    fn what_is_not_pinned_has_no_digest() {
        let of = |old: char, new: char| told(&pods(&[("a", old)]), &pods(&[("a", new)]));
        assert_eq!(of('x', '2'), ["a 2<"]);
        assert_eq!(of('1', 'x'), ["a -<1"]);
        assert_eq!(of('x', 'y'), ["a -<"]);
        assert_eq!(of('x', 'x'), [""; 0]);
    }

    #[test]
    fn what_is_new_has_nothing_to_go_back_to() {
        let (none, one) = (Objects::new(), pods(&[("a", '1')]));
        assert_eq!(told(&none, &one), [""; 0]);
        assert_eq!(told(&one, &none), [""; 0]);
        assert_eq!(told(&pods(&[]), &one), [""; 0]);
    }
}
