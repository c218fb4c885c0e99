/* SPDX-License-Identifier: MIT */
#include "tool/snapshot.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "spool_fixture.h"
#include "system/clock.h"

static char name[] = "boutique", pattern[] = "*.xml";
static struct site_config config = {.name = name, .pattern = pattern};

static const char told[] =
	"{\"v\":1,\"updated\":\"2026-01-01T10:00:00.000000Z\",\"version\":\"1\","
	"\"sites\":"
	"[{\"name\":\"boutique\",\"state\":\"open\",\"hold\":null,\"incoming\":70,"
	"\"sending\":8,\"deferred\":3,\"unknown\":2,\"failed\":4,\"sent_today\":5,"
	"\"ignored\":6,\"unreadable\":7,\"oldest_waiting_s\":null,\"rate\":1.0,"
	"\"answer_ms\":9}]}";

static void take(struct snapshot *s)
{
	config.spool = spool_root;
	snapshot_take(&config, clock_now().wall, NULL, s);
}

static void fill(void)
{
	put("incoming/a.xml", "x");
	put("incoming/b.xml", "x");
	put("incoming/c.txt", "x");
	put("sending/20260101T000000.000000Z_d.xml", "x");
	put("failed/e.xml", "x");
	put("failed/e.xml.reason.txt", "x");
	if (mkdir("incoming/folder.xml", 0750) < 0)
		assert_int_equal(errno, EEXIST);
}

static void without_a_gateway_the_folders_are_counted(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot s = {0};
	fill();
	take(&s);
	assert_false(snapshot_is_running(&s));
	assert_int_equal(s.presence, GATEWAY_ABSENT);
	assert_int_equal(s.status.incoming, 2);
	assert_int_equal(s.status.ignored, 2);
	assert_int_equal(s.status.sending, 1);
	assert_int_equal(s.status.failed, 1);
	assert_int_equal(s.census.bands[0], 2);
	assert_int_equal(s.census.bands[AGE_BANDS - 1], 1);
	assert_true(s.status.oldest_waiting_s > 86400);
}

static void a_crashed_gateways_word_is_not_believed(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot s = {0};
	fill();
	put("state.json", told);
	take(&s);
	assert_int_equal(s.status.state, STATE_STOPPED);
	assert_int_equal(s.was, STATE_OPEN);
	assert_int_equal(s.status.incoming, 2);
	assert_int_equal(s.status.deferred, 3);
	assert_true(s.status.rate == 0);
}

static void a_running_gateways_word_counts(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot s = {0};
	assert_int_equal(spool_lock(spool, false), 0);
	put("state.json", told);
	take(&s);
	assert_int_equal(s.presence, GATEWAY_RUNS);
	assert_int_equal(s.status.state, STATE_OPEN);
	assert_int_equal(s.status.deferred, 3);
	assert_int_equal(s.status.failed, 4);
	assert_true(s.is_stale);
}

/* Or files would wait, and none of them be the oldest. */
static void what_waits_and_since_when_are_of_one_source(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot none = {0};
	auto_with(snapshot_done) struct snapshot some = {0};
	assert_int_equal(spool_lock(spool, false), 0);
	put("state.json", told);
	take(&none);
	assert_int_equal(none.status.incoming + none.status.sending, 0);
	assert_int_equal(none.status.oldest_waiting_s, -1);
	fill();
	take(&some);
	assert_int_equal(some.status.incoming, 2);
	assert_int_equal(some.status.sending, 1);
	assert_true(some.status.oldest_waiting_s > 86400);
}

static void no_more_are_unreadable_than_are_there(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot none = {0};
	auto_with(snapshot_done) struct snapshot some = {0};
	put("state.json", told);
	take(&none);
	assert_int_equal(none.status.unreadable, 0);
	fill();
	take(&some);
	assert_int_equal(some.status.unreadable, 3);
}

static void looking_takes_no_lock(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot s = {0};
	put("lock", "");
	take(&s);
	assert_int_equal(s.presence, GATEWAY_ABSENT);
	assert_int_equal(spool_lock(spool, false), 0);
}

static void a_broken_state_beside_a_gateway_is_a_hold(void **state)
{
	(void)state;
	static const char *const broken[] = {"", "{\"v\":1", "{\"v\":2}", "[]"};
	assert_int_equal(spool_lock(spool, false), 0);
	fill();
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		auto_with(snapshot_done) struct snapshot s = {0};
		put("state.json", broken[i]);
		take(&s);
		assert_int_equal(s.status.state, STATE_WAITING);
		assert_string_equal(s.status.hold.reason, "no-state");
		assert_int_equal(s.status.incoming, 2);
		assert_int_equal(s.status.failed, 1);
	}
}

static void assert_no_state(const char *file_name)
{
	auto_with(snapshot_done) struct snapshot s = {0};
	take(&s);
	if (s.status.state != STATE_WAITING || !s.status.hold.reason ||
		strcmp(s.status.hold.reason, "no-state") != 0)
		fail_msg("%s is believed", file_name);
}

