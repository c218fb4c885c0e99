#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A sample of what `make torture` does at length: requests that time out at any moment of
# the shop's work, and each comment is stored once all the same.

setup() {
	command -v php >/dev/null || skip "no php on this machine"
	php -r 'exit(extension_loaded("soap") && extension_loaded("pdo_sqlite") ? 0 : 1);' ||
		skip "php has no soap or no pdo_sqlite"
}

@test "after forty time-outs at random moments each comment is stored once" {
	"$BATS_TEST_DIRNAME/../torture/timeouts" --count 40 --sites 24 \
		"${GATEWAY:-$BATS_TEST_DIRNAME/../../build/release/opensi-gateway}" 3>&-
}
