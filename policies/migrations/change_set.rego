# METADATA
# scope: package
# title: Migrations
# description: >-
#   A schema changes in steps that the release before and the release after can both live with: add first, take away
#   later, and never while everybody waits for a lock. What a script does is found out by its text alone; what is not
#   understood is not safe.
# custom:
#   prefix: migration
#   scope: change-set
#   kinds: ["*"]
#   facts: [migrations, workloads]
#   codes:
#     migration.destructive-with-app: deny
#     migration.blocking-lock: deny
#     migration.index-not-concurrent: deny
#     migration.backfill-not-separated: deny
#     migration.concurrent-in-transaction: deny
#     migration.changed-after-applied: deny
#     migration.out-of-order: deny
#     migration.no-down: deny
#     migration.unclassified: deny
#     migration.replication-impact: warn
#     migration.hook-unsafe: deny
#     migration.odoo-version-not-bumped: deny
#     migration.odoo-downgrade: deny
#     migration.odoo-module-removed: deny
#     migration.review-missing: deny
#     migration.irreversible: deny
#     migration.rehearsal-missing: deny
#     migration.too-long: deny
#     migration.contract-too-early: deny
#     migration.cache-invalidation: warn
package tidegate.migrations.change_set

# METADATA
# title: Takes away in the step that changes the application
# description: While the release goes out, the one before still runs, and a rollback runs it again; both still use what is gone.
deny contains finding if {
	is_production
	some script in fact.scripts
	script.class in taking_away
	count(applications) > 0
	finding := about(script, {
		"code": "migration.destructive-with-app",
		"message": sprintf("%s takes away what the release before may use (%s), in the same step as a new image of %s", [
			script.id,
			listed([s | some s in script.statements; s.class in taking_away]),
			concat(", ", sort(applications)),
		]),
		"remediation": "release in two steps: first the image that does without it, then, once no pod of the one before is left and none is gone back to, the script",
	})
}

# METADATA
# title: Others wait for a lock without end
# description: Whoever uses the table waits as long as the statement waits for its lock and runs. This is one of the large tables.
deny contains finding if {
	some finding in lock_findings(true)
}

# METADATA
# title: Others wait for a lock without end
# description: Whoever uses the table waits as long as the statement waits for its lock and runs.
warn contains finding if {
	some finding in lock_findings(false)
}

# METADATA
# title: An index is built while writes wait
# description: On a large table that takes long, and nothing is written to it until it is done.
deny contains finding if {
	some finding in index_findings(true)
}

# METADATA
# title: An index is built while writes wait
# description: Nothing is written to the table until it is done.
warn contains finding if {
	some finding in index_findings(false)
}

# METADATA
# title: Rows are filled in under the lock of the change before
# description: The transaction keeps the table locked until it has written the last row. This is one of the large tables.
deny contains finding if {
	some finding in backfill_findings(true)
}

# METADATA
# title: Rows are filled in under the lock of the change before
# description: The transaction keeps the table locked until it has written the last row.
warn contains finding if {
	some finding in backfill_findings(false)
}

# METADATA
# title: PostgreSQL refuses this in a transaction
# description: The script fails where it is run, in the middle of a deployment; an index that failed half way stays there, invalid.
deny contains finding if {
	some script in fact.scripts
	refused := [s | some s in script.statements; s.inTransaction; not s.transactional]
	count(refused) > 0
	finding := about(script, {
		"code": "migration.concurrent-in-transaction",
		"message": sprintf("%s: what PostgreSQL refuses in a transaction stands in one: %s", [script.id, listed(refused)]),
		"remediation": transaction_fix[script.engine],
	})
}

# METADATA
# title: What has run is another now
# description: Where it has run it does not run again, and tools that keep check sums stop at it. No two databases are the same from then on.
deny contains finding if {
	some script in fact.scripts
	count(script.rewritten) > 0
	finding := about(script, {
		"code": "migration.changed-after-applied",
		"message": sprintf("%s is %s, and has run before: %s", [
			script.id,
			{"changed": "another now", "removed": "gone"}[script.state],
			concat(", ", script.rewritten),
		]),
		"remediation": "leave it as it was, and put what is to change into a new script",
	})
}

