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
	find "$SPOOL" -name '*.jsonl' -exec sed -i 's/"wait":[0-9]*/"wait":1/' {} +
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

# So many, each longer than retry_max after the one before, as by a timer: back-offs are
# over, and a hold has lasted.
run_rarely() {
	local i
	for ((i = 0; i < $1; i++)); do
		let_back_off_pass
		sleep 0.35
		run run_once
	done
}

@test "a shop that answers no empty request is not held for ever" {
	stub_rules '[{"on": "comments", "do": "html", "status": 403, "times": 1},
		{"on": "probe", "do": "fault"}]'
	drop_one 1
	run -75 run_once
	logged hold reason=refusing
	run_rarely 1
	is_sent 1.xml
}

@test "after an outage one bad comment at the head of the line keeps nobody waiting" {
	local bad
	for bad in "$BREAKS" '{"comment": "666", "do": "html", "status": 403}'; do
		stub_rules '[{"do": "html", "status": 404}]'
		drop_one 666
		run_rarely 2
		stub_rules "[$bad]"
		drop_one 1
		run_rarely 2
		is_sent 1.xml
		rm -f "$SPOOL"/*/*.xml "$SPOOL"/sent/*/*.xml
	done
}

@test "a comment that never gets an answer keeps nobody waiting, and ends" {
	set_option unknown_wait '"100ms"'
	stub_rules '[{"comment": "666", "cut": "request"}]'
	drop_one 666
	drop_one 1
	run_rarely 3
	is_sent 1.xml
	drop_one 2
	run_rarely 2
	drop_one 3
	run_rarely 3
	is_failed 666.xml
	[[ $(reason_of 666.xml) == *max_attempts* ]]
}

@test "what a shop that stores nothing is tried with changes from run to run" {
	stub_rules '[{"on": "comments", "do": "fault", "soap": "1.1", "status": 500}]'
	document WEB-666:666 WEB-667:667 WEB-668:668 | drop bad.xml
	run -75 run_once
	logged hold reason=stores-nothing
	run_rarely 3
	[ "$(requests | tail -n 3 | sort -u | paste -s -d ' ')" = '666 667 668' ]
	stub_rules '[{"comment": "668", "do": "fault", "soap": "1.1", "status": 500}]'
	drop_one 1
	run_rarely 2
	is_sent 1.xml
}

@test "a run does not ask before the time that the shop has named in a later probe" {
	stub_rules '[{"do": "html", "status": 429, "times": 1},
		{"do": "html", "status": 429, "retry_after": "3000"}]'
	drop_one 1
	run -75 run_once
	run -75 run_once
	run -75 run_once
	[ "$(requests | wc -l)" -eq 2 ]
}

@test "the last attempt ends with its doubt, though the gateway is started anew in it" {
	set_option max_attempts 1
	stub_rules '[{"comment": "666", "cut": "request"}]'
	start_gateway
	drop_one 666
	eventually has_outcome 666 unknown
	stop_gateway
	start_gateway
	eventually is_failed 666.xml
	[ "$(requests_with 666)" -eq 1 ]
}

@test "a series of refusals is no news about its comments" {
	local tool=${GATEWAY%gateway}spool
	stub_rules "[$FORBIDS]"
	drop_one 1
	run -1 run_once
	run -0 run_once
	audited checkpoint '"comment":"1","result":"refused"'
	run "$tool" -c "$CONF" find --comment 1
	[[ $output == *rejected*'HTTP 403'* ]]
}

@test "a delivery ends a series, also for a checkpoint of the same run" {
	stub_rules "[$FORBIDS]"
	start_gateway
	drop_one 1
	eventually is_failed 1.xml
	stub_rules '[]'
	drop_one 2
	eventually is_sent 2.xml
	rm "$SPOOL"/audit/*.jsonl # what is known is written down anew
	drop_one 3
	eventually is_sent 3.xml
	stop_gateway
	audited checkpoint-end
	not audited checkpoint '"result":"refused"'
}

@test "a checkpoint of the same run knows tries and waits" {
	stub_rules "[$BREAKS]"
	start_gateway
	drop_one 666
	eventually audited outcome '"wait"'
	drop_one 2
	eventually is_sent 2.xml
	rm "$SPOOL"/audit/*.jsonl
	drop_one 3
	eventually is_sent 3.xml
	stop_gateway
	audited checkpoint '"comment":"666".*"attempt":1,"tries":1,"cap":1,"wait":'
	audited checkpoint-end '"stored":'
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

@test "between two runs the page speaks of the next one, and not of a start" {
	document WEB-1:1 | drop a.xml
	run_once
	grep -q 'Between two runs' "$SPOOL/status.html"
	grep -q 'The last one ended: <time' "$SPOOL/status.html"
	not grep -q 'until it is started again' "$SPOOL/status.html"
	start_gateway
	stop_gateway
	grep -q 'until it is started again' "$SPOOL/status.html"
	grep -q '"state":"stopped"' "$SPOOL/state.json"
}

@test "a file that is still being written is left to the next run" {
	local writer i
	drop_one 1
	for ((i = 0; i < 200; i++)); do
		printf x >>"$SPOOL/incoming/grows.xml"
		sleep 0.03
	done 3>&- &
	writer=$!
	eventually test -s "$SPOOL/incoming/grows.xml"
	run -75 run_once
	is_sent 1.xml
	[ -s "$SPOOL/incoming/grows.xml" ]
	kill "$writer"
	wait "$writer" || true
	run -1 run_once # it is no XML
	is_failed grows.xml
}
