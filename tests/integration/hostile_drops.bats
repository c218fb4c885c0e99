#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What somebody who may write into incoming/ could try: names, kinds of files, and
# contents made to break, to hold up, to read what is secret, or to be shown. Nothing of it
# is sent, nothing reaches a terminal as it is, and the others are served all the while.

bats_require_minimum_version 1.5.0

load gateway_helpers
load tool_helpers

setup() {
	start_stub
	make_site
}

teardown() {
	clean_up
}

# What was dropped before has had its turn once this one is through.
pass_another() {
	document WEB-900:900 | drop another.xml
	eventually is_sent another.xml
}

# What lay there before has been quiet for settle once this one has failed: it broke off,
# and was given as long to grow.
pass_settle() {
	document WEB-900:901 | head -n 3 | drop cut-off.xml
	eventually is_failed cut-off.xml
}

# Neither C0 but line ends, nor DEL, C1, or what turns the direction of writing.
shows_no_controls() {
	LC_ALL=C.UTF-8 python3 - "$@" <<-'END'
		import re, sys
		for path in sys.argv[1:]:
		    text = open(path, "rb").read().decode("utf-8")
		    found = re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text)
		    if found:
		        sys.exit(f"{path}: {text[max(0, found.start() - 80):found.end()]!r}")
	END
}

