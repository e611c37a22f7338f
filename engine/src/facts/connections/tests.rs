use std::sync::Arc;

use super::*;
use crate::model::Part;

fn object(api_version: &str, kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": spec})
}

fn cluster(parameters: &Value) -> Value {
    object(
        "postgresql.cnpg.io/v1",
        "Cluster",
        "db",
        &json!({"instances": 3, "postgresql": {"parameters": parameters}}),
    )
}

/// Two pods of a container, and one more while they are replaced.
fn deployment(container: &Value, volumes: &Value) -> Value {
    let spec = json!({"replicas": 2, "template": {"metadata": {"labels": {"app": "odoo"}},
        "spec": {"containers": [container], "volumes": volumes}}});
    object("apps/v1", "Deployment", "odoo", &spec)
}

fn odoo(args: &[&str]) -> Value {
    deployment(
        &json!({"name": "odoo", "image": "odoo:17.0", "args": args}),
        &json!([]),
    )
}

fn config(name: &str, key: &str, text: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}, "data": {key: text}})
}

fn around(objects: &[Value]) -> Neighbours {
    let kinds = quotas::KINDS.into_iter().chain(SERVERS).chain(BESIDE);
    let kinds = kinds.chain(["Service", "HorizontalPodAutoscaler.autoscaling"]);
    let mut around = Neighbours::of_kinds(kinds.map(GroupKind::parse));
    for object in objects {
        around.insert_part(pods::reference(object), Arc::new(Part::new(object.clone())));
    }
    around
}

/// The server, what it takes, and what is asked of it at least, at most, and on top while pods are replaced.
fn rows(objects: &[Value]) -> Vec<(String, i64, [i64; 3])> {
    let rows = of_namespace(&around(objects), &Some("shop".to_owned()));
    let told = |row: Row| {
        (
            row.server.kind,
            row.hard,
            [row.asked.min, row.asked.peak, row.asked.update],
        )
    };
    rows.into_iter().map(told).collect()
}

fn row(kind: &str, hard: i64, each: i64) -> (String, i64, [i64; 3]) {
    (kind.to_owned(), hard, [2 * each, 2 * each, each])
}

const FULL: [&str; 4] = ["--workers=3", "--max-cron-threads=1", "--db_maxconn", "8"];

fn with_host(host: &str) -> Value {
    let host = format!("--db_host={host}");
    odoo(&[&FULL[..], &[&host]].concat())
}

#[test]
fn workers_and_cron_threads_open_what_each_may() {
    for (args, each) in [
        (
            vec!["--workers=3", "--max-cron-threads=1", "--db_maxconn=8"],
            32,
        ),
        (vec!["--workers", "3", "--db_maxconn=8"], 40),
        (vec!["--workers=2"], 4 * 64),
        (vec!["--workers=0", "--db_maxconn=16"], 16),
        (vec!["--workers=9 --db_maxconn=1 --workers=1"], 3),
    ] {
        let args = [&["--db_host=db-rw"], args.as_slice()].concat();
        let found = rows(&[cluster(&json!({})), odoo(&args)]);
        assert_eq!(found, [row("Cluster", 97, each)], "{args:?}");
    }
}

#[test]
fn nothing_is_said_where_a_number_or_the_host_does_not_stand_in_the_tree() {
    let database = cluster(&json!({}));
    for args in [
        vec!["--db_host=db-rw"],
        vec!["--workers=2"],
        vec!["--db_host=db-rw", "--workers=$(COUNT)"],
        vec!["--db_host=db-rw", "--workers=many"],
        vec!["--db_host=db-ro", "--workers=2"],
        vec!["--db_host=db-rw.other", "--workers=2"],
    ] {
        assert_eq!(rows(&[database.clone(), odoo(&args)]), [], "{args:?}");
    }
    assert_eq!(
        rows(&[
            cluster(&json!({"max_connections": "lots"})),
            with_host("db-rw")
        ]),
        []
    );
    let gunicorn =
        json!({"name": "web", "image": "gunicorn:1", "args": ["--workers=2", "--db_host=db-rw"]});
    assert_eq!(rows(&[database, deployment(&gunicorn, &json!([]))]), []);
}

#[test]
fn arguments_come_before_files_and_files_before_the_environment() {
    let text =
        "[options]\ndb_host = db-rw\nworkers=1\n; max_cron_threads = 9\ndb_maxconn = 8 ; each\n";
    let env = json!([{"name": "WORKERS", "value": "7"}, {"name": "MAX_CRON_THREADS", "value": "3"},
        {"name": "HOST", "value": "elsewhere"}]);
    let container = |args: &[&str]| json!({"name": "odoo", "image": "own/shop:1", "command": ["odoo"], "args": args, "env": env});
    let plain = json!([{"name": "c", "configMap": {"name": "odoo"}}]);
    let projected =
        json!([{"name": "c", "projected": {"sources": [{"configMap": {"name": "odoo"}}]}}]);
    let found = |args: &[&str], volumes: &Value, files: &[Value]| {
        let objects = [
            &[cluster(&json!({})), deployment(&container(args), volumes)],
            files,
        ]
        .concat();
        rows(&objects)
    };
    let files = [config("odoo", "odoo.conf", text)];
    for volumes in [&plain, &projected] {
        assert_eq!(found(&[], volumes, &files), [row("Cluster", 97, 32)]);
        assert_eq!(
            found(&["--workers=$(WORKERS)"], volumes, &files),
            [row("Cluster", 97, 80)]
        );
    }
    assert_eq!(
        found(&[], &json!([]), &files),
        [],
        "a file that is not mounted"
    );
    assert_eq!(
        found(&[], &plain, &[config("odoo", "odoo.txt", text)]),
        [],
        "a file of another kind"
    );
    let mut two = files[0].clone();
    two["data"]["more.conf"] = json!("workers = 2");
    assert_eq!(found(&[], &plain, &[two]), [], "two files that disagree");
}

