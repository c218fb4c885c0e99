#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# opensi-spool where things are not as usual: odd names, odd files, old and lost records,
# rights that are missing, a terminal.

bats_require_minimum_version 1.5.0

load gateway_helpers
load tool_helpers

A=20261101T101530.000001Z
B=20261103T101530.000001Z
DAY_1=2026-11-01
COMMENT='"n":1,"order":"WEB-1","comment":"7"'

setup() {
	make_site
	make_folders
}

teardown() {
	rm -rf "${PLACE:-}"
	clean_up
}

on_terminal() {
	TERM=xterm script -qec "${RUN_BY[*]} '$TOOL' -c '$CONF' $*" /dev/null </dev/null
}

# For root, modes mean something then.
without_powers() {
	[ "$(id -u)" = 0 ] || return 0
	RUN_BY=(setpriv '--bounding-set=-dac_override,-dac_read_search')
	"${RUN_BY[@]}" true || skip "setpriv cannot give up capabilities here"
}

tool_without_powers() {
	"${RUN_BY[@]}" "$TOOL" -c "$CONF" "$@" 3>&-
}

# --- which site, which spool ---

@test "a site and a spool that are not there are told" {
	run -64 tool list failed --site elsewhere
	[[ $output == *"elsewhere: no such site in $CONF"* ]]
	rmdir "$SPOOL/sent"
	run -73 tool list failed
	[[ $output == *"$SPOOL/sent: there is no such folder"*'opensi-spool init'* ]]
}

@test "whose way to the spool is barred is told where, and who may pass" {
	without_powers
	mkdir "$SITE/barred"
	mv "$SPOOL" "$SITE/barred/spool"
	set_option spool '"barred/spool"'
	chmod 0 "$SITE/barred"
	run -73 tool_without_powers list failed
	chmod 700 "$SITE/barred"
	[[ $output == *"$SITE/barred/spool: cannot be read. $SITE/barred: only the user $(id -un)"* ]]
}

make_two_sites() {
	mkdir -p "$SITE/other"/{incoming,sending,sent,failed,audit}
	sed -i '/^spool = /d' "$CONF"
	set_option sites '( { name = "one"; spool = "spool"; },
		{ name = "two"; spool = "other"; website_code = "W2"; } )'
}

@test "status of two sites parts them by a line" {
	make_two_sites
	run -0 tool status
	[[ $output == 'one: no gateway runs'*$'\n\ntwo: '* ]]
}

@test "retry moves no file of one site when another has one of that name" {
	make_two_sites
	local other=$SITE/other name=${A}_a.xml
	mkdir -p "$other"/{incoming,sending,sent,failed,audit}
	document WEB-1:1 | tee "$SPOOL/failed/$name" >"$other/failed/$name"
	local given
	for given in "$name" a.xml; do
		run -1 tool retry "$given"
		[[ $output == $'left\t'*"each of 2 files, name one, and its site by --site: one/$name, two/$name"* ]]
		[ "$(tool retry "$given" --json | json 'd[0]["result"]')" = left ]
	done
	tool retry --site two a.xml
	[ -e "$other/incoming/$name" ]
	tool retry "$name"
	[ -e "$SPOOL/incoming/$name" ]
}

@test "a path says the site" {
	make_two_sites
	local other=$SITE/other
	document WEB-1:1 | tee "$SPOOL/failed/${A}_a.xml" >"$other/failed/${A}_a.xml"
	document WEB-2:2 | tee "$SPOOL/failed/${A}_b.xml" >"$other/failed/${A}_b.xml"
	tool retry "$other/failed/${A}_a.xml" "$SPOOL/failed/b.xml"
	[ "$(cd "$SITE" && echo {other,spool}/incoming/*)" = \
		"other/incoming/${A}_a.xml spool/incoming/${A}_b.xml" ]
	holds_drops failed 1
	run -1 tool retry "$other/failed/a.xml"
	[[ $output == *$'a.xml\tno such file in any folder'* ]]
	holds_drops failed 1
}

