#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# status: on a screen, for programs, for monitoring, and again and again.

bats_require_minimum_version 1.5.0

load gateway_helpers
load tool_helpers

HOLD='[{"do": "fault", "text": "Authentification failed"}]'

setup() {
	start_stub
	make_site
	make_folders
}

teardown() {
	clean_up
}

said() {
	run tool status
	[[ $output == *"$1"* ]]
}

checked() {
	run tool status --check
	[ "$status" -eq "$1" ] && [[ $output == "OPENSI $2 - "* ]]
}

@test "an open site is told with what was sent" {
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	eventually said 'sent today     1 file'
	[[ $output == 'WEB1: open'* ]]
	[[ $output != *$'\e'* ]]
	eventually checked 0 OK
	[[ $output == *'1 site open, 0 files waiting | waiting=0;;;0 failed=0;0;;0 oldest=0s;3600;14400;0' ]]
}

@test "a hold is told with its reason, its cure and its next try" {
	stub_rules "$HOLD"
	set_option retry_min '"4m"'
	set_option retry_max '"10m"'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually said 'held for'
	[[ $output != *'was held'* ]]
	[[ $output == *'(key-refused)'*'what happened'*'what to do'*key_file*'next try       in '* ]]
	eventually checked 2 CRITICAL
	[[ $output == *key-refused* ]]
}

@test "without a gateway that is said first, and the folders are counted" {
	touch "$SPOOL/incoming/a.xml" "$SPOOL/incoming/b.tmp" "$SPOOL/failed/c.xml"
	run -0 tool status
	[ "${lines[0]}" = 'WEB1: no gateway runs' ]
	[[ $output == *'1 file: 1 in incoming/'*'1 file in failed/'*'1 name in incoming/'* ]]
	[ "$(tool status --json | json \
		'd["running"], d["v"], d["sites"][0]["state"], d["sites"][0]["incoming"]')" = \
		"(False, 1, 'stopped', 1)" ]
}

@test "a gateway that was killed is not taken for one that runs" {
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually said 'sent today     1 file'
	kill_gateway
	said 'no gateway runs'
	said 'broke off'
	checked 2 CRITICAL
	start_gateway
	stop_gateway
	said 'ended'
	checked 0 OK
	run -2 tool status --check --critical 0s
}

checked_by_clock() {
	run "${RUN_BY[@]}" "$TOOL" -c "$CONF" status --check
	[ "$status" -eq "$1" ] && [[ $output == "OPENSI $2 - $3"* ]]
}

written_at() {
	json 'd["updated"]' <"$SPOOL/state.json"
}

# The tool's clock is so far ahead that but a few of the two minutes' seconds are left.
@test "a gateway that hangs is told, and no longer once it goes on" {
	local written
	set_option rescan '"200ms"'
	start_gateway
	eventually checked 0 OK
	with_a_clock_of_ours
	written=$(written_at)
	set_clock +115
	checked_by_clock 0 OK '1 site open'
	kill -STOP "$GATEWAY_PID"
	eventually checked_by_clock 1 WARNING 'WEB1: state.json is not written any more'
	run -0 "${RUN_BY[@]}" "$TOOL" -c "$CONF" status
	[[ $output == 'WEB1: open'*'state.json has not been written for a while'* ]]
	kill -CONT "$GATEWAY_PID"
	eventually checked_by_clock 0 OK '1 site open'
	[ "$(written_at)" = "$written" ]
}

@test "--json has the sites of all spools" {
	mkdir -p "$SITE/other"/{incoming,sending,sent,failed,audit}
	touch "$SITE/other/incoming/a.xml"
	cat >>"$CONF" <<-END
		sites = ( { name = "one"; }, { name = "two"; spool = "other"; website_code = "W2"; } );
	END
	sed -i '/^spool = /d; s/name = "one";/name = "one"; spool = "spool";/' "$CONF"
	[ "$(tool status --json | json '[(s["name"], s["incoming"]) for s in d["sites"]]')" = \
		"[('one', 0), ('two', 1)]" ]
	[ "$(tool status --json --site two | json 'len(d["sites"])')" -eq 1 ]
}

@test "one gateway of two is not all that should run" {
	start_gateway
	mkdir -p "$SITE/other"/{incoming,sending,sent,failed,audit}
	sed -i '/^spool = /d' "$CONF"
	set_option sites '( { name = "none"; spool = "other"; website_code = "W2"; },
		{ name = "WEB1"; spool = "spool"; } )'
	[ "$(tool status --json | json 'd["running"], [s["state"] for s in d["sites"]]')" = \
		"(False, ['stopped', 'open'])" ]
	[ "$(tool status --json --site WEB1 | json 'd["running"]')" = True ]
}