# METADATA
# title: A script comes before one that has run
# description: Where the later one has run, tools leave this one out or stop; elsewhere both run in the other order.
deny contains finding if {
	some script in fact.scripts
	finding := about(script, {
		"code": "migration.out-of-order",
		"message": sprintf("%s is new, and %s, which is there already, comes after it", [script.id, script.behind]),
		"remediation": "give it a version above all that are there",
	})
}

# METADATA
# title: Two scripts of one version
# description: Tools stop at it, or run one of them, and which is left to chance.
deny contains finding if {
	some script in fact.scripts
	finding := about(script, {
		"code": "migration.out-of-order",
		"message": sprintf("%s has the version of %s", [script.id, script.twin]),
		"remediation": "give it a version of its own, above all that are there",
	})
}

# METADATA
# title: There is no way back
# description: What takes something away needs a script that brings it back, or somebody has to write one in the middle of an incident.
deny contains finding if {
	some script in fact.scripts
	script.class in taking_away
	finding := down_finding(script)
}

# METADATA
# title: There is no way back
# description: Somebody has to write one in the middle of an incident.
warn contains finding if {
	some script in fact.scripts
	not script.class in taking_away
	finding := down_finding(script)
}

# METADATA
# title: A script is not understood
# description: It may do anything, so that it counts as one that takes away, and so does its tier.
deny contains finding if {
	some script in fact.scripts
	unknown := [s | some s in script.statements; s.class == "unknown"]
	count(unknown) > 0
	finding := about(script, {
		"code": "migration.unclassified",
		"message": sprintf("%s cannot be told to be safe: %s", [script.id, listed(unknown)]),
		"remediation": "write it as plain statements of PostgreSQL, one after the other; what needs code or conditions goes into a script of its own, which somebody reviews",
	})
}

# METADATA
# title: The version of a module is not known
# description: What its update does is not known either.
deny contains finding if {
	some module in fact.odoo
	module.step == "unknown"
	finding := {
		"code": "migration.unclassified",
		"message": sprintf("the version of the module %s is not known: %s", [module.module, object.get(module, "reason", "it is not of numbers")]),
		"remediation": sprintf("let %s/__manifest__.py be a dictionary of literal values, with `version` among them", [module.folder]),
	}
}

# METADATA
# title: Replicas follow each row
# description: A rewritten table or many written rows go to every replica; those that are waited for hold up all commits, and a slot keeps the log until it is read.
warn contains finding if {
	some script in fact.scripts
	heavy := [s | some s in script.statements; is_heavy(s)]
	count(heavy) > 0
	some cluster in fact.replicated
	finding := about(script, {
		"code": "migration.replication-impact",
		"message": sprintf("%s writes many rows (%s), and %s %s", [
			script.id,
			listed(heavy),
			name_of(cluster.object),
			cluster.how,
		]),
		"remediation": "write in portions, with pauses in which replicas catch up, and watch their lag",
	})
}

# METADATA
# title: A migration runs in every pod
# description: Each pod that starts runs it, at the same time as the others, and nothing keeps them apart.
deny contains finding if {
	some run in runs
	not run.kind in one_time
	starts_many(run)
	not is_locked(run)
	finding := run_finding(run, sprintf("runs %s in each of its pods, and several start at once", [run.tool]))
}

# METADATA
# title: A hook runs a migration at every sync
# description: It runs again at each sync, also at one that goes back, and next to one that still runs.
deny contains finding if {
	some run in runs
	is_hook(run)
	not is_locked(run)
	finding := run_finding(run, sprintf("runs %s at every sync, and nothing keeps two of them apart", [run.tool]))
}

# METADATA
# title: A migration runs again where it failed
# description: It failed in the middle, and begins again at its start; its tool keeps no account of what is done.
deny contains finding if {
	some run in runs
	run.kind == "Job"
	not run.tool in accounting
	is_repeated(run)
	finding := run_finding(run, sprintf("runs %s again where it fails, from its beginning", [run.tool]))
}

