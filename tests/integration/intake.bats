#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Which files are taken, and when: whole ones, once each, however they come.

bats_require_minimum_version 1.5.0

load gateway_helpers

setup() {
	start_stub
	make_site
}

teardown() {
	clean_up
}

# What was dropped before has been seen once this one is through.
pass_another() {
	document WEB-900:900 | drop another.xml
	eventually is_sent another.xml
}

# What lay there before has been quiet for settle once this one has failed: it broke off,
# and was given as long to grow.
pass_settle() {
	document WEB-900:901 | head -n 3 | drop cut-off.xml
	eventually is_failed cut-off.xml
}

# write_slowly FILE: one line after the other, the file open all the while.
write_slowly() {
	local line
	while IFS= read -r line; do
		echo "$line"
		sleep 0.25
	done >"$1"
}

@test "a file that is renamed into place is taken at once" {
	set_option settle '"1h"'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
}

@test "a file that is closed after writing is taken at once" {
	set_option settle '"1h"'
	start_gateway
	document WEB-1:1 >"$SPOOL/incoming/a.xml"
	eventually is_sent a.xml
}

@test "a file that is written slowly is taken when it is whole" {
	set_option settle '"800ms"'
	start_gateway
	document WEB-1:1 | write_slowly "$SPOOL/incoming/slow.xml"
	eventually is_sent slow.xml
	[ "$(events_of slow.xml)" = 'reading read posting outcome settled' ]
}

@test "a file that was closed too early may go on, and is sent once" {
	set_option settle '"2s"'
	start_gateway
	document WEB-1:1 WEB-2:2 >"$SITE/whole"
	head -n 9 "$SITE/whole" >"$SPOOL/incoming/a.xml"
	eventually audited returned
	tail -n +10 "$SITE/whole" | head -n 5 >>"$SPOOL/incoming/a.xml"
	tail -n +15 "$SITE/whole" >>"$SPOOL/incoming/a.xml"
	eventually is_sent a.xml
	cmp "$SITE/whole" "$(path_in sent a.xml)"
	[ "$(requests | paste -s -d ' ')" = '1 2' ]
}

@test "a file that breaks off for good fails after one more look" {
	start_gateway
	document WEB-1:1 | head -n 5 | drop cut.xml
	eventually is_failed cut.xml
	[ "$(events_of cut.xml)" = 'reading returned reading read settled' ]
}

@test "what lay there before the start is taken in order of its arrival" {
	document WEB-1:1 | drop z.xml
	document WEB-1:2 | drop m.xml
	document WEB-1:3 | drop a.xml
	start_gateway
	eventually is_done
	[ "$(requests | paste -s -d ' ')" = '1 2 3' ]
}

@test "hidden and unfinished files are left alone until they get their name" {
	start_gateway
	local name
	for name in .hidden.xml a.xml.tmp a.xml.part a.xml.filepart a.xml~ README; do
		document WEB-1:1 >"$SPOOL/incoming/$name"
	done
	pass_settle
	[ "$(count_in sent)" -eq 0 ]
	[ "$(find "$SPOOL/incoming" -type f | wc -l)" -eq 6 ]
	mv "$SPOOL/incoming/a.xml.part" "$SPOOL/incoming/a.xml"
	eventually is_sent a.xml
}

@test "a file with a second name waits until that is gone" {
	set_option rescan '"500ms"' # after three looks it waits for a scan
	start_gateway
	document WEB-1:1 >"$SITE/linked"
	ln "$SITE/linked" "$SPOOL/incoming/a.xml"
	pass_settle
	[ -e "$SPOOL/incoming/a.xml" ]
	eventually grep -q '"oldest_waiting_s":[0-9]' "$SPOOL/state.json"
	rm "$SITE/linked"
	eventually is_sent a.xml
}

@test "links, pipes and folders are left alone and stop nothing" {
	start_gateway
	document WEB-1:1 >"$SITE/elsewhere"
	ln -s "$SITE/elsewhere" "$SPOOL/incoming/link.xml"
	mkfifo "$SPOOL/incoming/pipe.xml"
	mkdir "$SPOOL/incoming/folder.xml"
	pass_settle
	pass_another
	[ -L "$SPOOL/incoming/link.xml" ]
	[ -p "$SPOOL/incoming/pipe.xml" ]
	[ -d "$SPOOL/incoming/folder.xml" ]
	[ "$(requests)" = 900 ]
}

