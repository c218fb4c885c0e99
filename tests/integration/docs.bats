#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The manual and the completions: in good form, and never behind the programs. What is
# compared comes from the programs' own tables, by --help. (Settings, metrics and fields:
# tests/unit/test_manual.c.)

bats_require_minimum_version 1.5.0

load gateway_helpers

MAN=$ROOT/contrib/man
COMPLETIONS=$ROOT/contrib/completions
TOOL=${GATEWAY%/*}/opensi-spool

# --- the programs' tables ---

commands() {
	"$TOOL" --help | sed -nE 's/^  ([a-z]+) .*/\1/p'
}

# PROGRAM [COMMAND]: "-c --config FILE", a line each.
options() {
	"$@" --help | sed -nE 's/^  ((-.), |    )(--[a-z-]+)( [A-Z]+)? .*/\2 \3\4/p'
}

# FILE FILE: the same lines, and some.
same() {
	local one other
	one=$(sort -u "$1")
	other=$(sort -u "$2")
	[ -n "$one" ] && diff - <(echo "$other") <<<"$one"
}

# As the manual has it: "*-c*, *--config* _FILE_".
option_in_manual() {
	sed -E 's/^(-.) /*\1*, /; s/^ //; s/(--[a-z-]+)/*\1*/; s/ ([A-Z]+)$/ _\1_/'
}

# --- the manual ---

page() {
	mkdir -p "$(dirname "$BATS_TEST_TMPDIR/$1")"
	scdoc <"$MAN/$1.scd" >"$BATS_TEST_TMPDIR/$1"
}

# With their folder, if they are not English.
pages() {
	(cd "$MAN" && printf '%s\n' *.scd */*.scd) | sed 's/\.scd$//'
}

need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "there is no $program: contrib/deps test"
	done
}

@test "every page can be made and read, without warnings" {
	need scdoc man
	local page
	for page in $(pages); do
		page "$page"
		run --separate-stderr env LC_ALL=C.UTF-8 MANWIDTH=80 MANROFFSEQ='' \
			man --warnings -E UTF-8 -l "$BATS_TEST_TMPDIR/$page"
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[[ $output == *'SEE ALSO'* || $output == *'VOIR AUSSI'* ]]
	done
}

# How scdoc writes a page is its own affair: a paragraph after each heading, paragraphs as
# lines, the title as it is.
@test "mandoc finds nothing in the pages but scdoc's own ways" {
	need scdoc mandoc
	local page
	for page in $(pages); do
		page "$page"
		run mandoc -T lint "$BATS_TEST_TMPDIR/$page"
		run grep -vE 'STYLE: (input text line longer than 80 bytes|lower case character in document title)|WARNING: skipping paragraph macro: PP (empty|after S[HS])' <<<"$output"
		[ -z "$output" ]
	done
}

@test "pages and completions are installed below the prefix, and taken away again" {
	need scdoc
	local tree=$BATS_TEST_TMPDIR/tree installed=$BATS_TEST_TMPDIR/installed
	mkdir "$tree"
	cp -r "$ROOT/Makefile" "$ROOT/contrib" "$ROOT/gateway" "$tree"
	make -s -C "$tree" install-man install-completions DESTDIR="$installed" prefix=/opt
	[ "$(find "$installed/opt/share/man" -type f | wc -l)" -eq "$(pages | wc -l)" ]
	[ -f "$installed/opt/share/man/man5/opensi-gateway.conf.5" ]
	[ -f "$installed/opt/share/man/fr/man1/opensi-spool.1" ]
	[ -f "$installed/opt/share/bash-completion/completions/opensi-spool" ]
	[ -f "$installed/opt/share/zsh/site-functions/_opensi-gateway" ]
	grep -q /opt/share/opensi-gateway/comments \
		"$installed/opt/share/man/man5/opensi-comments.5"
	not grep -rq /usr/local "$installed"
	make -s -C "$tree" uninstall DESTDIR="$installed" prefix=/opt
	[ -z "$(find "$installed" -type f)" ]
}

@test "pages that are named exist" {
	local name section known
	known=" $(pages | tr '\n' ' ')"
	while IFS=' ' read -r name section; do
		[[ $known == *" $name.$section "* ]]
	done < <(grep -ohE '\*opensi-[a-z.]+\*\([0-9]\)' "$MAN"/*.scd "$MAN"/*/*.scd |
		sed -E 's/\*([^*]*)\*\((.)\)/\1 \2/' | sort -u)
}

@test "each option of the gateway is in its page, and no other" {
	same <(options "$GATEWAY" | option_in_manual) \
		<(grep -E '^\*-' "$MAN/opensi-gateway.8.scd")
}

@test "each option of the tool is in its page, and no other" {
	local command
	same <(for command in $(commands); do options "$TOOL" "$command"; done |
		option_in_manual) <(grep -E '^\*-' "$MAN/opensi-spool.1.scd")
}

