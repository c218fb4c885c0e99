# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The real gateway with a spool of its own, for one test; and the scripted shop, where a
# shop must misbehave. Waits are for conditions, with a deadline; all durations of the
# configuration are short.
#
#	start_stub '[{"do": "empty"}]'	a shop; sets SHOP_URL (start_shop does so too)
#	make_site			folders and configuration for it: SPOOL, CONF, LOG
#	start_gateway [OPTION...]	returns when it runs
#	document WEB-1:7 | drop a.xml	an exporter that renames into place
#	eventually is_sent a.xml
#	clean_up			for teardown; shows the log of a test that failed
#
# All of it is run before and after each of many hundred tests, on machines where a process
# may cost 10 ms: what the shell can do itself starts none. -S lets Python's own library
# suffice, which halves its start.

ROOT=${BASH_SOURCE[0]%/tests/*}
GATEWAY=${GATEWAY:-$ROOT/build/release/opensi-gateway}
KEY=0123456789abcdef0123456789abcdef

RUN_BY=()   # what runs the gateway: a command and its arguments, or nothing
PATIENCE=20 # seconds that a condition may take to come true

# --- waiting ---

# pause MILLISECONDS, fewer than 1,000: without a process, unlike sleep(1)
pause() {
	local seconds
	[ -n "${NEVER_WRITTEN:-}" ] || exec {NEVER_WRITTEN}<> <(:)
	printf -v seconds '0.%03d' "$1"
	read -rt "$seconds" -u "$NEVER_WRITTEN" || true
}

# Asks ever less often, or those who wait would keep the machine from what they wait for.
eventually() {
	local deadline=$((SECONDS + PATIENCE)) wait=20
	until "$@"; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			echo "did not come true within $PATIENCE s: $*"
			return 1
		fi
		pause "$wait"
		wait=$((wait < 100 ? wait + wait / 8 : wait))
	done
}

# A `!` before a command is no failure for bats; this is.
not() {
	if "$@"; then
		echo "must not be true: $*"
		return 1
	fi
}

# --- the site ---

# NAME VALUE, as the configuration has them: set_option settle '"1s"'
set_option() {
	sed -i "/^$1 = /d" "$CONF"
	printf '%s = %s;\n' "$1" "$2" >>"$CONF"
}

# make_site [NAME]: sets SITE, the folder that all of it is in, SPOOL, CONF and LOG.
make_site() {
	SITE=$BATS_TEST_TMPDIR/${1:-site}
	SPOOL=$SITE/spool CONF=$SITE/gateway.conf LOG=$SITE/log
	mkdir -p "$SPOOL/incoming"
	: >"$LOG"
	(umask 077 && echo "$KEY" >"$SITE/shop.key")
	printf '%s;\n' >"$CONF" \
		'website_code = "WEB1"' \
		"url = \"${SHOP_URL:-http://127.0.0.1:9/none}\"" \
		'key_file = "shop.key"' \
		'spool = "spool"' \
		"schema = \"$ROOT/xsd/comments.xsd\"" \
		'settle = "200ms"' \
		'unknown_wait = "1s"' \
		'retry_min = "100ms"' \
		'retry_max = "300ms"' \
		'request_target = "1s"' \
		'connect_timeout = "2s"' \
		'request_timeout = "10s"' \
		'min_free = "1M"'
	[ "$EUID" != 0 ] || echo 'user = "root";' >>"$CONF"
}

# --- the gateway ---

count_logged() {
	grep -cE "event=$1( |\$)" "$LOG" || true
}

# logged EVENT [PATTERN]: PATTERN is of grep -E, for what follows on the line.
logged() {
	grep -qE "event=$1( .*${2-}|\$)" "$LOG"
}

is_logged_more_often_than() {
	local count
	count=$(grep -cE "event=$2( |\$)" "$LOG") && [ "$count" -gt "$1" ]
}

# Closed for the gateway: bats waits until nobody holds descriptor 3 any longer.
launch_gateway() {
	"${RUN_BY[@]}" "$GATEWAY" -c "$CONF" "$@" 2>>"$LOG" 3>&- &
	GATEWAY_PID=$!
}

start_gateway() {
	local before
	before=$(count_logged started)
	launch_gateway "$@"
	eventually is_logged_more_often_than "$before" started
}

is_running() {
	kill -0 "$1" 2>/dev/null
}

is_over() {
	! is_running "$1"
}

# Its exit status, once it has ended by itself.
gateway_status() {
	local status=0
	eventually is_over "$GATEWAY_PID"
	wait "$GATEWAY_PID" || status=$?
	unset GATEWAY_PID
	echo "the gateway ended with status $status"
	return "$status"
}

stop_gateway() {
	[ -n "${GATEWAY_PID:-}" ] || return 0
	kill -CONT "$GATEWAY_PID" # a test that failed may have left it stopped
	kill -TERM "$GATEWAY_PID"
	gateway_status
}

# As a power cut or the kernel would end it.
kill_gateway() {
	kill -KILL "$GATEWAY_PID"
	wait "$GATEWAY_PID" || true
	unset GATEWAY_PID
}

run_once() {
	"$GATEWAY" -c "$CONF" --once "$@" 2>>"$LOG" 3>&-
}

# --- a clock of ours ---

# RUN_BY then gives a program a clock that is as far from the true one as set_clock says.
with_a_clock_of_ours() {
	local library
	library=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
	[ -n "$library" ] || skip "there is no faketime"
	set_clock +0
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
	RUN_BY=(env "LD_PRELOAD=$library" "FAKETIME_TIMESTAMP_FILE=$SITE/clock" \
		FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1)
}

# set_clock +1d|-1d
set_clock() {
	echo "$1" >"$SITE/clock.new"
	mv "$SITE/clock.new" "$SITE/clock"
}

# --- drops ---

comment() {
	local order=${1%%:*} rest=${1#*:} text
	text=${rest#*:}
	[ "$text" != "$rest" ] || text="Text of ${rest%%:*}"
	printf '%s\n' '  <open:Comment>' \
		'    <xsd:OrderNumber>CC20050001</xsd:OrderNumber>' \
		"    <xsd:WebOrderNumber>$order</xsd:WebOrderNumber>" \
		"    <xsd:CommentId>${rest%%:*}</xsd:CommentId>" \
		"    <xsd:Comment>$text</xsd:Comment>" \
		'    <xsd:CommentDate>2026-05-01</xsd:CommentDate>' \
		'    <xsd:SendMail>false</xsd:SendMail>' \
		'    <xsd:VisibleForCustomer>true</xsd:VisibleForCustomer>' \
		'  </open:Comment>'
}

# document ORDER:ID[:TEXT]...
document() {
	local each
	echo '<open:Comments xmlns:open="http://www.opensi.fr"' \
		'xmlns:xsd="http://www.opensi.fr/xsd">'
	for each; do
		comment "$each"
	done
	echo '</open:Comments>'
}

# From standard input, written aside and renamed into place.
drop() {
	cat >"$SPOOL/incoming/.aside"
	mv -- "$SPOOL/incoming/.aside" "$SPOOL/incoming/$1"
}

# path_in FOLDER NAME: of the claim, in the folder or in a day of it. Fails if there is none.
path_in() {
	local LC_ALL=C IFS= found each
	# shellcheck disable=SC2206 # the name may be a pattern
	found=("$SPOOL/$1"/2*Z_$2 "$SPOOL/$1"/*/2*Z_$2)
	for each in "${found[@]}"; do
		if [ -e "$each" ] || [ -L "$each" ]; then
			echo "$each"
			return
		fi
	done
	return 1
}

