#ifndef GATEWAY_CORE_TIMERS_H
#define GATEWAY_CORE_TIMERS_H
/* SPDX-License-Identifier: MIT
 *
 * timers - members by the instant they wait for, the earliest at hand
 *
 * Promises: adding and removing cost O(log n), looking costs nothing; of two members with
 * one instant the one added first comes first.
 * Ownership: the timer is embedded in its member, which leaves before it is freed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/times.h"

struct timer {
	msec_t due;    /* still readable after the timer was removed */
	uint32_t at;   /* where it stands, from 1; 0: nowhere */
	uint32_t turn; /* keeps equals in line */
};

struct timers {
	struct timer **heap; /* from 1: the children of i are 2i and 2i + 1 */
	size_t count;
	size_t room;
	uint32_t turns;
};

void timers_done(struct timers *t);

void timers_add(struct timers *t, struct timer *timer, msec_t due);
void timers_remove(struct timers *t, struct timer *timer);

/* The earliest, or NULL. */
struct timer *timers_first(const struct timers *t);

static inline bool timer_is_set(const struct timer *timer)
{
	return timer->at != 0;
}

#endif
