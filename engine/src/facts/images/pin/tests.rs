//! Which bytes of a text become others.

use super::*;

fn digest() -> Digest {
    Digest::of(b"x")
}

/// Of a file that something renders, and of which no line is known.
const RENDERED: Named<'static> = Named {
    at: &|_| Vec::new(),
    is_rendered: true,
};

fn standing(image: &'static str) -> Standing<'static> {
    Standing {
        image,
        pointer: "/image",
        fields: &[],
    }
}

/// The text when all of these are pinned; `D` stands for the digest.
fn pinned(text: &str, role: Option<Role>, images: &[&str]) -> String {
    let digests = |image: &str| images.contains(&image).then(digest);
    let edits = edits(text, role, (RENDERED, &digests));
    let pinned = apply(text, &edits).unwrap();
    assert_eq!(pinned == text, edits.is_empty());
    pinned.replace(&format!("sha256:{}", digest()), "D")
}

const ODOO: &str = "r.example/acme/odoo:17.0";
const REDIS: &str = "docker.io/library/redis:latest";

#[test]
fn a_reference_gets_its_digest_and_nothing_around_it_moves() {
    let text = "# odoo\nspec:\n  containers:\n  - name: web   # r.example/acme/odoo:17.0\n    \
                image:   'r.example/acme/odoo:17.0' # keep\n  - {name: cache, image: redis}\n  - image: \"other:1\"\n";
    let wanted = "# odoo\nspec:\n  containers:\n  - name: web   # r.example/acme/odoo:17.0\n    \
                  image:   'r.example/acme/odoo:17.0@D' # keep\n  - {name: cache, image: redis@D}\n  - image: \"other:1\"\n";
    assert_eq!(pinned(text, None, &[ODOO, REDIS]), wanted);
    assert_eq!(pinned(wanted, None, &[ODOO]), wanted, "twice is once");
    for other in [
        "note: r.example/acme/odoo:17.0\n",
        "image: r.example/acme/odoo:17.0@sha256:12\n",
        "image: \"r.example/acme/odoo:17\\x2e0\"\n",
        "image: [\n",
    ] {
        let digests = |_: &str| Some(digest());
        let all = Named {
            at: &|_| vec![standing(ODOO)],
            is_rendered: true,
        };
        let found = edits(other, None, (all, &digests));
        assert_eq!(
            found.len(),
            usize::from(other.starts_with("note")),
            "{other}"
        );
        assert_eq!(edits(other, None, (RENDERED, &digests)), [], "{other}");
    }
}

#[test]
fn crlf_json_more_documents_anchors_and_variables_are_as_they_were() {
    for (text, wanted) in [
        ("a: 1\r\nimage: redis\r\n", "a: 1\r\nimage: redis@D\r\n"),
        ("{\"image\":\"redis\"}", "{\"image\":\"redis@D\"}"),
        (
            "image: redis\n---\nimage: redis",
            "image: redis@D\n---\nimage: redis@D",
        ),
        (
            "a: {image: &i redis}\nb: {image: *i}\n",
            "a: {image: &i redis@D}\nb: {image: *i}\n",
        ),
        (
            "env: [{name: RELATED_IMAGE_A, value: 'redis:latest'}]\n",
            "env: [{name: RELATED_IMAGE_A, value: 'redis:latest@D'}]\n",
        ),
        (
            "env: [{name: HOST, value: 'redis:latest'}, {name: IMAGE_A, value: redis}]\n",
            "env: [{name: HOST, value: 'redis:latest'}, {name: IMAGE_A, value: redis}]\n",
        ),
        ("é: \"ü\"\nimage: redis\n", "é: \"ü\"\nimage: redis@D\n"),
        ("image: >-\n  redis\n", "image: >-\n  redis@D\n"),
    ] {
        assert_eq!(pinned(text, None, &[REDIS]), wanted, "{text}");
    }
}

#[test]
fn what_an_application_puts_into_an_overlay_is_pinned_as_its_tool_reads_it() {
    let text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    kustomize:\n      images:\n      - web=redis:latest # by hand\n      - redis:latest\n      - redis\n    helm: {valuesObject: {images: ['redis:latest']}}\n";
    let wanted = text
        .replace("web=redis:latest", "web=redis@D")
        .replace("- redis:latest", "- redis@D")
        .replace("['redis:latest']", "['redis:latest@D']");
    assert_eq!(pinned(text, None, &[REDIS]), wanted);
    let values = "kustomize: {images: ['redis:latest']}\n";
    let wanted = "kustomize: {images: ['redis:latest@D']}\n";
    assert_eq!(pinned(values, None, &[REDIS]), wanted);
}

#[test]
fn in_an_object_only_what_is_known_to_stand_there_is_an_image() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations: {base-image: redis}\n\
                data:\n  image-family: redis\n  reference: redis\n  image: redis # it is one\n";
    let digests = |_: &str| Some(digest());
    let all = edits(text, None, (RENDERED, &digests));
    assert_eq!(all, []);
    let named = Named {
        at: &|place| match (place.line, place.column) == (8, 10) {
            true => vec![standing(REDIS)],
            false => Vec::new(),
        },
        is_rendered: false,
    };
    let [one] = edits(text, None, (named, &digests)).try_into().unwrap();
    assert!(text[..one.span.start].ends_with("  image: "), "{one:?}");
    let text = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: redis, image: redis}]}\n";
    let named = Named {
        at: &|place| {
            let line = text.lines().nth(2).unwrap();
            let is_one = line[place.column - 1..].starts_with("redis}");
            is_one.then(|| standing(REDIS)).into_iter().collect()
        },
        is_rendered: false,
    };
    assert_eq!(
        edits(text, None, (named, &digests)).len(),
        1,
        "not the name"
    );
    // What nothing renders sets nothing.
    let plain = Named {
        at: &|_| Vec::new(),
        is_rendered: false,
    };
    for (text, role) in [
        ("image: redis\n", None),
        ("i: {repository: redis, tag: latest}\n", None),
        (
            "images: [{name: redis, newTag: latest}]\n",
            Some(Role::Kustomization),
        ),
    ] {
        assert_eq!(edits(text, role, (plain, &digests)), [], "{text}");
        assert_eq!(edits(text, role, (RENDERED, &digests)).len(), 1, "{text}");
    }
}

