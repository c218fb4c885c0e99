#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The reference shop answers as real shops do, byte for byte where it matters to a sender.

bats_require_minimum_version 1.5.0

load shop_helpers

SOAP_1_1=http://schemas.xmlsoap.org/soap/envelope/
SOAP_1_2=http://www.w3.org/2003/05/soap-envelope
DECLARATION='<?xml version="1.0" encoding="UTF-8"?>'

setup() {
	command -v php >/dev/null || skip "no php on this machine"
	php -r 'exit(extension_loaded("soap") && extension_loaded("pdo_sqlite") ? 0 : 1);' ||
		skip "php has no soap or no pdo_sqlite"
}

teardown() {
	stop_shop
}

comment() {
	local text=${3-a text}
	printf '<open:Comment><xsd:OrderNumber>CC1</xsd:OrderNumber>'
	printf '<xsd:WebOrderNumber>%s</xsd:WebOrderNumber>' "$1"
	printf '<xsd:CommentId>%s</xsd:CommentId><xsd:Comment>%s</xsd:Comment>' "$2" "$text"
	printf '<xsd:CommentDate>2020-05-01</xsd:CommentDate><xsd:SendMail>true</xsd:SendMail>'
	printf '<xsd:VisibleForCustomer>false</xsd:VisibleForCustomer></open:Comment>'
}

request() {
	printf '<open:setCommentsRequest><open:Website_Code>%s</open:Website_Code>%s' \
		"${WEBSITE-WEB1}" "$*"
	printf '</open:setCommentsRequest>'
}

envelope() {
	printf '<s:Envelope xmlns:s="%s" xmlns:open="http://www.opensi.fr"' "${SOAP-$SOAP_1_1}"
	printf ' xmlns:xsd="http://www.opensi.fr/xsd"><s:Header><open:Header><open:key>%s' \
		"${KEY-$SHOP_KEY}"
	printf '</open:key></open:Header></s:Header><s:Body>%s</s:Body></s:Envelope>' "$1"
}

# Sets status, headers (lower case, one a line) and body.
post_bytes() {
	curl -sS --max-time 60 -D "$BATS_TEST_TMPDIR/headers" -o "$BATS_TEST_TMPDIR/body" \
		-H 'Content-Type: text/xml; charset=utf-8' -H 'SOAPAction: ""' -H 'Expect:' \
		--data-binary @- "$@" "$SHOP_URL"
	read_answer
}

read_answer() {
	status=$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$BATS_TEST_TMPDIR/headers")
	headers=$(tr -d '\r' <"$BATS_TEST_TMPDIR/headers" | tr '[:upper:]' '[:lower:]')
	body=$(cat "$BATS_TEST_TMPDIR/body" && printf .)
	body=${body%.}
}

post() {
	envelope "$1" >"$BATS_TEST_TMPDIR/request"
	post_bytes <"$BATS_TEST_TMPDIR/request"
}

has_header() {
	grep -qx "$1" <<<"$headers"
}

# The codes of the answer's results, with their keys.
results() {
	xmllint --format - <<<"$body" |
		sed -n 's|.*:Key>\(.*\)</.*|\1|p; s|.*:Key/>.*|-|p; s|.*:Code>\(.*\)</.*|\1|p' |
		paste -s -d ' '
}

own_fault() {
	[ "$status" = 200 ]
	has_header 'content-type: text/xml;charset=utf-8'
	[[ $headers != *content-length:* ]]
	[ "$body" = "$DECLARATION<env:Envelope xmlns:env=\"$SOAP_1_2\"\
 xmlns:ns1=\"http://www.opensi.fr\"><env:Body><env:Fault><env:Code><env:Value>ns1:server\
</env:Value></env:Code><env:Reason><env:Text>$1</env:Text></env:Reason><env:Detail>\
<ns1:fault/></env:Detail></env:Fault></env:Body></env:Envelope>" ]
}

engine_fault_1_1() {
	[ "$status" = 500 ]
	has_header 'content-type: text/xml; charset=utf-8'
	[ "$body" = "$DECLARATION"$'\n'"<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"$SOAP_1_1\">\
<SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Server</faultcode><faultstring>$1\
</faultstring></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"$'\n' ]
}

