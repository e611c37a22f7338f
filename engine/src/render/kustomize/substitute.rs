//! Flux's `${name}` in what was built, read as its library reads it, step by step.
//! Knows no kustomization; syntax that means another thing in a shell than there is refused.

use std::collections::BTreeMap;

/// `text` with each `${name}` replaced; a name without a value is empty. `$$` is a dollar.
///
/// # Errors
/// What the library does not read, and what it reads in its own way.
pub(super) fn substitute(
    text: &str,
    values: &BTreeMap<String, String>,
) -> Result<String, &'static str> {
    let mut reader = Reader {
        rest: text,
        values,
        depth: 0,
    };
    let mut out = String::with_capacity(text.len());
    while let Some(at) = reader.rest.find('$') {
        let (before, from) = reader.rest.split_at(at);
        out.push_str(before);
        if let Some(rest) = from.strip_prefix("${") {
            reader.rest = rest;
            out.push_str(&reader.variable()?);
        } else {
            // Of two dollars the second is not looked at again.
            let skip = if from.starts_with("$$") { 2 } else { 1 };
            out.push('$');
            reader.rest = from.get(skip..).unwrap_or_default();
        }
    }
    out.push_str(reader.rest);
    Ok(out)
}

/// Whether a variable may have this name.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What is left to read.
struct Reader<'a> {
    rest: &'a str,
    values: &'a BTreeMap<String, String>,
    depth: usize,
}

impl Reader<'_> {
    /// What stands behind `${`, up to its `}`.
    fn variable(&mut self) -> Result<String, &'static str> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("variables stand in each other too deep");
        }
        let value = self.expression()?;
        self.depth -= 1;
        Ok(value)
    }

    fn expression(&mut self) -> Result<String, &'static str> {
        if self.rest.starts_with('#') {
            self.take("#");
            let length = self.name()?.len();
            self.close()?;
            return Ok(length.to_string());
        }
        let value = self.name()?;
        if self.take("}") {
            return Ok(value);
        }
        for (sign, case) in CASES {
            if self.take(sign) {
                self.close()?;
                return Ok(case.of(&value));
            }
        }
        if self.take(":=") || self.take(":-") || self.take("=") {
            let default = self.default()?;
            return Ok(if value.is_empty() { default } else { value });
        }
        if self.rest.starts_with('/') {
            return self.replaced(&value);
        }
        if self.rest.starts_with(":?") || self.rest.starts_with(":+") {
            return Err(
                "`:?` and `:+` mean the same as `:-` to Flux, and something else to a shell",
            );
        }
        if self.rest.starts_with(['#', '%', ':']) {
            return Err(
                "parts of a value (`#`, `%`, `:`) are not replaced here; give the part a variable of its own",
            );
        }
        Err("a `${` is not followed by a name and a `}`")
    }

    /// The value of the name that comes next.
    fn name(&mut self) -> Result<String, &'static str> {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        if name.is_empty() {
            return Err("a `${` is not followed by a name");
        }
        self.rest = rest;
        Ok(self.values.get(name).cloned().unwrap_or_default())
    }

    /// Text and variables up to the `}`. There are no escapes here.
    fn default(&mut self) -> Result<String, &'static str> {
        let mut text = String::new();
        loop {
            let end = self.rest.find(['}', '$']).ok_or(OPEN)?;
            let (before, from) = self.rest.split_at(end);
            text.push_str(before);
            self.rest = from;
            if self.take("}") {
                return Ok(text);
            }
            if self.take("${") {
                text.push_str(&self.variable()?);
            } else {
                self.take("$");
                text.push('$');
            }
        }
    }

    /// `/from/to}`, `//from/to}`, `/#from/to}`, `/%from/to}`: the text itself, no pattern.
    fn replaced(&mut self, value: &str) -> Result<String, &'static str> {
        let sign = ["//", "/#", "/%", "/"]
            .into_iter()
            .find(|sign| self.take(sign));
        let (from, rest) = self.rest.split_once('/').ok_or(OPEN)?;
        let (to, rest) = rest.split_once('}').ok_or(OPEN)?;
        if from.is_empty() || from.contains(PLAIN_ENDS) || to.contains(PLAIN_ENDS) {
            return Err("only plain text is replaced by plain text here");
        }
        self.rest = rest;
        Ok(match sign.unwrap_or_default() {
            "//" => value.replace(from, to),
            "/" => value.replacen(from, to, 1),
            "/#" => match value.strip_prefix(from) {
                Some(rest) => format!("{to}{rest}"),
                None => value.to_owned(),
            },
            _ => match value.strip_suffix(from) {
                Some(start) => format!("{start}{to}"),
                None => value.to_owned(),
            },
        })
    }

    fn close(&mut self) -> Result<(), &'static str> {
        if self.take("}") { Ok(()) } else { Err(OPEN) }
    }

    fn take(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

/// How letters are changed.
#[derive(Clone, Copy)]
enum Case {
    Lower,
    Upper,
    FirstLower,
    FirstUpper,
}

impl Case {
    fn of(self, text: &str) -> String {
        let mut chars = text.chars();
        match self {
            Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
            Self::FirstLower => chars.next().map_or_else(String::new, |first| {
                first.to_lowercase().chain(chars).collect()
            }),
            Self::FirstUpper => chars.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(chars).collect()
            }),
        }
    }
}

/// The longer sign first.
const CASES: [(&str, Case); 4] = [
    (",,", Case::Lower),
    (",", Case::FirstLower),
    ("^^", Case::Upper),
    ("^", Case::FirstUpper),
];

const PLAIN_ENDS: [char; 3] = ['$', '\\', '}'];

const OPEN: &str = "a `${` has no `}`";

const DEPTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<String, &'static str> {
        let values = [("a", "Ada"), ("one", "1"), ("empty", ""), ("dash", "x-y-z")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        substitute(text, &values.into())
    }

    #[test]
    fn names_defaults_cases_and_replacements() {
        for (text, expected) in [
            ("x: ${a}, ${one}", "x: Ada, 1"),
            ("${none}", ""),
            ("${none:=b} ${empty:-c} ${none=d} ${a:=b}", "b c d Ada"),
            ("${none:=${a}/${one}}", "Ada/1"),
            ("${none:=}", ""),
            ("${a,,} ${a^^} ${a,} ${a^}", "ada ADA ada Ada"),
            ("${#dash}", "5"),
            (
                "${dash/-/_} ${dash//-/_} ${dash/#x/w} ${dash/%z/} ${dash//-/}",
                "x_y-z x_y_z w-y-z x-y- xyz",
            ),
            ("$${a} $$ $a $(a) 5$", "${a} $ $a $(a) 5$"),
            ("$$${a}", "$Ada"),
            ("${none:=a$b}", "a$b"),
        ] {
            assert_eq!(of(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_flux_does_not_read_or_reads_in_its_own_way_is_refused() {
        for text in [
            "${",
            "${}",
            "${a",
            "${a-b}",
            "${a:?x}",
            "${a:+x}",
            "${a#x}",
            "${a%%x}",
            "${a:1}",
            "${a:1:2}",
            "${a.b}",
            "${a/b}",
            "${a/$x/y}",
            "${none:=",
            "${!a}",
            "${a[0]}",
            "${a b}",
        ] {
            assert!(of(text).is_err(), "{text}");
        }
        let deep = "${a:=".repeat(40) + &"}".repeat(40);
        assert!(of(&deep).is_err());
    }
}
