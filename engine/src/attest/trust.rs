//! `.tidegate/trust.json`, simple form: who may sign what.
//! Knows no signature; it only hands out keys.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Error, PublicKey, UnitId, json};
use crate::model::{is_harmful, limits};

/// The trusted keys; never empty, no key twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustFile {
    keys: Vec<TrustedKey>,
    heights: BTreeMap<String, u64>,
}

/// A key, whose it is and what it may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    /// The key.
    pub public: PublicKey,
    /// What it signs.
    pub role: Role,
    /// Whose it is.
    pub principal: String,
    /// Where; `None` means everywhere, and so does the entry `*`. The unit `gate` of a branch is the
    /// entry `<branch>/gate`.
    pub environments: Option<Vec<String>>,
}

/// What a key signs. One key has one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Links, baselines, renewals and withdrawals.
    MergeSigner,
    /// Approvals and reviews of debt.
    Approver,
    /// Emergency overrides.
    BreakGlass,
    /// Backup and restore-test statements.
    BackupReporter,
    /// Change tickets.
    TicketReporter,
    /// Lists of deployed images.
    InventoryReporter,
}

impl Role {
    /// The name as it stands in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MergeSigner => "merge-signer",
            Self::Approver => "approver",
            Self::BreakGlass => "break-glass",
            Self::BackupReporter => "backup-reporter",
            Self::TicketReporter => "ticket-reporter",
            Self::InventoryReporter => "inventory-reporter",
        }
    }

    /// Reads the name back; `None` for any other spelling.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::MergeSigner,
            Self::Approver,
            Self::BreakGlass,
            Self::BackupReporter,
            Self::TicketReporter,
            Self::InventoryReporter,
        ]
        .into_iter()
        .find(|role| role.as_str() == name)
    }
}

impl TrustFile {
    /// Takes keys.
    ///
    /// # Errors
    /// No key, too many, one key twice, a name or an environment list that is empty, a name with characters
    /// that would steer a terminal.
    pub fn new(keys: Vec<TrustedKey>) -> Result<Self, Error> {
        if keys.is_empty() {
            return Err(Error::TrustEmpty);
        }
        if keys.len() > limits::TRUSTED_KEYS.most {
            let limit = limits::TRUSTED_KEYS;
            return invalid(format!("{} keys, the limit is {limit}", keys.len()));
        }
        for (index, key) in keys.iter().enumerate() {
            if key.principal.is_empty() {
                return invalid(format!("key {} has an empty principal", index + 1));
            }
            let names = key.environments.iter().flatten();
            if let Some(name) = names.chain([&key.principal]).find(|name| !is_clean(name)) {
                return invalid(format!(
                    "key {} has a name with a control or an invisible character, {}",
                    index + 1,
                    name.escape_debug()
                ));
            }
            if key.environments.as_ref().is_some_and(Vec::is_empty) {
                return invalid(format!(
                    "key {} has an empty list of environments",
                    index + 1
                ));
            }
            let earlier = keys.iter().take(index);
            if earlier.into_iter().any(|other| other.public == key.public) {
                return invalid(format!(
                    "key {} stands there twice; one key has one role and one principal",
                    index + 1
                ));
            }
        }
        Ok(Self {
            keys,
            heights: BTreeMap::new(),
        })
    }