@test "a file that may not be read is said once, stops no other, and goes when it may" {
	if [ "$(id -u)" = 0 ]; then
		RUN_BY=(setpriv '--bounding-set=-dac_override,-dac_read_search')
		"${RUN_BY[@]}" true || skip "setpriv cannot give up capabilities here"
	fi
	set_option rescan '"200ms"'
	start_gateway
	document WEB-1:1 >"$SPOOL/incoming/.aside"
	chmod 0 "$SPOOL/incoming/.aside"
	mv "$SPOOL/incoming/.aside" "$SPOOL/incoming/secret.xml"
	eventually logged unreadable 'mode=0000 remedy='
	pass_another
	eventually audited settled another.xml
	[ -e "$SPOOL/incoming/secret.xml" ]
	[ "$(count_logged unreadable)" -eq 1 ]
	chmod 640 "$SPOOL/incoming/secret.xml"
	eventually is_sent secret.xml
}

@test "incoming/ may be deleted and made again" {
	start_gateway
	pass_another
	rm -r "$SPOOL/incoming"
	mkdir "$SPOOL/incoming"
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	document WEB-1:2 | drop b.xml
	eventually is_sent b.xml
}

@test "one name used fifty times, as fast as it is free, makes fifty drops" {
	start_gateway
	local i
	for i in {1..50}; do
		document "WEB-$((i % 7)):$i" >"$SPOOL/incoming/.aside"
		until mv -n "$SPOOL/incoming/.aside" "$SPOOL/incoming/comments.xml" &&
			[ ! -e "$SPOOL/incoming/.aside" ]; do
			sleep 0.01
		done
	done
	eventually is_done
	holds_drops sent 50
	[ "$(requests | tr ' ' '\n' | sort -n | paste -s -d ' ')" = "$(seq -s ' ' 50)" ]
}

@test "names may hold anything, and reach neither log nor audit trail as they are" {
	start_gateway
	local long
	long=$(printf 'x%.0s' {1..251}).xml
	document WEB-1:1 | drop $'new\nline.xml'
	document WEB-1:2 | drop $'escape \e[31m.xml'
	document WEB-1:3 | drop $'no UTF-8 \xff\xfe.xml'
	document WEB-1:4 | drop "$long"
	# shellcheck disable=SC2016 # as they stand
	document WEB-1:5 | drop '-rf $(id) `id` "; quotes'"'.xml"
	eventually is_done
	holds_drops sent 5
	is_sent $'new\nline.xml'
	[ "$(find "$SPOOL/sent" -name '2*Z_xxx*xxx.xml' | wc -l)" -eq 1 ]
	not grep -q $'\e' "$LOG"
	not grep -rq $'\e' "$SPOOL/audit"
	not grep -vq '^<[3-7]>[a-z]*=' "$LOG"
	iconv -f UTF-8 -t UTF-8 "$LOG" >/dev/null
	[ "$(requests | paste -s -d ' ')" = '1 2 3 4 5' ]
}

@test "a file that is put into sending/ by hand is taken as if dropped" {
	start_gateway
	document WEB-1:1 >"$SITE/byhand.xml"
	mv "$SITE/byhand.xml" "$SPOOL/sending/"
	eventually is_sent byhand.xml
	[ "$(requests)" = 1 ]
}

@test "nothing is taken while the disk has less space than min_free" {
	set_option min_free '"1024G"'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually logged disk-nearly-full
	[ -e "$SPOOL/incoming/a.xml" ]
	stop_gateway
	set_option min_free '"1M"'
	start_gateway
	eventually is_sent a.xml
}

@test "a disk without space is known before a file comes, and when there is space again" {
	set_option rescan '"200ms"'
	set_option min_free '"1024G"'
	start_gateway
	eventually logged disk-nearly-full
	set_option min_free '"1M"'
	kill -HUP "$GATEWAY_PID"
	eventually logged disk-has-space
}
