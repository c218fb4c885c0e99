#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What a program gets by --json is in the manual, command by command, and nothing else is.

bats_require_minimum_version 1.5.0

load gateway_helpers
load tool_helpers

PAGES=("$ROOT/contrib/man/opensi-spool.1.scd" "$ROOT/contrib/man/fr/opensi-spool.1.scd")

setup() {
	command -v python3 >/dev/null || skip "there is no python3: contrib/deps test"
	start_stub '[{"comment": "9", "do": "html", "status": 200},
		{"do": "results", "orders": {"WEB-2": "3002"}, "words": "Unknown order"}]'
	make_site
	make_folders
}

teardown() {
	clean_up
}

is_held() {
	tool status | grep -q 'held for'
}

# Of JSON documents: each field once, a line each.
fields() {
	python3 -c '
import json, sys
def walk(value):
    for one in value if isinstance(value, list) else value.values():
        if isinstance(one, (dict, list)):
            walk(one)
    if isinstance(value, dict):
        print(*value, sep="\n")
rest = sys.stdin.read().strip()
while rest:
    value, end = json.JSONDecoder().raw_decode(rest)
    walk(value)
    rest = rest[end:].strip()' | sort -u
}

# Of JSON documents: what is not the same in two objects of a kind.
differences() {
	python3 -c '
import json, sys
known = {}
def walk(value, kind):
    for name, one in enumerate(value) if isinstance(value, list) else value.items():
        if isinstance(one, (dict, list)):
            walk(one, kind if isinstance(value, list) else kind + "/" + name)
    if isinstance(value, dict):
        first = known.setdefault(kind, list(value))
        if list(value) != first:
            print("in", kind or "/", set(value) ^ set(first) or "order")
rest = sys.stdin.read().strip()
while rest:
    value, end = json.JSONDecoder().raw_decode(rest)
    walk(value, "")
    rest = rest[end:].strip()' | sort -u
}

# COMMAND PAGE: what is said of it in the section JSON; other commands are named there, too.
told() {
	sed -n '/^# JSON/,/^# EX/p' "$2" | sed -n "/^\\*$1\\*\$/,/^\$/p" | sed 1d |
		grep -oE '\*[a-z\_]+\*' | tr -d '*\134' | grep -vx check | sort -u
}

# Of state.json: the terms that stand before what is told of them.
told_of_state() {
	sed -n '/^# THE STATE/,/^# METRICS/p' "$ROOT/contrib/man/opensi-gateway.8.scd" |
		grep -oE '^\s*\*[a-z_]+\*(, \*[a-z_]+\*)*$' | grep -oE '[a-z_]+'
}

# COMMAND: the documents on standard input have the fields that its pages tell.
are_told() {
	local page given
	given=$(fields)
	[ -n "$given" ]
	for page in "${PAGES[@]}"; do
		diff <(echo "$given") <(told "$1" "$page")
	done
}

# One comment delivered, one refused, one whose outcome is unknown; the refused one again.
live() {
	start_gateway
	document WEB-1:1 WEB-2:2 | drop orders.xml
	eventually is_failed orders.xml
	eventually is_sent orders.xml
	mv "$(path_in failed orders.xml)" "$SPOOL/incoming/"
	eventually is_failed orders.xml
	document WEB-9:9 | drop doubt.xml
	eventually has_outcome 9 unknown
}

@test "every command that knows --json is looked at here" {
	local command
	for command in $("$TOOL" --help | sed -nE 's/^  ([a-z]+) .*/\1/p'); do
		"$TOOL" "$command" --help | grep -q -- --json || continue
		grep -qE "tool $command\b.* --json" "$BATS_TEST_FILENAME" || {
			echo "not looked at: $command"
			return 1
		}
		[ -n "$(told "$command" "${PAGES[0]}")" ]
	done
}

@test "fields of status" {
	stub_rules '[{"do": "fault", "text": "Authentification failed"}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually is_held
	diff <(tool status --json | fields) \
		<({ told status "${PAGES[0]}"; told_of_state; } | sort -u)
	diff <(told status "${PAGES[0]}") <(told status "${PAGES[1]}")
}

