#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# keep_sent and keep_audit: what is older goes, by whole days, and nothing else does.

bats_require_minimum_version 1.5.0

load gateway_helpers

setup() {
	start_stub
	make_site
	mkdir -p "$SPOOL"/{sent,audit,failed}
}

teardown() {
	clean_up
}

# days_ago N: as sent/ has it.
days_ago() {
	date -d "-$1 days" +%F
}

# old_day N [COUNT]: a day of sent/ with so many files.
old_day() {
	local folder
	folder=$SPOOL/sent/$(days_ago "$1")
	mkdir "$folder"
	seq -f "$folder/%g.xml" "${2:-1}" | xargs touch
}

is_gone() {
	[ ! -e "$1" ]
}

pass_another() {
	document WEB-900:900 | drop another.xml
	eventually is_sent another.xml
}

@test "days of sent/ go when they are older than keep_sent, however many files they hold" {
	set_option keep_sent '"30d"'
	old_day 32 1300
	old_day 31
	old_day 30
	old_day 1
	start_gateway
	eventually is_gone "$SPOOL/sent/$(days_ago 32)"
	eventually is_gone "$SPOOL/sent/$(days_ago 31)"
	eventually logged sent-day-deleted "day=$(days_ago 31)"
	pass_another
	[ -e "$SPOOL/sent/$(days_ago 30)/1.xml" ]
	[ -e "$SPOOL/sent/$(days_ago 1)/1.xml" ]
	[ "$(count_logged sent-day-deleted)" -eq 2 ]
}

@test "what is no day, and what is no file, stays, and holds no later day back" {
	set_option keep_sent '"30d"'
	old_day 40
	mkdir "$SPOOL/sent/$(days_ago 40)/mine" "$SPOOL/sent/archive"
	touch "$SPOOL/sent/archive/1.xml"
	ln -s archive "$SPOOL/sent/$(days_ago 39)"
	old_day 38
	start_gateway
	eventually is_gone "$SPOOL/sent/$(days_ago 38)"
	eventually logged old-files-kept 'error=.*remedy='
	[ -d "$SPOOL/sent/$(days_ago 40)/mine" ]
	[ -e "$SPOOL/sent/archive/1.xml" ]
	[ "$(count_logged old-files-kept)" -eq 1 ]
	pass_another
}

@test "records go by keep_audit, but never the two latest that a start can go on from" {
	local day
	set_option keep_audit '"10d"'
	for day in 30 20 15; do
		write_days "$SPOOL/audit/$(date -u -d "-$day days" +%F).jsonl"
	done
	: >"$SPOOL/audit/$(date -u -d '-12 days' +%F).jsonl" # a start that failed left it
	: >"$SPOOL/audit/notes.txt"
	# Neither is a record, nor may it keep what comes after it.
	mkdir "$SPOOL/audit/2015-01-01.jsonl"
	ln -s notes.txt "$SPOOL/audit/2015-01-02.jsonl"
	start_gateway
	eventually is_gone "$SPOOL/audit/$(date -u -d '-20 days' +%F).jsonl"
	is_gone "$SPOOL/audit/$(date -u -d '-30 days' +%F).jsonl"
	pass_another
	# With that of today.
	[ -e "$SPOOL/audit/$(date -u -d '-15 days' +%F).jsonl" ]
	[ -e "$SPOOL/audit/notes.txt" ]
	eventually logged old-files-kept 'error=.*remedy='
	[ -d "$SPOOL/audit/2015-01-01.jsonl" ]
	[ -h "$SPOOL/audit/2015-01-02.jsonl" ]
}

@test "without keep_sent and keep_audit nothing is ever deleted, and failed/ never is" {
	old_day 4000
	: >"$SPOOL/audit/2015-01-01.jsonl"
	touch -d '-4000 days' "$SPOOL/failed/20150101T000000.000000Z_old.xml"
	start_gateway
	pass_another
	stop_gateway
	set_option keep_sent '"1d"'
	set_option keep_audit '"1d"'
	[ -e "$SPOOL/sent/$(days_ago 4000)/1.xml" ]
	start_gateway
	eventually is_gone "$SPOOL/sent/$(days_ago 4000)"
	[ -e "$SPOOL/failed/20150101T000000.000000Z_old.xml" ]
}