is_sending() {
	path_in sending "$1" >/dev/null
}

is_sent() {
	path_in sent "$1" >/dev/null
}

# With its reason: that is put there first.
is_failed() {
	path_in failed "$1" >/dev/null && path_in failed "$1.reason.txt" >/dev/null
}

# The letter about a failed drop, its broken lines joined.
reason_of() {
	local words
	read -rd '' -a words <"$(path_in failed "$1.reason.txt")" || true
	echo "${words[*]}"
}

# count_in FOLDER: drops in it, at any depth. Their names may hold any bytes.
count_in() {
	LC_ALL=C find "$SPOOL/$1" -type f -name '*.xml' -printf . | wc -c
}

holds_drops() {
	[ "$(count_in "$1")" -eq "$2" ]
}

is_empty() {
	[ -z "$(ls -A "$SPOOL/$1")" ]
}

# Nothing waits any more.
is_done() {
	is_empty incoming && is_empty sending
}

# --- the audit trail ---

audit() {
	cat "$SPOOL"/audit/*.jsonl
}

# write_days FILE...: days of audit/ that a start can go on from
write_days() {
	echo '{"v":1,"t":"2026-01-01T00:00:00.000000Z","up":1,"ev":"checkpoint-end"}' |
		tee "$@" >/dev/null
}

# audited EVENT [PATTERN]
audited() {
	grep -qs "\"ev\":\"$1\".*${2-}" "$SPOOL"/audit/*.jsonl
}

# The events of a drop in their order, on one line.
events_of() {
	sed -n "s/.*\"ev\":\"\([^\"]*\)\".*\"drop\":\"$1\".*/\1/p" "$SPOOL"/audit/*.jsonl |
		paste -s -d ' '
}

# How often a comment was about to be sent.
postings_of() {
	audit | grep -c "\"ev\":\"posting\".*\"comment\":\"$1\"" || true
}

