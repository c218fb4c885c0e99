#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The runner is believed by everybody, so that its own arithmetic is tested first.

bats_require_minimum_version 1.5.0

setup() {
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree/tests/unit" "$tree/build/some/tests"
	cp tests/run tests/digest.awk "$tree/tests/"
}

# name, script of a program that speaks for test_NAME
program() {
	touch "$tree/tests/unit/test_$1.c"
	printf '#!/bin/sh\n%s\n' "$2" >"$tree/build/some/tests/test_$1"
	chmod +x "$tree/build/some/tests/test_$1"
}

# expected exit status, expected last line
expect() {
	run -"$1" "$tree/tests/run" some
	[ "${lines[-1]}" = "$2" ] || {
		echo "$output"
		return 1
	}
}

@test "tests that pass are counted over all programs" {
	program one 'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b"'
	program two 'echo 1..1; echo "ok 1 - c"'
	expect 0 "3 passed, 0 failed"
}

@test "a failure is shown with what was said around it" {
	program one 'echo 1..2; echo before; echo "not ok 1 - a"; echo "# after"; echo "ok 2 - b"
		exit 1'
	expect 1 "1 passed, 1 failed"
	[[ $output == *before*"not ok 1 - a"*"# after"* ]]
}

@test "skips of bats and of cmocka are counted, with their reason" {
	program bats 'echo 1..1; echo "ok 1 a # skip no cobc here"'
	program cmocka 'echo 1..1; echo "an old kernel"; echo "not ok 1 # SKIP a"'
	expect 1 "0 passed, 0 failed, 2 skipped"
	[[ $output == *"no cobc here"* ]]
	[[ $output == *"an old kernel"* ]]
}

@test "a failing test whose name speaks of skipping is a failure" {
	program one 'echo 1..2; echo "ok 1 - a"; echo "not ok 2 - b # skip c"; exit 1'
	expect 1 "1 passed, 1 failed"
}

@test "each test that a crash swallowed is a failure" {
	program one 'echo 1..3; echo "ok 1 - a"; kill -ABRT $$'
	expect 1 "1 passed, 2 failed"
}

@test "a program that announces nothing is a failure" {
	program one 'echo hello'
	program two 'echo "ok 1 - a"'
	program three 'echo 1..0'
	expect 1 "1 passed, 3 failed"
}

@test "more tests than announced, or in disorder, are a failure" {
	program one 'echo 1..1; echo "ok 1 - a"; echo "ok 2 - b"'
	program two 'echo 1..2; echo "ok 1 - a"; echo "ok 1 - a"'
	expect 1 "4 passed, 2 failed"
}

@test "an exit status that disagrees is a failure" {
	program one 'echo 1..1; echo "ok 1 - a"; exit 1'
	expect 1 "1 passed, 1 failed"
}

@test "a program that hangs is stopped and is a failure" {
	program one 'echo 1..2; echo "ok 1 - a"; sleep 60'
	TIME_LIMIT=1 expect 1 "1 passed, 1 failed"
	[[ $output == *"stopped after 1 s"* ]]
}

@test "a process left behind is a failure, and is ended" {
	program one "sleep 61 >/dev/null 2>&1 & echo \$! >$BATS_TEST_TMPDIR/pid
		echo 1..1; echo 'ok 1 - a'"
	expect 1 "1 passed, 1 failed"
	# What is left of it, if nobody has waited for it yet, has no arguments.
	run cat "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cmdline"
	[[ $output != *sleep* ]]
}

@test "a program that was not built is a failure" {
	touch "$tree/tests/unit/test_one.c"
	expect 1 "0 passed, 1 failed"
}

@test "no test at all is no success" {
	expect 1 "0 passed, 0 failed"
}
