#ifndef TESTS_UNIT_REPLIES_H
#define TESTS_UNIT_REPLIES_H
/* SPDX-License-Identifier: MIT
 *
 * replies - what the response module makes of a reply, asked in one line
 *
 * Included after cmocka. Orders end with NULL.
 */
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "core/response.h"
#include "soap_bodies.h"

#define ORDERS(...)                                                                      \
	(const char *const[])                                                            \
	{                                                                                \
		__VA_ARGS__, NULL                                                        \
	}
#define PROBE ((const char *const[]){NULL})

static inline size_t count_orders(const char *const *orders)
{
	size_t count = 0;

	while (orders[count])
		count++;
	return count;
}

static inline struct response read_bytes(
	int status, const char *bytes, size_t len, const char *const *orders)
{
	const struct reply reply = {
		.end = REPLY_ANSWERED,
		.status = status,
		.body = bytes,
		.body_len = len,
		.retry_after = -1,
	};
	struct response r = {0};

	response_read(&reply, orders, count_orders(orders), &r);
	return r;
}

static inline struct response read_captured(
	int status, const char *name, const char *const *orders)
{
	auto_buf struct buf b = {.max_bytes = RESPONSE_MAX_BYTES};

	read_fixture(name, &b);
	return read_bytes(status, buf_peek(&b), b.len, orders);
}

static inline void assert_means_of(
	struct response r, enum answer answer, enum blame blame)
{
	assert_int_equal(r.answer, answer);
	assert_int_equal(r.blame, blame);
	assert_true(answer == ANSWER_RESULTS || !r.results);
	response_done(&r);
}

#endif
