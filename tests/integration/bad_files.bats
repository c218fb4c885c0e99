#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Files that must not be sent: each is set aside with a reason that helps, and disturbs
# nothing else.

bats_require_minimum_version 1.5.0

load gateway_helpers

GOOD=$ROOT/tests/fixtures/good
BAD=$ROOT/tests/fixtures/bad

setup() {
	start_stub
	make_site
}

teardown() {
	clean_up
}

# The lines of NAME.expect but the first, which is the verdict, are in the reason; "count
# N" is the number of problems in it.
explains() {
	local name=$1 reason line
	reason=$(reason_of "$name.xml")
	while read -r line; do
		case $line in
		"count "*) [ "$(count_problems "$name.xml")" -eq "${line#count }" ] ;;
		*) [[ $reason == *"$line"* ]] ;;
		esac || {
			printf '%s: "%s" is not true of its reason:\n%s\n' "$name" "$line" "$reason"
			return 1
		}
	done < <(sed '1d; s/  */ /g; /^ *$/d' "$BAD/$name.expect")
}

count_problems() {
	grep -c '^  - ' "$(path_in failed "$1.reason.txt")"
}

verdict_of() {
	verdicts | sed -n "s/^$1 //p"
}

# Of each file that was read: its name and what was found of it.
verdicts() {
	audit | sed -n 's/.*"ev":"read".*"drop":"\([^"]*\)".*"result":"\([a-z-]*\)".*/\1 \2/p' |
		LC_ALL=C sort
}

verdicts_expected() {
	awk 'FNR == 1 { name = FILENAME; gsub(/.*\/|expect$/, "", name); print name "xml", $0 }' \
		"$BAD"/*.expect | LC_ALL=C sort
}

@test "every bad file ends in failed/ with its reason, and a good one passes" {
	start_gateway
	local file name count=0
	for file in "$BAD"/*.xml; do
		drop "${file##*/}" <"$file"
		count=$((count + 1))
	done
	[ "$count" -ge 60 ]
	eventually is_done
	holds_drops failed "$count"
	diff <(verdicts_expected) <(verdicts)
	document WEB-1:1 | drop good.xml
	eventually is_sent good.xml
	[ "$(requests)" = 1 ]
	for file in "$BAD"/*.xml; do
		name=${file##*/} name=${name%.xml}
		cmp "$file" "$(path_in failed "$name.xml")"
		explains "$name"
	done
}

@test "a reason names the file, the problem's place, the rule and the way back" {
	sed 's/WEB-77/WEB-77-MUCH-TOO-LONG-FOR-IT/' "$GOOD/accents.xml" | drop long.xml
	run -1 run_once
	local reason
	reason=$(reason_of long.xml)
	[[ $reason == *_long.xml*'not sent: 1 problem'* ]]
	[[ $reason == *'line '*', comment 1 (order '*'WebOrderNumber "WEB-77-MUCH-TOO'* ]]
	[[ $reason == *'at most 20 are allowed'* ]]
	[[ $reason == *"mv '$(path_in failed long.xml)' '$SPOOL/incoming/'"* ]]
}

@test "the command that a reason gives does send the file again" {
	document WEB-1:0 | drop limit.xml
	run -1 run_once
	set_option shop_limits false
	grep -o "mv '.*" "$(path_in failed limit.xml.reason.txt)" | sh
	run -0 run_once
	is_sent limit.xml
	is_empty failed
}

@test "a file of more than max_file_size is refused unread" {
	set_option max_file_size '"1M"'
	{
		document WEB-1:1
		head -c 1048576 /dev/zero | tr '\0' ' '
	} | drop large.xml
	run -1 run_once
	[ "$(verdict_of large.xml)" = oversize ]
	[[ $(reason_of large.xml) == *max_file_size* ]]
}

@test "a pattern of one's own decides which files are drops" {
	set_option pattern '"OpenSi_*.txt"'
	document WEB-1:1 | drop OpenSi_1.txt
	document WEB-1:2 | drop other.xml
	run_once
	is_sent OpenSi_1.txt
	[ -e "$SPOOL/incoming/other.xml" ]
	[ "$(requests)" = 1 ]
}

@test "a retry matches the pattern by the name that it had before" {
	set_option pattern '"OpenSi_*.xml"'
	echo 'no XML' | drop OpenSi_1.xml
	run -1 run_once
	local failed
	failed=$(path_in failed OpenSi_1.xml)
	document WEB-1:1 >"$failed"
	mv "$failed" "$SPOOL/incoming/"
	run -0 run_once
	is_sent OpenSi_1.xml
	[ "$(requests)" = 1 ]
}

@test "a file that says nothing is filed as sent, and the shop is not asked" {
	drop none.xml <"$GOOD/zero-comments.xml"
	run_once
	is_sent none.xml
	[ -z "$(stub_events request)" ]
}
