#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# opensi-spool looks into files and the journal: show, find, check, envelope, init.

bats_require_minimum_version 1.5.0

load gateway_helpers
load tool_helpers

A=20261101T101530.000001Z
B=20261103T101530.000001Z
DAY_1=2026-11-01 DAY_2=2026-11-02 DAY_3=2026-11-03

setup() {
	make_site
	make_folders
}

teardown() {
	clean_up
}

# A file that was delivered but for one comment, as a real gateway leaves it.
live_part() {
	start_stub '[{"do": "results", "orders": {"WEB-2": "3002"}, "words": "Unknown order"}]'
	sed -i "s|^url = .*|url = \"$SHOP_URL\";|" "$CONF"
	start_gateway
	document WEB-1:1 WEB-2:2:'Deux &lt;mots&gt;' WEB-1:3 | drop orders.xml
	eventually is_sent orders.xml
	eventually is_failed orders.xml
}

# And the retry of that comment, rejected again.
live() {
	live_part
	mv "$SPOOL"/failed/*_orders.xml "$SPOOL/incoming/"
	eventually is_done
	eventually is_failed orders.xml
}

comment_fields() {
	printf '"n":%s,"order":"%s","comment":"%s"' "$@"
}

# --- find ---

@test "find tells delivered and rejected comments, with the file where each is" {
	live
	run -0 tool find --order WEB-1
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == $'WEB1\tWEB-1\t1\tdelivered\t'*$'\t1002\t'*$'\tsent/'*_orders.xml ]]
	run -0 tool find --comment 2
	[[ $output == *$'\trejected\t'*$'\t3002\tUnknown order\tfailed/'*_orders.xml ]]
	[ "$(tool find --comment 3 --json | json 'd[0]["state"], d[0]["order"]')" = \
		"('delivered', 'WEB-1')" ]
}

@test "find tells of a file in two folders the one that holds the comment" {
	live_part
	[[ $(tool find --comment 1) == *$'\tsent/'* ]]
	[[ $(tool find --comment 2) == *$'\tfailed/'* ]]
}

@test "find gives the files alone, each once and with a NUL behind it" {
	local odd=$'one\nand\ttwo.xml'
	document WEB-1:1 WEB-1:2 >"$SPOOL/failed/${A}_$odd"
	document WEB-1:3 >"$SPOOL/incoming/b.xml"
	journal $DAY_1 10:15:30.000001 outcome $B "$(comment_fields 1 WEB-1 4),\"result\":\"deferred\""
	[ "$(tool find --order WEB-1 | grep -c withdrawn)" -eq 1 ]
	diff <(tool find --order WEB-1 -0 | sort -z | od -c) \
		<(printf '%s\0' "failed/${A}_$odd" incoming/b.xml | od -c)
	[ "$(tool find -0 --order WEB-1 --json | json 'len(d)')" -eq 4 ]
	[ "$(tool find -0 --order WEB-1 | tool show -0 --json - | json 'len(d)')" -eq 2 ]
	run -1 tool find -0 --order WEB-9
	[[ $output == *'order WEB-9: no comment of it'* ]]
}

@test "find gives files of one name in two folders, each where it is" {
	document WEB-1:1 >"$SPOOL/failed/a.xml"
	document WEB-1:2 >"$SPOOL/incoming/a.xml"
	[ "$(tool find --order WEB-1 -0 | sort -z | tr '\0' ' ')" = 'failed/a.xml incoming/a.xml ' ]
}

@test "find says what it looked for when there is none" {
	live
	run -1 tool find --order WEB-77
	[[ $output == *'order WEB-77: no comment of it in the journal'* ]]
	run -1 tool find --order WEB-1 --comment 2
	[[ $output == *'order WEB-1, comment 2: not found'* ]]
	[ "$(tool find --comment 77 --json 2>/dev/null)" = '[]' ]
	run -64 tool find
	[[ $output == *'--order'* ]]
}

@test "find knows what waits in every folder without a word in the journal" {
	document WEB-1:1 | drop orders.xml
	document WEB-2:2 >"$SPOOL/sending/${A}_orders.xml"
	document WEB-3:3 >"$SPOOL/failed/${B}_orders.xml"
	echo 'a reason' >"$SPOOL/failed/${B}_orders.xml.reason.txt"
	[[ $(tool find --comment 1) == *$'\twaiting\t'*$'\tincoming/orders.xml' ]]
	[[ $(tool find --comment 2) == *$'\twaiting\t2026-11-01T10:15:30.000001Z\t'*$'\tsending/'* ]]
	[[ $(tool find --order WEB-3) == *$'\tfailed\t'*"failed/${B}_orders.xml" ]]
}

@test "delivered once is delivered, whatever came later" {
	journal $DAY_1 10:15:30.000001 outcome $A "$(comment_fields 1 WEB-1 7),\"result\":\"delivered\",\"code\":\"1002\""
	journal $DAY_3 10:15:30.000001 outcome $B "$(comment_fields 1 WEB-1 7),\"result\":\"already\",\"code\":\"2001\""
	document WEB-1:7 | drop again.xml
	run -0 tool find --order WEB-1 --comment 7
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *$'\tdelivered\t2026-11-01T10:15:30.000001Z\t1002\t'* ]]
	document WEB-1:7 >"$SPOOL/failed/20261104T101530.000001Z_again.xml"
	[ "$(tool find --comment 7)" = "$output" ]
}

@test "a checkpoint says again what came about earlier" {
	journal $DAY_1 10:00:00.000000 posting $A "$(comment_fields 1 WEB-1 7)"
	journal $DAY_1 10:00:01.000000 outcome $A "$(comment_fields 1 WEB-1 7),\"result\":\"deferred\",\"attempt\":1"
	journal $DAY_2 00:00:00.000000 checkpoint $A "$(comment_fields 1 WEB-1 7),\"attempt\":1,\"result\":\"deferred\""
	document WEB-1:7 >"$SPOOL/sending/${A}_orders.xml"
	[[ $(tool find --comment 7) == *$'\tdeferred\t2026-11-01T10:00:01.000000Z\t'* ]]
	journal $DAY_3 09:00:00.000000 outcome $A "$(comment_fields 1 WEB-1 7),\"result\":\"rejected\",\"code\":\"3002\""
	[[ $(tool find --comment 7) == *$'\trejected\t2026-11-03T09:00:00.000000Z\t3002\t'* ]]
}

@test "an unknown outcome is told with the time until which it waits" {
	journal $DAY_1 10:00:00.500000 outcome $A "$(comment_fields 1 WEB-1 7),\"result\":\"unknown\""
	document WEB-1:7 >"$SPOOL/sending/${A}_orders.xml"
	[[ $(tool find --comment 7) == *$'\tunknown until 2026-11-01T10:00:01.500000Z\t'* ]]
	[ "$(tool find --comment 7 --json | json 'd[0]["state"], d[0]["until"]')" = \
		"('unknown', '2026-11-01T10:00:01.500000Z')" ]
	rm "$SPOOL/sending/${A}_orders.xml"
	[[ $(tool find --comment 7) == *$'\tunknown\t'* ]]
}

@test "a comment that waits goes on waiting in a file that was moved back" {
	set_option unknown_wait '"1h"'
	local day now
	day=$(date -u +%F) now=$(date -u +%T)
	journal "$day" "$now.000000" outcome $A "$(comment_fields 1 WEB-1 7),\"result\":\"unknown\""
	document WEB-1:7 >"$SPOOL/incoming/${A}_orders.xml"
	[[ $(tool find --comment 7) == *$'\tunknown until '*"incoming/${A}_orders.xml" ]]
	mv "$SPOOL/incoming/${A}_orders.xml" "$SPOOL/sending/${B}_orders.xml"
	[[ $(tool find --comment 7) == *$'\tunknown until '*"sending/${B}_orders.xml" ]]
	# In failed/ it waits for a person.
	mv "$SPOOL/sending/${B}_orders.xml" "$SPOOL/failed/"
	[[ $(tool find --comment 7) == *$'\tfailed\t'*"failed/${B}_orders.xml" ]]
	mv "$SPOOL/failed/${B}_orders.xml" "$SPOOL/incoming/other.xml"
	[[ $(tool find --comment 7) == *$'\tunknown until '*incoming/other.xml ]]
	set_option unknown_wait '"1s"'
	rm "$SPOOL"/audit/*
	journal $DAY_1 10:00:00.500000 outcome $A "$(comment_fields 1 WEB-1 7),\"result\":\"unknown\""
	[[ $(tool find --comment 7) == *$'\twaiting\t'*incoming/other.xml ]]
	# What no run has begun to wait for.
	journal $DAY_1 10:00:01.500000 posting $A "$(comment_fields 1 WEB-1 7)"
	[[ $(tool find --comment 7) == *$'\tunknown\t'*incoming/other.xml ]]
}

@test "show says first that a file was moved back" {
	live_part
	stop_gateway
	mv "$SPOOL"/failed/*_orders.xml "$SPOOL/incoming/"
	rm "$SPOOL"/sent/*/*
	run -0 tool show orders.xml
	[[ ${lines[2]} == *'file      incoming/'* ]]
	[[ ${lines[3]} == *'now       moved back to incoming/ on 20'*' waits for its turn; what follows came before' ]]
	[ "$(tool show orders.xml --json | json 'd[0]["moved_back"][:2], d[0]["file"][:9]')" = \
		"('20', 'incoming/')" ]
}

