#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The demo, in a small copy of the checkout: it keeps what it says, and leaves no trace.

bats_require_minimum_version 1.5.0

load shop_helpers

setup() {
	command -v php >/dev/null || skip "no php on this machine"
	php -r 'exit(extension_loaded("soap") && extension_loaded("pdo_sqlite") ? 0 : 1);' ||
		skip "php has no soap or no pdo_sqlite"
	make_checkout
}

teardown() {
	[ -z "${DEMO_PID:-}" ] || kill "$DEMO_PID" 2>/dev/null || true
}

# What the demo uses of a checkout, with an empty spool and the gateway under test.
make_checkout() {
	local here=${BATS_TEST_DIRNAME%/tests/integration} folder
	# Where links lead, because there the processes say to be.
	CHECKOUT=$(readlink -f "$BATS_TEST_TMPDIR")/checkout
	export CHECKOUT
	mkdir -p "$CHECKOUT"/{build,contrib,spool,tests/fixtures/good}
	cp -r "$here"/contrib/{demo,shop} "$CHECKOUT/contrib"
	cp -r "$here/xsd" "$here/.gitignore" "$CHECKOUT"
	cp "$here/tests/fixtures/good/article-request.xml" "$CHECKOUT/tests/fixtures/good"
	cp "$here/spool/.gitignore" "$CHECKOUT/spool"
	for folder in incoming sending sent failed audit; do
		mkdir "$CHECKOUT/spool/$folder"
		cp "$here/spool/$folder/.gitignore" "$CHECKOUT/spool/$folder"
	done
	ln -s "${GATEWAY:-$here/build/opensi-gateway}" "$CHECKOUT/build/opensi-gateway"
}

demo() {
	"$CHECKOUT/contrib/demo/run" 3>&-
}

stored() {
	"$SHOP/show" "$CHECKOUT/build/demo/shop.sqlite" | tail -n +2
}

files_in_spool() {
	find "$CHECKOUT/spool" -type f ! -name .gitignore ! -name lock \
		! -name state.json ! -name status.html
}

processes() {
	find /proc -maxdepth 2 -name cwd -lname "$CHECKOUT*" 2>/dev/null
}

# Patience in small portions: command...
wait_until() {
	local tries=400
	until "$@"; do
		[ $((tries--)) -gt 0 ]
		sleep 0.05
	done
}

was_taken() {
	[ -n "$(find "$CHECKOUT"/spool/se* -name '*_demo-article.xml')" ]
}

is_alone() {
	[ -z "$(processes)" ]
}

@test "the demo delivers the example, and the mistyped file once it is corrected" {
	run -0 demo
	[ "$(stored | awk '{ print $1, $3 }' | paste -sd ,)" = "1 CC20050001,2 CC20050001" ]
	[[ $output == *"result=delivered  code=1002"* ]]
	[[ $output == *'OrderNumber "CC20050001-BIS" is 14 characters'* ]]
	[[ $output != *$'\e'* ]]
	# Its way through the folders.
	[[ $output == *"incoming/  demo-article.xml"* ]]
	[[ $output =~ sent/\ +[0-9-]+/[0-9TZ.]+_demo-article\.xml ]]
	[[ $output =~ failed/\ +[0-9TZ.]+_demo-mistyped\.xml ]]
}

@test "the demo leaves no process and no drop, and works again" {
	run -0 demo
	run -0 demo
	is_alone
	[ -z "$(files_in_spool)" ]
}

@test "the demo leaves a clean tree" {
	command -v git >/dev/null || skip "no git on this machine"
	git -C "$CHECKOUT" init -q
	git -C "$CHECKOUT" add -A
	git -C "$CHECKOUT" -c user.name=test -c user.email=test@localhost commit -qm start
	run -0 demo
	[ -z "$(git -C "$CHECKOUT" status --porcelain)" ]
}

@test "an interrupted demo cleans up as well" {
	# A shell that starts a job in the background has it ignore the interrupt.
	env --default-signal=INT setsid "$CHECKOUT/contrib/demo/run" >/dev/null 2>&1 3>&- &
	DEMO_PID=$!
	wait_until was_taken
	kill -s INT -- "-$DEMO_PID"
	local status=0
	wait "$DEMO_PID" || status=$?
	[ "$status" -eq 130 ]
	is_alone
	[ -z "$(files_in_spool)" ]
}

@test "the demo sends nothing that others left in the spool, and leaves it there" {
	echo theirs >"$CHECKOUT/spool/incoming/theirs.xml"
	run -1 demo
	[[ $output == *"files that are not the demo's"* ]]
	[ "$(files_in_spool)" = "$CHECKOUT/spool/incoming/theirs.xml" ]
	is_alone
}

@test "the demo keeps records that were there before" {
	mkdir -p "$CHECKOUT/spool/audit"
	: >"$CHECKOUT/spool/audit/2020-05-01.jsonl"
	run -0 demo
	[ -e "$CHECKOUT/spool/audit/2020-05-01.jsonl" ]
	[ "$(files_in_spool | wc -l)" -eq 2 ]
}
