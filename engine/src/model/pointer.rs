//! A step of a JSON pointer, and the key that it names (RFC 6901, section 4).
//! Knows no document.

/// The key as a step.
pub(crate) fn step_of(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The key that a step names.
pub(crate) fn key_of(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_read_back() {
        for (key, step) in [
            ("a", "a"),
            ("", ""),
            ("a/b", "a~1b"),
            ("~", "~0"),
            ("~1", "~01"),
            ("m~n/o", "m~0n~1o"),
        ] {
            assert_eq!(step_of(key), step);
            assert_eq!(key_of(step), key);
        }
    }
}
