//! Foreign text: no character that steers a terminal, hides or turns text is left, no row is a command
//! of a runner, and what is not touched stays as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tidegate::report::sanitise;

fuzz_target!(|text: &str| {
    let line = sanitise::line(text);
    assert!(!line.chars().any(steers));
    assert_eq!(line == text, !text.chars().any(steers));
    assert_eq!(sanitise::line(&line), line);

    let lines = sanitise::lines(text);
    assert!(!lines.chars().any(|c| c != '\n' && steers(c)));
    assert_eq!(sanitise::lines(&lines), lines);
    assert_eq!(lines.matches('\n').count(), text.matches('\n').count());

    let drawn = sanitise::same_length(text);
    assert_eq!(drawn.len(), text.len());
    assert!(!drawn.chars().any(|c| c != '\n' && steers(c)));

    for most in [0, 1, 7, 80] {
        assert!(!sanitise::short(text, most).chars().any(steers));
    }

    let inert = sanitise::inert(text);
    assert!(
        !inert
            .split('\n')
            .any(|row| row.trim_start().starts_with("::"))
    );
    assert!(!inert.contains("##["));

    let value = Value::from(vec![text, "\u{202e}##[\u{7f}"]);
    let json = sanitise::json(&value.to_string());
    assert!(!json.chars().any(steers) && !json.contains("##["));
    assert_eq!(serde_json::from_str::<Value>(&json).ok(), Some(value));
});

/// Unicode's categories Cc, Cf as far as they turn or hide text, Zl and Zp.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff
            | 0xfff9..=0xfffb | 0xe0000..=0xe007f)
}