@test "a comment that was put off and taken away is withdrawn" {
	journal $DAY_1 10:00:00.500000 outcome $A "$(comment_fields 1 WEB-1 7),\"result\":\"deferred\""
	[[ $(tool find --comment 7) == *$'\twithdrawn\t'* ]]
	document WEB-1:7 >"$SPOOL/failed/${A}_orders.xml"
	[[ $(tool find --comment 7) == *$'\tfailed\t'*"failed/${A}_orders.xml" ]]
}

@test "what an older failed file holds does not hide what is under way" {
	journal $DAY_3 10:00:00.500000 outcome $B "$(comment_fields 1 WEB-1 7),\"result\":\"deferred\""
	document WEB-1:7 >"$SPOOL/failed/${A}_orders.xml"
	document WEB-1:7 >"$SPOOL/sending/${B}_orders.xml"
	[[ $(tool find --comment 7) == *$'\tdeferred\t'*"sending/${B}_orders.xml" ]]
	document WEB-1:7 | drop another.xml
	[[ $(tool find --comment 7) == *$'\tdeferred\t'*"sending/${B}_orders.xml" ]]
	rm "$SPOOL/incoming/another.xml"
	journal $DAY_3 10:00:01.500000 outcome $B "$(comment_fields 1 WEB-1 7),\"result\":\"rejected\",\"code\":\"3002\""
	mv "$SPOOL/sending/${B}_orders.xml" "$SPOOL/failed/"
	[[ $(tool find --comment 7) == *$'\trejected\t'*"failed/${B}_orders.xml" ]]
	document WEB-1:7 >"$SPOOL/failed/20261104T101530.000001Z_orders.xml"
	[[ $(tool find --comment 7) == *$'\tfailed\t'*failed/20261104* ]]
}

