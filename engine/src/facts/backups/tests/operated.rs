//! What operators run, whether it holds data, and what goes with it.

use super::*;

/// A kind, what it says, and what data that holds.
type Row = (&'static str, Value, Option<Data>);

fn hold(rows: Vec<Row>) {
    for (kind, spec, data) in rows {
        let states = found(&[named(kind, "shop", "q", spec.clone())]);
        let held = states.into_values().next().map(|it| it.data);
        assert_eq!(held, data, "{kind} {spec}");
    }
}

/// What says of itself that it keeps nothing holds no data.
#[test]
fn what_an_operator_runs_holds_data_where_it_keeps_any() {
    let pool = json!({"volumeClaimTemplate": {"spec": {}}});
    let claim = json!({"volumeSpec": {"persistentVolumeClaim": {}}});
    let (queue, mysql) = (Some(Data::QueueCache), "PerconaServerMySQL.ps.percona.com");
    let (minio, redis) = (
        "Tenant.minio.min.io",
        "RedisReplication.redis.redis.opstreelabs.in",
    );
    hold(vec![
        (
            minio,
            json!({"pools": [{"name": "a"}, pool]}),
            Some(Data::Filestore),
        ),
        (minio, json!({"pools": [{"name": "a"}]}), None),
        (mysql, json!({"mysql": claim}), Some(Data::Database)),
        (
            redis,
            json!({"storage": {"volumeClaimTemplate": {"spec": {}}}}),
            queue,
        ),
        (redis, json!({"clusterSize": 3}), None),
    ]);
    let of_sap = |is_kept: bool| json!({"persistence": {"enabled": is_kept}});
    hold(vec![
        ("Valkey.hyperspike.io", json!({"nodes": 3}), queue),
        ("Valkey.cache.cs.sap.com", of_sap(true), queue),
        ("Valkey.cache.cs.sap.com", of_sap(false), None),
        (
            "ValkeyCluster.valkey.io",
            json!({"persistence": {"size": "1Gi"}}),
            queue,
        ),
        ("ValkeyCluster.valkey.io", json!({"shards": 3}), None),
    ]);
    let stored = |storage: Value| json!({"storage": storage});
    let pool = "KafkaNodePool.kafka.strimzi.io";
    hold(vec![
        (
            pool,
            stored(json!({"type": "persistent-claim", "size": "1Gi"})),
            queue,
        ),
        (
            pool,
            stored(json!({"volumes": [{"type": "ephemeral"}, {"size": "1Gi"}]})),
            queue,
        ),
        (
            pool,
            stored(json!({"volumes": [{"type": "ephemeral"}]})),
            None,
        ),
    ]);
}

#[test]
fn search_engines_and_databases_of_operators_hold_data() {
    let (database, search) = (Some(Data::Database), Some(Data::Other));
    let node = json!({"nodeSets": [{"name": "a", "count": 3}]});
    hold(vec![
        ("Elasticsearch.elasticsearch.k8s.elastic.co", node, search),
        ("OpenSearchCluster.opensearch.opster.io", json!({}), search),
        ("OpenSearchCluster.opensearch.org", json!({}), search),
        ("K8ssandraCluster.k8ssandra.io", json!({}), database),
        (
            "CassandraDatacenter.cassandra.datastax.com",
            json!({}),
            database,
        ),
        (
            "ClickHouseInstallation.clickhouse.altinity.com",
            json!({}),
            database,
        ),
        ("CrdbCluster.crdb.cockroachlabs.com", json!({}), database),
        ("ScyllaCluster.scylla.scylladb.com", json!({}), database),
        (
            "ScyllaDBDatacenter.scylla.scylladb.com",
            json!({}),
            database,
        ),
        ("VitessCluster.planetscale.com", json!({}), database),
    ]);
}

#[test]
fn claims_of_operators_go_where_they_say_so() {
    let kept = |kind: &str, spec: Value| gone_with(named(kind, "shop", "q", spec), &[]).is_none();
    let pool = |volume: Value| json!({"storage": {"volumes": [volume]}});
    let kafka = "KafkaNodePool.kafka.strimzi.io";
    assert!(kept(kafka, pool(json!({"size": "1Gi"}))));
    assert!(!kept(
        kafka,
        pool(json!({"size": "1Gi", "deleteClaim": true}))
    ));
    let valkey = |policy: &str| json!({"persistence": {"size": "1Gi", "reclaimPolicy": policy}});
    assert!(kept("ValkeyCluster.valkey.io", valkey("Retain")));
    assert!(!kept("ValkeyCluster.valkey.io", valkey("Delete")));
    let redis = "RedisReplication.redis.redis.opstreelabs.in";
    let volume =
        |keep: bool| json!({"storage": {"volumeClaimTemplate": {}, "keepAfterDelete": keep}});
    assert!(kept(redis, volume(true)));
    assert!(!kept(redis, volume(false)));
}
