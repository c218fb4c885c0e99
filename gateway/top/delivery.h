#ifndef GATEWAY_TOP_DELIVERY_H
#define GATEWAY_TOP_DELIVERY_H
/* SPDX-License-Identifier: MIT
 *
 * delivery - the schedule's tasks become exchanges, their replies become outcomes
 *
 * Knows: the order `posting` - request - reply - `outcome`, and that a claim is looked at
 * again before anything of it is sent. Must not know: when a comment is due (schedule),
 * what a reply means (response), how a drop ends (settling).
 * Promises: every posting is in the journal before its request leaves; every comment of a
 * request gets its outcome in the journal when the request ends.
 * Errors: machine trouble, -errno; then nothing was sent.
 */
#include "top/site.h"

/* Starts all tasks that are due now. */
int delivery_send(struct site *site, const struct moment *now);

/* Takes an exchange that ended, and frees it. */
void delivery_take(struct exchange *exchange, const struct moment *now);

/* Gives up what is under way: the journal knows it as posted, so it counts as unknown. */
void delivery_abandon(struct site *site);

#endif
