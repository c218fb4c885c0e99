#ifndef GATEWAY_TOP_CHECKPOINT_H
#define GATEWAY_TOP_CHECKPOINT_H
/* SPDX-License-Identifier: MIT
 *
 * checkpoint - says in the journal where we are, so that nothing before it is needed
 *
 * Knows: what the next run must know of claims, their comments, doubts, the series of
 * refusals and a hold (core/record.h has the lines, core/history.h what they add up to).
 * Must not know: what is done with it (recovery), when one is due (audit).
 * Promises: what it leaves out is over. Doubts that are over are forgotten with it.
 * Errors: -errno of the journal.
 */
#include "top/site.h"

/* In a file of its day. */
int checkpoint_write(struct site *site, const struct moment *now);

#endif
