#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# How the gateway starts, and how it refuses to: by exit status and in words that help.

# shellcheck disable=SC2030,SC2031 # each test has a GATEWAY_PID of its own

bats_require_minimum_version 1.5.0

load gateway_helpers

setup() {
	make_site
}

teardown() {
	if [ -n "${MOUNTED:-}" ]; then
		umount "$MOUNTED"
	fi
	clean_up
	[ -z "${FOLDER_FOR_ALL-}" ] || rm -r "$FOLDER_FOR_ALL"
}

gateway() {
	"$GATEWAY" -c "$CONF" "$@" 3>&-
}

says() {
	[[ $output == *"$1"* ]] || {
		printf 'not said: %s\nbut: %s\n' "$1" "$output"
		return 1
	}
}

@test "a good configuration passes the check, and nothing is touched" {
	run -0 gateway -t
	says 'the configuration is good'
	[ "$(ls -A "$SPOOL")" = incoming ]
}

@test "every error of a configuration is told at once, with its line" {
	cat >"$CONF" <<-'END'
		website_code = "WEB1";
		url = "ftp://shop.example/";
		spool = "spool";
		settle = "10 parsecs";
		batch_comments = 0;
		conections = 2;
		shop_limits = "yes";
	END
	local option
	for option in -t --once; do
		run -78 gateway "$option"
		says "gateway.conf:2: url"
		says "gateway.conf:4: settle"
		says "gateway.conf:5: batch_comments"
		says "gateway.conf:6: "
		says "connections"
		says "gateway.conf:7: shop_limits"
		says "the key is missing"
	done
	[ "$(ls -A "$SPOOL")" = incoming ]
}

@test "a configuration that is missing, or no configuration, is an error of it" {
	run -78 "$GATEWAY" -c "$SITE/nowhere" --once
	says nowhere
	echo 'url = ' >"$CONF"
	run -78 gateway -t
	says "gateway.conf:"
}

@test "a key that others can read is refused" {
	chmod 644 "$SITE/shop.key"
	run -78 gateway -t
	says "$SITE/shop.key"
	says chmod
	not says "$KEY" >/dev/null
}

@test "root must say whom to become" {
	[ "$(id -u)" = 0 ] || skip "only root is asked"
	sed -i '/^user/d' "$CONF"
	run -78 gateway --once
	says 'user is missing'
}

# A folder that is within everyone's reach, as the tests' own are not.
make_folder_for_all() {
	FOLDER_FOR_ALL=$(mktemp -d /tmp/gwt.XXXXXX)
	chmod 755 "$FOLDER_FOR_ALL"
}

@test "what TLS is read from must be readable by whom root becomes" {
	[ "$(id -u)" = 0 ] || skip "only root becomes another"
	local option key cert
	make_folder_for_all
	key=$FOLDER_FOR_ALL/client.key
	cert=$FOLDER_FOR_ALL/client.pem
	(umask 077 && touch "$key")
	touch "$cert"
	set_option user '"nobody"'
	set_option url '"https://127.0.0.1:1/"'
	set_option client_cert "\"$cert\""
	set_option client_key "\"$key\""
	set_option ca_file "\"$cert\""
	for option in -t --once; do
		run -78 gateway "$option"
		says "gateway.conf: site WEB1: client_key: $key cannot be read by user \"nobody\""
		not says client_cert >/dev/null
		not says 'is good' >/dev/null
	done
	chown nobody "$key"
	run gateway -t
	not says 'client_key' >/dev/null
}

@test "a schema that is missing is said with its path" {
	set_option schema '"nowhere.xsd"'
	local option
	for option in -t --once; do
		run -78 gateway "$option"
		says "$SITE/nowhere.xsd: cannot be used as the schema"
		not says 'is good' >/dev/null
	done
}

@test "each schema that cannot be used is said once, whoever shares it" {
	sed -i -E '/^(website_code|url|spool|schema)/d' "$CONF"
	cat >>"$CONF" <<-'END'
		url = "http://127.0.0.1:1/";
		sites = (
		  { website_code = "A"; spool = "a"; schema = "one.xsd"; },
		  { website_code = "B"; spool = "b"; schema = "two.xsd"; },
		  { website_code = "C"; spool = "c"; schema = "one.xsd"; }
		);
	END
	run -78 gateway -t
	says "$SITE/two.xsd: cannot be used as the schema"
	[ "$(grep -c "$SITE/one.xsd: cannot be used as the schema" <<<"$output")" -eq 1 ]
}

# STREAM: what JOURNAL_STREAM says of the file that standard error is.
start_towards() {
	JOURNAL_STREAM=$1 gateway --once 2>"$SITE/told"
}

@test "what stops a start is an error to systemd's journal, and plain to all others" {
	echo 'conections = 2;' >>"$CONF"
	set_option batch_comments 0
	: >"$SITE/told"
	run -78 start_towards 1:1
	[ "$(grep -c "^$CONF:[0-9]" "$SITE/told")" -eq 2 ]
	run -78 start_towards "$(stat -c %d:%i "$SITE/told")"
	[ "$(grep -c "^<3>$CONF:[0-9]" "$SITE/told")" -eq 2 ]
	[ "$(wc -l <"$SITE/told")" -eq 2 ]
}

@test "a spool that is missing ends it with 73 and the command that makes it" {
	set_option spool '"nowhere"'
	run -73 gateway --once
	says "$SITE/nowhere: there is no such folder. Make"
	says "opensi-spool init"
	mkdir "$SITE/nowhere"
	run -73 gateway --once
	says "$SITE/nowhere/incoming: there is no such folder."
	says "opensi-spool init"
	"${GATEWAY%/*}/opensi-spool" -c "$CONF" init
	run -0 gateway --once
}

