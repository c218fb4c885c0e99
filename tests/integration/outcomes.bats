#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What a shop may answer, what it means, and what is done about it.

bats_require_minimum_version 1.5.0

load gateway_helpers

setup() {
	start_stub
	make_site
}

teardown() {
	clean_up
}

# The shop does that; a comment of number 1 is dropped, and the gateway runs.
send_one() {
	stub_rules "$1"
	start_gateway
	document WEB-1:1 | drop one.xml
}

is_held() {
	logged hold "reason=$1"
}

# Milliseconds of the gateway's own clock from the first posting to the second.
ms_between_postings() {
	audit | sed -n 's/.*"up":\([0-9]*\),.*"ev":"posting".*/\1/p' |
		awk 'NR == 1 { first = $1 } NR == 2 { print $1 - first }'
}

# The hold is over, and what it held is delivered.
heals() {
	stub_rules '[]'
	eventually is_sent one.xml
	eventually logged open
	is_empty failed
}

# --- results ---

@test "every code 1xxx means delivered" {
	stub_rules '[{"comments": {"1": "1001", "2": "1002", "3": "1999"}}]'
	document WEB-1:1 WEB-2:2 WEB-3:3 | drop a.xml
	run_once
	is_sent a.xml
	[ "$(outcome_of 1) $(outcome_of 2) $(outcome_of 3)" = 'delivered delivered delivered' ]
}

@test "2001 for a comment never posted before is delivered, with a warning" {
	stub_rules '[{"on": "comments", "code": "2001"}]'
	document WEB-1:1 | drop a.xml
	run_once
	is_sent a.xml
	[ "$(outcome_of 1)" = already ]
	grep -q '^<4>.*event=outcome outcome=already .*comment=1 ' "$LOG"
}

@test "2001 for a comment whose outcome was unknown is simply delivered" {
	send_one '[{"on": "comments", "cut": "request", "times": 1},
		{"on": "comments", "code": "2001"}]'
	eventually is_sent one.xml
	[ "$(outcome_of 1)" = delivered ]
	not logged outcome outcome=already
}

@test "3002 rejects one comment, with the words of the shop" {
	stub_rules '[{"orders": {"WEB-1": "3002"}, "words": "No such order <here>"}]'
	document WEB-1:1 WEB-2:2 | drop a.xml
	run -1 run_once
	[[ $(reason_of a.xml) == *3002*'No such order <here>'* ]]
	[ "$(outcome_of 1) $(outcome_of 2)" = 'rejected delivered' ]
	logged outcome 'outcome=rejected .* code=3002'
	not logged outcome attempts=
}

@test "an order without a result takes no comments, and its comment is rejected" {
	stub_rules '[{"orders": {"WEB-1": null}}]'
	document WEB-1:1 WEB-2:2 | drop a.xml
	run -1 run_once
	[[ $(reason_of a.xml) == *'takes no comments'* ]]
	logged outcome 'order=WEB-1 .*meaning="the shop gave no result: this order takes no comments"'
	[ "$(outcome_of 1) $(outcome_of 2)" = 'rejected delivered' ]
}

@test "results that nobody asked for leave the outcome unknown" {
	send_one '[{"on": "comments", "extra": [["WEB-7", "1002"]], "times": 1}]'
	eventually has_outcome 1 unknown
	eventually is_sent one.xml
	[ "$(requests_with 1)" -eq 2 ]
	is_at_least 0.99 "$(gap_before_repeat 1)"
}

@test "codes count by their class, known or not" {
	stub_rules '[{"comments": {"1": "2999", "2": "3999"}}]'
	document WEB-1:1 WEB-2:2 | drop a.xml
	run -1 run_once
	[ "$(outcome_of 1) $(outcome_of 2)" = 'already rejected' ]
}

# --- refusals ---

@test "a fault of the shop on one comment alone defers it, and others pass" {
	local soap status i=0
	start_gateway
	for soap in 1.1 1.2; do
		for status in 200 500; do
			i=$((i + 1))
			stub_rules "[{\"on\": \"comments\", \"comment\": \"$i\", \"do\": \"fault\",
				\"soap\": \"$soap\", \"status\": $status}]"
			document "WEB-$i:$i" | drop "$i.xml"
			eventually has_outcome "$i" deferred
			document "WEB-9$i:9$i" | drop "9$i.xml"
			eventually is_sent "9$i.xml"
			is_sending "$i.xml"
		done
	done
	is_empty failed
	not logged hold
}

