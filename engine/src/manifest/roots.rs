//! Which files are not what is deployed: kustomize and Helm make other objects of them.
//! Knows nothing of how they are rendered.

mod kustomization;

pub(crate) use kustomization::is_read_as;

use std::collections::BTreeMap;

use super::Role;
use super::file::role_of_name;
use crate::model::RepoPath;

/// The roots of a tree that need rendering, and all they reach.
#[derive(Clone, Debug, Default)]
pub struct RenderRoots {
    /// A file or folder, and the root that needs it. A root covers its own folder.
    covered: BTreeMap<Vec<u8>, Root>,
}

/// A folder that kustomize or Helm renders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The folder, empty for the root of the tree.
    pub path: RepoPath,
    /// By what.
    pub kind: RootKind,
    /// Its kustomization cannot be read, so that it may reach more than is known.
    pub unreadable: bool,
}

impl Root {
    /// The file that makes it one, by its usual name.
    #[must_use]
    pub fn file(&self) -> RepoPath {
        let name: &[u8] = match self.kind {
            RootKind::Kustomization => b"kustomization.yaml",
            RootKind::HelmChart => b"Chart.yaml",
        };
        match self.path.as_bytes() {
            b"" => RepoPath::new(name),
            folder => RepoPath::new([folder, name].join(&b'/')),
        }
    }
}

/// What renders a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootKind {
    /// kustomize.
    Kustomization,
    /// Helm.
    HelmChart,
}

/// What kustomizations name, by their bytes: two states of a repository hold nearly the same.
#[derive(Debug, Default)]
pub struct Named {
    /// Nothing of what cannot be read.
    known: BTreeMap<Vec<u8>, Option<Vec<String>>>,
    /// How many were read.
    read: usize,
}

impl Named {
    fn of(&mut self, bytes: Vec<u8>) -> Option<&[String]> {
        let read = &mut self.read;
        let entries = self.known.entry(bytes).or_insert_with_key(|bytes| {
            *read += 1;
            kustomization::reached(bytes)
        });
        entries.as_deref()
    }
}

impl RenderRoots {
    /// Finds the roots among the paths of a tree. Only kustomizations are read, so that nothing is
    /// where there are none; `named` remembers what they name.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn find<'path, E>(
        paths: impl Iterator<Item = &'path RepoPath>,
        mut read: impl FnMut(&RepoPath) -> Result<Vec<u8>, E>,
        named: &mut Named,
    ) -> Result<Self, E> {
        let mut covered = BTreeMap::new();
        let mut reached = Vec::new();
        for path in paths {
            let kind = match role_of_name(path) {
                Some(Role::Kustomization) => RootKind::Kustomization,
                Some(Role::HelmChart) => RootKind::HelmChart,
                _ => continue,
            };
            let mut root = Root {
                path: RepoPath::new(path.parent()),
                kind,
                unreadable: false,
            };
            if kind == RootKind::Kustomization {
                match named.of(read(path)?) {
                    Some(entries) => reached.extend(
                        entries
                            .iter()
                            .filter_map(|entry| resolve(path.parent(), entry))
                            .map(|entry| (entry, root.clone())),
                    ),
                    None => root.unreadable = true,
                }
            }
            covered.insert(path.parent().to_vec(), root);
        }
        for (path, root) in reached {
            covered.entry(path).or_insert(root);
        }
        Ok(Self { covered })
    }

    /// The root that must be rendered before anything can be said of this file: the nearest above
    /// it, or one that reaches it.
    #[must_use]
    pub fn needs_rendering(&self, path: &RepoPath) -> Option<&Root> {
        if self.covered.is_empty() {
            return None;
        }
        let mut path = path.as_bytes();
        loop {
            if let Some(root) = self.covered.get(path) {
                return Some(root);
            }
            if path.is_empty() {
                return None;
            }
            path = path
                .iter()
                .rposition(|byte| *byte == b'/')
                .and_then(|slash| path.get(..slash))
                .unwrap_or_default();
        }
    }

    /// What the place of a file says of its role; such a file is not parsed as objects.
    #[must_use]
    pub fn role(&self, path: &RepoPath) -> Option<Role> {
        if let Some(role) = role_of_name(path) {
            return Some(role);
        }
        let root = self.needs_rendering(path)?;
        if root.kind != RootKind::HelmChart {
            return None;
        }
        let folder = root.path.as_bytes();
        let below = path.as_bytes().strip_prefix(folder)?;
        let below = below.strip_prefix(b"/").unwrap_or(below);
        if below.starts_with(b"templates/") {
            Some(Role::HelmTemplate)
        } else if !below.contains(&b'/') && below.starts_with(b"values") {
            Some(Role::HelmValues)
        } else {
            None
        }
    }
}

