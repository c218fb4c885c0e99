#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A gateway may be killed at any instant: the next one finishes what was begun, and sends
# nothing twice that need not be.

bats_require_minimum_version 1.5.0

load gateway_helpers

setup() {
	start_stub
	make_site
}

teardown() {
	clean_up
}

# start_gateway_killed_at CALL N: it dies as it makes its Nth such call, which does nothing.
# The first renameat2 is the trial at start.
start_gateway_killed_at() {
	command -v strace >/dev/null || skip "no strace on this machine"
	# What replaces is a reason or a rest, if it is in failed/.
	local only=()
	[ "$1" != renameat ] || only=(-P "$SPOOL/failed")
	RUN_BY=(strace -D -qq -o "$SITE/calls" "${only[@]}" -e "trace=$1"
		-e "inject=$1:signal=KILL:error=EIO:when=$2")
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	start_gateway
}

# Those that follow run by themselves.
wait_for_its_death() {
	eventually is_over "$GATEWAY_PID"
	wait "$GATEWAY_PID" || true
	unset GATEWAY_PID
	# shellcheck disable=SC2034 # start_gateway knows it
	RUN_BY=()
}

@test "killed while idle, it goes on as if nothing had been" {
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	kill_gateway
	document WEB-2:2 | drop b.xml
	start_gateway
	eventually is_sent b.xml
	[ "$(requests | paste -s -d ' ')" = '1 2' ]
}

@test "killed while the shop is at work, it repeats after unknown_wait and not before" {
	set_option unknown_wait '"2s"'
	stub_rules '[{"on": "comments", "delay_ms": 500, "times": 1},
		{"on": "comments", "code": "2001"}]'
	start_gateway
	document WEB-1:1 WEB-2:2 | drop a.xml
	stub_saw request
	kill_gateway
	start_gateway
	document WEB-1:3 | drop same-order.xml
	eventually is_done
	[ "$(requests_with 1)" -eq 2 ]
	[ "$(requests_with 2)" -eq 1 ]
	is_at_least 1.99 "$(gap_before_repeat 1)"
	[ "$(outcome_of 1)" = delivered ]
	[ "$(requests | grep -nw 1 | tail -n 1 | cut -d : -f 1)" -lt \
		"$(requests | grep -nw 3 | cut -d : -f 1)" ]
}

@test "killed again and again while the shop is at work, it still sends but once more" {
	set_option unknown_wait '"2s"'
	stub_rules '[{"on": "comments", "delay_ms": 500, "times": 1}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	stub_saw request
	kill_gateway
	start_gateway
	kill_gateway
	start_gateway
	kill_gateway
	start_gateway
	eventually is_sent a.xml
	[ "$(requests_with 1)" -eq 2 ]
}

@test "killed before it settles what was delivered, it only finishes the move" {
	start_gateway_killed_at renameat2 3
	document WEB-1:1 | drop a.xml
	wait_for_its_death
	is_sending a.xml
	audited settled
	start_gateway
	eventually is_sent a.xml
	[ "$(requests_with 1)" -eq 1 ]
	logged settled 'an earlier run'
}

@test "killed before it moves what was rejected, it leaves each comment in one place" {
	stub_rules '[{"orders": {"WEB-1": "3002"}}]'
	# As the reason, the rest file and the drop get their places.
	local id=10 place
	for place in 'renameat 1' 'renameat 2' 'renameat2 3'; do
		id=$((id + 1))
		# shellcheck disable=SC2086 # two words
		start_gateway_killed_at $place
		document WEB-1:1 "WEB-2:$id" | drop "$id.xml"
		wait_for_its_death
		is_sending "$id.xml"
		start_gateway
		eventually is_sent "$id.xml"
		is_failed "$id.xml"
		[ "$(requests_with "$id")" -eq 1 ]
		stop_gateway
	done
	holds_drops failed 3
	[ "$(find "$SPOOL/failed" -type f | wc -l)" -eq 6 ]
}

@test "killed as it claims, it has not touched the file" {
	start_gateway_killed_at renameat2 2
	document WEB-1:1 | drop a.xml
	wait_for_its_death
	[ -e "$SPOOL/incoming/a.xml" ]
	start_gateway
	eventually is_sent a.xml
	[ "$(requests_with 1)" -eq 1 ]
}

