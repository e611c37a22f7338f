//! A branch as one segment of a path.
//! Knows nothing of what lies there.

/// Writes a branch so that it is one plain path segment and no other branch is written so: every byte
/// that is none of letters, digits, `-`, `.` and `_`, and whatever else comes first, as `%2F`. `None`
/// for no name, and for one that no file system would take.
#[must_use]
pub fn branch_segment(branch: &str) -> Option<String> {
    let bytes = branch.bytes().enumerate();
    let segment: String = bytes
        .map(|(at, byte)| {
            if byte.is_ascii_alphanumeric() || at > 0 && b"-._".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    (1..=LONGEST).contains(&segment.len()).then_some(segment)
}

/// The branch that is written so; `None` for what [`branch_segment`] would not write.
#[must_use]
pub fn branch_of_segment(segment: &str) -> Option<String> {
    let mut pieces = segment.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(rest.bytes());
    }
    let branch = String::from_utf8(bytes).ok()?;
    (branch_segment(&branch).as_deref() == Some(segment)).then_some(branch)
}

/// What a file system takes for a name.
const LONGEST: usize = 255;
