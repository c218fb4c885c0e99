#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Drops one comment into the gateway's incoming/ folder. All values are UTF-8.
set -eu
export LC_ALL=C

usage() {
	echo "usage: ${0##*/} INCOMING ORDER WEBORDER COMMENTID DATE SENDMAIL VISIBLE [TEXT]" >&2
	echo "without TEXT, the text is read from standard input" >&2
	exit 64
}

fail() {
	status=$1
	shift
	echo "${0##*/}: $*" >&2
	exit "$status"
}

# A bare carriage return would reach the reader as a line feed, by the rules of XML.
escape() {
	sed "s/&/\\&amp;/g; s/</\\&lt;/g; s/>/\\&gt;/g; s/$(printf '\r')/\\&#13;/g"
}

element() {
	printf '  <xsd:%s>' "$1"
	escape
	printf '</xsd:%s>\n' "$1"
}

document() {
	echo '<?xml version="1.0" encoding="UTF-8"?>'
	echo '<open:Comment xmlns:open="http://www.opensi.fr"'
	echo '  xmlns:xsd="http://www.opensi.fr/xsd">'
	printf '%s' "$1" | element OrderNumber
	printf '%s' "$2" | element WebOrderNumber
	printf '%s' "$3" | element CommentId
	if [ $# -eq 7 ]; then
		printf '%s' "$7" | element Comment
	else
		element Comment
	fi
	printf '%s' "$4" | element CommentDate
	printf '%s' "$5" | element SendMail
	printf '%s' "$6" | element VisibleForCustomer
	echo '</open:Comment>'
}

# XML has no way to write control characters other than tab, line feed and carriage
# return, bytes that are not UTF-8, and the noncharacters U+FFFE and U+FFFF.
is_writable() {
	[ "$(tr -dc '\000-\010\013\014\016-\037' <"$1" | wc -c)" -eq 0 ] &&
		iconv -f UTF-8 -t UTF-16 <"$1" >/dev/null 2>&1 &&
		! grep -q "$(printf '\357\277[\276\277]')" "$1"
}

[ $# -eq 7 ] || [ $# -eq 8 ] || usage
incoming=$1
shift

# Hidden, and in the same folder: the gateway overlooks it, and the last step is a rename.
aside=$(mktemp -- "$incoming/.comment-$(date -u +%Y%m%dT%H%M%SZ)-XXXXXXXXXX") ||
	fail 73 "cannot write into $incoming"
trap 'rm -f -- "$aside"' EXIT
trap 'exit 1' HUP INT TERM

# Not "document || fail": that would switch off set -e inside, and a full disk could cut
# a text short unnoticed.
document "$@" >"$aside"
is_writable "$aside" || fail 65 "a value has control characters or is not UTF-8"

# mktemp lets only its owner read the file; the gateway is another user, and reads it as
# a member of the folder's group.
chmod 640 -- "$aside"
sync -- "$aside"
mv -- "$aside" "$incoming/${aside##*/.}.xml"
sync -- "$incoming"