    /// Reads the file.
    ///
    /// # Errors
    /// Anything but the simple form of version 1: unknown fields, repeated keys, bad keys.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > limits::TRUST_FILE.most {
            let limit = limits::TRUST_FILE;
            return invalid(format!("{} bytes, the limit is {limit}", bytes.len()));
        }
        let value = json::parse(bytes).or_else(invalid)?;
        if let Some(found) = value.get("version").and_then(serde_json::Value::as_u64)
            && found != 1
        {
            return Err(Error::TrustVersion { found });
        }
        // The error may quote values, and a misplaced private key is one; so only its kind is told.
        let file: File = serde_json::from_value(value).or_else(|_| {
            invalid(
                "expected `version` and `keys` with `public`, `role`, `principal` and, if need be, `environments`, and besides, if need be, `heights` by unit, and nothing else"
                    .to_owned(),
            )
        })?;
        let keys = file.keys.into_iter().enumerate().map(Entry::into_key);
        let trust = Self::new(keys.collect::<Result<_, _>>()?)?;
        let is_unit = |name: &String| {
            let pieces = name.rsplit_once('/');
            pieces.is_some_and(|(place, unit)| !place.is_empty() && !unit.is_empty())
                && is_clean(name)
        };
        match file.heights.keys().find(|name| !is_unit(name)) {
            Some(name) => invalid(format!(
                "`heights` names `{name}`, which is no unit; write `<environment>/<unit>` or `<branch>/gate`"
            )),
            None => Ok(Self {
                heights: file.heights,
                ..trust
            }),
        }
    }

    /// The same file with one more key, the last.
    ///
    /// # Errors
    /// As [`TrustFile::new`].
    pub fn with(self, key: TrustedKey) -> Result<Self, Error> {
        let mut keys = self.keys;
        keys.push(key);
        Ok(Self {
            heights: self.heights,
            ..Self::new(keys)?
        })
    }

    /// Writes the file, two spaces deep, a newline at the end.
    #[must_use]
    pub fn print(&self) -> String {
        let file = File {
            version: 1,
            keys: self.keys.iter().map(Entry::from_key).collect(),
            heights: self.heights.clone(),
        };
        let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
        text.push('\n');
        text
    }

    /// All keys, in the order of the file.
    #[must_use]
    pub fn keys(&self) -> &[TrustedKey] {
        &self.keys
    }

    /// The height below which no link of this unit is admitted: 0 where none is pinned.
    #[must_use]
    pub fn minimum_height(&self, unit: &UnitId) -> u64 {
        let name = match unit.is_gate() {
            true => unit.scope(),
            false => unit.to_string(),
        };
        self.heights.get(&name).copied().unwrap_or_default()
    }

    /// The units of an environment whose heights are pinned.
    pub fn pinned_units<'a>(&'a self, environment: &'a str) -> impl Iterator<Item = &'a str> {
        let names = self.heights.keys();
        names.filter_map(move |name| name.strip_prefix(environment)?.strip_prefix('/'))
    }

    /// The entry of a public key.
    #[must_use]
    pub fn find(&self, public: &PublicKey) -> Option<&TrustedKey> {
        self.keys.iter().find(|key| key.public == *public)
    }
}

impl TrustedKey {
    /// Whether this key may sign as `role` for `environment`.
    #[must_use]
    pub fn may_sign(&self, role: Role, environment: &str) -> bool {
        let everywhere_or_here =
            |names: &Vec<String>| names.iter().any(|name| name == "*" || name == environment);
        self.role == role && self.environments.as_ref().is_none_or(everywhere_or_here)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u64,
    keys: Vec<Entry>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    heights: BTreeMap<String, u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    public: String,
    role: Role,
    principal: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environments: Option<Vec<String>>,
}

impl Entry {
    fn into_key((index, entry): (usize, Self)) -> Result<TrustedKey, Error> {
        let public =
            PublicKey::from_pem(entry.public.as_bytes()).map_err(|source| Error::TrustKey {
                index: index + 1,
                principal: entry.principal.clone(),
                source: Box::new(source),
            })?;
        Ok(TrustedKey {
            public,
            role: entry.role,
            principal: entry.principal,
            environments: entry.environments,
        })
    }

