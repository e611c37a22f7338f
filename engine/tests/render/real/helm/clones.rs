//! Charts of public repositories, rendered by us and in their checkouts.
//! Knows no unit.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tidegate::git::Repository;
use tidegate::model::{RepoPath, code_of};

use super::{helms, objects, options, plain, programs, render};

/// Every chart of the clones in `TIDEGATE_TRY`, rendered by us and in the checkout.
#[test]
#[ignore = "needs helm, and `TIDEGATE_TRY` with clones"]
#[expect(clippy::disallowed_methods, reason = "names the clones")]
#[expect(clippy::print_stdout, reason = "says what was found in them")]
fn every_chart_of_a_clone_gives_what_it_gives_in_its_checkout() {
    let clones = std::env::var("TIDEGATE_TRY").unwrap_or_default();
    for clone in clones.split(':').filter(|clone| !clone.is_empty()) {
        for helm in helms() {
            let repository = Repository::open(Path::new(clone)).unwrap();
            let snapshot = repository
                .snapshot(repository.resolve("HEAD").unwrap())
                .unwrap();
            let programs = programs(&helm);
            let (mut same, mut count, mut both) = (0, 0, 0);
            let mut refused = BTreeMap::<String, Vec<String>>::new();
            for entry in repository.entries(&snapshot).unwrap() {
                let folder = RepoPath::new(entry.path.parent());
                if entry.path.file_name() != b"Chart.yaml" {
                    continue;
                }
                let ours = render(&repository, &snapshot, &folder, &options(), &programs);
                let checkout = Path::new(clone).join(folder.to_string());
                let theirs = plain(&helm, &checkout, &["--include-crds"]);
                match (ours, theirs) {
                    (Ok(ours), Ok(theirs)) => {
                        let (mut ours, mut theirs) = (objects(&ours.text), objects(&theirs));
                        if ours != theirs {
                            // Secrets that are made anew are never the same.
                            hide_secrets(&mut ours);
                            hide_secrets(&mut theirs);
                        }
                        assert_eq!(ours, theirs, "{clone}: {folder}");
                        (same, count) = (same + 1, count + ours.len());
                    }
                    (Err(error), Err(_)) if code_of(&error) == "render.tool-failed" => both += 1,
                    (ours, theirs) => {
                        let ours = ours.map(|_| "renders".to_owned());
                        let code = ours.as_ref().map_or_else(
                            |error| code_of(error),
                            |_| "fails in a checkout".to_owned(),
                        );
                        let told = ours.unwrap_or_else(|error| error.to_string());
                        let plain = if theirs.is_ok() { "works" } else { "fails" };
                        refused
                            .entry(code)
                            .or_default()
                            .push(format!("{folder}: {told} [plain {plain}]"));
                    }
                }
            }
            let name = helm.display();
            println!(
                "{clone} {name}: {same} charts the same ({count} objects), {both} fail in both, {refused:#?}"
            );
        }
    }
}

fn hide_secrets(objects: &mut [Value]) {
    for object in objects
        .iter_mut()
        .filter(|object| object["kind"] == "Secret")
    {
        for key in ["data", "stringData"] {
            let values = object.get_mut(key).and_then(Value::as_object_mut);
            for value in values.into_iter().flat_map(|values| values.values_mut()) {
                *value = Value::Null;
            }
        }
    }
    objects.sort_by_key(ToString::to_string);
}
