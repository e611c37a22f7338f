//! Secret values stand in nothing that is printed.

mod spellings;

use tidegate::report::{Style, human};

use super::*;

/// A word that stands nowhere else.
const CANARY: &str = "xylograph7canary";
const BASE64: &str = "eHlsb2dyYXBoN2NhbmFyeQ==";

/// Four places of a secret value; `value` makes each of them another.
fn manifests(value: &str) -> [(&'static str, String); 5] {
    let secret = |body: String| {
        format!("apiVersion: v1\nkind: Secret\nmetadata:\n  namespace: shop\n{body}")
    };
    let applied = format!(
        "{{\"data\":{{\"key\":\"{BASE64}\"}},\"stringData\":{{\"other\":\"{CANARY}{value}\"}}}}"
    );
    let encoded = if value.is_empty() {
        BASE64.to_owned()
    } else {
        format!("{}XX", BASE64.trim_end_matches('='))
    };
    let environment = format!(
        "          env:
            - name: DB_PASSWORD
              value: {CANARY}{value}
            - {{name: API_TOKEN, value: \"{CANARY}{value}\"}}
          resources:
"
    );
    [
        (
            "prod/data.yaml",
            secret(format!("  name: a\ndata:\n  key: {encoded}\n")),
        ),
        (
            "prod/string.yaml",
            secret(format!(
                "  name: b\nstringData:\n  key: |\n    first\n    {CANARY}{value}\n"
            )),
        ),
        (
            "prod/applied.yaml",
            secret(format!(
                "  name: c\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{applied}'\ndata: {{}}\n"
            )),
        ),
        (
            "prod/job.yaml",
            deployment("job", "").replace("          resources:\n", &environment),
        ),
        (
            "prod/list.yaml",
            format!(
                "apiVersion: v1\nkind: List\nitems:\n  - kind: Secret\n    apiVersion: v1\n    metadata: {{name: d, namespace: shop}}\n    stringData: {{a: {CANARY}{value}}}\n"
            ),
        ),
    ]
}

/// Everything that the binary says about the range in every way it can say it.
fn everything_said(repo: &Repo, range: &str) -> String {
    let commands: [&[&str]; 5] = [
        &["check", "--all", "--color", "always"],
        &["check", "--output", "json"],
        &["diff"],
        &["diff", "--output", "json"],
        &["facts"],
    ];
    let mut said = String::new();
    for command in commands {
        let output = tidegate(repo, &[command, &[range]].concat());
        said += &format!("{command:?}\n{}{}", stdout(&output), stderr(&output));
    }
    said
}

/// The same from within, since there are many ways not to parse.
fn said_of_broken(repo: &Repo, range: &str) -> String {
    let report = check_with(repo, &request(range)).unwrap();
    let mut said = json_of(&report).into_bytes();
    human::write(&report, Style::PLAIN, &mut said).unwrap();
    let diff = gate::diff(&repo.open(), &request(range), gate::Runtime::default()).unwrap();
    let facts = gate::facts(
        &repo.open(),
        &request(range),
        None,
        gate::Runtime::default(),
    )
    .unwrap_err();
    let mut errors: Vec<&(dyn Diagnostic + Send + Sync)> = vec![&facts];
    errors.extend(diff.errors.iter().map(|error| error.error.as_ref()));
    assert!(errors.len() > 1, "diff says it too");
    for error in errors {
        human::write_error(error, Style::PLAIN, &mut said).unwrap();
        said.extend(format!("{error} {error:?}").bytes());
    }
    String::from_utf8(said).unwrap()
}

/// In no spelling that somebody could read it back from.
fn hides(said: &str) {
    let hex = spelt(|byte| format!("{byte:02x}"));
    let escaped = spelt(|byte| format!("%{byte:02x}"));
    let lower = said.to_lowercase();
    for (said, word) in [
        (said, CANARY),
        (said, BASE64),
        (said, BASE64.trim_end_matches('=')),
        (said, "xylograph"),
        (said, "eHlsb2dy"),
        (&lower, &hex),
        (&lower, &escaped),
    ] {
        if let Some(at) = said.find(word) {
            let from = said[..at]
                .char_indices()
                .rev()
                .nth(300)
                .map_or(0, |(at, _)| at);
            panic!("{word}: {}", &said[from..at + word.len()]);
        }
    }
}

/// The first letters of the canary, each of them in another spelling.
fn spelt(letter: impl Fn(u8) -> String) -> String {
    CANARY.bytes().take(9).map(letter).collect()
}

#[test]
fn a_secret_value_is_never_shown() {
    let (repo, start) = shop(CONFIG);
    for (path, text) in manifests("") {
        repo.write(path, text);
    }
    let created = repo.commit("secrets");
    for (path, text) in manifests("2") {
        repo.write(path, text);
    }
    let changed = repo.commit("other secrets");
    for (path, _) in manifests("") {
        repo.remove(path);
    }
    let deleted = repo.commit("no secrets");
    for range in [(start, created), (created, changed), (changed, deleted)] {
        let said = everything_said(&repo, &format!("{}..{}", range.0, range.1));
        hides(&said);
        assert!(said.contains("Secret"), "{said}");
    }
    let said = everything_said(&repo, &format!("{created}..{changed}"));
    assert!(said.contains("data.key"), "{said}");
    let cache = std::fs::read(repo.path().join(".git/tidegate/index")).unwrap();
    hides(&String::from_utf8(cache).unwrap());
}

/// A Secret, and a pod that may refer to its value as `*x`.
fn shared(spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {{name: a}}\n  \
         stringData: {{a: &x {CANARY}}}\n- apiVersion: v1\n  kind: Pod\n  metadata: {{name: b}}\n  spec: {{{spec}}}\n"
    )
}

#[test]
fn a_document_that_does_not_parse_is_never_shown() {
    for broken in [
        format!("apiVersion: v1\nkind: Secret\nstringData:\n  a: {CANARY}\n  a: {CANARY}\n"),
        format!("apiVersion: v1\nkind: Secret\nstringData:\n  a: \"{CANARY}\n"),
        format!("apiVersion: v1\nkind: Secret\nstringData:\n  {CANARY}: [\n"),
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  a: *{CANARY}\n"
        ),
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  a: !{CANARY} b\n"
        ),
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  a: !!int {CANARY}\n"
        ),
        format!("apiVersion: v1\nkind: Secret\nmetadata: [{CANARY}]\n"),
        shared("nodeSelector: {*x : b}"),
        shared("a: b").replace("name: b", "name: *x"),
        format!("%YAML 3.7 {CANARY}\n---\nkind: Secret\n\t{CANARY}"),
    ] {
        let (repo, base) = shop(CONFIG);
        repo.write("prod/broken.yaml", &broken).commit("broken");
        let said = said_of_broken(&repo, &format!("{base}..HEAD"));
        hides(&said);
        assert!(said.contains("prod/broken.yaml:"), "{broken}: {said}");
    }
    let (repo, base) = shop(CONFIG);
    let broken = format!("{{\"kind\": \"Secret\", \"data\": {{\"a\": \"{CANARY}\" \"b\"}}}}");
    repo.write("prod/broken.json", broken).commit("broken");
    hides(&said_of_broken(&repo, &format!("{base}..HEAD")));
}

