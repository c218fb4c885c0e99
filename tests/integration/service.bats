#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The gateway as a service: what systemd is told, what the unit files say, how they work
# under systemd itself, and the work done under their system-call filter, where what is not
# allowed kills.

bats_require_minimum_version 1.5.0

load gateway_helpers

UNITS=$ROOT/contrib/systemd

setup() {
	start_stub
	make_site
}

teardown() {
	clean_up
	[ -z "${LISTENER_PID:-}" ] || kill "$LISTENER_PID"
}

reload() {
	kill -HUP "$GATEWAY_PID"
}

# --- what systemd is told ---

# start_listener [ADDRESS]: everything that is told from now on is a line of TOLD.
start_listener() {
	local word
	export NOTIFY_SOCKET=${1:-$SITE/notify}
	TOLD=$SITE/told
	exec {listener}< <(exec python3 "$ROOT/tests/service/listen.py" "$NOTIFY_SOCKET" \
		"$TOLD" 3>&-)
	LISTENER_PID=$!
	read -r -t 20 word <&"$listener"
	exec {listener}<&-
	[ "$word" = ready ]
}

told() {
	cut -d ' ' -f 2- "$TOLD" | grep -qE "^$1\$"
}

# What was told, in this order, a word for each.
order_told() {
	grep -oE '(READY|RELOADING|STOPPING)' "$TOLD" | paste -s -d ' '
}

has_told_in_order() {
	[ "$(order_told)" = "$1" ]
}

# least_gap WORD: the shortest time between two that begin so.
least_gap() {
	awk -v word="$1" 'index($2, word) == 1 {
		if (last && (!least || $1 - last < least))
			least = $1 - last
		last = $1
	} END { print least }' "$TOLD"
}

times_told() {
	grep -c " $1" "$TOLD" || true
}

is_told_often() {
	[ "$(times_told "$1")" -ge "$2" ]
}

@test "ready is told when the spool is locked and the folders are watched, not before" {
	start_listener
	set_option spool '"nowhere"'
	run -73 "$GATEWAY" -c "$CONF" 3>&-
	[ ! -s "$TOLD" ]
	set_option spool '"spool"'
	start_gateway
	eventually told READY=1
	[ "$(times_told READY=1)" -eq 1 ]
}

@test "a socket without a path is told as well" {
	start_listener "@gateway-test-$BASHPID"
	start_gateway
	eventually told READY=1
}

@test "a reload begins and ends, whether it was taken or refused" {
	start_listener
	start_gateway
	reload
	eventually has_told_in_order 'READY RELOADING READY'
	set_option nonsense 1
	reload
	eventually has_told_in_order 'READY RELOADING READY RELOADING READY'
	logged reload-refused
	awk '$2 == "RELOADING=1" {
		split($3, stamp, "=")
		late = $1 - stamp[2] / 1000000
		if (stamp[1] != "MONOTONIC_USEC" || late < -0.01 || late > 5)
			exit 1
	}' "$TOLD"
}

@test "stopping is told while what is in flight is waited for" {
	stub_rules '[{"on": "comments", "delay_ms": 700}]'
	start_listener
	start_gateway
	document WEB-1:1 | drop a.xml
	stub_saw request
	kill -TERM "$GATEWAY_PID"
	eventually told STOPPING=1
	not is_sent a.xml
	gateway_status
	is_sent a.xml
}

@test "the line says how many sites are open and how much waits" {
	start_listener
	start_gateway
	eventually told 'STATUS=1 site open, 0 waiting'
	stub_rules '[{"on": "comments", "delay_ms": 2500}]'
	document WEB-1:1 | drop a.xml
	eventually told 'STATUS=1 site open, 1 waiting'
	stub_rules '[]'
	eventually is_sent a.xml
	eventually last_line_is 'STATUS=1 site open, 0 waiting'
}

