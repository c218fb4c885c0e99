#ifndef GATEWAY_CORE_BATCH_H
#define GATEWAY_CORE_BATCH_H
/* SPDX-License-Identifier: MIT
 *
 * batch - which waiting comments go together, and how many of them
 *
 * Knows: the bounds of an envelope (count, bytes, the caps of those under suspicion), the
 * two lines that take turns, and the size that adapts to what the shop bears.
 * Promises: what was picked is OUT of the queue and taken at the shop; what could not be
 * because of the shop is blocked or timed. Costs O(log n) for each entry moved.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/times.h"

struct entry;
struct link;
struct queue;
struct schedule_policy;
struct shop;

struct batch {
	struct entry **picked; /* in the order they go */
	size_t count;
	size_t room;
	unsigned limit;      /* what the shop bears, as far as is known */
	bool suspects_first; /* whose turn it is */
};

void batch_init(struct batch *b);
void batch_done(struct batch *b);

/* What may be picked from. */
struct batch_source {
	struct queue *queue;
	struct shop *shop;
	const struct schedule_policy *policy;
};

/* Picks up to max comments from one line (batch_pick_line) or from that whose turn it is.
 * b->count is 0 if none can go. */
void batch_pick_line(struct batch *b, const struct batch_source *source,
	const struct link *line, size_t max, msec_t now);
void batch_pick(
	struct batch *b, const struct batch_source *source, size_t max, msec_t now);

/* A batch of count comments was answered soundly after `took`. */
void batch_adapt(
	struct batch *b, const struct schedule_policy *policy, size_t count, msec_t took);

#endif
