#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What is dropped arrives in the shop: everything, unchanged, in order, and on record.

bats_require_minimum_version 1.5.0

load shop_helpers
load gateway_helpers

GOOD=$ROOT/tests/fixtures/good

setup() {
	command -v php >/dev/null || skip "no php on this machine"
	php -r 'exit(extension_loaded("soap") && extension_loaded("pdo_sqlite") ? 0 : 1);' ||
		skip "php has no soap or no pdo_sqlite"
}

teardown() {
	clean_up
	stop_shop
}

# What a file says, as another parser than the gateway's reads it: one JSON object a
# comment, each only once, blanks around dates and booleans left out.
comments_of() {
	xmllint --encode UTF-8 "$1" | python3 /dev/fd/3 3<<-'END'
		import json, sys
		from xml.etree import ElementTree
		OPEN, XSD = "{http://www.opensi.fr}", "{http://www.opensi.fr/xsd}"
		def truth(text):
		    return text.strip() in ("true", "1")
		seen = set()
		for item in ElementTree.parse(sys.stdin).getroot().iter(OPEN + "Comment"):
		    field = lambda name: "".join(item.find(XSD + name).itertext())
		    line = json.dumps({
		        "id": int(field("CommentId")), "order": field("OrderNumber"),
		        "web_order": field("WebOrderNumber"), "text": field("Comment"),
		        "date": field("CommentDate").strip(), "mail": truth(field("SendMail")),
		        "visible": truth(field("VisibleForCustomer")),
		    })
		    if line not in seen:
		        print(line)
		    seen.add(line)
	END
}

# The same of what the shop has stored.
comments_in_shop() {
	"$SHOP/show" --json "$SHOP_DB" | python3 -c '
import json, sys
for c in json.load(sys.stdin):
    print(json.dumps({"id": c["comment_id"], "order": c["order_number"],
        "web_order": c["web_order_number"], "text": c["text"], "date": c["comment_date"],
        "mail": c["send_mail"], "visible": c["visible_for_customer"]}))'
}

empty_shop() {
	# shellcheck disable=SC2016 # of PHP
	php -r '(new PDO("sqlite:$argv[1]"))->exec("DELETE FROM comment");' "$SHOP_DB"
}

stored_ids() {
	comments_in_shop | sed 's/^{"id": \([0-9]*\).*/\1/' | paste -s -d ' '
}

@test "all seven fields of every good file arrive unchanged" {
	start_shop
	make_site
	start_gateway
	local file name
	for file in "$GOOD"/*.xml; do
		name=${file##*/}
		drop "$name" <"$file"
		eventually is_sent "$name"
		diff <(comments_of "$file") <(comments_in_shop) || { echo "$name" && false; }
		empty_shop
	done
}

