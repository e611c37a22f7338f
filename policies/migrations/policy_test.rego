package tidegate.migrations.change_set_test

import data.tidegate.migrations.change_set

settings := {
	"large-tables": ["stock_move", "public.sale_order"],
	"review-stages": [],
	"rehearsal-stages": [],
	"rehearsal-min-gib": 1,
	"max-minutes": 10,
	"contract-stages": [],
	"contract-after-days": 7,
	"cache-keys": [],
}

statement := {
	"class": "additive",
	"verb": "ALTER TABLE, ADD COLUMN",
	"tables": ["flag"],
	"line": 3,
	"digest": "00",
	"rewrites": false,
	"blocksForIndex": false,
	"transactional": true,
	"inTransaction": false,
	"bounded": false,
}

script := {
	"id": "db/migrations/V2__next.sql",
	"engine": "flyway",
	"state": "new",
	"class": "additive",
	"statements": [statement],
	"takesLock": false,
	"down": "present",
	"rewritten": [],
}

in_a_map := {
	"id": "ConfigMap shop/sql, /data/V2__next.sql",
	"object": {"apiVersion": "v1", "kind": "ConfigMap", "namespace": "shop", "name": "sql"},
	"field": "/data/V2__next.sql",
}

module := {
	"module": "sale_extra",
	"folder": "addons/sale_extra",
	"from": "17.0.1.0.0",
	"to": "17.0.1.0.1",
	"step": "up",
	"changed": ["addons/sale_extra/models/sale.py"],
	"stages": [],
	"idle": [],
}

deployment := {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "odoo"}

container := {
	"name": "odoo",
	"role": "app",
	"pointer": "/spec/template/spec/containers/0",
	"image": {"reference": "odoo:1"},
	"command": [],
	"args": [],
}

workload := {"change": 0, "object": deployment, "replicas": 3, "containers": [container], "volumes": []}

job := {"apiVersion": "batch/v1", "kind": "Job", "name": "migrate"}

once := {"spec": {"backoffLimit": 0, "template": {"spec": {"restartPolicy": "Never"}}}, "metadata": {"name": "migrate"}}

hooked := object.union(once, {"metadata": {"annotations": {"argocd.argoproj.io/hook": "PreSync"}}})

document(found, workloads, stage, tier, new) := {
	"environment": {"name": "prod", "stage": stage},
	"risk": {"tier": tier},
	"settings": settings,
	"changes": [{"index": 0, "new": new}],
	"facts": {
		"migrations": {"value": object.union({"scripts": [], "odoo": [], "replicated": [], "checkpoints": [], "caches": []}, found)},
		"workloads": {"value": object.union({"old": [], "new": []}, workloads)},
	},
}

of_scripts(scripts) := document({"scripts": scripts}, {}, "production", "low", {})

with_statement(change) := object.union(script, {
	"class": object.get(change, "class", "additive"),
	"statements": [object.union(statement, change)],
})

running(command, new, kind) := document(
	{},
	{"new": [object.union(object.remove(workload, ["object"]), {
		"object": kind,
		"replicas": {"Deployment": 3, "Job": 1}[kind.kind],
		"containers": [object.union(container, {"command": command})],
	})]},
	"production",
	"low",
	new,
)

denied(doc) := {finding.code | some finding in change_set.deny with input as doc}

warned(doc) := {finding.code | some finding in change_set.warn with input as doc}

test_what_only_adds_is_nothing if {
	denied(of_scripts([script])) == set()
	warned(of_scripts([script])) == set()
}

test_destructive_with_a_new_image if {
	gone := with_statement({"class": "destructive", "verb": "DROP TABLE"})
	old := [workload]
	new := [object.union(workload, {"containers": [object.union(container, {"image": {"reference": "odoo:2"}})]})]
	images := {"old": old, "new": new}
	doc := document({"scripts": [gone]}, images, "production", "low", {})
	denied(doc) == {"migration.destructive-with-app"}
	denied(document({"scripts": [gone]}, images, "recovery", "low", {})) == {"migration.destructive-with-app"}
	denied(document({"scripts": [gone]}, images, "staging", "low", {})) == set()
	denied(document({"scripts": [gone]}, {"old": old, "new": old}, "production", "low", {})) == set()
	denied(document({"scripts": [gone]}, {"new": new}, "production", "low", {})) == set()
	some finding in change_set.deny with input as doc
	contains(finding.message, "line 3: DROP TABLE (flag)")
	contains(finding.message, "Deployment shop/odoo")
}

