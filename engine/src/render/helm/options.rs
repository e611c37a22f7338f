//! What the deployer tells Helm, checked before anything is started: names, files of values, parameters.
//! Knows nothing of the chart.

use std::collections::BTreeMap;

use super::Error;
use crate::model::RepoPath;
use crate::render::files::inside;
use crate::render::{Closure, Files, Found, Helm};

/// The files that the options name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inputs {
    /// Of values, in order; those that may be missing and are, left out.
    pub(super) values: Vec<RepoPath>,
    /// Of single values, by their names.
    pub(super) single: Vec<(String, RepoPath)>,
}

/// Checks the options of the chart in `folder`; the files that they name become inputs.
///
/// # Errors
/// A release that Helm does not take, a parameter that could mean two things, a file that is not there, is
/// fetched, or lies out of the tree.
pub(super) fn check(
    files: &dyn Files,
    folder: &RepoPath,
    options: &Helm,
    closure: &mut Closure,
) -> Result<Inputs, Error> {
    told(folder, options)?;
    let mut inputs = Inputs::default();
    let mut find = |path| input(files, folder, path, options, closure);
    for path in &options.value_files {
        inputs.values.extend(find(path)?);
    }
    for (name, path) in &options.file_parameters {
        let found = find(path)?.ok_or_else(|| missing(folder, path))?;
        inputs.single.push((name.clone(), found));
    }
    Ok(inputs)
}

/// Checks what the options say without naming files.
fn told(folder: &RepoPath, options: &Helm) -> Result<(), Error> {
    let wrong = |what| Error::Options {
        folder: folder.clone(),
        what,
    };
    if !is_release(&options.release) {
        return Err(wrong(format!(
            "`{}` is no name of a release: at most 53 lower-case letters, digits, `-` and `.`",
            shown(&options.release)
        )));
    }
    if let Some(version) = options
        .kube_version
        .as_deref()
        .filter(|version| !is_version(version))
    {
        let what = format!(
            "`{}` is no version of Kubernetes, as `1.34.0` is",
            shown(version)
        );
        return Err(wrong(what));
    }
    let single = options.file_parameters.iter().map(|(name, _)| name);
    let names = options.parameters.iter().map(|parameter| &parameter.name);
    let names: Vec<&String> = names.chain(single).collect();
    if let Some(name) = names.iter().find(|name| !is_one_name(name)) {
        return Err(wrong(format!(
            "Helm may take the parameter `{}` for something else than one name; put it into a file of values",
            shown(name)
        )));
    }
    if let Some((one, other)) = unordered(&names).or_else(|| two_kinds(&names)) {
        return Err(wrong(format!(
            "the parameters `{}` and `{}` set the same value, and their order is not kept",
            shown(one),
            shown(other)
        )));
    }
    Ok(())
}

/// The file that is meant by `path`; none where there is none and need not be.
fn input(
    files: &dyn Files,
    folder: &RepoPath,
    path: &RepoPath,
    options: &Helm,
    closure: &mut Closure,
) -> Result<Option<RepoPath>, Error> {
    let (place, what) = (place(folder), path.to_string());
    let text = path.as_str().unwrap_or(SEPARATORS);
    if text.contains("://") {
        return Err(Error::Remote { place, what });
    }
    if text.starts_with('/') {
        return Err(Error::Absolute { place, what });
    }
    // Helm takes a comma for the end of a name.
    if text.contains(|c: char| SEPARATORS.contains(c) || c.is_control()) {
        return Err(Error::Options {
            folder: folder.clone(),
            what: format!("Helm takes `{what}` for something else than a file; rename it"),
        });
    }
    let Some(inner) = inside(b"", path.as_bytes()) else {
        return Err(Error::OutsideTree { place, what });
    };
    let inner = RepoPath::new(inner);
    let resolved = files.resolve(&inner)?;
    for link in resolved.links {
        closure.insert(link)?;
    }
    match resolved.found {
        Found::File(entry) => {
            closure.insert(entry)?;
            Ok(Some(resolved.path))
        }
        Found::Nothing if options.ignore_missing_value_files => {
            closure.insert_absent(inner);
            Ok(None)
        }
        Found::Submodule(entry) => Err(Error::Submodule { path: entry.path }),
        Found::Nothing | Found::Folder | Found::Link(_) => Err(missing(folder, path)),
    }
}

