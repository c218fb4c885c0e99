/* SPDX-License-Identifier: MIT */
#include "base/times.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include "base/buf.h"

/* 2026-11-23T10:15:30.123456Z */
#define INSTANT INT64_C(1795428930123456)

static void assert_shown(void (*add)(struct buf *, usec_t), usec_t at, const char *text)
{
	auto_buf struct buf b = {.max_bytes = 100};
	add(&b, at);
	assert_string_equal(buf_peek(&b), text);
}

static void in_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
}

static void instants_are_shown_in_every_form(void **state)
{
	(void)state;
	in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	assert_shown(times_add_stamp, INSTANT, "20261123T101530.123456Z");
	assert_shown(times_add_utc, INSTANT, "2026-11-23T10:15:30.123456Z");
	assert_shown(times_add_utc_day, INSTANT, "2026-11-23");
	assert_shown(times_add_local, INSTANT, "2026-11-23 11:15:30 +0100");
	auto_buf struct buf b = {.max_bytes = 100};
	times_add_stamp(&b, INSTANT);
	assert_int_equal(b.len, TIMES_STAMP_LEN);
}

static void the_local_day_is_the_servers_own(void **state)
{
	(void)state;
	usec_t late = INSTANT + 46800 * USEC_SECOND; /* 23:15:30 UTC */
	in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	assert_shown(times_add_utc_day, late, "2026-11-23");
	assert_shown(times_add_local_day, late, "2026-11-24");
	in_zone("NST3:30");
	assert_shown(times_add_local_day, late, "2026-11-23");
	assert_shown(times_add_local, late, "2026-11-23 19:45:30 -0330");
}

/* Midnights of the server, in UTC: of a day in winter and in summer, and the two ends of
 * the days of 23 and of 25 hours. */
static void a_local_day_ends_at_midnight_whatever_its_length(void **state)
{
	static const struct {
		usec_t midnight;
		const char *before, *after;
	} nights[] = {
		{1795474800, "2026-11-23", "2026-11-24"},
		{1814133600, "2027-06-27", "2027-06-28"},
		{1806188400, "2027-03-27", "2027-03-28"},
		{1806271200, "2027-03-28", "2027-03-29"},
		{1824933600, "2027-10-30", "2027-10-31"},
		{1825023600, "2027-10-31", "2027-11-01"},
	};
	(void)state;
	in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	for (size_t i = 0; i < sizeof(nights) / sizeof(nights[0]); i++) {
		usec_t midnight = nights[i].midnight * USEC_SECOND;
		assert_shown(times_add_local_day, midnight - 1, nights[i].before);
		assert_shown(times_add_local_day, midnight, nights[i].after);
	}
}

static void a_wild_clock_still_gives_four_digit_years(void **state)
{
	(void)state;
	assert_shown(times_add_stamp, -1, "19700101T000000.000000Z");
	assert_shown(times_add_stamp, INT64_MIN, "19700101T000000.000000Z");
	assert_shown(times_add_utc_day, INT64_MAX, "9999-12-31");
	assert_shown(times_add_utc, INT64_MAX, "9999-12-31T23:59:59.999999Z");
}

static void what_is_shown_reads_back(void **state)
{
	(void)state;
	for (usec_t at = 0; at < INT64_C(253402300800) * USEC_SECOND;
		at += INT64_C(86399999999) * 9973) {
		auto_buf struct buf b = {.max_bytes = 100};
		usec_t back = -1;
		times_add_stamp(&b, at);
		assert_int_equal(times_parse_stamp(buf_peek(&b), &back), 0);
		assert_int_equal(back, at);
		buf_clear(&b);
		times_add_utc(&b, at);
		assert_int_equal(times_parse_utc(buf_peek(&b), &back), 0);
		assert_int_equal(back, at);
	}
}

static void a_stamp_may_begin_a_longer_name(void **state)
{
	(void)state;
	usec_t at = -1;
	assert_int_equal(times_parse_stamp("20261123T101530.123456Z_a.xml", &at), 0);
	assert_int_equal(at, INSTANT);
}

static void what_is_no_instant_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "2", "20261123", "20261123T101530.123456",
		"20261123T101530.12345Z", "20261123t101530.123456Z",
		"20261323T101530.123456Z", "20260023T101530.123456Z",
		"20260230T101530.123456Z", "20261100T101530.123456Z",
		"20261123T241530.123456Z", "20261123T106030.123456Z",
		"20261123T101560.123456Z", "19691231T235959.999999Z",
		"00000101T000000.000000Z", "2026 123T101530.123456Z",
		"-0261123T101530.123456Z", "2026-11-23T10:15:30.123456Z"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		usec_t at = 77;
		assert_int_equal(times_parse_stamp(bad[i], &at), -EINVAL);
		assert_int_equal(at, 77);
	}
	usec_t at = 77;
	assert_int_equal(times_parse_utc("2026-11-23 10:15:30.123456Z", &at), -EINVAL);
	assert_int_equal(times_parse_utc("2026-02-29T10:15:30.123456Z", &at), -EINVAL);
	assert_int_equal(at, 77);
}

static void the_earlier_deadline_wins(void **state)
{
	(void)state;
	assert_int_equal(msec_min(5, MSEC_NEVER), 5);
	assert_int_equal(msec_min(MSEC_NEVER, 5), 5);
	assert_int_equal(msec_min(-1, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instants_are_shown_in_every_form),
		cmocka_unit_test(the_local_day_is_the_servers_own),
		cmocka_unit_test(a_local_day_ends_at_midnight_whatever_its_length),
		cmocka_unit_test(a_wild_clock_still_gives_four_digit_years),
		cmocka_unit_test(what_is_shown_reads_back),
		cmocka_unit_test(a_stamp_may_begin_a_longer_name),
		cmocka_unit_test(what_is_no_instant_is_refused),
		cmocka_unit_test(the_earlier_deadline_wins),
	};
	return cmocka_run_group_tests_name("times", tests, NULL, NULL);
}