@test "a number matches as a whole, not as a part" {
	journal $DAY_1 10:00:00.500000 outcome $A "$(comment_fields 1 WEB-17 77),\"result\":\"delivered\""
	run -1 tool find --comment 7
	run -1 tool find --order WEB-1
	run -0 tool find --order WEB-17
}

# NAME: what failed is a file with a date that is none.
fail_invalid() {
	document WEB-1:7 WEB-2:8 | sed 's/2026-05-01/2026-5-1/' >"$SPOOL/failed/${A}_$1"
}

@test "find tells of numbers in files that are not valid" {
	fail_invalid inv.xml
	run -0 tool find --order WEB-1
	[[ $output == $'WEB1\tWEB-1\t\tinvalid\t2026-11-01T10:15:30.000001Z\t\tin a file that is not valid: '*$'\tfailed/'*_inv.xml ]]
	[ "$(tool find --comment 8 --json | json '[d[0][k] for k in ("order", "comment", "state")]')" = \
		"[None, '8', 'invalid']" ]
	run -0 tool find --order WEB-2 --comment 8
	run -1 tool find --order WEB-2 --comment 9
	run -1 tool find --order WEB
	[[ $output == *'nor in sending/'* ]]
	run -1 tool find --order EB-1
}

@test "what the README says to erase one customer by finds every copy" {
	local command copy
	command=$(sed -n 's/^    \(LC_ALL=C grep -rl.*WEB-77.*\)/\1/p' "$ROOT/README.md")
	mkdir "$SPOOL/sent/$DAY_1" "$SPOOL/sent/$DAY_2"
	for copy in sent/$DAY_1 sent/$DAY_2 sending failed incoming; do
		document WEB-1:6 WEB-77:7 >"$SPOOL/$copy/${A}_a.xml"
		document WEB-77:7 | iconv -t UTF-16LE >"$SPOOL/$copy/${A}_b.xml"
		document WEB-78:7 >"$SPOOL/$copy/${A}_c.xml"
	done
	run -0 bash -c "cd '$SPOOL' && $command"
	echo "$output"
	[ "${#lines[@]}" -eq 10 ]
	[[ $output != *_c.xml* ]]
}

