#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What an exporter promises: a valid file with exactly the given values, which appears in
# incoming/ by a rename after a flush, or else an error and nothing at all.

bats_require_minimum_version 1.5.0

PROJECT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
EXPORTERS=$PROJECT/contrib/exporters

setup_file() {
	export COBOL_EXPORTER=$BATS_FILE_TMPDIR/drop-comment
	if command -v cobc >/dev/null; then
		cobc -x -free -o "$COBOL_EXPORTER" "$EXPORTERS/drop-comment.cob"
	fi
}

setup() {
	INCOMING=$BATS_TEST_TMPDIR/incoming
	mkdir "$INCOMING"
}

need() {
	command -v "$1" >/dev/null || skip "no $1 on this machine"
}

choose_exporter() {
	case $1 in
	sh) EXPORTER=(sh "$EXPORTERS/drop-comment.sh") ;;
	php) need php && EXPORTER=(php "$EXPORTERS/drop-comment.php") ;;
	python) need python3 && EXPORTER=(python3 "$EXPORTERS/drop-comment.py") ;;
	powershell) need pwsh && EXPORTER=(pwsh -File "$EXPORTERS/drop-comment.ps1") ;;
	cobol) need cobc && EXPORTER=("$COBOL_EXPORTER") ;;
	esac
}

export_text() {
	"${EXPORTER[@]}" "$INCOMING" CC20050001 WEB-1 1 2020-05-01 true false "$@"
}

the_drop() {
	local drops=("$INCOMING"/*.xml)
	[ ${#drops[@]} -eq 1 ]
	echo "${drops[0]}"
}

incoming_is_empty() {
	[ -z "$(ls -A "$INCOMING")" ]
}

is_valid() {
	xmllint --noout --schema "$PROJECT/xsd/comments.xsd" "$1"
}

# The dot keeps the shell from dropping line feeds at the end of the value.
field_is() {
	local value
	value=$(xmllint --xpath "string(/*/*[local-name() = '$2'])" "$1" && printf .)
	[ "$value" = "$3"$'\n.' ] || {
		printf '%s is %q, not %q\n' "$2" "$value" "$3"
		return 1
	}
}

all_values_arrive() {
	choose_exporter "$1"
	"${EXPORTER[@]}" "$INCOMING" CC20050001 'R&D<7>' -2147483648 2024-02-29 1 false 'Fini !'
	local drop
	drop=$(the_drop)
	is_valid "$drop"
	field_is "$drop" OrderNumber CC20050001
	field_is "$drop" WebOrderNumber 'R&D<7>'
	field_is "$drop" CommentId -2147483648
	field_is "$drop" Comment 'Fini !'
	field_is "$drop" CommentDate 2024-02-29
	field_is "$drop" SendMail 1
	field_is "$drop" VisibleForCustomer false
}

nasty_texts_arrive() {
	choose_exporter "$1"
	local text
	# shellcheck disable=SC2016
	for text in 'éàçœ€ æ 漢字 🎁' '<b>&amp;</b> ]]> <![CDATA[x]]>' "it's \"quoted\"" \
		$'line\nline\r\nline\rline\ttab' $'\n between \n.' '-n' '%s\n\\0 $(id) `id` *' \
		'<?xml version="1.0"?><!-- - -->' "$(printf 'é%.0s' {1..2000})" $'\u0085\u2028.'; do
		export_text "$text"
		is_valid "$(the_drop)"
		field_is "$(the_drop)" Comment "$text"
		rm "$INCOMING"/*.xml
	done
}

text_is_read_from_standard_input() {
	choose_exporter "$1"
	printf 'first <line>\nsecond, é\n' | export_text
	is_valid "$(the_drop)"
	field_is "$(the_drop)" Comment $'first <line>\nsecond, é\n'
}

control_characters_are_refused() {
	choose_exporter "$1"
	local control
	for control in $'\001' $'\b' $'\v' $'\f' $'\033' $'\037'; do
		run -65 --separate-stderr export_text "ring${control}ring"
		[ -n "$stderr" ]
		run -65 --separate-stderr "${EXPORTER[@]}" "$INCOMING" "C${control}1" W 1 \
			2020-05-01 true true text
		incoming_is_empty
	done
	printf 'nul\0nul' | run -65 export_text
	incoming_is_empty
}

what_is_not_unicode_is_refused() {
	choose_exporter "$1"
	local bytes
	for bytes in $'caf\xe9' $'\xc3' $'\xed\xa0\x80' $'\xf4\x90\x80\x80' $'\xef\xbf\xbe'; do
		printf '%s' "$bytes" | run -65 export_text
		incoming_is_empty
	done
}

a_drop_is_flushed_then_renamed() {
	choose_exporter "$1"
	need strace
	strace -f -qq -y -o "$BATS_TEST_TMPDIR/trace" \
		-e trace=open,openat,creat,link,linkat,rename,renameat,renameat2,fsync \
		"${EXPORTER[@]}" "$INCOMING" CC1 W1 1 2020-05-01 true true text
	local name flushed renamed
	name=$(basename "$(the_drop)")
	flushed=$(grep -n "fsync([0-9]*<$INCOMING/\.[^/]*>) *= 0" "$BATS_TEST_TMPDIR/trace" |
		head -n 1 | cut -d : -f 1)
	renamed=$(grep -nE "rename[^ ]*\(.*/$name\".* = 0" "$BATS_TEST_TMPDIR/trace" |
		cut -d : -f 1)
	[ "$flushed" -lt "$renamed" ]
	run ! grep -E "(open|creat|link)[^ ]*\(.*/$name\"" "$BATS_TEST_TMPDIR/trace"
}

