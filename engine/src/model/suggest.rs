//! Finds what was probably meant by a misspelt name.
//! Knows nothing of what is named.

/// The candidate nearest to `wrong`, if one is near enough to be meant.
pub(crate) fn did_you_mean<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wrong: Vec<char> = wrong
        .chars()
        .take(80)
        .flat_map(char::to_lowercase)
        .collect();
    let allowed = 1 + wrong.len() / 4;
    candidates
        .into_iter()
        .map(|candidate| (distance(&wrong, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edit distance, letter case aside; neighbours that changed places count as one edit.
fn distance(left: &[char], right: &str) -> usize {
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut left_before = None;
    for (row, &from) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &to) in right.iter().enumerate() {
            let at =
                |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, column) + usize::from(from != to))
                .min(at(&last, column + 1) + 1)
                .min(at(&current, column) + 1);
            let right_before = column.checked_sub(1).and_then(|column| right.get(column));
            if left_before == Some(&to) && right_before == Some(&from) {
                best = best.min(at(&before, column.saturating_sub(1)) + 1);
            }
            current.push(best);
        }
        left_before = left.get(row);
        before = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let keys = ["environments", "exceptions", "paths", "verdict"];
        assert_eq!(did_you_mean("enviroments", keys), Some("environments"));
        assert_eq!(did_you_mean("Paths", keys), Some("paths"));
        assert_eq!(did_you_mean("pahts", keys), Some("paths"));
        assert_eq!(did_you_mean("calendars", keys), None);
        assert_eq!(did_you_mean("", keys), None);
    }
}
