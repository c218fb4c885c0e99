#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A shop that looks for a comment, waits, and only then stores it, without a lock: as real
# shops do. Who repeats too early has the customer read everything twice. And a shop that
# dies when it has stored a comment, and never says so.

bats_require_minimum_version 1.5.0

load gateway_helpers
load shop_helpers

setup() {
	start_shop --racy --pause 900 --workers 4 --deaths
	make_site
	printf '%s\n' "$SHOP_KEY" >"$SITE/shop.key"
	set_option connect_timeout '"200ms"'
	set_option request_target '"100ms"'
	set_option request_timeout '"400ms"'
	set_option connections 2
}

teardown() {
	clean_up
	stop_shop
}

count_stored() {
	stored_comments | wc -l
}

@test "what is stored after the time-out is stored once" {
	set_option unknown_wait '"2s"'
	start_gateway
	for i in 1 2 3 4; do
		document "WEB-$i:$i" "WEB-$((i + 4)):$((i + 4))" | drop "$i.xml"
	done
	PATIENCE=50 eventually holds_drops sent 4
	[ "$(count_stored)" -eq 8 ]
	# Nobody had an answer in time; the repeat found each of them stored.
	audited outcome '"result":"unknown"'
	is_empty failed
}

patient() {
	set_option request_target '"4s"'
	set_option request_timeout '"5s"'
	set_option connections 1
}

@test "what is stored by a shop that is killed right after is stored once" {
	patient
	start_gateway
	document KILLED-1:1 | drop a.xml
	eventually is_sent a.xml
	[ "$(count_stored)" -eq 1 ]
	[ "$(postings_of 1)" -eq 2 ]
	audited outcome '"result":"unknown"'
	audited outcome '"result":"delivered","code":"2001"'
}

@test "what is stored by a batch that PHP breaks on in its middle is stored once" {
	patient
	start_gateway
	document WEB-1:1 BREAKS-2:2 WEB-3:3 | drop a.xml
	eventually is_sent a.xml
	is_empty failed
	[ "$(count_stored)" -eq 3 ]
	# The batch of two is taken apart at once: a shop that broke is not at work any more.
	[ "$(postings_of 2) $(postings_of 3)" = '2 2' ]
	not audited outcome '"result":"unknown"'
}

@test "what PHP exits on unheard is looked at by a person, and still stored once" {
	patient
	start_gateway
	document EXITS-1:1 | drop a.xml
	eventually is_failed a.xml
	[[ $(reason_of a.xml) == *empty* ]]
	mv "$(path_in failed a.xml)" "$SPOOL/incoming/"
	eventually is_sent a.xml
	[ "$(count_stored)" -eq 1 ]
}
