#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# status.html as a browser takes it, without a network: hostile names and words are inert,
# nothing is asked of anyone, it fits its window. Where there is no Chromium
# (contrib/deps page), that is skipped.

bats_require_minimum_version 1.5.0

load gateway_helpers

setup() {
	start_stub
	make_site
}

teardown() {
	clean_up
}

page_says() {
	grep -qF -- "$1" "$SPOOL/status.html" 2>/dev/null
}

# browse OPTION...: nothing of it stays, and it speaks to nobody by itself.
browse() {
	timeout -k 5 60 chromium --headless --no-sandbox --disable-gpu --disable-quic \
		--no-first-run --disable-background-networking --disable-component-update \
		--disable-sync --disable-crash-reporter --disable-dev-shm-usage \
		--user-data-dir="$SITE/browser" "$@" 2>"$SITE/browser.log" 3>&-
}

needs_chromium() {
	command -v chromium >/dev/null || skip "no Chromium: contrib/deps page"
	# Not every sandbox lets one start.
	browse --dump-dom 'data:text/html,<p>here' | grep -q here ||
		skip "Chromium does not start here"
}

# Names and words that would do something, were they more than text.
fill_with_hostility() {
	local evil='"><img src=x onerror="document.title=1"><script>document.title=2<|script>'
	stub_rules '[{"on": "comments", "comment": "3", "code": "3002", "words":
			"<img src=http://127.0.0.1:1/x onerror=document.title=3>"},
		{"on": "comments", "comment": "4", "do": "html", "status": 503},
		{"on": "probe", "do": "fault", "blame": "</dd><script>document.title=4</script>",
			"text": "</dd><script>document.title=4</script>"}]'
	start_gateway
	document WEB-1:1:'&lt;script>document.title=5&lt;/script>' | drop "good$evil.xml"
	eventually holds_drops sent 1
	document WEB-3:3 | drop "partial$evil.xml"
	echo '<a><script/></a>' | drop "bad$evil.xml"
	eventually holds_drops failed 2
	document WEB-4:4 | drop "held$evil.xml"
	eventually page_says 'What to do'
}

@test "hostile names and words are inert in a browser" {
	needs_chromium
	fill_with_hostility
	browse --dump-dom "file://$SPOOL/status.html" >"$SITE/dom"
	grep -q 'held' "$SITE/dom"
	grep -q '&lt;script&gt;' "$SITE/dom"
	grep -qE '<title>⏸ ' "$SITE/dom"
	not grep -qiE '<(script|img|iframe|link|object)' "$SITE/dom"
	not grep -qE '<[a-z][^>]*onerror' "$SITE/dom"
}

# asked_by PAGE: the URLs that it made the browser ask for, without the browser's own.
asked_by() {
	browse --log-net-log="$SITE/net.json" --net-log-capture-mode=Everything \
		--dump-dom "file://$1" >/dev/null
	python3 - "$SITE/net.json" <<-'END'
		import json, sys
		log = json.load(open(sys.argv[1]))
		begun = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
		own = ("google", "gvt1.com", "chrome")
		for event in log["events"]:
		    url = event.get("params", {}).get("url", "")
		    if event["type"] == begun and url and not any(o in url for o in own):
		        print(url)
	END
}

@test "the page asks nobody for anything" {
	needs_chromium
	fill_with_hostility
	echo '<!DOCTYPE html><img src="http://127.0.0.1:9/x">' >"$SITE/asking.html"
	asked_by "$SITE/asking.html" | tee "$SITE/asked"
	grep -qF 'http://127.0.0.1:9/x' "$SITE/asked"
	asked_by "$SPOOL/status.html" | tee "$SITE/asked"
	[ ! -s "$SITE/asked" ]
}

# Where the text does not wrap, the page would be wider than its window.
@test "it fits a narrow window, whatever the names are" {
	needs_chromium
	set_option pattern '"*"'
	start_gateway
	document WEB-1:1 | drop "$(printf 'x%.0s' {1..220}).xml"
	echo '<bad/>' | drop "$(printf 'y%.0s' {1..220}).xml"
	eventually holds_drops failed 1
	eventually holds_drops sent 1
	eventually page_says yyyyyyyy
	eventually page_says xxxxxxxx
	# A page around it, narrow, which reads its width; its own policy allows no script.
	{
		sed 's|<meta http-equiv[^>]*>||' "$SPOOL/status.html"
		echo '<script>const root = document.documentElement;' \
			'document.title = `width ${root.scrollWidth} of ${root.clientWidth}`' \
			'</script>'
	} >"$SITE/inner.html"
	cat >"$SITE/outer.html" <<-'END'
		<!DOCTYPE html><title>outer</title>
		<iframe src="inner.html" width="360" height="2000"
			onload="document.title = frames[0].document.title"></iframe>
	END
	browse --allow-file-access-from-files --dump-dom "file://$SITE/outer.html" |
		tee "$SITE/dom" | grep -o '<title>width [0-9]* of [0-9]*'
	grep -qE '<title>width ([0-9]+) of \1<' "$SITE/dom"
}

@test "it is drawn in both schemes" {
	needs_chromium
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually page_says '_a.xml</span>'
	browse --hide-scrollbars --window-size=900,900 \
		--screenshot="$SITE/light.png" "file://$SPOOL/status.html"
	browse --hide-scrollbars --window-size=900,900 --force-dark-mode \
		--blink-settings=preferredColorScheme=0 \
		--screenshot="$SITE/dark.png" "file://$SPOOL/status.html"
	[ -s "$SITE/light.png" ]
	[ -s "$SITE/dark.png" ]
	not cmp -s "$SITE/light.png" "$SITE/dark.png"
}

@test "HTML Tidy finds nothing to say about a page of the running gateway" {
	command -v tidy >/dev/null || skip "no tidy: contrib/deps test"
	fill_with_hostility
	tidy -quiet -errors -utf8 "$SPOOL/status.html"
}
