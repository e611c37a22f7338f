//! Freezes that are open now, and that a range ends, shortens, narrows down or takes away.
//! A freeze of the judge holds for the range itself all the same: what holds after it is merged is told.

use jiff::Timestamp;
use serde_json::json;

use crate::calendar::{Kind, Occurrence, Window};
use crate::config::Config;
use crate::model::{Effect, Finding};

/// A warning about each. What cannot be told of a window is an error elsewhere.
pub(super) fn lifted(before: &Config, after: &Config, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, calendar) in &before.calendars {
        let freezes = calendar.windows.iter();
        for window in freezes.filter(|window| window.kind == Kind::Freeze) {
            let Ok(Some(open)) = window.active(now) else {
                continue;
            };
            let same = after.calendars.get(name).and_then(|calendar| {
                let mut windows = calendar.windows.iter();
                windows.find(|other| other.id == window.id)
            });
            let how = how(window, open, same, now).or_else(|| not_named(name, before, after));
            findings.extend(how.map(|how| finding(name, window, &how)));
        }
    }
    findings
}

/// What becomes of a freeze that is open; `None` where it holds what it held, and as long.
fn how(window: &Window, open: Occurrence, same: Option<&Window>, now: Timestamp) -> Option<String> {
    let Some(same) = same else {
        return Some("is taken away".to_owned());
    };
    if same.kind != Kind::Freeze {
        return Some(format!("becomes one of the kind `{}`", same.kind.as_str()));
    }
    let Ok(Some(then)) = same.active(now) else {
        return Some("is ended".to_owned());
    };
    let ends = |one: Occurrence| one.to.unwrap_or(Timestamp::MAX);
    if ends(then) < ends(open) {
        return Some(format!("is shortened, to {}", ends(then)));
    }
    for (what, one, other) in [
        ("scope", json!(window.scope), json!(same.scope)),
        ("blocks", json!(window.blocks), json!(same.blocks)),
        ("allow", json!(window.allow), json!(same.allow)),
    ] {
        if one != other {
            return Some(format!("gets another `{what}`"));
        }
    }
    None
}

/// The first environment that no longer has the calendar.
fn not_named(calendar: &String, before: &Config, after: &Config) -> Option<String> {
    let had = before.environments.iter();
    let mut had = had.filter(|environment| environment.calendars.contains(calendar));
    let lost = had.find(|environment| {
        let then = after.environment(&environment.name);
        then.is_some_and(|then| !then.calendars.contains(calendar))
    });
    lost.map(|environment| {
        format!(
            "no longer holds for environment `{}`, which gives the calendar up",
            environment.name
        )
    })
}

fn finding(calendar: &str, window: &Window, how: &str) -> Finding {
    let message = format!("freeze `{calendar}/{}` is open now, and {how}", window.id);
    let whom = window.owner.as_deref().map_or_else(
        || "see that whoever decided on it knows".to_owned(),
        |owner| format!("see that {owner} knows, who answers for it"),
    );
    Finding {
        anchor: window.place.clone(),
        remediation: Some(whom),
        ..Finding::of_engine("engine.freeze-lifted", Effect::Warn, message)
    }
}
