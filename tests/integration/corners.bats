#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What happens seldom, two things at a time: nothing is lost, nothing is sent twice, and
# the trouble of one drop is not that of the others.

bats_require_minimum_version 1.5.0

load gateway_helpers

setup() {
	start_stub
	make_site
}

teardown() {
	[ -z "${LEASE_PID:-}" ] || kill "$LEASE_PID" 2>/dev/null || true
	clean_up
}

# What was dropped before has had its turn once this one is through.
pass_another() {
	document WEB-900:900 | drop another.xml
	eventually is_sent another.xml
}

# As if the disk were full; what is ready stays where it is until let_in.
keep_out() {
	set_option min_free '"1024G"'
}

let_in() {
	set_option min_free '"1M"'
	kill -HUP "$GATEWAY_PID"
}

@test "a doubt whose file is taken away outlasts a restart" {
	set_option unknown_wait '"1h"'
	set_option request_timeout '"500ms"'
	set_option connect_timeout '"300ms"'
	set_option request_target '"300ms"'
	stub_rules '[{"on": "comments", "do": "silence"}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually has_outcome 1 unknown
	rm "$(path_in sending a.xml)"
	eventually audited withdrawn
	stop_gateway
	stub_rules '[]'
	set_option request_timeout '"10s"'
	start_gateway
	document WEB-1:1 | drop again.xml
	pass_another
	is_sending again.xml
	[ "$(requests_with 1)" -eq 1 ]
}

@test "a doubt whose file is taken away while no gateway runs outlasts two restarts" {
	set_option unknown_wait '"1h"'
	stub_rules '[{"on": "comments", "do": "silence", "times": 1}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually was_requested 1
	kill_gateway
	mv "$(path_in sending a.xml)" "$SITE/kept"
	start_gateway
	stop_gateway
	start_gateway
	drop again.xml <"$SITE/kept"
	pass_another
	is_sending again.xml
	[ "$(requests_with 1)" -eq 1 ]
}

@test "the quiet after a power cut is kept over all restarts" {
	set_option unknown_wait '"2s"'
	mkdir "$SPOOL/audit"
	local today begun
	today=$(date -u +%F)
	printf '{"v":1,"t":"%sT00:00:00.000001Z","up":5,"boot":"%s","ev":"start"}\n' \
		"$today" 00000000-0000-0000-0000-000000000001 >"$SPOOL/audit/$today.jsonl"
	document WEB-1:1 | drop a.xml
	begun=$EPOCHREALTIME
	start_gateway
	logged power-loss
	stop_gateway
	run -75 run_once
	start_gateway
	eventually is_sent a.xml
	is_at_least 1.99 "$(awk "BEGIN { print $EPOCHREALTIME - $begun }")"
	[ "$(requests_with 1)" -eq 1 ]
}

@test "sent/ may be made anew while a drop is on its way there" {
	stub_rules '[{"on": "comments", "delay_ms": 500}]'
	document WEB-1:1 | drop a.xml
	launch_gateway --once
	stub_saw request
	rmdir "$SPOOL/sent"
	mkdir "$SPOOL/sent"
	# It may leave this to the next run; then it says so.
	local status=0
	gateway_status || status=$?
	[ "$status" -eq 75 ] || is_sent a.xml
	run -0 run_once
	is_sent a.xml
	is_done
	[ "$(requests_with 1)" -eq 1 ]
}

@test "what the shop answered is on record though incoming/ is missing at the end" {
	set_option unknown_wait '"1h"'
	set_option log_level '"debug"'
	stub_rules '[{"on": "comments", "delay_ms": 500}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	stub_saw request
	rmdir "$SPOOL/incoming"
	eventually logged outcome delivered
	stop_gateway
	[ "$(outcome_of 1)" = delivered ]
	mkdir "$SPOOL/incoming"
	start_gateway
	eventually is_sent a.xml
	[ "$(requests_with 1)" -eq 1 ]
}

# fail_after_a_kill COMMAND...: applied to a claim of which comment 1 is delivered.
fail_after_a_kill() {
	stub_rules '[{"order": "WEB-2", "do": "silence"}]'
	start_gateway
	document WEB-1:1 WEB-2:2 | drop a.xml
	eventually was_requested 2
	[ "$(outcome_of 1)" = delivered ]
	kill_gateway
	"$@" "$(path_in sending a.xml)"
	stub_rules '[]'
	start_gateway
	eventually is_failed a.xml
	[[ $(reason_of a.xml) == *'comment 1'*delivered* ]]
	is_done
	[ "$(requests_with 1)" -eq 1 ]
}