test_images_of_jobs_and_databases_are_not_the_application if {
	gone := with_statement({"class": "irreversible"})
	every thing in [job, {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "namespace": "shop", "name": "db"}] {
		old := object.union(workload, {"object": thing})
		new := object.union(old, {"containers": [object.union(container, {"image": {"reference": "odoo:2"}})]})
		denied(document({"scripts": [gone]}, {"old": [old], "new": [new]}, "production", "low", {})) == set()
	}
}

test_locks if {
	care := {"class": "care", "locks": "access-exclusive", "tables": ["public.stock_move"]}
	denied(of_scripts([with_statement(care)])) == {"migration.blocking-lock"}
	small := object.union(care, {"tables": ["flag"]})
	warned(of_scripts([with_statement(small)])) == {"migration.blocking-lock"}
	every bounded in [object.union(care, {"bounded": true}), object.union(small, {"bounded": true})] {
		denied(of_scripts([with_statement(bounded)])) == set()
		warned(of_scripts([with_statement(bounded)])) == set()
	}
	unnamed := object.union(care, {"tables": []})
	denied(of_scripts([with_statement(unnamed)])) == {"migration.blocking-lock"}
	qualified := object.union(care, {"tables": ["sale_order"]})
	denied(of_scripts([with_statement(qualified)])) == {"migration.blocking-lock"}
	rewritten := object.union(care, {"class": "destructive", "rewrites": true})
	denied(of_scripts([with_statement(rewritten)])) == {"migration.blocking-lock"}
	dropped := object.union(care, {"class": "destructive"})
	denied(of_scripts([with_statement(dropped)])) == set()
	free := object.remove(care, ["locks"])
	denied(of_scripts([with_statement(free)])) == set()
}

test_indexes if {
	index := {"class": "care", "locks": "share", "blocksForIndex": true, "tables": ["stock_move"]}
	denied(of_scripts([with_statement(index)])) == {"migration.index-not-concurrent"}
	small := object.union(index, {"tables": ["flag"]})
	denied(of_scripts([with_statement(small)])) == set()
	warned(of_scripts([with_statement(small)])) == {"migration.index-not-concurrent"}
}

test_backfills if {
	fill := {"class": "data", "held": ["public.sale_order"], "tables": ["public.sale_order"]}
	denied(of_scripts([with_statement(fill)])) == {"migration.backfill-not-separated"}
	small := object.union(fill, {"held": ["flag"]})
	denied(of_scripts([with_statement(small)])) == set()
	warned(of_scripts([with_statement(small)])) == {"migration.backfill-not-separated"}
	every free in [object.remove(fill, ["held"]), object.union(fill, {"held": []})] {
		denied(of_scripts([with_statement(free)])) == set()
		warned(of_scripts([with_statement(free)])) == set()
	}
}

test_transactions if {
	alone := {"transactional": false, "inTransaction": true}
	denied(of_scripts([with_statement(alone)])) == {"migration.concurrent-in-transaction"}
	every ok in [{"transactional": false}, {"inTransaction": true}] {
		denied(of_scripts([with_statement(ok)])) == set()
	}
}

test_what_has_run if {
	rewritten := object.union(script, {"state": "changed", "rewritten": ["V2__next.sql"]})
	denied(of_scripts([rewritten])) == {"migration.changed-after-applied"}
	gone := object.union(rewritten, {"state": "removed", "statements": []})
	denied(of_scripts([gone])) == {"migration.changed-after-applied"}
}

test_order if {
	denied(of_scripts([object.union(script, {"behind": "V3__a.sql"})])) == {"migration.out-of-order"}
	denied(of_scripts([object.union(script, {"twin": "V2__a.sql"})])) == {"migration.out-of-order"}
}