/// Secrets inside of other texts, in a pod, in a source and in annotations; `value` makes them others.
fn inside(value: &str) -> [(&'static str, String); 5] {
    let url = format!("postgres://shop:{CANARY}{value}@db.shop:5432/shop");
    let pod = deployment("job", "").replace(
        "          resources:\n",
        &format!(
            "          env: [{{name: DATABASE_URL, value: \"{url}\"}}]\n          \
             args: [\"--db-password={CANARY}{value}\", serve] # was {url}\n          \
             command: [sh, -c, \"run --url=https:\\x2f/{CANARY}{value}@x --quiet\"]\n          resources:\n"
        ),
    );
    let application = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: shop\n  namespace: argocd\n  \
         annotations: {{notify: \"http://{CANARY}{value}@hook.example/x\"}}\nspec:\n  project: shop\n  \
         destination: {{namespace: shop, server: \"https://k8s.example\"}}\n  source:\n    \
         repoURL: https://ci:{CANARY}{value}@git.example/charts\n    path: apps\n    targetRevision: main\n    \
         helm:\n      parameters: [{{name: db.password, value: {CANARY}{value}}}, {{name: \"e[0].name\", value: API_TOKEN}}, \
         {{name: \"e[0].value\", value: {CANARY}{value}}}]\n      \
         valuesObject: {{extraEnv: [{{name: DB_PASSWORD, value: {CANARY}{value}}}]}}\n"
    );
    let set = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: teams, namespace: argocd}}\nspec:\n  \
         goTemplate: true\n  generators: [{{list: {{elements: [{{name: a, dbPassword: {CANARY}{value}}}]}}}}]\n  \
         template:\n    metadata: {{name: \"{{{{.name}}}}\"}}\n    spec: {{project: shop}}\n  templatePatch: |\n    \
         spec: {{source: {{helm: {{valuesObject: {{db: {{password: {CANARY}{value}}}}}}}}}}}\n"
    );
    let release = format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web, namespace: shop}}\nspec:\n  \
         values: {{extraEnv: [{{name: DB_PASSWORD, value: {CANARY}{value}}}]}}\n"
    );
    let map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: odoo, namespace: shop}}\ndata:\n  odoo.conf: |\n    \
         [options]\n    db_url = {url}\n    workers = 4\n"
    );
    [
        ("prod/job.yaml", pod),
        ("prod/shop.yaml", application),
        ("prod/odoo-conf.yaml", map),
        ("prod/set.yaml", set),
        ("prod/release.yaml", release),
    ]
}

