//! Files that a change must not bring: what each is refused for, where, and with which exit code.
//! Knows nothing of how that is found out; what the reader alone is asked stands beside the reader.

use super::*;

/// What comes of a file.
enum Then {
    /// It could not be judged: the code, and the place within the file.
    Error(&'static str, &'static str),
    /// It is denied by a finding of this code.
    Deny(&'static str),
    /// It is judged and passes.
    Pass,
}

use Then::{Deny, Error, Pass};

/// What it is, the file's ending, its content, and what comes of it.
type Case = (&'static str, &'static str, Vec<u8>, Then);

#[test]
fn every_bad_file_is_told_by_its_code_and_place() {
    let (repo, base) = shop(CONFIG);
    let mut wrong = Vec::new();
    for (name, ending, content, then) in texts().into_iter().chain(bytes()).chain(objects()) {
        let path = format!("prod/x.{ending}");
        repo.write(&path, content).commit(name);
        let report = check(&repo, base);
        repo.git(&["reset", "--quiet", "--hard", &base.to_string()]);
        let found = (report.exit, errors(&report), blocking(&report));
        let fits = match then {
            Error(code, place) => {
                let at = match place {
                    "" => format!("{path}:"),
                    place => format!("{path}:{place}:"),
                };
                let told =
                    |(found, text): &(String, String)| found == code && text.starts_with(&at);
                found.0 == Exit::Unjudged && found.1.iter().any(told)
            }
            Deny(code) => {
                let code = format!("{code} of ");
                found.0 == Exit::Denied && found.2.iter().any(|found| found.starts_with(&code))
            }
            Pass => found.0 == Exit::Pass,
        };
        if !fits {
            wrong.push(format!("{name}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What cannot be read, though it is text.
#[expect(clippy::too_many_lines, reason = "a table")]
fn texts() -> Vec<Case> {
    let laughs = (1..9).map(|level| {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        format!("a{level}: &a{level} [{below}]\n")
    });
    let laughs = format!(
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n{}",
        laughs.collect::<String>()
    );
    let text = |name, content: &str, then| (name, "yaml", content.as_bytes().to_vec(), then);
    let json = |name, content: &str, then| (name, "json", content.as_bytes().to_vec(), then);
    vec![
        text(
            "a key twice",
            "a: 1\na: 2\n",
            Error("yaml.duplicate-key", "2:1"),
        ),
        text(
            "a key twice deep down",
            "a: {b: {c: {d: {e: 1, \"e\": 2}}}}\n",
            Error("yaml.duplicate-key", "1:23"),
        ),
        text(
            "a key twice by its tag",
            "a: 1\n!!str a: 2\n",
            Error("yaml.duplicate-key", ""),
        ),
        text(
            "two keys that are one to Kubernetes",
            "y: 1\n\"true\": 2\n",
            Error("yaml.duplicate-key", "2:1"),
        ),
        text(
            "a merge that overrides",
            "a: &a {k: 1}\nb:\n  k: 2\n  <<: *a\n",
            Error("yaml.merge-conflict", "4:3"),
        ),
        text(
            "two merges of one key",
            "a: &a {k: 1}\nb: &b {k: 2}\nc:\n  <<: [*a, *b]\n",
            Error("yaml.merge-conflict", ""),
        ),
        text(
            "a merge of no mapping",
            "a:\n  <<: 1\n",
            Error("yaml.merge", "2:3"),
        ),
        text("a billion laughs", &laughs, Error("limit.yaml-aliases", "")),
        text(
            "an alias of what holds it",
            "a: &a [*a]\n",
            Error("yaml.alias-cycle", "1:8"),
        ),
        text(
            "an alias of another document",
            "a: &a 1\n---\nb: *a\n",
            Error("yaml.unknown-alias", "3:4"),
        ),
        text(
            "brackets that never close",
            &"[".repeat(10_000),
            Error("limit.yaml-depth", "1:129"),
        ),
        text(
            "braces that never close",
            &"{a: ".repeat(10_000),
            Error("limit.yaml-depth", ""),
        ),
        text(
            "dashes in dashes",
            &"- ".repeat(10_000),
            Error("limit.yaml-depth", ""),
        ),
        text(
            "a tab as indentation",
            "a:\n\tb: 1\n",
            Error("yaml.syntax", "2:2"),
        ),
        text("NUL", "a: \u{0}\n", Error("yaml.control-character", "1:4")),
        text(
            "a control character",
            "a: 1\nb: \u{1}\n",
            Error("yaml.control-character", "2:4"),
        ),
        text(
            "a line separator",
            "a: ü\u{2028}\n",
            Error("yaml.line-break", "1:5"),
        ),
        text(
            "a version",
            "%YAML 1.1\n---\na: 1\n",
            Error("yaml.directive", "1:1"),
        ),
        text(
            "a newer version",
            "%YAML 1.3\n---\na: 1\n",
            Error("yaml.directive", "1:1"),
        ),
        text(
            "a prefix of tags",
            "%TAG !x tag:x,1:\n---\na: 1\n",
            Error("yaml.directive", "1:1"),
        ),
        text(
            "a tag of one's own",
            "a: !vault x\n",
            Error("yaml.tag", "1:11"),
        ),
        text(
            "a tag that runs",
            "a: !!python/object/apply:os.system [x]\n",
            Error("yaml.tag", ""),
        ),
        text(
            "binary by its tag",
            "a: !!binary eA==\n",
            Error("yaml.tag", ""),
        ),
        text("infinity", "a: .inf\n", Error("yaml.non-finite", "1:4")),
        text(
            "text after the end",
            "a: 1\n...\nb: 2\n",
            Error("yaml.trailing", "3:1"),
        ),
        text(
            "a value beside the separator",
            "a: 1\n--- {a: 1}\n",
            Error("yaml.separator", "2:1"),
        ),
        text(
            "a stream of JSON",
            "{\"a\":1}{\"b\":2}",
            Error("yaml.trailing", "1:8"),
        ),
        text(
            "lines of JSON",
            "{\"a\":1}\n{\"b\":2}\n",
            Error("yaml.trailing", "2:1"),
        ),
        text(
            "garbage after JSON",
            "{\"a\":1}garbage",
            Error("yaml.trailing", "1:8"),
        ),
        text(
            "a carriage return alone",
            "a: 1\r---\rb: 2\n",
            Error("yaml.lone-cr", "1:5"),
        ),
        text(
            "nothing as a key",
            "a:\n  null: 1\n",
            Error("yaml.key", "2:3"),
        ),
        text(
            "a mapping as a key",
            "{a: 1}: b\n",
            Error("yaml.key", "1:1"),
        ),
        text(
            "an impossible indentation",
            "a: |0\n  x\n",
            Error("yaml.syntax", "1:4"),
        ),
        text(
            "a template",
            "a: {{ .Values.x }}\n",
            Error("yaml.syntax", "1:5"),
        ),
        text(
            "a private key",
            "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n",
            Error("yaml.separator", "1:1"),
        ),
        text(
            "too many documents",
            &"---\na: 1\n".repeat(1_001),
            Error("limit.yaml-documents", ""),
        ),
        text(
            "a third document that is broken",
            &format!(
                "{}---\n{}---\na: [\n",
                config_map("a", "1"),
                config_map("b", "1")
            ),
            Error("yaml.syntax", ""),
        ),
        text(
            "a line of five megabytes",
            &format!("a: {}\n", "x".repeat(5 << 20)),
            Error("limit.blob", ""),
        ),
        text(
            "a comment of five megabytes",
            &"#".repeat(5 << 20),
            Error("limit.blob", ""),
        ),
        json(
            "JSON with comments",
            "// x\n{}",
            Error("json.syntax", "1:1"),
        ),
        json(
            "JSON with a last comma",
            "{\"a\":1,}",
            Error("json.syntax", "1:8"),
        ),
        json(
            "a key of JSON twice",
            "{\"a\":1,\"a\":2}",
            Error("json.duplicate-key", "1:8"),
        ),
        json(
            "JSON with a byte order mark",
            "\u{feff}{}",
            Error("json.syntax", "1:1"),
        ),
        json(
            "JSON in single quotes",
            "{'a':1}",
            Error("json.syntax", "1:2"),
        ),
        json("no number", "{\"a\":NaN}", Error("json.syntax", "1:6")),
        json(
            "half a surrogate pair",
            "{\"a\":\"\\ud800\"}",
            Error("json.string", "1:7"),
        ),
        json(
            "a number of no reader",
            "{\"a\":1e400}",
            Error("json.number", "1:11"),
        ),
        json("two values", "{} {}", Error("json.trailing", "1:4")),
        json(
            "JSON that never closes",
            &"[".repeat(100_000),
            Error("limit.yaml-depth", "1:129"),
        ),
    ]
}

/// What is no text.
fn bytes() -> Vec<Case> {
    let utf_16: Vec<u8> = "\u{feff}a: 1\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let bytes = |name, content: &[u8], then| (name, "yaml", content.to_vec(), then);
    vec![
        bytes("UTF-16", &utf_16, Error("yaml.encoding", "1:1")),
        bytes(
            "UTF-32",
            b"\xff\xfe\0\0a\0\0\0",
            Error("yaml.encoding", "1:1"),
        ),
        bytes("Latin-1", b"a: \xe9\n", Error("yaml.encoding", "1:4")),
        bytes(
            "gzip",
            b"\x1f\x8b\x08\0\0\0\0\0",
            Error("yaml.encoding", ""),
        ),
        bytes(
            "a picture",
            b"\x89PNG\r\n\x1a\n\0\0",
            Error("yaml.encoding", "1:1"),
        ),
        bytes(
            "a program",
            b"\x7fELF\x02\x01\x01\0\xff",
            Error("yaml.encoding", ""),
        ),
        bytes(
            "what git-crypt wrote",
            b"\0GITCRYPT\0abc",
            Error("manifest.encrypted", ""),
        ),
    ]
}

/// What can be read and is no object, or none that is judged as it stands.
#[expect(clippy::too_many_lines, reason = "a table")]
fn objects() -> Vec<Case> {
    let text = |name, content: &str, then| (name, "yaml", content.as_bytes().to_vec(), then);
    let sound = deployment("other", "2Gi");
    let with = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        sound.replace(from, to)
    };
    let meta = |field: &str| {
        with(
            "  namespace: shop\n",
            &format!("  namespace: shop\n  {field}\n"),
        )
    };
    let list = |inner: &str| format!("{{apiVersion: v1, kind: List, items: [{inner}]}}");
    let named =
        |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
    let twice = format!(
        "{sound}        - name: other\n          image: registry.example/shop/other:1.0.0@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5\n          \
         resources: {{requests: {{cpu: 1, memory: 1Gi}}, limits: {{memory: 1Gi}}}}\n"
    );
    vec![
        text(
            "a file of text",
            "just text\n",
            Error("manifest.not-an-object", "1:1"),
        ),
        text(
            "a list at the top",
            "- apiVersion: v1\n  kind: Pod\n",
            Error("manifest.not-an-object", "1:1"),
        ),
        text(
            "lists in lists in lists in lists",
            &list(&list(&list(&list("")))),
            Error("limit.list-depth", ""),
        ),
        text(
            "a list of nothing named",
            &list("{}"),
            Error("manifest.not-an-object", ""),
        ),
        text(
            "a version of three parts",
            "apiVersion: a/b/c\nkind: Pod\n",
            Error("manifest.not-an-object", "1:13"),
        ),
        text(
            "a list of kinds",
            "apiVersion: v1\nkind: [Pod]\n",
            Error("manifest.not-an-object", "2:7"),
        ),
        text(
            "no kind",
            "apiVersion: v1\nmetadata: {name: a}\n",
            Error("manifest.not-an-object", "1:1"),
        ),
        text(
            "a kind with a joiner",
            &named("a").replace("kind", "ki\u{200d}nd"),
            Error("manifest.not-an-object", "1:1"),
        ),
        text(
            "no name",
            "apiVersion: v1\nkind: ConfigMap\n",
            Error("manifest.name", "1:1"),
        ),
        text(
            "a name that climbs",
            &named("../x"),
            Error("manifest.name", "3:18"),
        ),
        text(
            "a name of 254 letters",
            &named(&"a".repeat(254)),
            Error("manifest.name", "3:18"),
        ),
        text(
            "a name in capitals",
            &named("Web"),
            Error("manifest.name", "3:18"),
        ),
        text(
            "an object that SOPS encrypted",
            &format!("{}sops: {{mac: x}}\n", named("a")),
            Error("manifest.encrypted", "4:1"),
        ),
        text(
            "a number as an image",
            &with(
                "registry.example/shop/other:1.0.0@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5",
                "12",
            ),
            Error("manifest.misshapen", "16:18"),
        ),
        text(
            "a text as replicas",
            &with("replicas: 4", "replicas: \"3\""),
            Error("manifest.misshapen", "7:13"),
        ),
        text(
            "half a replica",
            &with("replicas: 4", "replicas: 1.5"),
            Error("manifest.misshapen", "7:13"),
        ),
        text(
            "fewer replicas than none",
            &with("replicas: 4", "replicas: -1"),
            Error("manifest.misshapen", "7:13"),
        ),
        text(
            "more replicas than a number holds",
            &with("replicas: 4", "replicas: 2147483648"),
            Error("manifest.misshapen", "7:13"),
        ),
        text(
            "more replicas than any number holds",
            &with("replicas: 4", "replicas: 99999999999999999999999"),
            Error("manifest.misshapen", "7:13"),
        ),
        text(
            "a label of 64 letters",
            &meta(&format!("labels: {{a: {}}}", "a".repeat(64))),
            Error("manifest.misshapen", "6:15"),
        ),
        text(
            "a label of two lines",
            &meta("labels: {a: \"a\\nb\"}"),
            Error("manifest.misshapen", "6:15"),
        ),
        text(
            "annotations beyond 256 KiB",
            &meta(&format!("annotations: {{a: {}}}", "a".repeat(300_000))),
            Error("manifest.misshapen", "6:16"),
        ),
        text(
            "two containers of one name",
            &twice,
            Error("manifest.duplicate-list-key", "20:11"),
        ),
        text(
            "a variable twice",
            &format!("{sound}          env: [{{name: A, value: b}}, {{name: A, value: c}}]\n"),
            Error("manifest.duplicate-list-key", "20:38"),
        ),
        text(
            "no spec",
            &sound[..sound.find("spec:").unwrap()],
            Error("manifest.misshapen", ""),
        ),
        text(
            "when it is to be deleted",
            &meta("deletionTimestamp: \"2026-11-20T10:00:00Z\""),
            Deny("engine.server-field"),
        ),
        text(
            "whose it is",
            &meta("ownerReferences: [{apiVersion: v1, kind: Pod, name: a, uid: b}]"),
            Deny("engine.server-field"),
        ),
        text(
            "a key that looks like another",
            &config_map("a", "1").replace("key:", "k\u{435}y:"),
            Deny("engine.suspicious-key"),
        ),
        text(
            "a key with what is not seen",
            &config_map("a", "1").replace("key:", "k\u{200d}ey:"),
            Deny("engine.suspicious-key"),
        ),
        text(
            "a size that is none",
            &with("memory: 2Gi}\n", "memory: 1gi}\n"),
            Deny("resources.invalid-quantity"),
        ),
        text(
            "a size that nothing has",
            &with("memory: 2Gi}\n", "memory: 9999999999999999999Ei}\n"),
            Deny("resources.invalid-quantity"),
        ),
        text(
            "a negative size",
            &with("memory: 2Gi}\n", "memory: -1}\n"),
            Deny("resources.invalid-quantity"),
        ),
        text(
            "one object of two versions",
            "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: a, namespace: shop}\nspec: {maxReplicas: 2}\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a, namespace: shop}\nspec: {maxReplicas: 2}\n",
            Deny("engine.duplicate-object"),
        ),
        text(
            "words in another language",
            &config_map("a", "1").replace("key:", "gr\u{fc}n:"),
            Pass,
        ),
        text("a byte order mark", &format!("\u{feff}{sound}"), Pass),
        text(
            "a quoted merge sign",
            &config_map("a", "1").replace("key:", "\"<<\":"),
            Pass,
        ),
    ]
}
