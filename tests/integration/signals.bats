#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# SIGTERM ends it gently, a second one at once; SIGHUP brings a new configuration, or
# changes nothing.

bats_require_minimum_version 1.5.0

load gateway_helpers

setup() {
	start_stub
	make_site
}

teardown() {
	clean_up
}

reload() {
	kill -HUP "$GATEWAY_PID"
}

@test "SIGTERM waits for what is in flight, and sends nothing more" {
	stub_rules '[{"on": "comments", "delay_ms": 1000}]'
	start_gateway
	document WEB-1:1 WEB-2:2 | drop a.xml
	stub_saw request
	stop_gateway
	[ "$(outcome_of 1)" = delivered ]
	[ "$(requests | paste -s -d ' ')" = 1 ]
	is_sending a.xml
	audit | tail -n 1 | grep -q '"ev":"stop"'
	tail -n 1 "$LOG" | grep -q '^<6>.*event=stopped status=0'
	start_gateway
	eventually is_sent a.xml
	[ "$(requests_with 1)" -eq 1 ]
}

@test "a drop that is delivered while it stops is settled before the end" {
	stub_rules '[{"on": "comments", "delay_ms": 1000}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	stub_saw request
	stop_gateway
	is_sent a.xml
	is_empty sending
}

@test "a second SIGTERM does not wait; what was in flight is an unknown outcome" {
	set_option unknown_wait '"2s"'
	stub_rules '[{"on": "comments", "delay_ms": 9000, "times": 1}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	stub_saw request
	local begun=$SECONDS
	kill -TERM "$GATEWAY_PID"
	eventually logged stopping
	kill -TERM "$GATEWAY_PID"
	gateway_status
	[ $((SECONDS - begun)) -lt 8 ]
	is_sending a.xml
	start_gateway
	eventually is_sent a.xml
	[ "$(requests_with 1)" -eq 2 ]
}

@test "SIGINT is as good as SIGTERM" {
	start_gateway
	kill -INT "$GATEWAY_PID"
	gateway_status
}

@test "SIGHUP takes a good change over at once" {
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	not logged exchange
	set_option log_level '"debug"'
	set_option batch_comments 1
	reload
	eventually logged reloaded
	document WEB-1:2 WEB-2:3 WEB-3:4 WEB-4:5 | drop b.xml
	eventually is_sent b.xml
	logged exchange
	[ "$(requests | awk 'NF > 1' | wc -l)" -eq 0 ]
}

@test "a key that was changed while it was under way is in no log and no record" {
	stub_rules "[{\"on\": \"comments\", \"delay_ms\": 500, \"do\": \"fault\",
		\"text\": \"Authentification failed for $KEY\"},
		{\"do\": \"fault\", \"text\": \"Authentification failed\"}]"
	start_gateway
	document WEB-1:1 | drop a.xml
	stub_saw request
	echo fedcba9876543210fedcba9876543210 >"$SITE/shop.key"
	kill -HUP "$GATEWAY_PID"
	eventually audited outcome 'failed for \*\*'
	not grep -r "$KEY" "$LOG" "$SPOOL/audit"
}

@test "SIGHUP brings a new key in the same file, and with it an end of the hold" {
	stub_rules '[{"do": "fault", "text": "Authentification failed"}]'
	set_option retry_min '"1h"'
	set_option retry_max '"1h"'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually logged hold reason=key-refused
	stub_rules '[]'
	echo fedcba9876543210fedcba9876543210 >"$SITE/shop.key"
	reload
	eventually is_sent a.xml
	grep -q fedcba9876543210fedcba9876543210 "$STUB_BODIES"/*
}

@test "SIGHUP with a bad file keeps what it has, and says every error" {
	start_gateway
	cp "$CONF" "$SITE/good.conf"
	set_option batch_comments 0
	set_option log_level '"debug"'
	set_option nonsense 1
	reload
	eventually logged reload-refused '; .*gateway.conf:'
	grep event=reload-refused "$LOG" >"$SITE/said"
	grep -q batch_comments "$SITE/said"
	grep -q nonsense "$SITE/said"
	not grep -q '?' "$SITE/said"
	not grep -q '; "' "$SITE/said"
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	not logged exchange
	cp "$SITE/good.conf" "$CONF"
	reload
	eventually logged reloaded
}

@test "SIGHUP refuses a change that needs a restart, as a whole" {
	start_gateway
	set_option website_code '"WEB2"'
	set_option log_level '"debug"'
	reload
	eventually logged reload-refused website_code
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	grep -q '<open:Website_Code>WEB1</' "$STUB_BODIES"/*
	not logged exchange
}

@test "SIGHUP while a request is in flight loses nothing" {
	stub_rules '[{"on": "comments", "delay_ms": 700}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	stub_saw request
	reload
	eventually logged reloaded
	eventually is_sent a.xml
	[ "$(requests_with 1)" -eq 1 ]
}
