package tidegate.freeze_windows.change_set_test

import data.tidegate.freeze_windows.change_set

settings := {
	"require-calendar": {"development": false, "staging": false, "production": false},
	"near-hours": 24,
	"near-deny-tier": "never",
	"min-useful-minutes": 30,
	"min-horizon-days": 30,
}

deployment := {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "odoo"}

class := {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "name": "traefik"}

dashboard := {"apiVersion": "v1", "kind": "ConfigMap", "namespace": "shop", "name": "sales"}

window := {
	"id": "black-week",
	"calendar": "retail",
	"kind": "freeze",
	"peak": true,
	"allow": ["low", "rollback", "emergency"],
	"reason": "peak trading",
	"owner": "retail-ops",
	"ticket": "CHG-4711",
	"overridableBy": ["retail-ops"],
	"setting": "/calendars/retail/windows/0",
}

upkeep := {
	"id": "upkeep",
	"calendar": "retail",
	"kind": "maintenance",
	"peak": false,
	"allow": [],
	"reason": "the shops sleep",
	"owner": "platform",
	"ticket": "CHG-4712",
	"overridableBy": [],
	"setting": "/calendars/retail/windows/1",
}

later := {"at": "2026-12-01T05:00:00Z", "civil": "2026-12-01 06:00 Europe/Berlin", "inSeconds": 400000}

tonight := {"at": "2026-11-26T23:00:00Z", "civil": "2026-11-27 00:00 Europe/Berlin", "inSeconds": 18000}

soon := {"at": "2026-11-26T18:20:00Z", "civil": "2026-11-26 19:20 Europe/Berlin", "inSeconds": 1200}

calm := {
	"evaluatedAt": "2026-11-26T18:00:00Z",
	"tzdb": "2026a",
	"rollback": false,
	"validForSeconds": 86400,
	"calendars": [{"name": "retail", "setting": "/calendars/retail"}],
	"windows": {},
	"changes": [free(0, "medium")],
}

free(index, tier) := {"change": index, "tier": tier, "heldBy": [], "letThroughBy": [], "quiet": [], "opensNext": []}

with_change(index, tier, more) := object.union(free(index, tier), more)

held(hold) := object.union(calm, {
	"windows": {"retail/black-week": window, "retail/upkeep": upkeep, "retail/night": night},
	"changes": [with_change(0, "high", {"heldBy": [hold]})],
})

night := object.union(upkeep, {"id": "night", "setting": "/calendars/retail/windows/2"})

asked(fact) := document(fact, "high", {})

document(fact, tier, more) := object.union(
	{
		"mode": "merge",
		"environment": {"name": "prod", "stage": "production"},
		"unit": {"name": "odoo", "kind": "Paths"},
		"changes": [{"index": 0, "object": deployment}, {"index": 1, "object": class}, {"index": 2, "object": dashboard}],
		"risk": {"tier": tier, "reasons": []},
		"facts": {"freeze": {"status": "known", "value": fact}},
		"settings": settings,
	},
	more,
)

denied(question) := {finding.code | some finding in change_set.deny with input as question}

warned(question) := {finding.code | some finding in change_set.warn with input as question}

said(question) := {finding.message |
	some finding in (change_set.deny | change_set.warn) with input as question
}

advised(question) := {finding.remediation |
	some finding in (change_set.deny | change_set.warn) with input as question
}

held_until_later := held({"window": "retail/black-week", "until": later, "wouldPass": ["low", "rollback", "evidence:drill"]})

test_nothing_is_said_where_nothing_is_held if {
	denied(asked(calm)) == set()
	warned(asked(calm)) == set()
}

test_a_freeze_denies_and_says_who_until_when_and_what_passes if {
	denied(asked(held_until_later)) == {"freeze.window-closed"}
	said(asked(held_until_later)) == {concat("", [
		`the freeze "black-week" holds 1 change until 2026-12-01 06:00 Europe/Berlin (2026-12-01T05:00:00Z): `,
		"Deployment shop/odoo (high); reason: peak trading; owner: retail-ops; ticket: CHG-4711",
	])}
	advised(asked(held_until_later)) == {concat("", [
		"wait: `tidegate calendar next --env prod --tier high` says when it may go; it lets through: ",
		"evidence:drill, changes of tier low, a rollback to an accepted state; retail-ops may override it",
	])}
}