last_line_is() {
	[ "$(grep STATUS "$TOLD" | tail -n 1 | cut -d ' ' -f 2-)" = "$1" ]
}

@test "the line says which site is held, why, and when it is tried next" {
	set_option name '"boutique"'
	set_option retry_min '"1h"'
	set_option retry_max '"1h"'
	stub_rules '[{"do": "fault", "text": "Authentification failed"}]'
	start_listener
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually told \
		'STATUS=boutique held: key refused, next try [0-2][0-9]:[0-5][0-9]; 1 waiting'
}

@test "the line is told anew in the language that a reload brings" {
	start_listener
	start_gateway
	eventually last_line_is 'STATUS=1 site open, 0 waiting'
	set_option language '"fr"'
	reload
	eventually last_line_is 'STATUS=1 site ouvert, 0 en attente'
}

@test "the line is told on change only, and at most once a second" {
	local id ids=()
	for id in 1 2 3 4 5 6 7 8 9 10 11 12; do
		ids+=("WEB-$id:$id")
	done
	set_option batch_comments 1
	stub_rules '[{"on": "comments", "delay_ms": 300}]'
	start_listener
	start_gateway
	for id in "${ids[@]}"; do
		document "$id" | drop "${id#*:}.xml"
	done
	eventually is_done
	eventually last_line_is 'STATUS=1 site open, 0 waiting'
	is_told_often STATUS 4
	is_at_least 0.9 "$(least_gap STATUS)"
	[ -z "$(grep -o 'STATUS.*' "$TOLD" | uniq -d)" ]
}

@test "the watchdog hears of it at half of its time, as long as it runs" {
	start_listener
	WATCHDOG_USEC=800000 start_gateway
	eventually is_told_often WATCHDOG=1 5
	awk '$2 == "WATCHDOG=1" { if (last && $1 - last > 0.8) exit 1; last = $1 }' "$TOLD"
	is_at_least 0.3 "$(least_gap WATCHDOG=1)"
}

@test "a watchdog that waits for another process hears nothing" {
	start_listener
	WATCHDOG_USEC=100000 WATCHDOG_PID=1 start_gateway
	eventually told READY=1
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	[ "$(times_told WATCHDOG=1)" -eq 0 ]
}

@test "a loop that stands still is not said to be alive" {
	start_listener
	WATCHDOG_USEC=400000 start_gateway
	eventually is_told_often WATCHDOG=1 2
	kill -STOP "$GATEWAY_PID"
	local before
	before=$(times_told WATCHDOG=1)
	sleep 1
	[ "$(times_told WATCHDOG=1)" -le $((before + 1)) ]
	kill -CONT "$GATEWAY_PID"
	eventually is_told_often WATCHDOG=1 $((before + 2))
}

@test "an address that cannot be used is said, and the gateway works" {
	NOTIFY_SOCKET=elsewhere start_gateway
	logged cannot-notify
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
}

@test "a listener that is gone disturbs nothing" {
	NOTIFY_SOCKET=$SITE/nobody WATCHDOG_USEC=200000 start_gateway
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
}

count_wakeups() {
	awk '$1 == "voluntary_ctxt_switches:" { print $2 }' "/proc/$GATEWAY_PID/status"
}

# (For a minute after a delivery the rate that is shown goes down to zero.)
@test "without a watchdog it sleeps as long as nothing happens" {
	start_listener
	start_gateway
	eventually last_line_is 'STATUS=1 site open, 0 waiting'
	sleep 2
	local before
	before=$(count_wakeups)
	sleep 2
	[ "$(count_wakeups)" -eq "$before" ]
}

# --- the unit files ---

need_systemd_analyze() {
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze on this machine"
}

# As they are installed, but for the program: that one need not be.
units_for_analysis() {
	local unit
	mkdir "$SITE/units"
	for unit in "$UNITS"/*.service "$UNITS"/*.timer; do
		sed "s|/usr/local/bin/opensi-gateway|$GATEWAY|" "$unit" \
			>"$SITE/units/${unit##*/}"
	done
	cd "$SITE/units" || return
}

