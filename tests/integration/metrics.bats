#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What the gateway tells of itself while it runs: state.json and status.html beside the
# spool, and the metrics file where it is wished. Replaced, never half; written on change,
# and on change only; of no harm when they cannot be.

bats_require_minimum_version 1.5.0

load gateway_helpers
load tool_helpers

setup() {
	start_stub
	make_site
	METRICS=$SITE/gateway.prom
	set_option metrics_file "\"$METRICS\""
}

teardown() {
	[ -z "${READER_PID:-}" ] || kill "$READER_PID" 2>/dev/null || true
	clean_up
}

# state PYTHON: of the first site, as S.
state() {
	python3 -c 'import json, sys
S = json.load(open(sys.argv[1]))["sites"][0]
print(eval(sys.argv[2]))' "$SPOOL/state.json" "$1"
}

state_is() {
	[ "$(state "$1" 2>/dev/null)" = "$2" ]
}

page_says() {
	grep -qF -- "$1" "$SPOOL/status.html" 2>/dev/null
}

# metric SAMPLE: its value.
metric() {
	awk -v sample="opensi_gateway_$1" '$1 == sample { print $2 }' "$METRICS"
}

metric_is() {
	[ "$(metric "$1" 2>/dev/null)" = "$2" ]
}

times_of_change() {
	stat -c '%n %y %i' "$SPOOL/state.json" "$SPOOL/status.html" "$METRICS"
}

has_changed_since() {
	[ "$(times_of_change)" != "$1" ]
}

# For longer than two snapshots take.
stays_unchanged() {
	local before deadline=$((SECONDS + ${1:-3}))
	before=$(times_of_change)
	until [ "$SECONDS" -ge "$deadline" ]; do
		[ "$(times_of_change)" = "$before" ] || return 1
		sleep 0.1
	done
}

is_quiet() {
	stays_unchanged 2
}

@test "state, page and metrics are there as soon as it runs, and say what was sent" {
	start_gateway
	eventually state_is 'S["state"]' open
	page_says 'All is well'
	document WEB-1:1 WEB-2:2 | drop a.xml
	eventually state_is 'S["sent_today"]' 1
	eventually metric_is 'comment_outcomes_total{site="WEB1",outcome="delivered"}' 2
	metric_is 'files_total{site="WEB1",result="sent"}' 1
	eventually page_says '_a.xml</span>'
	stop_gateway
	state_is 'S["state"]' stopped
	page_says 'The gateway is stopped'
	metric_is 'site_state{site="WEB1",state="stopped"}' 1
}