test_a_freeze_holds_what_is_in_no_object if {
	hold := {"window": "retail/black-week", "until": later, "wouldPass": []}
	next := {"window": "retail/black-week", "opens": soon}
	files := object.remove(with_change(0, "critical", {"heldBy": [hold], "opensNext": [next]}), ["change"])
	fact := object.union(held_until_later, {"changes": array.concat(held_until_later.changes, [files])})
	some text in said(asked(fact))
	contains(text, "holds 2 changes until")
	contains(text, ": Deployment shop/odoo (high), the scripts in its files (critical); reason")
	some near in said(asked(fact))
	contains(near, "would hold 1 change: the scripts in its files (critical)")
}

test_a_freeze_without_end_says_so if {
	fact := held({"window": "retail/black-week", "wouldPass": []})
	some message in said(asked(fact))
	startswith(message, `the freeze "black-week" holds 1 change until somebody lifts it: `)
	some advice in advised(asked(fact))
	contains(advice, "it lets nothing through; retail-ops may override it")
}

test_one_finding_for_all_that_a_freeze_holds if {
	hold := {"window": "retail/black-week", "until": later, "wouldPass": ["low"]}
	fact := object.union(held(hold), {"changes": [
		with_change(0, "medium", {"heldBy": [hold]}),
		with_change(1, "critical", {"heldBy": [hold]}),
		free(2, "low"),
	]})
	some message in said(asked(fact))
	contains(message, "holds 2 changes until")
	contains(message, ": Deployment shop/odoo (medium), IngressClass traefik (critical);")
	some advice in advised(asked(fact))
	contains(advice, "--tier critical`")
}

test_many_changes_are_counted_and_some_named if {
	hold := {"window": "retail/black-week", "until": later, "wouldPass": []}
	indexes := numbers.range(0, 6)
	changes := [{"index": i, "object": object.union(deployment, {"name": sprintf("odoo-%d", [i])})} | some i in indexes]
	fact := object.union(held(hold), {"changes": [with_change(i, "high", {"heldBy": [hold]}) | some i in indexes]})
	some message in said(document(fact, "high", {"changes": changes}))
	contains(message, "holds 7 changes")
	contains(message, "Deployment shop/odoo-4 (high), 2 more;")
}

test_outside_of_all_maintenance_windows_is_denied if {
	holds := [
		{"window": "retail/upkeep", "until": later, "wouldPass": []},
		{"window": "retail/night", "until": tonight, "wouldPass": []},
	]
	fact := object.union(held(holds[0]), {"changes": [
		with_change(0, "high", {"heldBy": holds}),
		with_change(1, "low", {"heldBy": [holds[0]]}),
	]})
	denied(asked(fact)) == {"freeze.outside-open-window"}
	said(asked(fact)) == {
		concat("", [
			`1 change may only be made in a maintenance window ("night", "upkeep"), and none is open until `,
			"2026-11-27 00:00 Europe/Berlin (2026-11-26T23:00:00Z): ",
			"Deployment shop/odoo (high); reason: the shops sleep; owner: platform; ticket: CHG-4712",
		]),
		concat("", [
			`1 change may only be made in a maintenance window ("upkeep"), and none is open until `,
			"2026-12-01 06:00 Europe/Berlin (2026-12-01T05:00:00Z): ",
			"IngressClass traefik (low); reason: the shops sleep; owner: platform; ticket: CHG-4712",
		]),
	}
}

near_fact := object.union(calm, {
	"windows": {"retail/black-week": window},
	"changes": [with_change(0, "high", {"opensNext": [{"window": "retail/black-week", "opens": tonight}]})],
})

strict := {"settings": object.union(settings, {"near-deny-tier": "high"})}

test_soon_before_a_freeze_is_warned_about if {
	denied(asked(near_fact)) == set()
	warned(asked(near_fact)) == {"freeze.near"}
	said(asked(near_fact)) == {concat("", [
		`the freeze "black-week" begins in 5 hours, at 2026-11-27 00:00 Europe/Berlin (2026-11-26T23:00:00Z), and would hold 1 change: `,
		"Deployment shop/odoo (high); reason: peak trading; owner: retail-ops; ticket: CHG-4711",
	])}
}

test_soon_before_a_freeze_is_denied_from_a_tier_on if {
	denied(document(near_fact, "high", strict)) == {"freeze.near"}
	warned(document(near_fact, "high", strict)) == set()
	warned(document(near_fact, "medium", strict)) == {"freeze.near"}
}

