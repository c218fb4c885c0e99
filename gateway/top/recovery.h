#ifndef GATEWAY_TOP_RECOVERY_H
#define GATEWAY_TOP_RECOVERY_H
/* SPDX-License-Identifier: MIT
 *
 * recovery - what lay in sending/ when an earlier run ended goes on where it was
 *
 * Knows: folder x journal -> meaning -> action:
 *
 *   in sending/, journal says                   meaning              action
 *   settled                                     only the move is     moved, the shop is
 * not missing              asked every outcome final                         done settled
 *   outcomes missing                            goes on              the rest is sent
 *   a posting without outcome, or unknown       may be stored        waits unknown_wait
 *   nothing                                     may have been sent   all of it waits
 * likewise other bytes than were read, something of    changed by hand      failed/, with
 * what had it was posted                                                  been delivered
 *   three times reading and no end of it        poisonous            failed/, never read
 *   not in sending/, in the journal             withdrawn            its doubts are kept
 *
 * If the last run did not stop by itself and the machine was started again since, the end
 * of the journal cannot be trusted: nothing is sent until unknown_wait has passed.
 * Promises: recovery after recovery is the same. Checkpoint and `start` are durable
 * before anything else is done. Errors: -errno, with a sentence in `why`.
 */
#include "top/site.h"

struct buf;

int recovery_start(struct site *site, const struct moment *now, struct buf *why);

#endif