@test "a failed file shows with its reason, and what is moved away is no longer counted" {
	start_gateway
	echo '<nonsense/>' | drop bad.xml
	eventually state_is 'S["failed"]' 1
	eventually page_says 'Some files need you'
	page_says '_bad.xml</span>'
	page_says 'not sent: not a comment file'
	eventually metric_is 'files{site="WEB1",folder="failed"}' 1
	rm -f "$SPOOL"/failed/*
	document WEB-1:1 | drop a.xml
	eventually state_is 'S["failed"]' 0
	eventually page_says 'All is well'
}

@test "a hold shows while it lasts, with what the shop said and what to do" {
	stub_rules '[{"do": "html", "status": 503}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually state_is 'S["state"]' held
	state_is 'bool(S["hold"]["reason"] and S["hold"]["remedy"])' True
	eventually page_says 'What to do'
	page_says '<title>⏸ '
	eventually metric_is 'site_state{site="WEB1",state="held"}' 1
	grep -q '^opensi_gateway_hold_since_timestamp_seconds{site="WEB1",reason="' "$METRICS"
	stub_rules '[]'
	eventually state_is 'S["hold"]' None
	eventually page_says 'All is well'
	eventually metric_is 'site_state{site="WEB1",state="open"}' 1
	not grep -q '^opensi_gateway_hold_since' "$METRICS"
}

@test "nothing is written while nothing happens" {
	start_gateway
	echo '<nonsense/>' | drop bad.xml
	eventually metric_is 'files{site="WEB1",folder="failed"}' 1
	eventually is_quiet
	stays_unchanged 5
}

# was_touched_since TIME FILE
was_touched_since() {
	[ "$(stat -c %y "$2")" != "$1" ]
}

# touched_again FILE: waits for the next time.
touched_again() {
	eventually was_touched_since "$(stat -c %y "$1")" "$1"
}

# It wakes nobody, for whoever replaced state.json would wake himself by that.
@test "on a quiet site each rescan gives a sign of life: state and metrics are touched" {
	local written
	set_option rescan '"500ms"'
	start_gateway
	eventually state_is 'S["state"]' open
	eventually test -s "$METRICS"
	written=$(stat -c '%i' "$SPOOL/state.json" "$SPOOL/status.html" "$METRICS")
	for _ in 1 2; do
		touched_again "$SPOOL/state.json"
		touched_again "$METRICS"
	done
	[ "$(stat -c '%i' "$SPOOL/state.json" "$SPOOL/status.html" "$METRICS")" = "$written" ]
	rm "$SPOOL/state.json" "$METRICS"
	eventually state_is 'S["state"]' open
	eventually test -s "$METRICS"
}

# Each is touched at least twice while the other cannot be written.
@test "what cannot be written gives no sign of life: it is old, and looks so" {
	local touched
	set_option rescan '"200ms"'
	start_gateway
	eventually state_is 'S["state"]' open
	mkdir -p "$SPOOL/.state.json.tmp/in-the-way"
	echo '<nonsense/>' | drop bad.xml
	eventually logged not-written 'file=state.json'
	eventually metric_is 'files{site="WEB1",folder="failed"}' 1
	touched=$(stat -c %y "$SPOOL/state.json")
	touched_again "$METRICS"
	touched_again "$METRICS"
	not was_touched_since "$touched" "$SPOOL/state.json"
	rm -r "$SPOOL/.state.json.tmp"
	eventually state_is 'S["failed"]' 1
	mkdir -p "$SITE/.gateway.prom.tmp/in-the-way"
	rm -f "$SPOOL"/failed/*
	eventually logged not-written "file=\"?$METRICS"
	eventually state_is 'S["failed"]' 0
	touched=$(stat -c %y "$METRICS")
	touched_again "$SPOOL/state.json"
	touched_again "$SPOOL/state.json"
	not was_touched_since "$touched" "$METRICS"
	metric_is 'files{site="WEB1",folder="failed"}' 1
}

# Reads all three again and again; writes a line for each that is not whole.
read_all_the_time() {
	exec python3 - "$SPOOL" "$METRICS" 3>&- <<-'END'
		import json, sys, time
		spool, metrics = sys.argv[1:]
		def whole(path, is_whole):
		    try:
		        with open(path, encoding="utf-8") as file:
		            text = file.read()
		    except FileNotFoundError:
		        print("gone:", path, flush=True)
		        return
		    if not is_whole(text):
		        print("half:", path, len(text), flush=True)
		def is_json(text):
		    try:
		        return len(json.loads(text)["sites"]) == 1 and text.endswith("}\n")
		    except ValueError:
		        return False
		while True:
		    whole(spool + "/state.json", is_json)
		    whole(spool + "/status.html", lambda t: t.endswith("</html>\n"))
		    whole(metrics, lambda t: "batch_comments_count" in t.splitlines()[-1])
	END
}

@test "a reader never sees half of one, nor none" {
	start_gateway
	eventually test -s "$METRICS"
	read_all_the_time >"$SITE/seen" 2>&1 &
	READER_PID=$!
	local before
	for i in 1 2 3 4; do
		before=$(times_of_change)
		document "WEB-$i:$i" | drop "$i.xml"
		eventually is_sent "$i.xml"
		eventually has_changed_since "$before"
	done
	kill -0 "$READER_PID"
	[ ! -s "$SITE/seen" ] || { cat "$SITE/seen" && false; }
}

@test "what cannot be written is said once, and nothing else suffers" {
	mkdir "$METRICS"
	start_gateway
	for i in 1 2 3; do
		document "WEB-$i:$i" | drop "$i.xml"
		eventually state_is 'S["sent_today"]' "$i"
	done
	[ "$(count_logged not-written)" -eq 1 ]
	logged not-written "file=\"?$METRICS"
	rmdir "$METRICS"
	document WEB-4:4 | drop 4.xml
	eventually metric_is 'files_total{site="WEB1",result="sent"}' 4
	[ "$(count_logged not-written)" -eq 1 ]
}

@test "a page that cannot be written leaves the state alone" {
	mkdir "$SPOOL/status.html"
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually state_is 'S["sent_today"]' 1
	[ "$(count_logged not-written)" -eq 1 ]
	logged not-written 'file=status.html'
	rmdir "$SPOOL/status.html"
	document WEB-2:2 | drop b.xml
	eventually page_says '_b.xml</span>'
}

@test "what was sent today is counted on after a restart" {
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually state_is 'S["sent_today"]' 1
	stop_gateway
	start_gateway
	eventually state_is 'S["state"]' open
	state_is 'S["sent_today"]' 1
	metric_is 'files_total{site="WEB1",result="sent"}' 0
}

is_open_and_sent_today() {
	state_is 'S["state"]' open && state_is 'S["sent_today"]' "$1"
}

@test "what was sent today is counted on by the journal after a kill, run after run" {
	for i in 1 2 3; do
		start_gateway
		eventually is_open_and_sent_today "$((i * 2 - 2))"
		document "WEB-$i:$i" | drop "$i.xml"
		document "WEB-9$i:9$i" | drop "9$i.xml"
		eventually is_sent "$i.xml"
		eventually is_sent "9$i.xml"
		kill_gateway
		# What it had not told yet, or no longer can.
		rm -f "$SPOOL/state.json"
	done
	start_gateway
	eventually is_open_and_sent_today 6
	metric_is 'files_sent_today{site="WEB1"}' 6
}

@test "what was sent on another day is not counted as sent today" {
	local yesterday
	yesterday=$(date -d yesterday +%F)
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually state_is 'S["sent_today"]' 1
	kill_gateway
	sed -i "s|\"to\":\"sent/[0-9-]*|\"to\":\"sent/$yesterday|" "$SPOOL"/audit/*.jsonl
	start_gateway
	eventually is_open_and_sent_today 0
	document WEB-2:2 | drop b.xml
	eventually state_is 'S["sent_today"]' 1
}

# it_is WHEN: by the clock and in the zone of the test.
it_is() {
	set_clock "$(printf '%+d' $(($(date -d "$1" +%s) - EPOCHSECONDS)))"
}

# In status, state, page and metrics.
tells_sent_today() {
	state_is 'S["sent_today"]' "$1" && metric_is 'files_sent_today{site="WEB1"}' "$1" &&
		[[ $(<"$SPOOL/status.html") == *$'>Files sent today</span>\n<b>'"$1</b>"* ]] &&
		[ "$("${RUN_BY[@]}" "$TOOL" -c "$CONF" status --json |
			json 'd["sites"][0]["sent_today"]')" = "$1" ]
}

# Nothing happens at midnight: a rescan finds that it is over. The first of these days has
# 23 hours, the other 25.
@test "what was sent today begins anew at midnight, also when the clocks are changed" {
	export TZ=CET-1CEST,M3.5.0,M10.5.0/3
	set_option rescan '"200ms"'
	with_a_clock_of_ours
	it_is '2027-03-28 00:30'
	start_gateway
	eventually tells_sent_today 0
	document WEB-1:1 | drop a.xml
	eventually tells_sent_today 1
	it_is '2027-03-28 23:30'
	document WEB-2:2 | drop b.xml
	eventually tells_sent_today 2
	it_is '2027-03-29 00:10'
	eventually tells_sent_today 0
	it_is '2027-10-31 00:30'
	document WEB-3:3 | drop c.xml
	eventually tells_sent_today 1
	it_is '2027-10-31 23:30'
	document WEB-4:4 | drop d.xml
	eventually tells_sent_today 2
	stop_gateway
	tells_sent_today 2
	it_is '2027-11-01 00:10'
	[ "$("${RUN_BY[@]}" "$TOOL" -c "$CONF" status --json |
		json 'd["sites"][0]["sent_today"]')" = 0 ]
	start_gateway
	eventually tells_sent_today 0
	[ "$(ls "$SPOOL/sent")" = $'2027-03-28\n2027-10-31' ]
}

# Two sites with spools of their own.
make_two_sites() {
	mkdir -p "$SITE/one/incoming" "$SITE/two/incoming"
	sed -i '/^website_code\|^spool/d' "$CONF"
	cat >>"$CONF" <<-'END'
		sites = (
			{ name = "one"; website_code = "WEB1"; spool = "one"; },
			{ name = "two"; website_code = "WEB2"; spool = "two"; }
		);
	END
}

is_told_of_both() {
	metric_is 'files_total{site="one",result="sent"}' 1 &&
		metric_is 'files_total{site="two",result="sent"}' 0
}

@test "sites share one metrics file, and each has a state of its own" {
	make_two_sites
	start_gateway
	SPOOL=$SITE/one
	document WEB-1:1 | drop a.xml
	eventually is_told_of_both
	[ "$(grep -c '^# TYPE' "$METRICS")" = "$(grep '^# TYPE' "$METRICS" | sort -u | wc -l)" ]
	state_is 'S["name"]' one
	page_says '>one</h2>'
	not page_says '>two</h2>'
	SPOOL=$SITE/two
	state_is 'S["name"]' two
	state_is 'S["sent_today"]' 0
}

@test "a site with a metrics file of its own is told of there alone" {
	make_two_sites
	sed -i "s|name = \"two\";|name = \"two\"; metrics_file = \"$SITE/two.prom\";|" "$CONF"
	run_once
	grep -q 'site="one"' "$METRICS"
	not grep -q 'site="two"' "$METRICS"
	grep -q 'site="two"' "$SITE/two.prom"
	not grep -q 'site="one"' "$SITE/two.prom"
}

@test "a run by --once leaves its figures behind" {
	document WEB-1:1 | drop a.xml
	run_once
	state_is 'S["state"]' stopped
	state_is 'S["sent_today"]' 1
	metric_is 'comment_outcomes_total{site="WEB1",outcome="delivered"}' 1
	page_says '_a.xml</span>'
}

@test "Prometheus' own tool takes metrics, rules and the dashboard's questions for good" {
	command -v promtool >/dev/null || skip "no promtool (Debian's package prometheus)"
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually metric_is 'files_total{site="WEB1",result="sent"}' 1
	promtool check metrics <"$METRICS"
	promtool check rules "$ROOT/contrib/monitoring/alerts.yml"
	python3 - "$ROOT/contrib/monitoring/dashboard.json" >"$SITE/questions.yml" <<-'END'
		import json, sys
		panels = json.load(open(sys.argv[1]))["panels"]
		print("groups:\n- name: dashboard\n  rules:")
		for n, expr in enumerate(t["expr"] for p in panels for t in p["targets"]):
		    expr = expr.replace("$__rate_interval", "5m").replace("$site", ".*")
		    print(f"  - record: question_{n}\n    expr: {json.dumps(expr)}")
	END
	promtool check rules "$SITE/questions.yml"
}

# Two machines whose file was touched at the start and never again; one gateway is stopped.
# A third one lives.
@test "a metrics file that gets old is an alarm, unless the gateway is stopped" {
	command -v promtool >/dev/null || skip "no promtool (Debian's package prometheus)"
	local touched='node_textfile_mtime_seconds{file="/var/lib/opensi-gateway-a.prom"'
	local state='opensi_gateway_site_state{site="a"'
	cat >"$SITE/ages.yml" <<-END
		rule_files: [ "$ROOT/contrib/monitoring/alerts.yml" ]
		tests:
		- interval: 1m
		  input_series:
		  - { series: '$touched,instance="hangs"}', values: '0x20' }
		  - { series: '$state,instance="hangs",state="stopped"}', values: '0x20' }
		  - { series: '$touched,instance="stopped"}', values: '0x20' }
		  - { series: '$state,instance="stopped",state="stopped"}', values: '1x20' }
		  - { series: '$touched,instance="lives"}', values: '0+60x20' }
		  - { series: '$state,instance="lives",state="stopped"}', values: '0x20' }
		  promql_expr_test:
		  - { eval_time: 7m, expr: 'ALERTS{alertname="OpensiGatewayStandsStill"}' }
		  - eval_time: 8m
		    expr: 'count by (instance, file) (ALERTS{alertname="OpensiGatewayStandsStill"})'
		    exp_samples:
		    - labels: '{instance="hangs", file="/var/lib/opensi-gateway-a.prom"}'
		      value: 1
	END
	promtool test rules "$SITE/ages.yml"
}