@test "what is old of two sites is deleted site by site" {
	make_two_sites
	mkdir "$SITE"/{spool,other}/sent/2020-01-01
	touch "$SITE"/{spool,other}/sent/2020-01-01/20200101T101530.000001Z_a.xml
	write_days "$SITE"/{spool,other}/audit/{2020-01-01,2020-01-02,2020-01-03}.jsonl
	run -0 tool purge --older-than 90d --yes --json
	[ "$(json '[(o["site"], o["folder"], o["day"]) for o in d]' <<<"$output")" = \
		"[('one', 'sent', '2020-01-01'), ('one', 'audit', '2020-01-01'), ('two', 'sent', '2020-01-01'), ('two', 'audit', '2020-01-01')]" ]
}

@test "nothing of an audit/ that cannot be read is deleted" {
	write_days "$SPOOL"/audit/{2020-01-01,2020-01-02,2020-01-03}.jsonl
	mkdir "$SPOOL/audit/2020-01-04.jsonl"
	run -1 tool purge --older-than 90d --yes
	[[ $output == *"$SPOOL/audit: Invalid argument"* ]]
	[ -e "$SPOOL/audit/2020-01-01.jsonl" ]
}

# --- a pattern of one's own ---

@test "what was claimed is a drop by the name that it had before" {
	set_option pattern '"OpenSi_*.xml"'
	document WEB-1:7 >"$SPOOL/failed/${A}_OpenSi_1.xml"
	document WEB-1:8 >"$SPOOL/sending/${A}_OpenSi_2.xml"
	document WEB-1:9 >"$SPOOL/failed/${A}_other.xml"
	[[ $(tool find --order WEB-1) == *$'\t7\tfailed\t'*$'\t8\twaiting\t'* ]]
	run -0 tool retry OpenSi_1.xml
	[[ $output != *'leaves it alone'* ]]
	run -0 tool retry other.xml
	[[ $output == *'not a name that it takes'* ]]
	[ "$(tool list incoming --json | json 'sorted((f["name"][24:], f["note"]) for f in d)')" = \
		"[('OpenSi_1.xml', None), ('other.xml', 'ignored: not a name that the gateway takes')]" ]
	[ "$(tool status --json | json '[(s["incoming"], s["ignored"]) for s in d["sites"]]')" = '[(1, 1)]' ]
}

# --- list ---

@test "list notes what the gateway ignores, and the day that a file was sent" {
	touch "$SPOOL/incoming/a.xml" "$SPOOL/incoming/b.txt"
	mkdir "$SPOOL/sent/2026-01-01"
	touch "$SPOOL/sent/2026-01-01/c.xml"
	[ "$(tool list incoming --json | json 'sorted((f["name"], f["note"]) for f in d)')" = \
		"[('a.xml', None), ('b.txt', 'ignored: not a name that the gateway takes')]" ]
	[ "$(tool list sent --json | json 'd[0]["day"]')" = 2026-01-01 ]
	run -64 tool list audit
	[[ $output == *'audit: no such folder: write incoming, sending, sent, failed'* ]]
}

@test "in an open site a file waits for its answer, what may be stored, or its turn" {
	start_stub '[{"comment": "1", "cut": "request"}, {"comment": "3", "delay_ms": 60000}]'
	set_option url "\"$SHOP_URL\""
	set_option unknown_wait '"5m"'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually logged open
	document WEB-1:2 | drop b.xml
	document WEB-3:3 | drop c.xml
	eventually audited posting '"comment":"3"'
	local doubt='the end of unknown_wait, as the shop may have stored 1 comment'
	waits() {
		[ "$(tool list sending --json | json '[f["waits_for"] for f in d]')" = \
			"['$doubt', 'its turn', 'the answer for 1 comment']" ]
	}
	eventually waits
	kill_gateway # it would wait for the answer
}

# Of both files in sending/: for people, and for programs.
wait_for_nothing_known() {
	[ "$(on_terminal list sending | grep -cF "not known: $1")" -eq 2 ] &&
		[ "$(tool list sending --json | json '[f["waits_for"] for f in d]')" = '[None, None]' ]
}

