//! What the configuration itself leaves open.

use super::{State, Way};
use crate::config::Config;
use crate::model::Enforcement;

pub(super) fn ways(config: Option<&Config>) -> Vec<Way> {
    let environments = config.map(|config| config.environments.iter());
    let observed = environments
        .into_iter()
        .flatten()
        .filter(|it| it.enforcement == Enforcement::Observe);
    observed
        .map(|environment| Way {
            code: "observe",
            state: State::Open,
            about: format!(
                "`{}` only observes: what is refused is applied all the same",
                environment.name
            ),
            place: None,
            fix: "set `enforcement: enforce` for it in `tidegate.yaml`, and sign that".to_owned(),
        })
        .collect()
}
