#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# opensi-spool ping: asks the shop by requests that store nothing.

bats_require_minimum_version 1.5.0

load gateway_helpers
load shop_helpers
load tool_helpers

VERSION='<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><o:getVersionResponse xmlns:o=\"http://www.opensi.fr\"><o:Version>Connect 2\u202e &amp; more</o:Version></o:getVersionResponse></s:Body></s:Envelope>'

teardown() {
	stop_shop
	clean_up
}

# A shop that knows our key and website code.
start_knowing_stub() {
	start_stub "$1"
	ask_stub PUT /script "{\"rules\": $1, \"key\": \"$KEY\", \"website_code\": \"WEB1\"}"
	make_site
}

@test "a shop that is well: reachable, key and website code good" {
	start_knowing_stub '[]'
	run -0 tool ping
	[[ $output == *'WEB1 http'*'reachable     yes, answered in '*' ms'* ]]
	[[ $output == *'key           good'*'website code  good'* ]]
	[[ $output != *software* ]]
	[ "$(count_probes)" -eq 2 ]
	[ -z "$(stub_events stored)" ]
	run -0 tool ping --json
	[ "$(json 'd[0]["state"], d[0]["key_good"], d[0]["website_code_good"], d[0]["software"]' \
		<<<"$output")" = "('good', True, True, None)" ]
}

@test "a real SOAP server tells its version" {
	command -v php >/dev/null || skip "there is no php"
	start_shop
	make_site
	run -0 tool ping
	[[ $output == *'software      1.0.0'* ]]
	[ -z "$(stored_comments)" ]
}

@test "the version is foreign text" {
	start_knowing_stub "[{\"on\": \"probe\"}, {\"do\": \"raw\", \"body\": \"$VERSION\"}]"
	[ "$(tool ping --json | json 'd[0]["software"]')" = 'Connect 2? & more' ]
}

@test "a wrong key and a wrong website code are told apart, with the remedy of a hold" {
	start_knowing_stub '[]'
	set_option website_code '"OTHER"'
	run -1 tool ping
	[[ $output == *'key           good'*'website code  not accepted'* ]]
	[[ $output == *'the shop does not know this website_code'* ]]
	(umask 077 && echo 0000000000000000 >"$SITE/shop.key")
	run -1 tool ping
	[[ $output == *'key           refused'*'correct key_file'* ]]
	[[ $output != *'website code'*good* ]]
	run -1 tool ping --json
	[ "$(json 'd[0]["state"], d[0]["key_good"], d[0]["website_code_good"]' <<<"$output")" = \
		"('key-refused', False, None)" ]
}

@test "a shop that is down, or answers nonsense, is told with what to do" {
	make_site
	run -1 tool ping
	[[ $output == *'reachable     no'*'check url, network, DNS'* ]]
	start_stub '[{"do": "html", "status": 503}]'
	make_site
	run -1 tool ping
	[[ $output == *"reachable     yes"*"was said "*"503"*"what to do "*'nothing was stored'* ]]
	[[ $output != *unknown_wait* && $output != *'website code'* ]]
}

@test "a shop that says the key back does not make us say it" {
	start_stub "[{\"do\": \"fault\", \"text\": \"no such key $KEY\"}]"
	make_site
	run -1 tool ping
	[[ $output == *'no such key ********'* ]]
	[[ $output != *$KEY* ]]
	stop_stub
	start_knowing_stub "[{\"on\": \"probe\"}, {\"do\": \"raw\", \"body\": \"${VERSION/Connect/$KEY}\"}]"
	run -0 tool ping
	[[ $output == *'software      ********'* ]]
	[[ $output != *$KEY* ]]
}

@test "ping needs no spool, and disturbs no gateway that runs" {
	start_knowing_stub '[]'
	start_gateway
	run -0 tool ping
	[ "$(audit | grep -c '"ev":"hold"')" -eq 0 ]
	document WEB-1:1 | drop a.xml
	eventually is_sent a.xml
	stop_gateway
	rm -r "$SPOOL"
	run -0 tool ping
	[ ! -e "$SPOOL" ]
}

@test "who may not read the key is told so" {
	start_knowing_stub '[]'
	chmod 644 "$SITE/shop.key"
	run -78 tool ping
	[[ $output == *key_file* ]]
	chmod 000 "$SITE/shop.key"
	[ "$(id -u)" != 0 ] ||
		RUN_BY=(setpriv '--bounding-set=-dac_override,-dac_read_search')
	"${RUN_BY[@]}" true || skip "setpriv cannot give up capabilities here"
	run -78 "${RUN_BY[@]}" "$TOOL" -c "$CONF" ping
	[[ $output == *'run this as root or as the user that the gateway runs as'* ]]
	RUN_BY=()
}