@test "a file in sent/ has the bytes that were dropped, in the folder of the day" {
	start_shop
	make_site
	start_gateway
	local name day
	day=$(date +%F)
	for name in utf-16le.xml crlf.xml cdata.xml windows-1252.xml; do
		drop "$name" <"$GOOD/$name"
		eventually is_sent "$name"
		cmp "$GOOD/$name" "$(path_in sent "$name")"
	done
	# Midnight may have passed meanwhile.
	[[ $(path_in sent crlf.xml) == "$SPOOL"/sent/@("$day"|"$(date +%F)")/* ]]
	[ "$(count_in failed)" -eq 0 ]
}

@test "comments of one order are stored in the order of their files" {
	start_shop
	make_site
	local i
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		document "WEB-1:$i" "WEB-$i:$((100 + i))" | drop "$i.xml"
	done
	start_gateway
	eventually is_done
	[ "$(stored_ids | tr ' ' '\n' | grep -vE '^1[0-9]{2}$' | paste -s -d ' ')" = \
		'1 2 3 4 5 6 7 8 9 10 11 12' ]
	[ "$(stored_comments | wc -l)" -eq 24 ]
}

@test "comments of several files share a request, never two of one order" {
	start_stub
	make_site
	local i
	for i in {1..16}; do
		document "WEB-$((i % 8)):$i" | drop "$i.xml"
	done
	run_once
	[ "$(count_in sent)" -eq 16 ]
	[ "$(requests | wc -w)" -eq 16 ]
	[ "$(requests | wc -l)" -lt 16 ]
	stub_events request | python3 -c '
import json, sys
for line in sys.stdin:
    orders = [c["order"] for c in json.loads(line)["comments"]]
    assert len(orders) == len(set(orders)), orders'
}

@test "two sites deliver each to its own shop" {
	start_shop
	local boutique=$SHOP_URL
	start_stub
	make_site
	mkdir -p "$SITE/outlet/incoming"
	sed -i '/^website_code\|^url\|^spool/d' "$CONF"
	cat >>"$CONF" <<-END
		sites = ( { name = "boutique"; website_code = "WEB1"; spool = "spool";
		            url = "$boutique"; },
		          { name = "outlet"; website_code = "WEB2"; spool = "outlet";
		            url = "$SHOP_URL"; } );
	END
	document WEB-1:1 | drop a.xml
	document WEB-1:2 >"$SITE/outlet/incoming/b.xml"
	start_gateway
	eventually is_sent a.xml
	SPOOL=$SITE/outlet eventually is_sent b.xml
	[ "$(stored_ids)" = 1 ]
	[ "$(requests)" = 2 ]
	grep -q '<open:Website_Code>WEB2</' "$STUB_BODIES"/*
	logged settled result=sent
	grep -q 'site=outlet .*event=settled' "$LOG"
}

@test "a run by --once ends with 0 when everything is delivered" {
	start_shop
	make_site
	document WEB-1:1 WEB-2:2 | drop a.xml
	run_once
	is_sent a.xml
	[ "$(stored_ids)" = '1 2' ]
	run_once
}

@test "a run by --once ends with 1 when something went to failed/" {
	start_shop
	make_site
	document WEB-1:1 | drop good.xml
	echo 'no XML' | drop bad.xml
	run -1 run_once
	is_sent good.xml
	is_failed bad.xml
}

@test "a run by --once ends with 75 when something waits, whatever has failed" {
	make_site
	document WEB-1:1 | drop good.xml
	echo 'no XML' | drop bad.xml
	run -75 run_once
	is_sending good.xml
	is_failed bad.xml
	start_shop
	set_option url "\"$SHOP_URL\""
	run -0 run_once
	[ "$(stored_ids)" = 1 ]
}

@test "the audit trail tells what was done, in order, one JSON object a line" {
	start_shop
	make_site
	document WEB-1:1 UNKNOWN:2 | drop two.xml
	document WEB-1:3 | drop 'one "odd" name.xml'
	run -1 run_once
	audit | python3 -c 'import json, sys; [json.loads(line)["ev"] for line in sys.stdin]'
	[ "$(events_of two.xml)" = \
		'reading read posting outcome posting outcome rest settled' ] ||
		[ "$(events_of two.xml)" = \
			'reading read posting posting outcome outcome rest settled' ]
	[ "$(events_of 'one \\"odd\\" name.xml')" = 'reading read posting outcome settled' ]
	[ "$(outcome_of 1)" = delivered ]
	[ "$(outcome_of 2)" = rejected ]
	audit | head -n 2 | tail -n 1 | grep -q '"ev":"start"'
	audit | tail -n 1 | grep -q '"ev":"stop"'
}

@test "neither the key nor a comment's text is in log or audit trail" {
	start_shop
	make_site
	set_option log_level '"debug"'
	start_gateway
	document 'WEB-1:1:Words for nobody else' | drop a.xml
	echo 'no XML' | drop bad.xml
	eventually is_sent a.xml
	eventually is_failed bad.xml
	stop_gateway
	[ -s "$LOG" ]
	not grep -rq "$KEY" "$LOG" "$SPOOL"
	not grep -rq 'nobody else' "$LOG" "$SPOOL/audit"
}

@test "what is delivered does not wait for an answer that is long in coming" {
	start_stub '[{"order": "WEB-1", "delay_ms": 3000}]'
	make_site
	set_option connections 2
	start_gateway
	document WEB-1:1 | drop slow.xml
	stub_saw request
	document WEB-2:2 | drop quick.xml
	eventually is_sent quick.xml
	not is_sent slow.xml
	audit | python3 -c '
import datetime, json, sys
lines = [json.loads(line) for line in sys.stdin]
at = {r["ev"]: datetime.datetime.fromisoformat(r["t"][:-1])
    for r in lines if r.get("drop") == "quick.xml"}
took = (at["settled"] - at["outcome"]).total_seconds()
sys.exit(f"settled {took} s after its outcome" if took > 0.4 else 0)'
}

@test "a name with a colon is no part of what is said of the file" {
	make_site
	start_gateway
	echo 'no XML' | drop 'm: z.xml'
	eventually is_failed 'm: z.xml'
	eventually grep -q 'm: z.xml' "$SPOOL/status.html"
	not grep -q 'z.xml: not sent' "$SPOOL/status.html"
}