@test "find reads what is no XML, breaks off, is UTF-16 or too large" {
	document WEB-1:7 | sed 's/<open:Comments/<&/' >"$SPOOL/failed/${A}_odd.xml"
	document WEB-2:7 | sed '/WEB-2</{s/WEB-2<.*/WEB-2/;q}' >"$SPOOL/incoming/torn.xml"
	document WEB-3:7 | sed 's/2026-05-01/x/; s/UTF-8/UTF-16/' | iconv -t UTF-16 >"$SPOOL/failed/${A}_wide.xml"
	[[ $(tool find --order WEB-1) == *$'\tinvalid\t'*odd.xml ]]
	[[ $(tool find --order WEB-2) == *$'\tinvalid\t'*incoming/torn.xml ]]
	[[ $(tool find --order WEB-3) == *$'\tinvalid\t'*wide.xml ]]
	set_option max_file_size '"1M"'
	{ document WEB-4:7 && head -c 1050000 /dev/zero | tr '\0' ' '; } >"$SPOOL/failed/${A}_large.xml"
	[[ $(tool find --order WEB-4) == *$'\tinvalid\t'*large.xml ]]
	document '<![CDATA[WEB-5]]>:abc' >"$SPOOL/failed/${A}_cdata.xml"
	[[ $(tool find --order WEB-5) == *$'\tinvalid\t'*cdata.xml ]]
	document ' WEB-6 :abc' >"$SPOOL/failed/${A}_blank.xml"
	[[ $(tool find --order WEB-6) == *$'\tinvalid\t'*blank.xml ]]
	truncate -s 257M "$SPOOL/failed/${A}_vast.xml"
	run -1 tool find --order WEB-4
	[[ $output == *"${A}_vast.xml: File too large"*$'\tinvalid\t'*'there may be more'* ]]
}

@test "find denies nothing of files that it cannot look into" {
	if [ "$(id -u)" = 0 ]; then
		RUN_BY=(setpriv '--bounding-set=-dac_override,-dac_read_search')
		"${RUN_BY[@]}" true || skip "setpriv cannot give up capabilities here"
	fi
	mkdir "$SPOOL/incoming/folder.xml"
	document WEB-1:7 >"$SPOOL/failed/${A}_a.xml"
	document WEB-2:8 >"$SPOOL/failed/${A}_b.xml"
	document WEB-3:9 >"$SPOOL/failed/${A}_c.xml"
	chmod 040 "$SPOOL/failed/${A}_"[ac].xml
	run -1 "${RUN_BY[@]}" "$TOOL" -c "$CONF" find --order WEB-1
	[[ $output == *"${A}_"[ac]".xml: only the user "*"$SPOOL: 1 more file could not be looked into"* ]]
	[ "$(grep -c 'only the user' <<<"$output")" -eq 1 ]
	[[ $output == *'nothing was found, but not all files'* ]]
	[[ $output != *'nor in sending/'* ]]
	run -1 "${RUN_BY[@]}" "$TOOL" -c "$CONF" find --order WEB-2
	[[ $output == *'there may be more'* ]]
	[[ $output == *$'\t8\tfailed\t'* ]]
	chmod 640 "$SPOOL/failed/${A}_"[ac].xml
	run -0 "${RUN_BY[@]}" "$TOOL" -c "$CONF" find --order WEB-2
	set_option schema '"none.xsd"'
	run -1 tool find --order WEB-1
	[[ $output == *'none.xsd: this schema'*'nothing was found, but not all files'* ]]
}

# --- the journal's own trouble ---

@test "a number that no comment can have makes a bad line" {
	local n
	for n in 1 1048577 4000000000; do
		journal 2026-11-20 10:10:10.123456 posting 20261120T101010.123456Z \
			"\"n\":$n,\"order\":\"O-9\",\"comment\":\"$n\""
	done
	run --separate-stderr -0 tool show orders.xml --json
	[ "$(json '[c["comment"] for c in d[0]["comments"]]' <<<"$output")" = "['1']" ]
	# shellcheck disable=SC2154 # by run
	[ "$(grep -c '2026-11-20.jsonl:[23]: .*passed over' <<<"$stderr")" -eq 2 ]
}

