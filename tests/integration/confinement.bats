#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The gateway shuts itself in: what it needs is inside, also what is replaced or made anew
# while it runs; the rest of the machine is outside. Root is held by it too, so that no
# right of a file can be what these tests see.

bats_require_minimum_version 1.5.0

load gateway_helpers

setup() {
	start_stub
	make_site
	OUTSIDE=$BATS_TEST_TMPDIR/outside
	mkdir "$OUTSIDE"
}

teardown() {
	clean_up
}

# Asked of the kernel itself: a gateway that forgets to confine itself must not skip.
has_landlock() {
	python3 -c 'import ctypes, sys
landlock_create_ruleset, version = 444, 1
sys.exit(ctypes.CDLL(None).syscall(landlock_create_ruleset, None, 0, version) < 2)'
}

start_confined() {
	has_landlock || skip "this kernel has no Landlock of ABI 2 or later"
	set_option log_level '"debug"'
	start_gateway
	logged confined
}

reload() {
	kill -HUP "$GATEWAY_PID"
}

replace_key() {
	(umask 077 && echo "$1" >"$SITE/aside") && mv "$SITE/aside" "$SITE/shop.key"
}

@test "drops are claimed and settled, and nothing is in the way of a restart" {
	start_confined
	document WEB-1:1 | drop good.xml
	echo '<a/>' | drop bad.xml
	eventually is_sent good.xml
	eventually is_failed bad.xml
	stop_gateway
	document WEB-1:2 | drop later.xml
	start_gateway
	eventually is_sent later.xml
}

@test "folders that are deleted and made again while it runs are inside" {
	start_confined
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	rmdir "$SPOOL/incoming" "$SPOOL/sending"
	rm -r "$SPOOL/sent"
	mkdir "$SPOOL/incoming"
	document WEB-1:2 | drop b.xml
	eventually is_sent b.xml
}

# ICU, which libxml2 may ask too, does not know this one.
@test "a character set whose module is loaded only then is read" {
	start_confined
	document 'WEB-1:1:Душанбе' | sed '1i <?xml version="1.0" encoding="KOI8-T"?>' |
		iconv -t KOI8-T | drop a.xml
	eventually is_sent a.xml
	grep -q Душанбе "$STUB_BODIES"/*
}

@test "SIGHUP reads a key that was replaced by a rename" {
	start_confined
	replace_key fedcba9876543210fedcba9876543210
	reload
	eventually logged reloaded
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	grep -q fedcba9876543210fedcba9876543210 "$STUB_BODIES"/*
}

@test "a key behind a link is inside, also when it is replaced where it lies" {
	mv "$SITE/shop.key" "$OUTSIDE/real.key"
	ln -s ../outside/real.key "$SITE/shop.key"
	start_confined
	(umask 077 && echo fedcba9876543210fedcba9876543210 >"$OUTSIDE/aside")
	mv "$OUTSIDE/aside" "$OUTSIDE/real.key"
	reload
	eventually logged reloaded
}

@test "what was not named at the start is outside, and a reload says so" {
	cp -p "$SITE/shop.key" "$OUTSIDE/real.key"
	start_confined
	ln -sfn ../outside/real.key "$SITE/shop.key"
	reload
	eventually logged reload-refused 'Permission denied.*need a restart'
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	stop_gateway
	start_gateway
	reload
	eventually logged reloaded
}

@test "the check of a configuration is not confined" {
	run -0 "$GATEWAY" -c "$CONF" -t
	[[ $output == *'the configuration is good'* ]]
}

@test "its memory goes into no core, and it gains no privileges" {
	start_gateway
	grep -qE '^Max core file size +0 +0 ' "/proc/$GATEWAY_PID/limits"
	grep -qE '^NoNewPrivs:\s1$' "/proc/$GATEWAY_PID/status"
}

# start_on_kernel RULE: Landlock as strace has the kernel answer; by RULE of its inject=.
start_on_kernel() {
	command -v strace >/dev/null || skip "no strace on this machine"
	strace -qq -o /dev/null -e "inject=landlock_create_ruleset:$1" true 2>/dev/null ||
		skip "strace may not trace here"
	# LeakSanitizer traces by itself.
	# shellcheck disable=SC2034 # start_gateway knows it
	RUN_BY=(strace -D -qq -E "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0" -o "$SITE/calls"
		-e trace=landlock_create_ruleset -e "inject=landlock_create_ruleset:$1")
	start_gateway
}

works_unconfined() {
	[ "$(count_logged not-confined)" -eq 1 ]
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
}

@test "a kernel without Landlock is said once, and the gateway works" {
	start_on_kernel error=ENOSYS
	logged not-confined 'Function not implemented.*only rights of files'
	works_unconfined
}

@test "a Landlock that fails is a warning, and does not pass for one that is missing" {
	start_on_kernel error=ENOMEM
	logged not-confined 'Cannot allocate memory.*meaning="only rights of files bound'
	grep -q '^<4>.*event=not-confined' "$LOG"
	works_unconfined
}

@test "Landlock that forbids moves between folders is left out, and that is said" {
	start_on_kernel retval=1
	logged not-confined 'Operation not supported.*abi=1'
	works_unconfined
}