#[test]
fn a_kustomization_names_the_digest_in_the_place_of_the_tag() {
    let role = Some(Role::Kustomization);
    let text = "images:\n# ours\n- name: odoo\n  newName: r.example/acme/odoo\n  newTag: \"17.0\" # of May\n\
                - {name: redis, newTag: latest}\n- {name: redis, newTag: latest, digest: x}\n- name: other\n  newTag: 1\n";
    let wanted = "images:\n# ours\n- name: odoo\n  newName: r.example/acme/odoo\n  digest: D # of May\n\
                  - {name: redis, digest: D}\n- {name: redis, newTag: latest, digest: x}\n- name: other\n  newTag: 1\n";
    assert_eq!(pinned(text, role, &[ODOO, REDIS]), wanted);
    let number = "images: [{name: r.example/a, newTag: 17}]\n";
    let wanted = "images: [{name: r.example/a, digest: D}]\n";
    assert_eq!(pinned(number, role, &["r.example/a:17"]), wanted);
}

#[test]
fn values_of_a_chart_get_it_where_there_is_a_place_and_behind_the_tag_else() {
    for (text, wanted) in [
        (
            "image:\n  repository: r.example/acme/odoo\n  tag: 17.0 # x\n",
            "image:\n  repository: r.example/acme/odoo\n  tag: 17.0@D # x\n",
        ),
        (
            "i: {registry: r.example, repository: acme/odoo, tag: '17.0'}\n",
            "i: {registry: r.example, repository: acme/odoo, tag: '17.0@D'}\n",
        ),
        (
            "i: {repository: r.example/acme/odoo, tag: '17.0', digest: \"\"}\n",
            "i: {repository: r.example/acme/odoo, tag: '17.0', digest: \"D\"}\n",
        ),
        (
            "i: {repository: r.example/acme/odoo, tag: '17.0', digest: sha256:1}\n",
            "i: {repository: r.example/acme/odoo, tag: '17.0', digest: sha256:1}\n",
        ),
        (
            "i: {repository: r.example/acme/odoo, tag: ''}\n",
            "i: {repository: r.example/acme/odoo, tag: ''}\n",
        ),
    ] {
        assert_eq!(pinned(text, None, &[ODOO]), wanted, "{text}");
    }
}