@test "bad lines are told once with their place, and passed over" {
	local file=$SPOOL/audit/$DAY_1.jsonl
	journal $DAY_1 10:00:00.500000 outcome $A "$(comment_fields 1 WEB-1 7),\"result\":\"delivered\""
	{
		printf '{"comment":"7","torn\n'
		printf '\0\0"comment":"7"\0\n'
		printf '{"v":1,"comment":"7","drop":"\xff\xfe"}\n'
		printf '"comment":"7"'
		head -c 10000000 /dev/zero | tr '\0' x
		printf '\n'
	} >>"$file"
	journal $DAY_1 10:00:01.500000 outcome $A "$(comment_fields 2 WEB-2 7),\"result\":\"delivered\""
	printf '{"v":1,"comment":"7","being wri' >>"$file"
	run -0 tool find --comment 7
	[ "$(grep -c WEB1 <<<"$output")" -eq 2 ]
	[ "$(grep -c 'passed over' <<<"$output")" -eq 4 ]
	for line in 2 3 4 5; do
		[[ $output == *"audit/$DAY_1.jsonl:$line: "* ]]
	done
	run -1 tool find --order WEB-3 # looks twice
	printf '{"order":"WEB-3","torn\n' >>"$file"
	run -1 tool find --order WEB-3
	[ "$(grep -c 'passed over' <<<"$output")" -eq 1 ]
	printf '{"drop":"orders.xml","torn\n' >"$SPOOL/audit/$DAY_2.jsonl"
	run -0 tool show orders.xml orders.xml
	[ "$(grep -c "$DAY_2.jsonl:1: .*passed over" <<<"$output")" -eq 1 ]
	[[ $output == *delivered* ]]
}

@test "a journal that may not be read is told, with the group that may" {
	if [ "$(id -u)" = 0 ]; then
		RUN_BY=(setpriv '--bounding-set=-dac_override,-dac_read_search')
		"${RUN_BY[@]}" true || skip "setpriv cannot give up capabilities here"
	fi
	journal $DAY_1 10:00:00.500000 outcome $A "$(comment_fields 1 WEB-1 7),\"result\":\"delivered\""
	chmod 040 "$SPOOL/audit/$DAY_1.jsonl"
	run -1 "${RUN_BY[@]}" "$TOOL" -c "$CONF" find --comment 7
	[[ $output == *"audit/$DAY_1.jsonl: only the user $(id -un) and the group $(id -gn) may do that"* ]]
	[[ $output == *'may still have been delivered'* ]]
	# What waits may have been delivered on that day.
	document WEB-1:7 | drop again.xml
	run -1 "${RUN_BY[@]}" "$TOOL" -c "$CONF" find --comment 7
	[[ $output == *"audit/$DAY_1.jsonl: only the user "*$'\twaiting\t'* ]]
	chmod 050 "$SPOOL"
	run -73 "${RUN_BY[@]}" "$TOOL" -c "$CONF" find --comment 7
	chmod 750 "$SPOOL"
	[[ $output == *"$SPOOL: only the user $(id -un) and the group $(id -gn) may do that"* ]]
}

# --- show ---

@test "show tells a file's comments, their results and its history over a retry" {
	live
	run -0 tool show orders.xml
	[[ $output == *$'\tdelivered\t1002\t'* ]]
	[[ $output == *$'2\tWEB-2\t2\t2026-05-01\tno\tyes\trejected\t3002\t\tDeux <mots>\tUnknown order'* ]]
	[[ $output == *'taken from incoming/'*'read: valid, 3 comments'*'sent to the shop'* ]]
	[[ $output == *'put into failed/'*'moved to sent/'*'moved back, and retried as '* ]]
	[[ $output == *', as a retry of '* ]]
	[ "$(grep -c '^  file ' <<<"$output")" -eq 2 ]
}

@test "show takes a claim, a path, a stamp and the name of a reason" {
	live
	local name by_name
	name=$(basename "$(path_in sent orders.xml)")
	by_name=$(tool show "$name")
	[[ $by_name == "$name"* ]]
	[[ $by_name == *'as a retry of'* ]]
	[ "$(tool show "failed/$name")" = "$by_name" ]
	[ "$(tool show "$(basename "$(path_in failed orders.xml)")")" = "$by_name" ]
	[ "$(tool show "${name%%_*}")" = "$by_name" ]
	[ "$(tool show "$name.reason.txt")" = "$by_name" ]
	[ "$(printf '%s\0' "$name" | tool show -0 -)" = "$by_name" ]
}

@test "show as JSON has it all, in one document" {
	live
	local document
	document=$(tool show --json orders.xml)
	[ "$(json 'len(d), [len(f["comments"]) for f in d]' <<<"$document")" = '(2, [3, 1])' ]
	[ "$(json 'd[0]["comments"][1]["result"], d[0]["comments"][0]["visible"]' <<<"$document")" = \
		"('rejected', True)" ]
	[ "$(json 'd[1]["retry_of"] == d[0]["name"][:23]' <<<"$document")" = True ]
	[ "$(json '[l["event"] for l in d[1]["history"]]' <<<"$document")" = \
		"['reading', 'read', 'posting', 'outcome', 'settled']" ]
}

