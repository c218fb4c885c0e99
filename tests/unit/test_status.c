/* SPDX-License-Identifier: MIT */
#include "core/status.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define NOW INT64_C(1795428930123456) /* 2026-11-23T10:15:30.123456Z */

static struct site_status sites[] = {
	{
		.name = "boutique",
		.state = STATE_HELD,
		.hold = {.since = NOW - 5 * USEC_SECOND,
			.reason = "unreachable",
			.said = "HTTP 503 \"Service\"",
			.remedy = "wait",
			.next_try = NOW + USEC_SECOND},
		.incoming = 1,
		.sending = 2,
		.deferred = 3,
		.unknown = 4,
		.failed = 5,
		.sent_today = 6,
		.ignored = 7,
		.unreadable = 8,
		.oldest_waiting_s = 9,
		.rate = 1.5,
		.answer_ms = 123,
	},
	{.name = "librairie", .oldest_waiting_s = -1},
};

static const struct status both = {
	.updated = NOW, .version = "0.1.0", .sites = sites, .count = 2};

static const char both_text[] =
	"{\"v\":1,\"updated\":\"2026-11-23T10:15:30.123456Z\",\"version\":\"0.1.0\","
	"\"sites\":[{\"name\":\"boutique\",\"state\":\"held\",\"hold\":{"
	"\"since\":\"2026-11-23T10:15:25.123456Z\",\"reason\":\"unreachable\","
	"\"said\":\"HTTP 503 \\\"Service\\\"\",\"remedy\":\"wait\","
	"\"next_try\":\"2026-11-23T10:15:31.123456Z\"},"
	"\"incoming\":1,\"sending\":2,\"deferred\":3,\"unknown\":4,\"failed\":5,"
	"\"sent_today\":6,\"ignored\":7,\"unreadable\":8,\"oldest_waiting_s\":9,"
	"\"rate\":1.500,\"answer_ms\":123},"
	"{\"name\":\"librairie\",\"state\":\"open\",\"hold\":null,"
	"\"incoming\":0,\"sending\":0,\"deferred\":0,\"unknown\":0,\"failed\":0,"
	"\"sent_today\":0,\"ignored\":0,\"unreadable\":0,\"oldest_waiting_s\":null,"
	"\"rate\":0.000,\"answer_ms\":null}]}\n";

static void write_status(struct buf *out, const struct status *status)
{
	buf_init(out, STATUS_MAX_BYTES);
	status_write(out, status);
	assert_int_equal(buf_finish(out), 0);
}

static void the_form_is_the_documented_one(void **state)
{
	(void)state;
	auto_buf struct buf text = {0};
	write_status(&text, &both);
	assert_string_equal(buf_peek(&text), both_text);
}

static void what_was_written_is_read(void **state)
{
	(void)state;
	auto_with(status_done) struct status read = {0};
	auto_buf struct buf again = {0};
	assert_int_equal(status_parse(both_text, strlen(both_text), &read), 0);
	assert_int_equal(read.count, 2);
	assert_int_equal(read.updated, NOW);
	assert_null(read.sites[1].hold.reason);
	assert_int_equal(read.sites[1].oldest_waiting_s, -1);
	assert_null(read.sites[0].tally);
	write_status(&again, &read);
	assert_string_equal(buf_peek(&again), both_text);
}

static void every_state_comes_back(void **state)
{
	(void)state;
	for (enum site_state s = STATE_OPEN; s <= STATE_STOPPED; s++) {
		struct site_status site = {.name = "a", .state = s};
		auto_buf struct buf text = {0};
		auto_with(status_done) struct status read = {0};
		write_status(&text, &(struct status){.sites = &site, .count = 1});
		assert_int_equal(status_parse(text.bytes, text.len, &read), 0);
		assert_int_equal(read.sites[0].state, s);
		assert_null(read.version);
	}
}

static void no_sites_are_none(void **state)
{
	(void)state;
	auto_buf struct buf text = {0};
	auto_with(status_done) struct status read = {0};
	write_status(&text, &(struct status){.updated = NOW, .version = "1"});
	assert_int_equal(status_parse(text.bytes, text.len, &read), 0);
	assert_int_equal(read.count, 0);
}

/* Whatever comes from outside: other readers take the text for JSON, on one line. */
static void hostile_texts_stay_within_their_quotes(void **state)
{
	(void)state;
	static const char hostile[] =
		"\",\"v\":2}\n\t\\u0000 "
		"\x01\x1b[31m\x7f\xc2\x9b\xe2\x80\xae</script>\xe2\x80\xac\xff";
	struct site_status site = {.name = hostile,
		.state = STATE_HELD,
		.hold = {.since = 1,
			.reason = hostile,
			.said = hostile,
			.remedy = hostile}};
	auto_buf struct buf text = {0};
	auto_with(status_done) struct status read = {0};
	write_status(
		&text, &(struct status){.version = hostile, .sites = &site, .count = 1});
	assert_ptr_equal(strchr(buf_peek(&text), '\n'), text.bytes + text.len - 1);
	for (size_t i = 0; i + 1 < text.len; i++)
		assert_true(
			(unsigned char)text.bytes[i] >= 0x20 && text.bytes[i] != 0x7f);
	assert_int_equal(status_parse(text.bytes, text.len, &read), 0);
	/* All of it comes back, but the byte that is no character. */
	assert_memory_equal(read.sites[0].name, hostile, sizeof(hostile) - 2);
	assert_string_equal(read.sites[0].name, read.sites[0].hold.said);
}