# METADATA
# title: A module changes and keeps its version
# description: Odoo updates a module where its version rises. Its models, views and data stay in the database as they are.
deny contains finding if {
	some module in fact.odoo
	module.step == "same"
	count(module.changed) > 0
	finding := {
		"code": "migration.odoo-version-not-bumped",
		"message": sprintf("the module %s stays at version %s, and changes %s", [
			module.module,
			object.get(module, "to", "1.0"),
			shortened(module.changed),
		]),
		"remediation": sprintf("raise `version` in %s/__manifest__.py", [module.folder]),
	}
}

# METADATA
# title: A script of a module never runs
# description: Odoo runs the scripts of folders above the old version, up to the new one. This lies outside of that.
deny contains finding if {
	some module in fact.odoo
	count(module.idle) > 0
	finding := {
		"code": "migration.odoo-version-not-bumped",
		"message": sprintf("no update of the module %s from %s to %s runs %s", [
			module.module,
			object.get(module, "from", "1.0"),
			object.get(module, "to", "1.0"),
			shortened(module.idle),
		]),
		"remediation": sprintf("raise `version` in %s/__manifest__.py to that of the folder, or name the folder as the version", [module.folder]),
	}
}

# METADATA
# title: The version of a module falls
# description: Odoo does not take a module back. Its database is that of a newer one than its code.
deny contains finding if {
	some module in fact.odoo
	module.step == "down"
	finding := {
		"code": "migration.odoo-downgrade",
		"message": sprintf("the module %s goes back from version %s to %s", [
			module.module,
			object.get(module, "from", "1.0"),
			object.get(module, "to", "1.0"),
		]),
		"remediation": "bring the older code under a higher version, with a script that brings the database back; or restore the database too",
	}
}

# METADATA
# title: A module is gone
# description: Where it is installed, its models, fields and views stay in the database, and Odoo does not load them.
deny contains finding if {
	some module in fact.odoo
	module.step == "removed"
	finding := {
		"code": "migration.odoo-module-removed",
		"message": sprintf("the module %s is gone from %s, and nothing says that it is uninstalled everywhere", [module.module, module.folder]),
		"remediation": "uninstall it in a release before, and leave its code there until then",
	}
}

# METADATA
# title: Nobody has looked at a script
# description: Who knows the database sees what no rule does, and before it runs.
deny contains finding if {
	input.risk.tier in {"high", "critical"}
	is_asked("review-stages")
	some script in fact.scripts
	script.reviewed.good == false
	finding := about(script, {
		"code": "migration.review-missing",
		"message": sprintf("%s %s", [script.id, script.reviewed.text]),
		"remediation": "let somebody who knows the database look at it and sign that, by `tidegate evidence migration-review`",
		"setting": "/settings/review-stages",
	})
}

# METADATA
# title: What is taken away comes from a backup alone
# description: No script brings it back. Somebody has looked at it, and a backup of right before is there, or it does not run.
deny contains finding if {
	is_asked("review-stages")
	some script in fact.scripts
	script.class == "irreversible"
	problems := unprepared | {script.reviewed.text | script.reviewed.good == false}
	count(problems) > 0
	finding := about(script, {
		"code": "migration.irreversible",
		"message": sprintf("%s takes away what no script brings back (%s): %s", [
			script.id,
			listed([s | some s in script.statements; s.class in taking_away]),
			concat("; ", sort(problems)),
		]),
		"remediation": "write the way back where there is one; else have it reviewed (`tidegate evidence migration-review`), and take a backup right before (`tidegate evidence backup`)",
		"setting": "/settings/review-stages",
	})
}

# METADATA
# title: A script was never run on a likeness of the database
# description: How long it takes and whether it runs to its end is found out in production.
deny contains finding if {
	is_asked("rehearsal-stages")
	some script in fact.scripts
	some problem in unrehearsed(script)
	finding := about(script, {
		"code": "migration.rehearsal-missing",
		"message": sprintf("%s %s", [script.id, problem]),
		"remediation": "run it on a copy of the database, and let the job sign it by `tidegate evidence migration-rehearsal`",
		"setting": "/settings/rehearsal-stages",
	})
}