@test "show words the problems of a file that is not valid, as its reason does" {
	document WEB-1:abc >"$SPOOL/failed/${A}_bad.xml"
	run -0 tool show "${A}_bad.xml"
	[[ $output == *'not valid'*'line 5, comment 1 (order WEB-1): CommentId "abc" is not'* ]]
	[[ $output == *'the journal does not know it'* ]]
}

@test "show looks at a file that waits, and at one that is gone" {
	document WEB-1:1 | drop waits.xml
	run -0 tool show waits.xml
	[[ $output == *'incoming/waits.xml'*'Text of 1'*'waits for its turn'* ]]
	[[ $output != *'moved back'* ]]
	journal $DAY_1 10:15:30.000001 outcome $A "$(comment_fields 1 WEB-1 7),\"result\":\"delivered\""
	run -0 tool show $A
	[[ $output == *'in no folder of the spool any more'*$'WEB-1\t7\t'*delivered* ]]
	run -1 tool show nowhere.xml waits.xml
	[[ $output == *'nowhere.xml: in no folder, and not in the journal'*'incoming/waits.xml'* ]]
}

@test "of a name that very many files had, the newest are shown" {
	local i
	for i in {10..70}; do
		journal $DAY_1 "10:15:30.0000$i" reading "20261101T101530.0000${i}Z"
	done
	run -0 tool show orders.xml
	[[ $output == *'orders.xml: older claims are left out'* ]]
	[[ $output == *20261101T101530.000070Z_orders.xml* ]]
	[[ $output == *20261101T101530.000021Z_orders.xml* ]]
	[[ $output != *20261101T101530.000020Z_orders.xml* ]]
}

@test "a name with controls reaches no terminal as it is" {
	local name=$'a\n\e[31mb.xml'
	document WEB-1:1 >"$SPOOL/incoming/$name"
	run -0 env NAME="$name" script -qec "'$TOOL' -c '$CONF' show \"\$NAME\"" /dev/null
	[[ $output == *'a??[31mb.xml'* ]]
	[[ $output != *$'\e[31mb'* ]]
	[ "$(tool show --json "$name" | json 'd[0]["name"]')" = "$name" ]
}

@test "a file of 16 MiB and one that is too large are shown" {
	{
		document WEB-1:1 | sed 's|</open:Comments>||'
		head -c 16500000 /dev/zero | tr '\0' ' '
		echo '</open:Comments>'
	} >"$SPOOL/incoming/large.xml"
	run -0 tool show large.xml
	[[ $output == *'Text of 1'* ]]
	head -c 400000 /dev/zero >>"$SPOOL/incoming/large.xml"
	run -0 tool show large.xml
	[[ $output == *'too large'* ]]
}

# --- check and envelope ---

@test "check judges as the gateway does, in words and as JSON" {
	local bad=$ROOT/tests/fixtures/bad/all-seven-wrong.xml good=$BATS_TEST_TMPDIR/good.xml
	document WEB-1:1 WEB-2:2 >"$good"
	run -0 tool check "$good"
	[[ $output == *'good.xml: valid, 2 comments' ]]
	run -1 tool check "$good" "$bad" "$BATS_TEST_TMPDIR/none.xml" "$BATS_TEST_TMPDIR"
	[[ $output == *'all-seven-wrong.xml: not valid'*'  line '*'OrderNumber '* ]]
	[[ $output == *'none.xml: No such file'* ]]
	[[ $output == *'this is a folder'* ]]
	run -1 tool check "$bad" "$good"
	run -1 tool check --json "$good" "$bad" "$BATS_TEST_TMPDIR/none.xml"
	[ "$(json '[f["verdict"] for f in d]' <<<"$output")" = "['valid', 'invalid', 'unreadable']" ]
	[ "$(json 'len(d[1]["problems"]) == d[1]["problem_count"] > 6' <<<"$output")" = True ]
	[ "$(json 'd[1]["problems"][0]["field"]' <<<"$output")" = OrderNumber ]
	run -0 tool check - <<<"$good"
}

