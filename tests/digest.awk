# SPDX-License-Identifier: MIT
#
# digest - what one test program said, made short
#
# Given: name, kind (tap or plain), status, seconds, counts. Prints a heading, what failed
# with the lines around it, why something was skipped, and writes "passed failed skipped"
# to the file `counts`. bats has "ok 3 name # skip reason"; cmocka "not ok 3 # SKIP name",
# its reason being what the test printed before.
function tell(line) { text = text "      " line "\n" }
function tell_kept(i)
{
	for (i = kept > 40 ? kept - 40 : 0; i < kept; i++)
		tell(said[i])
	kept = 0
}
function fail(count, why) { failed += count; tell(why) }
function result_begins()
{
	if (in_failure)
		tell_kept()
	in_failure = 0
	seen++
	number = $1 == "ok" ? $2 : $3
	if (number != ++expected && !disorder++)
		fail(1, "test " number " came where " expected " was due")
	expected = number
}
kind == "plain" { said[kept++] = $0; next }
/^1\.\.[0-9]+/ {
	plans++
	planned += substr($1, 4)
	expected = 0
	next
}
/^ok [0-9]+ .*# [Ss][Kk][Ii][Pp]/ || /^not ok [0-9]+ # SKIP/ {
	result_begins()
	skipped++
	tell_kept()
	tell($0)
	next
}
/^ok [0-9]+/ { result_begins(); passed++; kept = 0; next }
/^not ok [0-9]+/ {
	result_begins()
	tell_kept()
	fail(1, $0)
	in_failure = 1
	next
}
/^# (not )?ok - / { next }
{ said[kept++] = $0 }
END {
	if (in_failure)
		tell_kept()
	if (kind == "plain" && status == 0)
		passed = 1
	else if (kind == "plain")
		fail(1, "exit status " status)
	else if (!plans || !planned)
		fail(1, "no test was announced; exit status " status)
	else if (seen < planned)
		fail(planned - seen, "ended after " seen + 0 " of " planned \
			" tests; exit status " status)
	else if (seen > planned)
		fail(1, "more tests than the " planned " announced")
	else if (status && !failed)
		fail(1, "every test passed, yet the exit status is " status)
	if (failed)
		tell_kept()
	printf "%-4s  %-44s %4d passed%s%s  %.1f s\n%s", failed ? "FAIL" : "ok", name, \
		passed, failed ? ", " failed " failed" : "", \
		skipped ? ", " skipped " skipped" : "", seconds, text
	print passed + 0, failed + 0, skipped + 0 >counts
}
