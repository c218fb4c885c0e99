# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A reference shop for one test. start_shop [OPTION...] runs it and sets SHOP_URL; the
# options are those of contrib/shop/run. stop_shop ends it, and is harmless without one.

SHOP=${BASH_SOURCE[0]%/tests/*}/contrib/shop

start_shop() {
	export SHOP_KEY=0123456789abcdef0123456789abcdef SHOP_WEBSITE=WEB1
	export SHOP_DB=${SHOP_DB:-$BATS_TEST_TMPDIR/shop.sqlite}
	# Closed for the shop: bats waits until nobody holds this descriptor any longer.
	exec {shop_output}< <(exec "$SHOP/run" --port 0 "$@" 3>&-)
	SHOP_PID=$!
	read -r -t 20 SHOP_URL <&"$shop_output"
	export SHOP_URL SHOP_PID
}

stop_shop() {
	[ -n "${SHOP_PID:-}" ] || return 0
	kill "$SHOP_PID" 2>/dev/null || true
	# The shop holds its end open as long as one of its processes lives.
	read -rt 10 -d '' -u "$shop_output" || true
	exec {shop_output}<&-
	unset SHOP_PID
}

# What the shop has stored: one comment a line.
stored_comments() {
	"$SHOP/show" "$SHOP_DB" | tail -n +2
}
