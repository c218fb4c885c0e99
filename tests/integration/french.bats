#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# French: no sentence without it, none that was not marked, and a French site on a server
# that has no French locale.
#
# shellcheck disable=SC1112 # the apostrophe of French

bats_require_minimum_version 1.5.0

load gateway_helpers
load tool_helpers

PO=$ROOT/contrib/po/fr.po
MO=$ROOT/build/locale/fr/LC_MESSAGES/opensi-gateway.mo

# As a small server has it.
export LC_ALL=C.UTF-8 LANG=C.UTF-8
unset LANGUAGE LC_MESSAGES

teardown() {
	clean_up
}

need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "there is no $program: contrib/deps test"
	done
}

# --- the catalogue ---

# The sentences of the sources as they are now, with the French that there is.
merge() {
	need msgmerge msgfmt msgattrib
	make -s -C "$ROOT" POT="$BATS_TEST_TMPDIR/now.pot" "$BATS_TEST_TMPDIR/now.pot"
	msgmerge -q --no-fuzzy-matching -o "$BATS_TEST_TMPDIR/now.po" "$PO" \
		"$BATS_TEST_TMPDIR/now.pot"
}

@test "every sentence has its French" {
	merge
	msgattrib --untranslated "$BATS_TEST_TMPDIR/now.po"
	run -0 msgfmt --check --statistics -o /dev/null "$BATS_TEST_TMPDIR/now.po"
	echo "$output"
	[[ $output =~ ^[0-9]+\ translated\ messages\.$ ]]
}

@test "no French is left of sentences that are gone" {
	merge
	run -0 msgattrib --only-obsolete "$BATS_TEST_TMPDIR/now.po"
	[ -z "$output" ]
}

# msgfmt writes such formats in tables of their own, which we do not read.
@test "no sentence has a format that depends on the machine" {
	merge
	not grep -F '%<' "$BATS_TEST_TMPDIR/now.pot"
}

@test "values have the same places in French, and its typography is kept" {
	need python3
	"$ROOT/tests/french/catalogue.py" faults "$MO"
}

# --- what was not marked ---

@test "every sentence of the sources is marked" {
	need python3
	cd "$ROOT"
	tests/french/unmarked.py gateway/*/*.c
}

# Programs of their own, which find masked words: every letter of a marked sentence is é.
make_masked() {
	need python3
	MASKED=$BATS_TEST_TMPDIR/masked
	mkdir -p "$MASKED/bin" "$MASKED/locale/fr/LC_MESSAGES"
	cp "$GATEWAY" "$TOOL" "$MASKED/bin"
	"$ROOT/tests/french/catalogue.py" mask "$MO" \
		"$MASKED/locale/fr/LC_MESSAGES/opensi-gateway.mo"
	GATEWAY=$MASKED/bin/opensi-gateway
	TOOL=$MASKED/bin/opensi-spool
	export LC_ALL=fr_FR.UTF-8
}

# only_masked WORD...: nothing can be read on standard input but these.
only_masked() {
	local text words
	text=$(cat)
	[[ $text == *é* ]]
	words=$(grep -oE '[[:alpha:]]{3,}' <<<"$text" | grep -v é | sort -u |
		grep -vxF -f <(printf '%s\n' "$@")) || true
	[ -z "$words" ] || {
		echo "not marked: $words"
		return 1
	}
}

@test "all of --help is marked" {
	make_masked
	local names command
	mapfile -t names < <("$GATEWAY" --help | grep -oE -- '--[a-z-]+' | tr -cs '[:lower:]' '\n')
	"$GATEWAY" --help | only_masked "${names[@]}" etc opensi gateway conf
	mapfile -t names < <("$TOOL" --help | sed -nE 's/^  ([a-z]+) .*/\1/p')
	"$TOOL" --help | only_masked "${names[@]}" etc opensi gateway conf
	for command in "${names[@]}"; do
		"$TOOL" "$command" --help | only_masked "${names[@]}" opensi spool \
			config site json watch check warning critical all order comment \
			older than yes null version help
	done
}

@test "all complaints of the configuration are marked" {
	make_masked
	make_site
	mkdir -p "$SPOOL"
	cat >"$CONF" <<-END
		nonsense = 1;
		urk = 1;
		name = "a/b";
		website_code = 7;
		url = "ftp://x";
		key_file = "none.key";
		login = "x";
		spool = "spool/";
		pattern = "a/b";
		settle = "2 weeks";
		rescan = "1ms";
		retry_min = "9h";
		connect_timeout = "5m";
		batch_comments = "many";
		shop_limits = "yes";
		max_file_size = "1T";
		log_level = "loud";
		proxy = "gopher://";
		basic_auth_file = "none.key";
		client_key = "none.key";
		ca_file = "none.key";
		schema = "";
		user = "";
	END
	run "$GATEWAY" -t -c "$CONF"
	[ "$status" -eq 78 ]
	[ "${#lines[@]}" -ge 20 ]
	# The system's own words are its own affair.
	printf '%s\n' "${lines[@]//$SITE/}" | sed 's/No such file or directory//' | only_masked \
		gateway conf nonsense urk name website code url key file login spool pattern \
		settle rescan retry min max connect request timeout batch comments shop limits \
		size log level proxy basic auth client ca schema user weeks many yes loud \
		error warning info debug none password root cert
}

