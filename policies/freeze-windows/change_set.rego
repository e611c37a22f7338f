# METADATA
# scope: package
# title: Freeze windows
# description: >-
#   No change goes where a freeze of the calendar holds it, nor outside the maintenance windows that it
#   is bound to. Which window holds which change at an instant is decided once, outside of this policy;
#   here it becomes words.
# custom:
#   prefix: freeze
#   scope: change-set
#   kinds: ["*"]
#   facts: [freeze]
#   codes:
#     freeze.window-closed: deny
#     freeze.outside-open-window: deny
#     freeze.near: deny
#     freeze.rollout-overruns: deny
#     freeze.effect-inside-window: warn
#     freeze.quiet: warn
#     freeze.validity-cut: warn
#     freeze.validity-too-short: deny
#     freeze.calendar-missing: deny
#     freeze.calendar-expired: deny
#     freeze.too-wide-allow: warn
#     freeze.unowned-window: warn
package tidegate.freeze_windows.change_set

# METADATA
# title: A freeze holds the change
# description: The freeze is on, the change is in its scope, and nothing that it allows lets the change through.
deny contains finding if {
	some key, held in holding
	window := fact.windows[key]
	window.kind == "freeze"
	finding := {
		"code": "freeze.window-closed",
		"message": sprintf("the freeze %q holds %s until %s: %s%s", [
			window.id,
			counted(held),
			ends(held),
			listed(held),
			told(window),
		]),
		"remediation": sprintf("%s; %s", [way_out(held), lets_through(window, held)]),
		"setting": window.setting,
	}
}

# METADATA
# title: No maintenance window is open
# description: The change may only be made while one of its maintenance windows is open, and none is.
deny contains finding if {
	some keys, held in waiting
	window := fact.windows[first_to_open(held)]
	finding := {
		"code": "freeze.outside-open-window",
		"message": sprintf("%s may only be made in a maintenance window (%s), and none is open until %s: %s%s", [
			counted(held),
			concat(", ", [sprintf("%q", [fact.windows[key].id]) | some key in keys]),
			ends([hold | some hold in held; hold.window == first_to_open(held)]),
			listed(held),
			told(window),
		]),
		"remediation": way_out(held),
		"setting": window.setting,
	}
}

# METADATA
# title: A freeze begins soon
# description: What goes wrong now may have to be mended inside the freeze. From the tier `near-deny-tier` on this denies.
deny contains finding if {
	is_too_risky_near
	some finding in soon
}

# METADATA
# title: A freeze begins soon
# description: What goes wrong now may have to be mended inside the freeze.
warn contains finding if {
	not is_too_risky_near
	some finding in soon
}

# METADATA
# title: A rollout runs into a freeze
# description: What its steps wait is longer than the time that is left, so that half of it would stand while nothing may change.
deny contains finding if {
	input.environment.stage == "production"
	some finding in overruns
}

# METADATA
# title: A rollout runs into a freeze
# description: What its steps wait is longer than the time that is left.
warn contains finding if {
	input.environment.stage != "production"
	some finding in overruns
}

# METADATA
# title: A change first acts inside a freeze
# description: It is made before the freeze, and the schedule that it sets runs for the first time inside of it.
warn contains finding if {
	some change in fact.changes
	some key in change.acts.heldBy
	not key in {held.window | some held in change.heldBy}
	window := fact.windows[key]
	finding := {
		"code": "freeze.effect-inside-window",
		"message": sprintf("%s runs by its new schedule for the first time at %s, inside of the freeze %q%s", [
			name_of(input.changes[change.change].object),
			moment(change.acts),
			window.id,
			told(window),
		]),
		"remediation": "let it run before the freeze or after it, or suspend it until then",
		"setting": window.setting,
	}
}

# METADATA
# title: A quiet window is on
# description: It holds nothing. Somebody asked for as little change as can be.
warn contains finding if {
	some key in {quiet.window | some change in fact.changes; some quiet in change.quiet}
	window := fact.windows[key]
	finding := {
		"code": "freeze.quiet",
		"message": sprintf("the quiet window %q is on%s", [window.id, told(window)]),
		"remediation": "change what can wait after its end",
		"setting": window.setting,
	}
}

# METADATA
# title: The verdict ends early
# description: A verdict holds no longer than until the calendar would answer otherwise for these changes.
warn contains finding if {
	is_signed_soon
	fact.boundary.inSeconds < fact.validForSeconds
	not is_too_short
	finding := {
		"code": "freeze.validity-cut",
		"message": sprintf("a verdict about this ends at %s instead of %s later: then the calendar answers otherwise", [
			moment(fact.boundary),
			span(fact.validForSeconds),
		]),
		"remediation": "let it begin its way before; where it is still let through afterwards, `tidegate sign --renew` renews it",
	}
}

