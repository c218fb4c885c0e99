#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The package for Debian: made once, and looked at. (Its life on a machine, and that the
# same sources give the same bytes: contrib/minbase package.)

bats_require_minimum_version 1.5.0

setup_file() {
	local program
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	VERSION=$(sed -n 's/^VERSION := //p' "$ROOT/Makefile")
	PACKAGE=$BATS_FILE_TMPDIR/made
	export ROOT VERSION PACKAGE
	for program in dpkg-buildpackage dh fakeroot scdoc; do
		command -v "$program" >/dev/null ||
			skip "there is no $program: contrib/deps test"
	done
	SOURCE_DATE_EPOCH=1790000000 "$ROOT/contrib/debian/make" "$VERSION" "$PACKAGE"
}

deb() {
	printf '%s\n' "$PACKAGE"/opensi-gateway_"$VERSION"_*.deb
}

@test "it has the version of the Makefile, and the time that it was given" {
	[ "$(dpkg-deb -f "$(deb)" Version)" = "$VERSION" ]
	local listed given
	listed=$(TZ=UTC dpkg-deb -c "$(deb)")
	given=$(date -u -d @1790000000 '+%F %R')
	[ -n "$listed" ]
	run grep -v " $given " <<<"$listed"
	[ -z "$output" ]
}

@test "it is made in a copy, of which nothing is left" {
	[ ! -e "$ROOT/debian" ]
	[ -z "$(find "$PACKAGE" -mindepth 1 -type d)" ]
}

@test "it holds programs, manual, completions, units, and nothing for /usr/local" {
	local listed place
	listed=$(dpkg-deb -c "$(deb)" | awk '{ print $6 }')
	for place in /usr/bin/opensi-gateway /usr/bin/opensi-spool \
		/usr/share/opensi-gateway/comments.xsd \
		/usr/share/man/man8/opensi-gateway.8.gz /usr/share/man/man1/opensi-spool.1.gz \
		/usr/share/man/man5/opensi-{gateway.conf,comments,journal}.5.gz \
		/usr/share/man/fr/man1/opensi-spool.1.gz \
		/usr/share/locale/fr/LC_MESSAGES/opensi-gateway.mo \
		/usr/share/doc/opensi-gateway/README.fr.md.gz \
		/usr/share/doc/opensi-gateway/exporters/{README.md,drop-comment.{sh,php,cob}} \
		/usr/share/doc/opensi-gateway/monitoring/{alerts.yml,dashboard.json} \
		/usr/share/bash-completion/completions/opensi-{gateway,spool} \
		/usr/share/zsh/vendor-completions/_opensi-{gateway,spool} \
		/lib/systemd/system/opensi-gateway.service \
		/usr/lib/{sysusers,tmpfiles}.d/opensi-gateway.conf; do
		grep -qx ".$place" <<<"$listed" || {
			echo "not there: $place"
			return 1
		}
	done
	[[ $listed != */usr/local* ]]
}

@test "exporters can be run where they lie, and nothing else of the documents" {
	local scripts
	scripts=$(dpkg-deb -c "$(deb)" | awk '$1 ~ /^-..x..x..x/ { print $6 }' | grep /doc/)
	diff <(sort <<<"$scripts") <(cd "$ROOT/contrib" &&
		find exporters -type f -perm -u+x -printf './usr/share/doc/opensi-gateway/%p\n' | sort)
}

@test "nothing in it names a place below /usr/local" {
	local files=$BATS_TEST_TMPDIR/files
	dpkg-deb -x "$(deb)" "$files"
	gunzip -r "$files/usr/share/man"
	run grep -rl /usr/local "$files/usr/bin" "$files/usr/share/man" "$files/lib" \
		"$files/usr/lib" "$files/etc"
	[ -z "$output" ]
}

@test "the configuration is a conffile that everyone may read, and there is no key" {
	local listed
	listed=$(dpkg-deb -c "$(deb)")
	[[ $listed == *"-rw-r--r-- root/root"*"./etc/opensi-gateway/opensi-gateway.conf"* ]]
	[ "$(grep -c '\./etc/.*[^/]$' <<<"$listed")" = 1 ]
	dpkg-deb -e "$(deb)" "$BATS_TEST_TMPDIR/control"
	[ "$(cat "$BATS_TEST_TMPDIR/control/conffiles")" = \
		/etc/opensi-gateway/opensi-gateway.conf ]
	dpkg-deb --fsys-tarfile "$(deb)" | tar -xO ./etc/opensi-gateway/opensi-gateway.conf |
		grep -qx 'user = "opensi-gateway";'
}

@test "lintian finds nothing" {
	command -v lintian >/dev/null || skip "there is no lintian: contrib/deps test"
	run lintian --allow-root --fail-on error,warning,info "$(deb)"
	echo "$output"
	[ "$status" -eq 0 ]
}
