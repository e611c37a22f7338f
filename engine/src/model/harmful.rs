//! Which characters steer a terminal or hide.
//! Knows nothing of where the text goes.

/// Whether this is a control, a bidirectional or an invisible character.
///
/// ```
/// use tidegate::model::is_harmful;
/// assert!("\n\u{1b}\u{202e}\u{200b}".chars().all(is_harmful));
/// assert!(!"é 運".contains(is_harmful));
/// ```
#[must_use]
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