# All that people and programs read of it.
is_shown_cleanly() {
	local -a files
	mapfile -d '' files < <(find "$SPOOL/failed" -name '*.reason.txt' -print0)
	shows_no_controls "$LOG" "$SPOOL"/audit/*.jsonl "${files[@]}"
}

# Hundredths of a second of processor time.
time_used() {
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$GATEWAY_PID/stat"
}

# The most memory that it ever had, in MiB.
memory_used() {
	awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$GATEWAY_PID/status"
}

# --- kinds of files ---

@test "links to anything, sockets, devices and folders are left where they are, unread" {
	set_option rescan '"200ms"'
	document WEB-1:1 >"$SITE/secret.xml"
	mkdir -p "$SPOOL/audit" "$SPOOL/incoming/folder.xml"
	document WEB-2:2 >"$SPOOL/incoming/folder.xml/inside.xml"
	(
		cd "$SPOOL/incoming" || exit
		ln -s "$SITE/secret.xml" secret.xml
		ln -s "$SITE/shop.key" key.xml
		ln -s ../audit audit.xml
		ln -s nowhere dangling.xml
		ln -s loop.xml loop.xml
		ln -s /dev/zero endless.xml
		mkfifo pipe.xml
		python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket.xml")'
		[ "$(id -u)" != 0 ] || mknod device.xml c 1 5
	)
	local before
	before=$(find "$SPOOL/incoming" | sort)
	start_gateway
	pass_settle
	pass_another
	[ "$(find "$SPOOL/incoming" | sort)" = "$before" ]
	[ "$(requests)" = 900 ]
	not audited reading '(secret|key|audit|loop|endless|pipe|socket|device|inside).xml'
	[ "$(count_logged trouble)" -eq 0 ]
}

ignored_are() {
	[ "$(json 'd["sites"][0]["ignored"]' <"$SPOOL/state.json")" = "$1" ] &&
		grep -qF "names_ignored{site=\"WEB1\"} $1" "$SITE/metrics"
}

@test "what is no file is counted at once, said once, and told with what to do" {
	set_option rescan '"1h"'
	set_option metrics_file '"metrics"'
	mkdir "$SPOOL/incoming/folder.xml"
	start_gateway
	ln -s nowhere "$SPOOL/incoming/link.xml"
	mkfifo "$SPOOL/incoming/pipe.xml"
	eventually ignored_are 3
	document WEB-1:1 >"$SPOOL/incoming/.aside"
	ln "$SPOOL/incoming/.aside" "$SPOOL/incoming/linked.xml"
	eventually ignored_are 4
	[ "$(count_logged ignored)" -eq 3 ]
	logged ignored 'folder=incoming meaning="a symbolic link, which is not followed: put'
	run -0 tool status
	[[ $output == *'4 names in incoming/ that are not taken:'* ]]
	tool list incoming --json >"$SITE/list"
	local note
	for note in 'link.xml: ignored: a symbolic link' 'folder.xml: ignored: a folder, which' \
		'pipe.xml: ignored: neither' 'linked.xml: left alone for as long as it has another name'; do
		json '"\n".join("%s: %s" % (f["name"], f["note"]) for f in d)' <"$SITE/list" |
			grep -qF "$note"
	done
	[ "$(tool list incoming)" = linked.xml ]
	mv -T "$SPOOL/incoming/.aside" "$SPOOL/incoming/link.xml"
	rm "$SPOOL/incoming/linked.xml"
	eventually is_sent link.xml
	eventually ignored_are 2
	stop_gateway
	run -0 tool status
	[[ $output == *'2 names in incoming/'* ]]
}

@test "what bears the name of a claim but is no file disturbs nothing, now or at a start" {
	mkdir -p "$SPOOL/sending/20260101T000000.000001Z_folder.xml"
	mkfifo "$SPOOL/sending/20260101T000000.000002Z_pipe.xml"
	ln -s "$SITE/shop.key" "$SPOOL/sending/20260101T000000.000003Z_key.xml"
	start_gateway
	pass_another
	mkfifo "$SPOOL/sending/20260101T000000.000004Z_pipe.xml"
	ln -s nowhere "$SPOOL/sending/20260101T000000.000005Z_dangling.xml"
	pass_settle
	eventually holds_drops sent 1
	[ "$(requests)" = 900 ]
	[ "$(count_logged trouble)" -eq 0 ]
	not grep -rqF "$KEY" "$SPOOL" --include='*.txt' --include='*.jsonl'
}

@test "a hard link to somebody's file is never read while it is one" {
	set_option rescan '"1h"'
	document WEB-1:1 >"$SITE/theirs.xml"
	chmod 640 "$SITE/theirs.xml"
	[ "$(id -u)" != 0 ] || chown nobody "$SITE/theirs.xml"
	start_gateway
	ln "$SITE/theirs.xml" "$SPOOL/incoming/theirs.xml"
	ln "$SITE/theirs.xml" "$SPOOL/sending/strange.xml"
	ln "$SITE/shop.key" "$SPOOL/incoming/key.xml"
	# Three looks take three times settle; each of these takes one.
	for _ in 1 2 3 4; do
		pass_settle
		rm "$SPOOL"/failed/*
	done
	[ -e "$SPOOL/incoming/theirs.xml" ]
	[ -e "$SPOOL/incoming/key.xml" ]
	not audited reading 'theirs.xml\|strange.xml\|key.xml'
	[ -z "$(stub_events request)" ]
}

# --- names ---

hostile_names() {
	printf '%s\0' $'new\nline.xml' $'carriage\rreturn.xml' $'escape\e[2J\e[31m.xml' \
		$'bell\a\b\x7f.xml' $'c1\xc2\x9b31m.xml' $'turned\xe2\x80\xaelmx.xml' \
		$'no-utf-8\xff\xfe\xc0\xaf.xml' $'half\xc3.xml' -rf.xml '--help.xml' \
		'$(touch hit) `touch hit`.xml' "quote'\"\\.xml" '%s%n%100d.xml' 'a;b|c&d>e.xml' \
		' spaces  around .xml' 'a~2.xml' 'event=settled site=OTHER.xml' \
		'20261331T250000.000000Z_month-13.xml' '*?[a-z].xml' '{"v":1}.xml' \
		"$(printf 'x%.0s' {1..251}).xml" "$(printf 'é%.0s' {1..125})z.xml"
}

@test "hostile names are told harmlessly, and what a reason says sends the file again" {
	start_gateway
	local name count=0
	while IFS= read -r -d '' name; do
		count=$((count + 1))
		echo "no XML: $count" | drop "$name"
	done < <(hostile_names)
	eventually is_done
	holds_drops failed "$count"
	is_shown_cleanly
	not grep -qv '^<[3-7]>[a-z]*=' "$LOG"
	stop_gateway
	local reason
	while IFS= read -r -d '' reason; do
		grep -E "^ +(mv|printf) '" "$reason" | (cd "$SITE" && sh)
	done < <(find "$SPOOL/failed" -name '*.reason.txt' -print0)
	[ ! -e "$SITE/hit" ]
	holds_drops incoming "$count"
	start_gateway
	eventually is_done
	holds_drops failed "$count"
	# Each came back under the name of its claim, and is known as a retry.
	[ "$(audit | grep -c '"ev":"reading".*"of":')" -eq "$count" ]
}

@test "names that look like claims are no claims, and turn no clock" {
	local now
	document WEB-1:1 | drop 99991231T235959.999999Z_future.xml
	document WEB-1:2 | drop 20200101T000000.000000Z_20210101T000000.000000Z_twice.xml
	document WEB-1:3 | drop 20200101T000000.000000Z_.xml
	mkdir "$SPOOL/sending"
	document WEB-2:4 >"$SPOOL/sending/99991231T235959.999999Z_stray.xml"
	start_gateway
	eventually is_sent future.xml
	eventually is_sent twice.xml
	eventually holds_drops sent 3
	pass_another
	now=$(date -u +%Y)
	[[ $(basename "$(path_in sent another.xml)") == "$now"* ]]
	[[ $(basename "$(path_in sent future.xml)") == "$now"*Z_future.xml ]]
	[[ $(basename "$(path_in sent twice.xml)") =~ ^[0-9T.]*Z_twice.xml$ ]]
	[ -e "$SPOOL/incoming/20200101T000000.000000Z_.xml" ]
}

# --- files that change ---

# What is done to the claim of two comments, while the shop has the first.
grow() { echo '<!-- more -->' >>"$1"; }
shrink() { truncate -s 300 "$1"; }
rewrite() { sed -i 's/WEB-/BEW-/' "$1"; }
become_sparse() { truncate -s 1T "$1"; }
replace_by_link() { ln -sf "$SITE/shop.key" "$1"; }
replace_by_pipe() { rm "$1" && mkfifo "$1"; }
replace_by_folder() { rm "$1" && mkdir "$1"; }

is_gone_from_sending() {
	not path_in sending "$1" >/dev/null
}

is_told_as_changed() {
	is_gone_from_sending "$1.xml" &&
		[[ $(reason_of "$1.xml") == *changed*'comment 1'*delivered* ]]
}

# What is no file any more was withdrawn, unless the look came after it had been replaced.
is_told_of() {
	case $1 in
	replace_by_pipe | replace_by_folder)
		[ "$(events_of "$1.xml")" = 'reading read posting outcome withdrawn' ] ||
			is_told_as_changed "$1"
		;;
	*)
		is_told_as_changed "$1"
		;;
	esac
}

@test "whatever is done to a file that is being sent, nothing more of it is sent" {
	local kind n=0
	set_option batch_comments 1
	start_gateway
	for kind in grow shrink rewrite become_sparse replace_by_link replace_by_pipe \
		replace_by_folder; do
		n=$((n + 1))
		stub_rules '[{"on": "comments", "pause": true}]'
		document "WEB-$n:${n}1" "WEB-$n:${n}2" | drop "$kind.xml"
		eventually was_requested "${n}1"
		"$kind" "$(path_in sending "$kind.xml")"
		stub_rules '[]'
		eventually has_outcome "${n}1" delivered
		eventually is_told_of "$kind"
		[ "$(requests_with "${n}2")" -eq 0 ]
		[ "$(postings_of "${n}2")" -eq 0 ]
	done
	[ "$(count_logged trouble)" -eq 0 ]
	not grep -rqF "$KEY" "$SPOOL" --include='*.txt' --include='*.jsonl'
	pass_another
}

@test "files that are rewritten, cut and replaced all the time are read whole or not at all" {
	set_option rescan '"200ms"'
	start_gateway
	document WEB-1:1 WEB-1:2 >"$SITE/whole"
	for _ in {1..40}; do
		head -c $((RANDOM % 600)) "$SITE/whole" >"$SPOOL/incoming/a.xml"
		ln -sf nowhere "$SPOOL/incoming/b.xml"
		document WEB-2:3 >"$SPOOL/incoming/b.new" && mv "$SPOOL/incoming/b.new" "$SPOOL/incoming/b.xml"
		rm -f "$SPOOL/incoming/a.xml"
	done
	document WEB-3:9 | drop last.xml
	eventually is_sent last.xml
	eventually is_done
	[ "$(count_logged trouble)" -eq 0 ]
	# What broke off holds no whole document; nothing of it went out.
	[ "$(requests_with 1)" -eq 0 ]
	is_shown_cleanly
}

# --- sizes and numbers ---

@test "a sparse file of a terabyte is refused by its size, without being held" {
	truncate -s 1T "$SPOOL/incoming/huge.xml" || skip "no sparse files of that size here"
	start_gateway
	eventually is_failed huge.xml
	[[ $(reason_of huge.xml) == *max_file_size* ]]
	pass_another
	[ "$GATEWAY_VARIANT" = asan ] || [ "$(memory_used)" -le 64 ]
}

@test "sixteen megabytes of nothing are called empty" {
	head -c 16777216 /dev/zero >"$SITE/zeros"
	tr '\0' ' ' <"$SITE/zeros" | drop spaces.xml
	tr '\0' '\n' <"$SITE/zeros" | drop lines.xml
	drop zeros.xml <"$SITE/zeros"
	start_gateway
	local name
	for name in spaces lines zeros; do
		eventually is_failed "$name.xml"
		[[ $(reason_of "$name.xml") == *'nothing but white space or zero bytes'* ]]
	done
	pass_another
}

make_hostile_document() {
	python3 - "$@" <<-'END'
		import sys
		kind, size = sys.argv[1], int(sys.argv[2])
		NS = 'xmlns:open="http://www.opensi.fr" xmlns:xsd="http://www.opensi.fr/xsd"'
		def comments(inside):
		    return f"<open:Comments {NS}>{inside}</open:Comments>"
		def attributes(count, mark="="):
		    return "".join(f" a{i:x}{mark}''" for i in range(count))
		def declared(name):
		    return f"<?xml version='1.0' encoding='{name}'?>"
		def times(text):
		    return text * (size // len(text))
		makers = {
		    "nesting": lambda: comments(times("<a>")),
		    "attribute": lambda: comments(f"<open:Comment a='{times('x')}'/>"),
		    "attributes": lambda: comments(f"<a{attributes(size // 11)}/>"),
		    "attributes-ebcdic": lambda: (declared("IBM500")
		        + f"<a{attributes(size // 11)}/>").encode("cp500"),
		    "attributes-utf-7": lambda: declared("UTF-7")
		        + f"<a{attributes(size // 16, '+AD0-')}/>",
		    "namespaces": lambda: comments(
		        "<a" + "".join(f" xmlns:n{i:x}='u'" for i in range(size // 17)) + "/>"),
		    "empty-elements": lambda: comments(times("<a/>")),
		    "empty-comments": lambda: comments(times("<open:Comment/>")),
		    "instructions": lambda: comments(times("<?a b?>") + "<a/>"),
		    "xml-comments": lambda: comments(times("<!---->") + "<a/>"),
		    "cdata": lambda: comments(times("<![CDATA[x]]>")),
		    "instruction": lambda: f"<?a {times('x')}?>" + comments("<a/>"),
		    "name": lambda: comments(f"<{times('x')}/>"),
		    "prefixes": lambda: comments(
		        "".join(f"<p{i:x}:a/>" for i in range(size // 10))),
		    "references": lambda: comments(times("&#65;")),
		    "entities": lambda: comments(times("&a;")),
		    "text": lambda: comments(times("x")),
		    "less-thans": lambda: times("<"),
		    "bangs": lambda: times("<!"),
		    "utf-16-noise": lambda: b"\xff\xfe" + times("\ud7ff").encode("utf-16le"),
		    "wrong-bytes": lambda: comments(times("x")).encode() + b"\xff",
		}
		made = makers[kind]()
		sys.stdout.buffer.write(made if isinstance(made, bytes) else made.encode())
	END
}

HOSTILE_KINDS='nesting attribute attributes attributes-ebcdic attributes-utf-7 namespaces
empty-elements empty-comments instructions xml-comments cdata instruction name prefixes
references entities text less-thans bangs utf-16-noise wrong-bytes'

# Half of what a file may be, so that two of anything fit; under ASan a small part of it.
hostile_size() {
	[ "$GATEWAY_VARIANT" = asan ] && echo 400000 || echo 8000000
}

@test "megabytes made to hold up a parser fail soon, in plain words, in bounded memory" {
	local kind started size
	size=$(hostile_size)
	start_gateway
	for kind in $HOSTILE_KINDS; do
		make_hostile_document "$kind" "$size" | drop "$kind.xml"
	done
	started=$SECONDS
	# shellcheck disable=SC2034 # of eventually
	PATIENCE=60
	eventually is_done
	echo "$((SECONDS - started)) s, $(memory_used) MiB"
	for kind in $HOSTILE_KINDS; do
		is_failed "$kind.xml"
		[ "$(wc -c <"$(path_in failed "$kind.xml.reason.txt")")" -le 100000 ]
	done
	is_shown_cleanly
	[ -z "$(stub_events request)" ]
	[ "$GATEWAY_VARIANT" = asan ] || [ "$(memory_used)" -le 128 ]
	pass_another
}

@test "what cannot be decoded leaves no line in the log but ours" {
	start_gateway
	{
		printf '\xff\xfe<\0a\0>\0\x01\xd8'
		printf 'x\0%.0s' {1..20000}
	} | drop wide.xml
	eventually is_failed wide.xml
	stop_gateway
	not grep -vE '^<[3-7]>' "$LOG"
}

@test "a flood of files at once is sent, in little memory" {
	[ "${GATEWAY_VARIANT:-release}" = release ] || skip "too long for this variant"
	local count=${GATEWAY_TORTURE:+100000}
	: "${count:=10000}"
	set_option log_level '"warning"'
	# shellcheck disable=SC2034 # of eventually
	PATIENCE=300
	document WEB-@:@ | awk -v folder="$SPOOL/incoming" -v count="$count" '
		{ text = text $0 "\n" }
		END {
			for (i = 1; i <= count; i++) {
				each = text
				gsub(/@/, i, each)
				file = folder "/" i ".xml"
				printf "%s", each >file
				close(file)
			}
		}'
	launch_gateway
	eventually is_empty incoming
	eventually is_done
	holds_drops sent "$count"
	echo "$(time_used) hundredths of a second, $(memory_used) MiB"
	[ "$(time_used)" -le $((count / 50)) ]
	# 16 MiB, and 3 for the 4,000 drops that are claimed ahead when the shop is slow; for
	# each waiting file 48 bytes and its name.
	[ "$(memory_used)" -le $((16 + 3 + count * 58 / 1048576)) ]
}