@test "all of a reason file, of the page and of a log's sentences is marked" {
	start_stub '[{"order": "WEB-8", "do": "results", "orders": {"WEB-8": "3002"}}]'
	make_masked
	make_site
	start_gateway
	document WEB-7:1 WEB-8:2 | drop 1.xml
	document WEB-9:abc | drop 2.xml
	eventually is_failed 1.xml
	eventually is_failed 2.xml
	stop_stub
	document WEB-7:3 | drop 3.xml
	eventually logged hold
	local words=(xml incoming failed sending sent WEB SITE CommentId abc)
	sed "s|$SITE||g" "$SPOOL"/failed/*.reason.txt |
		only_masked "${words[@]}" spool
	eventually grep -q held "$SPOOL/status.html"
	# What libcurl says is its own affair.
	sed -E 's/<style>.*//; s/<[^>]*>//g; s/\(Failed[^)]*\)//' "$SPOOL/status.html" |
		sed -n '/<body/,$p; /^[^{}]*$/p' | grep -v '[{}]' | only_masked "${words[@]}"
	grep -oE '(meaning|remedy|shop_said)="[^"]*"' "$LOG" |
		sed -E 's/^[a-z_]*=//; s/\(Failed[^)]*\)//' | only_masked
}

# --- a French site ---

# No-break spaces as spaces, to be compared.
plain() {
	sed $'s/\u00a0/ /g'
}

letter() {
	reason_of "$1" | plain
}

# run, with what was said made plain.
say() {
	run "$@"
	output=$(plain <<<"$output")
}

french_site() {
	start_stub "${1-[]}"
	make_site
	make_folders
	set_option language '"fr"'
	unset LC_ALL LANG
}

@test "a reason file speaks French" {
	french_site '[{"order": "WEB-8", "do": "results", "orders": {"WEB-8": "3002"}}]'
	start_gateway
	document WEB-7:1 WEB-8:2 | drop a.xml
	document WEB-9:abc | drop b.xml
	eventually is_failed a.xml
	eventually is_failed b.xml
	[[ $(letter a.xml) == *'_a.xml: livré en partie : il reste 1 commentaire'*'À faire :'*"mv '"* ]]
	[[ $(letter b.xml) == *'_b.xml: non envoyé : il contient 1 problème'* ]]
	[[ $(letter b.xml) == *'ligne 5, commentaire 1 (commande WEB-9) : CommentId « abc » n’est pas un nombre entier'* ]]
	say tool check "$(path_in failed b.xml)"
	[[ $output == *'non valide'*'CommentId « abc » n’est pas un nombre'* ]]
	say tool show b.xml
	[[ $output == *'pris dans incoming/'*'lu : non valide, rien n’en est donc envoyé'* ]]
}

@test "page, log and tool speak French, and what programs read stays as it is" {
	french_site '[{"do": "fault", "text": "Authentification failed"}]'
	set_option retry_min '"4m"'
	set_option retry_max '"10m"'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually logged hold 'reason=key-refused .*remedy="la boutique n’accepte pas la clé'
	eventually grep -q '"state":"held"' "$SPOOL/state.json"
	eventually grep -q '<html lang="fr">' "$SPOOL/status.html"
	grep -q 'La boutique n’accepte pas la clé' "$SPOOL/status.html"
	grep -q '"reason":"key-refused"' "$SPOOL/state.json"
	grep -q '"remedy":"the shop does not accept the key: ' "$SPOOL/state.json"
	audited hold '"result":"key-refused"'
	say tool status
	[[ $output == 'WEB1 : envois suspendus depuis '*'(clé refusée)'*'à faire'*'corrigez key_file'* ]]
	say tool status --check
	[ "$status" -eq 2 ]
	[[ $output == 'OPENSI CRITICAL - WEB1: clé refusée depuis '*' | waiting=1;'* ]]
	[ "$(tool status --json | json 'd["sites"][0]["hold"]["reason"]')" = key-refused ]
	say tool ping
	[[ $output == *'clé '*'refusée'* ]]
}

