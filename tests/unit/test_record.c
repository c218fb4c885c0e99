/* SPDX-License-Identifier: MIT */
#include "core/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "top/delivery.h"
#include "top/job.h"

#define AT INT64_C(1795428930123456) /* 2026-11-23T10:15:30.123456Z */
#define auto_record auto_with(record_done)
#define HEAD "{\"v\":1,\"t\":\"2026-11-23T10:15:30.123456Z\",\"up\":7"

enum { EVENTS = EVENT_CHECKPOINT_END + 1 };

static int parse(const char *line, struct record *record)
{
	return record_parse(line, strlen(line), record);
}

static int parse_written(const struct buf *line, struct record *record)
{
	assert_int_equal(line->bytes[line->len - 1], '\n');
	return record_parse(line->bytes, line->len - 1, record);
}

static void assert_same_text(const char *a, const char *b)
{
	if (a && b)
		assert_string_equal(a, b);
	else
		assert_true(a == b);
}

static void assert_same(const struct record *a, const struct record *b)
{
	assert_int_equal(a->event, b->event);
	assert_int_equal(a->at, b->at);
	assert_int_equal(a->up, b->up);
	assert_int_equal(a->number, b->number);
	assert_int_equal(a->attempt, b->attempt);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->sent, b->sent);
	assert_same_text(a->boot, b->boot);
	assert_same_text(a->site, b->site);
	assert_same_text(a->claim, b->claim);
	assert_same_text(a->drop, b->drop);
	assert_same_text(a->of, b->of);
	assert_same_text(a->version, b->version);
	assert_same_text(a->order, b->order);
	assert_same_text(a->comment, b->comment);
	assert_same_text(a->result, b->result);
	assert_same_text(a->cause, b->cause);
	assert_same_text(a->code, b->code);
	assert_same_text(a->message, b->message);
	assert_same_text(a->to, b->to);
}

/* Every field is told, each with another end, so that none can be taken for another. */
static struct record full_record(enum event event, char texts[13][64], const char *text)
{
	for (int i = 0; i < 13; i++)
		(void)snprintf(texts[i], sizeof(texts[i]), "%s%d", text, i);
	return (struct record){
		.event = event,
		.at = AT,
		.up = 123456789,
		.boot = texts[0],
		.site = texts[1],
		.claim = texts[2],
		.drop = texts[3],
		.of = texts[4],
		.version = texts[5],
		.number = 4294967295U,
		.order = texts[6],
		.comment = texts[7],
		.attempt = 5,
		.result = texts[8],
		.cause = texts[12],
		.code = texts[9],
		.message = texts[10],
		.count = 1000000,
		.sent = 2000000,
		.to = texts[11],
	};
}

static void a_line_has_its_keys_in_order_and_only_where_they_apply(void **state)
{
	(void)state;
	auto_buf struct buf line = {0};
	buf_init(&line, RECORD_MAX_BYTES);
	struct record record = {
		.event = EVENT_OUTCOME,
		.at = AT,
		.up = 7,
		.site = "WEB1",
		.claim = "20261123T101530.123456Z",
		.number = 3,
		.order = "WEB-77",
		.comment = "182",
		.attempt = 2,
		.result = "rejected",
		.cause = "give_up",
		.code = "3002",
		.message = "no \"such\" order",
	};

	record_write(&line, &record);
	assert_string_equal(buf_peek(&line),
		HEAD ",\"site\":\"WEB1\",\"ev\":\"outcome\","
		     "\"claim\":\"20261123T101530.123456Z\",\"n\":3,\"order\":\"WEB-77\","
		     "\"comment\":\"182\",\"attempt\":2,\"result\":\"rejected\","
		     "\"cause\":\"give_up\",\"code\":\"3002\",\"message\":\"no "
		     "\\\"such\\\" order\"}\n");
}

static void every_event_comes_back_as_it_was_written(void **state)
{
	static const char *const nasty[] = {
		"plain ",
		"\"quotes\" \\ back\\slash / ",
		"{\"v\":1,\"ev\":\"stop\"} ",
		"lines\r\n\ttabs\x01\x1f\x7f ",
		"é € 𝄞 \xE2\x80\xAE bidi \xE2\x80\xAC \xE2\x80\xA8 ",
		"%s %n ",
	};

	(void)state;
	for (unsigned i = 0; i < EVENTS * 6; i++) {
		char texts[13][64];
		struct record record = full_record(i % EVENTS, texts, nasty[i / EVENTS]);
		auto_buf struct buf line = {0};
		auto_record struct record back = {0};
		buf_init(&line, RECORD_MAX_BYTES);
		record_write(&line, &record);
		assert_null(memchr(line.bytes, '\n', line.len - 1));
		assert_int_equal(parse_written(&line, &back), 0);
		assert_same(&record, &back);
	}
}

