#ifndef BENCH_SINK_SHOP_H
#define BENCH_SINK_SHOP_H
/* SPDX-License-Identifier: MIT
 *
 * sink_shop - takes every comment and counts
 *
 * Knows: what setComments asks and how a shop answers: one result of code 1002 for each
 * comment, in order, its Key the WebOrderNumber; to a request without comments one result
 * 3002 with an empty Key. Finds fields by their tags without parsing, whatever the
 * prefix: texts that contain such a tag are not for this shop.
 * Units: nanoseconds of CLOCK_MONOTONIC, which all programs of the machine share.
 */
#include <stddef.h>
#include <stdint.h>

struct buf;

struct arrival {
	uint64_t comment;  /* CommentId */
	uint64_t first_ns; /* when the first byte of its request came */
};

struct sink_shop {
	struct arrival *arrivals; /* one for each comment, in the order of requests */
	size_t count, room;
	uint64_t answered; /* comments */
	uint64_t requests;
	uint64_t first_ns, last_ns; /* the first byte of all, the last answer */
	uint64_t busy_ns;           /* sum of the delays that are over */
};

void shop_done(struct sink_shop *shop);

/* Adds the answer to a body, and notes its comments. Returns how many they are. */
size_t shop_take(
	struct sink_shop *shop, const char *body, uint64_t first_ns, struct buf *answer);

/* The answer to so many comments is handed over. */
void shop_answered(struct sink_shop *shop, size_t comments, uint64_t now_ns);

/* One JSON object. busy_ns: of delays that are not over. */
void shop_add_figures(const struct sink_shop *shop, uint64_t busy_ns, struct buf *text);
/* A line "comment nanoseconds" for each comment. */
void shop_add_arrivals(const struct sink_shop *shop, struct buf *text);

#endif
