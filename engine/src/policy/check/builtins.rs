//! The functions that a policy may call, and those that it may not even name.
//! Knows no syntax tree.

/// What a name outside the package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    /// Its answer depends on its arguments alone, and it is fast.
    Allowed,
    /// Refused; why.
    Forbidden(&'static str),
    /// Nothing of this name.
    Unknown,
}

/// What `name` is in a policy; `print` is for tests.
pub(super) fn builtin(name: &str) -> Builtin {
    if ALLOWED.contains(&name) {
        return Builtin::Allowed;
    }
    let reason = FORBIDDEN
        .iter()
        .find(|(known, _)| *known == name || (known.ends_with('.') && name.starts_with(known)));
    if let Some((_, why)) = reason {
        return Builtin::Forbidden(why);
    }
    match name.split_once('.') {
        Some((namespace, _)) if OTHER_NAMESPACES.contains(&namespace) => {
            Builtin::Forbidden("it is not among the functions that policies may call")
        }
        _ => Builtin::Unknown,
    }
}

/// Whether a rule of this name would hide something.
pub(super) fn is_taken(name: &str) -> bool {
    name == "input"
        || name == "data"
        || matches!(builtin(name), Builtin::Allowed | Builtin::Forbidden(_))
}

pub(super) const ALLOWED: &[&str] = &[
    "abs",
    "array.concat",
    "array.reverse",
    "array.slice",
    "base64.decode",
    "base64.encode",
    "base64.is_valid",
    "ceil",
    "concat",
    "contains",
    "count",
    "endswith",
    "floor",
    "format_int",
    "glob.match",
    "glob.quote_meta",
    "graph.reachable",
    "hex.decode",
    "hex.encode",
    "indexof",
    "indexof_n",
    "intersection",
    "is_array",
    "is_boolean",
    "is_null",
    "is_number",
    "is_object",
    "is_set",
    "is_string",
    "json.is_valid",
    "json.marshal",
    "json.patch",
    "json.unmarshal",
    "lower",
    "max",
    "min",
    "net.cidr_contains",
    "net.cidr_is_valid",
    // Its bounds are checked: they are literals, and close to each other.
    "numbers.range",
    "object.filter",
    "object.get",
    "object.keys",
    "object.remove",
    "object.subset",
    "object.union",
    "object.union_n",
    "product",
    "regex.find_n",
    "regex.is_valid",
    "regex.match",
    "regex.replace",
    "regex.split",
    "replace",
    "round",
    "semver.compare",
    "semver.is_valid",
    "sort",
    "split",
    // Its format is checked: a literal, without large widths.
    "sprintf",
    "startswith",
    "strings.any_prefix_match",
    "strings.any_suffix_match",
    "strings.reverse",
    "substring",
    "sum",
    "to_number",
    "trim",
    "trim_left",
    "trim_prefix",
    "trim_right",
    "trim_space",
    "trim_suffix",
    "type_name",
    "union",
    "units.parse",
    "units.parse_bytes",
    "upper",
    "walk",
];

/// Names, and namespaces with their dot.
const FORBIDDEN: &[(&str, &str)] = &[
    (
        "crypto.",
        "keys and digests are checked before a policy runs",
    ),
    ("graph.reachable_paths", "the number of paths has no bound"),
    ("http.", "a policy has no network"),
    ("io.", "tokens are checked before a policy runs"),
    (
        "json.filter",
        "the engine reads a path with a slash in front as another one than OPA does; `object.filter` takes names",
    ),
    (
        "json.remove",
        "the engine reads a path with a slash in front as another one than OPA does; `object.remove` takes names",
    ),
    (
        "net.cidr_expand",
        "a network can hold billions of addresses",
    ),
    ("net.lookup_ip_addr", "a policy has no network"),
    ("numbers.range_step", "its size has no bound"),
    ("opa.", "a policy does not see its environment"),
    (
        "print",
        "it would carry the input into logs; it is for tests",
    ),
    ("providers.", "a policy has no network"),
    ("rand.", "the same input must have the same answer"),
    ("rego.", "a policy does not look at itself"),
    (
        "strings.count",
        "it counts what overlaps, which OPA does not; count what `split` gives",
    ),
    (
        "strings.replace_n",
        "it replaces what it has replaced, which OPA does not; use `replace`",
    ),
    ("test.", "it only waits"),
    (
        "time.",
        "time is decided before a policy runs; `input.now` and facts hold the answer",
    ),
    ("trace", "it would carry the input into logs"),
    ("uuid.", "the same input must have the same answer"),
];