@test "what nobody knows the wait of is not said to wait for its turn" {
	touch "$SPOOL/sending/${A}_a.xml" "$SPOOL/sending/b.xml"
	on_terminal list sending | grep -F 'a gateway: none runs'
	rm "$SPOOL"/sending/*
	start_stub '[]'
	set_option url "\"$SHOP_URL\""
	start_gateway
	document WEB-1:1 | drop c.xml
	eventually is_sent c.xml
	kill -STOP "$GATEWAY_PID"
	touch "$SPOOL/sending/${A}_a.xml" "$SPOOL/sending/b.xml"
	wait_for_nothing_known 'the journal does not tell of it'
	mv "$SPOOL/state.json" "$SITE"
	wait_for_nothing_known 'state.json cannot be read'
	mv "$SITE/state.json" "$SPOOL"
	mv "$SPOOL"/audit/*.jsonl "$SITE"
	mkdir "$SPOOL/audit/2026-11-01.jsonl"
	wait_for_nothing_known 'the journal cannot be read'
	rmdir "$SPOOL/audit/2026-11-01.jsonl"
	mv "$SITE"/*.jsonl "$SPOOL/audit"
	kill -CONT "$GATEWAY_PID"
}

@test "what the shop broke on waits for another try" {
	start_stub '[{"on": "comments", "do": "fault"}]'
	set_option url "\"$SHOP_URL\""
	set_option retry_min '"5m"'
	set_option retry_max '"5m"'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually has_outcome 1 deferred
	is_put_off() {
		[ "$(tool list sending --json | json 'd[0]["waits_for"]')" = 'another try of 1 comment' ]
	}
	eventually is_put_off
}

@test "on a terminal a thousand files and one are listed under one title" {
	local i
	for i in {1000..2000}; do
		echo "$SPOOL/failed/${A}_$i.xml"
	done | xargs touch
	run -0 on_terminal list failed
	[ "$(grep -c AGE <<<"$output")" -eq 1 ]
	[ "$(grep -c _2000.xml <<<"$output")" -eq 1 ]
	[ "$(grep -c "${A}_" <<<"$output")" -eq 1001 ]
}

@test "on a terminal find shows no name as it is" {
	document WEB-1:1 >"$SPOOL/failed/${A}_"$'od\ed.xml'
	run -0 on_terminal find --order WEB-1 -0
	[[ $output == *ORDER*'od?d.xml'* ]]
}

# --- retry ---

@test "retry foretells what the gateway leaves alone" {
	touch "$SPOOL/failed/a.txt"
	ln -s a.txt "$SPOOL/failed/b.xml"
	run -0 tool retry a.txt b.xml
	[[ $output == *'a.txt'*'not a name that it takes'* ]]
	[[ $output == *'b.xml'*'symbolic link'* ]]
}

@test "of another boot a doubt waits for its whole time yet" {
	set_option unknown_wait '"5m"'
	document WEB-1:7 >"$SPOOL/failed/${A}_orders.xml"
	journal $DAY_1 10:00:00.000000 posting $A "$COMMENT"
	journal $DAY_1 10:00:01.000000 withdrawn $A
	run -0 tool retry orders.xml
	[[ $output == *'1 comment waits for 5 min yet'* ]]
	# Of one that was taken out of sending/ since, no gateway could record that.
	journal $DAY_1 10:00:02.000000 outcome $B '"n":1,"order":"WEB-2","comment":"8","result":"unknown"'
	document WEB-2:8 >"$SPOOL/sending/${B}_orders.xml"
	mv "$SPOOL"/{sending,failed}/"${B}_orders.xml"
	run -0 tool retry $B
	[[ $output == *'1 comment waits for 5 min yet'* ]]
}

@test "a name that many failed files had is told with some of them" {
	touch "$SPOOL"/failed/202601{10..31}T101530.000001Z_a.xml
	run -1 tool retry a.xml
	[[ $output == *'each of 22 files, name one: '*_a.xml*', ...'* ]]
	holds_drops failed 22
}

@test "names on standard input may be blank, and it must be readable" {
	touch "$SPOOL/failed/a.xml"
	run -0 tool retry - <<<$'\n\na.xml\n'
	[ "$(grep -c '^moved' <<<"$output")" -eq 1 ]
	run -1 tool retry - <"$SPOOL"
	[[ $output == *'standard input cannot be read'* ]]
	run -1 tool retry "$(printf 'x%.0s' {1..5000})/a.xml"
	[[ $output == *'not in failed/ of a spool'* ]]
}

@test "on a terminal retry tells the sum" {
	document WEB-1:7 >"$SPOOL/failed/${A}_a.xml"
	touch "$SPOOL/failed/b.xml" "$SPOOL/incoming/b.xml"
	run -1 on_terminal retry --all
	[[ $output == *'1 file moved to incoming/, 1 left alone'* ]]
}

# --- purge ---

@test "who may not delete is told who may" {
	without_powers
	mkdir "$SPOOL/sent/2020-01-01"
	touch "$SPOOL/sent/2020-01-01/20200101T101530.000001Z_a.xml"
	chmod 0550 "$SPOOL/sent/2020-01-01"
	run -1 tool_without_powers purge --older-than 90d --yes
	[[ $output == *'only the user'*$'\tsent\t2020-01-01\t0\t'* ]]
	run -1 on_terminal purge --older-than 90d --yes
	[[ $output == *'Deleted: 0 files of 0 days, 0 B'* ]]
	chmod 0750 "$SPOOL/sent/2020-01-01"
	[ -e "$SPOOL/sent/2020-01-01/20200101T101530.000001Z_a.xml" ]
}

@test "no answer at all is no yes" {
	mkdir "$SPOOL/sent/2020-01-01"
	touch "$SPOOL/sent/2020-01-01/20200101T101530.000001Z_a.xml"
	run -0 on_terminal purge --older-than 90d
	[[ $output == *'Delete them?'* ]]
	[ -e "$SPOOL/sent/2020-01-01/20200101T101530.000001Z_a.xml" ]
}

# --- show and find ---

@test "show words whatever a journal may tell" {
	journal $DAY_1 10:00:00.000000 checkpoint $A
	journal $DAY_1 10:00:00.000000 checkpoint $A "$COMMENT,\"result\":\"deferred\""
	journal $DAY_1 10:00:00.500000 reading no-claim
	journal $DAY_1 10:00:01.000000 returned $A
	journal $DAY_1 10:00:02.000000 read $A '"result":"of-tomorrow"'
	journal $DAY_1 10:00:03.000000 outcome $A "$COMMENT,\"result\":\"deferred\",\"attempt\":3"
	journal $DAY_1 10:00:04.000000 outcome $A "$COMMENT,\"result\":\"pondered\""
	journal $DAY_1 10:00:05.000000 withdrawn $A
	run -0 tool show orders.xml
	[[ $output == *'given back to incoming/, to be read again later'* ]]
	[[ $output == *'read: not valid, so nothing of it is sent'* ]]
	[[ $output == *'not stored; it is sent again (attempt 3)'* ]]
	[[ $output == *'comment 1: pondered'* ]]
	[[ $output == *'taken out of sending/ by somebody'* ]]
	[[ $output != *checkpoint* && $output != *no-claim* ]]
}

@test "show tells where the rest of a file is" {
	journal $DAY_1 10:00:00.000000 outcome $A "$COMMENT,\"result\":\"delivered\""
	mkdir "$SPOOL/sent/$DAY_1"
	document WEB-1:7 WEB-2:8 >"$SPOOL/sent/$DAY_1/${A}_orders.xml"
	document WEB-2:8 >"$SPOOL/failed/${A}_orders.xml"
	run -0 tool show orders.xml
	[[ $output == *"  file      sent/$DAY_1/${A}_orders.xml, "* ]]
	[[ $output == *"  rest      failed/${A}_orders.xml"* ]]
}

# What became of the only comment of the only file: result_shown NAME
result_shown() {
	tool show "$1" --json | json 'len(d), len(d[0]["comments"]), d[0]["comments"][0].get("result")'
}

@test "what was sent is posted while it may be answered, then not known" {
	journal $DAY_1 10:00:00.000000 reading $A
	journal $DAY_1 10:00:01.000000 posting $A "$COMMENT"
	document WEB-1:7 >"$SPOOL/sending/${A}_orders.xml"
	[ "$(result_shown orders.xml)" = "(1, 1, 'posted')" ]
	journal $DAY_1 10:00:02.000000 reading $A
	[ "$(result_shown orders.xml)" = "(1, 1, 'unknown')" ]
	[[ $(tool show orders.xml) == *'taken from incoming/'*'found in sending/ by the next run'* ]]
	rm "$SPOOL"/audit/*
	journal $DAY_1 10:00:01.000000 posting $A "$COMMENT"
	mv "$SPOOL"/{sending,failed}/"${A}_orders.xml"
	[ "$(result_shown orders.xml)" = "(1, 1, 'unknown')" ]
}

@test "show gives each comment its own result, whatever its number is by now" {
	journal $DAY_1 10:00:00.000000 outcome $A "$COMMENT,\"result\":\"delivered\""
	journal $DAY_1 10:00:00.000000 outcome $A '"n":2,"order":"WEB-2","comment":"8","result":"rejected"'
	document WEB-2:8 >"$SPOOL/failed/${A}_orders.xml"
	[ "$(result_shown orders.xml)" = "(1, 1, 'rejected')" ]
	[ "$(tool show orders.xml --json | json 'd[0]["rest"]')" = None ]
	document WEB-2:7 >"$SPOOL/failed/${A}_orders.xml"
	[ "$(result_shown orders.xml)" = '(1, 1, None)' ]
}

@test "show knows what only a checkpoint still says" {
	journal $DAY_1 10:00:00.000000 checkpoint $A "$COMMENT,\"result\":\"deferred\""
	document WEB-1:7 >"$SPOOL/sending/${A}_orders.xml"
	[ "$(result_shown orders.xml)" = "(1, 1, 'deferred')" ]
}

# outcome SECONDS NUMBER RESULT CODE ATTEMPT
outcome() {
	journal $DAY_1 "10:00:0$1" outcome $A "\"n\":$2,\"order\":\"WEB-$2\",\"comment\":\"$2\",\"attempt\":$5,\"result\":\"$3\",\"code\":\"$4\""
}

@test "a line of a history tells only of comments that fared alike" {
	outcome 1.000000 1 rejected 3002 1
	outcome 1.100000 2 rejected 3003 1
	outcome 1.200000 3 deferred 3003 1
	outcome 1.300000 4 deferred 3003 2
	outcome 2.000000 5 deferred 3003 2
	outcome 2.900000 6 deferred 3003 2
	outcome 2.900000 8 deferred 3003 2
	[ "$(tool show orders.xml --json | json '[(h["first"], h["last"]) for h in d[0]["history"]]')" = \
		'[(1, 1), (2, 2), (3, 3), (4, 4), (5, 6), (8, 8)]' ]
	[[ $(tool show orders.xml) == *'comments 5 to 6: not stored; it is sent again, code 3003 (attempt 2)'* ]]
}

@test "show tells of a file that may not be read all that is known otherwise" {
	without_powers
	document WEB-1:7 >"$SPOOL/failed/${A}_orders.xml"
	journal $DAY_1 10:00:00.000000 outcome $A "$COMMENT,\"result\":\"rejected\""
	chmod 0 "$SPOOL/failed/${A}_orders.xml"
	run tool_without_powers show orders.xml
	[[ $output == *'  content   Permission denied'* ]]
	[[ $output == *'not accepted'* ]]
}

@test "show finds a file by the name that it was dropped under, as retry does" {
	local odd=$'commande_\xe9t\xe9.xml' long
	journal $DAY_1 10:00:00.000000 outcome $A "$COMMENT,\"result\":\"delivered\""
	sed -i 's/orders.xml/commande_\xef\xbf\xbdt\xef\xbf\xbd.xml/' "$SPOOL/audit/$DAY_1.jsonl"
	mkdir "$SPOOL/sent/$DAY_1"
	document WEB-1:7 >"$SPOOL/sent/$DAY_1/${A}_$odd"
	run -0 tool show "$odd"
	[[ $output == *"file      sent/$DAY_1/"*delivered* ]]
	# The journal is gone.
	rm "$SPOOL"/audit/*
	run -0 tool show "$odd"
	[[ $output == *"file      sent/$DAY_1/"* ]]
	document WEB-1:7 >"$SPOOL/failed/${A}_bad~2.xml"
	run -0 tool show bad.xml
	[[ $output == *"file      failed/${A}_bad~2.xml"*'the journal does not know it'* ]]
	long=$(printf '%0236d.xml' 0)
	document WEB-1:7 >"$SPOOL/failed/${A}_${long:0:107}~${long: -107}"
	[[ $(tool show "$long") == *"file      failed/${A}_000"* ]]
	tool retry "$long"
	run -1 tool show worse.xml
}

@test "claims older than those that are shown are left out wherever they stand" {
	local i
	for i in {10..60}; do
		journal $DAY_1 "10:15:30.0000$i" reading "20261101T101530.0000${i}Z"
	done
	journal $DAY_1 10:15:31.000000 reading 20261101T101530.000001Z
	run -0 tool show orders.xml
	[[ $output == *'orders.xml: older claims are left out'* ]]
	[[ $output != *20261101T101530.000001Z_* ]]
	# Nor is the file of one of them shown as if the journal did not know it.
	touch "$SPOOL/failed/20261101T101530.000001Z_orders.xml"
	run -0 tool show orders.xml
	[[ $output != *20261101T101530.000001Z_* ]]
}

@test "of very many files that the journal does not know the newest are shown" {
	touch "$SPOOL"/failed/20261101T101530.0000{10..70}Z_a.xml
	run -0 tool show a.xml
	[[ $output == *'a.xml: 11 older files are left out'* ]]
	[[ $output == *20261101T101530.000021Z_a.xml* && $output != *20261101T101530.000020Z_a.xml* ]]
	[[ $output == *20261101T101530.000070Z_a.xml* ]]
}

@test "find knows a file that was numbered in sent/" {
	journal $DAY_1 10:00:00.000000 outcome $A "$COMMENT,\"result\":\"delivered\""
	mkdir "$SPOOL/sent/$DAY_1"
	touch "$SPOOL/sent/$DAY_1/${A}_orders~3.xml"
	[[ $(tool find --comment 7) == *$'\tdelivered\t'*"sent/$DAY_1/${A}_orders~3.xml" ]]
}

@test "find takes a file that was moved back for one that waits" {
	journal $DAY_1 10:00:00.000000 outcome $A "$COMMENT,\"result\":\"rejected\",\"code\":\"3002\""
	document WEB-1:7 >"$SPOOL/incoming/${A}_orders.xml"
	[[ $(tool find --comment 7) == *$'\twaiting\t'*$'Z\t\t\t'"incoming/${A}_orders.xml" ]]
	echo '<broken' >"$SPOOL/incoming/${A}_orders.xml"
	[[ $(tool find --comment 7) == *$'\twaiting\t'*"incoming/${A}_orders.xml" ]]
	set_option schema '"none.xsd"'
	[[ $(tool find --comment 7 2>&1) == *'none.xsd: this schema cannot be used'*$'\twaiting\t'* ]]
}

@test "find knows a doubt whose claim is forgotten, in local time on a terminal" {
	printf '{"v":1,"t":"%sT10:00:00.000000Z","up":1,"site":"WEB1","ev":"checkpoint",%s,"result":"unknown"}\n' \
		$DAY_1 "$COMMENT" >"$SPOOL/audit/$DAY_1.jsonl"
	[[ $(tool find --comment 7) == *$'\tunknown\t2026-11-01T10:00:00.000000Z\t'* ]]
	run -0 env TZ=CET-1 bash -c "TERM=xterm script -qec \"'$TOOL' -c '$CONF' find --comment 7\" /dev/null </dev/null"
	[[ $output == *'2026-11-01 11:00:00 +0100'* ]]
	run -0 env TZ=CET-1 bash -c "TERM=xterm script -qec \"'$TOOL' -c '$CONF' find --json --comment 7\" /dev/null </dev/null"
	[[ $output == *'"when":"2026-11-01T10:00:00.000000Z"'* ]]
}

# --- check and envelope ---

@test "without a configuration check takes the installed schema and the usual limits" {
	[ ! -e /etc/opensi-gateway/opensi-gateway.conf ] || skip "there is a configuration here"
	document WEB-1:1 >"$SITE/a.xml"
	run "$TOOL" check "$SITE/a.xml"
	[[ $output == *'without a configuration that can be used'* ]]
	if [ -e /usr/local/share/opensi-gateway/comments.xsd ]; then
		[[ $output == *'a.xml: valid'* ]]
	else
		[ "$status" -eq 78 ]
		[[ $output == *'/usr/local/share/opensi-gateway/comments.xsd: this schema cannot be used'* ]]
	fi
}

@test "check tells how many problems it did not list" {
	local i comments=()
	for i in {1..55}; do
		comments+=("WEB-$i:abc$i")
	done
	document "${comments[@]}" >"$SITE/a.xml"
	run -1 tool check "$SITE/a.xml"
	[[ $output == *'and 5 more problems'* ]]
}

@test "envelope wants one file that has comments" {
	document WEB-1:1 >"$SITE/a.xml"
	document >"$SITE/none.xml"
	run -64 tool envelope "$SITE/a.xml" "$SITE/a.xml"
	[[ $output == *'one file at a time'* ]]
	run -0 tool envelope "$SITE/none.xml"
	[[ $output == *'holds no comment: nothing is sent'* ]]
	run -1 tool envelope "$SITE"
	[[ $output == *'this is a folder'* ]]
	run -0 tool envelope - </dev/null
	[ -z "$output" ]
	set_option schema '"none.xsd"'
	run -78 tool envelope "$SITE/a.xml"
	[[ $output == *'none.xsd: this schema cannot be used'* ]]
	make_two_sites
	run -64 tool envelope "$SITE/a.xml"
	[[ $output == *'which site'* ]]
}

# --- init ---

@test "init is told of a user who is missing, and of a file in the way" {
	[ "$(id -u)" = 0 ] || skip "only root can give folders away"
	set_option user '"nobody-of-this-name"'
	run -78 tool init
	[[ $output == *'user "nobody-of-this-name" of the configuration does not exist'* ]]
	set_option user '"root"'
	touch "$SITE/file"
	set_option spool '"file"'
	run -73 tool init
	[[ $output == *"$SITE/file: is not a folder"* ]]
}

@test "init of a spool that is another user's is told who may" {
	[ "$(id -u)" = 0 ] || skip "only root may become somebody else"
	local mode nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
	"${nobody[@]}" test -x "$TOOL" || skip "nobody may not run the tool here"
	PLACE=$(mktemp -d -p /tmp) # what bats gives is open to its user alone
	mkdir "$PLACE/theirs"
	set_option spool "\"$PLACE/theirs\""
	cp "$CONF" "$PLACE/gateway.conf"
	chmod 755 "$PLACE"
	chmod 644 "$PLACE/gateway.conf"
	for mode in 755 777; do
		chmod "$mode" "$PLACE/theirs"
		run -73 "${nobody[@]}" "$TOOL" -c "$PLACE/gateway.conf" init
		[[ $output == *'/theirs: cannot be made or mended'*'run this as root'* ]]
	done
	[ -z "$(ls -A "$PLACE/theirs")" ]
}