# METADATA
# title: The verdict would end before it is used
# description: Too little time is left until a window holds these changes, and then nothing renews the verdict.
deny contains finding if {
	is_signed_soon
	is_too_short
	finding := {
		"code": "freeze.validity-too-short",
		"message": sprintf("only %s are left until %s holds this at %s, less than the %d minutes that a deployment takes", [
			span(fact.boundary.inSeconds),
			concat(", ", [sprintf("%q", [fact.windows[key].id]) | some key in fact.boundary.heldAfter]),
			moment(fact.boundary),
			input.settings["min-useful-minutes"],
		]),
		"remediation": sprintf("wait: `%s` says when it may go", [next_command(input.risk.tier)]),
		"setting": "/settings/min-useful-minutes",
	}
}

# METADATA
# title: The environment has no calendar
# description: Nobody said when it must not change, and `require-calendar` wants that said.
deny contains finding if {
	is_calendar_required
	count(fact.calendars) == 0
	finding := {
		"code": "freeze.calendar-missing",
		"message": sprintf("%q has no calendar, and a %s environment must have one", [
			input.environment.name,
			input.environment.stage,
		]),
		"remediation": "name one under `calendars` of the environment; `presets` has those that most shops need",
		"setting": "/environment/calendars",
	}
}

# METADATA
# title: The calendar has come to its end
# description: Its last window is over, or soon will be, and nobody wrote the next. Last year's list is the commonest calendar that protects nothing.
deny contains finding if {
	is_calendar_required
	some finding in ending
}

# METADATA
# title: The calendar comes to its end
# description: Its last window is over, or soon will be, and nobody wrote the next.
warn contains finding if {
	not is_calendar_required
	some finding in ending
}

# METADATA
# title: A peak window allows too much
# description: What is of tier medium or above comes through the window for the busiest days, and no evidence is asked for.
warn contains finding if {
	some window in concerned
	window.peak
	wide := [allowed | some allowed in window.allow; rank[allowed] >= rank.medium]
	count(wide) > 0
	finding := {
		"code": "freeze.too-wide-allow",
		"message": sprintf("%q is a peak window, and it lets changes of tier %s through", [window.id, concat(", ", wide)]),
		"remediation": "allow `low` only, or what has evidence: `evidence:<kind>`",
		"setting": window.setting,
	}
}

# METADATA
# title: Nobody answers for a window
# description: Who is stopped by a window must know whom to ask, and why it is there.
warn contains finding if {
	some window in concerned
	lacking := [key | some key in ["owner", "reason", "ticket"]; not window[key]]
	count(lacking) > 0
	finding := {
		"code": "freeze.unowned-window",
		"message": sprintf("the window %q has no %s", [window.id, concat(", no ", lacking)]),
		"remediation": "say whom to ask, why it is there and where that was decided",
		"setting": window.setting,
	}
}

fact := input.facts.freeze.value

# Each window that holds something now, with what it holds.
holding[key] := held if {
	some key in {hold.window | some hold in holds}
	held := [hold | some hold in holds; hold.window == key]
}

holds := [object.union(hold, {"change": index_of(change), "tier": change.tier}) |
	some change in fact.changes
	some hold in change.heldBy
]

# The changes that wait for a maintenance window, by the windows that any of them may open.
waiting[keys] := held if {
	some keys in {bound_to(change) | some change in fact.changes}
	changes := {index_of(change) | some change in fact.changes; bound_to(change) == keys}
	held := [hold | some hold in holds; hold.window in keys; hold.change in changes]
}

bound_to(change) := {hold.window | some hold in change.heldBy; fact.windows[hold.window].kind == "maintenance"}

first_to_open(held) := sort([[object.get(hold, ["until", "inSeconds"], forever), hold.window] | some hold in held])[0][1]

soon contains finding if {
	some key in {next.window | some change in fact.changes; some next in near(change)}
	window := fact.windows[key]
	caught := [object.union(next, {"change": index_of(change), "tier": change.tier}) |
		some change in fact.changes
		some next in near(change)
		next.window == key
	]
	finding := {
		"code": "freeze.near",
		"message": sprintf("the freeze %q begins in %s, at %s, and would hold %s: %s%s", [
			window.id,
			span(caught[0].opens.inSeconds),
			moment(caught[0].opens),
			counted(caught),
			listed(caught),
			told(window),
		]),
		"remediation": sprintf("wait until it is over: `%s` says when; or change less before it begins", [next_command(input.risk.tier)]),
		"setting": "/settings/near-hours",
	}
}

near(change) := [next |
	some next in change.opensNext
	next.opens.inSeconds <= input.settings["near-hours"] * 3600
]

