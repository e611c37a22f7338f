//! Image references: what is read, written in full, reads the same; a reference is its parts and
//! nothing else; a tag is a version only by its digits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate::facts::workloads::ImageRef;

fuzz_target!(|text: &str| {
    let Some(image) = ImageRef::parse(text) else {
        return;
    };
    let tag = image
        .tag
        .as_ref()
        .map(|tag| format!(":{tag}"))
        .unwrap_or_default();
    let digest = image
        .digest
        .as_ref()
        .map(|digest| format!("@{digest}"))
        .unwrap_or_default();
    let canonical = format!("{}{tag}{digest}", image.repository);
    assert_eq!(
        ImageRef::parse(&canonical).as_ref(),
        Some(&image),
        "{canonical}"
    );
    assert!(text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_whitespace()));
    assert!(text.ends_with(&format!("{tag}{digest}")));
    let name = text
        .strip_suffix(&format!("{tag}{digest}"))
        .unwrap_or_default();
    assert!(
        image
            .repository
            .ends_with(name.rsplit('/').next().unwrap_or_default())
    );
    let (host, path) = image
        .repository
        .split_once('/')
        .expect("a registry and a path");
    assert!(!host.is_empty() && !path.is_empty());
    assert!(
        !path
            .bytes()
            .any(|byte| byte.is_ascii_uppercase() || b"@:".contains(&byte))
    );
    if let Some(version) = image.version() {
        let digits = |byte: &u8| byte.is_ascii_digit();
        let in_tag: usize = tag.bytes().filter(|byte| digits(byte)).count();
        assert!(
            version
                .iter()
                .map(|part| part.to_string().len())
                .sum::<usize>()
                <= in_tag
        );
    }
});
