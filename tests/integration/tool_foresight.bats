#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# retry moves what mv would move, and says what will happen again.

bats_require_minimum_version 1.5.0

load gateway_helpers
load tool_helpers

STAMP=20260101T101530.123456Z
HOLD='[{"do": "fault", "text": "Authentification failed"}]'
UNKNOWN_ORDERS='[{"do": "results", "orders": {"WEB-2": "3002", "WEB-3": "3002"},
	"words": "Unknown order"}]'

setup() {
	start_stub '[]'
	make_site
	make_folders
}

teardown() {
	clean_up
}

fail_drop() {
	document WEB-1:1 >"$SPOOL/failed/${STAMP}_$1"
}

said() {
	run tool status
	[[ $output == *"$1"* ]]
}

# The failed file of a shop that does not know two orders of three.
fail_part() {
	stub_rules "$UNKNOWN_ORDERS"
	start_gateway
	document WEB-1:1 WEB-2:2 WEB-3:3 | drop orders.xml
	eventually is_failed orders.xml
	eventually is_sent orders.xml
}

# NAME EXPRESSION: the note about it says that, and the file was moved.
foretold() {
	run -0 tool retry "$1"
	echo "$output"
	[[ $output == $'moved\t'*"$1"$'\t'* ]] && [[ $output == *"$2"* ]]
}

@test "retry says what the shop did not accept, and why" {
	fail_part
	foretold orders.xml \
		'did not accept 2 comments of it, and will not again unless the cause is removed, the first: order WEB-2, comment 2: 3002 "Unknown order"'
	[[ $output != *'no gateway'* ]]
	[[ $output != *hold* ]]
}

@test "retry says what was delivered before, and what was refused only until then" {
	local fields='"n":1,"order":"WEB-1","comment":"1"'
	journal 2026-01-01 10:15:31.000000 outcome $STAMP "$fields,\"result\":\"rejected\",\"code\":\"3002\""
	fail_drop a.xml
	journal 2026-01-02 10:15:31.000000 outcome 20260102T101530.123456Z "$fields,\"result\":\"already\",\"code\":\"2001\""
	journal 2026-01-02 10:15:32.000000 outcome 20260102T101530.123456Z '"n":2,"order":"WEB-2","comment":"2","result":"delivered"'
	foretold a.xml '1 comment of it was delivered before: it is sent again, and the shop recognises its CommentId'
	[[ $output != *accept* ]]
	document WEB-1:1 WEB-2:2 WEB-3:3 >"$SPOOL/failed/${STAMP}_b.xml"
	foretold b.xml '2 comments of it were delivered before: they are sent again'
	# Put there by hand: it may have been sent on any day.
	fail_drop c.xml
	journal 2025-12-02 10:15:31.000000 withdrawn 20251202T101530.123456Z
	journal 2025-12-01 10:15:31.000000 outcome 20251201T101530.123456Z '"n":3,"order":"WEB-3","comment":"3","result":"delivered"'
	document WEB-3:3 >"$SPOOL/failed/d.xml"
	foretold d.xml '1 comment of it was delivered before'
}

@test "answers are found whatever a number is written with, and others are not looked at" {
	set_option shop_limits false
	local fields='"n":1,"order":"WEB-1","comment":"a\"b\\é"'
	journal 2026-01-01 10:15:31.000000 outcome $STAMP "$fields,\"result\":\"rejected\",\"code\":\"3002\""
	printf '%s\n' '"comment":"2","result":"delivered"' '"comment":"a\"b\","result":"delivered"' \
		'"result":"delivered","comment":"a' >>"$SPOOL/audit/2026-01-01.jsonl"
	document 'WEB-1:a"b\é' >"$SPOOL/failed/${STAMP}_a.xml"
	document WEB-2:2 >"$SPOOL/failed/${STAMP}_b.xml"
	foretold a.xml 'did not accept 1 comment of it'
	[ "${#lines[@]}" -eq 1 ]
	mv "$SPOOL/incoming/${STAMP}_a.xml" "$SPOOL/failed"
	run -0 tool retry --all
	[[ $output == *'did not accept 1 comment of it'* ]]
	[[ $output == *'2026-01-01.jsonl:2: not a record of the journal'* ]]
}

@test "answers are sought from the day of the oldest failed file on" {
	journal 2026-01-01 10:15:31.000000 outcome $STAMP '"n":1,"order":"WEB-1","comment":"1","result":"rejected","code":"3002"'
	journal 2026-02-01 10:15:30.000000 withdrawn 20260201T101530.123456Z
	journal 2026-03-01 10:15:30.000000 withdrawn 20260301T101530.123456Z
	fail_drop a.xml
	document WEB-2:2 >"$SPOOL/failed/20260301T101530.123456Z_b.xml"
	foretold a.xml 'order WEB-1, comment 1: 3002'
}