@test "a fault whose text is not well-formed is a fault too" {
	send_one '[{"on": "comments", "do": "fault", "text": "a < b & c", "escaped": false}]'
	eventually has_outcome 1 deferred
	eventually audited outcome 'a < b & c'
	[ "$(count_probes)" -ge 1 ]
}

@test "a fault that blames the request rejects a comment that was alone" {
	stub_rules '[{"comment": "1", "do": "fault", "soap": "1.1",
		"text": "SOAP-ERROR: Encoding: Violation of encoding rules"},
		{"comment": "2", "do": "fault", "blame": "env:Sender", "status": 500}]'
	document WEB-1:1 WEB-2:2 WEB-3:3 | drop a.xml
	run -1 run_once
	[ "$(outcome_of 1) $(outcome_of 2) $(outcome_of 3)" = 'rejected rejected delivered' ]
	[[ $(reason_of a.xml) == *'SOAP-ERROR: Encoding'* ]]
}

@test "413, 400 and an empty 200 reject a comment that was alone" {
	stub_rules '[{"comment": "1", "do": "html", "status": 413},
		{"comment": "2", "do": "html", "status": 400}]'
	document WEB-1:1 WEB-2:2 | drop a.xml
	run -1 run_once
	is_failed a.xml
	[ "$(outcome_of 1) $(outcome_of 2)" = 'rejected rejected' ]
	stub_rules '[{"comment": "4", "do": "empty"}]'
	document WEB-3:3 WEB-4:4 | drop b.xml
	run -1 run_once
	is_failed b.xml
	[ "$(outcome_of 3) $(outcome_of 4)" = 'delivered rejected' ]
}

@test "one comment that the shop refuses is found in a batch, and alone fails" {
	stub_rules '[{"comment": "13", "do": "html", "status": 400}]'
	local pairs=()
	mapfile -t pairs < <(seq 20 | sed 's/.*/WEB-&:&/')
	document "${pairs[@]}" | drop a.xml
	run -1 run_once
	is_sent a.xml
	[ "$(grep -c '<open:Comment>' "$(path_in failed a.xml)")" -eq 1 ]
	[ "$(outcome_of 13)" = rejected ]
}

@test "an empty answer of status 500 defers a comment that was alone" {
	send_one '[{"on": "comments", "do": "empty", "status": 500}]'
	eventually has_outcome 1 deferred
	stub_rules '[{"comment": "1", "do": "empty", "status": 500}]'
	document WEB-2:2 | drop two.xml
	eventually is_sent two.xml
	is_empty failed
}

@test "a page of status 500 defers a comment that was alone" {
	send_one '[{"on": "comments", "do": "html", "status": 500}]'
	eventually has_outcome 1 deferred
	is_sending one.xml
	is_empty failed
}

@test "a fault is one under any status, also one that else leaves the outcome unknown" {
	send_one '[{"on": "comments", "do": "fault", "status": 503}]'
	eventually has_outcome 1 deferred
	not audited outcome '"result":"unknown"'
}

@test "a refusal with a bad probe after it speaks against nobody" {
	send_one '[{"do": "fault", "times": 2}]'
	eventually is_sent one.xml
	is_held refusing
	# Deferred by the outage, and not counted as an attempt.
	audited outcome '"result":"deferred"'
	not audited outcome '"attempt":[1-9].*"result":"deferred"'
	[ "$(requests_with 1)" -eq 2 ]
}

# --- holds ---

@test "a key that the shop refuses holds the site and says what to mend" {
	send_one '[{"do": "fault", "text": "Authentification failed"}]'
	eventually is_held key-refused
	logged hold 'remedy=.*key_file.*SIGHUP'
	is_sending one.xml
	heals
}

@test "a website code that the shop does not know holds the site likewise" {
	send_one '[{"do": "fault", "text": "The code website is wrong"}]'
	eventually is_held website-refused
	logged hold 'remedy=.*website_code'
	heals
}

@test "a key that is refused only after an outage is warned of, another outage is not" {
	send_one '[{"do": "html", "status": 429, "times": 1},
		{"do": "html", "status": 502, "times": 1},
		{"do": "fault", "text": "Authentification failed"}]'
	eventually is_held key-refused
	grep -q '^<4>.*event=hold reason=unreachable' "$LOG"
	grep -q '^<6>.*event=hold reason=unclear' "$LOG"
	grep -q '^<4>.*event=hold reason=key-refused' "$LOG"
	heals
}

