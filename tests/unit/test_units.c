/* SPDX-License-Identifier: MIT */
#include "base/units.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void assert_duration(const char *text, msec_t expected)
{
	msec_t duration = -1;
	assert_int_equal(units_parse_duration(text, &duration), 0);
	assert_int_equal(duration, expected);
}

static void durations_are_read_in_every_unit(void **state)
{
	(void)state;
	assert_duration("500ms", 500);
	assert_duration("2s", 2000);
	assert_duration("10m", 600000);
	assert_duration("1h", 3600000);
	assert_duration("5d", 432000000);
	assert_duration("0", 0);
	assert_duration("0s", 0);
	assert_duration("9223372036854775807ms", INT64_MAX);
}

static void assert_no_duration(const char *text, int expected)
{
	msec_t duration = 77;
	assert_int_equal(units_parse_duration(text, &duration), expected);
	assert_int_equal(duration, 77);
}

static void what_is_no_duration_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "5", "s", "-1s", "+1s", " 1s", "1 s", "1s ",
		"1.5s", "1,5s", "1S", "1min", "1w", "0x10s", "1s1s", "1ms1", "\xD9\xA1s"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_no_duration(bad[i], -EINVAL);
}

static void what_does_not_fit_is_told_apart(void **state)
{
	(void)state;
	assert_no_duration("9223372036854775808ms", -ERANGE);
	assert_no_duration("9223372036854775807s", -ERANGE);
	assert_no_duration("106751991168d", -ERANGE);
	assert_no_duration("99999999999999999999999999x", -ERANGE);
	assert_duration("106751991167d", INT64_C(106751991167) * 24 * MSEC_HOUR);

	uint64_t bytes = 77;
	assert_int_equal(units_parse_size("8589934592G", &bytes), -ERANGE);
	assert_int_equal(bytes, 77);
}

static void sizes_are_powers_of_1024(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
		{"0", 0},
		{"4096", 4096},
		{"64K", 65536},
		{"16M", 16777216},
		{"2G", UINT64_C(2) << 30},
		{"8589934591G", UINT64_C(8589934591) << 30},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t bytes = 77;
		assert_int_equal(units_parse_size(cases[i].text, &bytes), 0);
		assert_int_equal(bytes, cases[i].bytes);
	}
	static const char *const bad[] = {
		"", "K", "1k", "1MB", "1 M", "-1M", "1.5M", "1T"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t bytes = 77;
		assert_int_equal(units_parse_size(bad[i], &bytes), -EINVAL);
		assert_int_equal(bytes, 77);
	}
}

static void assert_shown(msec_t duration, const char *expected)
{
	auto_buf struct buf b = {.max_bytes = 100};
	units_add_duration(&b, duration);
	assert_string_equal(buf_peek(&b), expected);
}

static void the_largest_exact_unit_is_shown(void **state)
{
	(void)state;
	assert_shown(0, "0");
	assert_shown(1, "1ms");
	assert_shown(1500, "1500ms");
	assert_shown(90000, "90s");
	assert_shown(600000, "10m");
	assert_shown(3600000, "1h");
	assert_shown(90 * MSEC_MINUTE, "90m");
	assert_shown(48 * MSEC_HOUR, "2d");

	auto_buf struct buf b = {.max_bytes = 100};
	units_add_size(&b, 0);
	buf_add_char(&b, ' ');
	units_add_size(&b, 1025);
	buf_add_char(&b, ' ');
	units_add_size(&b, 65536);
	buf_add_char(&b, ' ');
	units_add_size(&b, UINT64_C(3) << 30);
	assert_string_equal(buf_peek(&b), "0 1025 64K 3G");
}

static void what_is_shown_reads_back(void **state)
{
	(void)state;
	for (msec_t shown = 1; shown < INT64_MAX / 7; shown = shown * 7 + 3) {
		auto_buf struct buf b = {.max_bytes = 100};
		units_add_duration(&b, shown);
		assert_duration(buf_peek(&b), shown);

		uint64_t bytes = 0;
		buf_clear(&b);
		units_add_size(&b, (uint64_t)shown);
		assert_int_equal(units_parse_size(buf_peek(&b), &bytes), 0);
		assert_int_equal(bytes, shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_read_in_every_unit),
		cmocka_unit_test(what_is_no_duration_is_refused),
		cmocka_unit_test(what_does_not_fit_is_told_apart),
		cmocka_unit_test(sizes_are_powers_of_1024),
		cmocka_unit_test(the_largest_exact_unit_is_shown),
		cmocka_unit_test(what_is_shown_reads_back),
	};
	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
