//! Quantities: the amount is the one that floating-point arithmetic comes to, the amount printed in
//! billionths is the same quantity, and a manifest that holds the text holds that quantity.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate::manifest::{Quantity, json};

fuzz_target!(|text: &str| {
    let parsed = Quantity::parse(text);
    let quoted = serde_json::Value::from(text).to_string();
    let node = json::parse(&quoted).expect("a string in JSON");
    assert_eq!(Quantity::of(&node), Some(parsed.clone()));
    let Ok(quantity) = parsed else { return };

    let nanos = quantity.nanos();
    assert!(nanos >= 0);
    assert_eq!(Quantity::parse(&format!("{nanos}n")), Ok(quantity));
    let whole = quantity.ceil().map(i128::from);
    assert!(whole.is_some_and(|whole| (whole - 1) * NANOS < nanos && nanos <= whole * NANOS));
    if let Some(milli) = quantity.milli_ceil().map(i128::from) {
        assert!((milli - 1) * (NANOS / 1_000) < nanos && nanos <= milli * (NANOS / 1_000));
    }

    let expected = amount(text) * 1e9;
    let found = nanos as f64;
    // Rounded up to a billionth, and as exact as a float is.
    assert!(found >= expected * (1.0 - 1e-12) && found <= expected * (1.0 + 1e-12) + 1.0);
});

fn amount(text: &str) -> f64 {
    let suffix = SUFFIXES.iter().find(|(suffix, _)| text.ends_with(suffix));
    if let Some((suffix, factor)) = suffix {
        return number(&text[..text.len() - suffix.len()]) * factor;
    }
    number(text)
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number before the suffix")
}

const NANOS: i128 = 1_000_000_000;
const SUFFIXES: [(&str, f64); 15] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];