outcome_of() {
	sed -n "s/.*\"ev\":\"outcome\".*\"comment\":\"$1\".*\"result\":\"\([a-z]*\)\".*/\1/p" \
		"$SPOOL"/audit/*.jsonl | tail -n 1
}

has_outcome() {
	[ "$(outcome_of "$1")" = "$2" ]
}

# --- the scripted shop ---

# One Python for all the tests of a file. Sets NURSERY, a descriptor.
open_nursery() {
	local fifo=$BATS_FILE_TMPDIR/nursery
	if [ ! -p "$fifo" ]; then
		mkfifo "$fifo"
		python3 -S "$ROOT/tests/shop/stub_shop.py" --nursery "$fifo" \
			</dev/null >"$fifo.log" 2>&1 3>&- &
		echo $! >"$fifo.pid"
	fi
	exec {NURSERY}<>"$fifo"
}

teardown_file() {
	local fifo=$BATS_FILE_TMPDIR/nursery pid
	[ -p "$fifo" ] || return 0
	pid=$(<"$fifo.pid")
	kill "$pid"
	eventually is_over "$pid"
}

# stub_said NAME: sets SAID, what the shop says by that name, in its order.
stub_said() {
	local name
	read -r -t 20 name SAID <&"$stub_output"
	if [ "$name" != "$1" ]; then
		echo "the scripted shop said: $name $SAID"
		return 1
	fi
}

# start_stub [RULES] [OPTION...]: rules as a JSON list; see tests/shop/stub_shop.py.
start_stub() {
	local rules=${1:-[]} path
	shift || true
	open_nursery
	STUB_BODIES=$BATS_TEST_TMPDIR/bodies
	mkdir -p "$STUB_BODIES"
	STUBS=$((${STUBS:-0} + 1))
	path=$BATS_TEST_TMPDIR/stub.$STUBS
	mkfifo "$path"
	printf '%s\0' --script "{\"rules\": $rules}" --bodies "$STUB_BODIES" "$@" >"$path.options"
	echo "$path" >&"$NURSERY"
	exec {stub_output}<>"$path"
	stub_said PID
	STUB_PID=$SAID
	exec {NURSERY}>&- # the gateway must not inherit it
	stub_said PORT
	SHOP_URL=http://127.0.0.1:$SAID/opensi-connect
	stub_said CONTROL
	STUB_CONTROL=$SAID
}

# stub_port NAME: sets STUB_PORT, the next of those that options made it open.
stub_port() {
	stub_said "$1"
	export STUB_PORT=$SAID
}

stop_stub() {
	[ -n "${STUB_PID:-}" ] || return 0
	kill "$STUB_PID" 2>/dev/null || true
	eventually is_over "$STUB_PID"
	exec {stub_output}<&-
	unset STUB_PID
}

# ask_stub METHOD PATH [BODY]: what its control port says; fails if that is a refusal.
ask_stub() {
	local LC_ALL=C control status line body=${3-}
	exec {control}<>"/dev/tcp/127.0.0.1/$STUB_CONTROL" || return
	printf '%s %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s' \
		"$1" "$2" "${#body}" "$body" >&"$control"
	read -r -u "$control" line status line
	while [ "$line" != $'\r' ]; do
		IFS= read -r -u "$control" line || return # it broke off
	done
	IFS= read -rd '' -u "$control" body || true # its end
	exec {control}>&-
	printf '%s' "$body"
	[[ $status = 2?? ]]
}

# From now on it behaves like that.
stub_rules() {
	ask_stub PUT /script "{\"rules\": $1}"
}

# stub_saw EVENT [COUNT]: waits until that many happened.
stub_saw() {
	ask_stub GET "/wait?event=$1&count=${2:-1}&timeout=$PATIENCE"
}

stub_events() {
	ask_stub GET "/log?event=$1"
}

# The CommentIds of each request, a line for each; a probe is an empty line.
requests() {
	ask_stub GET /requests
}

count_probes() {
	requests | grep -c '^$' || true
}

# How many requests had this comment in them.
requests_with() {
	requests | grep -cw -- "$1" || true
}

was_requested() {
	[ "$(requests_with "$1")" -ge "${2:-1}" ]
}

# Seconds from the first request with this comment, or of any kind, to the second.
gap_before_repeat() {
	ask_stub GET "/gap?comment=${1-}"
}

# is_at_least LEAST NUMBER, with fractions. Clocks that count milliseconds may be early
# by one of them.
is_at_least() {
	awk -v least="$1" -v number="$2" 'BEGIN { exit !(number >= least) }'
}

# --- the end ---

show_what_happened() {
	[ -d "${SITE:-}" ] || return 0
	echo "--- the last of the log"
	tail -n 20 "$LOG" | cut -c 1-300
	echo "--- the spool"
	(cd "$SPOOL" && find . -type f | sort | head -n 20)
}

clean_up() {
	local status=0
	stop_gateway || status=$?
	stop_stub
	# A test that failed, or a gateway that ended badly: its words are the best clue.
	if [ -z "${BATS_TEST_COMPLETED:-}" ] || [ "$status" -ne 0 ]; then
		show_what_happened
	fi
	return "$status"
}