nothing_is_left_when_the_folder_is_unfit() {
	choose_exporter "$1"
	rmdir "$INCOMING"
	run -73 --separate-stderr export_text text
	[ -n "$stderr" ]
	[ ! -e "$INCOMING" ]
	touch "$INCOMING"
	run -73 --separate-stderr export_text text
	[ ! -s "$INCOMING" ]
}

nothing_is_left_when_the_disk_fails() {
	choose_exporter "$1"
	need strace
	local call
	for call in fsync rename,renameat,renameat2; do
		run ! --separate-stderr strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e "trace=$call" \
			-e "inject=$call:error=EIO" "${EXPORTER[@]}" "$INCOMING" CC1 W1 1 2020-05-01 \
			true true text
		[ -n "$stderr" ]
		incoming_is_empty
	done
}

the_group_may_read_it_whatever_the_umask() {
	choose_exporter "$1"
	(umask 077 && export_text text)
	[ "$(stat -c %a "$(the_drop)")" = 640 ]
}

many_at_once_keep_apart() {
	choose_exporter "$1"
	local i pids=()
	for i in {1..8}; do
		"${EXPORTER[@]}" "$INCOMING" CC1 W1 "$i" 2020-05-01 true true "text $i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	local drops=("$INCOMING"/*.xml)
	[ ${#drops[@]} -eq 8 ]
	is_valid "${drops[7]}"
}

wrong_arguments_are_explained() {
	choose_exporter "$1"
	run -64 --separate-stderr "${EXPORTER[@]}" "$INCOMING" CC1
	[[ $stderr == usage:* ]]
	incoming_is_empty
}

@test "sh: all values arrive" {
	all_values_arrive sh
}

@test "sh: nasty texts arrive" {
	nasty_texts_arrive sh
}

@test "sh: text is read from standard input" {
	text_is_read_from_standard_input sh
}

@test "sh: control characters are refused" {
	control_characters_are_refused sh
}

@test "sh: what is not unicode is refused" {
	what_is_not_unicode_is_refused sh
}

@test "sh: a drop is flushed then renamed" {
	a_drop_is_flushed_then_renamed sh
}

@test "sh: nothing is left when the folder is unfit" {
	nothing_is_left_when_the_folder_is_unfit sh
}

@test "sh: nothing is left when the disk fails" {
	nothing_is_left_when_the_disk_fails sh
}

@test "sh: the group may read it whatever the umask" {
	the_group_may_read_it_whatever_the_umask sh
}

@test "sh: many at once keep apart" {
	many_at_once_keep_apart sh
}

@test "sh: wrong arguments are explained" {
	wrong_arguments_are_explained sh
}

@test "php: all values arrive" {
	all_values_arrive php
}

@test "php: nasty texts arrive" {
	nasty_texts_arrive php
}

@test "php: text is read from standard input" {
	text_is_read_from_standard_input php
}

@test "php: control characters are refused" {
	control_characters_are_refused php
}

@test "php: what is not unicode is refused" {
	what_is_not_unicode_is_refused php
}

@test "php: a drop is flushed then renamed" {
	a_drop_is_flushed_then_renamed php
}

@test "php: nothing is left when the folder is unfit" {
	nothing_is_left_when_the_folder_is_unfit php
}

@test "php: nothing is left when the disk fails" {
	nothing_is_left_when_the_disk_fails php
}

@test "php: the group may read it whatever the umask" {
	the_group_may_read_it_whatever_the_umask php
}

@test "php: many at once keep apart" {
	many_at_once_keep_apart php
}

@test "php: wrong arguments are explained" {
	wrong_arguments_are_explained php
}

@test "python: all values arrive" {
	all_values_arrive python
}

@test "python: nasty texts arrive" {
	nasty_texts_arrive python
}

@test "python: text is read from standard input" {
	text_is_read_from_standard_input python
}

@test "python: control characters are refused" {
	control_characters_are_refused python
}

@test "python: what is not unicode is refused" {
	what_is_not_unicode_is_refused python
}

@test "python: a drop is flushed then renamed" {
	a_drop_is_flushed_then_renamed python
}

@test "python: nothing is left when the folder is unfit" {
	nothing_is_left_when_the_folder_is_unfit python
}

@test "python: nothing is left when the disk fails" {
	nothing_is_left_when_the_disk_fails python
}

@test "python: the group may read it whatever the umask" {
	the_group_may_read_it_whatever_the_umask python
}

@test "python: many at once keep apart" {
	many_at_once_keep_apart python
}

@test "python: wrong arguments are explained" {
	wrong_arguments_are_explained python
}

@test "powershell: all values arrive" {
	all_values_arrive powershell
}

@test "powershell: nasty texts arrive" {
	nasty_texts_arrive powershell
}

@test "powershell: text is read from standard input" {
	text_is_read_from_standard_input powershell
}

@test "powershell: control characters are refused" {
	control_characters_are_refused powershell
}

@test "powershell: what is not unicode is refused" {
	what_is_not_unicode_is_refused powershell
}

@test "powershell: a drop is flushed then renamed" {
	a_drop_is_flushed_then_renamed powershell
}

@test "powershell: nothing is left when the folder is unfit" {
	nothing_is_left_when_the_folder_is_unfit powershell
}

@test "powershell: nothing is left when the disk fails" {
	nothing_is_left_when_the_disk_fails powershell
}

@test "powershell: many at once keep apart" {
	many_at_once_keep_apart powershell
}

@test "powershell: wrong arguments are explained" {
	wrong_arguments_are_explained powershell
}

@test "cobol: all values arrive" {
	all_values_arrive cobol
}

@test "cobol: nasty texts arrive" {
	nasty_texts_arrive cobol
}

@test "cobol: text is read from standard input" {
	text_is_read_from_standard_input cobol
}

@test "cobol: control characters are refused" {
	control_characters_are_refused cobol
}

@test "cobol: a drop is flushed then renamed" {
	a_drop_is_flushed_then_renamed cobol
}

@test "cobol: nothing is left when the folder is unfit" {
	nothing_is_left_when_the_folder_is_unfit cobol
}

@test "cobol: nothing is left when the disk fails" {
	nothing_is_left_when_the_disk_fails cobol
}

@test "cobol: the group may read it whatever the umask" {
	the_group_may_read_it_whatever_the_umask cobol
}

@test "cobol: many at once keep apart" {
	many_at_once_keep_apart cobol
}

@test "cobol: wrong arguments are explained" {
	wrong_arguments_are_explained cobol
}

share_with() {
	SHARE=$BATS_TEST_TMPDIR/share
	mkdir "$SHARE"
	local name
	for name in "$@"; do
		echo "<$name/>" >"$SHARE/$name"
	done
}

fetch() {
	"$EXPORTERS/fetch-from-share.sh" "$SHARE" "$INCOMING" "$1"
}

@test "fetch: finished files move over whole, all else stays" {
	share_with one.xml 'two words.xml' .hidden.xml other.txt
	fetch 0
	[ "$(ls -A "$SHARE")" = $'.hidden.xml\nother.txt' ]
	[ "$(cat "$INCOMING"/*_one.xml)" = '<one.xml/>' ]
	[ "$(cat "$INCOMING"/*'_two words.xml')" = '<two words.xml/>' ]
	[ "$(find "$INCOMING" -type f | wc -l)" -eq 2 ]
}

@test "fetch: a file that still grows is left alone" {
	share_with growing.xml
	while [ -e "$SHARE" ]; do echo more; done >>"$SHARE/growing.xml" &
	local writer=$!
	fetch 0.2
	mv "$SHARE" "$SHARE.over"
	wait "$writer"
	[ -e "$SHARE.over/growing.xml" ]
	incoming_is_empty
}

@test "fetch: what a broken-off run had claimed is fetched by the next, oldest first" {
	share_with b.xml.fetching a.xml.fetching
	touch -d '2026-01-01 00:00:00.5' "$SHARE/b.xml.fetching"
	fetch 0
	[ -z "$(ls -A "$SHARE")" ]
	[[ $(ls -tr --time=ctime "$INCOMING") == *_b.xml*_a.xml ]]
}

@test "fetch: a name that comes again overwrites nothing" {
	share_with orders.xml
	fetch 0
	echo '<again/>' >"$SHARE/orders.xml"
	fetch 0
	[ "$(find "$INCOMING" -name '*_orders.xml' | wc -l)" -eq 2 ]
}

@test "fetch: what cannot be moved over stays on the share and is told" {
	need strace
	share_with orders.xml
	run -1 --separate-stderr strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=fsync \
		-e inject=fsync:error=EIO "$EXPORTERS/fetch-from-share.sh" "$SHARE" "$INCOMING" 0
	[[ $stderr == *"could not fetch orders.xml"* ]]
	[ -e "$SHARE/orders.xml.fetching" ]
	incoming_is_empty
}