@test "a shop that refuses everything holds the site, and nothing fails" {
	local i=0 rule
	start_gateway
	for rule in '"do": "fault"' '"do": "fault", "soap": "1.1", "status": 500' \
		'"do": "html", "status": 404' '"do": "html", "status": 403' \
		'"do": "html", "status": 413' '"do": "empty", "status": 500' '"do": "empty"'; do
		i=$((i + 1))
		stub_rules "[{$rule}]"
		document "WEB-1:$i" | drop "$i.xml"
		eventually is_logged_more_often_than "$((i - 1))" hold
		is_sending "$i.xml"
		stub_rules '[]'
		eventually is_sent "$i.xml"
	done
	is_empty failed
	not grep -v 'reason=refusing' <(grep event=hold "$LOG")
}

@test "a redirect is not followed, and holds the site" {
	send_one '[{"path": "/opensi-connect", "do": "redirect", "to": "/elsewhere"}]'
	eventually is_held refusing
	logged hold 'correct the url'
	eventually was_requested 1
	not grep -q elsewhere <(stub_events request)
	heals
}

@test "too many requests: nothing was stored, and the shop's wish is kept" {
	send_one '[{"do": "html", "status": 429, "retry_after": "2", "times": 1}]'
	eventually is_held unreachable
	logged hold 'next_try_s=2'
	eventually is_sent one.xml
	[ "$(outcome_of 1)" = delivered ]
	is_at_least 1.99 "$(gap_before_repeat)"
}

@test "too early and too late by HTTP: nothing was stored" {
	local status i=0
	start_gateway
	for status in 408 425; do
		i=$((i + 1))
		stub_rules "[{\"on\": \"comments\", \"do\": \"html\", \"status\": $status, \"times\": 1}]"
		document "WEB-$i:$i" | drop "$i.xml"
		eventually is_sent "$i.xml"
		[ "$(requests_with "$i")" -eq 2 ]
	done
	[ "$(grep -c 'event=hold .*reason=unreachable' "$LOG")" -eq 2 ]
	not audited outcome '"result":"unknown"'
}

@test "Retry-After is kept whatever the status, also as a date" {
	local wish i=0
	start_gateway
	for wish in '"do": "html", "status": 503, "retry_after": "1"' \
		'"do": "fault", "retry_after": "date:1"'; do
		i=$((i + 1))
		stub_rules "[{\"times\": 2, $wish}]"
		document "WEB-$i:$i" | drop "$i.xml"
		eventually is_logged_more_often_than "$((i - 1))" hold
		eventually is_sent "$i.xml"
	done
	[ "$(grep -c 'event=hold .*next_try_s=1' "$LOG")" -eq 2 ]
}

@test "a shop that wishes to be left alone for a year is asked after an hour" {
	send_one '[{"do": "html", "status": 429, "retry_after": "31536000"}]'
	eventually is_held unreachable
	logged hold 'next_try_s=3600'
}

@test "a proxy that wants a password holds the site, and the shop hears nothing" {
	stop_stub
	start_stub '[]' --proxy=user:word
	stub_port PROXY
	set_option url "\"$SHOP_URL\""
	set_option proxy "\"http://127.0.0.1:$STUB_PORT\""
	start_gateway
	document WEB-1:1 | drop one.xml
	eventually is_held unreachable
	logged hold 'password in proxy'
	is_sending one.xml
	[ -z "$(stub_events request)" ]
}

@test "a shop that never answers an empty request is asked by comments, and opens" {
	start_gateway
	document WEB-1:1 | drop first.xml
	eventually is_sent first.xml
	stub_rules '[{"on": "probe", "do": "fault"}, {"comment": "2", "do": "fault", "times": 1}]'
	document WEB-2:2 | drop one.xml
	eventually is_sent one.xml
	[ "$(requests_with 2)" -eq 2 ]
	logged open
	is_empty failed
}

@test "a shop that cannot be reached holds the site until it is back" {
	local port
	port=$(grep -oE '[0-9]{4,5}' <<<"$SHOP_URL")
	stop_stub
	start_gateway
	document WEB-1:1 WEB-2:2 | drop one.xml
	eventually is_held unreachable
	start_stub '[]' --port "$port"
	eventually is_sent one.xml
	is_empty failed
	[ "$(requests_with 1)" -eq 1 ]
	logged open
}