# METADATA
# title: The scripts take too long
# description: Whoever waits for what they lock waits as long.
deny contains finding if {
	is_asked("rehearsal-stages")
	rehearsals := {[script.rehearsed.evidence, script.rehearsed.seconds] |
		some script in fact.scripts
		script.rehearsed.good
	}
	seconds := sum([one[1] | some one in rehearsals])
	seconds > input.settings["max-minutes"] * 60
	some script in fact.scripts
	script.rehearsed.good
	finding := about(script, {
		"code": "migration.too-long",
		"message": sprintf("%s %s; all scripts together took %d s where they were rehearsed, and may take %d min", [
			script.id,
			script.rehearsed.text,
			seconds,
			input.settings["max-minutes"],
		]),
		"remediation": "cut it into steps that are released one after the other, and fill rows in portions beside them",
		"setting": "/settings/max-minutes",
	})
}

# METADATA
# title: What is taken away was in use a moment ago
# description: The release that does without it has not run for long enough, so that one which uses it may still be gone back to.
deny contains finding if {
	is_asked("contract-stages")
	some script in fact.scripts
	script.contract.good == false
	finding := about(script, {
		"code": "migration.contract-too-early",
		"message": sprintf("%s takes away what a release may use (%s), and %s", [
			script.id,
			listed([s | some s in script.statements; s.class in taking_away]),
			script.contract.text,
		]),
		"remediation": "begin it with `-- contract-after: <path or commit>`: the script that added what replaces it, or the commit of the release that does without it; and wait until that is accepted for as long as `contract-after-days` says",
		"setting": "/settings/contract-after-days",
	})
}

# METADATA
# title: A cache keeps what the database does not
# description: What lies in it was made of the rows and columns of before, and is read as if it were of now.
warn contains finding if {
	count(fact.caches) > 0
	some script in fact.scripts
	script.class in {"data", "destructive", "irreversible"}
	finding := about(script, cached(script.id))
}

# METADATA
# title: A cache keeps what the models do not
# description: What lies in it was made by the models of before, and is read by those of now.
warn contains finding if {
	count(fact.caches) > 0
	some module in fact.odoo
	some path in module.changed
	regex.match(`/models/.*\.py$`, path)
	finding := cached(sprintf("the module %s", [module.module]))
}

fact := input.facts.migrations.value

cached(what) := {
	"code": "migration.cache-invalidation",
	"message": sprintf("%s changes what a cache may hold, and what tells old entries from new ones stays: %s", [
		what,
		shortened([sprintf("`%s` of %s", [cache.key, name_of(cache.object)]) | some cache in fact.caches]),
	]),
	"remediation": "give the key another value in the same step, so that nothing of before is read; or say in an exception why what lies in the cache stays true",
	"setting": "/settings/cache-keys",
}

is_asked(setting) if input.environment.stage in input.settings[setting]

unprepared contains "no database is known of which a backup could be there" if count(fact.checkpoints) == 0

unprepared contains lacking if {
	some database in fact.checkpoints
	lacking := sprintf("%s %s", [name_of(database.object), database.lacks])
}

unrehearsed(script) := {script.rehearsed.text} if script.rehearsed.good == false

unrehearsed(script) := {sprintf("was rehearsed on a database of %d bytes, and one of %d GiB is asked for", [script.rehearsed.bytes, least])} if {
	script.rehearsed.good
	least := input.settings["rehearsal-min-gib"]
	script.rehearsed.bytes < least * 1073741824
}

taking_away := {"destructive", "irreversible"}

is_production if input.environment.stage in {"production", "recovery"}

# What serves, and gets another image.
applications contains name_of(now.object) if {
	some now in input.facts.workloads.value.new
	is_application(now.object)
	count(images(now) - images_before) > 0
	count(images_before) > 0
}

images_before contains image if {
	some before in input.facts.workloads.value.old
	is_application(before.object)
	some image in images(before)
}

images(workload) := {container.image.reference | some container in workload.containers}

is_application(thing) if {
	not thing.kind in one_time
	thing.apiVersion != "postgresql.cnpg.io/v1"
}