@test "every fixture is judged by check as by the gateway" {
	local file verdict
	for file in "$ROOT"/tests/fixtures/bad/*.xml "$ROOT"/tests/fixtures/good/*.xml; do
		printf '%s\n' "$file"
	done >"$BATS_TEST_TMPDIR/names"
	tool check --json - <"$BATS_TEST_TMPDIR/names" >"$BATS_TEST_TMPDIR/json" || true
	json '"\n".join(f["verdict"] for f in d)' <"$BATS_TEST_TMPDIR/json" >"$BATS_TEST_TMPDIR/verdicts"
	paste "$BATS_TEST_TMPDIR/names" "$BATS_TEST_TMPDIR/verdicts" |
		while read -r file verdict; do
			case $file in
			*/bad/*) [ "$verdict" = "$(head -n 1 "${file%.xml}.expect")" ] ;;
			*) [ "$verdict" = valid ] ;;
			esac || {
				echo "$file is $verdict"
				exit 1
			}
		done
}

@test "check keeps to the site: its website code, its limits" {
	local file=$BATS_TEST_TMPDIR/request.xml
	{
		echo '<open:setCommentsRequest xmlns:open="http://www.opensi.fr" xmlns:xsd="http://www.opensi.fr/xsd">'
		echo '<open:Website_Code>OTHER</open:Website_Code>'
		comment WEB-1:abc
		echo '</open:setCommentsRequest>'
	} >"$file"
	run -1 tool check "$file"
	[[ $output == *'"OTHER"'*'CommentId "abc"'* ]]
	set_option shop_limits false
	run -1 tool check "$file"
	[[ $output != *'CommentId "abc"'* ]]
	set_option website_code '"OTHER"'
	run -0 tool check "$file"
}

@test "check of several sites takes the rules of the spool that holds the file" {
	cat >"$CONF" <<-END
		schema = "$ROOT/xsd/comments.xsd"; url = "https://shop.example/";
		sites = ( { website_code = "A"; spool = "spool"; key_file = "a"; },
			{ website_code = "B"; spool = "other"; key_file = "b"; shop_limits = false; } );
	END
	mkdir -p "$SITE/other"
	document WEB-1:abc >"$SITE/other/a.xml"
	cp "$SITE/other/a.xml" "$SPOOL/incoming/a.xml"
	cp "$SITE/other/a.xml" "$SITE/a.xml"
	run -0 tool check "$SITE/other/a.xml"
	run -1 tool check "$SPOOL/incoming/a.xml"
	run -64 tool check "$SITE/a.xml"
	[[ $output == *'--site'* ]]
	mkdir "$SITE/other2"
	cp "$SITE/a.xml" "$SITE/other2/a.xml"
	run -64 tool check "$SITE/other2/a.xml"
	run -0 tool check --site B "$SITE/a.xml"
}

@test "check does not follow what is no file" {
	mkfifo "$BATS_TEST_TMPDIR/pipe.xml"
	run -1 timeout 10 "$TOOL" -c "$CONF" check "$BATS_TEST_TMPDIR/pipe.xml"
	[[ $output == *'not a file'* ]]
	run -1 tool check "$BATS_TEST_TMPDIR"
	[[ $output == *'this is a folder'* ]]
}

@test "envelope gives the very bytes that the gateway sends, the key masked" {
	document WEB-1:1 >"$BATS_TEST_TMPDIR/one.xml"
	tool envelope "$BATS_TEST_TMPDIR/one.xml" >"$BATS_TEST_TMPDIR/told"
	start_stub
	sed -i "s|^url = .*|url = \"$SHOP_URL\";|" "$CONF"
	drop one.xml <"$BATS_TEST_TMPDIR/one.xml"
	run_once
	sed "s/$KEY/********/" "$STUB_BODIES"/* >"$BATS_TEST_TMPDIR/sent"
	echo >>"$BATS_TEST_TMPDIR/sent"
	cmp "$BATS_TEST_TMPDIR/sent" "$BATS_TEST_TMPDIR/told"
	not grep -q "$KEY" "$BATS_TEST_TMPDIR/told"
}

@test "envelope says when there are several, and why" {
	local file=$BATS_TEST_TMPDIR/many.xml
	document WEB-1:1 WEB-1:2 WEB-2:3 WEB-3:4 >"$file"
	set_option batch_comments 2
	tool envelope "$file" >"$BATS_TEST_TMPDIR/told" 2>"$BATS_TEST_TMPDIR/said"
	[ "$(grep -o '<xsd:CommentId>[0-9]*' "$BATS_TEST_TMPDIR/told" | grep -o '[0-9]*$' | paste -sd ' ')" = '1 3' ]
	grep -q 'the first of several envelopes: it holds 2 comments of 4' "$BATS_TEST_TMPDIR/said"
	grep -q '1 comment follows another one of its order' "$BATS_TEST_TMPDIR/said"
	grep -q '1 comment has no room: .*holds 2 at most' "$BATS_TEST_TMPDIR/said"
	run -1 tool envelope "$ROOT/tests/fixtures/bad/empty.xml"
	[[ $output == *'nothing would be sent'* ]]
}

