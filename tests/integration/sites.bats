#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Two sites of one shop: the same comment is never under way twice, whoever brings it.

bats_require_minimum_version 1.5.0

load gateway_helpers

setup() {
	start_stub
	make_site
	sed -i '/^website_code/d; /^spool/d; /^url/d' "$CONF"
	mkdir -p "$SITE/outlet/incoming"
	cat >>"$CONF" <<-END
		sites = (
		  { name = "boutique"; website_code = "WEB1"; url = "$SHOP_URL"; spool = "spool"; },
		  { name = "outlet"; website_code = "WEB2"; url = "$SHOP_URL"; spool = "outlet"; }
		);
	END
}

teardown() {
	clean_up
}

drop_at_outlet() {
	document WEB-1:1 >"$SITE/outlet/incoming/.aside"
	mv "$SITE/outlet/incoming/.aside" "$SITE/outlet/incoming/b.xml"
}

@test "a comment that two sites bring is under way once at a time" {
	stub_rules '[{"on": "comments", "delay_ms": 300}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	drop_at_outlet
	eventually was_requested 1 2
	eventually is_sent a.xml
	[ -z "$(stub_events overlap)" ]
	is_at_least 0.29 "$(gap_before_repeat 1)"
}

@test "what one site left in doubt holds back the other from the start" {
	set_option unknown_wait '"1h"'
	stub_rules '[{"on": "comments", "do": "fault", "soap": "1.1", "status": 500, "times": 1},
		{"on": "comments", "do": "silence"}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually audited outcome '"wait"'
	drop_at_outlet
	eventually was_requested 1 2
	kill_gateway
	sed -i 's/"wait":[0-9]*/"wait":1/' "$SPOOL"/audit/*.jsonl
	stub_rules '[]'
	run -75 run_once
	[ "$(requests_with 1)" -eq 2 ]
}