static void every_event_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < EVENTS; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(event_name(i), event_name(j));
	assert_string_equal(event_name(EVENT_START), "start");
	assert_string_equal(event_name(EVENT_CHECKPOINT_END), "checkpoint-end");
}

static void odd_bytes_of_a_name_are_lost_but_the_line_is_sound(void **state)
{
	(void)state;
	auto_buf struct buf line = {0};
	auto_record struct record back = {0};
	buf_init(&line, RECORD_MAX_BYTES);
	struct record record = {
		.event = EVENT_WITHDRAWN, .claim = "c", .drop = "caf\xE9.xml"};

	record_write(&line, &record);
	assert_int_equal(parse_written(&line, &back), 0);
	assert_string_equal(back.drop, "caf\xEF\xBF\xBD.xml");
}

static void no_line_is_longer_than_it_may_be(void **state)
{
	static const char *const characters[] = {"x", "\x01", "\xFF", "é", "𝄞", "\""};
	static char text[40001];

	(void)state;
	for (int i = 0; i < 6; i++) {
		size_t step = strlen(characters[i]);
		for (size_t at = 0; at < sizeof(text) - 1; at++)
			text[at] = characters[i][at % step];
		struct record record = {.event = EVENT_READ,
			.at = AT,
			.up = INT64_MAX,
			.boot = text,
			.site = text,
			.claim = text,
			.drop = text,
			.of = text,
			.version = text,
			.number = UINT32_MAX,
			.order = text,
			.comment = text,
			.attempt = UINT32_MAX,
			.tries = UINT32_MAX,
			.seen = UINT32_MAX,
			.cap = UINT32_MAX,
			.wait = UINT32_MAX,
			.refused = UINT32_MAX,
			.mail = UINT32_MAX,
			.result = text,
			.cause = text,
			.code = text,
			.message = text,
			.count = SIZE_MAX / 2,
			.stored = UINT32_MAX,
			.mailed = UINT32_MAX,
			.to = text};
		auto_buf struct buf line = {0};
		auto_record struct record back = {0};
		buf_init(&line, 1000000);
		record_write(&line, &record);
		assert_in_range(line.len, 1, RECORD_MAX_BYTES);
		assert_int_equal(parse_written(&line, &back), 0);
	}
}

static void a_long_message_is_cut_between_characters_and_says_so(void **state)
{
	(void)state;
	char message[502 * 2 + 1];
	for (char *at = message; at < message + sizeof(message) - 1; at += 2)
		memcpy(at, "é", 3);
	auto_buf struct buf line = {0};
	buf_init(&line, RECORD_MAX_BYTES);
	struct record record = {.event = EVENT_HOLD, .message = message};

	record_write(&line, &record);
	auto_record struct record cut = {0};
	assert_int_equal(parse_written(&line, &cut), 0);
	assert_int_equal(strlen(cut.message), sizeof("…") - 1 + 998);
	assert_string_equal(cut.message + 998, "…");

	message[1000] = '\0';
	buf_clear(&line);
	record_write(&line, &record);
	auto_record struct record whole = {0};
	assert_int_equal(parse_written(&line, &whole), 0);
	assert_string_equal(whole.message, message);
}

static void a_line_cut_anywhere_is_no_record(void **state)
{
	(void)state;
	char texts[13][64];
	struct record record = full_record(EVENT_OUTCOME, texts, "é\"");
	struct record out = {0};
	auto_buf struct buf line = {0};
	buf_init(&line, RECORD_MAX_BYTES);
	record_write(&line, &record);

	for (size_t len = 0; len < line.len - 1; len++) {
		auto_free char *torn = malloc(len ? len : 1);
		memcpy(torn, line.bytes, len);
		assert_int_equal(record_parse(torn, len, &out), -EINVAL);
		assert_null(out.source);
	}
	for (size_t at = 0; at < line.len - 1; at++) {
		auto_free char *holed = calloc(1, line.len);
		memcpy(holed, line.bytes, at);
		assert_int_equal(record_parse(holed, line.len - 1, &out), -EINVAL);
	}
}