one_time := {"Job", "CronJob", "Pod"}

lock_findings(large) := [about(script, finding) |
	some script in fact.scripts
	waited := [s |
		some s in script.statements
		s.locks
		not s.bounded
		not s.blocksForIndex
		is_waited_for(s)
		is_large(s) == large
	]
	count(waited) > 0
	finding := {
		"code": "migration.blocking-lock",
		"message": sprintf("%s makes others wait for as long as it takes: %s", [script.id, listed(waited)]),
		"remediation": sprintf("%s; `SET lock_timeout = '2s';` before it, so that it gives up instead of stopping everybody", [lock_way(waited)]),
		"setting": "/settings/large-tables",
	}
]

is_waited_for(statement) if statement.class == "care"

is_waited_for(statement) if statement.rewrites

lock_way(waited) := "add the column empty, fill it in portions, and then set its default" if {
	some statement in waited
	statement.rewrites
} else := "let the lock be short (`NOT VALID` first and `VALIDATE CONSTRAINT` later, `ONLY`, `CONCURRENTLY`)"

index_findings(large) := [about(script, finding) |
	some script in fact.scripts
	built := [s | some s in script.statements; s.blocksForIndex; is_large(s) == large]
	count(built) > 0
	finding := {
		"code": "migration.index-not-concurrent",
		"message": sprintf("%s builds an index while writes wait: %s", [script.id, listed(built)]),
		"remediation": "build it with `CONCURRENTLY`, in a script of its own, outside of a transaction; a constraint then takes it over by `USING INDEX`",
		"setting": "/settings/large-tables",
	}
]

backfill_findings(large) := [about(script, finding) |
	some script in fact.scripts
	filling := [s |
		some s in script.statements
		some table in object.get(s, "held", [])
		is_large({"tables": [table]}) == large
	]
	count(filling) > 0
	finding := {
		"code": "migration.backfill-not-separated",
		"message": sprintf("%s writes rows of a table that its own transaction has changed and keeps locked: %s", [script.id, listed(filling)]),
		"remediation": "put what writes the rows into a script of its own, after that of the change, and let it write in portions with a transaction each",
		"setting": "/settings/large-tables",
	}
]

# A statement whose table is not known may be about any.
is_large(statement) if count(statement.tables) == 0

is_large(statement) if {
	some table in statement.tables
	some large in input.settings["large-tables"]
	is_same(table, large)
}

is_large(statement) := false if {
	count(statement.tables) > 0
	every table in statement.tables {
		every large in input.settings["large-tables"] {
			not is_same(table, large)
		}
	}
}

is_same(table, large) if table == large

is_same(table, large) if endswith(table, sprintf(".%s", [large]))

is_same(table, large) if endswith(large, sprintf(".%s", [table]))

transaction_fix := {
	"sql": "put it into a script of its own that runs outside of a transaction",
	"flyway": "put it into a script of its own: Flyway runs one that holds nothing else outside of a transaction",
	"liquibase": "put it into a change set of its own with `runInTransaction:false`",
	"goose": "put it into a script of its own that says `-- +goose NO TRANSACTION`",
	"dbmate": "put it into a script of its own that says `-- migrate:up transaction:false`",
	"alembic": "put it into a revision of its own, within `autocommit_block()`",
}

# None for a script that has a way back, or is asked for none.
down_finding(script) := about(script, {
	"code": "migration.no-down",
	"message": sprintf("%s has no way back%s", [
		script.id,
		{"absent": "", "no-op": ": the script that should take it back does nothing"}[script.down],
	]),
	"remediation": {
		"sql": "put a script beside it that ends in `.down.sql`",
		"flyway": "put `U<version>__<name>.sql` beside it",
		"liquibase": "say `--rollback …` in each change set",
		"goose": "say what takes it back below a line `-- +goose Down`",
		"dbmate": "say what takes it back below a line `-- migrate:down`",
		"alembic": "write `downgrade()`, and its SQL beside it",
	}[script.engine],
})

is_heavy(statement) if statement.rewrites

is_heavy(statement) if statement.class == "data"