@test "the journal of a French site is that of an English one" {
	local language events=()
	for language in en fr; do
		start_stub '[{"order": "WEB-8", "do": "results", "orders": {"WEB-8": "3002"}}]'
		make_site "$language"
		set_option language "\"$language\""
		document WEB-7:1 WEB-8:2 | drop a.xml
		run_once || true
		events+=("$(audit | sed -E 's/"(t|up|claim|version|boot|to|message)":("[^"]*"|[0-9]+),?//g')")
		stop_stub
	done
	[ "${events[0]}" = "${events[1]}" ]
}

@test "complaints of a configuration are in the language that it asks for" {
	french_site
	set_option pattern '"a/b"'
	say "$GATEWAY" -t -c "$CONF"
	[ "$status" -eq 78 ]
	[[ $output == *': pattern: contient un « / »'* ]]
	set_option settle 5
	say "$GATEWAY" -t -c "$CONF"
	[[ $output == *': settle: 5 ne convient pas : une durée est attendue ; écrivez-la '* ]]
}

@test "one that is left over is counted as one" {
	french_site
	seq -f 'unknown_%.0f = 1;' 51 >>"$CONF"
	say "$GATEWAY" -t -c "$CONF"
	[ "$status" -eq 78 ]
	[[ $output == *': et 1 autre' ]]
}

@test "a reload makes a gateway French that began in English and has confined itself" {
	french_site
	set_option language '"en"'
	start_gateway
	eventually grep -q '<html lang="en">' "$SPOOL/status.html"
	set_option language '"fr"'
	kill -HUP "$GATEWAY_PID"
	eventually grep -q '<html lang="fr">' "$SPOOL/status.html"
	not logged no-translation
	document WEB-9:abc | drop a.xml
	eventually is_failed a.xml
	[[ $(letter a.xml) == *'non envoyé'* ]]
}

@test "a reload changes the language, and a refused one does not" {
	french_site
	start_gateway
	eventually grep -q '<html lang="fr">' "$SPOOL/status.html"
	set_option language '"en"'
	set_option spool '"elsewhere"'
	kill -HUP "$GATEWAY_PID"
	eventually logged reload-refused 'errors='
	document WEB-9:abc | drop kept.xml
	eventually is_failed kept.xml
	[[ $(letter kept.xml) == *'non envoyé'* ]]
	set_option spool '"spool"'
	set_option language '"fr"'
	kill -HUP "$GATEWAY_PID"
	eventually logged reloaded
	document WEB-9:abc | drop a.xml
	eventually is_failed a.xml
	[[ $(letter a.xml) == *'non envoyé'* ]]
	set_option language '"en"'
	kill -HUP "$GATEWAY_PID"
	eventually grep -q '<html lang="en">' "$SPOOL/status.html"
	document WEB-9:abc | drop b.xml
	eventually is_failed b.xml
	[[ $(letter b.xml) == *'not sent'* ]]
}

# --- which language ---

# speaks LANGUAGE [NAME=VALUE]...
speaks() {
	local language=$1 help
	shift
	help=$(env -u LC_ALL -u LANG "$@" "$TOOL" --help)
	case $language in
	fr) [[ $help == Utilisation* ]] ;;
	*) [[ $help == Usage* ]] ;;
	esac
}

@test "the environment chooses as it does for gettext, without any locale installed" {
	speaks en
	speaks fr LANG=fr_FR.UTF-8
	speaks fr LANG=fr
	speaks fr LANG=fr_BE@euro
	speaks en LANG=fra_XX
	speaks en LANG=de_DE.UTF-8
	speaks fr LANG=en_US.UTF-8 LC_MESSAGES=fr_FR.UTF-8
	speaks en LANG=fr_FR.UTF-8 LC_ALL=en_US.UTF-8
	speaks fr LANG=fr_FR.UTF-8 LC_ALL=
	speaks fr LANG=en_US.UTF-8 LANGUAGE=de:fr:en
	speaks en LANG=fr_FR.UTF-8 LANGUAGE=en:fr
	speaks en LANG=C.UTF-8 LANGUAGE=fr
	speaks en LANG=POSIX LANGUAGE=fr
}

@test "the configuration goes before the environment" {
	french_site
	LANG=en_US.UTF-8 say tool status
	[[ $output == *'aucune passerelle ne tourne'* ]]
	set_option language '"en"'
	LANG=fr_FR.UTF-8 say tool status
	[[ $output == *'no gateway runs'* ]]
}

@test "without its catalogue the gateway says so, and works in English" {
	french_site
	[ ! -e /usr/local/share/locale/fr/LC_MESSAGES/opensi-gateway.mo ] ||
		skip "a catalogue is installed"
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$GATEWAY" "$BATS_TEST_TMPDIR/bin"
	GATEWAY=$BATS_TEST_TMPDIR/bin/opensi-gateway
	document WEB-9:abc | drop a.xml
	run_once || true
	logged no-translation 'English is spoken'
	[[ $(letter a.xml) == *'not sent'* ]]
}

@test "make install puts the catalogue where the programs look for it" {
	need msgfmt
	local tree=$BATS_TEST_TMPDIR/tree installed=$BATS_TEST_TMPDIR/installed
	mkdir "$tree"
	cp -r "$ROOT/Makefile" "$ROOT/contrib" "$ROOT/gateway" "$tree"
	make -s -C "$tree" install-locale DESTDIR="$installed" prefix=/opt
	cmp "$MO" "$installed/opt/share/locale/fr/LC_MESSAGES/opensi-gateway.mo"
	make -s -C "$tree" uninstall DESTDIR="$installed" prefix=/opt
	[ -z "$(find "$installed" -type f)" ]
}