test_ways_back if {
	absent := object.union(script, {"down": "absent"})
	warned(of_scripts([absent])) == {"migration.no-down"}
	denied(of_scripts([absent])) == set()
	idle := object.union(script, {"down": "no-op", "class": "irreversible"})
	denied(of_scripts([idle])) == {"migration.no-down"}
	warned(of_scripts([idle])) == set()
	denied(of_scripts([object.union(script, {"down": "not-asked", "class": "destructive"})])) == set()
}

test_what_is_not_understood if {
	unknown := with_statement({"class": "unknown", "verb": "", "tables": [], "reason": "a block of code"})
	denied(of_scripts([unknown])) == {"migration.unclassified"}
	denied(document({"scripts": [unknown]}, {}, "staging", "critical", {})) == {"migration.unclassified"}
	lost := object.union(module, {"step": "unknown", "reason": "it is computed"})
	denied(document({"odoo": [lost]}, {}, "production", "low", {})) == {"migration.unclassified"}
}

test_a_script_in_an_object_has_its_place if {
	unknown := object.union(with_statement({"class": "unknown", "reason": "a block of code"}), in_a_map)
	some finding in change_set.deny with input as of_scripts([unknown])
	finding.object.name == "sql"
	finding.field == "/data/V2__next.sql"
}

test_many_statements_are_counted if {
	some finding in change_set.deny with input as of_scripts([object.union(script, {"statements": [s |
		some line in numbers.range(1, 8)
		s := object.union(statement, {"line": line, "class": "unknown", "reason": "a block of code"})
	]})])
	contains(finding.message, "line 5")
	contains(finding.message, "3 more")
	not contains(finding.message, "line 6")
}

test_replicas if {
	cluster := {"object": {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "namespace": "shop", "name": "db"}, "how": "waits"}
	every heavy in [{"class": "data"}, {"rewrites": true, "bounded": true}] {
		found := {"scripts": [with_statement(heavy)], "replicated": [cluster]}
		warned(document(found, {}, "production", "low", {})) == {"migration.replication-impact"}
		warned(of_scripts([with_statement(heavy)])) == set()
	}
	warned(document({"scripts": [script], "replicated": [cluster]}, {}, "production", "low", {})) == set()
}

test_migrations_in_pods if {
	every command in [["odoo", "--update=all"], ["sh", "-c", "cd /app && alembic upgrade head"], ["/usr/bin/psql", "-f", "a.sql"]] {
		denied(running(command, {}, deployment)) == {"migration.hook-unsafe"}
	}
	every command in [["odoo"], ["flyway", "migrate"], ["psql", "-c", "SELECT pg_advisory_lock(7)"]] {
		denied(running(command, {}, deployment)) == set()
	}
}

test_migrations_in_jobs if {
	psql := ["psql", "-c", "SELECT 1"]
	locked := ["psql", "-c", "SELECT pg_advisory_lock(7)"]
	denied(running(psql, once, job)) == set()
	denied(running(psql, hooked, job)) == {"migration.hook-unsafe"}
	denied(running(locked, hooked, job)) == set()
	again := object.union(once, {"spec": {"backoffLimit": 2}})
	denied(running(locked, again, job)) == {"migration.hook-unsafe"}
	denied(running(["alembic", "upgrade", "head"], again, job)) == set()
	in_place := object.union(once, {"spec": {"template": {"spec": {"restartPolicy": "OnFailure"}}}})
	single := running(locked, in_place, job)
	denied(single) == {"migration.hook-unsafe"}
}

test_a_script_that_is_mounted_may_take_the_lock if {
	mounted := object.union(workload, {
		"object": job,
		"replicas": 1,
		"containers": [object.union(container, {"command": ["psql", "-f", "/sql/a.sql"]})],
		"volumes": [{"name": "sql", "configMap": {"name": "sql"}}],
	})
	taken := object.union(object.union(script, in_a_map), {"takesLock": true})
	denied(document({"scripts": [taken]}, {"new": [mounted]}, "production", "low", hooked)) == set()
	free := object.union(taken, {"takesLock": false})
	denied(document({"scripts": [free]}, {"new": [mounted]}, "production", "low", hooked)) == {"migration.hook-unsafe"}
}