#[test]
fn a_variable_from_elsewhere_is_not_known() {
    let from = |variable: Value| {
        let env = json!([{"name": "HOST", "value": "db-rw"}, {"name": "WORKERS", "value": "2"}, variable]);
        rows(&[
            cluster(&json!({})),
            deployment(
                &json!({"name": "odoo", "image": "odoo:17.0", "env": env}),
                &json!([]),
            ),
        ])
    };
    assert_eq!(from(json!({"name": "A", "value": "b"})).len(), 1);
    assert_eq!(from(json!({"name": "DB_MAXCONN", "valueFrom": {}})), []);
    assert_eq!(from(json!({"name": "DB_MAXCONN", "value": "$(A)"})), []);
}

#[test]
fn each_kind_of_database_is_asked_for_what_it_takes() {
    let parameters = json!({"max_connections": "200", "superuser_reserved_connections": 5});
    let zalando = |parameters: &Value| {
        object(
            "acid.zalan.do/v1",
            "postgresql",
            "db",
            &json!({"postgresql": {"parameters": parameters}}),
        )
    };
    assert_eq!(
        rows(&[cluster(&parameters), with_host("db-rw.shop.svc")]),
        [row("Cluster", 195, 32)]
    );
    assert_eq!(
        rows(&[zalando(&parameters), with_host("db")]),
        [row("postgresql", 195, 32)]
    );
    assert_eq!(
        rows(&[zalando(&json!({})), with_host("db")]),
        [],
        "a default of the operator"
    );
    let service = object("v1", "Service", "db", &json!({"selector": {"app": "db"}}));
    let postgres = |args: &Value, volumes: &Value| {
        let spec = json!({"template": {"metadata": {"labels": {"app": "db"}}, "spec": {"volumes": volumes,
            "containers": [{"name": "db", "image": "postgres:16", "args": args}]}}});
        object("apps/v1", "StatefulSet", "db", &spec)
    };
    let plain = |args: Value, volumes: Value, files: &[Value]| {
        let objects = [
            &[service.clone(), postgres(&args, &volumes), with_host("db")],
            files,
        ]
        .concat();
        rows(&objects)
    };
    let mounted = json!([{"name": "c", "configMap": {"name": "pg"}}]);
    let file = config("pg", "postgresql.conf", "max_connections = 50 # small\n");
    assert_eq!(
        plain(json!(["-c", "max_connections=60"]), json!([]), &[]),
        [row("StatefulSet", 57, 32)]
    );
    assert_eq!(
        plain(json!(["--max_connections=60"]), json!([]), &[]),
        [row("StatefulSet", 57, 32)]
    );
    assert_eq!(
        plain(json!([]), mounted, &[file]),
        [row("StatefulSet", 47, 32)]
    );
    assert_eq!(plain(json!([]), json!([]), &[]), [], "what the image says");
}

#[test]
fn a_pooler_takes_connections_and_opens_its_own() {
    let pooler = |spec: Value| object("postgresql.cnpg.io/v1", "Pooler", "pool", &spec);
    let spec = json!({"instances": 2, "cluster": {"name": "db"}, "pgbouncer": {"parameters": {"max_client_conn": "300", "default_pool_size": "25"}}});
    let found = rows(&[cluster(&json!({})), pooler(spec), with_host("pool")]);
    let own = ("Cluster".to_owned(), 97, [50, 50, 0]);
    assert_eq!(found, [own, row("Pooler", 600, 32)]);
    let reading = json!({"type": "ro", "cluster": {"name": "db"}});
    let found = rows(&[cluster(&json!({})), pooler(reading), with_host("pool")]);
    assert_eq!(found, [row("Pooler", 100, 32)]);
}

#[test]
fn what_the_numbers_stand_in_and_what_they_were_is_told() {
    let volumes = json!([{"name": "c", "configMap": {"name": "odoo"}}]);
    let container = json!({"name": "odoo", "image": "odoo:17.0"});
    let text = "[options]\ndb_host = db-rw\nworkers = 1\n";
    let objects = [
        cluster(&json!({})),
        deployment(&container, &volumes),
        config("odoo", "odoo.conf", text),
    ];
    let found = of_namespace(&around(&objects), &Some("shop".to_owned()));
    let parts: Vec<&str> = found[0].parts.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(parts, ["ConfigMap", "Deployment", "Cluster"]);
    let before = found[0].to_json(None);
    assert_eq!(before.get("before"), None);
    let numbers = json!({"hard": 97, "min": 384, "peak": 384, "update": 192});
    assert_eq!(found[0].to_json(Some(&found[0]))["before"], numbers);
}

#[test]
fn only_a_namespace_with_a_database_is_looked_at() {
    let shop = Some("shop".to_owned());
    let set = |image: &str| {
        object(
            "apps/v1",
            "StatefulSet",
            "db",
            &json!({"template": {"spec": {"containers": [{"image": image}]}}}),
        )
    };
    assert!(is_served(&around(&[cluster(&json!({}))]), &shop));
    assert!(is_served(&around(&[set("postgres:16")]), &shop));
    assert!(!is_served(&around(&[cluster(&json!({}))]), &None));
    assert!(!is_served(
        &around(&[set("redis:7"), with_host("db")]),
        &shop
    ));
}