@test "a shop that answers the probe but stores nothing is held as such" {
	stub_rules '[{"on": "comments", "do": "fault"}]'
	start_gateway
	document WEB-1:1 | drop one.xml
	document WEB-2:2 WEB-3:3 | drop more.xml
	eventually is_held stores-nothing
	is_empty sent
	stub_rules '[]'
	eventually logged open
	audited outcome '"result":"delivered"'
	is_empty failed
}

# --- doubts ---

@test "what leaves the outcome unknown holds the site, and is repeated only much later" {
	local i=0 rule
	start_gateway
	for rule in '"do": "html", "status": 200' '"do": "html", "status": 503' \
		'"do": "html", "status": 502' '"do": "empty", "status": 504' \
		'"cut": "request", "by": "reset"' '"cut": "headers"' '"cut": "body", "by": "reset"'; do
		i=$((i + 1))
		stub_rules "[{\"on\": \"comments\", $rule, \"times\": 1}]"
		document "WEB-1:$i" | drop "$i.xml"
		eventually is_sent "$i.xml"
		[ "$(requests_with "$i")" -eq 2 ] || { echo "$rule" && false; }
		is_at_least 0.99 "$(gap_before_repeat "$i")" || { echo "$rule" && false; }
	done
	[ "$(grep -c 'event=hold .*reason=unclear' "$LOG")" -eq "$i" ]
	is_empty failed
}

@test "a status of 5xx with a page leaves the outcome unknown, whichever it is" {
	set_option unknown_wait '"300ms"'
	local i=0 status
	start_gateway
	for status in 501 505 520 599; do
		i=$((i + 1))
		stub_rules "[{\"on\": \"comments\", \"do\": \"html\", \"status\": $status, \"times\": 1}]"
		document "WEB-1:$i" | drop "$i.xml"
		eventually is_sent "$i.xml"
		[ "$(requests_with "$i")" -eq 2 ]
		is_at_least 0.29 "$(gap_before_repeat "$i")"
	done
	[ "$(grep -c 'event=hold .*reason=unclear' "$LOG")" -eq 4 ]
}

@test "a time-out leaves the outcome unknown" {
	set_option connect_timeout '"300ms"'
	set_option request_target '"400ms"'
	set_option request_timeout '"500ms"'
	send_one '[{"on": "comments", "do": "silence", "times": 1}]'
	eventually is_held unclear
	eventually is_sent one.xml
	[ "$(requests_with 1)" -eq 2 ]
	# By the journal: nothing but its own delay tells when the shop read the first.
	is_at_least 1499 "$(ms_between_postings)"
}

@test "while one outcome is unknown its order waits, and others go on" {
	set_option unknown_wait '"3s"'
	send_one '[{"comment": "1", "cut": "request", "times": 1}]'
	eventually has_outcome 1 unknown
	document WEB-1:2 | drop same.xml
	document WEB-2:3 | drop other.xml
	eventually is_sent other.xml
	[ "$(requests_with 1)" -eq 1 ]
	[ "$(requests_with 2)" -eq 0 ]
	eventually is_sent same.xml
	[ "$(requests | grep -v '^$' | paste -s -d ' ')" = '1 3 1 2' ]
}

@test "a request that dies on a kept-alive connection is not repeated behind our back" {
	set_option unknown_wait '"2s"'
	start_gateway
	document WEB-1:1 | drop first.xml
	eventually is_sent first.xml
	stub_rules '[{"request": 2, "cut": "request", "times": 1}]'
	document WEB-2:2 | drop one.xml
	eventually has_outcome 2 unknown
	[ "$(requests_with 2)" -eq 1 ]
	eventually is_sent one.xml
	[ "$(requests_with 2)" -eq 2 ]
	is_at_least 1.99 "$(gap_before_repeat 2)"
}

@test "a comment on which the shop breaks again and again fails at max_attempts" {
	set_option max_attempts 1
	send_one '[{"comment": "1", "do": "fault"}]'
	eventually is_failed one.xml
	[[ $(reason_of one.xml) == *max_attempts* ]]
	audited outcome '"cause":"max_attempts"'
	logged outcome 'outcome=rejected .* attempts=1'
}