test_modules if {
	by_step := {
		"same": {"migration.odoo-version-not-bumped"},
		"down": {"migration.odoo-downgrade"},
		"removed": {"migration.odoo-module-removed"},
		"up": set(),
		"series": set(),
		"new": set(),
	}
	every step, codes in by_step {
		denied(document({"odoo": [object.union(module, {"step": step})]}, {}, "production", "low", {})) == codes
	}
	idle := object.union(module, {"idle": ["addons/sale_extra/migrations/1.0/pre-a.py"]})
	denied(document({"odoo": [idle]}, {}, "production", "low", {})) == {"migration.odoo-version-not-bumped"}
	still := object.union(module, {"step": "same", "changed": []})
	denied(document({"odoo": [still]}, {}, "production", "low", {})) == set()
}

test_adding_with_a_new_image if {
	new := object.union(workload, {"containers": [object.union(container, {"image": {"reference": "odoo:2"}})]})
	denied(document({"scripts": [script]}, {"old": [workload], "new": [new]}, "production", "low", {})) == set()
}

test_an_image_of_a_job_beside_an_application if {
	gone := with_statement({"class": "destructive"})
	every kind in ["Job", "CronJob", "Pod"] {
		thing := object.union(job, {"kind": kind})
		new := object.union(workload, {
			"object": thing,
			"containers": [object.union(container, {"image": {"reference": "odoo:2"}})],
		})
		denied(document({"scripts": [gone]}, {"old": [workload], "new": [workload, new]}, "production", "low", {})) == set()
		first := {"old": [object.union(workload, {"object": thing})], "new": [object.union(new, {"object": deployment})]}
		denied(document({"scripts": [gone]}, first, "production", "low", {})) == set()
	}
}

test_findings_name_their_setting_and_the_way if {
	index := {"class": "care", "locks": "share", "blocksForIndex": true, "tables": ["stock_move"]}
	some slow in change_set.deny with input as of_scripts([with_statement(index)])
	slow.setting == "/settings/large-tables"
	care := {"class": "care", "locks": "access-exclusive", "tables": []}
	some held in change_set.deny with input as of_scripts([with_statement(care)])
	held.setting == "/settings/large-tables"
	startswith(held.remediation, "let the lock be short")
	not contains(held.message, "(")
	anew := object.union(care, {"rewrites": true})
	some written in change_set.deny with input as of_scripts([with_statement(anew)])
	startswith(written.remediation, "add the column empty")
}

test_every_class_that_takes_away_needs_a_way_back if {
	every class in ["destructive", "irreversible"] {
		gone := object.union(script, {"down": "absent", "class": class})
		denied(of_scripts([gone])) == {"migration.no-down"}
		warned(of_scripts([gone])) == set()
	}
}

unknown(most) := [object.union(statement, {"line": line, "class": "unknown", "reason": "a block of code"}) |
	some line in numbers.range(1, 9)
	line <= most
]

test_five_statements_are_named_and_six_are_counted if {
	some five in change_set.deny with input as of_scripts([object.union(script, {"statements": unknown(5)})])
	not contains(five.message, "more")
	some six in change_set.deny with input as of_scripts([object.union(script, {"statements": unknown(6)})])
	contains(six.message, "; 1 more")
}

commands := [
	["odoo", "-u", "all"],
	["odoo", "-i", "sale"],
	["odoo", "--update=all"],
	["odoo", "--init", "sale"],
	["odoo-bin", "-u", "all"],
	["odoo-bin", "-i", "sale"],
	["odoo-bin", "--update", "all"],
	["odoo-bin", "--init=sale"],
	["click-odoo-update"],
	["alembic", "upgrade", "head"],
	["python", "manage.py", "migrate"],
	["django-admin", "migrate"],
	["goose", "up"],
	["dbmate", "migrate"],
]

self_locking := [
	["flyway", "migrate"],
	["liquibase", "update"],
	["migrate", "-path", "db", "up"],
	["migrate", "-source", "file://db", "up"],
	["bundle", "exec", "rails", "db:migrate"],
	["npx", "prisma", "migrate", "deploy"],
	["atlas", "migrate", "apply"],
]

test_every_tool_is_known if {
	every command in commands {
		denied(running(command, {}, deployment)) == {"migration.hook-unsafe"}
	}
	every command in self_locking {
		denied(running(command, {}, deployment)) == set()
	}
}

