#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# An admin may take, change and move what waits, and is understood.

bats_require_minimum_version 1.5.0

load gateway_helpers
load tool_helpers

HOLD='{"do": "fault", "text": "Authentification failed"}'

setup() {
	start_stub
	make_site
	set_option retry_max '"200ms"'
}

teardown() {
	clean_up
}

is_held() {
	[ "$(count_logged hold)" -gt "$(count_logged open)" ]
}

# The shop takes nothing until open_shop; what is dropped meanwhile waits in sending/.
hold_shop() {
	stub_rules "[$HOLD]"
	document WEB-900:900 | drop first.xml
	eventually is_held
}

open_shop() {
	stub_rules '[]'
	eventually is_sent first.xml
}

# A group of two that go to failed/ in part, the second of which cannot have its reason.
hold_shop_with_two_to_be_rejected() {
	local b
	hold_shop
	document WEB-1:1 WEB-2:2 | drop a.xml
	document WEB-3:3 WEB-4:4 | drop b.xml
	eventually audited read b.xml
	b=$(path_in sending b.xml)
	BLOCKED=$SPOOL/failed/${b##*/}.reason.txt
	mkdir "$BLOCKED"
	stub_rules '[{"comment": "2", "times": 1, "comments": {"2": "3002"}},
		{"comment": "4", "comments": {"4": "3002"}}]'
}

@test "a file taken out of sending/ is not sent" {
	start_gateway
	hold_shop
	document WEB-1:1 | drop a.xml
	eventually is_sending a.xml
	rm "$(path_in sending a.xml)"
	eventually logged withdrawn
	open_shop
	[ "$(requests_with 1)" -eq 0 ]
	[ "$(events_of a.xml)" = 'reading read withdrawn' ]
}

@test "a file taken out while no gateway runs is not sent, and on record" {
	start_gateway
	hold_shop
	document WEB-1:1 | drop a.xml
	eventually is_sending a.xml
	eventually audited read a.xml
	stop_gateway
	rm "$(path_in sending a.xml)"
	start_gateway
	open_shop
	[ "$(requests_with 1)" -eq 0 ]
	[ "$(events_of a.xml | grep -o '[a-z]*$')" = withdrawn ]
}

@test "what is in flight while its file is taken out has its outcome recorded" {
	stub_rules '[{"delay_ms": 700}]'
	start_gateway
	document WEB-1:1 WEB-2:2 | drop a.xml
	stub_saw request
	rm "$(path_in sending a.xml)"
	eventually audited withdrawn
	[ "$(outcome_of 1)" = delivered ]
	[ "$(requests_with 2)" -eq 0 ]
	[ "$(events_of a.xml)" = 'reading read posting outcome withdrawn' ]
}

@test "a file moved back from sending/ to incoming/ is a new arrival" {
	start_gateway
	hold_shop
	document WEB-1:1 | drop a.xml
	eventually is_sending a.xml
	local claim
	claim=$(path_in sending a.xml)
	mv "$claim" "$SPOOL/incoming/"
	eventually logged withdrawn
	open_shop
	eventually is_sent a.xml
	[ "$(basename "$(path_in sent a.xml)")" != "${claim##*/}" ]
	[ "$(requests_with 1)" -eq 1 ]
}

@test "a file changed in sending/ fails, and its reason says what was delivered" {
	stub_rules "[{\"comment\": \"2\", \"times\": 1, \"do\": \"fault\",
		\"text\": \"Authentification failed\"}, {\"on\": \"probe\", \"do\": \"fault\",
		\"text\": \"Authentification failed\"}]"
	start_gateway
	document WEB-1:1 WEB-2:2 WEB-3:3 | drop a.xml
	eventually is_held
	[ "$(outcome_of 1)" = delivered ]
	local posted
	posted="$(postings_of 2) $(postings_of 3)"
	sed -i 's/WEB-3/WEB-4/' "$(path_in sending a.xml)"
	stub_rules '[]'
	eventually is_failed a.xml
	[[ $(reason_of a.xml) == *changed*'comment 1'*delivered* ]]
	grep -q WEB-4 "$(path_in failed a.xml)"
	[ "$(postings_of 2) $(postings_of 3)" = "$posted" ]
}

@test "a file changed in sending/ while no gateway runs fails likewise" {
	stub_rules "[{\"comment\": \"1\"}, $HOLD]"
	start_gateway
	document WEB-1:1 WEB-2:2 | drop a.xml
	eventually is_held
	stop_gateway
	sed -i 's/WEB-2/WEB-4/' "$(path_in sending a.xml)"
	stub_rules '[]'
	start_gateway
	eventually is_failed a.xml
	[[ $(reason_of a.xml) == *delivered* ]]
	not grep -q 'WEB-4' <(stub_events request)
}