@test "each command of the tool is in its page, and no other" {
	same <(commands) <(sed -n '/^# COMMANDS/,/^# OPTIONS/p' "$MAN/opensi-spool.1.scd" |
		grep -oE '^\*[a-z]+\*' | tr -d '*')
}

# Options, commands, fields: what is to be typed or read as it is.
terms() {
	grep -oE '\*[^* ]+\*' "$1" | grep -v '^\*[a-z-]*=' | sort -u
}

# PAGE: its text, on one line.
joined() {
	tr -s '\t\n ' ' ' <"$MAN/$1.scd"
}

# What stands in a call before its first field.
events_in_code() {
	cat "$ROOT"/gateway/*/*.c | tr '\n\t' '  ' | grep -oE 'log_event\([^;]*;' |
		sed -E 's/log_(text|number)\(.*//' | grep -oE '"[a-z-]+"' | tr -d '"'
	grep -oE '\{"[a-z-]+"' "$ROOT/gateway/top/trust.c" | tr -d '{"'
}

@test "each event of the log is in the page, and no other" {
	same <(events_in_code) <(
		sed -n '/^# THE LOG/,/^# SECURITY/p' "$MAN/opensi-gateway.8.scd" |
			grep -E '^\*.*\)$' | grep -oE '\*[a-z-]+\*' | tr -d '*'
	)
}

@test "the question about the site that check and envelope ask is in the manual" {
	grep -qF "which site's rules? Name it by --site" "$ROOT/gateway/tool/judge.c"
	joined opensi-spool.1 | grep -qF "which site's rules? Name it by --site"
	joined fr/opensi-spool.1 | grep -q 'les règles de quel site.*Nommez-le par --site'
}

@test "a page in French has the terms of the English one" {
	local page
	while read -r page; do
		diff <(terms "$MAN/$page.scd") <(terms "$MAN/fr/$page.scd")
	done < <(pages | sed -n 's|^fr/||p')
	[ -f "$MAN/fr/opensi-spool.1.scd" ]
}

# What is to be typed.
typed_in() {
	grep -E '^    (contrib/|make |apt |install |mkdir |cd |useradd |systemctl |opensi-|\*/)' "$1"
}

@test "README.fr.md has nothing typed that README.md has not" {
	[ "$(typed_in "$ROOT/README.fr.md" | wc -l)" -ge 15 ]
	run grep -vxF -f <(typed_in "$ROOT/README.md") <(typed_in "$ROOT/README.fr.md")
	[ -z "$output" ]
}

# --- completions ---