overruns contains finding if {
	some change in fact.changes
	some next in change.opensNext
	crosses(change.takes, next.opens.inSeconds)
	thing := input.changes[change.change].object
	finding := {
		"code": "freeze.rollout-overruns",
		"message": sprintf("%s %s, and the freeze %q begins in %s, at %s", [
			name_of(thing),
			waits(change.takes),
			fact.windows[next.window].id,
			span(next.opens.inSeconds),
			moment(next.opens),
		]),
		"remediation": "shorten the pauses of its steps, or wait until the freeze is over",
		"setting": fact.windows[next.window].setting,
	}
}

crosses(takes, left) if left <= takes.seconds

crosses(takes, left) if {
	takes.endless
	left <= input.settings["near-hours"] * 3600
}

waits(takes) := sprintf("is rolled out for %s", [span(takes.seconds)]) if not takes.endless

waits(takes) := "waits for somebody while it is rolled out" if takes.endless

is_too_risky_near if rank[input.risk.tier] >= rank[input.settings["near-deny-tier"]]

# Only what is signed has a validity, and only what is not held now is signed.
is_signed_soon if {
	input.mode == "merge"
	count(holds) == 0
}

is_too_short if {
	fact.boundary.inSeconds < input.settings["min-useful-minutes"] * 60
	count(fact.boundary.heldAfter) > 0
}

is_calendar_required if {
	input.unit.kind != "Gate"
	input.settings["require-calendar"][input.environment.stage]
}

ending contains finding if {
	some calendar in fact.calendars
	calendar.daysLeft < input.settings["min-horizon-days"]
	finding := {
		"code": "freeze.calendar-expired",
		"message": sprintf("the calendar %q %s", [calendar.name, left(calendar.daysLeft)]),
		"remediation": "write down the windows of the time after, or let them repeat",
		"setting": calendar.setting,
	}
}

left(days) := sprintf("knows nothing after the next %d days", [days]) if days >= 0

left(days) := sprintf("came to its end %d days ago", [0 - days]) if days < 0

# The windows that have something to say about these changes, now or soon.
concerned := [window |
	some key in {entry.window |
		some change in fact.changes
		some list in [change.heldBy, change.letThroughBy, near(change)]
		some entry in list
	}
	window := fact.windows[key]
]

counted(held) := "1 change" if count(caught(held)) == 1

counted(held) := sprintf("%d changes", [count(caught(held))]) if count(caught(held)) != 1

caught(held) := {hold.change | some hold in held}

listed(held) := text if {
	names := sort({sprintf("%s (%s)", [subject(hold.change), hold.tier]) | some hold in held})
	text := concat(", ", array.concat(array.slice(names, 0, most_named), more(count(names) - most_named)))
}

more(rest) := [] if rest <= 0

more(rest) := [sprintf("%d more", [rest])] if rest > 0

# What is in no object has no index.
index_of(change) := object.get(change, "change", "files")

subject(index) := "the scripts in its files" if index == "files"

subject(index) := name_of(input.changes[index].object) if is_number(index)

name_of(thing) := sprintf("%s %s/%s", [thing.kind, thing.namespace, thing.name])

name_of(thing) := sprintf("%s %s", [thing.kind, thing.name]) if not thing.namespace

ends(held) := moment(held[0].until)

ends(held) := "somebody lifts it" if not held[0].until

# Both in the zone of the environment and in UTC.
moment(at) := sprintf("%s (%s)", [at.civil, at.at])

told(window) := concat("", [sprintf("; %s: %s", [key, window[key]]) | some key in ["reason", "owner", "ticket"]])

way_out(held) := sprintf("wait: `%s` says when it may go", [next_command(highest)]) if {
	highest := by_rank[max({rank[hold.tier] | some hold in held})]
}

next_command(tier) := sprintf("tidegate calendar next --env %s --tier %s", [input.environment.name, tier])

lets_through(window, held) := concat("; ", array.concat([passes], overridden)) if {
	passes := passing({pass | some hold in held; some pass in hold.wouldPass})
	overridden := [sprintf("%s may override it", [concat(", ", window.overridableBy)]) | count(window.overridableBy) > 0]
}

passing(would) := "it lets nothing through" if count(would) == 0

passing(would) := sprintf("it lets through: %s", [concat(", ", [words(pass) | some pass in would])]) if count(would) > 0

words(pass) := sprintf("changes of tier %s", [pass]) if rank[pass] >= 0

words(pass) := "a rollback to an accepted state" if pass == "rollback"

words(pass) := pass if {
	not rank[pass]
	pass != "rollback"
}

span(seconds) := sprintf("%d minutes", [floor(seconds / 60)]) if seconds < 7200

span(seconds) := sprintf("%d hours", [floor(seconds / 3600)]) if {
	seconds >= 7200
	seconds < 172800
}

span(seconds) := sprintf("%d days", [floor(seconds / 86400)]) if seconds >= 172800

rank := {"low": 0, "medium": 1, "high": 2, "critical": 3, "never": 4}

by_rank := {number: tier | some tier, number in rank}

forever := 1000000000000

most_named := 5