test_long_before_a_freeze_is_nothing if {
	fact := object.union(near_fact, {"changes": [with_change(0, "high", {"opensNext": [{"window": "retail/black-week", "opens": later}]})]})
	warned(document(fact, "high", strict)) == set()
}

rolled_out(takes) := object.union(near_fact, {"changes": [with_change(0, "high", {
	"opensNext": [{"window": "retail/black-week", "opens": tonight}],
	"takes": takes,
})]})

test_a_rollout_that_runs_into_a_freeze if {
	long := rolled_out({"seconds": 18000, "endless": false})
	denied(asked(long)) == {"freeze.rollout-overruns"}
	some message in said(asked(long))
	message == concat("", [
		`Deployment shop/odoo is rolled out for 5 hours, and the freeze "black-week" begins in 5 hours, at `,
		"2026-11-27 00:00 Europe/Berlin (2026-11-26T23:00:00Z)",
	])
	warned(document(long, "high", {"environment": {"name": "prod", "stage": "staging"}})) == {"freeze.near", "freeze.rollout-overruns"}
	denied(asked(rolled_out({"seconds": 17999, "endless": false}))) == set()
}

test_a_rollout_that_waits_for_somebody if {
	fact := rolled_out({"seconds": 60, "endless": true})
	denied(asked(fact)) == {"freeze.rollout-overruns"}
	some message in said(asked(fact))
	startswith(message, "Deployment shop/odoo waits for somebody while it is rolled out, and")
	far := {"settings": object.union(settings, {"near-hours": 4})}
	denied(document(fact, "high", far)) == set()
}

acting(acts) := object.union(calm, {
	"windows": {"retail/black-week": window},
	"changes": [with_change(0, "low", {"acts": acts})],
})

test_a_schedule_that_first_runs_inside_of_a_freeze if {
	fact := acting(object.union(tonight, {"heldBy": ["retail/black-week"]}))
	denied(asked(fact)) == set()
	warned(asked(fact)) == {"freeze.effect-inside-window"}
	some message in said(asked(fact))
	startswith(message, concat("", [
		"Deployment shop/odoo runs by its new schedule for the first time at ",
		"2026-11-27 00:00 Europe/Berlin (2026-11-26T23:00:00Z), inside of the freeze \"black-week\"",
	]))
	warned(asked(acting(object.union(tonight, {"heldBy": []})))) == set()
}

test_a_quiet_window_warns if {
	fact := object.union(calm, {
		"windows": {"retail/count": object.union(upkeep, {"id": "count", "kind": "quiet"})},
		"changes": [with_change(0, "low", {"quiet": [{"window": "retail/count"}]})],
	})
	denied(asked(fact)) == set()
	warned(asked(fact)) == {"freeze.quiet"}
	said(asked(fact)) == {`the quiet window "count" is on; reason: the shops sleep; owner: platform; ticket: CHG-4712`}
}

bounded(boundary) := object.union(calm, {"windows": {"retail/black-week": window}, "boundary": boundary})

test_a_verdict_that_is_cut_says_so if {
	fact := bounded(object.union(tonight, {"heldAfter": ["retail/black-week"]}))
	denied(asked(fact)) == set()
	warned(asked(fact)) == {"freeze.validity-cut"}
	said(asked(fact)) == {concat("", [
		"a verdict about this ends at 2026-11-27 00:00 Europe/Berlin (2026-11-26T23:00:00Z) instead of ",
		"24 hours later: then the calendar answers otherwise",
	])}
	warned(asked(bounded(object.union(later, {"heldAfter": []})))) == set()
	warned(document(fact, "high", {"mode": "commit"})) == set()
}

test_a_verdict_that_would_end_before_it_is_used_is_denied if {
	fact := bounded(object.union(soon, {"heldAfter": ["retail/black-week"]}))
	denied(asked(fact)) == {"freeze.validity-too-short"}
	warned(asked(fact)) == set()
	said(asked(fact)) == {concat("", [
		`only 20 minutes are left until "black-week" holds this at 2026-11-26 19:20 Europe/Berlin (2026-11-26T18:20:00Z), `,
		"less than the 30 minutes that a deployment takes",
	])}
	denied(document(fact, "high", {"mode": "commit"})) == set()
	opening := bounded(object.union(soon, {"heldAfter": []}))
	denied(asked(opening)) == set()
	warned(asked(opening)) == {"freeze.validity-cut"}
}

