#ifndef GATEWAY_TOP_RECOVERY_H
#define GATEWAY_TOP_RECOVERY_H
/* SPDX-License-Identifier: MIT
 *
 * recovery - what lay in sending/ when an earlier run ended goes on where it was
 *
 * Knows what a claim is by its folder and by the journal, and what is done with it:
 *
 *   the journal has of it      in sending/               not in sending/
 *   nothing                    all of it waits, with     (there is no such claim)
 *                              a warning
 *   `reading` or more          goes on                   withdrawn, its doubts are kept
 *   `settled`                  moved, the shop is not    it was moved
 *                              asked; but put back by
 *                              hand, it is unclaimed
 *
 * What goes on is read again, and each of its comments goes on by the last word about it:
 *
 *   none                       was never sent: is sent
 *   posting, or unknown        may be stored: waits for unknown_wait, on this boot since
 *                              the first start after it, on another from now
 *   deferred                   is sent again; its attempts count
 *   delivered, already,        final: if all are, the file is settled and the shop is
 *     rejected                 not asked; `rest` on record: the rest file is the admin's
 *   another                    as unknown
 *
 * But nothing of it is sent, and it goes to failed/ with what had been delivered, if
 *
 *   other bytes lie there than were read, and something of them was posted;
 *   three runs in succession died while they read it.
 *
 * The end of the journal is not trusted, and nothing at all is sent until unknown_wait
 * has passed, if
 *
 *   the last run did not stop by itself and the machine was started again since;
 *   the file that was written to last is not in audit/ any more.
 *
 * A journal that cannot be read, or that a later gateway has written to, ends the start.
 * Of two files with one stamp one is the claim, and the other a name that is unclaimed.
 * Unclaimed names in sending/, and reasons in failed/ without their files, are left to
 * the first scan.
 * Promises: recovery after recovery is the same: what it takes for granted it has put on
 * record. Checkpoint and `start` are durable before anything is claimed or sent.
 * Errors: -errno, with a sentence in `why`.
 */
#include "top/site.h"

struct buf;

int recovery_start(struct site *site, const struct moment *now, struct buf *why);

/* A claim that was found in sending/ has been read again: its comments go on. False:
 * nothing of it may be sent any more. */
bool recovery_resume(struct site *site, const struct moment *now, struct job *job);

#endif