@test "a spool that is missing hides no other site, and is unknown to monitoring" {
	rm -r "$SPOOL"
	run -73 tool status
	[[ $output == *'(no-spool)'*'opensi-spool init'* && $output != *'last run'* ]]
	run -3 tool status --check
	[[ $output == 'OPENSI UNKNOWN - '* ]]
	run -3 "$TOOL" -c "$SITE/none.conf" status --check
	[[ $output == *'OPENSI UNKNOWN - '* ]]
}

@test "a spool that may not be looked at is told with who may" {
	if [ "$(id -u)" = 0 ]; then
		RUN_BY=(setpriv '--bounding-set=-dac_override,-dac_read_search')
		"${RUN_BY[@]}" true || skip "setpriv cannot give up capabilities here"
	fi
	chmod 0 "$SPOOL"
	run -73 "${RUN_BY[@]}" "$TOOL" -c "$CONF" status
	# Its lines are broken where the terminal ends.
	output=$(tr -s ' \n' ' ' <<<"$output")
	[[ $output == *'(no-permission)'*"only the user $(id -un)"* ]]
	run -3 "${RUN_BY[@]}" "$TOOL" -c "$CONF" status --check
	chmod 0750 "$SPOOL"
}

@test "a folder that cannot be counted is told, and not taken for an empty one" {
	local day
	day=$SPOOL/sent/$(date +%F)
	touch "$SPOOL/incoming/a.xml" "$day"
	run -73 tool status
	output=$(tr -s ' \n' ' ' <<<"$output")
	[[ $output == *"$day: Not a directory"*'what to do'* ]]
	run -3 tool status --check
	[[ $output == "OPENSI UNKNOWN - WEB1: $day: Not a directory"* ]]
	run -73 tool status --json
	[ "$(json 'd["sites"][0]["oldest_waiting_s"]' <<<"$output")" = None ]
}

@test "a folder that may not be counted is told with who may" {
	local day
	day=$SPOOL/sent/$(date +%F)
	if [ "$(id -u)" = 0 ]; then
		RUN_BY=(setpriv '--bounding-set=-dac_override,-dac_read_search')
		"${RUN_BY[@]}" true || skip "setpriv cannot give up capabilities here"
	fi
	mkdir -m 0 "$day"
	run -73 "${RUN_BY[@]}" "$TOOL" -c "$CONF" status
	output=$(tr -s ' \n' ' ' <<<"$output")
	[[ $output == *'(no-permission)'*"$day: only the user $(id -un)"* ]]
	run -3 "${RUN_BY[@]}" "$TOOL" -c "$CONF" status --check
	[[ $output == *"$day: Permission denied"* ]]
	chmod 0750 "$day"
}

@test "a state.json that is broken beside a gateway is told" {
	start_gateway
	echo '{"v":1,"sites":' >"$SPOOL/state.json"
	said 'does not tell its state'
	[ "$status" -eq 1 ]
	checked 3 UNKNOWN
}

@test "--check alarms by age and by what failed" {
	start_gateway
	touch "$SPOOL/failed/a.xml"
	document WEB-1:1 | drop b.xml
	eventually checked 1 WARNING
	[[ $output == *'1 file in failed/'* ]]
	touch "$SPOOL/incoming/.c"
	run -64 tool status --warning 1h
	[[ $output == *'want --check'* ]]
	run -64 tool list --check
}

@test "--check says in its line what is wrong with the command line" {
	local arguments
	for arguments in '--warning soon' '--warning 5h' '--critical 0' '--json' '--nonsense' '--site NONE' \
		'more' '--warning'; do
		# shellcheck disable=SC2086 # they are words
		run --separate-stderr -3 tool status $arguments --check
		[[ $output == 'OPENSI UNKNOWN - '?* ]]
		[ "${#lines[@]}" -eq 1 ]
		# shellcheck disable=SC2154 # by run
		[[ $stderr == *"${output#*- }" ]]
	done
	run --separate-stderr -3 tool status --check --warning 2h --critical 1h
	[[ $output == 'OPENSI UNKNOWN - --warning 2h is more than --critical 1h' ]]
}

@test "--check says its line wherever it stands, and however it is shortened" {
	run --separate-stderr -3 tool --check status a b
	[[ $output == 'OPENSI UNKNOWN - '* ]]
	run --separate-stderr -3 "$TOOL" -c "$SITE/none.conf" status --chec
	[[ $output == 'OPENSI UNKNOWN - '* ]]
}

@test "what is no file in failed/ needs nobody, for gateway and tool" {
	mkdir -p "$SPOOL/failed/old"
	ln -s /etc/hostname "$SPOOL/failed/link.xml"
	start_gateway
	eventually checked 0 OK
	[ "$(json 'd["sites"][0]["failed"]' <"$SPOOL/state.json")" = 0 ]
	echo 'no XML' | drop bad.xml
	eventually checked 1 WARNING
	[ "$(json 'd["sites"][0]["failed"]' <"$SPOOL/state.json")" = 1 ]
}

