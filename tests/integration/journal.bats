#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The journal is as its manual says, and nothing is sent that is not on record, whatever
# happens to audit/.

bats_require_minimum_version 1.5.0

load gateway_helpers

MANUAL=$ROOT/contrib/man/opensi-journal.5.scd

setup() {
	start_stub
	make_site
}

teardown() {
	clean_up
}

journal_file() {
	echo "$SPOOL"/audit/*.jsonl
}

# --- the manual ---

# Lines from standard input, each against what the manual says of its event.
check_lines() {
	python3 - "$MANUAL" /dev/fd/4 4<&0 <<-'END'
		import json, re, sys

		page = open(sys.argv[1]).read()
		section = lambda name: re.search(rf"\n# {name}\n(.*?)\n# ", page, re.S)[1]
		names = lambda text: set(re.findall(r"\*([a-z-]+)\*", text))
		fields = re.findall(r"^\*([a-z]+)\*$", section("FIELDS"), re.M)
		results = names(section("RESULTS"))
		common = {"v", "t", "up", "site", "ev"}
		forms = {}
		for event, told in re.findall(r"^\*([a-z-]+)\* \((.*?)\)", section("EVENTS"), re.M):
		    must, _, may = told.partition("[")
		    forms.setdefault(event, []).append((set(must.split()), set(may.strip("]").split())))

		seen = set()
		for line in open(sys.argv[2]):
		    record = json.loads(line)
		    own = set(record) - common
		    fit = any(must <= own <= must | may for must, may in forms[record["ev"]])
		    in_order = list(record) == [f for f in fields if f in record]
		    known = record.get("result", "valid") in results
		    if not (common <= set(record) and fit and in_order and known):
		        sys.exit(f"not as the manual says: {line}")
		    seen.add(record["ev"])
		print(*sorted(seen))
	END
}

@test "every line of a life is as the manual says, and every event is seen in it" {
	set_option request_timeout '"500ms"'
	set_option connect_timeout '"300ms"'
	set_option request_target '"300ms"'
	mkdir "$SPOOL/sending"
	document WEB-9:9 >"$SPOOL/sending/20260101T000000.000001Z_unrecorded.xml"
	stub_rules '[{"comment": "3", "do": "silence"}, {"orders": {"WEB-2": "3002"}}]'
	start_gateway
	document WEB-1:1 WEB-2:2 | drop partial.xml
	eventually is_sent partial.xml
	mv "$(path_in failed partial.xml)" "$SPOOL/incoming/"
	document WEB-1:1 | head -n 3 | drop cut.xml
	eventually is_failed cut.xml
	eventually is_sent unrecorded.xml
	document WEB-3:3 | drop unknown.xml
	eventually has_outcome 3 unknown
	kill_gateway
	start_gateway
	stub_rules '[{"comment": "3", "do": "silence"}]'
	eventually logged open
	document WEB-4:4 | drop gone.xml
	eventually is_sent gone.xml
	rm "$(path_in sending unknown.xml)"
	eventually audited withdrawn unknown.xml
	stop_gateway
	run -0 check_lines < <(audit)
	[ "$output" = "checkpoint checkpoint-end hold open outcome posting read reading$(:
		) rest returned settled start stop withdrawn" ]
}

@test "the examples of the manual are as it says" {
	run -0 check_lines < <(grep '^{' "$MANUAL")
	[ "$(grep -c '^{' "$MANUAL")" -ge 8 ]
}

@test "the manual can be made" {
	command -v scdoc >/dev/null || skip "no scdoc on this machine"
	scdoc <"$MANUAL" >"$BATS_TEST_TMPDIR/page"
	[ "$(grep -c '^\.SH' "$BATS_TEST_TMPDIR/page")" -eq "$(grep -c '^# ' "$MANUAL")" ]
}

# --- what somebody takes away ---

# A file that waits, with one comment delivered and one unknown; long waits.
leave_something_unknown() {
	set_option unknown_wait '"1h"'
	set_option request_timeout '"500ms"'
	set_option connect_timeout '"300ms"'
	set_option request_target '"300ms"'
	stub_rules '[{"order": "WEB-2", "do": "silence"}]'
	start_gateway
	document WEB-1:1 WEB-2:2 | drop waits.xml
	eventually has_outcome 2 unknown
	stub_rules '[]'
	eventually logged open
}

pass_another() {
	document "WEB-$1:$1" | drop "$1.xml"
	eventually is_sent "$1.xml"
}

# The comments of waits.xml, whatever restarts come.
nothing_was_repeated() {
	is_sending waits.xml
	[ "$(requests_with 1)" -eq 1 ]
	[ "$(requests_with 2)" -eq 1 ]
}

all_is_written_again() {
	pass_another 11
	audited checkpoint '"comment":"1".*delivered'
	audited checkpoint '"comment":"2".*unknown'
	kill_gateway
	start_gateway
	pass_another 12
	nothing_was_repeated
	not logged journal-cut
}

@test "what is known is written again when its file is removed" {
	leave_something_unknown
	rm "$(journal_file)"
	all_is_written_again
}

@test "what is known is written again when its file is emptied" {
	leave_something_unknown
	: >"$(journal_file)"
	all_is_written_again
}

@test "what is known is written again when the folder is removed" {
	leave_something_unknown
	rm -r "$SPOOL/audit"
	pass_another 11
	kill_gateway
	start_gateway
	pass_another 12
	nothing_was_repeated
}

@test "what is known is written again when the folder is moved away" {
	leave_something_unknown
	mv "$SPOOL/audit" "$SPOOL/audit.old"
	mkdir -p "$SPOOL/audit" # the gateway may have been faster
	pass_another 11
	kill_gateway
	start_gateway
	pass_another 12
	nothing_was_repeated
}

@test "without a journal everything waits, and what waits says so on record" {
	leave_something_unknown
	stop_gateway
	rm -r "$SPOOL/audit"
	for _ in 1 2 3; do
		start_gateway
		logged journal-cut
		eventually audited outcome '"comment":"1".*unknown'
		kill_gateway
	done
	[ "$(count_logged no-record)" -eq 1 ]
	start_gateway
	nothing_was_repeated
}

@test "claims that no journal knows wait whatever restarts come" {
	set_option unknown_wait '"1h"'
	mkdir "$SPOOL/sending"
	document WEB-1:1 >"$SPOOL/sending/20260101T000000.000001Z_a.xml"
	start_gateway
	pass_another 11
	kill_gateway
	start_gateway
	pass_another 12
	stop_gateway
	start_gateway
	pass_another 13
	is_sending a.xml
	[ "$(requests_with 1)" -eq 0 ]
}

# --- what the kernel refuses ---

# while_fails CALL ERROR FIRST..LAST: those calls on today's file fail.
while_fails() {
	command -v strace >/dev/null || skip "no strace on this machine"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	mkdir -p "$SPOOL/audit"
	local file
	file=$SPOOL/audit/$(date -u +%F).jsonl
	touch "$file"
	# Leaks cannot be looked for while somebody traces.
	# shellcheck disable=SC2034 # start_gateway knows it
	RUN_BY=(strace -D -qq -E "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0" -o "$SITE/calls" -P "$file" -P "${file##*/}"
		-e "trace=$1" -e "inject=$1:error=$2:when=$3")
}

