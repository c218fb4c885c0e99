#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# failed/ is for people: what lies there is what was not delivered, and mv retries it.

bats_require_minimum_version 1.5.0

load shop_helpers
load gateway_helpers

setup() {
	command -v php >/dev/null || skip "no php on this machine"
	php -r 'exit(extension_loaded("soap") && extension_loaded("pdo_sqlite") ? 0 : 1);' ||
		skip "php has no soap or no pdo_sqlite"
	start_shop
	make_site
	start_gateway
}

teardown() {
	clean_up
	stop_shop
}

stored_ids() {
	stored_comments | sed 's/ .*//' | paste -s -d ' '
}

# An OrderNumber that is too long, in an otherwise good file.
fail_one() {
	document WEB-1:1 | sed 's/CC20050001/CC20050001-BIS/' | drop wrong.xml
	eventually is_failed wrong.xml
	FAILED=$(path_in failed wrong.xml)
}

correct() {
	sed -i 's/-BIS//' "$1"
}

is_failed_anew() {
	is_failed wrong.xml && [ "$(path_in failed wrong.xml)" != "$FAILED" ]
}

@test "a file moved back as it was fails again, under a new claim alone" {
	fail_one
	mv "$FAILED" "$SPOOL/incoming/"
	eventually is_failed_anew
	[[ $(path_in failed wrong.xml) =~ /[0-9T]{15}\.[0-9]{6}Z_wrong\.xml$ ]]
	[ ! -e "$FAILED.reason.txt" ]
	[ "$(find "$SPOOL/failed" -type f | wc -l)" -eq 2 ]
	[ -z "$(stored_ids)" ]
	audited reading "\"of\":\"$(basename "$FAILED" _wrong.xml)\""
}

@test "a file corrected and moved back is delivered" {
	fail_one
	correct "$FAILED"
	mv "$FAILED" "$SPOOL/incoming/"
	eventually is_sent wrong.xml
	[ "$(stored_ids)" = 1 ]
	is_empty failed
	# On record as a retry of the claim that failed.
	audited reading "\"of\":\"$(basename "$FAILED" | cut -c 1-23)\""
}

@test "a failure is known as one also by a later run" {
	fail_one
	stop_gateway
	start_gateway
	correct "$FAILED"
	mv "$FAILED" "$SPOOL/incoming/"
	eventually is_sent wrong.xml
	audited reading "\"of\":\"$(basename "$FAILED" | cut -c 1-23)\""
}

@test "a file corrected under another name is delivered" {
	fail_one
	correct "$FAILED"
	mv "$FAILED" "$SPOOL/incoming/right.xml"
	eventually is_sent right.xml
	[ "$(stored_ids)" = 1 ]
}

@test "a reason that was moved back with its file is removed" {
	fail_one
	correct "$FAILED"
	mv "$FAILED.reason.txt" "$FAILED" "$SPOOL/incoming/"
	eventually is_sent wrong.xml
	eventually is_empty incoming
	is_empty failed
}

@test "a reason whose file was deleted is removed" {
	stop_gateway
	set_option rescan '"200ms"'
	start_gateway
	fail_one
	rm "$FAILED"
	eventually is_empty failed
}

@test "what the shop rejects becomes a file of its own, and only that" {
	document UNKNOWN-1:1 WEB-1:2 UNKNOWN-2:3 WEB-2:4 'UNKNOWN-1:5:é &amp; &lt; 😀' >"$SITE/whole"
	drop part.xml <"$SITE/whole"
	eventually is_sent part.xml
	cmp "$SITE/whole" "$(path_in sent part.xml)"
	[ "$(stored_ids)" = '2 4' ]

	local rest
	rest=$(path_in failed part.xml)
	xmllint --noout --schema "$ROOT/xsd/comments.xsd" "$rest"
	[ "$(xmllint --xpath '//*[local-name()="CommentId"]/text()' "$rest" | paste -s -d ' ')" = \
		'1 3 5' ]
	[ "$(xmllint --xpath 'string(//*[local-name()="Comment"][3]/*[local-name()="Comment"])' \
		"$rest")" = 'é & < 😀' ]
	[[ $(reason_of part.xml) == *3002*'no order'* ]]
	[ "$(events_of part.xml | tail -c 13)" = 'rest settled' ]
}

@test "the rest sent again brings nothing twice" {
	document UNKNOWN-1:1 WEB-1:2 UNKNOWN-2:3 | drop part.xml
	eventually is_sent part.xml
	sed -i 's/UNKNOWN-/WEB-7/' "$(path_in failed part.xml)"
	mv "$(path_in failed part.xml)" "$SPOOL/incoming/"
	eventually holds_drops sent 2
	[ "$(stored_ids)" = '2 1 3' ]
	[ "$(postings_of 2)" -eq 1 ]
	is_empty failed
}

@test "a file of which nothing was accepted goes to failed/ as it was" {
	document UNKNOWN-1:1 UNKNOWN-2:2 >"$SITE/whole"
	drop none.xml <"$SITE/whole"
	eventually is_failed none.xml
	cmp "$SITE/whole" "$(path_in failed none.xml)"
	not is_sent none.xml
}

@test "a file moved back from sent/ is posted again, and known to the shop" {
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	mv "$(path_in sent a.xml)" "$SPOOL/incoming/"
	eventually has_outcome 1 already
	[ "$(stored_ids)" = 1 ]
	not audited reading '"of":'
}
