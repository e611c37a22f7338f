//! What a run found, for people and for programs: one file an output format.
//! Decides nothing.

#[cfg(feature = "cli")]
pub mod admission;
pub mod backups;
pub mod budget;
#[cfg(feature = "cli")]
pub mod calendar;
pub mod diff;
#[cfg(feature = "cli")]
pub mod doctor;
#[cfg(feature = "cli")]
mod drawing;
#[cfg(feature = "cli")]
pub mod drill;
pub mod environments;
pub mod github;
pub mod gitlab;
#[cfg(feature = "cli")]
pub mod human;
pub mod images;
#[cfg(feature = "cli")]
pub mod installation;
pub mod json;
#[cfg(feature = "cli")]
pub mod junit;
pub mod markdown;
mod rows;
#[cfg(test)]
mod sample;
pub mod sanitise;
pub mod sarif;
pub mod signatures;
#[cfg(feature = "cli")]
pub mod signing;
#[cfg(test)]
#[cfg(feature = "cli")]
mod tests;
#[cfg(feature = "cli")]
pub mod verdicts;
#[cfg(feature = "cli")]
mod window;
#[cfg(feature = "cli")]
pub mod withdrawal;

#[cfg(feature = "cli")]
pub use drawing::wrap;
#[cfg(feature = "cli")]
pub(crate) use rows::plural;

/// How text is drawn on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// With colour.
    pub color: bool,
    /// With box drawing and signs beyond ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

impl Style {
    /// Neither colour nor box drawing, 80 columns: what a file gets.
    pub const PLAIN: Self = Self {
        color: false,
        unicode: false,
        width: 80,
    };

    /// `text` in a colour, where there is colour.
    #[must_use]
    pub fn paint(&self, text: &str, color: Color) -> String {
        if self.color {
            format!("\u{1b}[{}m{text}\u{1b}[0m", color.code())
        } else {
            text.to_owned()
        }
    }
}

/// The colours in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// No, removed.
    Red,
    /// Yes, added.
    Green,
    /// Attention.
    Yellow,
    /// Names.
    Bold,
    /// Beside the point.
    Dim,
}

impl Color {
    fn code(self) -> &'static str {
        match self {
            Self::Red => "31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Bold => "1",
            Self::Dim => "2",
        }
    }
}