fn missing(folder: &RepoPath, path: &RepoPath) -> Error {
    Error::Missing {
        place: place(folder),
        what: path.to_string(),
        wanted: "file of values",
    }
}

fn place(folder: &RepoPath) -> String {
    format!("the deployer's options for `{folder}`")
}

fn shown(text: &str) -> String {
    RepoPath::from(text).to_string()
}

/// Helm's own rule.
fn is_release(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let segment = |segment: &str| {
        let bytes = segment.as_bytes();
        bytes.first().is_some_and(|byte| plain(*byte))
            && bytes.last().is_some_and(|byte| plain(*byte))
            && bytes.iter().all(|byte| plain(*byte) || *byte == b'-')
    };
    name.len() <= RELEASE_LENGTH && name.split('.').all(segment)
}

/// Two numbers or more, `v` before and anything behind them; Helm takes no text for none.
fn is_version(version: &str) -> bool {
    let numbers = version.strip_prefix('v').unwrap_or(version);
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    let (major, rest) = numbers.split_at(digits(numbers));
    !major.is_empty()
        && rest
            .strip_prefix('.')
            .is_some_and(|minor| digits(minor) > 0)
}

/// Two parameters of which one sets what the other sets, or more. Argo CD hands them over in an order that
/// is another one each time, except for the last of one name, which it takes alone.
fn unordered<'a>(names: &[&'a String]) -> Option<(&'a String, &'a String)> {
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let leads_to = |one: &str, other: &str| {
        let rest = other.strip_prefix(one);
        rest.is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    let mut pairs = sorted.iter().enumerate().flat_map(|(at, one)| {
        let after = sorted.iter().skip(at + 1);
        let after = after.take_while(|other| other.starts_with(one.as_str()));
        after.map(move |other| (*one, *other))
    });
    pairs.find(|(one, other)| leads_to(one, other))
}

/// Two parameters of which one makes a mapping of what the other makes a list.
fn two_kinds<'a>(names: &[&'a String]) -> Option<(&'a String, &'a String)> {
    let mut kinds: BTreeMap<&str, (char, &String)> = BTreeMap::new();
    for name in names {
        for (at, mark) in name.match_indices(['.', '[']) {
            let mark = if mark == "[" { '[' } else { '.' };
            let before = name.get(..at).unwrap_or_default();
            let (first, one) = kinds.entry(before).or_insert((mark, name));
            if *first != mark {
                return Some((one, name));
            }
        }
    }
    None
}

/// Whether the name of a parameter is one to Helm in any case: names between dots, each with items (`[0]`) behind it.
#[must_use]
pub fn is_one_name(name: &str) -> bool {
    name.split('.').all(|segment| {
        let (word, items) = match segment.find('[') {
            Some(at) => segment.split_at(at),
            None => (segment, ""),
        };
        let plain = |c: char| !c.is_control() && !c.is_whitespace() && !",=\\{}[]\"'`".contains(c);
        let mut items = items.split_inclusive(']');
        !word.is_empty() && word.chars().all(plain) && items.all(is_item)
    })
}

/// `[0]` or `[12]`: with no zero in front, and no sign.
fn is_item(text: &str) -> bool {
    let number = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    number.is_some_and(|number| {
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        digits && (number == "0" || !number.is_empty() && !number.starts_with('0'))
    })
}