static void what_is_no_state_of_this_site_is_not_believed(void **state)
{
	(void)state;
	assert_int_equal(spool_lock(spool, false), 0);
	assert_int_equal(mkdir("state.json", 0750), 0);
	assert_no_state("a folder");
	assert_int_equal(rmdir("state.json"), 0);
	put("state.json", "");
	assert_int_equal(truncate("state.json", (off_t)1 << 40), 0);
	assert_no_state("a huge file");
	auto_free char *other = strdup(told);
	*strstr(other, "boutique") = 'B';
	put("state.json", other);
	assert_no_state("another site's state");
}

/* Where its lock cannot be looked at, its last word tells whether a gateway runs. */
static void a_lock_that_cannot_be_seen_leaves_the_last_word(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot s = {0};
	auto_with(snapshot_done) struct snapshot stopped = {0};
	assert_int_equal(symlink("elsewhere", "lock"), 0);
	put("state.json", told);
	take(&s);
	assert_int_equal(s.presence, GATEWAY_UNSEEN);
	assert_int_equal(s.status.state, STATE_OPEN);
	auto_buf struct buf text = {.max_bytes = 2000};
	const char *word = strstr(told, "open");
	buf_add(&text, told, (size_t)(word - told));
	buf_add_format(&text, "stopped%s", word + strlen("open"));
	put("state.json", buf_peek(&text));
	take(&stopped);
	assert_int_equal(stopped.status.state, STATE_STOPPED);
	assert_int_equal(stopped.status.incoming, 0);
	assert_int_equal(stopped.status.failed, 0);
}

/* Nobody tries any more. */
static void a_hold_of_a_run_that_broke_off_has_no_next_try(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot s = {0};
	auto_buf struct buf text = {.max_bytes = 2000};
	const char *none = strstr(told, "null");
	buf_add(&text, told, (size_t)(none - told));
	buf_add_format(&text,
		"{\"since\":\"2026-01-01T09:00:00.000000Z\",\"reason\":\"unreachable\","
		"\"said\":\"no route\",\"remedy\":\"check url\","
		"\"next_try\":\"2026-01-01T10:01:00.000000Z\"}%s",
		none + strlen("null"));
	put("state.json", buf_peek(&text));
	take(&s);
	assert_int_equal(s.status.state, STATE_STOPPED);
	assert_string_equal(s.status.hold.reason, "unreachable");
	assert_true(s.status.hold.next_try == 0);
}

static void no_spool_is_a_hold_with_its_cure(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot s = {0};
	config.spool = (char *)"/nonexistent/spool";
	snapshot_take(&config, clock_now().wall, NULL, &s);
	assert_string_equal(s.status.hold.reason, "no-spool");
	assert_non_null(strstr(s.status.hold.said, "/nonexistent/spool"));
	assert_non_null(strstr(s.status.hold.remedy, "opensi-spool init"));
	assert_string_equal(s.status.name, "boutique");
}

static void an_earlier_census_saves_the_counting(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot s = {0};
	struct census known = {.incoming = 1000, .is_all = true};
	fill();
	config.spool = spool_root;
	snapshot_take(&config, clock_now().wall, &known, &s);
	assert_int_equal(s.status.incoming, 1000);
	known.is_all = false; /* of the time when a gateway counted the rest */
	snapshot_done(&s);
	snapshot_take(&config, clock_now().wall, &known, &s);
	assert_int_equal(s.status.incoming, 2);
	assert_int_equal(s.status.failed, 1);
}

static void set(struct buf *text, const char *old, const char *new)
{
	auto_free char *before = xstrdup(buf_peek(text));
	char *at = strstr(before, old);
	assert_non_null(at);
	buf_clear(text);
	buf_add(text, before, (size_t)(at - before));
	buf_add_text(text, new);
	buf_add_text(text, at + strlen(old));
}

/* A look at each of a million files takes seconds. */
static void of_very_many_the_running_gateway_is_asked_for_the_oldest(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot s = {0};
	auto_buf struct buf text = {.max_bytes = 4096};
	assert_int_equal(spool_lock(spool, false), 0);
	fill();
	const char *sites = strstr(told, "\",\"version\"");
	buf_add_text(&text, "{\"v\":1,\"updated\":\"");
	times_add_utc(&text, clock_now().wall - 30 * USEC_SECOND);
	buf_add_text(&text, sites);
	set(&text, "\"incoming\":70,", "\"incoming\":50001,");
	set(&text, "\"oldest_waiting_s\":null,", "\"oldest_waiting_s\":1000,");
	put("state.json", buf_peek(&text));
	take(&s);
	assert_int_equal(s.status.incoming, 50001);
	assert_false(s.is_counted);
	assert_in_range(s.status.oldest_waiting_s, 1030, 1090);
}

static void tell(const char *old, const char *new, usec_t updated)
{
	auto_buf struct buf text = {.max_bytes = 4096};
	buf_add_text(&text, "{\"v\":1,\"updated\":\"");
	times_add_utc(&text, updated);
	buf_add_text(&text, strstr(told, "\",\"version\""));
	set(&text, "\"rate\":1.0", "\"rate\":0.0");
	set(&text, old, new);
	put("state.json", buf_peek(&text));
}

