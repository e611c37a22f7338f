//! Secrets in hexadecimal digits, escaped as in URLs, and in objects of which operators make Secrets.

use super::*;

/// The canary in the spellings that tools and people give to values, in each place of a secret.
fn spellings(value: &str) -> Vec<(String, String)> {
    let whole = format!("{CANARY}{value}");
    let each = |form: fn(u8) -> String| whole.bytes().map(form).collect::<String>();
    let hex = each(|byte| format!("{byte:02x}"));
    let upper = each(|byte| format!("{byte:02X}"));
    let escaped = each(|byte| format!("%{byte:02X}"));
    let each = [
        ("hex", hex),
        ("upper", upper),
        ("url", escaped.clone()),
        ("mixed", format!("a%2F{}%3D", &escaped[..30])),
    ];
    let files = each.into_iter().map(|(name, text)| {
        let variables = format!(
            "          env: [{{name: DB_PASSWORD, value: \"{text}\"}}, {{name: DSN, value: \"redis://:{text}@h/0\"}}]\n          \
             args: [\"--api-token={text}\", \"https://h/x?token={text}&a=b\"]\n          resources:\n"
        );
        let pod = deployment(name, "").replace("          resources:\n", &variables);
        let secret = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: shop}}\nstringData:\n  dsn: \"{text}\" # {text}\n"
        );
        (format!("prod/{name}.yaml"), format!("{pod}---\n{secret}"))
    });
    files.collect()
}

/// Objects of which operators make Secrets, and what they were given, encrypted or not.
fn made_by_operators(value: &str) -> Vec<(String, String)> {
    let text = format!("{CANARY}{value}");
    let object = |group: &str, kind: &str, spec: &str| {
        let spec = spec.replace('@', &text);
        format!(
            "apiVersion: {group}\nkind: {kind}\nmetadata: {{name: db, namespace: shop}}\nspec: {spec}\n"
        )
    };
    let sealed = "{encryptedData: {key: \"AgB@\"}, template: {type: Opaque, data: {plain: \"@\"}}}";
    let external = "{secretStoreRef: {name: vault}, data: [{secretKey: key, remoteRef: {key: shop/db}}], \
                    target: {template: {data: {dsn: \"odoo @ {{ .key }}\"}}}}";
    let encrypted =
        "{secretTemplates: [{name: db, stringData: {key: \"ENC[AES256_GCM,data:@,type:str]\"}}]}";
    [
        (
            "sealed",
            object("bitnami.com/v1alpha1", "SealedSecret", sealed),
        ),
        (
            "external",
            object("external-secrets.io/v1", "ExternalSecret", external),
        ),
        (
            "sops",
            object("isindir.github.com/v1alpha3", "SopsSecret", encrypted),
        ),
    ]
    .map(|(name, text)| (format!("prod/{name}.yaml"), text))
    .into()
}

/// Created, changed and deleted, in every format: nothing of it is said, and that something changed is.
fn hides_files(files: impl Fn(&str) -> Vec<(String, String)>) {
    let (repo, start) = shop(CONFIG);
    let put = |value: &str| {
        for (path, text) in files(value) {
            repo.write(path, text);
        }
        repo.commit("put")
    };
    let (created, changed) = (put(""), put("2"));
    for (path, _) in files("") {
        repo.remove(&path);
    }
    let deleted = repo.commit("gone");
    for range in [(start, created), (created, changed), (changed, deleted)] {
        let range = format!("{}..{}", range.0, range.1);
        hides(&everything_said(&repo, &range));
        for format in ["sarif", "markdown", "github", "junit", "gitlab"] {
            let output = tidegate(&repo, &["check", "--all", &range, "--output", format]);
            hides(&(stdout(&output) + &stderr(&output)));
        }
    }
    let output = tidegate(&repo, &["diff", &format!("{created}..{changed}")]);
    let said = stdout(&output);
    let hidden = said.matches("changed").count();
    assert!(hidden >= files("").len(), "{said}");
    let index = std::fs::read(repo.path().join(".git/tidegate/index")).unwrap();
    hides(&String::from_utf8(index).unwrap());
}

#[test]
fn a_secret_value_is_shown_in_none_of_its_spellings() {
    hides_files(spellings);
}

#[test]
fn what_an_operator_makes_a_secret_of_is_not_shown() {
    hides_files(made_by_operators);
}
