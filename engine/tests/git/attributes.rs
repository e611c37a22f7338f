//! Files that Git would not write as it stores them.

use tidegate::git::Error;
use tidegate::model::code_of;

use crate::support::Repo;

/// What a repository with these files says of `apps/a.yaml`.
fn judged(files: &[(&str, &str)]) -> Result<(), Error> {
    let repo = Repo::new();
    repo.write("apps/a.yaml", "apiVersion: v1\n");
    let mut info = String::new();
    for (path, content) in files {
        let id = repo.git_with(&["hash-object", "-w", "--stdin"], content.as_bytes());
        let id = String::from_utf8(id).unwrap();
        info.push_str(&format!("100644 {id}\t{path}\n"));
    }
    repo.git(&["add", "apps/a.yaml"]);
    repo.git_with(&["update-index", "--index-info"], info.as_bytes());
    repo.commit_index("files");
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    open.content_transformed(&head, &"apps/none".into())
        .unwrap();
    open.content_transformed(&head, &"apps/a.yaml".into())
}

fn code(files: &[(&str, &str)]) -> String {
    code_of(&judged(files).unwrap_err())
}

#[test]
fn attributes_that_change_content_are_refused() {
    for line in [
        "*.yaml filter=lfs diff=lfs merge=lfs -text",
        "apps/** working-tree-encoding=UTF-16",
        "* text eol=crlf",
        "[attr]big filter=x",
    ] {
        assert_eq!(code(&[(".gitattributes", line)]), "git.content-transformed");
        assert_eq!(
            code(&[("apps/.gitattributes", &line.replace("apps/", ""))]),
            "git.content-transformed"
        );
    }
    let error = judged(&[(".gitattributes", "# x\n*.yaml filter=x\n")]).unwrap_err();
    assert!(error.to_string().contains("`.gitattributes`, line 2"));
}

#[test]
fn attributes_that_change_nothing_are_not() {
    for line in [
        "* text=auto",
        "*.yaml text eol=lf",
        "* -text diff=yaml",
        "docs/** filter=lfs",
        "* ident",
    ] {
        judged(&[(".gitattributes", line)]).unwrap();
    }
    judged(&[("docs/.gitattributes", "* filter=lfs")]).unwrap();
}

#[test]
fn deeper_files_win() {
    let root = (".gitattributes", "* filter=lfs eol=crlf");
    judged(&[root, ("apps/.gitattributes", "*.yaml -filter eol=lf")]).unwrap();
    let off = (".gitattributes", "* -filter");
    let on = ("apps/.gitattributes", "a.yaml filter=x");
    assert_eq!(code(&[off, on]), "git.content-transformed");
}

#[test]
fn ident_matters_where_it_expands() {
    let ident = (".gitattributes", "* ident");
    assert_eq!(
        code(&[ident, ("apps/a.yaml", "# $Id$\n")]),
        "git.content-transformed"
    );
}

#[test]
fn a_pointer_is_no_file() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n";
    assert_eq!(code(&[("apps/a.yaml", pointer)]), "git.lfs-pointer");
}