@test "claims that no journal knows wait for unknown_wait, then are sent" {
	set_option unknown_wait '"2s"'
	mkdir "$SPOOL/sending"
	document WEB-1:1 >"$SPOOL/sending/20260101T000000.000001Z_a.xml"
	document WEB-2:2 | drop b.xml
	local begun=$EPOCHREALTIME
	start_gateway
	eventually is_sent b.xml
	is_sending a.xml
	logged no-record
	eventually is_sent a.xml
	is_at_least 1.99 "$(awk "BEGIN { print $EPOCHREALTIME - $begun }")"
	[ "$(requests | paste -s -d ' ')" = '2 1' ]
}

@test "a claim by a clock that nobody had set is not given up for its age" {
	set_option give_up '"1h"'
	mkdir "$SPOOL/sending"
	document WEB-1:1 >"$SPOOL/sending/19700101T000000.000001Z_a.xml"
	start_gateway
	eventually is_done
	[ "$(requests_with 1)" -eq 1 ]
}

@test "which setting gave a comment up is known after a crash, and after its checkpoint" {
	local stamp=20260101T101530.000001Z
	mkdir "$SPOOL"/{sending,audit}
	document WEB-1:1 >"$SPOOL/sending/${stamp}_a.xml"
	printf '{"v":1,"t":"2026-01-01T10:15:31.000000Z","up":1,"site":"WEB1","ev":"%s","claim":"%s","drop":"a.xml"%s}\n' \
		reading $stamp '' outcome $stamp \
		',"n":1,"order":"WEB-1","comment":"1","result":"rejected","cause":"give_up"' \
		>"$SPOOL/audit/2026-01-01.jsonl"
	run -1 run_once
	audited checkpoint '"result":"rejected","cause":"give_up"'
	[[ $(reason_of a.xml) == *'waited longer than give_up allows'* ]]
	[[ $(reason_of a.xml) != *'no comments'* ]]
}

