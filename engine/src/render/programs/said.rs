//! What a program said on standard error, so that it can be shown.
//! Knows nothing of what it means.

use crate::manifest::secrets::without_secrets;
use crate::model::{abridged, is_harmful, limits};

use super::Exported;

/// As one line: places inside the private folder as they are in the repository, no secrets, nothing that
/// steers a terminal, and not more than a message may have.
pub(super) fn cleaned(stderr: &[u8], exported: &Exported) -> String {
    let mut text = String::from_utf8_lossy(stderr).into_owned();
    for folder in exported.folders() {
        let folder = folder.to_string_lossy();
        text = text.replace(&format!("{folder}/"), "");
        text = text.replace(&*folder, ".");
    }
    let text = without_secrets(&text).unwrap_or(text);
    let text: String = text
        .chars()
        .map(|c| if is_harmful(c) { ' ' } else { c })
        .collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() {
        return "nothing".to_owned();
    }
    abridged(&words.join(" "), limits::MESSAGE_LENGTH.most / 4)
}