@test "the check of a configuration warns of a spool that is missing" {
	run -0 --separate-stderr gateway -t
	[ -z "$stderr" ]
	rmdir "$SPOOL/incoming"
	run -0 --separate-stderr gateway -t
	[[ $output == *'the configuration is good' ]]
	[[ $stderr == "warning: $SPOOL/incoming: there is no such folder."*'opensi-spool init'* ]]
	rmdir "$SPOOL"
	run -0 --separate-stderr gateway -t
	[[ $stderr == "warning: $SPOOL: there is no such folder."* ]]
}

@test "a folder of the spool that is a link is refused" {
	mkdir "$SITE/elsewhere"
	ln -s "$SITE/elsewhere" "$SPOOL/failed"
	run -73 gateway --once
	says "$SPOOL/failed"
	says 'not a folder'
}

@test "a folder of the spool on another file system is refused" {
	[ "$(id -u)" = 0 ] || skip "only root may mount"
	mount -t tmpfs -o size=1M tmpfs "$SPOOL/incoming" 2>/dev/null || skip "no mount here"
	MOUNTED=$SPOOL/incoming
	run -73 gateway --once
	says "$SPOOL/incoming: is on another file system"
}

# started_with CALL:error=ERROR OPTION...: as `run`, in a system that answers so.
started_with() {
	local call=${1%%:*} answer=$1
	command -v strace >/dev/null || skip "no strace on this machine"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	run timeout 60 strace -qq -E "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0" -o /dev/null \
		-e "trace=$call" -e "inject=$answer" "$GATEWAY" -c "$CONF" "${@:2}"
}

@test "a spool whose file system cannot rename as claims need it is refused" {
	started_with renameat2:error=EINVAL --once
	[ "$status" -eq 73 ]
	says 'RENAME_NOREPLACE'
}

@test "a system without a watch left is refused, with what to raise" {
	started_with inotify_init1:error=EMFILE
	[ "$status" -eq 71 ]
	says "$SPOOL: cannot be watched (Too many open files): raise fs.inotify.max_user_watches"
}

@test "a spool on a network file system is refused, with what to do instead" {
	mkdir "$SITE/mounted"
	bindfs "$SPOOL" "$SITE/mounted" 2>/dev/null || skip "bindfs cannot mount here"
	set_option spool '"mounted"'
	local status=0
	run_once || status=$?
	umount "$SITE/mounted"
	[ "$status" -eq 73 ]
	grep -q 'network file system (FUSE).*local disk.*Samba or NFS' "$LOG"
}

@test "a second gateway on one spool ends with 75, and with --wait takes over" {
	start_stub
	set_option url "\"$SHOP_URL\""
	start_gateway
	run -75 gateway
	says --wait
	run -75 gateway --once
	local first=$GATEWAY_PID
	launch_gateway --wait
	eventually waits_for_lock
	kill -TERM "$first"
	wait "$first"
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	[ "$(count_logged started)" -eq 2 ]
}

# The arrow marks one that waits for the lock of the line above: here by its inode.
waits_for_lock() {
	grep -q -- "-> OFDLCK .*:$(stat -c %i "$SPOOL/lock") " /proc/locks
}

@test "one that stands by can be ended" {
	start_gateway
	local first=$GATEWAY_PID status=0
	launch_gateway --wait
	eventually waits_for_lock
	stop_gateway || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 143 ]
	GATEWAY_PID=$first
}

@test "a reload that is asked of one that stands by is done when it takes over" {
	start_gateway
	local first=$GATEWAY_PID
	launch_gateway --wait
	eventually waits_for_lock
	kill -HUP "$GATEWAY_PID"
	kill -TERM "$first"
	wait "$first"
	eventually logged reloaded
}

@test "a disk that is full at the start is tried again later" {
	command -v strace >/dev/null || skip "no strace on this machine"
	# LeakSanitizer cannot work on a process that is traced already.
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	strace -qq -o "$SITE/calls" -e inject=fdatasync:error=ENOSPC "$GATEWAY" -c "$CONF" \
		--once >"$LOG" 2>&1 || true
	grep -q INJECTED "$SITE/calls" || skip "strace may not trace here"
	run -75 strace -qq -o "$SITE/calls" -e inject=fdatasync:error=ENOSPC "$GATEWAY" \
		-c "$CONF" --once
	says 'No space left'
}

@test "help and version go to standard output, and end well" {
	local option
	for option in --help -h; do
		run -0 --separate-stderr "$GATEWAY" "$option"
		says '--once'
		[ -z "$stderr" ]
	done
	run -0 --separate-stderr "$GATEWAY" --version
	[[ $output =~ ^opensi-gateway\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	[ -z "$stderr" ]
}

@test "with -v it tells the life of each file" {
	document WEB-1:1 | drop a.xml
	run -75 gateway --once
	not says event=read >/dev/null
	run -75 gateway --once -v
	says event=read
}

@test "an option it does not know, or an argument, ends it with 64" {
	run -64 "$GATEWAY" --sned
	says --help
	run -64 "$GATEWAY" -c
	run -64 gateway --once now
	says now
}

process_folder() {
	echo "/proc/$GATEWAY_PID"
}

@test "the bytes of the key are on no command line and in no environment" {
	start_gateway
	not grep -q "$KEY" "$(process_folder)/cmdline" "$(process_folder)/environ"
}