@test "a file that was delivered in part and is put back whole is sent whole" {
	fail_part
	rm "$SPOOL"/failed/*
	mv "$(path_in sent orders.xml)" "$SPOOL/failed/"
	foretold orders.xml '1 comment of it was delivered before'
	[[ $output == *'did not accept 2 comments'* ]]
}

# It is known by its comments, not by its bytes or its time.
@test "of an edited file it is still told what was delivered" {
	fail_part
	mv "$(path_in sent orders.xml)" "$SPOOL/failed/"
	sed -i 's/Text of 1/Another text/; s/WEB-2/WEB-4/' "$(path_in failed orders.xml)"
	touch -d tomorrow "$(path_in failed orders.xml)"
	foretold orders.xml '1 comment of it was delivered before'
	[[ $output == *'did not accept 1 comment of it'*'order WEB-3'* ]]
}

@test "without a state.json nothing is known of a hold" {
	start_gateway
	eventually test -e "$SPOOL/state.json"
	kill -STOP "$GATEWAY_PID"
	rm "$SPOOL/state.json"
	fail_drop a.xml
	run -0 tool retry a.xml
	kill -CONT "$GATEWAY_PID"
	[ "$output" = $'moved\t'"${STAMP}_a.xml"$'\t' ]
}

@test "retry says that a second name or the file's mode keeps it in incoming/" {
	fail_drop a.xml
	ln "$SPOOL/failed/${STAMP}_a.xml" "$SITE/other"
	foretold a.xml 'left alone for as long as it has another name'
	fail_drop b.xml
	chmod 000 "$SPOOL/failed/${STAMP}_b.xml"
	[ "$(id -u)" != 0 ] || chown nobody "$SPOOL/failed"
	foretold b.xml 'may not read it: it stays in incoming/'
}

@test "what was corrected in the file is not foretold" {
	fail_part
	sed -i 's/WEB-2/WEB-4/' "$(path_in failed orders.xml)"
	foretold orders.xml \
		'did not accept 1 comment of it, and will not again unless the cause is removed: order WEB-3'
}

@test "a comment that only waited for too long was not refused" {
	local fields='"n":1,"order":"WEB-1","comment":"1","result":"rejected"'
	journal 2026-01-01 10:15:31.000000 outcome $STAMP "$fields,\"cause\":\"give_up\",\"message\":\"gone\""
	fail_drop a.xml
	foretold a.xml 'no gateway runs'
	[[ $output != *accept* ]]
	journal 2026-01-01 10:15:32.000000 outcome $STAMP "$fields,\"cause\":\"max_attempts\",\"message\":\"broke\""
	fail_drop b.xml
	foretold b.xml 'comment 1: "broke"; no gateway runs'
}

@test "what the shop gave no result for is told in words by each command" {
	local words='the shop gave no result: this order takes no comments'
	stub_rules '[{"orders": {"WEB-2": null}}]'
	start_gateway
	document WEB-2:2 | drop orders.xml
	eventually is_failed orders.xml
	run -0 tool show orders.xml
	[[ ${lines[4]} == *$'\t'"$words" ]]
	[[ $output == *"comment 1: not accepted: $words"* ]]
	[ "$(tool show --json orders.xml | json 'd[0]["comments"][0]["words"]')" = "$words" ]
	[ "$(tool show --json orders.xml | json 'd[0]["history"][3]["said"]')" = None ]
	[ "$(tool find --order WEB-2 --json | json 'd[0]["words"]')" = "$words" ]
	foretold orders.xml "unless the cause is removed: order WEB-2, comment 2: $words"
}

@test "which setting gave a comment up is told where the shop said nothing, and in the history" {
	local fields='"n":1,"order":"WEB-1","comment":"1","result":"rejected"'
	journal 2026-01-01 10:15:31.000000 outcome $STAMP "$fields,\"cause\":\"give_up\""
	fail_drop orders.xml
	run -0 tool show orders.xml
	[[ $output == *$'\tit waited longer than give_up allows\n'* ]]
	[[ $output == *'not accepted: it waited longer than give_up allows' ]]
	[ "$(tool find --order WEB-1 --json | json 'd[0]["words"]')" = 'it waited longer than give_up allows' ]
	journal 2026-01-01 10:15:32.000000 outcome $STAMP "$fields,\"attempt\":5,\"cause\":\"max_attempts\",\"message\":\"broke\""
	run -0 tool show orders.xml
	[[ ${lines[4]} == *$'\t'broke ]]
	[[ $output == *'not accepted: the shop broke on it 5 times, which is max_attempts: "broke" (attempt 5)' ]]
	journal 2026-01-01 10:15:33.000000 outcome $STAMP "$fields,\"cause\":\"later\""
	run -0 tool show orders.xml
	[[ $output == *'comment 1: not accepted' ]]
}

# A doubt of so many seconds ago: doubt BOOT SECONDS ORDER COMMENT
doubt() {
	local up
	up=$(awk -v ago="$2" '{ printf "%d", ($1 - ago) * 1000 }' /proc/uptime)
	printf '{"v":1,"t":"2026-01-01T10:15:31.000000Z","up":%s,"boot":"%s","site":"WEB1","ev":"checkpoint","n":1,"order":"%s","comment":"%s","result":"unknown"}\n' \
		"$up" "$1" "$3" "$4" >>"$SPOOL/audit/2026-01-01.jsonl"
}

@test "of several doubts the longest is told, of this boot what is left of it" {
	local boot
	boot=$(cat /proc/sys/kernel/random/boot_id)
	# Little, as the machine may have been up for no longer than a build takes.
	set_option unknown_wait '"2m"'
	doubt another-boot 10 WEB-1 1
	doubt "$boot" 5 WEB-2 2
	doubt "$boot" 125 WEB-3 3
	doubt "$boot" 5 WEB-4 5
	fail_drop a.xml
	foretold a.xml '1 comment waits for 2 min yet'
	document WEB-1:1 WEB-2:2 WEB-3:3 WEB-5:5 >"$SPOOL/failed/${STAMP}_b.xml"
	foretold b.xml '2 comments wait for up to 2 min yet'
	document WEB-2:2 >"$SPOOL/failed/${STAMP}_c.xml"
	foretold c.xml '1 comment waits for '
	[[ $output =~ ' '(8[0-9]|9[0-9]|10[0-9]|11[0-5])' s yet' ]]
	document WEB-3:3 WEB-5:5 >"$SPOOL/failed/${STAMP}_d.xml"
	foretold d.xml 'no gateway runs'
	[[ $output != *wait* ]]
	document WEB-2:2 WEB-1:1 >"$SPOOL/failed/${STAMP}_e.xml"
	foretold e.xml '2 comments wait for up to 2 min yet'
}

@test "a full disk holds up every file, be it valid or not" {
	start_gateway
	eventually said 'WEB1: open'
	set_option min_free '"1024G"' # for the tool: the gateway does not read it anew
	echo '<broken' >"$SPOOL/failed/${STAMP}_b.xml"
	foretold b.xml 'opensi-spool check says why; it waits for the end of a hold, no-space: '
}

@test "without a schema a file is moved, and not told to be invalid" {
	fail_drop a.xml
	set_option schema '"none.xsd"'
	run -0 tool retry a.xml
	[[ $output == *'none.xsd: this schema cannot be used'*$'moved\t'*$'_a.xml\tno gateway runs: '* ]]
}

@test "a pattern is held against the name that a file had when it was dropped" {
	set_option pattern '"a*.xml"'
	fail_drop a.xml
	fail_drop b.xml
	foretold b.xml 'not a name that it takes'
	foretold a.xml 'no gateway runs'
	[[ $output != *'not a name'* ]]
	[ "$(tool list incoming --json | json '[f["note"] for f in d]')" = \
		"[None, 'ignored: not a name that the gateway takes']" ]
}

@test "retry says that no gateway runs, whatever the file" {
	fail_drop a.xml
	foretold a.xml 'no gateway runs: nothing takes it until one does'
	echo '<broken' >"$SPOOL/failed/${STAMP}_b.xml"
	foretold b.xml 'not valid yet; opensi-spool check says why; no gateway runs'
	start_gateway
	# Another comment: that of a.xml is being delivered, which would be told.
	document WEB-2:2 >"$SPOOL/failed/${STAMP}_c.xml"
	run -0 tool retry c.xml
	[ "$output" = $'moved\t'"${STAMP}_c.xml"$'\t' ]
}

@test "retry says that a valid file waits for the end of a hold" {
	stub_rules "$HOLD"
	set_option retry_min '"4m"'
	set_option retry_max '"10m"'
	start_gateway
	document WEB-9:9 | drop first.xml
	eventually said 'held for'
	fail_drop a.xml
	foretold a.xml 'it waits for the end of a hold, key-refused: '
	[[ $output == *key_file* ]]
	echo '<broken' >"$SPOOL/failed/${STAMP}_b.xml"
	foretold b.xml 'not valid yet'
	[[ $output != *hold* ]]
}

@test "the same is told to programs" {
	fail_part
	stop_gateway
	local note
	note=$(tool retry --all --json | json 'd[0]["note"]')
	[[ $note == *'not accept 2 comments'*'; no gateway runs'* ]]
}
