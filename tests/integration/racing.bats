#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A shop that looks for a comment, waits, and only then stores it, without a lock: as real
# shops do. Who repeats too early has the customer read everything twice.

load gateway_helpers
load shop_helpers

setup() {
	start_shop --racy --pause 900 --workers 4
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
