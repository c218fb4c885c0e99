#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Fetches finished comment files from a mounted network share into incoming/. To be run by
# cron or a systemd timer, on the gateway's machine, by a user that may write to both.
#
# Each file is claimed on the share by a rename to NAME.xml.fetching, copied aside,
# flushed, renamed into incoming/ and only then removed from the share. What a crash leaves
# behind is taken up by the next run; at worst a file is fetched twice, and the shop, which
# knows its comments by number, answers that it has them already.
set -eu

usage() {
	echo "usage: ${0##*/} SHARE INCOMING [QUIET-SECONDS]" >&2
	echo "takes the files that have not changed for QUIET-SECONDS (10)" >&2
	exit 64
}

# A name with a line break would be read as two: such files stay where they are.
snapshot() {
	find "$share" -mindepth 1 -maxdepth 1 -type f -name '*.xml' ! -name '.*' \
		! -name '*[[:cntrl:]]*' -printf '%s %T@ %f\n'
}

# Two looks, some time apart: the clock of the share need not be ours.
settled() {
	before=$(snapshot)
	[ -n "$before" ] || return 0
	sleep "$quiet"
	snapshot | grep -Fx -e "$before" | cut -d ' ' -f 3- || true
}

# Oldest first: of two comments on one order, the later one must arrive later.
claimed() {
	find "$share" -mindepth 1 -maxdepth 1 -type f -name '*.xml.fetching' \
		! -name '*[[:cntrl:]]*' -printf '%T@ %f\n' | sort -n | cut -d ' ' -f 2-
}

# The name is made unique, for incoming/ may still hold an older file of this name.
fetch() {
	claim=$share/$1
	aside=$(mktemp --suffix "_${1%.fetching}" -- "$incoming/.fetched-XXXXXXXXXX") &&
		cp -P -- "$claim" "$aside" &&
		chmod 640 -- "$aside" &&
		sync -- "$aside" &&
		mv -- "$aside" "$incoming/${aside##*/.}" &&
		sync -- "$incoming" &&
		rm -- "$claim"
}

[ $# -eq 2 ] || [ $# -eq 3 ] || usage
share=$1 incoming=$2 quiet=${3:-10}
[ -d "$share" ] || usage
exec 9<"$incoming"
flock -w 60 9 || {
	echo "${0##*/}: another run is at work on $incoming" >&2
	exit 75
}
aside=
trap 'rm -f -- "$aside"' EXIT
trap 'exit 1' HUP INT TERM

status=0
IFS='
'
set -f
for name in $(settled); do
	mv -- "$share/$name" "$share/$name.fetching" || status=1
done
for name in $(claimed); do
	fetch "$name" && continue
	echo "${0##*/}: could not fetch $name" >&2
	rm -f -- "$aside"
	status=1
done
exit "$status"