#[test]
fn a_secret_inside_of_another_text_is_cut_and_seen_to_change() {
    let (repo, start) = shop(CONFIG);
    for (path, text) in inside("") {
        repo.write(path, text);
    }
    let created = repo.commit("urls");
    for (path, text) in inside("2") {
        repo.write(path, text);
    }
    let trailer = format!("other urls\n\nSee: https://u:{CANARY}@x.example\n");
    let changed = repo.commit(&trailer);
    for (path, _) in inside("") {
        repo.remove(path);
    }
    let deleted = repo.commit("no urls");
    for range in [(start, created), (created, changed), (changed, deleted)] {
        let range = format!("{}..{}", range.0, range.1);
        let said = everything_said(&repo, &range);
        hides(&said);
        for format in ["sarif", "markdown", "github", "junit", "gitlab"] {
            let output = ["check", "--all", &range, "--output", format];
            let output = tidegate(&repo, &output);
            hides(&(stdout(&output) + &stderr(&output)));
        }
    }
    let output = tidegate(&repo, &["diff", &format!("{created}..{changed}")]);
    let said = stdout(&output);
    for seen in [
        "- postgres://***@db.shop:5432/shop\n        + postgres://*** (changed)@db.shop:5432/shop",
        "-db_url = postgres://***@db.shop:5432/shop\n        +db_url = postgres://*** (changed)@db",
        "--db-password=*** -> --db-password=*** (changed)",
        "- https://***@git.example/charts\n        + https://*** (changed)@git.example/charts",
        "  *** (changed)",
    ] {
        assert!(said.contains(seen), "{seen}: {said}");
    }
    let index = std::fs::read(repo.path().join(".git/tidegate/index")).unwrap();
    hides(&String::from_utf8(index).unwrap());
}

#[test]
fn a_secret_inside_of_another_text_is_cut_however_it_is_spelt() {
    let (repo, base) = shop(CONFIG);
    for (name, args) in [
        ("doubled", "['--db-password=''C''']"),
        ("escaped", r#"[sh, -c, "run --db-password=\"my C\""]"#),
        ("joined", r#"["run --token='a'C"]"#),
        ("inner", r#"["run --token=\"a\\\"C\""]"#),
        ("nested", r#"['bash -c "run --token=\"my C\""']"#),
        ("blank", r#"["--db-password=it's C"]"#),
        ("broken", "[\"run --token=a\\\n              C\"]"),
        ("sign", r#"["https://a:b\u0040c:C@h"]"#),
    ] {
        let args = format!("          args: {args}\n          resources:\n").replace('C', CANARY);
        let text = deployment(name, "").replace("          resources:\n", &args);
        repo.write(format!("prod/{name}.yaml"), text);
    }
    let range = format!("{base}..{}", repo.commit("args"));
    hides(&everything_said(&repo, &range));
    for format in [
        "human", "json", "sarif", "markdown", "github", "junit", "gitlab",
    ] {
        let output = tidegate(&repo, &["check", "--all", &range, "--output", format]);
        let said = stdout(&output) + &stderr(&output);
        hides(&said);
        assert!(said.contains("doubled"), "{said}");
    }
}

#[test]
fn two_secret_values_have_two_digests_and_one_answer() {
    let digest = |value: &str| {
        let (repo, base) = shop(CONFIG);
        repo.write("prod/data.yaml", &manifests(value)[1].1)
            .commit("a secret");
        unit(&check(&repo, base), "prod", "prod").change_digest
    };
    assert_ne!(digest("1"), digest("2"));
    assert_eq!(digest("1"), digest("1"));
}