# stops_while_no_write WHERE FIRST..LAST. The first two are the checkpoint and the start.
stops_while_no_write() {
	while_fails write ENOSPC "$2"
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually logged trouble "where=\"?$1\"? .*No space left"
	[ -z "$(stub_events request)" ]
	not audited posting a.xml
	eventually logged trouble-over
	eventually is_sent a.xml
	[ "$(requests_with 1)" -eq 1 ]
	[[ $(events_of a.xml) == *'reading read posting'*'outcome settled' ]]
}

@test "however often its file fails, what is to be written does not add up" {
	while_fails write ENOSPC 3..5
	RUN_BY=("${RUN_BY[@]/trace=write/trace=write,ftruncate}" -e inject=ftruncate:error=EIO)
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	# That of the start, and the one that could be written at last.
	[ "$(audit | grep -c '"checkpoint-end"')" -eq 2 ]
}

@test "nothing is read while the journal cannot be written" {
	stops_while_no_write 'claiming and reading files' 3..4
}

@test "nothing is sent while the journal cannot be written" {
	stops_while_no_write sending 4..5
}

@test "nothing moves while the journal cannot be flushed" {
	while_fails fdatasync EIO 2..3
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually logged trouble 'Input/output error'
	is_sending a.xml
	eventually is_sent a.xml
	[ "$(requests_with 1)" -eq 1 ]
}

@test "a journal that cannot be read at start ends it with 73" {
	run_once
	while_fails openat EACCES 1
	run -73 run_once_by
	grep -q 'the journal in audit/.*Permission denied' "$LOG"
}

run_once_by() {
	"${RUN_BY[@]}" "$GATEWAY" -c "$CONF" --once 2>>"$LOG" 3>&-
}

@test "a journal that the disk cannot give at start ends it with 75" {
	run_once
	while_fails read EIO 1
	run -75 run_once_by
	grep -q 'the journal in audit/.*Input/output error' "$LOG"
}

@test "a later gateway's journal ends the start with 73 and advice" {
	run_once
	echo '{"v":2}' >>"$(journal_file)"
	run -73 run_once
	grep -q 'a later version.*opensi-journal(5)' "$LOG"
}

# --- reloads ---

resident_kb() {
	awk '/^VmRSS/ { print $2 }' "/proc/$1/status"
}

descriptors() {
	find "/proc/$1/fd" -mindepth 1 | wc -l
}

reload_often() {
	local i before
	for ((i = 0; i < $1; i++)); do
		before=$(count_logged reloaded)
		kill -HUP "$GATEWAY_PID"
		[ $((i % 25)) -ne 0 ] || {
			document "WEB-$2$i:$2$i" | drop "$2$i.xml"
			eventually is_logged_more_often_than "$before" reloaded
		}
	done
}

nothing_is_left() {
	eventually is_done
	[ "$(descriptors "$GATEWAY_PID")" -le "$1" ]
}

@test "a thousand reloads under way lose nothing and leave nothing" {
	start_gateway
	reload_often 100 1
	eventually is_done
	local descriptors memory
	descriptors=$(descriptors "$GATEWAY_PID")
	memory=$(resident_kb "$GATEWAY_PID")
	reload_often 1000 2
	eventually is_done
	holds_drops sent 44
	[ "$(requests | tr ' ' '\n' | grep -c .)" -eq 44 ]
	eventually nothing_is_left "$descriptors"
	[ "$GATEWAY_VARIANT" = asan ] ||
		[ $(($(resident_kb "$GATEWAY_PID") - memory)) -lt 2048 ]
	stop_gateway
}
