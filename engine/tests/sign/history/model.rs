//! What was signed of one unit, kept beside the store: contents and steps, no digests and no trees.
//! Knows nothing of how the engine finds its way.

use tidegate::model::RiskTier;

/// The highest tier that may go to the environment.
pub(super) struct MaxTier {
    /// As the newest accepted state of the gate says.
    pub(super) accepted: RiskTier,
    /// As the newest commit says.
    pub(super) pending: RiskTier,
}

impl MaxTier {
    pub(super) fn of(tier: RiskTier) -> Self {
        Self {
            accepted: tier,
            pending: tier,
        }
    }

    /// What became of the unit `gate`.
    pub(super) fn gate(&mut self, what: &str) {
        assert!(!what.starts_with("fail"), "the gate: {what}");
        self.accepted = self.pending;
    }
}

/// The links of a unit, by height.
pub(super) struct Ledger(Vec<Link>);

struct Link {
    content: String,
    tier: RiskTier,
    /// The newest link that stood when it was made.
    before: Option<usize>,
    baseline: bool,
    withdrawn: bool,
}

impl Ledger {
    /// With its first baseline.
    pub(super) fn begun(content: String) -> Self {
        let mut ledger = Self(Vec::new());
        ledger.push(content, None);
        ledger
    }

    pub(super) fn heights(&self) -> usize {
        self.0.len()
    }

    pub(super) fn withdraw_newest(&mut self) {
        self.0.last_mut().unwrap().withdrawn = true;
    }

    /// Writes down what became of the unit: `link 2 medium`, `baseline 3`, `fail …`, `nothing new 1`.
    pub(super) fn note(&mut self, what: &str, head: String, max_tier: RiskTier) {
        let words: Vec<&str> = what.split(' ').collect();
        let newest = self.newest_standing().expect("a first baseline");
        match words.as_slice() {
            ["link", height, tier] => {
                assert_eq!(*height, self.0.len().to_string());
                let before = &self.0[newest].content;
                let endangered = before.contains("\"on\"") && head.contains("\"off\"");
                let unlimited = !before.contains(NO_LIMIT) && head.contains(NO_LIMIT);
                assert!(!unlimited, "{what}: the limit is gone");
                assert!(
                    !endangered || *tier == "critical" && max_tier == RiskTier::Critical,
                    "{what}: a database at risk"
                );
                let tier = TIERS.into_iter().find(|known| known.as_str() == *tier);
                self.push(head, tier);
            }
            ["baseline", height] => {
                assert_eq!(*height, self.0.len().to_string());
                self.push(head, None);
            }
            ["nothing", "new", height] => {
                assert_eq!(*height, newest.to_string());
                assert_eq!(self.0[newest].content, head, "{what}");
            }
            _ => assert_eq!(words[0], "fail"),
        }
    }

    /// Without a tier, it is a baseline.
    fn push(&mut self, content: String, tier: Option<RiskTier>) {
        self.0.push(Link {
            content,
            tier: tier.unwrap_or(RiskTier::Critical),
            before: self.newest_standing(),
            baseline: tier.is_none(),
            withdrawn: false,
        });
    }

    fn stands(&self, at: usize) -> bool {
        let link = &self.0[at];
        let rests = link.baseline || link.before.is_some_and(|before| self.stands(before));
        rests && !link.withdrawn
    }

    fn newest_standing(&self) -> Option<usize> {
        (0..self.0.len()).rev().find(|at| self.stands(*at))
    }

    /// Whether what was signed lets `wanted` follow `running`, as it was said; the tier that must be
    /// asked about there.
    pub(super) fn admits(
        &self,
        said: &str,
        wanted: &str,
        running: Option<&str>,
    ) -> Result<RiskTier, String> {
        let [grounds, height, tier] = said.split(' ').collect::<Vec<_>>()[..] else {
            return Err("no admission".to_owned());
        };
        let at: usize = height.parse().map_err(|_| "no height")?;
        let link = self.0.get(at).ok_or("no such link")?;
        let told = TIERS.into_iter().find(|known| known.as_str() == tier);
        let told = told.ok_or("no tier")?;
        // Several links may have the content that runs: any of them may be it.
        let mut matching = (0..self.0.len()).filter(|at| Some(&*self.0[*at].content) == running);
        let fine = link.content == wanted
            && match grounds {
                // Of what runs, a link taken back is never re-applied, nor one that rests on it.
                "running" => running == Some(wanted) && self.stands(at),
                "baseline" => link.baseline && self.stands(at),
                "rollback" => {
                    self.stands(at) && matching.any(|from| self.0[from].before == Some(at))
                }
                "judged" => match running {
                    None => self.newest_standing() == Some(at) && told == RiskTier::Critical,
                    Some(_) => {
                        matching.any(|from| self.way(at, from).is_some_and(|way| way <= told))
                    }
                },
                _ => false,
            };
        match (fine, grounds) {
            (false, _) => Err("the model knows no such step".to_owned()),
            (true, "judged") => Ok(told),
            (true, _) => Ok(RiskTier::Low),
        }
    }

    /// The highest tier of the steps from one link to a later one, each of which stands.
    fn way(&self, to: usize, from: usize) -> Option<RiskTier> {
        let mut tier = RiskTier::Low;
        let mut next = Some(to);
        while let Some(at) = next.filter(|at| *at > from) {
            let link = &self.0[at];
            if !self.stands(at) {
                return None;
            }
            tier = tier.max(link.tier);
            next = if link.baseline { None } else { link.before };
        }
        (to > from).then_some(tier)
    }
}

const NO_LIMIT: &str = "limits: {cpu: 200m}";
const TIERS: [RiskTier; 4] = [
    RiskTier::Low,
    RiskTier::Medium,
    RiskTier::High,
    RiskTier::Critical,
];
