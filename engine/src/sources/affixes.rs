//! What kustomizations put before the name of an object and behind it. Reads no kustomization.
//!
//! Source: kustomize, `PrefixTransformer` and `SuffixTransformer`, which add to the name of any object but of a few kinds that
//! deploy nothing, and `StorePreviousId`, by which what names an object by an earlier name still finds it.

/// Additions to a name, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Affixes(Vec<Affix>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Affix {
    Before(String),
    Behind(String),
}

impl Affixes {
    /// Puts a text before the name; kustomize does that before it puts one behind it.
    pub(super) fn put_before(&mut self, text: &str) {
        if !text.is_empty() {
            self.0.insert(0, Affix::Before(text.to_owned()));
        }
    }

    /// Puts a text behind the name.
    pub(super) fn put_behind(&mut self, text: &str) {
        if !text.is_empty() {
            self.0.push(Affix::Behind(text.to_owned()));
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same, with what a kustomization around it adds after it.
    pub(super) fn under(mut self, outer: Self) -> Self {
        self.0.extend(outer.0);
        self
    }

    /// What becomes of a name.
    pub(super) fn on(&self, name: &str) -> String {
        self.0
            .iter()
            .fold(name.to_owned(), |name, affix| affix.on(&name))
    }

    /// What was called `name` in the end was called so before, the last one first.
    pub(super) fn earlier(&self, name: &str) -> Vec<String> {
        let mut names = Vec::new();
        let mut name = name;
        for affix in self.0.iter().rev() {
            name = affix.off(name);
            names.push(name.to_owned());
        }
        names
    }
}

impl Affix {
    fn on(&self, name: &str) -> String {
        match self {
            Self::Before(text) => format!("{text}{name}"),
            Self::Behind(text) => format!("{name}{text}"),
        }
    }

    fn off<'n>(&self, name: &'n str) -> &'n str {
        let off = match self {
            Self::Before(text) => name.strip_prefix(text.as_str()),
            Self::Behind(text) => name.strip_suffix(text.as_str()),
        };
        off.unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_all_that_was_put_to_it_and_is_found_by_each_earlier_one() {
        let mut inner = Affixes::default();
        inner.put_behind("-eu");
        inner.put_before("shop-");
        let mut outer = Affixes::default();
        outer.put_before("");
        outer.put_before("prod-");
        let all = inner.under(outer);
        assert_eq!(all.on("web"), "prod-shop-web-eu");
        let earlier = all.earlier("prod-shop-web-eu");
        assert_eq!(earlier, ["shop-web-eu", "shop-web", "web"]);
        assert_eq!(Affixes::default().earlier("web"), [""; 0]);
    }
}
