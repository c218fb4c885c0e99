#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# list, retry and purge: what they show, move and delete, and what they leave alone.

bats_require_minimum_version 1.5.0

load gateway_helpers
load tool_helpers

STAMP=20260101T101530.123456Z

setup() {
	make_site
	make_folders
}

teardown() {
	clean_up
}

# On a terminal of 120 columns; what it was asked for is answered by what is typed.
on_terminal() {
	local typed=$1
	shift
	printf '%b' "$typed" | TERM=xterm python3 -c '
import fcntl, os, struct, sys, termios
master, slave = os.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
pid = os.fork()
if pid == 0:
    os.setsid()
    os.close(master)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in range(3):
        os.dup2(slave, fd)
    os.execvp(sys.argv[1], sys.argv[1:])
os.close(slave)
os.write(master, sys.stdin.buffer.read())
out = b""
while True:
    try:
        got = os.read(master, 65536)
    except OSError:
        break
    if not got:
        break
    out += got
sys.stdout.buffer.write(out.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$TOOL" -c "$CONF" "$@" 3>&-
}

fail_drop() {
	document WEB-1:1 >"$SPOOL/failed/${STAMP}_$1"
}

# fail_invalid NAME HEADLINE
fail_invalid() {
	echo '<broken' >"$SPOOL/failed/${STAMP}_$1"
	echo "${STAMP}_$1: $2" >"$SPOOL/failed/${STAMP}_$1.reason.txt"
}

# --- list ---

@test "a pipe gets the bytes of the names and nothing else" {
	local odd=$'new\nline\e[31m\xff.xml'
	touch "$SPOOL/incoming/$odd" "$SPOOL/incoming/.hidden"
	[ "$(tool list incoming)" = "$odd" ]
	[ "$(tool list incoming -0 | tr '\0' '|')" = "$odd|" ]
}

@test "a terminal gets columns in the order of time, and no raw name" {
	touch "$SPOOL/failed/20260102T000000.000000Z_second.xml"
	fail_invalid $'first\e[31m.xml' 'not sent: breaks off'
	run -0 on_terminal '' list failed
	[[ ${lines[0]} == *AGE*SIZE*NAME*REASON* ]]
	[[ ${lines[1]} == *'first?[31m.xml'* ]]
	[[ ${lines[2]} == *second.xml* ]]
	local at=${lines[0]%%NAME*}
	at=${at#$'\e[1m'}
	[ "${lines[2]:${#at}:8}" = 20260102 ]
}

@test "a terminal gets the newest last" {
	local hour
	for hour in 07 03 11 05 01 09 02 10 04 08 06; do
		touch "$SPOOL/failed/20260102T${hour}0000.000000Z_a.xml"
	done
	run -0 on_terminal '' list failed
	[ "$(grep -o '2026[^ ]*' <<<"$output")" = "$(tool list failed | sort)" ]
}

@test "failed files are listed with their reason in short" {
	fail_invalid a.xml 'not sent: 2 problems in it'
	[ "$(tool list failed --json | json 'd[0]["reason"]')" = 'not sent: 2 problems in it' ]
	[ "$(tool list failed)" = "${STAMP}_a.xml" ]
}

@test "days of sent/ are listed together or alone" {
	mkdir "$SPOOL/sent/2026-01-01" "$SPOOL/sent/2026-01-02"
	touch "$SPOOL/sent/2026-01-01/a.xml" "$SPOOL/sent/2026-01-02/b.xml"
	[ "$(tool list sent | sort | paste -sd ' ')" = 'a.xml b.xml' ]
	[ "$(tool list sent/2026-01-02)" = b.xml ]
	run -1 tool list sent/2026-01-03
	[[ $output == *'sent/2026-01-03: nothing was sent on that day' ]]
	run -64 tool list sent/2026-13-45
	[[ $output == *'sent/2026-13-45: no such day'* ]]
}

@test "a day of sent/ that cannot be listed is named, and hides no other" {
	mkdir "$SPOOL/sent/2026-01-01" "$SPOOL/sent/2026-01-03"
	touch "$SPOOL/sent/2026-01-01/a.xml" "$SPOOL/sent/2026-01-02" "$SPOOL/sent/2026-01-03/c.xml"
	ln -s 2026-01-01 "$SPOOL/sent/2026-01-04"
	run --separate-stderr -1 tool list sent
	[ "$(sort <<<"$output" | paste -sd ' ')" = 'a.xml c.xml' ]
	# shellcheck disable=SC2154 # by run
	[[ $stderr == *"$SPOOL/sent/2026-01-02: "* && $stderr == *"$SPOOL/sent/2026-01-04: "* ]]
	run --separate-stderr -1 tool list sent --json
	[ "$(json 'sorted(f["name"] for f in d)' <<<"$output")" = "['a.xml', 'c.xml']" ]
}

@test "what waits in sending/ is listed with what it waits for" {
	touch "$SPOOL/sending/${STAMP}_a.xml"
	[[ $(tool list sending --json | json 'd[0]["waits_for"]') == *gateway* ]]
	start_stub '[{"do": "fault", "text": "Authentification failed"}]'
	set_option url "\"$SHOP_URL\""
	rm "$SPOOL/sending/${STAMP}_a.xml"
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually logged hold
	waits_for_key() {
		[[ $(tool list sending --json | json 'd[0]["waits_for"]') == *key-refused* ]]
	}
	eventually waits_for_key
}

@test "an unknown folder is refused with the one that was meant" {
	run -64 tool list faild
	[[ $output == *'"failed"'* ]]
	run -64 tool list incoming sending
	run -64 tool list failed --order 3
	[[ $output == *'list does not take --order'* ]]
}

@test "a reader that has seen enough ends it quietly" {
	local i
	for i in {1..3000}; do
		echo "$SPOOL/incoming/a-name-that-takes-some-room-in-the-pipe-$i.xml"
	done | xargs touch
	run -0 bash -c '"$0" -c "$1" list incoming 3>&- 2>&1 | head -n 1' "$TOOL" "$CONF"
	[ "${#lines[@]}" -eq 1 ]
}

@test "output that cannot be written is a failure" {
	touch "$SPOOL/incoming/a.xml"
	run -1 bash -c '"$0" -c "$1" list incoming >/dev/full 3>&-' "$TOOL" "$CONF"
	[[ $output == *'standard output'* ]]
}

# --- retry ---

@test "retry moves by every kind of name" {
	local name
	for name in a b c d e; do
		fail_drop $name.xml
	done
	cd "$SPOOL/sent"
	tool retry "${STAMP}_a.xml" "$SPOOL/failed/${STAMP}_b.xml" \
		"../failed/${STAMP}_c.xml" "failed/${STAMP}_d.xml" "${STAMP}_e.xml.reason.txt"
	holds_drops incoming 5
	holds_drops failed 0
}

@test "retry takes a drop's name or a time, if it means one file" {
	fail_drop a.xml
	fail_drop b.xml
	touch "$SPOOL/failed/20260102T000000.000000Z_b.xml"
	tool retry a.xml
	[ -e "$SPOOL/incoming/${STAMP}_a.xml" ]
	run -1 tool retry b.xml
	[[ $output == *'each of 2 files'*"${STAMP}_b.xml"* ]]
	holds_drops failed 2
	tool retry 20260102T000000.000000Z
	tool retry failed/b.xml
	holds_drops failed 0
	run -1 tool retry b.xml
	[[ $output == *'no such file'* ]]
}

@test "retry finds a numbered file by the name that was taken" {
	fail_drop 'a~2.xml'
	tool retry "${STAMP}_a.xml"
	[ -e "$SPOOL/incoming/${STAMP}_a~2.xml" ]
	fail_drop 'b~3.xml'
	tool retry b.xml
	[ -e "$SPOOL/incoming/${STAMP}_b~3.xml" ]
	fail_drop 'c~x.xml'
	fail_drop 'c~2.txt'
	fail_drop cx2.xml
	run -1 tool retry c.xml
	fail_drop 'c~2.xml'
	fail_drop 'c~3.xml'
	run -1 tool retry c.xml
	[[ $output == *'each of 2 files'*"${STAMP}_c~2.xml"* ]]
	[[ $output != *c~x* ]]
	fail_drop c.xml
	tool retry "${STAMP}_c.xml"
	[ -e "$SPOOL/incoming/${STAMP}_c.xml" ]
}

@test "retry --all and a list for programs are in the order of time" {
	local i
	for i in 9 3 7 1 5; do
		touch "$SPOOL/failed/2026010${i}T000000.000000Z_a.xml"
	done
	[ "$(tool list failed --json | json '[d[i]["name"][7] for i in range(5)]')" = \
		"['1', '3', '5', '7', '9']" ]
	# A name without a time has that of its file.
	touch "$SPOOL/failed/0.xml"
	[ "$(tool list failed --json | json 'd[5]["name"]')" = 0.xml ]
	rm "$SPOOL/failed/0.xml"
	[ "$(tool retry --all | grep -o '2026010.' | paste -sd ' ')" = \
		'20260101 20260103 20260105 20260107 20260109' ]
}

@test "retry takes what list gives" {
	local odd=$'odd\nname.xml'
	fail_drop a.xml
	fail_drop "$odd"
	tool list failed -0 | tool retry -0 -
	[ -e "$SPOOL/incoming/${STAMP}_$odd" ]
	[ -e "$SPOOL/incoming/${STAMP}_a.xml" ]
}

@test "a row for programs holds a name of any length" {
	local name
	name=$(printf '%070000d' 7)
	run -1 --separate-stderr tool retry --json - <<<"$name"
	[ "$(json 'len(d[0]["name"]), d[0]["name"][-1]' <<<"$output")" = "(70000, '7')" ]
	name=$(printf 'é%.0s' {1..40000})
	run -1 --separate-stderr tool retry --json - <<<"$name"
	[ "$(json 'len(d[0]["name"])' <<<"$output")" = 40000 ]
}

@test "retry --all leaves reasons, hidden files and other folders alone" {
	fail_drop a.xml
	fail_invalid b.xml 'not sent: breaks off'
	touch "$SPOOL/failed/.being-written.tmp" "$SPOOL/sending/c.xml"
	tool retry --all
	[ "$(ls -A "$SPOOL/failed")" = "$(printf '%s\n' .being-written.tmp "${STAMP}_b.xml.reason.txt")" ]
	holds_drops incoming 2
	holds_drops sending 1
	run -64 tool retry --all a.xml
}

@test "retry says that an invalid file will fail again, and moves it" {
	fail_invalid a.xml 'not sent: breaks off'
	run -0 tool retry "${STAMP}_a.xml"
	[[ $output == *'not changed since'*'not sent: breaks off'* ]]
	fail_invalid b.xml 'not sent: breaks off'
	touch -d '+1 minute' "$SPOOL/failed/${STAMP}_b.xml"
	run -0 tool retry "${STAMP}_b.xml"
	[[ $output == *'not valid yet'* ]]
	fail_drop c.xml
	run -0 tool retry "${STAMP}_c.xml"
	[[ $output != *again* ]]
	holds_drops incoming 3
}

@test "retry says how long comments wait whose outcome is unknown" {
	start_stub '[{"comment": "1", "cut": "request"}]'
	set_option url "\"$SHOP_URL\""
	set_option unknown_wait '"5m"'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually has_outcome 1 unknown
	mv "$(path_in sending a.xml)" "$SPOOL/failed/"
	eventually audited withdrawn
	stop_gateway
	run -0 tool retry --all
	[[ $output == *'1 comment waits for'* ]]
}

@test "a file that is not in failed/ is left, and it is said where it is" {
	touch "$SPOOL/sending/${STAMP}_a.xml" "$SPOOL/incoming/b.xml"
	mkdir -p "$SPOOL/sent/2026-01-01"
	touch "$SPOOL/sent/2026-01-01/${STAMP}_c.xml"
	run -1 tool retry "${STAMP}_a.xml" b.xml "${STAMP}_c.xml" none.xml
	[[ $output == *"$SPOOL/sending now"* ]]
	[[ $output == *"$SPOOL/incoming now"* ]]
	[[ $output == *"$SPOOL/sent/2026-01-01 now"* ]]
	[[ $output == *$'none.xml\tno such file'* ]]
	holds_drops incoming 1
}

@test "a path out of failed/ is refused" {
	echo x >"$SPOOL/secret.xml"
	touch "$SPOOL/sending/a.xml" "$SPOOL/failed/a.xml"
	run -1 tool retry ../secret.xml "$SPOOL/sending/a.xml" "failed/../secret.xml" .. ""
	[ -e "$SPOOL/secret.xml" ]
	holds_drops incoming 0
	holds_drops sending 1
	holds_drops failed 1
}

@test "a name that is taken in incoming/ is not overwritten" {
	fail_drop a.xml
	echo mine >"$SPOOL/incoming/${STAMP}_a.xml"
	run -1 tool retry --all
	[[ $output == *'has a file of that name'* ]]
	[ "$(cat "$SPOOL/incoming/${STAMP}_a.xml")" = mine ]
	[ -e "$SPOOL/failed/${STAMP}_a.xml" ]
}

@test "two retries at once move each file once" {
	local i
	for i in {1..200}; do
		fail_drop "$i.xml"
	done
	tool list failed >"$SITE/names"
	tool retry - <"$SITE/names" >"$SITE/one" 2>/dev/null &
	tool retry - <"$SITE/names" >"$SITE/two" 2>/dev/null || true
	wait $! || true
	[ "$(cat "$SITE/one" "$SITE/two" | grep -c '^moved')" -eq 200 ]
	holds_drops incoming 200
}

@test "who may not move is told who may" {
	fail_drop a.xml
	chmod 0550 "$SPOOL/failed"
	if [ "$(id -u)" = 0 ]; then
		RUN_BY=(setpriv '--bounding-set=-dac_override,-dac_read_search')
		"${RUN_BY[@]}" true || skip "setpriv cannot give up capabilities here"
	fi
	run -1 "${RUN_BY[@]}" "$TOOL" -c "$CONF" retry --all
	chmod 0750 "$SPOOL/failed"
	RUN_BY=()
	[[ $output == *"only the user $(id -un)"* ]]
	holds_drops failed 1
}

@test "--json tells what retry did" {
	fail_drop a.xml
	[ "$(tool retry --all --json | json 'd[0]["result"]')" = moved ]
}

@test "--json and a pipe tell of a name that is not in failed/ with the others" {
	fail_drop a.xml
	touch "$SPOOL/incoming/b.xml"
	run --separate-stderr -1 tool retry a.xml b.xml none.xml --json
	[ -z "$stderr" ]
	[ "$(json '[(f["result"], f["name"][-5:]) for f in d]' <<<"$output")" = \
		"[('moved', 'a.xml'), ('left', 'b.xml'), ('left', 'e.xml')]" ]
	[ "$(json '[f["note"] for f in d[1:]]' <<<"$output")" = \
		"['not there; it is in $SPOOL/incoming now', 'no such file in any folder']" ]
	run --separate-stderr -1 tool retry none.xml
	[ "$output" = $'left\tnone.xml\tno such file in any folder' ]
	run --separate-stderr -1 tool retry failed/none.xml
	[ "$output" = $'left\tfailed/none.xml\tno such file in any folder' ]
	local endless
	printf -v endless '%300s' ''
	run --separate-stderr -1 tool retry "${endless// /x}"
	[ "$output" = $'left\t'"${endless// /x}"$'\tnot the name of a file' ]
	run -1 tool show "${endless// /x}"
	[[ $output == *"${endless// /x}: in no folder, and not in the journal" ]]
}

# --- purge ---

# A file of that day in sent/: sent_on DAY NAME
sent_on() {
	mkdir -p "$SPOOL/sent/$1"
	echo 12345 >"$SPOOL/sent/$1/${1//-/}T101530.123456Z_$2"
}

old_day() {
	date -d "-$1 days" +%F
}

@test "purge deletes old days and nothing else" {
	sent_on 2026-01-01 a.xml
	sent_on 2026-01-02 b.xml
	sent_on "$(old_day 5)" c.xml
	mkdir "$SPOOL/sent/kept"
	touch -d 2020-01-01 "$SPOOL/sent/kept/d.xml" "$SPOOL/sent/e.xml" \
		"$SPOOL"/{incoming,sending,failed}/f.xml
	tool purge --older-than 90d --yes
	[ "$(ls "$SPOOL/sent")" = "$(printf '%s\n' "$(old_day 5)" e.xml kept)" ]
	[ -e "$SPOOL/sent/kept/d.xml" ]
	[ "$(count_in incoming) $(count_in sending) $(count_in failed)" = '1 1 1' ]
}

is_purged_after_a_second() {
	tool purge --older-than 1s --yes && [ ! -e "$1" ]
}

@test "in the day of the border it counts when a file was delivered, not claimed" {
	local claimed today
	claimed=$(date -u -d '-9 days' +%Y%m%dT%H%M%S.000000Z_late.xml)
	today=$SPOOL/sent/$(date +%F)
	mkdir -p "$today" "$SPOOL/sent/$(old_day 9)"
	touch -d '-9 days' "$SPOOL/sending/$claimed"
	mv "$SPOOL/sending/$claimed" "$today/"
	touch "$SPOOL/sent/$(old_day 9)/${claimed/late/soon}"
	tool purge --older-than 2h --yes
	[ "$(ls "$today")" = "$claimed" ]
	not is_sent soon.xml
	eventually is_purged_after_a_second "$today/$claimed"
}

@test "the two latest files of audit/ that a start can go on from stay, however old" {
	write_days "$SPOOL"/audit/2025-01-0{1,2,3}.jsonl
	touch "$SPOOL"/audit/2025-01-0{4,5}.jsonl "$SPOOL/audit/notes.txt"
	tool purge --older-than 1d --yes
	[ "$(ls "$SPOOL/audit")" = "$(printf '%s\n' 2025-01-0{2,3,4,5}.jsonl notes.txt)" ]
}

@test "of audit/ too only what is old goes, and only files" {
	local day
	for day in 12 11 9 8 7 0; do
		write_days "$SPOOL/audit/$(date -u -d "-$day days" +%F).jsonl"
	done
	ln -s /etc/passwd "$SPOOL/audit/2025-01-01.jsonl"
	tool purge --older-than 10d --yes
	[ "$(cd "$SPOOL/audit" && echo *)" = \
		"2025-01-01.jsonl $(date -u -d '-9 days' +%F).jsonl $(date -u -d '-8 days' +%F).jsonl $(date -u -d '-7 days' +%F).jsonl $(date -u +%F).jsonl" ]
}

@test "the folder of today stays, and an age beyond all time deletes nothing" {
	local today
	today=$(old_day 0)
	sent_on 2026-01-01 a.xml
	tool purge --older-than 213503983d --yes # 2^64 microseconds and 16 hours
	is_sent a.xml
	mkdir -p "$SPOOL/sent/$today"
	touch -d '-1 second' "$SPOOL/sent/$today/b.xml"
	tool purge --older-than 0s --yes
	[ "$(cd "$SPOOL/sent" && find .)" = $'.\n./'"$today" ]
}

# In this zone it is always a day later than by UTC. What was delivered just now is old
# only by the day of its folder.
@test "days of sent/ are the server's own, those of audit/ are of UTC" {
	export TZ=XYZ-24
	local day
	for day in 2 1 0; do
		sent_on "$(old_day $day)" a.xml
	done
	for day in -1 +0 +1 +2; do
		write_days "$SPOOL/audit/$(date -u -d "$day days" +%F).jsonl"
	done
	tool purge --older-than 1d --yes
	[ "$(ls "$SPOOL/sent")" = "$(printf '%s\n' "$(old_day 1)" "$(old_day 0)")" ]
	[ -e "$SPOOL/audit/$(date -u -d '-1 day' +%F).jsonl" ]
}

@test "a folder of a day is left if something else lies in it" {
	sent_on 2026-01-01 a.xml
	mkdir "$SPOOL/sent/2026-01-01/by-hand"
	ln -s /etc/passwd "$SPOOL/sent/2026-01-01/link"
	tool purge --older-than 90d --yes
	[ "$(ls "$SPOOL/sent/2026-01-01")" = "$(printf '%s\n' by-hand link)" ]
}

@test "a folder that is a link is not entered" {
	mkdir "$SITE/elsewhere"
	touch -d 2020-01-01 "$SITE/elsewhere/a.xml"
	ln -s "$SITE/elsewhere" "$SPOOL/sent/2026-01-01"
	tool purge --older-than 90d --yes || true
	[ -e "$SITE/elsewhere/a.xml" ]
}

@test "without a terminal purge wants --yes, and always an age" {
	sent_on 2026-01-01 a.xml
	run -64 tool purge --older-than 90d
	[[ $output == *--yes* ]]
	run -64 tool purge --yes
	[[ $output == *--older-than* ]]
	run -64 tool purge --yes --older-than 90
	run -64 tool purge --yes --older-than -5d
	is_sent a.xml
}

@test "an age of purge wants a unit, be it nothing" {
	run -64 tool purge --older-than 0 --yes
	[[ $output == *'write an age such as'* ]]
	run -0 tool purge --older-than 0d --yes
}

@test "on a terminal purge shows, asks, and takes only yes" {
	sent_on 2026-01-01 a.xml
	run -0 on_terminal 'n\n' purge --older-than 90d
	[[ $output == *2026-01-01*'1 file of 1 day'*'Nothing was deleted.'* ]]
	run -0 on_terminal '\n' purge --older-than 90d
	[[ $output == *'Nothing was deleted.'* ]]
	[ -e "$SPOOL/sent/2026-01-01" ]
	run -0 on_terminal 'y\n' purge --older-than 90d
	[[ $output == *'Deleted: 1 file of 1 day'* ]]
	[ ! -e "$SPOOL/sent/2026-01-01" ]
	run -0 on_terminal '' purge --older-than 90d
	[[ $output == *'Nothing is that old.'* ]]
}

@test "--json tells what purge did" {
	sent_on 2026-01-01 a.xml
	[ "$(tool purge --older-than 90d --yes --json |
		json 'd[0]["folder"], d[0]["day"], d[0]["deleted"], d[0]["bytes"]')" = \
		"('sent', '2026-01-01', 1, 6)" ]
	[ "$(tool purge --older-than 90d --yes --json)" = '[]' ]
}
