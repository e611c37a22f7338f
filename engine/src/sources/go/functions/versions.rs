//! Comparison of semantic versions, as Masterminds' semver does it for full and partial versions.
//! Constraints with pre-releases are refused.

use std::cmp::Ordering;

use super::super::value::Value;
use super::{Function, exactly, text};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[("semverCompare", |given, _| {
    let [constraint, version] = exactly(given)?;
    let version = Version::parse(text(version)?)?;
    let mut holds = false;
    for all_of in text(constraint)?.split("||") {
        let constraints = constraints(all_of)?;
        let excludes = |constraint: &Constraint| constraint.compares == Compares::Not;
        if version.is_prerelease && constraints.iter().any(excludes) {
            return Err("versions of Argo CD differ in `!=` of a pre-release".to_owned());
        }
        holds |= constraints
            .iter()
            .all(|constraint| constraint.takes(&version));
    }
    Ok(Value::Bool(holds))
})];

struct Version {
    numbers: [u64; 3],
    is_prerelease: bool,
}

/// One of `>= 1.2`.
struct Constraint {
    compares: Compares,
    numbers: [u64; 3],
    /// How many of the numbers are given.
    given: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Compares {
    Tilde,
    Caret,
    Not,
    Greater,
    Less,
    AtLeast,
    AtMost,
    Exactly,
}

impl Version {
    fn parse(written: &str) -> Result<Self, String> {
        let refused = || "it is given a version that is not read here".to_owned();
        let plain = written.strip_prefix('v').unwrap_or(written);
        let (plain, build) = plain.split_once('+').unwrap_or((plain, "x"));
        let (plain, prerelease) = plain.split_once('-').unwrap_or((plain, ""));
        let identifiers = |text: &str| {
            text.split('.').all(|part| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                    && !part.starts_with('0')
            })
        };
        if !identifiers(build)
            || !prerelease.is_empty() && !identifiers(prerelease)
            || written.contains("-+")
            || written.ends_with('-')
        {
            return Err(refused());
        }
        let (numbers, _) = numbers(plain).ok_or_else(refused)?;
        Ok(Self {
            numbers,
            is_prerelease: !prerelease.is_empty(),
        })
    }
}

/// One to three numbers, and how many there are.
fn numbers(written: &str) -> Option<([u64; 3], usize)> {
    let mut numbers = [0; 3];
    let parts: Vec<&str> = written.split('.').collect();
    for (at, part) in parts.iter().enumerate() {
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        let is_plain = *part == "0" || !part.starts_with('0');
        *numbers.get_mut(at)? = part.parse().ok().filter(|_| is_number && is_plain)?;
    }
    Some((numbers, parts.len()))
}

fn constraints(written: &str) -> Result<Vec<Constraint>, String> {
    let refused = || "it is given a constraint that is not read here".to_owned();
    let mut found = Vec::new();
    let mut rest = written.trim();
    while !rest.is_empty() {
        let signs = rest
            .find(|c: char| !"=!<>~^".contains(c))
            .ok_or_else(refused)?;
        let (sign, behind) = rest.split_at_checked(signs).ok_or_else(refused)?;
        let behind = behind.trim_start();
        let end = behind.find([' ', ',']).unwrap_or(behind.len());
        let (version, after) = behind.split_at_checked(end).ok_or_else(refused)?;
        let compares = compares(sign).ok_or_else(refused)?;
        let wild = version.trim_end_matches(".x").trim_end_matches(".*");
        let (numbers, given) = match version {
            "*" | "x" => ([0; 3], 0),
            _ => numbers(wild.strip_prefix('v').unwrap_or(wild)).ok_or_else(refused)?,
        };
        // What these do with a part of a version is another thing for each part.
        let is_whole = matches!(
            compares,
            Compares::Not | Compares::Greater | Compares::AtMost
        );
        if is_whole && given < 3 || given == 0 && compares != Compares::Exactly {
            return Err(refused());
        }
        found.push(Constraint {
            compares,
            numbers,
            given,
        });
        let between = after.trim_start();
        rest = between.strip_prefix(',').unwrap_or(between).trim_start();
        if rest.is_empty() != after.trim().is_empty() {
            return Err(refused());
        }
    }
    match found.is_empty() {
        true => Err(refused()),
        false => Ok(found),
    }
}

fn compares(sign: &str) -> Option<Compares> {
    Some(match sign {
        "" | "=" => Compares::Exactly,
        "!=" => Compares::Not,
        ">" => Compares::Greater,
        "<" => Compares::Less,
        ">=" | "=>" => Compares::AtLeast,
        "<=" | "=<" => Compares::AtMost,
        "~" | "~>" => Compares::Tilde,
        "^" => Compares::Caret,
        _ => return None,
    })
}

impl Constraint {
    fn takes(&self, version: &Version) -> bool {
        if version.is_prerelease {
            return false;
        }
        let order = version.numbers.cmp(&self.numbers);
        match self.compares {
            Compares::Exactly if self.given == 3 => order == Ordering::Equal,
            Compares::Exactly | Compares::Tilde => self.tilde(version, order),
            Compares::Caret => self.caret(version, order),
            Compares::Not => order != Ordering::Equal,
            Compares::Greater => order == Ordering::Greater,
            Compares::Less => order == Ordering::Less,
            Compares::AtLeast => order != Ordering::Less,
            Compares::AtMost => order != Ordering::Greater,
        }
    }

    /// The same numbers as are given, the last one of three left open.
    fn tilde(&self, version: &Version, order: Ordering) -> bool {
        if order == Ordering::Less {
            return false;
        }
        let is_open = self.numbers == [0; 3] && !matches!(self.given, 1 | 2);
        let same = self.given.min(2);
        is_open || version.numbers.get(..same) == self.numbers.get(..same)
    }

    /// The same numbers up to the first one that is not zero.
    fn caret(&self, version: &Version, order: Ordering) -> bool {
        if order == Ordering::Less {
            return false;
        }
        let [major, minor, _] = self.numbers;
        let same = match (major, minor) {
            (1.., _) => 1,
            _ if self.given == 1 => 1,
            (_, 1..) => 2,
            _ if self.given == 2 => 2,
            _ => 3,
        };
        version.numbers.get(..same) == self.numbers.get(..same)
    }
}
