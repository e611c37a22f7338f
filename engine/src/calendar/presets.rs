//! Calendars that come along: what a retailer turns on with one word. Data alone; each is a list of windows
//! as the configuration writes them.
//! Knows nothing of how they are read.

/// Windows under one name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// The name, as configuration writes it.
    pub name: &'static str,
    /// Its windows, in YAML, with what they are for.
    pub text: &'static str,
}

macro_rules! presets {
    ($($name:literal),+ $(,)?) => {
        /// All of them, by name.
        pub const PRESETS: &[Preset] = &[$(Preset {
            name: $name,
            text: include_str!(concat!("presets/", $name, ".yaml")),
        }),+];
    };
}

presets!(
    "black-week",
    "christmas-trading",
    "cyber-monday",
    "month-end-close",
    "quarter-end",
    "stock-take",
    "store-opening-hours",
    "tax-deadlines-at",
    "tax-deadlines-de",
    "tax-deadlines-es",
    "tax-deadlines-fr",
    "tax-deadlines-gb",
    "tax-deadlines-it",
    "tax-deadlines-nl",
    "tax-deadlines-pl",
    "tax-deadlines-us",
    "year-end",
);

impl Preset {
    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }
}