/// Namespaces of built-in functions of which only the listed ones are allowed.
const OTHER_NAMESPACES: &[&str] = &[
    "array",
    "azure",
    "base64",
    "base64url",
    "bits",
    "glob",
    "graph",
    "graphql",
    "hex",
    "json",
    "net",
    "numbers",
    "object",
    "regex",
    "semver",
    "strings",
    "units",
    "uri",
    "urlquery",
    "yaml",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_has_a_clock_a_network_or_chance_is_forbidden() {
        for name in [
            "http.send",
            "net.lookup_ip_addr",
            "opa.runtime",
            "rand.intn",
            "time.now_ns",
            "uuid.rfc4122",
            "trace",
            "print",
            "io.jwt.decode_verify",
            "rego.parse_module",
            "rego.metadata.rule",
            "crypto.x509.parse_certificates",
            "numbers.range_step",
            "yaml.unmarshal",
            "providers.aws.sign_req",
        ] {
            assert!(matches!(builtin(name), Builtin::Forbidden(_)), "{name}");
        }
        assert_eq!(builtin("no.such_fn"), Builtin::Unknown);
        assert_eq!(builtin("count"), Builtin::Allowed);
    }

    /// What OPA writes between its operands.
    const OPERATORS: [&str; 16] = [
        "and",
        "assign",
        "div",
        "eq",
        "equal",
        "gt",
        "gte",
        "internal.member_2",
        "lt",
        "lte",
        "minus",
        "mul",
        "neq",
        "or",
        "plus",
        "rem",
    ];

    #[test]
    fn the_capabilities_are_the_functions_that_a_policy_may_call() {
        let capabilities: serde_json::Value =
            serde_json::from_str(crate::policy::CAPABILITIES).unwrap();
        let listed = capabilities["builtins"].as_array().unwrap().iter();
        let listed: Vec<&str> = listed.map(|one| one["name"].as_str().unwrap()).collect();
        let functions = listed.iter().filter(|name| !OPERATORS.contains(name));
        assert!(functions.eq(ALLOWED.iter()), "{listed:?}");
        assert_eq!(listed.len(), ALLOWED.len() + OPERATORS.len());
    }

    /// The engine knows a function only when it is called.
    #[test]
    fn the_engine_has_every_function_that_a_policy_may_call() {
        let capabilities: serde_json::Value =
            serde_json::from_str(crate::policy::CAPABILITIES).unwrap();
        for one in capabilities["builtins"].as_array().unwrap() {
            let name = one["name"].as_str().unwrap();
            if OPERATORS.contains(&name) {
                continue;
            }
            let arguments = one["decl"]["args"].as_array().unwrap().len();
            let arguments = vec!["{}"; arguments].join(", ");
            let text = format!("package x\n\ny := [{name}({arguments})]\n");
            let mut engine = super::super::load("x.rego", &text).unwrap();
            if let Err(error) = engine.eval_rule("data.x.y".to_owned()) {
                let error = error.to_string();
                let count = error.split(" expects ").nth(1).unwrap_or_default();
                let is_count = count.starts_with(|c: char| c.is_ascii_digit());
                let knows = !error.contains("could not find") && !is_count;
                assert!(knows, "{name}: {error}");
            }
        }
    }

    #[test]
    fn an_ordinary_name_is_free() {
        for name in ["time", "net", "http", "deny", "rest", "containers"] {
            assert!(!is_taken(name), "{name}");
        }
        for name in ["input", "data", "count", "print"] {
            assert!(is_taken(name), "{name}");
        }
    }
}