@test "a claim that was made invalid after a kill fails, and tells what was delivered" {
	fail_after_a_kill sed -i 's/CC20050001/CC1234567890123/'
}

@test "a claim that was cut off after a kill fails, and tells what was delivered" {
	fail_after_a_kill truncate -s 300
}

@test "without its lock file a spool still lets no second gateway in" {
	start_gateway
	rm "$SPOOL/lock"
	run -75 run_once
	pass_another
}

@test "a key that the shop repeats is nowhere to be read" {
	set_option log_level '"debug"'
	stub_rules "[{\"times\": 2, \"do\": \"fault\", \"text\": \"Refused for key $KEY\"},
		{\"on\": \"comments\", \"code\": \"3002\", \"words\": \"Not known to $KEY\"}]"
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually is_failed a.xml
	[[ $(reason_of a.xml) == *'Not known to '* ]]
	logged hold 'Refused for key'
	not grep -rqF "$KEY" "$LOG" "$SPOOL"
}

@test "a file that breaks off is given back once" {
	start_gateway
	document WEB-1:1 | head -n 5 | drop cut.xml
	eventually is_failed cut.xml
	[ "$(count_logged returned)" -eq 1 ]
	[ "$(audit | grep -c '"ev":"returned"')" -eq 1 ]
}

@test "a file that is overwritten when its turn has come is given time" {
	set_option settle '"1s"'
	keep_out
	document WEB-1:1 WEB-2:2 >"$SITE/whole"
	drop a.xml <"$SITE/whole"
	start_gateway
	eventually logged disk-nearly-full
	head -n 9 "$SITE/whole" >"$SPOOL/incoming/a.xml"
	let_in
	eventually audited returned a.xml
	tail -n +10 "$SITE/whole" >>"$SPOOL/incoming/a.xml"
	eventually is_sent a.xml
	cmp "$SITE/whole" "$(path_in sent a.xml)"
}

@test "a file that gets a second name when its turn has come stops no other" {
	set_option settle '"1s"'
	keep_out
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually logged disk-nearly-full
	ln "$SPOOL/incoming/a.xml" "$SITE/second"
	let_in
	pass_another
	[ -e "$SPOOL/incoming/a.xml" ]
	document WEB-1:2 | head -n 3 | drop cut-off.xml
	eventually is_failed cut-off.xml
}

@test "a claim that cannot be opened stops no other, though its name is taken again" {
	mkdir "$SPOOL/sending"
	ln -s /etc/passwd "$SPOOL/sending/20260101T000000.000001Z_a.xml"
	document WEB-1:1 | drop a.xml
	document WEB-2:2 | drop b.xml
	start_gateway
	eventually is_sent b.xml
	pass_another
	[ "$(requests_with 2)" -eq 1 ]
}

# The process of this ends with its lease.
lease() {
	exec {lease_output}< <(exec python3 -c '
import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
fcntl.fcntl(os.open(sys.argv[1], os.O_RDWR), fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("leased", flush=True)
signal.pause()' "$1" 2>/dev/null 3>&-)
	LEASE_PID=$!
	local word
	read -r -t 20 word <&"$lease_output" && [ "$word" = leased ]
}

@test "a file that a file server has a lease on waits alone" {
	set_option rescan '"200ms"'
	document WEB-1:1 | drop a.xml
	lease "$SPOOL/incoming/a.xml" || skip "no leases on this file system"
	start_gateway
	pass_another
	[ -e "$SPOOL/incoming/a.xml" ]
	[ "$(count_logged trouble)" -eq 0 ]
	kill "$LEASE_PID"
	eventually is_sent a.xml
}

@test "no more than 4,000 files are claimed ahead, and the rest goes without another scan" {
	set_option rescan '"1h"'
	# shellcheck disable=SC2034 # of eventually
	PATIENCE=60
	stub_rules '[{"pause": true}]'
	document WEB-@:@ | awk -v folder="$SPOOL/incoming" '
		{ text = text $0 "\n" }
		END {
			for (i = 1; i <= 4100; i++) {
				each = text
				gsub(/@/, i, each)
				file = folder "/" i ".xml"
				printf "%s", each >file
				close(file)
			}
		}'
	start_gateway
	eventually holds_drops sending 4000
	holds_drops incoming 100
	stub_rules '[]'
	eventually is_done
	holds_drops sent 4100
}