/// The files and folders of the tree that the kustomization at `path` names; `None` where it cannot
/// be read. What looks like a URL is a path as well: kustomize looks for a file first.
#[must_use]
pub fn named_by_kustomization(path: &RepoPath, bytes: &[u8]) -> Option<Vec<RepoPath>> {
    let entries = kustomization::reached(bytes)?;
    let inside = |entry: &String| below(path.parent(), entry).map(RepoPath::new);
    Some(entries.iter().filter_map(inside).collect())
}

/// `entry` as seen from `folder`, inside the tree; `None` for what lies outside, URLs included.
fn resolve(folder: &[u8], entry: &str) -> Option<Vec<u8>> {
    if entry.starts_with('/') || entry.contains("://") || entry.contains('\n') {
        return None;
    }
    below(folder, entry)
}

fn below(folder: &[u8], entry: &str) -> Option<Vec<u8>> {
    let mut segments: Vec<&[u8]> = folder
        .split(|byte| *byte == b'/')
        .filter(|segment| !segment.is_empty())
        .collect();
    for segment in entry.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop()?;
            }
            name => segments.push(name.as_bytes()),
        }
    }
    Some(segments.join(&b'/'))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn find(files: &[(&str, &str)]) -> RenderRoots {
        let files: BTreeMap<RepoPath, &str> = files
            .iter()
            .map(|(path, text)| ((*path).into(), *text))
            .collect();
        let read = |path: &RepoPath| Ok::<_, Infallible>(files[path].as_bytes().to_vec());
        RenderRoots::find(files.keys(), read, &mut Named::default()).unwrap()
    }

    fn root_of(roots: &RenderRoots, path: &str) -> Option<String> {
        let root = roots.needs_rendering(&path.into())?;
        Some(root.path.to_string())
    }

    #[test]
    fn what_stands_in_two_states_is_read_once_and_seen_from_each_folder() {
        let paths: [RepoPath; 3] = [
            "a/kustomization.yaml".into(),
            "b/c/kustomization.yaml".into(),
            "d/kustomization.yml".into(),
        ];
        let (mut named, same) = (Named::default(), "resources: [../x]");
        for texts in [[same, same, "a: ["], [same, "resources: [y]", "a: ["]] {
            let read = |path: &RepoPath| {
                let at = paths.iter().position(|known| known == path).unwrap();
                Ok::<_, Infallible>(texts[at].as_bytes().to_vec())
            };
            let roots = RenderRoots::find(paths.iter(), read, &mut named).unwrap();
            let alone = RenderRoots::find(paths.iter(), read, &mut Named::default()).unwrap();
            assert_eq!(roots.covered, alone.covered);
            assert_eq!(root_of(&roots, "x/a.yaml"), Some("a".to_owned()));
            assert_eq!(root_of(&roots, "b/x").is_some(), texts[1] == same);
            assert!(
                roots
                    .needs_rendering(&"d/a.yaml".into())
                    .unwrap()
                    .unreadable
            );
        }
        assert_eq!(named.read, 3);
    }

    #[test]
    fn without_roots_nothing_is_read() {
        let paths: [RepoPath; 2] = ["a/x.yaml".into(), "b/values.yaml".into()];
        let roots = RenderRoots::find(
            paths.iter(),
            |path| Err(path.clone()),
            &mut Named::default(),
        )
        .unwrap();
        assert_eq!(roots.needs_rendering(&"a/x.yaml".into()), None);
    }

    #[test]
    fn everything_at_or_below_a_root_needs_rendering_and_its_neighbours_do_not() {
        let roots = find(&[
            ("apps/a/kustomization.yml", ""),
            ("charts/c/Chart.yaml", ""),
        ]);
        assert_eq!(
            root_of(&roots, "apps/a/x/y.yaml").as_deref(),
            Some("apps/a")
        );
        assert_eq!(
            root_of(&roots, "apps/a/kustomization.yml").as_deref(),
            Some("apps/a")
        );
        assert_eq!(
            root_of(&roots, "charts/c/crds/x.yaml").as_deref(),
            Some("charts/c")
        );
        assert_eq!(root_of(&roots, "apps/ab/x.yaml"), None);
        assert_eq!(root_of(&roots, "apps/x.yaml"), None);
    }

    #[test]
    fn a_root_at_the_top_covers_the_tree() {
        let roots = find(&[("kustomization.yaml", "")]);
        assert_eq!(root_of(&roots, "any/where.yaml").as_deref(), Some(""));
    }

    #[test]
    fn whatever_a_kustomization_reaches_needs_rendering() {
        let text = "
resources: [../../shared/base, one.yaml, 'https://example.com/x', ../../../outside.yaml]
components: [../../comp]
patches:
- path: ../../p/patch.yaml
- patch: |-
    - op: remove
patchesStrategicMerge: [../../p/old.yaml, \"kind: X\\nmetadata: {}\"]
patchesJson6902: [{path: ../../p/json.yaml, target: {}}]
replacements: [{path: ../../p/replace.yaml}]
openapi: {path: ../../p/openapi.json}
configurations: [../../p/conf.yaml]
crds: [../../p/crd.yaml]
generators: [../../p/gen.yaml]
transformers: [../../p/trans.yaml]
validators: [../../p/valid.yaml]
configMapGenerator:
- {name: a, files: [../../files/a.txt, key=../../files/b.txt], envs: [../../files/c.env]}
secretGenerator:
- {name: b, env: ../../files/d.env}
helmCharts:
- {name: c, valuesFile: ../../files/values.yaml, additionalValuesFiles: [../../files/more.yaml]}
";
        let roots = find(&[("env/prod/kustomization.yaml", text)]);
        for reached in [
            "shared/base/deep/x.yaml",
            "comp/x.yaml",
            "p/patch.yaml",
            "p/old.yaml",
            "p/json.yaml",
            "p/replace.yaml",
            "p/openapi.json",
            "p/conf.yaml",
            "p/crd.yaml",
            "p/gen.yaml",
            "p/trans.yaml",
            "p/valid.yaml",
            "files/a.txt",
            "files/b.txt",
            "files/c.env",
            "files/d.env",
            "files/values.yaml",
            "files/more.yaml",
        ] {
            assert_eq!(
                root_of(&roots, reached).as_deref(),
                Some("env/prod"),
                "{reached}"
            );
        }
        assert_eq!(root_of(&roots, "shared/other/x.yaml"), None);
        assert_eq!(root_of(&roots, "files/e.env"), None);
    }

    #[test]
    fn a_broken_kustomization_is_told_only_below_it() {
        let roots = find(&[("a/kustomization.yaml", "resources: ["), ("b/x.yaml", "")]);
        assert!(
            roots
                .needs_rendering(&"a/x.yaml".into())
                .unwrap()
                .unreadable
        );
        assert_eq!(root_of(&roots, "b/x.yaml"), None);
    }

    #[test]
    fn a_chart_gives_its_files_their_roles() {
        let roots = find(&[("c/Chart.yaml", ""), ("c/charts/sub/Chart.yaml", "")]);
        let role = |path: &str| roots.role(&path.into());
        assert_eq!(role("c/Chart.yaml"), Some(Role::HelmChart));
        assert_eq!(role("c/templates/x.yaml"), Some(Role::HelmTemplate));
        assert_eq!(
            role("c/charts/sub/templates/_h.tpl"),
            Some(Role::HelmTemplate)
        );
        assert_eq!(role("c/values-prod.yaml"), Some(Role::HelmValues));
        assert_eq!(role("c/crds/x.yaml"), None);
        assert_eq!(role("templates/x.yaml"), None);
    }
}