static void what_is_not_a_record_is_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"null",
		"[]",
		"{}",
		"{\"v\":2,\"t\":\"2026-11-23T10:15:30.123456Z\",\"up\":7,\"ev\":"
		"\"stop\"}",
		"{\"v\":\"1\",\"t\":\"2026-11-23T10:15:30.123456Z\",\"up\":7,"
		"\"ev\":\"stop\"}",
		"{\"v\":1,\"t\":\"2026-11-23\",\"up\":7,\"ev\":\"stop\"}",
		"{\"v\":1,\"t\":\"2026-11-23T10:15:30.123456Zx\",\"up\":7,"
		"\"ev\":\"stop\"}",
		"{\"v\":1,\"t\":7,\"up\":7,\"ev\":\"stop\"}",
		"{\"v\":1,\"up\":7,\"ev\":\"stop\"}",
		"{\"v\":1,\"t\":\"2026-11-23T10:15:30.123456Z\",\"ev\":\"stop\"}",
		"{\"v\":1,\"t\":\"2026-11-23T10:15:30.123456Z\",\"up\":-7,"
		"\"ev\":\"stop\"}",
		"{\"v\":1,\"t\":\"2026-11-23T10:15:30.123456Z\",\"up\":7.0,"
		"\"ev\":\"stop\"}",
		HEAD "}",
		HEAD ",\"ev\":\"dance\"}",
		HEAD ",\"ev\":3}",
		HEAD ",\"ev\":\"stop\",\"ev\":\"start\"}",
		HEAD ",\"ev\":\"stop\"} {}",
		HEAD ",\"ev\":\"stop\",\"site\":null}",
		HEAD ",\"ev\":\"stop\",\"site\":7}",
		HEAD ",\"ev\":\"stop\",\"count\":\"7\"}",
		HEAD ",\"ev\":\"stop\",\"attempt\":4294967296}",
		HEAD ",\"ev\":\"stop\",\"attempt\":99999999999999999999}",
		HEAD ",\"ev\":\"stop\",\"message\":\"caf\xE9\"}",
		HEAD ",\"ev\":\"stop\",\"message\":\"a\\u0000b\"}",
	};
	struct record record = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (parse(lines[i], &record) != -EINVAL)
			fail_msg("taken for a record: %s", lines[i]);
}

static void an_event_without_what_it_is_about_is_refused(void **state)
{
	static const char no_result[] = "\"ev\":\"outcome\",\"claim\":\"c\",\"n\":1,"
					"\"order\":\"o\",\"comment\":\"1\"";
	static const char *const rests[] = {
		"\"ev\":\"reading\"",
		"\"ev\":\"read\",\"claim\":\"c\"",
		"\"ev\":\"posting\",\"claim\":\"c\",\"n\":1,\"order\":\"o\"",
		"\"ev\":\"posting\",\"claim\":\"c\",\"order\":\"o\",\"comment\":\"1\"",
		"\"ev\":\"posting\",\"n\":1,\"order\":\"o\",\"comment\":\"1\"",
		no_result,
		"\"ev\":\"settled\",\"claim\":\"c\"",
		"\"ev\":\"rest\",\"claim\":\"c\"",
		"\"ev\":\"checkpoint\"",
		"\"ev\":\"checkpoint\",\"claim\":\"c\",\"n\":1",
		"\"ev\":\"checkpoint\",\"order\":\"o\",\"comment\":\"1\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rests) / sizeof(*rests); i++) {
		struct record record = {0};
		char line[256];
		(void)snprintf(line, sizeof(line), HEAD ",%s}", rests[i]);
		if (parse(line, &record) != -EINVAL)
			fail_msg("taken for a record: %s", line);
	}
}

static void keys_of_a_later_gateway_are_ignored(void **state)
{
	auto_record struct record record = {0};

	(void)state;
	assert_int_equal(
		parse(HEAD ",\"ev\":\"stop\",\"mood\":{\"good\":[1,null]}}", &record), 0);
	assert_int_equal(record.event, EVENT_STOP);
	assert_int_equal(record.up, 7);
}