/* A decimal comma would be no JSON. */
static void numbers_do_not_depend_on_rounding(void **state)
{
	(void)state;
	struct site_status site = {.name = "a", .rate = 1234.56789};
	auto_buf struct buf text = {0};
	write_status(&text, &(struct status){.sites = &site, .count = 1});
	assert_non_null(strstr(buf_peek(&text), "\"rate\":1234.568,"));
}

static void assert_refused(const char *bytes, size_t len)
{
	struct status read = {.updated = 42};
	if (status_parse(bytes, len, &read) != -EINVAL)
		fail_msg("was taken: %.200s", bytes);
	assert_int_equal(read.updated, 42);
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	/* Without its newline it is whole. */
	for (size_t len = 0; len + 2 < sizeof(both_text); len++)
		assert_refused(both_text, len);
}

static void garbage_is_refused(void **state)
{
	(void)state;
	static const char *const garbage[] = {"", "null", "[]", "{}", "\"v\"",
		"{\"v\":1}",
		"{\"v\":\"1\",\"updated\":null,\"version\":null,\"sites\":[]}",
		"{\"v\":2,\"updated\":null,\"version\":null,\"sites\":[]}",
		"{\"v\":1,\"updated\":7,\"version\":null,\"sites\":[]}",
		"{\"v\":1,\"updated\":\"yesterday\",\"version\":null,\"sites\":[]}",
		"{\"v\":1,\"updated\":null,\"version\":7,\"sites\":[]}",
		"{\"v\":1,\"updated\":null,\"version\":null,\"sites\":[7]}",
		"{\"v\":1,\"updated\":null,\"version\":null,\"sites\":[{}]}",
		"{\"v\":1,\"v\":1,\"updated\":null,\"version\":null,\"sites\":[]}",
		"\xff"};
	for (size_t i = 0; i < sizeof(garbage) / sizeof(*garbage); i++)
		assert_refused(garbage[i], strlen(garbage[i]));
}

/* The text with one value replaced. */
static void assert_refused_with(const char *was, const char *is)
{
	const char *at = strstr(both_text, was);
	assert_non_null(at);
	auto_buf struct buf text = {.max_bytes = STATUS_MAX_BYTES};
	buf_add(&text, both_text, (size_t)(at - both_text));
	buf_add_text(&text, is);
	buf_add_text(&text, at + strlen(was));
	assert_refused(text.bytes, text.len);
}

static void values_of_other_kinds_are_refused(void **state)
{
	(void)state;
	assert_refused_with("\"name\":\"boutique\"", "\"name\":null");
	assert_refused_with("\"name\":\"boutique\"", "\"name\":7");
	assert_refused_with("\"state\":\"held\"", "\"state\":\"fine\"");
	assert_refused_with("\"state\":\"held\"", "\"state\":null");
	assert_refused_with("\"incoming\":1", "\"incoming\":-1");
	assert_refused_with("\"incoming\":1", "\"incoming\":1.5");
	assert_refused_with("\"incoming\":1", "\"incoming\":99999999999999999999");
	assert_refused_with("\"incoming\":1", "\"incoming\":null");
	assert_refused_with("\"incoming\":1,", "");
	assert_refused_with("\"oldest_waiting_s\":9", "\"oldest_waiting_s\":-9");
	assert_refused_with("\"answer_ms\":123", "\"answer_ms\":\"fast\"");
	assert_refused_with("\"rate\":1.500", "\"rate\":-1");
	assert_refused_with("\"rate\":1.500", "\"rate\":null");
	assert_refused_with("\"hold\":null", "\"hold\":\"no\"");
	assert_refused_with("\"hold\":null", "\"hold\":{}");
	assert_refused_with("\"next_try\":\"2026", "\"next_try\":\"x026");
	assert_refused_with("\"sites\":[", "\"sites\":7,\"x\":[");
}

static void fields_of_later_versions_are_passed_over(void **state)
{
	(void)state;
	auto_with(status_done) struct status read = {0};
	const char text[] = "{\"new\":[],\"v\":1,\"updated\":null,\"version\":\"9\","
			    "\"sites\":[]}";
	assert_int_equal(status_parse(text, strlen(text), &read), 0);
	assert_int_equal(read.updated, 0);
}

static void too_large_is_refused(void **state)
{
	(void)state;
	size_t len = STATUS_MAX_BYTES + 1;
	auto_free char *bytes = malloc(len);
	assert_non_null(bytes);
	memset(bytes, ' ', len);
	memcpy(bytes, both_text, sizeof(both_text) - 1);
	assert_refused(bytes, len);
	auto_with(status_done) struct status read = {0};
	assert_int_equal(status_parse(bytes, len - 1, &read), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form_is_the_documented_one),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(every_state_comes_back),
		cmocka_unit_test(no_sites_are_none),
		cmocka_unit_test(hostile_texts_stay_within_their_quotes),
		cmocka_unit_test(numbers_do_not_depend_on_rounding),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(garbage_is_refused),
		cmocka_unit_test(values_of_other_kinds_are_refused),
		cmocka_unit_test(fields_of_later_versions_are_passed_over),
		cmocka_unit_test(too_large_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