@test "a file that is changed after a kill tells what had been sent, and no more" {
	stub_rules '[{"comment": "1", "delay_ms": 20000}]'
	start_gateway
	document WEB-1:1 WEB-2:2 | drop a.xml
	stub_saw request
	kill_gateway
	sed -i 's/WEB-2/WEB-4/' "$(path_in sending a.xml)"
	stub_rules '[]'
	start_gateway
	eventually is_failed a.xml
	[[ $(reason_of a.xml) == *'By then 1 comment of it had been sent, and no other. 0 comments are known to be delivered.'*'it is not known whether'* ]]
	run -0 tool show a.xml
	[[ $output == *$'\n1\tWEB-1\t1\t'*$'\tunknown\t'*$'\n2\tWEB-4\t2\t2026-05-01\tno\tyes\t\t'* ]]
	[[ $output == *'comment 1: sent to the shop'*'found in sending/ by the next run'* ]]
	[ "$(grep -c 'taken from incoming/' <<<"$output")" -eq 1 ]
}

@test "a file changed while its last request is under way is not taken for delivered" {
	local claim
	stub_rules '[{"on": "comments", "times": 1, "delay_ms": 1000}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	stub_saw request
	claim=$(path_in sending a.xml)
	document WEB-1:1 WEB-2:2 >"$claim.new"
	cat "$claim.new" >"$claim"
	rm "$claim.new"
	eventually is_failed a.xml
	grep -q 'CommentId>2<' "$(path_in failed a.xml)"
	grep -q '1 of 1 comments was delivered' "$(path_in failed a.xml).reason.txt"
	not is_sent a.xml
	[ "$(requests_with 1)" -eq 1 ]
	mv "$(path_in failed a.xml)" "$SPOOL/incoming/"
	eventually is_sent a.xml
	has_outcome 2 delivered
}

@test "a rest that was taken away before its group was settled is not put there again" {
	start_gateway
	hold_shop_with_two_to_be_rejected
	eventually is_failed a.xml
	eventually logged trouble
	mv "$(path_in failed a.xml)" "$SPOOL/incoming/again.xml"
	rmdir "$BLOCKED"
	eventually is_sent again.xml
	eventually is_failed b.xml
	eventually is_sent a.xml
	not is_failed a.xml
	[ "$(requests_with 1)" -eq 1 ]
}

@test "folders deleted while it runs are soon there again" {
	start_gateway
	rmdir "$SPOOL/sent" "$SPOOL/failed" "$SPOOL/sending"
	document WEB-1:1 | drop a.xml
	echo 'no XML' | drop b.xml
	eventually is_sent a.xml
	eventually is_failed b.xml
}

# What was put into incoming/ and what waited in sending/ when the spool was copied.
leave_two_undelivered() {
	stub_rules '[{"do": "html", "status": 429}]'
	document WEB-1:1 | drop a.xml
	run -75 run_once
	is_sending a.xml
	document WEB-2:2 | drop b.xml
	document WEB-3:3 >"$SPOOL/failed/20260101T000000.000001Z_c.xml"
	cp -a "$SPOOL" "$SITE/backup"
	stub_rules '[], "remember": true'
}

# With the copy of leave_two_undelivered in its place.
restore_spool() {
	rm -r "$SPOOL"
	mv "$SITE/backup" "$SPOOL"
}

@test "an old spool that is put back sends again what was delivered since" {
	leave_two_undelivered
	run -0 run_once
	is_done
	document WEB-4:4 | drop later.xml
	run -0 run_once
	restore_spool
	run -0 run_once
	is_sent a.xml
	is_sent b.xml
	[ "$(outcome_of 1) $(outcome_of 2)" = 'delivered already' ]
	[ "$(requests_with 1) $(requests_with 2)" = '3 2' ]
	logged outcome 'outcome=already .*comment=2'
	# What was done by hand since is not: nothing is moved out of failed/.
	[ "$(count_in failed)" -eq 1 ]
	# What came later was delivered, and is in neither.
	not is_sent later.xml
	[ "$(requests_with 4)" -eq 1 ]
}

@test "an old spool without its record waits for unknown_wait before it is sent" {
	set_option unknown_wait '"2s"'
	leave_two_undelivered
	run -0 run_once
	restore_spool
	rm -r "$SPOOL/audit"
	local begun=$EPOCHREALTIME
	start_gateway
	eventually logged no-record
	eventually was_requested 2 2
	is_at_least 1.99 "$(awk "BEGIN { print $EPOCHREALTIME - $begun }")"
	eventually is_done
	[ "$(requests_with 1)" -eq 3 ]
}