@test "systemd finds nothing to complain about in the units" {
	need_systemd_analyze
	units_for_analysis
	run -0 systemd-analyze verify --man=no ./*.service ./*.timer
	[ -z "$output" ]
}

@test "each service is less exposed than 1.5" {
	need_systemd_analyze
	systemd-analyze security --help | grep -q -- --offline ||
		skip "this systemd-analyze judges no files"
	units_for_analysis
	local unit level
	for unit in *.service; do
		run -0 systemd-analyze security --offline=true --no-pager "./$unit"
		level=$(sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p' \
			<<<"$output")
		echo "$unit: $level"
		[ -n "$level" ]
		is_at_least "$level" 1.4
	done
}

@test "the two daemons, the one for all sites and the one a site, differ in little" {
	diff "$UNITS/opensi-gateway.service" "$UNITS/opensi-gateway@.service" >"$SITE/diff" ||
		true
	[ "$(grep -c '^[<>]' "$SITE/diff")" -gt 0 ]
	not grep -vE '^([0-9,c]+|---|[<>] (#|Description=|RequiresMountsFor=|ExecStart=|LoadCredential=|ReadWritePaths=).*)$' \
		"$SITE/diff"
}

@test "a stop may last longer than the longest request by default" {
	local unit
	set_option request_timeout '"4m"'
	"$GATEWAY" -c "$CONF" -t
	grep -q '^#request_timeout = "3m";' "$ROOT/contrib/opensi-gateway.conf"
	for unit in "$UNITS"/*.service; do
		grep -qx 'TimeoutStopSec=4min' "$unit"
	done
}

@test "sysusers.d and tmpfiles.d make the user and a spool that is good to start with" {
	[ "$(id -u)" = 0 ] || skip "only root may make users and give files away"
	command -v systemd-sysusers systemd-tmpfiles >/dev/null ||
		skip "no systemd-sysusers and systemd-tmpfiles on this machine"
	mkdir -p "$SITE/root/etc"
	systemd-sysusers --root="$SITE/root" "$UNITS/opensi-gateway.sysusers"
	systemd-tmpfiles --create --root="$SITE/root" "$UNITS/opensi-gateway.tmpfiles"
	local made=$SITE/root/var/spool/opensi-gateway id
	id=$(sed -n 's/^opensi-gateway:x:\([0-9]*\):.*/\1/p' "$SITE/root/etc/passwd")
	[ "$(stat -c '%a %u' "$made")" = "2750 $id" ]
	[ "$(stat -c '%a %u' "$made/incoming")" = "2770 $id" ]
	[ "$(stat -c '%a %u' "$SITE/root/etc/opensi-gateway")" = '755 0' ]
	set_option spool "\"$made\""
	"$GATEWAY" -c "$CONF" --once 3>&-
}

@test "installed units name the places that the rest is installed to" {
	command -v make >/dev/null || skip "no make on this machine"
	local installed=$SITE/installed
	make -s -C "$ROOT" install-units DESTDIR="$installed" prefix=/opt sysconfdir=/opt/etc
	[ "$(find "$installed" -type f | wc -l)" -eq "$(find "$UNITS" -type f | wc -l)" ]
	[ -z "$(find "$installed" -type f ! -perm 644)" ]
	not grep -rE '/usr/local|[^t]/etc/opensi' "$installed"
	grep -qx 'Documentation=man:opensi-gateway(8) man:opensi-gateway.conf(5)' \
		"$installed/opt/lib/systemd/system/opensi-gateway.service"
	grep -qx 'ExecStart=/opt/bin/opensi-gateway' \
		"$installed/opt/lib/systemd/system/opensi-gateway.service"
	grep -qx 'ExecStart=/opt/bin/opensi-gateway -c /opt/etc/opensi-gateway/%i.conf' \
		"$installed/opt/lib/systemd/system/opensi-gateway@.service"
	grep -q '^d /opt/etc/opensi-gateway ' "$installed/opt/lib/tmpfiles.d/opensi-gateway.conf"
	[ -s "$installed/opt/lib/sysusers.d/opensi-gateway.conf" ]
}