# --- init ---

modes() {
	(cd "$SPOOL" && stat -c '%a %n' . incoming sending sent failed audit | paste -sd ' ')
}

@test "init makes a spool that the gateway takes, and then leaves it alone" {
	rm -r "$SPOOL"
	run -0 tool init
	[ "$(grep -c '^made ' <<<"$output")" -eq 6 ]
	[ "$(modes)" = '2750 . 2770 incoming 2750 sending 2750 sent 2750 failed 2750 audit' ]
	run -0 tool init
	[ "$(grep -c '^unchanged ' <<<"$output")" -eq 6 ]
	run_once
}

@test "init mends modes, touches no file, and leaves a group its rights" {
	echo text >"$SPOOL/failed/a.xml"
	chmod 604 "$SPOOL/failed/a.xml"
	chmod 755 "$SPOOL/incoming" "$SPOOL/failed"
	tool init
	chmod g+w "$SPOOL/failed" "$SPOOL/sent"
	chmod o+rx "$SPOOL/sent"
	run -0 tool init
	[[ $output == *"unchanged   $SPOOL/failed"* ]]
	[[ $output == *"mended      $SPOOL/sent"* ]]
	[ "$(modes)" = '2750 . 2770 incoming 2750 sending 2770 sent 2770 failed 2750 audit' ]
	[ "$(stat -c %a "$SPOOL/failed/a.xml")" = 604 ]
}

@test "init gives all to the gateway's user" {
	[ "$(id -u)" = 0 ] || skip "only root can give folders away"
	rm -r "$SPOOL"
	set_option user '"nobody"'
	run -0 tool init
	[ "$(stat -c %U "$SPOOL" "$SPOOL"/* | sort -u)" = nobody ]
	[ "$(stat -c %G "$SPOOL" "$SPOOL"/* | sort -u)" = "$(id -gn nobody)" ]
	sed -i '/^user/d' "$CONF"
	run -78 tool init
	[[ $output == *'Set `user`'* ]]
}

@test "init follows no link, and makes no folder where one is missing above" {
	rmdir "$SPOOL/sent"
	ln -s "$BATS_TEST_TMPDIR" "$SPOOL/sent"
	run -73 tool init
	[[ $output == *'sent: is not a folder. Links are not followed inside a spool'* ]]
	[ "$(stat -c %a "$BATS_TEST_TMPDIR")" != 2750 ]
	set_option spool '"no/such"'
	run -73 tool init
	[[ $output == *'no/such: the folder above it is missing'* ]]
}

@test "init leaves a folder alone that is somebody else's, and takes an empty file system" {
	local place=$BATS_TEST_TMPDIR/etc
	mkdir -m 755 "$place"
	echo precious >"$place/passwd"
	set_option spool "\"$place\""
	run -73 tool init
	[[ $output == *"$place: is no spool and not empty, so it is left as it is"* ]]
	[ "$(ls "$place") $(stat -c %a "$place")" = 'passwd 755' ]
	mv "$place/passwd" "$BATS_TEST_TMPDIR"
	mkdir "$place/lost+found"
	run -0 tool init
	[ -d "$place/incoming" ]
	rmdir "$place/incoming"
	touch "$place/state.json"
	run -0 tool init
	[[ $output == *"made"*"$place/incoming"* ]]
}

@test "init that may not is told who may" {
	[ "$(id -u)" = 0 ] || skip "only root may become somebody else"
	local place nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
	"${nobody[@]}" test -x "$TOOL" || skip "nobody may not run the tool here"
	place=$(mktemp -d -p /tmp) # what bats gives is open to its user alone
	set_option spool "\"$place/mine\""
	cp "$CONF" "$place/gateway.conf"
	chmod 755 "$place"
	chmod 644 "$place/gateway.conf"
	run -73 "${nobody[@]}" "$TOOL" -c "$place/gateway.conf" init
	rm -r "$place"
	[[ $output == *'/mine: cannot be made or mended'*'run this as root'* ]]
}

@test "init refuses a network mount with the usual words" {
	[ "$(id -u)" = 0 ] || skip "only root may mount"
	unshare -m true 2>/dev/null || skip "no mount namespaces here"
	run unshare -m sh -c "mount -t tmpfs none '$SPOOL/sent' || exit 99
		exec '$TOOL' -c '$CONF' init"
	[ "$status" -ne 99 ] || skip "nothing can be mounted here"
	[ "$status" -eq 73 ]
	[[ $output == *'is on another file system or mount than the spool'* ]]
}
