//! The configuration as a whole, by the files in `testdata/config`.
//! Knows nothing of how it is checked.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::model::{Effect, RiskTier, Stage, code_of};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/config")
        .join(name)
}

fn files(name: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(name)).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

fn parse(bytes: impl AsRef<[u8]>) -> Result<Config, Problems> {
    Config::parse(&RepoPath::from("tidegate.yaml"), bytes.as_ref())
}

fn valid(name: &str) -> Config {
    let bytes = fs::read(folder("valid").join(name)).unwrap();
    parse(bytes).unwrap_or_else(|problems| panic!("{name}: {problems}"))
}

#[test]
fn every_invalid_file_is_refused_in_the_expected_words() {
    let mut wrong = Vec::new();
    for file in files("invalid", "yaml") {
        let problems = parse(fs::read(&file).unwrap()).expect_err(&file.display().to_string());
        let told = format!("{problems}\ncode: {}\n", code_of(&problems));
        let expect = file.with_extension("expect");
        #[expect(
            clippy::disallowed_methods,
            reason = "a test asks whether to rewrite its file"
        )]
        let bless = std::env::var_os("BLESS").is_some();
        if bless {
            fs::write(&expect, &told).unwrap();
        }
        let expected = fs::read_to_string(&expect).unwrap_or_default();
        if told != expected {
            wrong.push(format!("{}\n{told}instead of\n{expected}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_expectation_has_its_file() {
    for expect in files("invalid", "expect") {
        assert!(
            expect.with_extension("yaml").exists(),
            "{}",
            expect.display()
        );
    }
    assert!(files("invalid", "yaml").len() >= 25);
}

#[test]
fn every_valid_file_resolves_to_a_file_of_the_same_meaning() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for file in files("valid", "yaml") {
        let config = valid(file.file_name().unwrap().to_str().unwrap());
        let resolved = config.show_resolved().unwrap();
        let again = parse(&resolved).unwrap_or_else(|problems| panic!("{resolved}{problems}"));
        assert_eq!(again.digest, config.digest, "{resolved}");
        assert_eq!(again.show_resolved().unwrap(), resolved);
        assert!(validator.is_valid(&config.resolved));
    }
}

#[test]
fn three_lines_are_a_working_configuration_with_the_strict_defaults() {
    let config = valid("three-lines.yaml");
    let [prod] = config.environments.as_slice() else {
        panic!("{:?}", config.environments)
    };
    assert_eq!(
        (prod.stage, prod.max_tier),
        (Stage::Production, RiskTier::Critical)
    );
    assert_eq!(
        (prod.branch.as_str(), prod.timezone.iana_name()),
        ("main", Some("UTC"))
    );
    assert_eq!(prod.enforcement, crate::model::Enforcement::Enforce);
    assert_eq!(config.verdict.valid_for, SignedDuration::from_hours(24));
    assert_eq!(
        (config.profile, config.profile.unclaimed_manifest()),
        (Profile::Recommended, Effect::Warn)
    );
    let unit = prod.unit("prod").unwrap();
    assert_eq!((prod.units.len(), unit.kind), (1, UnitKind::Paths));
    assert!(unit.selector.matches(&"apps/.env/x.yaml".into()));
    assert!(!unit.selector.matches(&"tidegate.yaml".into()));
}

#[test]
fn each_source_is_a_unit_with_everything_below_its_folder() {
    let config = valid("sources-are-units.yaml");
    let units: Vec<_> = config.environments[0]
        .units
        .iter()
        .map(|unit| {
            (
                unit.name.as_str(),
                unit.kind.as_str(),
                unit.selector.patterns()[0].as_str(),
            )
        })
        .collect();
    let expected = [
        ("odoo", "Application", "apps/odoo/overlays/prod/**"),
        ("edge", "Kustomization", "clusters/prod/edge/**"),
        ("shared", "Paths", "shared/**"),
    ];
    assert_eq!(units, expected);
}

#[test]
fn the_environments_of_two_sides_are_named_once() {
    let (base, head) = (valid("three-lines.yaml"), valid("retailer.yaml"));
    let names = Environment::merged_names(&base.environments, &head.environments);
    assert_eq!(names, ["prod", "prod-brand-b", "staging", "dev"]);
}

#[test]
fn variables_are_never_expanded() {
    let config = valid("variables-are-plain-text.yaml");
    let [prod] = config.environments.as_slice() else {
        panic!("{:?}", config.environments)
    };
    assert_eq!(prod.cluster.as_deref(), Some("$CLUSTER"));
    assert_eq!(prod.units[0].selector.patterns(), ["apps/$ENV/**"]);
}

#[test]
fn the_digest_is_of_the_meaning() {
    let spelled_out = parse(valid("three-lines.yaml").show_resolved().unwrap()).unwrap();
    let three_lines = valid("three-lines.yaml");
    assert_eq!(spelled_out.digest, three_lines.digest);
    assert_eq!(valid("json-is-yaml.yaml").digest, three_lines.digest);
    assert_ne!(valid("windows-line-ends.yaml").digest, three_lines.digest);
}

#[test]
fn findings_can_point_at_the_line_that_was_written_and_not_at_a_default() {
    let config = valid("retailer.yaml");
    let text = config.source().text().clone();
    let line = |pointer: &str| {
        let location = config.location(pointer)?;
        let line = text.lines().nth(location.line - 1)?;
        Some(line.trim().to_owned())
    };
    let prod = &config.environments[0];
    assert!(
        line(&format!("{}/max-tier", prod.pointer))
            .unwrap()
            .starts_with("max-tier: high")
    );
    assert_eq!(
        line("/resources/require/2").unwrap(),
        "require: [requests.cpu, requests.memory, limits.memory]"
    );
    assert_eq!(line("/environments/1/max-tier"), None);
    for unit in config
        .environments
        .iter()
        .flat_map(|environment| &environment.units)
    {
        assert!(line(&unit.pointer).is_some(), "{}", unit.pointer);
    }
}

#[test]
fn settings_go_to_the_policy_that_owns_them() {
    let config = valid("retailer.yaml");
    let folders: Vec<&str> = config.settings.keys().map(String::as_str).collect();
    assert_eq!(folders, ["gate-integrity", "resource-limits", "risk-tier"]);
    for (folder, node) in &config.settings {
        let span = config.location(&settings_pointer(folder)).unwrap().span;
        assert_eq!(span, node.span, "{folder}");
    }
}

#[test]
fn settings_are_checked_against_the_schema_of_their_policy() {
    let config = valid("retailer.yaml");
    let schema = serde_json::json!({
        "type": "object", "additionalProperties": false,
        "properties": {"default-tier": {"enum": ["low", "highest"]}, "raise": {}},
    });
    let problems = Problems::collect(
        config.source().path(),
        config.check_settings("risk-tier", &schema),
    )
    .unwrap();
    assert_eq!(
        problems.iter().next().unwrap().to_string(),
        "tidegate.yaml:57:17: `risk.default-tier` cannot be `high` [config.unknown-value]\n  \
         help: known here: `low`, `highest`"
    );
    assert!(config.check_settings("tls", &schema).is_empty());
}

#[test]
fn an_image_without_its_registry_is_told_as_such() {
    assert_eq!(
        told_of_images("registries: [acme/odoo]"),
        [
            "tidegate.yaml:2:23: `images.registries[0]` is not a glob of images in full: `acme/odoo` \
         [config.invalid-name]\n  help: write the registry too, and all of it in lower case, without scheme, \
         tag and digest, such as `registry.example/acme/**` or `docker.io/library/*`; only `*` and `**` stand for \
         something else"
        ]
    );
}

#[test]
fn a_glob_of_images_that_fits_no_repository_is_refused() {
    let of_authority = |glob: &str| {
        let key = "key: {file: keys/release.pub}";
        told_of_images(&format!(
            "authorities: [{{name: release, images: ['{glob}'], {key}}}]"
        ))
    };
    for glob in [
        "**",
        "registry.example/acme/**",
        "docker.io/library/*",
        "registry:5000/x",
        "registry.example:5000/x/y",
        "*/acme/odoo",
        "**/acme/odoo**",
        "*:5000/x",
        "localhost/x",
        "localhost:5000/x",
        "[::1]:5000/x",
        "[fe80::*]/x",
        "registry*/x",
        "r.example/a__b/c--d/e.f_g",
        "r.example/*-snapshot",
        "r.example/shop-*",
        "*.example/x",
        "r.example/**/odoo",
        "registry:*/x",
        "r.example/shop",
        "ghcr.io/acme/*-*",
    ] {
        assert_eq!(of_authority(glob), [""; 0], "{glob}");
        assert_eq!(
            told_of_images(&format!("registries: ['{glob}']")),
            [""; 0],
            "{glob}"
        );
    }
    for glob in [
        "registry.test/shop/*:*",
        "registry.test/shop/evil:17.*",
        "registry.test/shop/evil@sha256:*",
        "https://registry.test/shop/**",
        "oci://registry.test/shop/**",
        "docker://r.test/x",
        "registry.test/Shop/**",
        "Registry.test/shop",
        "registry.test/{shop,web}/**",
        "registry.test/shop/evi?",
        "registry.test/shop/",
        "registry.test/sho[p]/*",
        "registry.test/shop/.*",
        "^registry.test/shop/.+$",
        " registry.test/shop/**",
        "registry.test/shop/** ",
        "r.example//x",
        "acme/odoo",
        "shop/*",
        "r.example/a/../b",
        "*",
        "registry.test",
        "./x",
        "r.example/-x",
        "r.example/x-/y",
    ] {
        for told in [
            of_authority(glob),
            told_of_images(&format!("registries: ['{glob}']")),
        ] {
            assert_eq!(told.len(), 1, "{glob}: {told:?}");
            assert!(told[0].contains("[config.invalid-name]"), "{told:?}");
        }
    }
}

/// What is wrong with a section `images`.
fn told_of_images(section: &str) -> Vec<String> {
    let path = RepoPath::from("tidegate.yaml");
    let text = format!("environments: [{{name: prod, paths: [\"**\"]}}]\nimages: {{{section}}}\n");
    let config = Config::parse(&path, text.as_bytes()).unwrap();
    let schema = include_str!("../../../policies/image-signatures/settings.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    let problems = config.check_settings("image-signatures", &schema);
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn settings_and_everything_else_are_told_in_one_list() {
    let text =
        "environments: [{name: prod}]\nrisk: {default-teir: high}\npolicies: {tsl: {}, tls: {}}\n";
    let schema = serde_json::json!({
        "type": "object", "additionalProperties": false, "properties": {"default-tier": {}},
    });
    let policies =
        ["risk-tier", "resource-limits", "tls"].map(|folder| (folder.to_owned(), schema.clone()));
    let path = RepoPath::from("tidegate.yaml");
    let problems =
        Config::parse_with_policies(&path, text.as_bytes(), &policies.into()).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "3 problems in `tidegate.yaml`\n\
         tidegate.yaml:1:16: environment `prod` does not say what its units are [config.paths-or-sources]\n  \
         help: add `paths: [\"apps/**\"]`\n\
         tidegate.yaml:2:8: unknown key `default-teir` [config.unknown-key]\n  \
         help: did you mean `default-tier`?\n\
         tidegate.yaml:3:12: there is no policy `tsl` [config.unknown-policy]\n  \
         help: did you mean `tls`?"
    );
}

#[test]
fn the_gate_owns_its_files_and_neither_locks_nor_evidence() {
    let config = valid("three-lines.yaml");
    let gate = config.gate_selector();
    for own in [
        "tidegate.yaml",
        ".github/tidegate.yaml",
        ".tidegate/policies/a/policy.rego",
        ".tidegate/trust.json",
        ".tidegate/allowed_signers",
        "CODEOWNERS",
        ".github/CODEOWNERS",
        ".gitlab/CODEOWNERS",
        "docs/CODEOWNERS",
        ".github/workflows/tidegate-sign.yml",
        ".github/workflows/test.yml",
        ".github/actions/set-up/action.yml",
        ".gitlab-ci.yml",
        ".gitlab/tidegate.gitlab-ci.yml",
        ".pre-commit-config.yaml",
    ] {
        assert!(gate.matches(&own.into()), "{own}");
    }
    for other in [
        ".tidegate/images.lock",
        ".tidegate/images/sha256/00/00",
        ".github/dependabot.yml",
        "apps/CODEOWNERS",
        "apps/.github/workflows/test.yml",
        "apps/tidegate.yaml",
    ] {
        assert!(!gate.matches(&other.into()), "{other}");
    }
}

#[test]
fn two_configurations_are_ambiguous() {
    assert_eq!(locate(|_| false), Ok(None));
    assert_eq!(locate(|path| path == PLACES[0]), Ok(Some(PLACES[0])));
    assert_eq!(locate(|path| path == PLACES[1]), Ok(Some(PLACES[1])));
    let error = locate(|_| true).unwrap_err();
    assert_eq!(code_of(&error), "config.ambiguous");
}

#[test]
fn a_large_file_is_refused_before_it_is_read() {
    let problems = parse(vec![b'['; 2 * 1024 * 1024]).unwrap_err();
    assert_eq!(code_of(&problems), "limit.config");
}

#[test]
fn a_private_key_is_never_shown() {
    use miette::Diagnostic;
    for name in ["private-key.yaml", "private-key-in-disguise.yaml"] {
        let problems = parse(fs::read(folder("invalid").join(name)).unwrap()).unwrap_err();
        assert!(
            problems
                .iter()
                .all(|problem| problem.source_code().is_none())
        );
        assert!(!problems.to_string().contains("BEGIN"));
    }
}

#[test]
fn a_problem_of_two_places_points_at_both() {
    use miette::Diagnostic;
    let file = folder("invalid").join("two-environments-of-one-name.yaml");
    let problems = parse(fs::read(file).unwrap()).unwrap_err();
    let related: Vec<_> = problems.related().unwrap().collect();
    let [problem] = related.as_slice() else {
        panic!("{problems}")
    };
    let labels: Vec<_> = problem.labels().unwrap().collect();
    let texts: Vec<_> = labels.iter().map(|label| label.label().unwrap()).collect();
    assert_eq!(texts, ["and again here", "first used here"]);
    let text = problem.source_code().unwrap();
    for label in &labels {
        let place = text.read_span(label.inner(), 0, 0).unwrap();
        assert_eq!(place.name(), Some("tidegate.yaml"));
        assert!(place.data().windows(4).any(|word| word == b"prod"));
    }
}

#[test]
fn any_text_is_read_or_refused_without_a_panic() {
    let retailer = fs::read(folder("valid").join("retailer.yaml")).unwrap();
    for end in (0..retailer.len()).step_by(29) {
        let _ = parse(&retailer[..end]);
    }
}
