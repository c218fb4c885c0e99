#ifndef GATEWAY_TOP_SETTLING_H
#define GATEWAY_TOP_SETTLING_H
/* SPDX-License-Identifier: MIT
 *
 * settling - what is done with moves to sent/ or failed/, durably, in groups
 *
 * Knows: the order that makes a move safe at any instant:
 *
 *   1  if anything goes to failed/: claims and outcomes flushed
 *   2  rest and reason files written aside, flushed, renamed into failed/
 *   3  the drops' own bytes flushed; those that changed since they were read left to the
 *      next group, for failed/; `rest` and `settled` appended; the journal flushed, and
 *      with it every outcome
 *   4  the drops moved
 *   5  the folders flushed, by 3 of the next group if that comes within a second
 *
 * A crash after 3 leaves drops in sending/ whose records say where they belong; a crash
 * before it leaves the work of 2 to be done again, over itself: because of 1 the claim
 * still has its name then, and each comment its outcome, whatever the shop would say by
 * now. Without it a rest could outlive the reason why it was written. A rest that somebody
 * has moved to incoming/ since then is not placed again.
 * A group is small enough that signals, the shop and the watchdog need not wait for it,
 * and as large as may be: its flushes cost as much as those of a single file.
 * Must not know: why a comment was or was not delivered.
 * Errors: machine trouble, -errno; the group stays in site->done and is done again. A
 * file's own trouble puts off that drop alone.
 */
#include "top/site.h"

/* Whether a claim that is settling by the record was on its way to sent/. */
bool settling_to_sent(const struct past_claim *past);

/* A group may still grow, and has not waited for long: after a loss of power the shop is
 * asked again for what was not flushed. */
bool settling_may_gather(const struct site *site, const struct moment *now);
/* When it has, or when step 5 is due at the latest. */
msec_t settling_due(const struct site *site);
/* Settles one group; in site->done is what is left for the next. */
int settling_work(struct site *site, const struct moment *now);
/* Step 5. may_wait: a group is about to follow, which does it if that is soon. */
int settling_flush(struct site *site, const struct moment *now, bool may_wait);

#endif
