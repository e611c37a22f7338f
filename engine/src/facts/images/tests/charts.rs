//! What a chart of elsewhere is given, joined as its deployer joins it.

use super::*;

const APPLICATION: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\n";
const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n";
const SET: &str = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\n";

fn object(head: &str, spec: &Value) -> String {
    format!("{head}metadata: {{name: x, namespace: shop}}\nspec: {spec}\n")
}

fn application(helm: &str) -> String {
    let text = format!("{{\"source\": {{\"helm\": {helm}}}}}");
    object(
        APPLICATION,
        &manifest::yaml::parse(&text).unwrap()[0].to_json(),
    )
}

/// Pointer, role and what is written, without what they begin with.
fn of_helm(helm: &str) -> Vec<String> {
    let places = places(&application(helm), &none()).into_iter();
    let own = places.map(|place| place.replacen("/spec/source/helm/", "", 1));
    own.collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn values_and_parameters_are_one() {
    for (helm, wanted) in [
        (
            "{valuesObject: {image: {repository: r.example/x, tag: v1}}, parameters: [{name: image.tag, value: v2}]}",
            &["parameters/0/value resource r.example/x:v2"][..],
        ),
        (
            "{values: 'image: {repository: r.example/x, tag: v1}', parameters: [{name: image.tag, value: v2}]}",
            &["parameters/0/value resource r.example/x:v2"],
        ),
        // Values as a text are of no use beside others.
        (
            "{values: 'image: {repository: r.example/x, tag: v1}', valuesObject: {image: {repository: r.example/y, tag: v1}}}",
            &["valuesObject/image/repository resource r.example/y:v1"],
        ),
        ("{values: 'a: [', valuesObject: {a: b}}", &[]),
        // A whole container of a list.
        (
            "{valuesObject: {sidecars: [{name: a, image: 'r.example/x:1'}, {name: b, image: 'r.example/y:1'}]}, \
              parameters: [{name: 'sidecars[1].image', value: 'r.example/z:2'}]}",
            &[
                "parameters/0/value resource r.example/z:2",
                "valuesObject/sidecars/0/image resource r.example/x:1",
            ],
        ),
        (
            "{valuesObject: {a.b: {image: {repository: r.example/x, tag: v1}}}, parameters: [{name: 'a\\.b.image.tag', value: v2}]}",
            &["parameters/0/value resource r.example/x:v2"],
        ),
        // The last of a name counts, and one that is surely a text before one that is not.
        (
            "{parameters: [{name: image, value: 'r.example/x:2', forceString: true}, {name: image, value: 'r.example/x:1'}]}",
            &["parameters/0/value resource r.example/x:2"],
        ),
        // The digest is taken away.
        (
            "{valuesObject: {image: {repository: r.example/x, digest: sha256:1, tag: v1}}, parameters: [{name: image.digest, value: 'null'}]}",
            &["parameters/0/value resource r.example/x:v1"],
        ),
        (
            "{valuesObject: {image: {repository: r.example/x, tag: v1}}, parameters: [{name: image.digest, value: ''}, {name: image.repository, value: evil.example/m}]}",
            &["parameters/1/value resource evil.example/m:v1"],
        ),
        // A pod that a parameter gives its image.
        (
            "{valuesObject: {extra: {containers: [{name: a, image: b}]}}, parameters: [{name: 'extra.containers[0].image', value: c}]}",
            &["parameters/0/value app c"],
        ),
        (
            "{parameters: [{name: 'a=1,image.repository', value: evil.example/m}]}",
            &["parameters/0 resource a=1,image.repository=evil.example/m"],
        ),
        (
            "{parameters: [{name: a, value: '{x},image.repository=evil.example/m,b={y}'}]}",
            &["parameters/0 resource a={x},image.repository=evil.example/m,b={y}"],
        ),
        // In which order, nobody knows.
        (
            "{parameters: [{name: image, value: 'evil.example/m:1'}, {name: image.tag, value: '1'}]}",
            &[
                "parameters/0 resource image=evil.example/m:1",
                "parameters/1/value resource image.tag=1",
            ],
        ),
        // What stands in files of the chart, nobody reads.
        (
            "{valuesObject: {image: {repository: x, tag: '1'}}, fileParameters: [{name: image.registry, path: r.txt}]}",
            &[
                "fileParameters/0/path resource image.registry=$(file r.txt), image.repository=x, image.tag=1",
            ],
        ),
        (
            "{fileParameters: [{name: image, path: r.txt}, {name: cert, path: c.pem}]}",
            &["fileParameters/0/path resource image=$(file r.txt)"],
        ),
    ] {
        let helm_of_set = json!({"template": {"spec": {"source": {"helm":
            manifest::yaml::parse(helm).unwrap()[0].to_json()}}}});
        let found = of_helm(helm);
        assert_eq!(found, wanted, "{helm}");
        let of_set = places(&object(SET, &helm_of_set), &none()).into_iter();
        let of_set = of_set.map(|it| it.replacen("/spec/template/spec/source/helm/", "", 1));
        assert_eq!(of_set.collect::<Vec<_>>(), wanted, "a set of {helm}");
    }
}

#[test]
fn an_image_of_values_and_parameters_names_all_that_it_is_of() {
    let helm = "{valuesObject: {image: {repository: r.example/x, tag: v1}}, parameters: [{name: image.tag, value: v2}]}";
    let rows = found(&application(helm), &none());
    let [row] = rows.try_into().unwrap();
    assert_eq!(row["pointer"], "/spec/source/helm/parameters/0/value");
    assert_eq!(
        row["fields"],
        json!([
            "/spec/source/helm/parameters/0",
            "/spec/source/helm/valuesObject/image/repository"
        ])
    );
}

#[test]
fn each_source_is_joined_by_itself() {
    let spec = json!({"sources": [
        {"helm": {"valuesObject": {"image": {"repository": "r.example/x", "tag": "v1"}}}},
        {"helm": {"parameters": [{"name": "image.tag", "value": "v2"}]}},
    ]});
    assert_eq!(
        places(&object(APPLICATION, &spec), &none()),
        [
            "/spec/sources/0/helm/valuesObject/image/repository resource r.example/x:v1",
            "/spec/sources/1/helm/parameters/0/value resource image.tag=v2",
        ]
    );
}

#[test]
fn what_a_set_fills_into_joined_values_is_told_as_it_is_written() {
    let spec = json!({"generators": [{"list": {"elements": []}}], "template": {"spec": {"source": {"helm": {
        "valuesObject": {"image": {"repository": "r.example/x", "tag": "v1"}, "web": {"image": {"tag": "{{web}}"}}},
        "parameters": [{"name": "image.tag", "value": "{{tag}}"}],
    }}}}});
    let at = "/spec/template/spec/source/helm";
    assert_eq!(
        places(&object(SET, &spec), &none()),
        [
            format!("{at}/parameters/0/value resource r.example/x:{{{{tag}}}}"),
            format!("{at}/valuesObject/web/image/tag resource web.image.tag={{{{web}}}}"),
        ]
    );
}

#[test]
fn a_part_whose_rest_the_chart_says_is_told_and_not_taken_for_an_image() {
    for (values, wanted) in [
        ("{image: {tag: v2}}", &["image/tag image.tag=v2"][..]),
        ("{image: {digest: ''}}", &["image/digest image.digest="]),
        (
            "{web: {baseImage: {registry: r.example}}}",
            &["web/baseImage/registry web.baseImage.registry=r.example"],
        ),
        (
            "{image: {repository: odoo}}",
            &["image/repository image.repository=odoo"],
        ),
        (
            "{image: {sha: ab, tag: 1}}",
            &["image/tag image.tag=1, image.sha=ab"],
        ),
        (
            "{global: {imageRegistry: r.example}}",
            &["global/imageRegistry global.imageRegistry=r.example"],
        ),
        (
            "{global: {imageRegistry: r.example}, image: {repository: r.example/x, tag: 1}}",
            &["global/imageRegistry global.imageRegistry=r.example"],
        ),
        ("{image: '$(IMAGE)'}", &["image image=$(IMAGE)"]),
        // Said by somebody here, or no part of an image.
        (
            "{image: {repository: r.example/x, tag: 1, digest: ''}}",
            &[],
        ),
        ("{image: {image: 'r.example/x:1', tag: 1}}", &[]),
        (
            "{image: {pullPolicy: Always, pullSecrets: []}, tag: v1, git: {tag: v1, repository: a}, digest: x}",
            &[],
        ),
        (
            "{images: {tag: v1}, imageTag: {tag: v1}, release: {tag: v1, registry: a}}",
            &[],
        ),
        (
            "{imageRegistry: a, other: {imageRegistry: b}, logo: {image: shop.png}, image: {tag: [a]}}",
            &[],
        ),
    ] {
        let spec = json!({"values": manifest::yaml::parse(values).unwrap()[0].to_json()});
        let rows = found(&object(RELEASE, &spec), &none()).into_iter();
        let rows = rows.filter(|row| row.get("untold").is_some());
        let told = rows.map(|row| {
            assert!(row.get("problem").is_none() && row.get("reference").is_none());
            let pointer = row["pointer"]
                .as_str()
                .unwrap()
                .replacen("/spec/values/", "", 1);
            format!("{pointer} {}", row["written"].as_str().unwrap())
        });
        assert_eq!(told.collect::<Vec<_>>(), wanted, "{values}");
    }
}

#[test]
fn a_part_is_new_where_it_or_its_rest_was_another() {
    let release = |values: Value| objects(&object(RELEASE, &json!({"values": values})));
    let old = json!({"image": {"tag": "v1"}, "a": 1});
    for (old, new, changed) in [
        (old.clone(), json!({"image": {"tag": "v2"}, "a": 1}), true),
        (old.clone(), json!({"image": {"tag": "v1"}, "a": 2}), false),
        (old, json!({"web": {"image": {"tag": "v1"}}}), true),
        (
            json!({"image": {"repository": "r.example/x", "tag": "v1"}}),
            json!({"image": {"tag": "v1"}}),
            true,
        ),
    ] {
        let rows = rows(&compare(&release(old), &release(new.clone())), &none());
        assert_eq!(rows[0]["changed"], changed, "{new}");
    }
}

#[test]
fn what_a_file_holds_nobody_knows_whatever_a_parameter_of_its_name_says() {
    for path in ["$values/t", "of-the-chart.txt"] {
        for forced in [false, true] {
            let helm = format!(
                "{{fileParameters: [{{name: image, path: {path}}}], parameters: [{{name: image, value: 'r.example/x:1', forceString: {forced}}}]}}"
            );
            assert_eq!(
                of_helm(&helm),
                [format!(
                    "fileParameters/0/path resource image=$(file {path})"
                )]
            );
        }
    }
}

#[test]
fn charts_of_k3s_are_read_as_releases_are() {
    let of = |kind: &str, spec: &str| {
        let spec = manifest::yaml::parse(spec).unwrap()[0].to_json();
        let head = format!("apiVersion: helm.cattle.io/v1\nkind: {kind}\n");
        places(&object(&head, &spec), &none())
    };
    for (spec, wanted) in [
        (
            "{valuesContent: 'image: {registry: r.example, repository: x, tag: v1}'}",
            &["/spec/valuesContent resource r.example/x:v1"][..],
        ),
        (
            "{valuesContent: 'image: r.example/x:1'}",
            &["/spec/valuesContent resource r.example/x:1"],
        ),
        (
            "{set: {image.repository: r.example/x, image.tag: v1}}",
            &["/spec/set/image.repository resource r.example/x:v1"],
        ),
        (
            "{valuesContent: 'image: {repository: r.example/x, tag: v1}', set: {image.tag: 2}}",
            &["/spec/set/image.tag resource r.example/x:2"],
        ),
        (
            "{valuesContent: 'image: {repository: r.example/x, tag: v1}', values: {image: {tag: v3}}}",
            &["/spec/values/image/tag resource r.example/x:v3"],
        ),
        (
            "{set: {image.tag: v1}}",
            &["/spec/set/image.tag resource image.tag=v1"],
        ),
        (
            "{valuesContent: 'a: ['}",
            &["/spec/valuesContent resource a: ["],
        ),
        ("{set: {replicas: 2, host: shop.example}}", &[]),
    ] {
        for kind in ["HelmChart", "HelmChartConfig"] {
            assert_eq!(of(kind, spec), wanted, "{kind} {spec}");
        }
    }
    assert_eq!(
        of("HelmChart", "{jobImage: 'r.example/klipper:1'}"),
        ["/spec/jobImage resource r.example/klipper:1"]
    );
}