@test "fields of list, in each folder" {
	live
	echo x >"$SPOOL/incoming/x.tmp"
	local folder
	for folder in incoming sending sent failed; do
		tool list $folder --json >"$SITE/$folder"
		not grep -qxF '[]' "$SITE/$folder"
	done
	cat "$SITE"/{incoming,sending,sent,failed} | are_told list
}

@test "fields of show, with the whole of a history" {
	live
	document WEB-1:abc | drop worse.xml
	eventually is_failed worse.xml
	tool show orders.xml doubt.xml worse.xml --json >"$SITE/given"
	# Those of a problem are told with check.
	local problem
	problem=$(json '"\n".join(d[-1]["problems"][0])' <"$SITE/given")
	[ "$(grep -cxF -f <(told check "${PAGES[0]}") <<<"$problem")" -eq 6 ]
	fields <"$SITE/given" | grep -vxE 'line|field|value|rule' >"$SITE/fields"
	diff "$SITE/fields" <(told show "${PAGES[0]}")
	diff "$SITE/fields" <(told show "${PAGES[1]}")
}

@test "each file and each comment that is shown has all fields, known or not" {
	live
	document WEB-1:abc | drop worse.xml
	eventually is_failed worse.xml
	document WEB-3:3 WEB-4:4 >"$SPOOL/incoming/.waits.xml"
	mv "$SPOOL/incoming/.waits.xml" "$SPOOL/incoming/waits.txt"
	rm "$(path_in sent orders.xml)" "$(path_in sending doubt.xml)"
	tool show orders.xml doubt.xml worse.xml waits.txt --json >"$SITE/given"
	[ -z "$(differences <"$SITE/given")" ]
	[ "$(json '[d[0][f] for f in ("file", "size", "problem_count", "problems")]' <"$SITE/given")" = \
		'[None, None, None, []]' ]
	[ "$(json '[d[0]["comments"][0][f] for f in ("date", "mail", "visible", "text")]' \
		<"$SITE/given")" = '[None, None, None, None]' ]
	[ "$(json '[d[-1]["comments"][0][f] for f in ("result", "code", "words", "attempts")]' \
		<"$SITE/given")" = '[None, None, None, None]' ]
}

@test "a name that show does not find has no object, and makes the status 1" {
	touch "$SPOOL/incoming/a.xml"
	run --separate-stderr -1 tool show none.xml a.xml --json
	[ "$(json '[f["name"] for f in d]' <<<"$output")" = "['a.xml']" ]
	# shellcheck disable=SC2154 # by run
	[[ $stderr == *'none.xml: in no folder, and not in the journal'* ]]
}

@test "each file that is checked has all fields, known or not" {
	document >"$SITE/none.xml"
	document WEB-1:1 >"$SITE/good.xml"
	document WEB-1:abc >"$SITE/bad.xml"
	sed '$d' "$SITE/good.xml" >"$SITE/cut.xml"
	tool check "$SITE"/{none,good,bad,cut,missing}.xml --json >"$SITE/given" || true
	[ -z "$(differences <"$SITE/given")" ]
	[ "$(json '[(f["comments"], f["problem_count"]) for f in d]' <"$SITE/given")" = \
		'[(0, 0), (1, 0), (None, 1), (None, 1), (None, None)]' ]
	[ "$(json '[f["problems"][0]["comment"] for f in d[2:4]]' <"$SITE/given")" = '[1, None]' ]
}

@test "fields of retry" {
	document WEB-1:1 >"$SPOOL/failed/a.xml"
	tool retry --all --json | are_told retry
}

@test "fields of check" {
	document WEB-1:abc >"$SITE/bad.xml"
	document WEB-1:1 >"$SITE/good.xml"
	{ tool check "$SITE"/{good,bad,none}.xml --json || true; } | are_told check
}

@test "fields of find" {
	live
	{
		tool find --order WEB-1 --json
		tool find --comment 9 --json
	} | are_told find
}

@test "fields of ping" {
	tool ping --json | are_told ping
}

@test "fields of purge" {
	mkdir -p "$SPOOL/sent/2026-01-01"
	touch "$SPOOL/sent/2026-01-01/20260101T101530.123456Z_a.xml"
	tool purge --older-than 90d --yes --json | are_told purge
}
