#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A shop that breaks the rules of the network, of HTTP or of XML, or does so on purpose:
# what it cannot do is have a comment lost or stored twice, fill the memory, or lead the
# gateway elsewhere. What honest shops answer is in outcomes.bats.

bats_require_minimum_version 1.5.0

load gateway_helpers

setup() {
	start_stub '[]' --trap
	stub_port TRAP
	ELSEWHERE=http://127.0.0.1:$STUB_PORT
	make_site
	set_option unknown_wait '"400ms"'
}

teardown() {
	clean_up
}

start_and_drop() {
	start_gateway
	document WEB-1:1 | drop one.xml
}

# The shop meets the first request with a comment in that way, and is good from then on.
meets_once() {
	stub_rules "[{\"on\": \"comments\", \"times\": 1, $1}]"
	start_and_drop
}

# over_the_wire BYTES: as JSON has them; then the connection is closed.
over_the_wire() {
	meets_once "\"wire\": \"$1\", \"cut\": \"answer\""
}

in_chunks() {
	over_the_wire "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n$1"
}

hurry() {
	set_option connect_timeout '"300ms"'
	set_option request_target '"300ms"'
	set_option request_timeout '"500ms"'
}

# All that became of a comment, in order.
outcomes_of() {
	sed -n "s/.*\"ev\":\"outcome\".*\"comment\":\"$1\".*\"result\":\"\([a-z]*\)\".*/\1/p" \
		"$SPOOL"/audit/*.jsonl | paste -s -d ' '
}

# The folders tell of one delivered drop, and of nothing else.
is_all_sent() {
	eventually is_sent one.xml
	is_done
	is_empty failed
	holds_drops sent 1
}

# One request, and no doubt about its answer.
is_sent_at_once() {
	is_all_sent
	[ "$(outcomes_of 1)" = delivered ]
	[ "$(requests_with 1)" -eq 1 ]
	not logged hold
}

# is_doubted [WORDS]: the outcome is unknown, with those words of why; the site is held,
# and the comment sent once more, unknown_wait later, with which the drop is delivered.
is_doubted() {
	eventually logged hold "reason=unclear .*${1-}"
	is_all_sent
	[ "$(outcomes_of 1)" = 'unknown delivered' ]
	audited outcome "\"result\":\"unknown\".*${1-}"
	[ "$(requests_with 1)" -eq 2 ]
	is_at_least 0.39 "$(gap_before_repeat 1)"
	logged open
}

# Nothing can have been stored: the site is held, and asked again without waiting.
is_known_as_unsent() {
	eventually logged hold reason=unreachable
	is_all_sent
	[ "$(outcomes_of 1)" = 'deferred delivered' ]
}

stays_small() {
	[ "${GATEWAY_VARIANT:-release}" = release ] || return 0
	local peak
	peak=$(awk '/^VmHWM:/ { print $2 }' "/proc/$GATEWAY_PID/status")
	echo "peak: $peak KiB"
	[ "$peak" -lt 65536 ]
}

nobody_was_elsewhere() {
	[ -z "$(stub_events trapped)" ]
}

# --- the connection ends too soon ---

@test "cut within the headers of the answer" {
	meets_once '"cut": "amid_headers"'
	is_doubted
}

@test "reset within the headers of the answer" {
	meets_once '"cut": "amid_headers", "by": "reset"'
	is_doubted
}

@test "cut within a body that came in chunks" {
	meets_once '"chunked": true, "cut": "body"'
	is_doubted
}

@test "cut within a body of no announced length" {
	meets_once '"length": "none", "cut": "body"'
	is_doubted
}

@test "reset within a compressed body" {
	meets_once '"gzip": true, "cut": "body", "by": "reset"'
	is_doubted
}

@test "closed after the whole answer, which counts" {
	meets_once '"cut": "answer"'
	is_sent_at_once
}

@test "reset after the whole answer, which counts" {
	meets_once '"cut": "answer", "by": "reset", "idle_ms": 200'
	is_sent_at_once
}

@test "stored, and the connection dropped: stored exactly once in the end" {
	stub_rules '[{"on": "comments", "times": 1, "cut": "request", "store": true}],
		"remember": true'
	start_and_drop
	is_doubted
	[ "$(stub_events stored | wc -l)" -eq 1 ]
	audited outcome '"result":"delivered".*"code":"2001"'
}

@test "a request that was not taken to its last byte is sent again without a wait" {
	set_option unknown_wait '"1h"'
	set_option shop_limits false
	stub_rules '[{"path": "/opensi-connect", "times": 1, "cut": "half", "by": "reset"}]'
	start_gateway
	document "WEB-1:1:$(head -c 12000000 /dev/zero | tr '\0' x)" | drop one.xml
	is_known_as_unsent
	[ "$(requests_with 1)" -eq 1 ]
}

# --- slowly ---

@test "headers that drip are left at request_timeout" {
	hurry
	meets_once '"drip": 20'
	is_doubted 'the time was up'
	[ "$(stub_events left | wc -l)" -eq 1 ]
}

@test "a body that drips is left at request_timeout" {
	hurry
	meets_once '"drip_body": 20'
	is_doubted 'the time was up'
	[ "$(stub_events left | wc -l)" -eq 1 ]
}

# --- too much ---

@test "headers without end" {
	meets_once '"do": "endless_headers"'
	is_doubted 'more header lines than any shop'
	stays_small
}

@test "one header line longer than any" {
	over_the_wire "HTTP/1.1 200 OK\r\nX: $(printf 'x%.0s' {1..110000})\r\n\r\n"
	is_doubted
	stays_small
}

@test "interim answers without end" {
	over_the_wire "$(printf 'HTTP/1.1 100 Continue\\r\\n\\r\\n%.0s' {1..3000})"
	is_doubted 'more header lines than any shop'
	stays_small
}

@test "a body without end" {
	meets_once '"do": "endless_body"'
	is_doubted 'larger than any shop'
	stays_small
}

@test "a body that is small only while compressed" {
	meets_once '"do": "gzip_bomb"'
	is_doubted 'larger than any shop'
	stays_small
}

@test "entities in entities" {
	meets_once '"do": "xml_bomb"'
	is_doubted
	stays_small
}

# answers_with_entity ADDRESS
answers_with_entity() {
	meets_once "\"do\": \"raw\", \"body\":
		\"<!DOCTYPE a [<!ENTITY e SYSTEM '$1'>]><a>&e;</a>\""
	is_doubted
}

@test "an entity from elsewhere is not fetched" {
	answers_with_entity "$ELSEWHERE/entity"
	nobody_was_elsewhere
}

@test "an entity from a file of this machine is not read" {
	echo secret-of-this-machine >"$SITE/secret"
	answers_with_entity "file://$SITE/secret"
	not grep -rq secret-of-this-machine "$LOG" "$SPOOL"
}

@test "elements in elements, a hundred thousand deep" {
	meets_once '"do": "nested"'
	is_doubted
	stays_small
}

# --- lies about the length ---

@test "a length that is too long, and the connection closed" {
	meets_once '"length": "+5", "cut": "answer"'
	is_doubted
}

@test "a length that is too long, and the connection kept" {
	hurry
	meets_once '"length": "+5"'
	is_doubted 'the time was up'
}

@test "a length that is too short: what is left over answers nothing" {
	meets_once '"length": "-5"'
	is_doubted
}

@test "a negative length" {
	meets_once '"length": -5'
	is_doubted
}

@test "a length that no number holds is none, and an answer whole by itself counts" {
	over_the_wire 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{body}'
	is_sent_at_once
}

@test "two lengths that disagree" {
	over_the_wire 'HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nContent-Length: 7\r\n\r\n{body}'
	is_doubted
}

@test "a chunk that is longer than the answer" {
	in_chunks 'fffff\r\n{body}\r\n0\r\n\r\n'
	is_doubted
}

@test "a chunk that is shorter than it says to be" {
	in_chunks '5\r\n{body}\r\n0\r\n\r\n'
	is_doubted
}

@test "a chunk of a size that no number holds" {
	in_chunks 'ffffffffffffffffffff\r\n{body}\r\n0\r\n\r\n'
	is_doubted
}

@test "a chunk whose size is no number" {
	in_chunks 'many\r\n{body}\r\n0\r\n\r\n'
	is_doubted
}

@test "chunks without the last one" {
	in_chunks '7\r\n1234567\r\n'
	is_doubted
}

@test "an encoding that is not the one announced" {
	meets_once '"headers": {"Content-Encoding": "gzip"}'
	is_doubted
}

# --- hardly HTTP ---

@test "an answer of HTTP/0.9" {
	over_the_wire '{body}'
	is_doubted 'HTTP/0.9'
}

@test "an answer of another protocol" {
	over_the_wire 'SSH-2.0-OpenSSH_9.2\r\n'
	is_doubted
}

@test "no answer but noise" {
	over_the_wire '\u0000\u0001\u0080\u00ff\r\n\r\n\u001b[2J'
	is_doubted
	not grep -q "$(printf '\33')" "$LOG"
}

@test "an interim answer before the answer" {
	over_the_wire 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}'
	is_sent_at_once
}

@test "a change of protocol that nobody asked for" {
	over_the_wire 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n{body}'
	is_doubted
}

@test "no content, status 204" {
	over_the_wire 'HTTP/1.1 204 No Content\r\n\r\n'
	is_doubted 'HTTP 204'
}

@test "results under a status of success that is not 200" {
	meets_once '"status": 202'
	is_doubted 'results count only with HTTP 200'
}

@test "results under a status of failure" {
	meets_once '"status": 500'
	is_doubted 'results count only with HTTP 200'
}

@test "an answer to a question that was not asked yet does not count" {
	local ok='HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}'
	meets_once "\"wire\": \"$ok$ok\""
	is_sent_at_once
	stub_rules '[{"order": "WEB-2", "orders": {"WEB-2": "3002"}}]'
	document WEB-2:2 | drop two.xml
	eventually is_failed two.xml
	[ "$(outcomes_of 2)" = rejected ]
}

@test "cookies are not brought back" {
	stub_rules '[{"headers": {"Set-Cookie": "tracked=yes; Path=/"}}]'
	start_and_drop
	is_sent_at_once
	document WEB-2:2 | drop two.xml
	eventually is_sent two.xml
	not grep -qi '"cookie"' <(stub_events request)
}

# --- elsewhere ---

@test "redirects to elsewhere are not followed, whatever their kind" {
	local status i=0
	start_gateway
	for status in 301 302 303 307 308; do
		i=$((i + 1))
		stub_rules "[{\"do\": \"redirect\", \"status\": $status,
			\"to\": \"$ELSEWHERE/shop\"}]"
		document "WEB-$i:$i" | drop "$i.xml"
		eventually is_logged_more_often_than "$((i - 1))" hold
		is_sending "$i.xml"
		stub_rules '[]'
		eventually is_sent "$i.xml"
	done
	not grep -v 'reason=refusing .*correct the url' <(grep event=hold "$LOG")
	nobody_was_elsewhere
	is_empty failed
}

@test "a redirect to a file of this machine is not followed" {
	echo secret-of-this-machine >"$SITE/secret"
	stub_rules "[{\"do\": \"redirect\", \"to\": \"file://$SITE/secret\"}]"
	start_and_drop
	eventually logged hold reason=refusing
	is_sending one.xml
	stub_rules '[]'
	is_all_sent
	not grep -rq secret-of-this-machine "$LOG" "$SPOOL"
}

# --- who the shop is ---

# certificate NAME OPTION...: NAME.pem and NAME.key in the site's folder.
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-subj "/CN=$1" -keyout "$SITE/$1.key" -out "$SITE/$1.pem" "${@:2}" 2>/dev/null
}

# The shop shows one certificate, the gateway trusts another.
start_tls() {
	command -v openssl >/dev/null || skip "no openssl on this machine"
	certificate shop -addext "subjectAltName=${2:-IP:127.0.0.1}"
	certificate other -addext 'subjectAltName=IP:127.0.0.1'
	stop_stub
	start_stub '[]' --cert "$SITE/shop.pem" --key "$SITE/shop.key"
	cp "$SITE/$1.pem" "$SITE/trusted.pem"
	set_option url "\"${SHOP_URL/http:/https:}\""
	set_option ca_file '"trusted.pem"'
	echo "$KEY" >"$SITE/shop-key"
	chmod 600 "$SITE/shop-key"
	set_option key_file '"shop-key"'
}

nothing_was_sent() {
	eventually logged hold 'reason=unreachable .*certificate.*remedy=.*'
	is_sending one.xml
	is_empty sent
	[ -z "$(stub_events request)" ]
	[ -z "$(stub_events cut_short)" ]
}

@test "a certificate that nobody vouches for: nothing is sent, until it is trusted" {
	start_tls other
	start_and_drop
	nothing_was_sent
	cp "$SITE/shop.pem" "$SITE/trusted.pem"
	kill -HUP "$GATEWAY_PID"
	is_all_sent
	[ "$(requests_with 1)" -eq 1 ]
}

@test "a certificate for another name: nothing is sent" {
	start_tls shop DNS:elsewhere.example
	start_and_drop
	nothing_was_sent
}

# --- kept connections ---

# Numbers from FIRST to LAST, each in a file and an order of its own.
drop_each() {
	local i
	for ((i = $1; i <= $2; i++)); do
		document "WEB-$i:$i" | drop "$i.xml"
	done
}

is_all_delivered() {
	eventually is_done
	is_empty failed
	holds_drops sent "$1"
	# What the shop itself has on record: each number, and each once.
	[ "$(stub_events stored | grep -o '"comment": "[0-9]*"' | sort | uniq -d)" = '' ]
	[ "$(stub_events stored | wc -l)" -eq "$1" ]
}

@test "kept connections that close at random are nothing to wonder about" {
	set_option batch_comments 2
	stub_rules '[{"on": "comments", "chance": 0.5, "cut": "answer"}], "seed": 5'
	start_gateway
	drop_each 1 60
	is_all_delivered 60
	not audited outcome '"result":"unknown"'
	not logged hold
	[ "$(requests | tr ' ' '\n' | grep -c .)" -eq 60 ]
}

@test "connections that close at random, also amid the next request: nothing is sent twice" {
	set_option batch_comments 2
	set_option unknown_wait '"100ms"'
	stub_rules '[{"on": "comments", "chance": 0.5, "cut": "answer", "idle_ms": [0, 8]}],
		"seed": 5, "remember": true'
	start_gateway
	drop_each 1 60
	is_all_delivered 60
	# Once the shop has read a request to its end, it alone may ask for a second.
	[ "$(requests | tr ' ' '\n' | grep -c .)" -eq 60 ]
}

# --- results that do not fit ---

# A batch of two: the first comment of three goes alone.
drop_three() {
	start_gateway
	document WEB-1:1 WEB-2:2 WEB-3:3 | drop one.xml
}

@test "two results for one comment" {
	meets_once '"extra": [["WEB-1", "1002"]]'
	is_doubted 'cannot be trusted'
}

@test "results for others: all of the batch is in doubt, and then sent one by one" {
	stub_rules '[{"order": "WEB-2", "times": 1, "orders": {"WEB-2": null},
		"extra": [["WEB-7", "1002"]]}]'
	drop_three
	is_all_sent
	[ "$(outcomes_of 2) $(outcomes_of 3)" = 'unknown delivered unknown delivered' ]
	[ "$(requests | grep -v '^$' | paste -s -d /)" = '1/2 3/2/3' ]
}

@test "results in another order are paired by their order numbers" {
	stub_rules '[{"order": "WEB-2", "reversed": true, "orders": {"WEB-2": "3002"}}]'
	drop_three
	eventually is_sent one.xml
	[ "$(outcomes_of 2) $(outcomes_of 3)" = 'rejected delivered' ]
	[ "$(requests | grep -v '^$' | paste -s -d /)" = '1/2 3' ]
	[[ $(reason_of one.xml) == *WEB-2* ]]
}

@test "a code of no known class" {
	meets_once '"code": "4001"'
	is_doubted 'no known class'
}

@test "a code that is none" {
	meets_once '"code": "1002 and more"'
	is_doubted 'no known class'
}

@test "results in a namespace that is not theirs" {
	local body="<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"
	body+='<setCommentsResponse><return><Key>WEB-1</Key><Code>1002</Code></return>'
	body+='</setCommentsResponse></e:Body></e:Envelope>'
	meets_once "\"do\": \"raw\", \"body\": \"$body\""
	is_doubted
}
