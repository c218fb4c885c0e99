# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# opensi-spool beside the gateway, for tests that have loaded gateway_helpers.

TOOL=${GATEWAY%/*}/opensi-spool

# With the configuration of the site that was made last.
tool() {
	"$TOOL" -c "$CONF" "$@" 3>&-
}

# json EXPRESSION: what a JSON document on standard input says; the document is `d`.
json() {
	python3 -S -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}

# Folders as they are before any gateway came.
make_folders() {
	mkdir -p "$SPOOL"/{incoming,sending,sent,failed,audit}
}

# A record of the journal: journal DAY TIME EVENT CLAIM [FIELDS], for orders.xml
journal() {
	printf '{"v":1,"t":"%sT%sZ","up":1,"site":"WEB1","ev":"%s","claim":"%s","drop":"orders.xml"%s}\n' \
		"$1" "$2" "$3" "$4" "${5:+,$5}" >>"$SPOOL/audit/$1.jsonl"
}