#[test]
fn an_edit_that_would_say_more_than_it_should_is_none() {
    let text = "image: redis\n";
    let digests = |_: &str| Some(digest());
    let edits = edits(text, None, (RENDERED, &digests));
    for other in ["redis@x\nmore: 1", "redis: x", "[redis]", "redis@y"] {
        let edit = Edit {
            text: other.to_owned(),
            ..edits[0].clone()
        };
        assert_eq!(apply(text, &[edit]), None, "{other}");
    }
    let outside = Edit {
        span: Span { start: 7, end: 99 },
        ..edits[0].clone()
    };
    assert_eq!(apply(text, &[outside]), None);
}

/// The text of an object when what stands there, each with its pointer and all that has a say, is pinned.
fn pinned_in(text: &str, all: &[(&str, &str, &[&str])]) -> String {
    let document = &yaml::parse(text).unwrap()[0];
    let fields: Vec<Vec<String>> = all
        .iter()
        .map(|(.., fields)| fields.iter().map(ToString::to_string).collect())
        .collect();
    let at = |place: LineColumn| {
        let here = all.iter().zip(&fields).filter(|((_, pointer, _), _)| {
            let node = document.pointer(pointer).unwrap();
            node.span.line_column(text) == place
        });
        let standing = here.map(|((image, pointer, _), fields)| Standing {
            image,
            pointer,
            fields,
        });
        standing.collect()
    };
    let named = Named {
        at: &at,
        is_rendered: false,
    };
    let digests = |_: &str| Some(digest());
    let edits = edits(text, None, (named, &digests));
    let pinned = apply(text, &edits).unwrap();
    pinned.replace(&format!("sha256:{}", digest()), "D")
}

#[test]
fn parts_get_it_behind_their_tag_wherever_that_stands() {
    let at = &["/p/0", "/p/1"];
    let all = &["/v/image/repository", "/v/image/tag", "/p/0", "/p/1"];
    for (text, pointer, fields, wanted) in [
        (
            "p:\n- {name: image.repository, value: r.example/acme/odoo}\n- {name: image.tag, value: '17.0'} # tag\n",
            "/p/1/value",
            &at[..],
            Some(
                "p:\n- {name: image.repository, value: r.example/acme/odoo}\n- {name: image.tag, value: '17.0@D'} # tag\n",
            ),
        ),
        (
            "v: {image: {tag: '17.0'}}\np: [{name: image.repository, value: r.example/acme/odoo}]\n",
            "/p/0/value",
            &["/v/image/tag", "/p/0"],
            Some(
                "v: {image: {tag: '17.0@D'}}\np: [{name: image.repository, value: r.example/acme/odoo}]\n",
            ),
        ),
        // There is a place for it.
        (
            "p: [{name: image.tag, value: '17.0'}, {name: image.digest, value: ''}]\n",
            "/p/0/value",
            &at[..],
            Some("p: [{name: image.tag, value: '17.0'}, {name: image.digest, value: 'D'}]\n"),
        ),
        // Which of them counts, or where it stands, is not told.
        (
            "p: [{name: image.tag, value: '17.0'}, {name: image.tag, value: '17.0'}]\n",
            "/p/1/value",
            &at[..],
            None,
        ),
        (
            "p: [{name: image.tag, value: v1}, {name: image.repository, value: '17.0'}]\n",
            "/p/0/value",
            &at[..],
            None,
        ),
        // Operators read a version as one.
        (
            "p: [{name: image.version, value: '17.0'}, 1]\n",
            "/p/0/value",
            &at[..],
            None,
        ),
        (
            "v: {image: {repository: r.example/acme/odoo, tag: \"17\\u002e0\"}}\np: [{name: a, value: b}, 1]\n",
            "/p/0/value",
            &all[..],
            None,
        ),
    ] {
        let found = pinned_in(text, &[(ODOO, pointer, fields)]);
        assert_eq!(found, wanted.unwrap_or(text), "{text}");
    }
}