test_tools_that_keep_an_account_may_run_again if {
	again := object.union(once, {"spec": {"backoffLimit": 2}})
	every command in array.concat(self_locking, array.slice(commands, 9, 14)) {
		denied(running(command, again, job)) == set()
	}
	every command in array.slice(commands, 0, 9) {
		denied(running(command, again, job)) == {"migration.hook-unsafe"}
	}
}

of_pods(command, kind, replicas, new) := document(
	{},
	{"new": [object.union(object.remove(workload, ["replicas"]), object.union(
		{"object": kind, "containers": [object.union(container, {"command": command})]},
		replicas,
	))]},
	"production",
	"low",
	new,
)

test_one_pod_runs_it_once if {
	every count in [0, 1] {
		denied(of_pods(["alembic", "upgrade"], deployment, {"replicas": count}, {})) == set()
	}
	every replicas in [{}, {"replicas": 2}] {
		denied(of_pods(["alembic", "upgrade"], deployment, replicas, {})) == {"migration.hook-unsafe"}
		denied(of_pods(["psql", "-f", "a.sql"], job, replicas, once)) == {"migration.hook-unsafe"}
		denied(of_pods(["alembic", "upgrade"], job, replicas, once)) == set()
	}
	without := object.remove(once, ["spec"])
	denied(of_pods(["psql", "-f", "a.sql"], job, {"replicas": 1}, without)) == {"migration.hook-unsafe"}
}

messages(doc) := {finding.message | some finding in change_set.deny with input as doc}

test_findings_name_the_container if {
	some pod in messages(running(["alembic", "upgrade"], {}, deployment))
	startswith(pod, "Deployment shop/odoo: the container \"odoo\" runs alembic")
}

test_findings_name_an_object_without_a_namespace if {
	some run in messages(running(["psql", "-c", "SELECT 1"], hooked, job))
	startswith(run, "Job migrate: the container")
}

test_findings_name_the_line if {
	unnamed := with_statement({"class": "unknown", "tables": [], "reason": "a block of code"})
	some finding in messages(of_scripts([unnamed]))
	endswith(finding, "line 3: a block of code")
}

test_hooks_of_helm_are_hooks if {
	helm := object.union(once, {"metadata": {"annotations": {"helm.sh/hook": "pre-upgrade"}}})
	denied(running(["psql", "-c", "SELECT 1"], helm, job)) == {"migration.hook-unsafe"}
}

test_a_script_that_is_not_mounted_takes_no_lock_for_a_job if {
	mounted := object.union(workload, {
		"object": job,
		"replicas": 1,
		"containers": [object.union(container, {"command": ["psql", "-f", "/sql/a.sql"]})],
		"volumes": [{"name": "sql", "configMap": {"name": "sql"}}],
	})
	taken := object.union(object.union(script, in_a_map), {"takesLock": true})
	every other in [{"kind": "Cluster"}, {"name": "other"}] {
		elsewhere := object.union(taken, {"object": object.union(in_a_map.object, other)})
		doc := document({"scripts": [elsewhere]}, {"new": [mounted]}, "production", "low", hooked)
		denied(doc) == {"migration.hook-unsafe"}
	}
}

database := {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "namespace": "shop", "name": "db"}

saved := [{"object": database}]

unsaved := [{"object": database, "lacks": "has no backup"}]

approved := {"good": true, "text": "was approved by ann", "evidence": "aa"}

rejected := {"good": false, "text": "was rejected by ann", "evidence": "aa"}

said(more) := object.union(script, more)

asking := {"settings": {"review-stages": ["production"], "rehearsal-stages": ["production"]}}

at(tier, stage, checkpoints, scripts) := object.union(
	document({"scripts": scripts, "checkpoints": checkpoints}, {}, stage, tier, {}),
	asking,
)

test_what_nobody_looked_at_is_denied_of_a_risky_change if {
	every tier in ["high", "critical"] {
		found := change_set.deny with input as at(tier, "production", [], [said({"reviewed": rejected})])
		{[finding.code, finding.message] | some finding in found} == {["migration.review-missing", "db/migrations/V2__next.sql was rejected by ann"]}
		denied(at(tier, "production", [], [said({"reviewed": approved})])) == set()
		denied(at(tier, "staging", [], [said({"reviewed": rejected})])) == set()
	}
	denied(at("medium", "production", [], [said({"reviewed": rejected})])) == set()
}