@test "--check that cannot say its line is not a warning" {
	start_gateway
	eventually checked 0 OK
	run --separate-stderr -3 sh -c "'$TOOL' -c '$CONF' status --check >/dev/full"
	stop_gateway
	run -2 sh -c "'$TOOL' -c '$CONF' status --check --critical 0s >/dev/full"
}

@test "a full disk is told although the gateway did not look, and critical" {
	start_gateway
	eventually said 'WEB1: open'
	set_option min_free '"1024G"' # for the tool: the gateway does not read it anew
	run -0 tool status
	[[ $output == *'(no-space)'*'min_free'* ]]
	run -2 tool status --check
	[[ $output == *'CRITICAL - WEB1: no-space'* ]]
	[ "$(tool status --json | json 'd["sites"][0]["state"], d["sites"][0]["hold"]["reason"]')" = \
		"('waiting', 'no-space')" ]
}

# --- on a terminal ---

# watch SCRIPT: runs status --watch on a terminal; SCRIPT, in Python, says what happens.
# It has see(TEXT), which waits until that was drawn, key(TEXT), signal(), resize(), and
# ends with the exit status.
watch() {
	TERM=xterm python3 - "$1" "$TOOL" -c "$CONF" status --watch 3>&- <<'END'
import fcntl, os, select, signal as signals, struct, sys, termios, time

master, slave = os.openpty()
before = termios.tcgetattr(slave)
screen = b""

def resize(rows: int, columns: int) -> None:
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

resize(40, 100)
pid = os.fork()
if pid == 0:
    os.setsid()
    os.close(master)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in range(3):
        os.dup2(slave, fd)
    os.execv(sys.argv[2], sys.argv[2:])

def see(text: str, since: int = 0, timeout: float = 20) -> None:
    global screen
    end = time.monotonic() + timeout
    while text.encode() not in screen[since:]:
        left = end - time.monotonic()
        assert left > 0, (text, screen[-2000:])
        if select.select([master], [], [], left)[0]:
            screen += os.read(master, 65536)

def key(text: str) -> None:
    os.write(master, text.encode())

def signal(name: str) -> None:
    os.kill(pid, getattr(signals, name))

exec(sys.argv[1])
see("\x1b[?25h\x1b[?1049l")
status = os.waitpid(pid, 0)[1]
assert termios.tcgetattr(slave)[3] == before[3], "the terminal is not as it was"
sys.exit(os.waitstatus_to_exitcode(status))
END
}

@test "--watch draws, and q ends it with the terminal as it was" {
	watch 'see("\x1b[?1049h"); see("no gateway runs"); key("q")'
}

@test "--watch ends by Ctrl-C and by SIGTERM" {
	watch 'see("no gateway runs"); key("\x03")'
	watch 'see("no gateway runs"); signal("SIGTERM")'
}

@test "--watch draws at once what state.json tells anew" {
	start_gateway
	document WEB-1:1 >"$SPOOL/a.xml"
	INCOMING=$SPOOL/incoming watch '
see("open"); since = len(screen)
incoming = os.environ["INCOMING"]
os.rename(incoming + "/../a.xml", incoming + "/a.xml")
see("sent today\x1b[0m     1 file", since)
key("q")'
}

@test "--watch fits itself to the size of the terminal" {
	touch "$SPOOL/incoming/a.xml"
	watch '
see("1 file"); since = len(screen)
resize(4, 40); signal("SIGWINCH")
see("\x1b[J", since)
page = screen[since:].split(b"\x1b[J")[0]
assert page.count(b"\n") <= 3, page
key("q")'
}

@test "--watch shows how a backlog drains" {
	local i
	for i in 1 2 3 4; do
		touch "$SPOOL/incoming/$i.xml"
	done
	INCOMING=$SPOOL/incoming watch '
see("4 files"); since = len(screen)
os.remove(os.environ["INCOMING"] + "/1.xml")
see("25 %", since)
key("q")'
}

@test "--watch put to rest gives the terminal back, and goes on when it is woken" {
	watch '
see("no gateway runs"); since = len(screen)
signal("SIGTSTP")
see("\x1b[?1049l", since)
assert os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1])
assert termios.tcgetattr(slave)[3] == before[3]
since = len(screen)
signal("SIGCONT")
see("\x1b[?1049h", since)
see("no gateway runs", since)
since = len(screen)
resize(0, 0); signal("SIGWINCH")
see("no gateway runs", since)
key("q")'
}

@test "--watch without a terminal is refused" {
	run -64 tool status --watch
	[[ $output == *terminal* ]]
}

@test "on a terminal there are colours and bars, unless they are not wanted" {
	touch "$SPOOL/incoming/a.xml"
	run -0 env TERM=xterm script -qec "'$TOOL' -c '$CONF' status" /dev/null
	[[ $output == *$'\e[31mno gateway runs'* ]]
	[[ $output == *█* ]]
	run -0 env TERM=xterm NO_COLOR=1 script -qec "'$TOOL' -c '$CONF' status" /dev/null
	[[ $output != *$'\e['* ]]
}