test_what_is_held_now_has_no_validity if {
	fact := object.union(held_until_later, {"boundary": object.union(soon, {"heldAfter": ["retail/black-week"]})})
	denied(asked(fact)) == {"freeze.window-closed"}
	warned(asked(fact)) == set()
}

required := {"settings": object.union(settings, {"require-calendar": {"development": false, "staging": false, "production": true}})}

test_a_calendar_may_be_required if {
	fact := object.union(calm, {"calendars": []})
	denied(asked(fact)) == set()
	denied(document(fact, "low", required)) == {"freeze.calendar-missing"}
	said(document(fact, "low", required)) == {`"prod" has no calendar, and a production environment must have one`}
	denied(document(fact, "low", object.union(required, {"environment": {"name": "dev", "stage": "development"}}))) == set()
	denied(document(fact, "low", object.union(required, {"unit": {"name": "gate", "kind": "Gate"}}))) == set()
	denied(document(calm, "low", required)) == set()
}

test_a_calendar_that_has_come_to_its_end if {
	over := object.union(calm, {"calendars": [{"name": "retail", "daysLeft": -40, "setting": "/calendars/retail"}]})
	short := object.union(calm, {"calendars": [{"name": "retail", "daysLeft": 29, "setting": "/calendars/retail"}]})
	long := object.union(calm, {"calendars": [{"name": "retail", "daysLeft": 30, "setting": "/calendars/retail"}]})
	denied(document(over, "low", required)) == {"freeze.calendar-expired"}
	denied(document(short, "low", required)) == {"freeze.calendar-expired"}
	denied(document(long, "low", required)) == set()
	warned(asked(over)) == {"freeze.calendar-expired"}
	said(asked(over)) == {`the calendar "retail" came to its end 40 days ago`}
	said(asked(short)) == {`the calendar "retail" knows nothing after the next 29 days`}
}

let_through(changed) := object.union(calm, {
	"windows": {"retail/black-week": object.union(window, changed)},
	"changes": [with_change(0, "low", {"letThroughBy": [{"window": "retail/black-week", "allow": "low"}]})],
})

test_a_peak_window_that_allows_much if {
	warned(asked(let_through({}))) == set()
	warned(asked(let_through({"allow": ["medium"]}))) == {"freeze.too-wide-allow"}
	said(asked(let_through({"allow": ["low", "high"]}))) == {`"black-week" is a peak window, and it lets changes of tier high through`}
	warned(asked(let_through({"allow": ["medium"], "peak": false}))) == set()
}

test_a_window_that_nobody_owns if {
	unowned := object.remove(window, ["owner", "ticket"])
	fact := json.patch(let_through({}), [{"op": "replace", "path": "/windows/retail~1black-week", "value": unowned}])
	warned(asked(fact)) == {"freeze.unowned-window"}
	said(asked(fact)) == {`the window "black-week" has no owner, no ticket`}
}

test_spans_in_words if {
	change_set.span(60) == "1 minutes"
	change_set.span(7200) == "2 hours"
	change_set.span(172800) == "2 days"
}

pointed(question) := {finding.setting |
	some finding in (change_set.deny | change_set.warn) with input as question
}

test_a_finding_points_at_the_setting_that_made_it if {
	pointed(asked(bounded(object.union(soon, {"heldAfter": ["retail/black-week"]})))) == {"/settings/min-useful-minutes"}
	pointed(document(object.union(calm, {"calendars": []}), "low", required)) == {"/environment/calendars"}
	pointed(asked(near_fact)) == {"/settings/near-hours"}
	pointed(asked(held_until_later)) == {"/calendars/retail/windows/0"}
}

test_a_schedule_of_what_is_held_anyway_is_told_once if {
	hold := {"window": "retail/black-week", "until": later, "wouldPass": []}
	acts := object.union(tonight, {"heldBy": ["retail/black-week"]})
	fact := object.union(held(hold), {"changes": [with_change(0, "low", {"heldBy": [hold], "acts": acts})]})
	warned(asked(fact)) == set()
}

