/* SPDX-License-Identifier: MIT */
#include "tool/monitor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "tool/snapshot.h"

#define NOW (INT64_C(1800000000) * USEC_SECOND)

static const struct thresholds usual = {MSEC_HOUR, 4 * MSEC_HOUR};

static struct snapshot open_site(void)
{
	return (struct snapshot){.presence = GATEWAY_RUNS,
		.has_state = true,
		.updated = NOW,
		.status = {.name = "boutique", .oldest_waiting_s = -1}};
}

static struct snapshot held_site(const char *reason, msec_t age)
{
	struct snapshot s = open_site();
	s.status.state = STATE_HELD;
	s.status.hold = (struct status_hold){.since = NOW - age * 1000, .reason = reason};
	return s;
}

static struct snapshot stopped_site(enum site_state was, msec_t age)
{
	struct snapshot s = open_site();
	s.presence = GATEWAY_ABSENT;
	s.was = was;
	s.updated = NOW - age * 1000;
	s.status.state = STATE_STOPPED;
	return s;
}

static enum alarm_level judge(const struct snapshot *s)
{
	auto_buf struct buf out = {.max_bytes = 4096};
	return monitor_judge(&out, s, 1, &usual, NOW);
}

static void all_well_is_one_line_with_its_figures(void **state)
{
	(void)state;
	auto_buf struct buf out = {.max_bytes = 4096};
	struct snapshot sites[] = {open_site(), open_site()};
	sites[0].status.incoming = 2;
	sites[1].status.sending = 1;
	sites[0].status.oldest_waiting_s = 12;
	assert_int_equal(monitor_judge(&out, sites, 2, &usual, NOW), ALARM_OK);
	assert_string_equal(buf_peek(&out),
		"OPENSI OK - 2 sites open, 3 files waiting | waiting=3;;;0 failed=0;0;;0 "
		"oldest=12s;3600;14400;0\n");
}

static void figures_are_those_of_all_sites(void **state)
{
	(void)state;
	auto_buf struct buf out = {.max_bytes = 4096};
	struct snapshot sites[] = {open_site(), open_site(), open_site()};
	sites[0].status.failed = 2;
	sites[1].status.failed = 1;
	sites[0].status.oldest_waiting_s = 12;
	sites[1].status.oldest_waiting_s = 30;
	assert_int_equal(monitor_judge(&out, sites, 3, &usual, NOW), ALARM_WARNING);
	assert_non_null(strstr(buf_peek(&out), " failed=3;0;;0 oldest=30s;"));
}

static void the_age_of_what_waits_alarms(void **state)
{
	(void)state;
	struct snapshot s = open_site();
	s.status.oldest_waiting_s = 3600;
	assert_int_equal(judge(&s), ALARM_OK);
	s.status.oldest_waiting_s = 3601;
	assert_int_equal(judge(&s), ALARM_WARNING);
	s.status.oldest_waiting_s = 14400;
	assert_int_equal(judge(&s), ALARM_WARNING);
	s.status.oldest_waiting_s = 14401;
	assert_int_equal(judge(&s), ALARM_CRITICAL);
}

static void what_needs_a_person_warns(void **state)
{
	(void)state;
	struct snapshot failed = open_site();
	failed.status.failed = 1;
	assert_int_equal(judge(&failed), ALARM_WARNING);
	struct snapshot unreadable = open_site();
	unreadable.status.unreadable = 1;
	assert_int_equal(judge(&unreadable), ALARM_WARNING);
	struct snapshot stale = open_site();
	stale.is_stale = true;
	assert_int_equal(judge(&stale), ALARM_WARNING);
}

static void holds_that_need_a_person_are_critical_at_once(void **state)
{
	(void)state;
	static const char *const reasons[] = {
		"key-refused", "website-refused", "no-space", "machine-trouble"};
	for (size_t i = 0; i < 4; i++) {
		struct snapshot s = held_site(reasons[i], MSEC_SECOND);
		assert_int_equal(judge(&s), ALARM_CRITICAL);
	}
}

static void other_holds_become_critical_with_time(void **state)
{
	(void)state;
	struct snapshot s = held_site("unreachable", MSEC_SECOND);
	assert_int_equal(judge(&s), ALARM_WARNING);
	s = held_site("unreachable", 5 * MSEC_HOUR);
	assert_int_equal(judge(&s), ALARM_CRITICAL);
}

static void without_a_gateway_it_is_critical_but_for_a_recent_end(void **state)
{
	(void)state;
	struct snapshot s = stopped_site(STATE_STOPPED, 10 * MSEC_MINUTE);
	assert_int_equal(judge(&s), ALARM_OK);
	s = stopped_site(STATE_STOPPED, 5 * MSEC_HOUR);
	assert_int_equal(judge(&s), ALARM_CRITICAL);
	s = stopped_site(STATE_OPEN, 10 * MSEC_MINUTE);
	assert_int_equal(judge(&s), ALARM_CRITICAL);
	s.has_state = false;
	assert_int_equal(judge(&s), ALARM_CRITICAL);
}

static void what_cannot_be_seen_is_unknown(void **state)
{
	(void)state;
	static const char *const reasons[] = {"no-spool", "no-permission", "no-state"};
	for (size_t i = 0; i < 3; i++) {
		struct snapshot s = held_site(reasons[i], 0);
		s.has_state = false;
		s.is_shut = i < 2;
		s.status.hold.said = "/spool/failed: Permission denied";
		s.status.state = s.is_shut ? STATE_STOPPED : STATE_WAITING;
		assert_int_equal(judge(&s), ALARM_UNKNOWN);
	}
}

static void the_worst_site_counts_and_critical_is_worse_than_unknown(void **state)
{
	(void)state;
	auto_buf struct buf out = {.max_bytes = 4096};
	struct snapshot sites[] = {
		held_site("no-space", 0), held_site("no-state", 0), open_site()};
	assert_int_equal(monitor_judge(&out, sites, 3, &usual, NOW), ALARM_CRITICAL);
	buf_clear(&out);
	assert_int_equal(monitor_judge(&out, sites + 1, 2, &usual, NOW), ALARM_UNKNOWN);
}

static void words_break_neither_the_line_nor_the_figures(void **state)
{
	(void)state;
	auto_buf struct buf out = {.max_bytes = 4096};
	struct snapshot s = held_site("odd|reason\n\033[31m", 0);
	assert_int_equal(monitor_judge(&out, &s, 1, &usual, NOW), ALARM_WARNING);
	assert_null(strchr(buf_peek(&out), '\033'));
	assert_ptr_equal(strchr(buf_peek(&out), '\n'), buf_peek(&out) + out.len - 1);
	assert_ptr_equal(
		strchr(buf_peek(&out), '|'), strstr(buf_peek(&out), "| waiting="));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_well_is_one_line_with_its_figures),
		cmocka_unit_test(figures_are_those_of_all_sites),
		cmocka_unit_test(the_age_of_what_waits_alarms),
		cmocka_unit_test(what_needs_a_person_warns),
		cmocka_unit_test(holds_that_need_a_person_are_critical_at_once),
		cmocka_unit_test(other_holds_become_critical_with_time),
		cmocka_unit_test(without_a_gateway_it_is_critical_but_for_a_recent_end),
		cmocka_unit_test(what_cannot_be_seen_is_unknown),
		cmocka_unit_test(
			the_worst_site_counts_and_critical_is_worse_than_unknown),
		cmocka_unit_test(words_break_neither_the_line_nor_the_figures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
