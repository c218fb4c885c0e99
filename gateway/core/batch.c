/* SPDX-License-Identifier: MIT
 *
 * Comments under suspicion (from a batch that was refused, or in doubt) stand in a line
 * of their own and go in ever smaller batches, so that isolating one never drags in the
 * innocent. The two lines take turns: neither a flood of new comments nor a crowd of bad
 * ones keeps the other waiting for longer than one request.
 */
#include "core/batch.h"

#include <limits.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "core/queue.h"
#include "core/schedule.h"
#include "core/shop.h"

void batch_init(struct batch *b)
{
	*b = (struct batch){.limit = 1};
}

void batch_done(struct batch *b)
{
	free((void *)b->picked);
	*b = (struct batch){0};
}

static void pick(struct batch *b, struct entry *e)
{
	b->picked =
		xgrow((void *)b->picked, &b->room, b->count + 1, sizeof(struct entry *));
	b->picked[b->count++] = e;
}

/* False if the shop is busy with its order or number, or may be storing one of them. */
static bool try_take(const struct batch_source *source, struct entry *e, msec_t now)
{
	msec_t free_at = shop_free_at(source->shop, queue_order(e), e->id, now);
	queue_leave(source->queue, e);
	if (free_at == MSEC_NEVER)
		queue_block(source->queue, e);
	else if (free_at > now)
		queue_wait(source->queue, e, free_at);
	else if (shop_take(source->shop, queue_order(e), e->id, now))
		e->was_posted = true; /* perhaps by another drop */
	return e->place == PLACE_OUT;
}

void batch_pick_line(struct batch *b, const struct batch_source *source,
	const struct link *line, size_t max, msec_t now)
{
	size_t bytes = 0;
	b->count = 0;
	for (struct entry *e; b->count < max && (e = queue_first(line));) {
		if (b->count && bytes + e->bytes > source->policy->batch_bytes)
			break;
		if (e->cap && b->count >= e->cap)
			break;
		if (!try_take(source, e, now))
			continue;
		if (e->cap && e->cap < max)
			max = e->cap;
		bytes += e->bytes;
		pick(b, e);
	}
}

void batch_pick(
	struct batch *b, const struct batch_source *source, size_t max, msec_t now)
{
	struct queue *q = source->queue;
	const struct link *lines[] = {&q->fresh, &q->suspect};
	bool suspects = b->suspects_first;
	batch_pick_line(b, source, lines[suspects], max, now);
	if (!b->count) {
		suspects = !suspects;
		batch_pick_line(b, source, lines[suspects], max, now);
	}
	if (b->count)
		b->suspects_first = !suspects;
}

/* Only a full batch shows that a larger one may be borne. */
void batch_adapt(
	struct batch *b, const struct schedule_policy *policy, size_t count, msec_t took)
{
	if (took > policy->request_target) {
		uint64_t fits = (uint64_t)count * (uint64_t)policy->request_target /
				(uint64_t)took;
		if (fits < b->limit)
			b->limit = fits ? (unsigned)fits : 1;
	} else if (took < policy->request_target && count >= b->limit) {
		unsigned twice = b->limit > UINT_MAX / 2 ? UINT_MAX : 2 * b->limit;
		b->limit =
			twice < policy->batch_comments ? twice : policy->batch_comments;
	}
}