@test "a rest that is put into sending/ while nothing runs is sent" {
	set_option batch_comments 1
	document WEB-1:1 WEB-2:2 | drop a.xml
	stub_rules '[{"orders": {"WEB-2": "3002"}}]'
	run -1 run_once
	stub_rules '[]'
	mv "$SPOOL"/failed/*a.xml "$SPOOL"/failed/*a.xml.reason.txt "$SPOOL/sending"
	run -0 run_once
	is_done
	is_empty failed
	[ "$(requests_with 2)" -eq 2 ]
}

@test "claims that the journal knows as not begun are sent at once" {
	set_option unknown_wait '"1h"'
	stub_rules '[{"on": "probe", "do": "html", "status": 429},
		{"comment": "900", "do": "html", "status": 429}]'
	start_gateway
	document WEB-900:900 | drop first.xml
	eventually logged hold
	document WEB-1:1 | drop a.xml
	eventually audited read a.xml
	kill_gateway
	stub_rules '[]'
	start_gateway
	eventually is_sent a.xml
	eventually is_sent first.xml
	[ "$(requests_with 1)" -eq 1 ]
}

has_reason() {
	find "$SPOOL/failed" -name "*$1.reason.txt" | grep -q .
}

@test "a claim by hand whose name leaves no room for its reason's gets one that does" {
	local tail
	tail=$(printf 'a%.0s' {1..100}).xml
	mkdir "$SPOOL/sending"
	echo '<a/>' >"$SPOOL/sending/20260101T000000.000001Z_$(printf 'b%.0s' {1..127})$tail"
	document WEB-1:1 | drop b.xml
	start_gateway
	eventually is_sent b.xml
	eventually has_reason "$tail"
}

@test "nor does a known one that was renamed so stop any other" {
	local claim long
	stub_rules '[{"comment": "1"}, {"do": "fault", "text": "Authentification failed"}]'
	start_gateway
	document WEB-1:1 WEB-2:2 | drop a.xml
	eventually has_outcome 1 delivered
	eventually logged hold
	stop_gateway
	claim=$(path_in sending a.xml)
	long=$(printf 'n%.0s' {1..220}).xml
	mv "$claim" "${claim%_a.xml}_$long"
	stub_rules '[{"comment": "2", "comments": {"2": "3002"}}]'
	start_gateway
	document WEB-3:3 | drop c.xml
	eventually is_sent c.xml
	eventually has_outcome 2 rejected
	eventually is_empty sending
	[ "$(count_logged trouble)" -eq 0 ]
}

@test "a name in sending/ without a stamp is claimed as if dropped" {
	start_gateway
	stop_gateway
	document WEB-1:1 >"$SPOOL/sending/a.xml"
	document WEB-2:2 >"$SPOOL/sending/notes.txt"
	start_gateway
	eventually is_sent a.xml
	document WEB-3:3 >"$SPOOL/sending/b.xml"
	eventually is_sent b.xml
	[ "$(requests | paste -s -d ' ')" = '1 3' ]
	[ -e "$SPOOL/sending/notes.txt" ]
}

@test "of failed/ only a reason without its file is tidied up" {
	start_gateway
	echo 'no XML' | drop a.xml
	echo 'no XML' | drop b.xml
	eventually is_failed a.xml
	eventually is_failed b.xml
	stop_gateway
	rm "$(path_in failed a.xml)" "$(path_in failed b.xml.reason.txt)"
	start_gateway
	eventually holds_files failed 1
	path_in failed b.xml
	is_done
}

holds_files() {
	[ "$(find "$SPOOL/$1" -type f | wc -l)" -eq "$2" ]
}

@test "what was settled is not sent again, whatever was written last to the journal" {
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	kill_gateway
	printf '{"v":1,"t":"2026-01-01T00:00:00.000000Z","up":1,"si' >>"$(echo "$SPOOL"/audit/*)"
	document WEB-2:2 | drop b.xml
	start_gateway
	eventually is_sent b.xml
	[ "$(requests | paste -s -d ' ')" = '1 2' ]
	stop_gateway
	# Nothing was written into the same line.
	[ "$(audit | grep -c '"si$')" -eq 1 ]
}

@test "a file edited while no gateway runs is found changed by every later start" {
	local claim
	stub_rules '[{"comment": "1"}, {"do": "fault", "text": "Authentification failed"}]'
	start_gateway
	document WEB-1:1 WEB-2:2:before | drop a.xml
	eventually has_outcome 1 delivered
	eventually logged hold
	stop_gateway
	claim=$(path_in sending a.xml)
	sed -i 's/before/after/' "$claim"
	mkdir "$SPOOL/failed/${claim##*/}.reason.txt"
	stub_rules '[]'
	start_gateway
	eventually logged trouble
	stop_gateway
	rmdir "$SPOOL/failed/${claim##*/}.reason.txt"
	start_gateway
	eventually is_failed a.xml
	[ "$(requests_with 2)" -le 1 ] # that of before the hold
	[ "$(stub_events request | grep -c after)" -eq 0 ]
}

@test "a file that killed the gateway three times while it was read is set aside" {
	run_once
	local stamp=20260101T000000.000001Z boot begun i
	boot=$(cat /proc/sys/kernel/random/boot_id)
	begun='{"v":1,"t":"2026-01-01T00:00:00.000000Z","up":1,"site":"WEB1"'
	document WEB-1:1 >"$SPOOL/sending/${stamp}_a.xml"
	for ((i = 0; i < 3; i++)); do
		echo "$begun,\"ev\":\"start\",\"boot\":\"$boot\"}"
		echo "$begun,\"ev\":\"reading\",\"claim\":\"$stamp\",\"drop\":\"a.xml\"}"
	done >>"$(echo "$SPOOL"/audit/*)"
	start_gateway
	eventually is_failed a.xml
	[ -z "$(stub_events request)" ]
	document WEB-2:2 | drop b.xml
	eventually is_sent b.xml
}

@test "the folder of a new day is on disk, with its name" {
	command -v strace >/dev/null || skip "no strace on this machine"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	document WEB-1:1 | drop a.xml
	# shellcheck disable=SC2034,SC2054 # of launch_gateway; a list of strace's own
	RUN_BY=(strace -D -qq -y -E "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0"
		-o "$SITE/calls" -e trace=mkdirat,renameat2,fsync,syncfs)
	launch_gateway --once
	gateway_status
	is_sent a.xml
	# Made, then renamed into, then the folder that has its name is flushed.
	grep -E 'mkdirat.*"20|renameat2.*/sent/20|fsync.*/sent>' "$SITE/calls" |
		sed 's/(.*//' | paste -s -d ' ' | grep -q 'mkdirat.*renameat2.*fsync'
}
