#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What an admin who knows the shell would write: inotifywait, xmllint, curl, mv.
#
#	peer.sh [--once] SPOOL URL SCHEMA
#
# One file a request; a file is moved when the shop has answered, and nothing is flushed.
set -u

once=
if [ "$1" = --once ]; then
	once=1
	shift
fi
spool=$1 url=$2 schema=$3
key=0123456789abcdef0123456789abcdef
comments='/*/*[local-name() = "Comment"]'
codes='count(//*[local-name() = "Code"])'
bad='count(//*[local-name() = "Code"][not(starts-with(., "1") or starts-with(., "2"))])'

envelope() {
	cat <<-END
		<?xml version="1.0" encoding="UTF-8"?>
		<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
		 xmlns:open="http://www.opensi.fr" xmlns:xsd="http://www.opensi.fr/xsd">
		<soapenv:Header><open:Header><open:key>$key</open:key></open:Header></soapenv:Header>
		<soapenv:Body><open:setCommentsRequest><open:Website_Code>WEB1</open:Website_Code>
	END
	xmllint --xpath "$comments" "$1" &&
		echo '</open:setCommentsRequest></soapenv:Body></soapenv:Envelope>'
}

is_delivered() {
	envelope "$1" | curl -sSf --data-binary @- -H 'Content-Type: text/xml; charset=utf-8' \
		-H 'SOAPAction: ""' "$url" |
		xmllint --xpath "$codes > 0 and $bad = 0" - | grep -q true
}

take() {
	folder=failed
	if xmllint --noout --schema "$schema" "$spool/incoming/$1" 2>/dev/null &&
		is_delivered "$spool/incoming/$1"; then
		folder=sent
	fi
	mv "$spool/incoming/$1" "$spool/$folder/$1"
}

if [ "$once" ]; then
	for path in "$spool"/incoming/*.xml; do
		take "${path##*/}"
	done
	exit 0
fi
inotifywait -qm -e close_write,moved_to --include '/[^.][^/]*\.xml$' --format %f \
	"$spool/incoming" | while read -r name; do
	take "$name"
done