engine_fault_1_2() {
	[ "$status" = 500 ]
	has_header 'content-type: application/soap+xml; charset=utf-8'
	[[ $body == *"<env:Value>$1</env:Value>"* ]]
}

@test "a new comment is stored and answered by 1002, in one line" {
	start_shop
	post "$(request "$(comment 1 182)")"
	[ "$status" = 200 ]
	has_header 'content-type: text/xml; charset=utf-8'
	has_header "content-length: ${#body}"
	[ "$body" = "$DECLARATION<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"$SOAP_1_1\"\
 xmlns:ns1=\"http://www.opensi.fr/xsd\" xmlns:ns2=\"http://www.opensi.fr\"><SOAP-ENV:Body>\
<ns2:setCommentsResponse><ns2:return><ns1:Key>1</ns1:Key><ns1:Code>1002</ns1:Code>\
<ns1:Message/></ns2:return></ns2:setCommentsResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>" ]
	[[ $(stored_comments) == 182\ *1\ *CC1\ *2020-05-01\ *yes\ *no\ *'a text' ]]
}

@test "a comment that is there already is answered by 2001 and left as it is" {
	start_shop
	post "$(request "$(comment 1 182 first)")"
	post "$(request "$(comment 2 182 second)")"
	[ "$(results)" = '2 2001' ]
	[[ $(stored_comments) == *first ]]
}

@test "an order that does not exist is answered by 3002, an order without number too" {
	start_shop
	post "$(request "$(comment UNKNOWN-7 1)" "$(comment '' 2)")"
	[ "$(results)" = 'UNKNOWN-7 3002 - 3002' ]
	[ -z "$(stored_comments)" ]
}

@test "only the orders of a list exist, if there is one" {
	printf 'WEB-1\nWEB-2\n' >"$BATS_TEST_TMPDIR/orders"
	start_shop --orders "$BATS_TEST_TMPDIR/orders"
	post "$(request "$(comment WEB-2 1)" "$(comment WEB-3 2)")"
	[ "$(results)" = 'WEB-2 1002 WEB-3 3002' ]
}

@test "an order that takes no comments leaves a gap between the results" {
	start_shop
	post "$(request "$(comment 1 1)" "$(comment SILENT 2)" "$(comment 3 3)" "$(comment 1 4)")"
	[ "$(results)" = '1 1002 3 1002 1 1002' ]
	post "$(request "$(comment SILENT 2)")"
	[[ $body == *' xmlns:ns1="http://www.opensi.fr"'*'<ns1:setCommentsResponse/>'* ]]
}

@test "an empty request is answered by 3002 without a key, and writes nothing" {
	start_shop
	post "$(request)"
	[ "$status" = 200 ]
	[[ $body =~ \<ns1:Key(/\>|\>\</ns1:Key\>)\<ns1:Code\>3002\< ]]
	[ "$(grep -o '<ns2:return>' <<<"$body" | wc -l)" -eq 1 ]
	[ -z "$(stored_comments)" ]
}

@test "a wrong key is a fault of SOAP 1.2 over HTTP 200" {
	start_shop
	local key
	for key in wrong "${SHOP_KEY^^}" " $SHOP_KEY" ''; do
		KEY=$key post "$(request "$(comment 1 1)")"
		own_fault "Authentification failed: this is not the shop's key."
	done
	envelope '<open:getVersionRequest/>' | sed 's|<s:Header>.*</s:Header>||' \
		>"$BATS_TEST_TMPDIR/request"
	post_bytes <"$BATS_TEST_TMPDIR/request"
	own_fault "Authentification failed: this is not the shop's key."
	[ -z "$(stored_comments)" ]
}

@test "a wrong website code is such a fault too, with its text as it was sent" {
	start_shop
	post "$(WEBSITE='A&amp;&lt;' request "$(comment 1 1)")"
	own_fault 'There is no shop of the code website "A&<".'
	run ! --separate-stderr xmllint --noout "$BATS_TEST_TMPDIR/body"
	post "$(WEBSITE=' WEB1' request)"
	own_fault 'There is no shop of the code website " WEB1".'
}

@test "the key is looked at before the website code" {
	start_shop
	KEY=wrong post "$(WEBSITE=wrong request)"
	own_fault "Authentification failed: this is not the shop's key."
}