static void only_a_later_version_is_a_later_gateways(void **state)
{
	static const char *const lines[] = {
		"{\"v\":1,\"ev\":\"dance\"}",
		"{\"v\":\"2\"}",
		"{\"v\":2",
		"{\"v\":0}",
		"[2]",
		"",
	};

	(void)state;
	assert_true(record_is_later("{\"v\":2}", strlen("{\"v\":2}")));
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_false(record_is_later(lines[i], strlen(lines[i])));
}

/* --- the manual --- */

/* The text from a heading to the next. */
static char *manual_section(const char *heading)
{
	static char page[1 << 16];
	char line[64];
	FILE *file = fopen("contrib/man/opensi-journal.5.scd", "re");
	assert_non_null(file);
	page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
	(void)fclose(file);
	(void)snprintf(line, sizeof(line), "\n# %s\n", heading);
	const char *begin = strstr(page, line);
	assert_non_null(begin);
	begin += strlen(line);
	const char *end = strstr(begin, "\n# ");
	return strndup(begin, end ? (size_t)(end - begin) : strlen(begin));
}

static void assert_documented(const char *section, const char *before, const char *name)
{
	char mark[80];
	(void)snprintf(mark, sizeof(mark), "%s*%s*", before, name);
	if (!strstr(section, mark))
		fail_msg("not in contrib/man/opensi-journal.5.scd: %s", name);
}

static void every_event_and_key_is_in_the_manual(void **state)
{
	(void)state;
	auto_buf struct buf names = {0};
	auto_free char *events = manual_section("EVENTS");
	auto_free char *fields = manual_section("FIELDS");
	buf_init(&names, 4096);
	record_describe(&names);
	assert_int_equal(buf_finish(&names), 0);
	auto_free char *list = buf_take(&names);
	unsigned count = 0;
	char *save = NULL;
	for (char *line = strtok_r(list, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save), count++) {
		char *name = strchr(line, '\t');
		assert_non_null(name);
		*name++ = '\0';
		assert_documented(strcmp(line, "key") != 0 ? events : fields, "\n", name);
	}
	assert_int_equal(count, EVENTS + 29);
}

static void every_result_is_in_the_manual(void **state)
{
	(void)state;
	auto_free char *results = manual_section("RESULTS");
	for (unsigned i = PROGRESS_POSTED; i <= PROGRESS_REJECTED; i++)
		assert_documented(results, "", progress_name(i));
	for (unsigned i = VERDICT_VALID; i <= VERDICT_OVERSIZE; i++)
		assert_documented(results, "", verdict_name(i));
	for (unsigned i = HOLD_NONE + 1; i <= HOLD_STORES_NOTHING; i++)
		assert_documented(results, "", hold_name(i));
	assert_documented(results, "", JOB_UNRECORDED);
}

static void a_line_that_is_too_long_is_not_looked_at(void **state)
{
	struct record record = {0};
	auto_free char *line = malloc(RECORD_MAX_BYTES);

	(void)state;
	memset(line, ' ', RECORD_MAX_BYTES);
	memcpy(line, HEAD ",\"ev\":\"stop\"}", sizeof(HEAD ",\"ev\":\"stop\"}") - 1);
	assert_int_equal(record_parse(line, RECORD_MAX_BYTES, &record), -EINVAL);
	assert_int_equal(record_parse(line, RECORD_MAX_BYTES - 1, &record), 0);
	record_done(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_its_keys_in_order_and_only_where_they_apply),
		cmocka_unit_test(every_event_comes_back_as_it_was_written),
		cmocka_unit_test(every_event_has_a_name_of_its_own),
		cmocka_unit_test(odd_bytes_of_a_name_are_lost_but_the_line_is_sound),
		cmocka_unit_test(no_line_is_longer_than_it_may_be),
		cmocka_unit_test(a_long_message_is_cut_between_characters_and_says_so),
		cmocka_unit_test(a_line_cut_anywhere_is_no_record),
		cmocka_unit_test(what_is_not_a_record_is_refused),
		cmocka_unit_test(an_event_without_what_it_is_about_is_refused),
		cmocka_unit_test(keys_of_a_later_gateway_are_ignored),
		cmocka_unit_test(a_line_that_is_too_long_is_not_looked_at),
		cmocka_unit_test(only_a_later_version_is_a_later_gateways),
		cmocka_unit_test(every_event_and_key_is_in_the_manual),
		cmocka_unit_test(every_result_is_in_the_manual),
	};
	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