# WORD...: what bash offers in place of the last one.
bash_offers() {
	bash -c '
		. "$1"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		eval "$(complete -p "${1##*/}" | sed -E "s/.*-F ([^ ]*) .*/\1/")"
		[ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"
	' bash "$COMPLETIONS/${1##*/}.bash" "$@"
}

long_options() {
	options "$@" | grep -oE -- '--[a-z-]+'
}

@test "bash offers each option and each command, and no other" {
	local command
	same <(long_options "$GATEWAY") <(bash_offers "$GATEWAY" --)
	same <(commands) <(bash_offers "$TOOL" '')
	for command in $(commands); do
		same <(long_options "$TOOL" "$command") \
			<(bash_offers "$TOOL" "$command" --)
	done
}

@test "the completions know which options take an argument" {
	local command short long value word
	for command in $(commands); do
		while read -r short long value; do
			[[ $short == --* ]] && value=$long long=$short short=
			for word in $short $long; do
				if [ -n "$value" ]; then
					[ "$(bash_offers "$TOOL" "$word" x ini)" = init ]
					grep -qE "[ (|]${word}[|) ]" "$COMPLETIONS/_opensi-spool"
				else
					[ "$(bash_offers "$TOOL" "$word" ini)" = init ]
				fi
			done
		done < <(options "$TOOL" "$command")
	done
}

@test "bash offers sites, folders, and names in failed/ for a retry" {
	make_site
	"$TOOL" -c "$CONF" init
	touch "$SPOOL/failed/one.xml" "$SPOOL/failed/two words.xml" "$SPOOL/incoming/x.xml"
	[ "$(bash_offers "$TOOL" -c "$CONF" status -s '')" = WEB1 ]
	[ "$(bash_offers "$TOOL" list se)" = sending$'\n'sent ]
	[ "$(bash_offers "$TOOL" -c "$CONF" retry '' | sort)" = one.xml$'\n''two\ words.xml' ]
	[ "$(bash_offers "$TOOL" -c "$CONF" -s WEB1 show x)" = x.xml ]
	cd "$SITE"
	[ "$(bash_offers "$TOOL" -c gate)" = gateway.conf ]
	[ "$(bash_offers "$GATEWAY" --config gate)" = gateway.conf ]
}

@test "names are those of the site that stands on the line" {
	make_site
	sed -i '/^spool = \|^website_code = /d' "$CONF"
	set_option sites '( { name = "one"; website_code = "W1"; spool = "one"; },
		{ name = "two"; website_code = "W2"; spool = "two"; } )'
	mkdir "$SITE/one" "$SITE/two"
	"$TOOL" -c "$CONF" init
	touch "$SITE/one/failed/a.xml" "$SITE/two/failed/b.xml"
	[ "$(bash_offers "$TOOL" -c "$CONF" retry '' | paste -sd ' ')" = 'a.xml b.xml' ]
	[ "$(bash_offers "$TOOL" -c "$CONF" -s two retry '')" = b.xml ]
	[ "$(bash_offers "$TOOL" retry --site two -c "$CONF" '')" = b.xml ]
	command -v zsh >/dev/null || return 0
	[ "$(zsh_offers "opensi-spool -c $CONF -s two retry ")" = b.xml ]
	[ "$(zsh_offers "opensi-spool -c $CONF retry --site two ")" = b.xml ]
}

@test "bash offers what may stand before the command, and goes on behind it" {
	local command
	make_site
	"$TOOL" -c "$CONF" init
	touch "$SPOOL/failed/one.xml"
	same <(for command in $(commands); do long_options "$TOOL" "$command"; done) \
		<(bash_offers "$TOOL" --)
	same <(commands) <(bash_offers "$TOOL" -c "$CONF" '')
	same <(commands) <(bash_offers "$TOOL" --json '')
	# As bash parts it at the sign:
	same <(commands) <(bash_offers "$TOOL" --config = "$CONF" '')
	same <(commands) <(bash_offers "$TOOL" --older-than = 90d '')
	[ "$(bash_offers "$TOOL" --config = "$CONF" retry '')" = one.xml ]
	# Behind -- there are no options, whatever they look like.
	[ "$(bash_offers "$TOOL" -c "$CONF" retry -- -c x '')" = one.xml ]
	# shellcheck disable=SC2088 # as it stands on the command line
	[ "$(HOME=$SITE bash_offers "$TOOL" -c '~/gateway.conf' retry '')" = one.xml ]
	cd "$SITE"
	[ "$(bash_offers "$TOOL" --config = gate)" = gateway.conf ]
	bash_offers "$TOOL" --config = | grep -x gateway.conf
}

@test "days of sent/ are offered behind its name" {
	make_site
	"$TOOL" -c "$CONF" init
	mkdir "$SPOOL"/sent/2026-11-2{2,3}
	[ "$(bash_offers "$TOOL" -c "$CONF" list sent/ | paste -sd ' ')" = \
		'sent/2026-11-22 sent/2026-11-23' ]
	[ "$(bash_offers "$TOOL" -c "$CONF" list sent/2026-11-23)" = sent/2026-11-23 ]
	[ "$(bash_offers "$TOOL" -c "$CONF" list sent)" = sent ]
	command -v zsh >/dev/null || return 0
	[ "$(zsh_offers "opensi-spool -c $CONF list sent/" | paste -sd ' ')" = \
		'sent/2026-11-22 sent/2026-11-23' ]
	[ "$(zsh_offers "opensi-spool -c $CONF list f")" = failed ]
}

# LINE: what zsh offers for it, in a terminal of its own. What it knows of all commands is
# gathered once.
zsh_offers() {
	PATH=${GATEWAY%/*}:$PATH timeout 60 zsh -f -c '
		zmodload zsh/zpty
		zpty shell "zsh -f -i"
		zpty -w shell "PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -d $2"
		zpty -w shell "compadd() { local -a hits; builtin compadd -A hits \"\$@\"
			print -rl -- OFFER:\$^hits; builtin compadd \"\$@\" }"
		zpty -w shell "tab() { zle complete-word; print TAB_\"\"DONE }
			zle -N tab; bindkey ^I tab; setopt no_auto_list; print READY_\"\"NOW"
		zpty -r -m shell heard "*READY_NOW*"
		zpty -w -n shell "$3"$'\''\t'\''
		zpty -r -m shell heard "*TAB_DONE*"
		zpty -d shell
		print -r -- $heard
	' zsh "$COMPLETIONS" "$BATS_FILE_TMPDIR/zcompdump" "$1" |
		grep -ao 'OFFER:[^[:cntrl:]]*' | cut -d : -f 2- | sort -u
}

@test "zsh offers the same" {
	need zsh
	local command
	make_site
	"$TOOL" -c "$CONF" init
	touch "$SPOOL/failed/one.xml"
	same <(long_options "$GATEWAY") <(zsh_offers "opensi-gateway --")
	same <(commands) <(zsh_offers "opensi-spool ")
	same <(long_options "$TOOL" purge) <(zsh_offers "opensi-spool purge --")
	[ "$(zsh_offers "opensi-spool -c $CONF retry ")" = one.xml ]
	[ "$(zsh_offers "opensi-spool -c $CONF -s ")" = WEB1 ]
	# What may stand before the command:
	same <(commands) <(zsh_offers "opensi-spool --json -c $CONF ")
	[ "$(zsh_offers "opensi-spool -o WEB-1 ini")" = init ]
	same <(for command in $(commands); do long_options "$TOOL" "$command"; done) \
		<(zsh_offers "opensi-spool --")
}
