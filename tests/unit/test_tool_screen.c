/* SPDX-License-Identifier: MIT */
#include "tool/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/text.h"
#include "french.h"
#include "tool/print.h"
#include "tool/snapshot.h"

#define NOW (INT64_C(1800000000) * USEC_SECOND)

static struct snapshot site(void)
{
	return (struct snapshot){.has_state = true,
		.updated = NOW,
		.status = {.name = "boutique", .oldest_waiting_s = -1}};
}

static void draw(struct buf *out, const struct snapshot *s, size_t width)
{
	buf_init(out, 65536);
	screen_add_site(out, s, NOW, width);
}

static void an_idle_site_is_three_lines(void **state)
{
	(void)state;
	auto_buf struct buf out = {0};
	struct snapshot s = site();
	draw(&out, &s, 80);
	assert_string_equal(buf_peek(&out), "boutique: open\n"
					    "  waiting        nothing\n"
					    "  sent today     0 files\n");
}

static void a_hold_tells_why_what_to_do_and_when_it_is_tried(void **state)
{
	(void)state;
	auto_buf struct buf out = {0};
	struct snapshot s = site();
	s.status.state = STATE_HELD;
	s.status.hold = (struct status_hold){.since = NOW - 720 * USEC_SECOND,
		.reason = "unreach\033able",
		.said = "connection\nrefused\033[31m",
		.remedy = "check url",
		.next_try = NOW + 240 * USEC_SECOND};
	draw(&out, &s, 80);
	assert_non_null(strstr(buf_peek(&out), "held for 12 min (unreach?able)\n"));
	assert_non_null(strstr(buf_peek(&out), "connection?refused?[31m\n"));
	assert_non_null(strstr(buf_peek(&out), "  what to do     check url\n"));
	assert_non_null(strstr(buf_peek(&out), "  next try       in 4 min ("));
}

static void without_a_gateway_that_is_said_first(void **state)
{
	(void)state;
	auto_buf struct buf out = {0};
	struct snapshot s = site();
	s.was = STATE_OPEN;
	s.updated = NOW - 300 * USEC_SECOND;
	s.status.state = STATE_STOPPED;
	draw(&out, &s, 80);
	assert_ptr_equal(
		strstr(buf_peek(&out), "boutique: no gateway runs\n"), buf_peek(&out));
	assert_non_null(
		strstr(buf_peek(&out), "broke off; the last word of it is 5 min old"));
}

static void figures_that_are_not_nought_are_told(void **state)
{
	(void)state;
	static const char *const told[] = {"3 files: 1 in incoming/, 2 in sending/",
		"under 10 min   3\n", "4 comments that the shop broke on",
		"5 comments wait, because", "1 file in failed/",
		"7 files in incoming/ that", "8 names in incoming/",
		"sent today     9 files", "2.5 comments a second", "within 84 ms"};
	auto_buf struct buf out = {0};
	struct snapshot s = site();
	s.is_counted = true;
	s.census.bands[1] = 3;
	s.status = (struct site_status){.name = "b",
		.incoming = 1,
		.sending = 2,
		.deferred = 4,
		.unknown = 5,
		.failed = 1,
		.unreadable = 7,
		.ignored = 8,
		.sent_today = 9,
		.oldest_waiting_s = 300,
		.rate = 2.5,
		.answer_ms = 84};
	draw(&out, &s, 100);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		assert_non_null(strstr(buf_peek(&out), told[i]));
}

static void lines_keep_to_the_width(void **state)
{
	(void)state;
	auto_buf struct buf out = {0};
	struct snapshot s = site();
	s.status.state = STATE_HELD;
	s.status.hold = (struct status_hold){.since = NOW,
		.reason = "unreachable",
		.said = "é é é é é é é é é é é é é é é é é é é é é é é é é é é é",
		.remedy = "check url, network, DNS and the web server of the shop"};
	char *rest = NULL;
	draw(&out, &s, 50);
	for (char *line = strtok_r(out.bytes, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest))
		assert_true(text_count(line) <= 50);
}

static void a_drain_tells_its_part_and_its_end(void **state)
{
	(void)state;
	auto_buf struct buf out = {.max_bytes = 4096};
	screen_add_drain(
		&out, &(struct drain){.peak = 400, .left = 100, .rate = 0.5}, 80);
	assert_string_equal(
		buf_peek(&out), "  drains         75 %, done in about 3 min\n");
	buf_clear(&out);
	screen_add_drain(&out, &(struct drain){.peak = 100, .left = 100}, 80);
	screen_add_drain(&out, &(struct drain){.peak = 100, .left = 0}, 80);
	assert_string_equal(buf_peek(&out), "");
}

static void sizes_and_ages_have_their_units(void **state)
{
	(void)state;
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = {{0, "0 B"}, {1023, "1023 B"}, {1536, "1.5 KB"},
		{UINT64_C(3) << 30, "3.0 GB"}, {UINT64_C(5) << 40, "5120.0 GB"}};
	char text[PRINT_AGE_MAX];
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		print_size(text, sizes[i].bytes);
		assert_string_equal(text, sizes[i].text);
	}
	print_age(text, -5);
	assert_string_equal(text, "0 s");
	print_age(text, 119 * MSEC_SECOND);
	assert_string_equal(text, "119 s");
	print_age(text, 49 * MSEC_HOUR);
	assert_string_equal(text, "2 d");
}

static void french_decimals_have_a_comma(void **state)
{
	(void)state;
	char text[PRINT_AGE_MAX];
	french_begin();
	print_size(text, 1536);
	assert_string_equal(text, "1,5 Ko");
	print_size(text, 1023);
	assert_string_equal(text, "1023 o");
	print_decimal(text, 1, 0.1);
	assert_string_equal(text, "0,1");
	french_end();
}

static void assert_drawn(const struct snapshot *s, const char *words)
{
	auto_buf struct buf out = {0};
	draw(&out, s, 80);
	if (!strstr(buf_peek(&out), words))
		fail_msg("no \"%s\" in\n%s", words, buf_peek(&out));
}

static void each_state_says_since_when_and_what_comes(void **state)
{
	(void)state;
	struct snapshot s = site();
	s.status.hold = (struct status_hold){
		.since = NOW - 720 * USEC_SECOND, .reason = "no-space", .next_try = NOW};
	s.status.state = STATE_WAITING;
	assert_drawn(&s, "boutique: waits, for 12 min (no-space)\n");
	assert_drawn(&s, "  next try       now\n");
	s.status.state = STATE_STOPPED;
	s.was = STATE_STOPPED;
	assert_drawn(&s, "  was held       no-space\n");
	struct snapshot stale = site();
	stale.is_stale = true;
	assert_drawn(
		&stale, "  but            state.json has not been written for a while");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_says_since_when_and_what_comes),
		cmocka_unit_test(an_idle_site_is_three_lines),
		cmocka_unit_test(a_hold_tells_why_what_to_do_and_when_it_is_tried),
		cmocka_unit_test(without_a_gateway_that_is_said_first),
		cmocka_unit_test(figures_that_are_not_nought_are_told),
		cmocka_unit_test(lines_keep_to_the_width),
		cmocka_unit_test(a_drain_tells_its_part_and_its_end),
		cmocka_unit_test(sizes_and_ages_have_their_units),
		cmocka_unit_test(french_decimals_have_a_comma),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