test_each_freeze_names_what_it_holds if {
	autumn := object.union(window, {"id": "autumn", "setting": "/calendars/retail/windows/3", "overridableBy": []})
	holds := [
		{"window": "retail/black-week", "until": later, "wouldPass": []},
		{"window": "retail/autumn", "until": later, "wouldPass": []},
	]
	fact := object.union(held(holds[0]), {
		"windows": {"retail/black-week": window, "retail/autumn": autumn},
		"changes": [with_change(0, "high", {"heldBy": [holds[0]]}), with_change(1, "low", {"heldBy": [holds[1]]})],
	})
	some black_week in said(asked(fact))
	startswith(black_week, `the freeze "black-week" holds 1 change until `)
	contains(black_week, ": Deployment shop/odoo (high); reason")
	some named in said(asked(fact))
	startswith(named, `the freeze "autumn" holds 1 change until `)
	contains(named, ": IngressClass traefik (low); reason")
	advised(asked(fact)) == {
		concat("", [
			"wait: `tidegate calendar next --env prod --tier high` says when it may go; ",
			"it lets nothing through; retail-ops may override it",
		]),
		"wait: `tidegate calendar next --env prod --tier low` says when it may go; it lets nothing through",
	}
}

test_a_maintenance_window_opens_when_it_does if {
	holds := [
		{"window": "retail/black-week", "until": soon, "wouldPass": []},
		{"window": "retail/night", "until": later, "wouldPass": []},
		{"window": "retail/upkeep", "until": tonight, "wouldPass": []},
	]
	fact := object.union(held(holds[0]), {"changes": [with_change(0, "high", {"heldBy": holds})]})
	some message in said(asked(fact))
	startswith(message, concat("", [
		`1 change may only be made in a maintenance window ("night", "upkeep"), and none is open until `,
		"2026-11-27 00:00 Europe/Berlin",
	]))
	unending := [holds[0], object.remove(holds[1], ["until"]), holds[2]]
	endless := object.union(fact, {"changes": [with_change(0, "high", {"heldBy": unending})]})
	said(asked(endless)) == said(asked(fact))
}

test_each_freeze_that_is_near_names_what_it_would_hold if {
	autumn := object.union(window, {"id": "autumn"})
	fact := object.union(calm, {
		"windows": {"retail/black-week": window, "retail/autumn": autumn},
		"changes": [
			with_change(0, "high", {"opensNext": [{"window": "retail/black-week", "opens": tonight}]}),
			with_change(1, "low", {"opensNext": [{"window": "retail/autumn", "opens": tonight}]}),
		],
	})
	every message in said(asked(fact)) {
		contains(message, "and would hold 1 change: ")
	}
	count(said(asked(fact))) == 2
}

opening_in(seconds) := {"window": "retail/black-week", "opens": object.union(tonight, {"inSeconds": seconds})}

test_near_is_so_many_hours_and_not_a_second_more if {
	in_time := object.union(near_fact, {"changes": [with_change(0, "high", {"opensNext": [opening_in(86400)]})]})
	warned(asked(in_time)) == {"freeze.near"}
	far := object.union(near_fact, {"changes": [with_change(0, "high", {"opensNext": [opening_in(86401)]})]})
	warned(asked(far)) == set()
	waits := {"seconds": 60, "endless": true}
	waiting := object.union(near_fact, {"changes": [with_change(0, "high", {
		"opensNext": [opening_in(86401)],
		"takes": waits,
	})]})
	denied(asked(waiting)) == set()
	late := object.union(near_fact, {"changes": [with_change(0, "high", {
		"opensNext": [opening_in(86400)],
		"takes": waits,
	})]})
	denied(asked(late)) == {"freeze.rollout-overruns"}
}

test_long_enough_is_so_many_minutes if {
	fact := bounded({
		"at": "2026-11-26T18:30:00Z",
		"civil": "2026-11-26 19:30 Europe/Berlin",
		"inSeconds": 1800,
		"heldAfter": ["retail/black-week"],
	})
	denied(asked(fact)) == set()
}

test_one_more_than_is_named_is_counted if {
	hold := {"window": "retail/black-week", "until": later, "wouldPass": []}
	indexes := numbers.range(0, 5)
	changes := [{"index": i, "object": object.union(deployment, {"name": sprintf("odoo-%d", [i])})} | some i in indexes]
	fact := object.union(held(hold), {"changes": [with_change(i, "high", {"heldBy": [hold]}) | some i in indexes]})
	some message in said(document(fact, "high", {"changes": changes}))
	contains(message, "Deployment shop/odoo-4 (high), 1 more;")
}
