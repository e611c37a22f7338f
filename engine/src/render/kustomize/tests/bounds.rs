//! How many kustomizations there may be, and how far they may lead: at the limit, one above, ten times above.

use super::closure_of;
use crate::model::{code_of, limits};
use crate::render::files::fake::FakeFiles;

#[test]
fn kustomizations_lead_to_each_other_up_to_the_limit() {
    let most = limits::KUSTOMIZATION_DEPTH.most;
    for (count, refused) in [(most, false), (most + 1, true), (10 * most, true)] {
        let next = |n: usize| match n + 1 == count {
            true => "namespace: x".to_owned(),
            false => format!("resources: [../d{}]", n + 1),
        };
        let files = (0..count).map(|n| (format!("d{n}/kustomization.yaml"), next(n)));
        assert_eq!(
            code(files, "d0"),
            told(refused, "limit.kustomization-depth")
        );
    }
}

#[test]
fn kustomizations_are_counted_up_to_the_limit() {
    let most = limits::KUSTOMIZATIONS.most;
    for (count, refused) in [(most, false), (most + 1, true), (10 * most, true)] {
        let bases = (1..count).map(|n| format!("- ../d{n}\n"));
        let root = format!("resources:\n{}", bases.collect::<String>());
        // Nobody comes to those that follow the first one that is too many.
        let all = (1..count.min(most + 2))
            .map(|n| {
                (
                    format!("d{n}/kustomization.yaml"),
                    "namespace: x".to_owned(),
                )
            })
            .chain([("root/kustomization.yaml".to_owned(), root)]);
        assert_eq!(code(all, "root"), told(refused, "limit.kustomizations"));
    }
}

fn code(files: impl Iterator<Item = (String, String)>, folder: &str) -> Option<String> {
    let files: Vec<(String, String)> = files.collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let closure = closure_of(&FakeFiles::of(&files), folder);
    closure.err().map(|error| code_of(&error))
}

fn told(refused: bool, code: &str) -> Option<String> {
    refused.then(|| code.to_owned())
}