#[test]
fn images_of_kustomizations_in_objects_get_it_in_the_place_of_the_tag() {
    for (text, pointer, wanted) in [
        (
            "source: {kustomize: {images: ['odoo=r.example/acme/odoo:17.0', other:1]}}\n",
            "/source/kustomize/images/0",
            "source: {kustomize: {images: ['odoo=r.example/acme/odoo@D', other:1]}}\n",
        ),
        (
            "source: {kustomize: {images: [\"r.example/acme/odoo:17.0\"]}}\n",
            "/source/kustomize/images/0",
            "source: {kustomize: {images: [\"r.example/acme/odoo@D\"]}}\n",
        ),
        (
            "images:\n- name: odoo\n  newName: r.example/acme/odoo\n  newTag: '17.0' # of May\n",
            "/images/0/newName",
            "images:\n- name: odoo\n  newName: r.example/acme/odoo\n  digest: D # of May\n",
        ),
        (
            "images: [{name: r.example/acme/odoo, newTag: '17.0'}, {name: other, newTag: '1'}]\n",
            "/images/0/newTag",
            "images: [{name: r.example/acme/odoo, digest: D}, {name: other, newTag: '1'}]\n",
        ),
    ] {
        assert_eq!(pinned_in(text, &[(ODOO, pointer, &[])]), wanted, "{text}");
    }
    // The tag is that of what it is put in the place of.
    let text = "source: {kustomize: {images: ['a=redis']}}\n";
    let found = pinned_in(text, &[(REDIS, "/source/kustomize/images/0", &[])]);
    assert_eq!(found, text);
}

#[test]
fn in_a_text_nothing_changes_but_the_images_that_stand_there() {
    for (text, wanted) in [
        (
            "v: |- # mine\n  # redis:latest\n  a: {image: redis} # redis\n  b: {repository: r.example/acme/odoo, tag: 17.0}\n  c: {image: other:1}\n",
            "v: |- # mine\n  # redis:latest\n  a: {image: redis@D} # redis\n  b: {repository: r.example/acme/odoo, tag: 17.0@D}\n  c: {image: other:1}\n",
        ),
        (
            "v: \"a:\\n  image: redis # x\\nb: 1\"\n",
            "v: \"a:\\n  image: redis@D # x\\nb: 1\"\n",
        ),
        (
            "v: 'b: {repository: r.example/acme/odoo, tag: 17.0, digest: \"\"}'\n",
            "v: 'b: {repository: r.example/acme/odoo, tag: 17.0, digest: \"D\"}'\n",
        ),
        (
            "v: |\n  - op: add\n    path: /spec/template/spec/containers/0/image\n    value: redis:latest\n  - {op: add, path: /metadata/name, value: redis}\n",
            "v: |\n  - op: add\n    path: /spec/template/spec/containers/0/image\n    value: redis:latest@D\n  - {op: add, path: /metadata/name, value: redis}\n",
        ),
        (
            "v: [{op: add, path: /spec/image, value: 'redis:latest'}]\n",
            "v: [{op: add, path: /spec/image, value: 'redis:latest@D'}]\n",
        ),
        (
            "v: |\r\n  image: redis\r\n  a: b\r\n",
            "v: |\r\n  image: redis@D\r\n  a: b\r\n",
        ),
    ] {
        let found = pinned_in(text, &[(REDIS, "/v", &[]), (ODOO, "/v", &[])]);
        assert_eq!(found, wanted, "{text}");
    }
    // What is spelled otherwise, folded, or filled in stays.
    for text in [
        "v: \"{image: \\\"\\x72edis\\\"}\"\n",
        "v: 'image: \"it''s redis\"'\n",
        "v: |\n  image: {{ .Values.image }}\n",
        "v: redis\\:latest\n",
    ] {
        assert_eq!(pinned_in(text, &[(REDIS, "/v", &[])]), text, "{text}");
    }
}