/// What separates or quotes where Helm takes several names at once.
const SEPARATORS: &str = ",\"\\{}";
const RELEASE_LENGTH: usize = 53;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;
    use crate::render::Parameter;
    use crate::render::files::fake::FakeFiles;

    fn options(value_files: &[&str]) -> Helm {
        Helm {
            release: "shop".to_owned(),
            value_files: value_files
                .iter()
                .map(|path| RepoPath::from(*path))
                .collect(),
            ..Helm::default()
        }
    }

    fn code(options: &Helm) -> String {
        let files = FakeFiles::of(&[("values/prod.yaml", ""), ("chart/Chart.yaml", "")])
            .link("values/up.yaml", "../../x");
        let checked = check(&files, &"chart".into(), options, &mut Closure::default());
        code_of(&checked.unwrap_err())
    }

    #[test]
    fn files_of_values_are_inputs_in_their_order() {
        let files = FakeFiles::of(&[("a.yaml", ""), ("v/b.yaml", "")]).link("c.yaml", "v/b.yaml");
        let mut closure = Closure::default();
        let options = Helm {
            ignore_missing_value_files: true,
            file_parameters: vec![("cert".to_owned(), "a.yaml".into())],
            ..options(&["c.yaml", "none.yaml", "v/../a.yaml"])
        };
        let inputs = check(&files, &"chart".into(), &options, &mut closure).unwrap();
        assert_eq!(inputs.values, ["v/b.yaml".into(), "a.yaml".into()]);
        assert_eq!(inputs.single, [("cert".to_owned(), "a.yaml".into())]);
        let selector = closure.selector().unwrap();
        assert_eq!(
            selector.patterns(),
            ["a.yaml", "c.yaml", "none.yaml", "v/b.yaml"]
        );
    }

    #[test]
    fn files_of_values_from_elsewhere_are_refused() {
        let cases = [
            ("https://shop.example/values.yaml", "render.remote-input"),
            ("oci://shop.example/values", "render.remote-input"),
            ("../../etc/passwd", "render.outside-tree"),
            ("values/../../x", "render.outside-tree"),
            ("/etc/passwd", "render.absolute-path"),
            ("values/up.yaml", "render.link-outside"),
            ("values/none.yaml", "render.missing-input"),
            ("values", "render.missing-input"),
            ("values/prod.yaml,../../etc/passwd", "render.options"),
            ("\"x\"", "render.options"),
        ];
        for (path, wanted) in cases {
            assert_eq!(code(&options(&[path])), wanted, "{path}");
        }
    }

    #[test]
    fn a_release_that_helm_would_run_as_a_template_is_refused() {
        for release in [
            "",
            "{{ env \"HOME\" }}",
            "Shop",
            "shop_eu",
            "-x",
            "a..b",
            &"x".repeat(54),
        ] {
            let options = Helm {
                release: release.to_owned(),
                ..Helm::default()
            };
            assert_eq!(code(&options), "render.options", "{release}");
        }
    }

    #[test]
    fn parameters_that_set_one_value_twice_are_refused() {
        let with = |names: &[&str]| Helm {
            parameters: names
                .iter()
                .map(|name| Parameter {
                    name: (*name).to_owned(),
                    ..Parameter::default()
                })
                .collect(),
            ..options(&[])
        };
        assert_eq!(code(&with(&["a.b", "x", "a"])), "render.options");
        assert_eq!(code(&with(&["a[0]", "a-b", "a"])), "render.options");
        assert_eq!(code(&with(&["a.b", "x", "a[0]"])), "render.options");
        for name in [
            "", "a,b", "a=b", "a\\.b", "a{", "\"a\"", "'a'", "a[]", "a[-1]", "a[01]", "a[ 0]",
            "a[+1]", "a[0]b", "a[0", "a]", "a.[0]", "a..b", ".a", "a.", "a b", "a\n",
        ] {
            assert_eq!(code(&with(&[name])), "render.options", "{name}");
        }
        let files = FakeFiles::of(&[]);
        let fine = with(&[
            "a.b",
            "a.c",
            "ab",
            "a.b",
            "l[0].x",
            "l[10][2]",
            "k.d/e-f_g:h",
        ]);
        assert!(check(&files, &"chart".into(), &fine, &mut Closure::default()).is_ok());
    }

    #[test]
    fn a_version_of_kubernetes_that_is_none_is_refused() {
        let with = |version: &str| Helm {
            kube_version: Some(version.to_owned()),
            ..options(&[])
        };
        for version in ["", "v", "1", "latest", "v1.", ".1"] {
            assert_eq!(code(&with(version)), "render.options", "{version}");
        }
        let files = FakeFiles::of(&[]);
        for version in ["1.34", "v1.31.2+k3s1", "1.29.3-gke.100"] {
            let closure = &mut Closure::default();
            assert!(check(&files, &"chart".into(), &with(version), closure).is_ok());
        }
    }

    #[test]
    fn a_file_parameter_that_names_a_second_file_is_refused() {
        let options = Helm {
            file_parameters: vec![("a=/etc/passwd,b".to_owned(), "values/prod.yaml".into())],
            ..options(&[])
        };
        assert_eq!(code(&options), "render.options");
    }
}