@test "what the database refuses is a fault, and the items before it are stored" {
	start_shop
	post "$(request "$(comment 1 1)" "$(comment 1 '')" "$(comment 1 3)")"
	[ "$status" = 200 ]
	[[ $body == *'<env:Value>ns1:server</env:Value>'*SQLSTATE* ]]
	[ "$(stored_comments | wc -l)" -eq 1 ]
	post "$(request "$(comment 1 1)" "$(comment 1 3)")"
	[ "$(results)" = '1 2001 1 1002' ]
}

@test "a value that does not decode refuses the whole batch" {
	start_shop
	local bad
	for bad in "$(comment 1 abc)" "$(comment 1 12abc)" "$(comment 1 0x1F)" \
		"$(comment 1 2 'a <b>bold</b> text')" "$(comment 1 2 '<![CDATA[a]]> text')" \
		"$(comment 1 2 'a <?pi?> text')"; do
		post "$(request "$(comment 1 1)" "$bad")"
		engine_fault_1_1 'SOAP-ERROR: Encoding: Violation of encoding rules'
	done
	KEY=wrong post "$(request "$(comment 1 abc)")"
	engine_fault_1_1 'SOAP-ERROR: Encoding: Violation of encoding rules'
	[ -z "$(stored_comments)" ]
}

@test "what is no SOAP request is refused by the engine" {
	start_shop
	post_bytes </dev/null
	engine_fault_1_2 env:Sender
	printf '<open' >"$BATS_TEST_TMPDIR/request"
	post_bytes <"$BATS_TEST_TMPDIR/request"
	engine_fault_1_2 env:Sender
	printf 'x<?xml version="1.0"?><a/>' >"$BATS_TEST_TMPDIR/request"
	post_bytes <"$BATS_TEST_TMPDIR/request"
	engine_fault_1_2 env:Sender
	printf '<a>\xe9</a>' >"$BATS_TEST_TMPDIR/request"
	post_bytes <"$BATS_TEST_TMPDIR/request"
	engine_fault_1_2 env:Sender
	echo '<a/>' >"$BATS_TEST_TMPDIR/request"
	post_bytes <"$BATS_TEST_TMPDIR/request"
	engine_fault_1_2 env:VersionMismatch
	{ echo '<!DOCTYPE a>' && envelope '<open:getVersionRequest/>'; } \
		>"$BATS_TEST_TMPDIR/request"
	post_bytes <"$BATS_TEST_TMPDIR/request"
	engine_fault_1_1 'DTD are not supported by SOAP'
	post '<open:setOrders/>'
	engine_fault_1_1 "Procedure 'setOrders' not present"
}

@test "GET, HEAD and PUT are answered by 200 and nothing" {
	start_shop
	local method
	for method in GET PUT; do
		curl -sS -X "$method" -D "$BATS_TEST_TMPDIR/headers" \
			-o "$BATS_TEST_TMPDIR/body" "$SHOP_URL?wsdl"
		touch "$BATS_TEST_TMPDIR/body"
		read_answer
		[ "$status" = 200 ]
		[ -z "$body" ]
		has_header 'content-type: text/html; charset=utf-8'
	done
	curl -sSI "$SHOP_URL" | grep -q '^HTTP/1.1 200 '
}

@test "a body that PHP does not hand over is answered by 200 and nothing" {
	start_shop
	head -c 9000000 /dev/zero | tr '\0' ' ' >"$BATS_TEST_TMPDIR/request"
	post_bytes <"$BATS_TEST_TMPDIR/request"
	[ "$status $body" = '200 ' ]
	envelope "$(request "$(comment 1 1)")" >"$BATS_TEST_TMPDIR/request"
	curl -sS -D "$BATS_TEST_TMPDIR/headers" -o "$BATS_TEST_TMPDIR/body" \
		-F "file=@$BATS_TEST_TMPDIR/request" "$SHOP_URL"
	read_answer
	[ "$status $body" = '200 ' ]
	[ -z "$(stored_comments)" ]
}

@test "chunked and compressed requests are taken" {
	start_shop
	envelope "$(request "$(comment 1 1)")" >"$BATS_TEST_TMPDIR/request"
	post_bytes -H 'Transfer-Encoding: chunked' <"$BATS_TEST_TMPDIR/request"
	[ "$(results)" = '1 1002' ]
	envelope "$(request "$(comment 1 2)")" | gzip >"$BATS_TEST_TMPDIR/request"
	post_bytes -H 'Content-Encoding: gzip' <"$BATS_TEST_TMPDIR/request"
	[ "$(results)" = '1 1002' ]
}