    fn from_key(key: &TrustedKey) -> Self {
        Self {
            public: key.public.to_pem(),
            role: key.role,
            principal: key.principal.clone(),
            environments: key.environments.clone(),
        }
    }
}

/// Whether a name can be printed as it is.
fn is_clean(name: &str) -> bool {
    !name.contains(is_harmful)
}

fn invalid<T>(what: String) -> Result<T, Error> {
    Err(Error::TrustInvalid { what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::SigningKey;
    use crate::model::code_of;

    fn trusted(byte: u8) -> TrustedKey {
        let key = SigningKey::generate(|seed| {
            seed.fill(byte);
            Ok::<_, ()>(())
        });
        TrustedKey {
            public: key.unwrap().public(),
            role: Role::MergeSigner,
            principal: "ci-prod".into(),
            environments: Some(vec!["*".into()]),
        }
    }

    fn code(text: &str) -> String {
        TrustFile::parse(text.as_bytes())
            .err()
            .map_or("ok".into(), |error| code_of(&error))
    }

    #[test]
    fn what_is_printed_is_what_is_read() {
        let file = TrustFile::new(vec![trusted(1), trusted(2)]).unwrap();
        assert_eq!(TrustFile::parse(file.print().as_bytes()).unwrap(), file);
        assert!(
            file.print()
                .starts_with("{\n  \"version\": 1,\n  \"keys\": [\n")
        );
    }

    #[test]
    fn a_height_is_pinned_for_a_unit_and_for_the_gate_of_a_branch() {
        let print = TrustFile::new(vec![trusted(1)]).unwrap().print();
        let pinned = |heights: &str| {
            let end = format!("],\n  \"heights\": {heights}\n}}\n");
            print.replacen("]\n}\n", &end, 1)
        };
        let text = pinned(r#"{"prod/web": 3, "release/1/gate": 2}"#);
        let file = TrustFile::parse(text.as_bytes()).unwrap();
        assert_eq!(TrustFile::parse(file.print().as_bytes()).unwrap(), file);
        let height = |unit: UnitId| file.minimum_height(&unit);
        assert_eq!(height(UnitId::new("prod", "web").unwrap()), 3);
        assert_eq!(height(UnitId::gate("release/1").unwrap()), 2);
        assert_eq!(height(UnitId::gate("release.1").unwrap()), 0);
        assert_eq!(file.pinned_units("prod").collect::<Vec<_>>(), ["web"]);
        for wrong in [
            r#"{"prod": 3}"#,
            r#"{"prod/": 3}"#,
            r#"{"/web": 3}"#,
            r#"{"prod/web": -1}"#,
            "[]",
        ] {
            assert_eq!(code(&pinned(wrong)), "trust-root.invalid", "{wrong}");
        }
    }

    #[test]
    fn anything_unclear_is_refused() {
        let good = TrustFile::new(vec![trusted(1)]).unwrap().print();
        assert_eq!(code(&good), "ok");
        let with = |from: &str, to: &str| {
            assert!(good.contains(from));
            code(&good.replacen(from, to, 1))
        };
        assert_eq!(
            with("\"version\": 1", "\"version\": 2"),
            "trust-root.version"
        );
        assert_eq!(
            with("\"version\": 1", "\"version\": 1, \"x\": 1"),
            "trust-root.invalid"
        );
        assert_eq!(
            with("\"version\": 1", "\"version\": 1, \"version\": 1"),
            "trust-root.invalid"
        );
        assert_eq!(
            with("\"role\"", "\"expires\": 1, \"role\""),
            "trust-root.invalid"
        );
        assert_eq!(with("merge-signer", "Merge-Signer"), "trust-root.invalid");
        assert_eq!(with("merge-signer", "approver"), "ok");
        assert_eq!(with("ci-prod", ""), "trust-root.invalid");
        assert_eq!(with("\"*\"", ""), "trust-root.invalid");
        assert_eq!(with("PUBLIC", "PRIVATE"), "trust-root.key");
        assert_eq!(code(r#"{"version":1,"keys":[]}"#), "trust-root.empty");
        assert_eq!(code(""), "trust-root.invalid");
    }

    #[test]
    fn no_name_steers_a_terminal() {
        let good = TrustFile::new(vec![trusted(1)]).unwrap().print();
        for name in [
            "ci\\nverified: x",
            "\\u001b[2J",
            "\u{202e}ic",
            "c\u{200b}i",
            "ci\\u0085",
        ] {
            for place in ["ci-prod", "*"] {
                let text = good.replacen(&format!("\"{place}\""), &format!("\"{name}\""), 1);
                assert_ne!(text, good);
                assert_eq!(code(&text), "trust-root.invalid", "{text}");
            }
            let heights = format!("],\n \"heights\": {{\"prod/{name}\": 1}}\n}}\n");
            let text = good.replacen("]\n}\n", &heights, 1);
            assert_eq!(code(&text), "trust-root.invalid", "{text}");
        }
        let named = good.replacen("ci-prod", "Zoë <zoë@example.com>, 運用", 1);
        assert_eq!(code(&named), "ok");
    }

    #[test]
    fn one_key_has_one_role_and_there_are_at_most_64() {
        let mut other = trusted(1);
        other.role = Role::Approver;
        assert!(TrustFile::new(vec![trusted(1), other]).is_err());
        assert!(TrustFile::new((1..=64).map(trusted).collect()).is_ok());
        assert!(TrustFile::new((1..=65).map(trusted).collect()).is_err());
    }

    #[test]
    fn a_file_as_long_as_it_may_be_is_read_and_no_longer_one() {
        let mut text = TrustFile::new(vec![trusted(1)]).unwrap().print();
        let missing = limits::TRUST_FILE.most - text.len();
        text.push_str(&" ".repeat(missing));
        assert_eq!(code(&text), "ok");
        text.push(' ');
        assert_eq!(code(&text), "trust-root.invalid");
    }

    #[test]
    fn a_key_is_found_by_its_public_half_and_a_bad_one_told_by_its_number() {
        let bad: [fn(&mut TrustedKey); 4] = [
            |key| key.principal.clear(),
            |key| key.principal = "c\u{200b}i".into(),
            |key| key.environments = Some(Vec::new()),
            |key| *key = trusted(1),
        ];
        for (number, spoil) in bad.into_iter().enumerate() {
            let mut second = trusted(2);
            spoil(&mut second);
            let error = TrustFile::new(vec![trusted(1), second]).unwrap_err();
            assert!(error.to_string().contains("key 2 "), "{number}: {error}");
        }
        let file = TrustFile::new(vec![trusted(1), trusted(2)]).unwrap();
        let second = trusted(2);
        assert_eq!(file.find(&second.public), Some(&second));
        assert_eq!(file.find(&trusted(3).public), None);
        let print = file.print();
        let (first, second) = print.split_at(print.rfind("BEGIN PUBLIC").unwrap());
        let text = format!("{first}{}", second.replacen("PUBLIC", "PRIVATE", 1));
        let error = TrustFile::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::TrustKey { index: 2, .. }), "{error}");
    }

    #[test]
    fn a_role_is_called_what_the_file_calls_it() {
        for role in [
            Role::MergeSigner,
            Role::Approver,
            Role::BreakGlass,
            Role::BackupReporter,
            Role::TicketReporter,
            Role::InventoryReporter,
        ] {
            let written = serde_json::to_value(role).unwrap();
            assert_eq!(written, role.as_str());
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("Approver"), None);
        assert_eq!(Role::parse(""), None);
    }

    #[test]
    fn a_key_signs_only_in_its_role_and_its_environments() {
        let mut key = trusted(1);
        assert!(key.may_sign(Role::MergeSigner, "prod"));
        assert!(!key.may_sign(Role::Approver, "prod"));
        key.environments = Some(vec!["staging".into()]);
        assert!(!key.may_sign(Role::MergeSigner, "prod"));
        key.environments = None;
        assert!(key.may_sign(Role::MergeSigner, "prod"));
    }
}