static bool is_stale_in(msec_t later)
{
	auto_with(snapshot_done) struct snapshot s = {0};
	config.spool = spool_root;
	config.rescan = 5 * MSEC_MINUTE;
	snapshot_take(&config, clock_now().wall + later * 1000, NULL, &s);
	return s.is_stale;
}

static void on_a_quiet_site_a_rescan_without_a_word_shows_a_stale_state(void **state)
{
	(void)state;
	assert_int_equal(spool_lock(spool, false), 0);
	tell("\"rate\":0.0", "\"rate\":0.0", clock_now().wall);
	assert_false(is_stale_in(6 * MSEC_MINUTE));
	assert_true(is_stale_in(8 * MSEC_MINUTE));
	tell("\"rate\":0.0", "\"rate\":0.0", clock_now().wall - 3600 * USEC_SECOND);
	assert_false(is_stale_in(6 * MSEC_MINUTE)); /* touched just now */
	tell("\"rate\":0.0", "\"rate\":1.0", clock_now().wall);
	assert_true(is_stale_in(2 * MSEC_MINUTE));
}

static void nothing_that_waits_has_no_age_whatever_was_told(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot s = {0};
	assert_int_equal(spool_lock(spool, false), 0);
	tell("\"oldest_waiting_s\":null,", "\"oldest_waiting_s\":1000,",
		clock_now().wall);
	take(&s);
	assert_int_equal(s.status.oldest_waiting_s, -1);
}

static void where_not_all_can_be_counted_nothing_is_told_of_an_earlier_state(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot s = {0};
	auto_buf struct buf today = {.max_bytes = 100};
	buf_add_text(&today, "sent/");
	times_add_local_day(&today, clock_now().wall);
	put(buf_peek(&today), "no folder");
	put("state.json", told);
	take(&s);
	assert_true(s.is_shut);
	assert_false(s.has_state);
	assert_int_equal(s.status.failed, 0);
}

static void assert_no_space(enum site_state expected)
{
	auto_with(snapshot_done) struct snapshot s = {0};
	take(&s);
	assert_int_equal(s.status.state, expected);
	assert_non_null(s.status.hold.reason);
	assert_string_equal(s.status.hold.reason, "no-space");
}

static void a_full_disk_is_seen_whatever_state_json_says(void **state)
{
	(void)state;
	config.min_free = INT64_MAX;
	put("state.json", told);
	assert_no_space(STATE_STOPPED);
	assert_int_equal(spool_lock(spool, false), 0);
	assert_no_space(STATE_WAITING);
	tell("\"hold\":null",
		"\"hold\":{\"since\":\"2026-01-01T09:00:00.000000Z\",\"reason\":"
		"\"unclear\","
		"\"said\":\"x\",\"remedy\":\"y\",\"next_try\":null}",
		clock_now().wall);
	assert_no_space(STATE_WAITING);
	assert_int_equal(unlink("state.json"), 0);
	assert_no_space(STATE_WAITING);
	config.min_free = 0;
}

static void a_gateway_knows_since_when_there_is_no_space(void **state)
{
	(void)state;
	auto_with(snapshot_done) struct snapshot s = {0};
	config.min_free = INT64_MAX;
	assert_int_equal(spool_lock(spool, false), 0);
	tell("\"hold\":null",
		"\"hold\":{\"since\":\"2026-01-01T09:00:00.000000Z\",\"reason\":"
		"\"no-space\",\"said\":\"x\",\"remedy\":\"y\",\"next_try\":null}",
		clock_now().wall);
	take(&s);
	config.min_free = 0;
	assert_string_equal(s.status.hold.said, "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_spool(without_a_gateway_the_folders_are_counted),
		in_spool(a_crashed_gateways_word_is_not_believed),
		in_spool(a_running_gateways_word_counts),
		in_spool(what_waits_and_since_when_are_of_one_source),
		in_spool(on_a_quiet_site_a_rescan_without_a_word_shows_a_stale_state),
		in_spool(nothing_that_waits_has_no_age_whatever_was_told),
		in_spool(
			where_not_all_can_be_counted_nothing_is_told_of_an_earlier_state),
		in_spool(a_full_disk_is_seen_whatever_state_json_says),
		in_spool(a_gateway_knows_since_when_there_is_no_space),
		in_spool(no_more_are_unreadable_than_are_there),
		in_spool(looking_takes_no_lock),
		in_spool(a_broken_state_beside_a_gateway_is_a_hold),
		in_spool(what_is_no_state_of_this_site_is_not_believed),
		in_spool(a_lock_that_cannot_be_seen_leaves_the_last_word),
		in_spool(a_hold_of_a_run_that_broke_off_has_no_next_try),
		in_spool(no_spool_is_a_hold_with_its_cure),
		in_spool(an_earlier_census_saves_the_counting),
		in_spool(of_very_many_the_running_gateway_is_asked_for_the_oldest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