@test "a request of SOAP 1.2 is answered in SOAP 1.2, as text/xml" {
	start_shop
	SOAP=$SOAP_1_2 post "$(request "$(comment 1 1)")"
	[ "$status" = 200 ]
	[[ $body == "$DECLARATION<env:Envelope xmlns:env=\"$SOAP_1_2\""* ]]
	has_header 'content-type: text/xml; charset=utf-8'
}

@test "control bytes are stripped from the answer's key" {
	start_shop
	post "$(request "$(comment $'A\x7fB' 1)")"
	[ "$(results)" = 'AB 1002' ]
}

@test "version and time are told to those who have the key" {
	start_shop
	post '<open:getVersionRequest/>'
	[[ $body == *'<ns1:getVersionResponse><ns1:Version>'* ]]
	post '<open:getDatetimeRequest/>'
	[[ $body == *'<ns1:getDatetimeResponse><ns1:Datetime>20'* ]]
	KEY=wrong post '<open:getVersionRequest/>'
	own_fault "Authentification failed: this is not the shop's key."
}

@test "the key can be made of login and password" {
	start_shop --key '' --login opensi --password secret
	KEY=$(printf 'opensi-secret' | md5sum | cut -d ' ' -f 1) post "$(request)"
	[ "$status" = 200 ]
	[[ $body == *setCommentsResponse* ]]
}

# Twelve times two identical requests at the same moment, with time to meet.
post_in_pairs() {
	local id pids
	for id in {1..12}; do
		envelope "$(request "$(comment 1 "$id")")" >"$BATS_TEST_TMPDIR/request"
		pids=()
		for _ in 1 2; do
			curl -sS -H 'Content-Type: text/xml' -o /dev/null \
				--data-binary "@$BATS_TEST_TMPDIR/request" "$SHOP_URL" 3>&- &
			pids+=($!)
		done
		wait "${pids[@]}"
	done
}

@test "identical requests at the same moment store a comment once" {
	start_shop --workers 4 --pause 30
	post_in_pairs
	[ "$(stored_comments | wc -l)" -eq 12 ]
}

@test "a racy shop stores a comment twice when identical requests meet" {
	start_shop --workers 4 --pause 30 --racy
	post_in_pairs
	[ "$(stored_comments | wc -l)" -gt 12 ]
}

@test "text arrives unchanged" {
	start_shop
	post "$(request "$(comment 1 1 'é 漢 🎁 &lt;b&gt; &amp; &quot;&#13;&#10;  two ')")"
	local shown
	shown=$("$SHOP/show" --json "$SHOP_DB" | php -r \
		'echo json_decode(stream_get_contents(STDIN))[0]->text, ".";')
	[ "$shown" = $'é 漢 🎁 <b> & "\r\n  two .' ]
}

@test "the page shows the comments, with nothing in them that a browser would run" {
	start_shop
	post "$(request "$(comment 'W&lt;i&gt;' 1 '&lt;script&gt;alert(1)&lt;/script&gt;')")"
	local page
	page=$(curl -sS "${SHOP_URL%/*}/comments")
	[[ $page == *'&lt;script&gt;alert(1)&lt;/script&gt;'* ]]
	[[ $page != *'<script'* ]]
}

@test "the table lets no control sequence through to the terminal" {
	start_shop
	post "$(request "$(comment 1 1 $'\u009b31m red \u202e line&#10;break')")"
	[[ $(stored_comments) == *'?31m red ? line?break' ]]
}

@test "the shop ends with all its workers, and its database stays readable" {
	start_shop --workers 3
	post "$(request "$(comment 1 1)")"
	local process processes
	processes=$(pgrep -g "$(pgrep -P "$SHOP_PID" php)")
	[ "$(wc -w <<<"$processes")" -eq 4 ]
	stop_shop
	for process in $processes; do
		timeout 10 tail -s 0.05 --pid="$process" -f /dev/null
	done
	[ "$(stored_comments | wc -l)" -eq 1 ]
}
