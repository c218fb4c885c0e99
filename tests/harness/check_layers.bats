#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

bats_require_minimum_version 1.5.0

setup() {
	command -v gcc >/dev/null || skip "there is no gcc"
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree"/gateway/{base,core,system,top,tool} "$tree/tests"
	cp tests/check-layers "$tree/tests/"
	echo 'void base_one(void); void base_one(void) {}' >"$tree/gateway/base/one.c"
	echo 'void base_one(void);' >"$tree/gateway/base/one.h"
	touch "$tree"/gateway/{top,system,tool}/one.h
	write core 'memset(p, 0, strlen(p)); base_one();'
	write system 'base_one();'
	write top 'base_one();'
	write tool 'base_one();'
}

# layer, statements, further includes
write() {
	printf '%s\n' '#include <string.h>' '#include <time.h>' '#include <stdio.h>' \
		'#include <libxml/parser.h>' '#include "base/one.h"' "${3-}" \
		"void $1_one(char *p);" "void $1_one(char *p) { (void)p; $2 }" \
		>"$tree/gateway/$1/one.c"
}

check() {
	local layer objects=$tree/build/release/obj/gateway
	for layer in base core; do
		mkdir -p "$objects/$layer"
		gcc -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -I"$tree/gateway" \
			-I/usr/include/libxml2 -c -o "$objects/$layer/one.o" \
			"$tree/gateway/$layer/one.c"
	done
	"$tree/tests/check-layers"
}

@test "computation in memory passes, and so does what was built on it" {
	run -0 check
	[ -z "$output" ]
}

@test "an include of a higher layer is found" {
	write core 'base_one();' '#include "system/one.h"'
	run -1 check
	[[ $output == *'gateway/core/one.c:6:'*'system/one.h'* ]]
}

@test "an include of the top into the system is found" {
	write system 'base_one();' '#  include "top/one.h"'
	run -1 check
}

@test "a clock in the core is found" {
	write core 'base_one(); *p = (char)time(NULL);'
	run -1 check
	[[ $output == *"core must not use time" ]]
}

@test "a line to standard error from the core is found" {
	write core 'fprintf(stderr, "%s", p);'
	run -1 check
}

@test "a document read from a path by the core is found" {
	write core 'xmlReadFile(p, NULL, 0);'
	run -1 check
	[[ $output == *"core must not use xmlReadFile" ]]
}

@test "without objects nothing is proven" {
	run -1 "$tree/tests/check-layers"
}
