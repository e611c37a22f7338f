//! What keeps a change from being judged, or its judgement from being told, is never a pass.
//! Knows the process from outside; what Git, stores and keys refuse stands beside them.

use std::time::Duration;

use super::*;

#[test]
fn what_lies_beside_policies_is_bounded() {
    let (repo, base) = shop(CONFIG);
    for number in 0..17 {
        let path = format!(".tidegate/policies/t/cases/{number}/base/x.yaml");
        repo.write(path, vec![b'#'; 4 << 20]);
    }
    repo.commit("many cases");
    let range = request(&format!("{base}..HEAD"));
    let codes = match check_with(&repo, &range) {
        Ok(report) => error_codes(&report),
        Err(error) => vec![code_of(&error)],
    };
    assert!(
        codes.contains(&"limit.policy-folder".to_owned()),
        "{codes:?}"
    );
}

#[test]
fn a_file_that_is_too_large_is_named() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/big.yaml", vec![b'#'; (4 << 20) + 1])
        .commit("a large file");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
    let [(code, message)] = errors(&report).try_into().unwrap();
    assert_eq!(code, "limit.blob");
    assert!(message.starts_with("prod/big.yaml: "), "{message}");
}

#[test]
fn long_lists_are_compared_in_time_that_grows_with_them() {
    let variables = |value: &str| -> String {
        let sound = deployment("odoo", "2Gi");
        let each = (0..20_000).map(|n| format!("            - {{name: A{n}, value: {value}}}\n"));
        format!("{sound}          env:\n{}", each.collect::<String>())
    };
    let keys = |value: &str| -> String {
        let each = (0..20_000).map(|n| format!("  k{n}: {value}\n"));
        let data: String = each.collect();
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: shop}}\nstringData:\n{data}"
        )
    };
    let (repo, _) = shop(CONFIG);
    repo.write("prod/odoo.yaml", variables("a"))
        .write("prod/secret.yaml", keys("a"))
        .commit("long lists");
    repo.write("prod/odoo.yaml", variables("b"))
        .write("prod/secret.yaml", keys("b"))
        .commit("changed everywhere");
    let begun = std::time::Instant::now();
    let found = gate::diff(&repo.open(), &request("HEAD~1..HEAD")).unwrap();
    assert_eq!(found.errors.len(), 0);
    assert_eq!(found.units[0].changes.len(), 2);
    // With the square of their length it would take hours.
    assert!(begun.elapsed() < Duration::from_secs(120));
}