# What runs migrations, by the programs that containers start. Those that keep their runs apart and an account of
# what is done, such as Flyway and Liquibase, may run as often as they like.
runs contains run if {
	some workload in input.facts.workloads.value.new
	some container in workload.containers
	words := words_of(container)
	some tool, marks in tools
	some mark in marks
	every word in mark {
		word in words
	}
	run := {
		"workload": workload,
		"kind": workload.object.kind,
		"container": container,
		"tool": tool,
		"text": concat(" ", lines_of(container)),
	}
}

lines_of(container) := array.concat(container.command, container.args)

# Each word, and its last step where it is a path.
words_of(container) := {word |
	some line in lines_of(container)
	some part in regex.split(`[\s;&|()"'=]+`, line)
	some word in {part, regex.replace(part, `^.*/`, "")}
}

tools := {
	"psql": {{"psql"}},
	"odoo": {
		{"odoo", "-u"}, {"odoo", "-i"}, {"odoo", "--update"}, {"odoo", "--init"},
		{"odoo-bin", "-u"}, {"odoo-bin", "-i"}, {"odoo-bin", "--update"}, {"odoo-bin", "--init"},
		{"click-odoo-update"},
	},
	"alembic": {{"alembic", "upgrade"}},
	"Django": {{"manage.py", "migrate"}, {"django-admin", "migrate"}},
	"goose": {{"goose", "up"}},
	"dbmate": {{"dbmate"}},
}

# Tools that keep an account of what is done.
accounting := {"alembic", "Django", "goose", "dbmate"}

is_locked(run) if regex.match(`\bpg_advisory_(xact_)?lock\s*\(`, run.text)

is_locked(run) if {
	some volume in run.workload.volumes
	some script in fact.scripts
	script.takesLock
	script.object.kind == "ConfigMap"
	script.object.name == volume.configMap.name
}

is_hook(run) if {
	annotations := object.get(input.changes[run.workload.change].new.metadata, "annotations", {})
	some key in {"argocd.argoproj.io/hook", "helm.sh/hook"}
	annotations[key]
}

# The default is six times.
is_repeated(run) if not input.changes[run.workload.change].new.spec.backoffLimit == 0

is_repeated(run) if starts_many(run)

is_repeated(run) if input.changes[run.workload.change].new.spec.template.spec.restartPolicy == "OnFailure"

# Nothing says that there is one pod at most.
starts_many(run) if not starts_one(run)

starts_one(run) if run.workload.replicas in {0, 1}

run_finding(run, what) := {
	"code": "migration.hook-unsafe",
	"message": sprintf("%s: the container %q %s", [name_of(run.workload.object), run.container.name, what]),
	"object": run.workload.object,
	"field": run.container.pointer,
	"fields": [concat("/", [run.container.pointer, key]) | some key in ["command", "args"]],
	"remediation": "run it in a Job of its own with `backoffLimit: 0` and `restartPolicy: Never`, and let it begin with `SELECT pg_advisory_lock(…)`",
}

# A finding about a script: with its object where it stands in one.
about(script, finding) := placed if {
	placed := object.union(finding, {"object": script.object, "field": script.field})
} else := finding

# Statements with their lines, not more than a reader takes in.
listed(statements) := shortened([told(s) | some s in statements])

told(statement) := sprintf("line %d: %s%s", [statement.line, what_of(statement), of_tables(statement)])

what_of(statement) := statement.reason if {
	statement.reason
} else := statement.verb

of_tables(statement) := sprintf(" (%s)", [concat(", ", array.slice(statement.tables, 0, most_named))]) if {
	count(statement.tables) > 0
} else := ""

shortened(texts) := concat("; ", array.concat(array.slice(texts, 0, most_named), more(count(texts) - most_named)))

more(rest) := [] if rest <= 0

more(rest) := [sprintf("%d more", [rest])] if rest > 0

name_of(thing) := sprintf("%s %s/%s", [thing.kind, thing.namespace, thing.name])

name_of(thing) := sprintf("%s %s", [thing.kind, thing.name]) if not thing.namespace

most_named := 5
