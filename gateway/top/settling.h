#ifndef GATEWAY_TOP_SETTLING_H
#define GATEWAY_TOP_SETTLING_H
/* SPDX-License-Identifier: MIT
 *
 * settling - what is done with moves to sent/ or failed/, durably, in groups
 *
 * Knows: the order that makes a move safe at any instant:
 *
 *   1  rest and reason files written aside, flushed, renamed into failed/
 *   2  the drops' own bytes flushed; `rest` and `settled` appended; the journal flushed,
 *      and with it every outcome
 *   3  the drops moved
 *   4  the folders flushed
 *
 * A crash after 2 leaves drops in sending/ whose records say where they belong; a crash
 * before it leaves the work of 1 to be done again, over itself.
 * Must not know: why a comment was or was not delivered.
 * Errors: machine trouble, -errno; the group stays in site->done and is done again.
 */
#include "top/site.h"

int settling_work(struct site *site, const struct moment *now);

#endif
