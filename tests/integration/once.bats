#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What a run has learned, the next one knows: runs by --once are as careful as the daemon.

bats_require_minimum_version 1.5.0

load gateway_helpers

BREAKS='{"comment": "666", "do": "fault", "soap": "1.1", "status": 500}'
FORBIDS='{"on": "comments", "do": "html", "status": 403}'

setup() {
	start_stub
	make_site
	set_option max_attempts 3
}

teardown() {
	clean_up
}

# As if the back-offs had passed: the journal is what the next run knows them by.
let_back_off_pass() {
	sed -i 's/"wait":[0-9]*/"wait":1/' "$SPOOL"/audit/*.jsonl
}

# ID: a file of its own.
drop_one() {
	document "WEB-$1:$1" | drop "$1.xml"
}

# The attempts that are counted for comment 666.
attempts() {
	audit | sed -n 's/.*"ev":"outcome".*"comment":"666".*"attempt":\([0-9]*\).*/\1/p' |
		tail -n 1
}

try_666() {
	let_back_off_pass
	run -75 run_once
}

@test "attempts count over runs, if another run delivered meanwhile" {
	stub_rules "[$BREAKS]"
	drop_one 666
	run -75 run_once
	[ "$(attempts)" = 1 ]
	drop_one 1
	run -75 run_once
	is_sent 1.xml
	[ "$(requests_with 666)" -eq 1 ]
	try_666
	[ "$(attempts)" = 2 ]
	run -75 run_once # a run that only restates what is known
	try_666
	[ "$(attempts)" = 2 ]
	[ "$(requests_with 666)" -eq 3 ]
	audited outcome '"attempt":2,"tries":3,'
	drop_one 2
	run -75 run_once
	let_back_off_pass
	run -1 run_once
	[[ $(reason_of 666.xml) == *max_attempts* ]]
	is_empty sending
}

@test "for a comment with mail only those with mail count" {
	stub_rules "[$BREAKS]"
	document WEB-666:666 | sed 's/SendMail>false/SendMail>true/' | drop 666.xml
	run -75 run_once
	drop_one 1
	run -75 run_once
	try_666
	[ "$(attempts)" = 1 ]
	document WEB-2:2 | sed 's/SendMail>false/SendMail>true/' | drop 2.xml
	run -75 run_once
	try_666
	[ "$(attempts)" = 2 ]
}

@test "a run that comes before a back-off has passed leaves the comment alone" {
	stub_rules "[$BREAKS]"
	drop_one 666
	run -75 run_once
	run -75 run_once
	[ "$(requests_with 666)" -eq 1 ]
}

@test "a shop that refuses every comment is found out over runs" {
	local id
	stub_rules "[$FORBIDS]"
	for id in 1 2; do
		drop_one "$id"
		run -1 run_once
		is_failed "$id.xml"
	done
	drop_one 3
	run -75 run_once
	logged hold reason=stores-nothing
	drop_one 4
	run -75 run_once
	[ "$(count_in sending)" -eq 2 ]
	[ "$(count_in failed)" -eq 2 ]
	stub_rules '[]'
	run -0 run_once
	is_sent 3.xml
	is_sent 4.xml
	logged open
}

@test "a delivery in another run clears the shop" {
	local id
	for id in 1 2 3 4 5; do
		[ "$id" = 3 ] && stub_rules '[]' || stub_rules "[$FORBIDS]"
		drop_one "$id"
		run run_once
		[ "$status" -eq "$([ "$id" = 3 ] && echo 0 || echo 1)" ]
	done
	[ "$(count_in failed)" -eq 4 ]
	not logged hold
}

@test "into an outage that goes on no run sends another comment" {
	set_option unknown_wait '"1h"'
	stub_rules '[{"on": "comments", "cut": "request"},
		{"on": "probe", "do": "html", "status": 502}]'
	drop_one 1
	run -75 run_once
	drop_one 2
	run -75 run_once
	drop_one 3
	run -75 run_once
	[ "$(requests_with 2)" -eq 0 ]
	[ "$(requests_with 3)" -eq 0 ]
	[ "$(grep -c '^<4>.*event=hold ' "$LOG")" -eq 1 ]
	stub_rules '[]'
	run -75 run_once
	is_sent 2.xml
	is_sent 3.xml
	is_sending 1.xml
	logged open 'was=unclear'
}

@test "a run does not ask before the time that the shop has named" {
	stub_rules '[{"do": "html", "status": 429, "retry_after": "3000"}]'
	drop_one 1
	run -75 run_once
	run -75 run_once
	[ "$(requests | wc -l)" -eq 1 ]
}

@test "a shop that answers no empty request is not held for ever" {
	stub_rules '[{"on": "comments", "do": "html", "status": 403, "times": 1},
		{"on": "probe", "do": "fault"}]'
	drop_one 1
	run -75 run_once
	logged hold reason=refusing
	sleep 0.4 # longer than retry_max: a short hold is probed without comments
	run -0 run_once
	is_sent 1.xml
}

@test "the daemon goes on with the hold that it finds, and says so" {
	stub_rules '[{"do": "html", "status": 404}]'
	start_gateway
	drop_one 1
	eventually logged hold reason=refusing
	stop_gateway
	start_gateway
	logged hold 'reason=refusing .*goes on from the last run'
	eventually grep -q '"state": *"held"' "$SPOOL/state.json"
	stub_rules '[]'
	eventually is_sent 1.xml
	logged open 'was=refusing'
}
