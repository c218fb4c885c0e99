#ifndef TESTS_UNIT_HISTORY_BENCH_H
#define TESTS_UNIT_HISTORY_BENCH_H
/* SPDX-License-Identifier: MIT
 *
 * history_bench - a journal told in one line a record
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "core/history.h"
#include "core/record.h"

#define A "20261123T101530.123456Z"
#define B "20261123T101531.000000Z"
#define auto_history auto_with(drop_history)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))
/* One record, with the fields that are told. */
#define FEED(h, ...) feed(h, &(struct record){__VA_ARGS__})

static inline void drop_history(struct history **h)
{
	history_free(*h);
}

static inline void feed(struct history *h, const struct record *record)
{
	auto_buf struct buf line = {0};
	buf_init(&line, RECORD_MAX_BYTES);
	record_write(&line, record);
	assert_int_equal(history_feed(h, line.bytes, line.len - 1), 0);
}

static inline void start(struct history *h, const char *boot, msec_t up)
{
	FEED(h, .event = EVENT_START, .boot = boot, .up = up);
}

static inline void read_valid(struct history *h, const char *claim)
{
	FEED(h, .event = EVENT_READING, .claim = claim, .drop = "a.xml");
	FEED(h, .event = EVENT_READ, .claim = claim, .drop = "a.xml", .version = "v1",
		.result = "valid", .count = 3);
}

static inline void post(
	struct history *h, const char *claim, unsigned number, const char *id)
{
	FEED(h, .event = EVENT_POSTING, .claim = claim, .number = number, .order = "O",
		.comment = id);
}

static inline void outcome(struct history *h, const char *claim, unsigned number,
	const char *id, const char *result)
{
	FEED(h, .event = EVENT_OUTCOME, .up = 500, .claim = claim, .number = number,
		.order = "O", .comment = id, .result = result, .attempt = 1);
}

static inline void leave(struct history *h, enum event event, const char *claim)
{
	FEED(h, .event = event, .claim = claim, .drop = "a.xml", .result = "sent",
		.to = "sent/2026-11-23/x");
}

static inline const struct past_comment *only_comment(
	const struct history *h, const char *claim)
{
	const struct past_claim *past = history_claim(h, claim);
	assert_non_null(past);
	assert_int_equal(past->count, 1);
	return past->comments;
}

static inline const struct past_comment *only_doubt(struct history *h)
{
	const struct past_comment *doubts = NULL;
	assert_int_equal(history_doubts(h, &doubts), 1);
	assert_string_equal(doubts->result, "unknown");
	return doubts;
}

static inline size_t doubt_count(struct history *h)
{
	const struct past_comment *doubts = NULL;
	return history_doubts(h, &doubts);
}

#endif
