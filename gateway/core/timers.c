/* SPDX-License-Identifier: MIT */
#include "core/timers.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"

static bool is_before(const struct timer *a, const struct timer *b)
{
	if (a->due != b->due)
		return a->due < b->due;
	return (int32_t)(a->turn - b->turn) < 0; /* turns wrap around */
}

static void put(struct timers *t, size_t at, struct timer *timer)
{
	t->heap[at] = timer;
	timer->at = (uint32_t)at;
}

static void rise(struct timers *t, size_t at, struct timer *timer)
{
	for (; at > 1 && is_before(timer, t->heap[at / 2]); at /= 2)
		put(t, at, t->heap[at / 2]);
	put(t, at, timer);
}

static void sink(struct timers *t, size_t at, struct timer *timer)
{
	for (size_t child; (child = 2 * at) <= t->count; at = child) {
		if (child < t->count && is_before(t->heap[child + 1], t->heap[child]))
			child++;
		if (!is_before(t->heap[child], timer))
			break;
		put(t, at, t->heap[child]);
	}
	put(t, at, timer);
}

void timers_done(struct timers *t)
{
	free((void *)t->heap);
	*t = (struct timers){0};
}

void timers_add(struct timers *t, struct timer *timer, msec_t due)
{
	assert(t->count < UINT32_MAX - 1);
	t->count++;
	t->heap = xgrow((void *)t->heap, &t->room, t->count + 1, sizeof(struct timer *));
	timer->due = due;
	timer->turn = t->turns++;
	rise(t, t->count, timer);
}

void timers_remove(struct timers *t, struct timer *timer)
{
	size_t at = timer->at;
	assert(at && at <= t->count && t->heap[at] == timer);

	struct timer *last = t->heap[t->count--];
	timer->at = 0;
	if (last == timer)
		return;
	if (at > 1 && is_before(last, t->heap[at / 2]))
		rise(t, at, last);
	else
		sink(t, at, last);
}

struct timer *timers_first(const struct timers *t)
{
	return t->count ? t->heap[1] : NULL;
}