# --- under systemd ---

# In a machine of its own, as far as name spaces make one.
@test "systemd itself runs the installed units, with a credential and all that they forbid" {
	[ "${GATEWAY_VARIANT:-release}" = release ] || skip "for the release variant only"
	command -v make >/dev/null || skip "no make on this machine"
	local booted=0
	"$ROOT/tests/service/boot" "$SITE" "$ROOT/tests/service/as_a_service" "$GATEWAY" \
		>"$SITE/reason" || booted=$?
	[ "$booted" -ne 75 ] || skip "$(cat "$SITE/reason")"
	cat "$SITE/log"
	[ "$booted" -eq 0 ]
}

# --- under the filter of the unit ---

# What the sanitizers call is not what the gateway calls.
start_filtered() {
	local unit=$UNITS/opensi-gateway.service
	need_systemd_analyze
	command -v cc >/dev/null || skip "no compiler that knows the numbers of calls"
	[ "${GATEWAY_VARIANT:-release}" = release ] || skip "for the release variant only"
	RUN_BY=("$ROOT/tests/service/under_filter.py" "$unit")
	run "${RUN_BY[@]}" true
	[ "$status" -eq 0 ] || skip "no filter can be set here: $output"
	start_gateway
	grep -qE '^Seccomp:\s2$' "/proc/$GATEWAY_PID/status"
}

@test "the filter kills what the unit forbids" {
	start_filtered
	run -159 "${RUN_BY[@]}" chroot / true
}

@test "under the filter: delivery, failure, hold, a reload and an end" {
	start_listener
	WATCHDOG_USEC=500000 start_filtered
	document WEB-1:1 WEB-2:2 | drop good.xml
	echo '<a/>' | drop bad.xml
	document 'WEB-1:3:Душанбе' | sed '1i <?xml version="1.0" encoding="KOI8-T"?>' |
		iconv -t KOI8-T | drop far.xml
	eventually is_sent good.xml
	eventually is_sent far.xml
	eventually is_failed bad.xml
	stub_rules '[{"do": "html", "status": 503}]'
	document WEB-1:4 | drop held.xml
	eventually logged hold
	reload
	eventually logged reloaded
	stub_rules '[]'
	eventually is_sent held.xml
	rmdir "$SPOOL/incoming"
	mkdir "$SPOOL/incoming"
	document WEB-1:5 | drop again.xml
	eventually is_sent again.xml
	stop_gateway
	told STOPPING=1
}

make_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=localhost -addext subjectAltName=DNS:localhost \
		-keyout "$SITE/tls.key" -out "$SITE/tls.pem" 2>/dev/null
}

@test "under the filter: TLS, names, and a certificate that is replaced" {
	make_certificate
	stop_stub
	start_stub '[]' --cert "$SITE/tls.pem" --key "$SITE/tls.key"
	local url=${SHOP_URL/http:\/\/127.0.0.1/https:\/\/localhost}
	set_option url "\"$url\""
	set_option ca_file '"tls.pem"'
	start_filtered
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	cp "$SITE/tls.pem" "$SITE/aside" && mv "$SITE/aside" "$SITE/tls.pem"
	reload
	eventually logged reloaded
	document WEB-1:2 | drop b.xml
	eventually is_sent b.xml
}

@test "under the filter: one run by --once" {
	start_filtered
	stop_gateway
	document WEB-1:1 | drop a.xml
	"${RUN_BY[@]}" "$GATEWAY" -c "$CONF" --once 2>>"$LOG" 3>&-
	is_sent a.xml
}