doomed(word) := said({
	"class": "irreversible",
	"statements": [object.union(statement, {"class": "irreversible", "verb": "DROP ROLE"})],
	"reviewed": word,
})

test_what_no_script_brings_back_needs_a_review_and_a_backup if {
	denied(at("low", "production", saved, [doomed(approved)])) == set()
	denied(at("low", "staging", unsaved, [doomed(rejected)])) == set()
	some finding in change_set.deny with input as at("low", "production", unsaved, [doomed(rejected)])
	finding.code == "migration.irreversible"
	contains(finding.message, "(line 3: DROP ROLE (flag)): Cluster shop/db has no backup; was rejected by ann")
	some other in change_set.deny with input as at("low", "production", [], [doomed(approved)])
	contains(other.message, ": no database is known")
}

test_what_was_never_run_is_denied if {
	fine := {"good": true, "text": "was rehearsed within 4m", "seconds": 240, "bytes": 1073741824, "evidence": "aa"}
	denied(at("low", "production", [], [said({"rehearsed": fine})])) == set()
	every bad in [object.union(fine, {"good": false}), object.union(fine, {"bytes": 1073741823})] {
		denied(at("low", "production", [], [said({"rehearsed": bad})])) == {"migration.rehearsal-missing"}
		denied(at("low", "qa", [], [said({"rehearsed": bad})])) == set()
	}
}

ran(seconds, evidence) := said({"rehearsed": {
	"good": true,
	"text": "was rehearsed",
	"seconds": seconds,
	"bytes": 1073741824,
	"evidence": evidence,
}})

test_what_takes_too_long_is_denied_all_together if {
	denied(at("low", "production", [], [ran(600, "aa")])) == set()
	denied(at("low", "production", [], [ran(601, "aa")])) == {"migration.too-long"}
	denied(at("low", "production", [], [ran(301, "aa"), ran(300, "bb")])) == {"migration.too-long"}

	# Rehearsed together, they took that together.
	denied(at("low", "production", [], [ran(600, "aa"), ran(600, "aa")])) == set()
	denied(at("low", "staging", [], [ran(601, "aa")])) == set()
}

late(stage, scripts) := object.union(at("low", stage, [], scripts), {"settings": {"contract-stages": ["production"]}})

taking(good) := said({
	"class": "destructive",
	"statements": [object.union(statement, {"class": "destructive", "verb": "ALTER TABLE, DROP COLUMN"})],
	"contract": {"good": good, "text": "does not say what it comes after"},
})

test_what_takes_away_comes_late if {
	denied(late("production", [taking(true)])) == set()
	denied(late("staging", [taking(false)])) == set()
	denied(late("production", [script])) == set()
	denied(at("low", "production", [], [taking(false)])) == set()
	some finding in change_set.deny with input as late("production", [taking(false)])
	finding.code == "migration.contract-too-early"
	finding.message == "db/migrations/V2__next.sql takes away what a release may use (line 3: ALTER TABLE, DROP COLUMN (flag)), and does not say what it comes after"
}

prefix := {"key": "REDIS_PREFIX", "object": {"apiVersion": "v1", "kind": "ConfigMap", "namespace": "shop", "name": "odoo"}}

stale(found) := {finding.message |
	some finding in change_set.warn with input as document(found, {}, "production", "low", {})
	finding.code == "migration.cache-invalidation"
}

test_a_cache_is_told_of_what_changes_what_it_may_hold if {
	every class in ["data", "destructive", "irreversible"] {
		stale({"scripts": [object.union(script, {"class": class})], "caches": [prefix]}) == {"db/migrations/V2__next.sql changes what a cache may hold, and what tells old entries from new ones stays: `REDIS_PREFIX` of ConfigMap shop/odoo"}
		stale({"scripts": [object.union(script, {"class": class})]}) == set()
	}
	stale({"scripts": [script], "caches": [prefix]}) == set()
	count(stale({"odoo": [module], "caches": [prefix]})) == 1
	stale({"odoo": [object.union(module, {"changed": ["addons/sale_extra/views/sale.xml"]})], "caches": [prefix]}) == set()
}
