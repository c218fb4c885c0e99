#ifndef GATEWAY_TOP_CLAIMING_H
#define GATEWAY_TOP_CLAIMING_H
/* SPDX-License-Identifier: MIT
 *
 * claiming - from a file in incoming/ to comments that are with the schedule
 *
 * Knows: alarms, scans and looks become claims; a claim is read; what the verdict means
 * for the claim. Must not know: when comments are sent, how a drop is settled.
 * Promises: `reading` is in the journal before a document is parsed, `read` after it. One
 * drop's trouble (unreadable, no file, gone) never stops the others.
 * Errors: machine trouble, -errno; what was claimed and not read stays in site->unread.
 */
#include <stdbool.h>

#include "top/site.h"

/* Takes in what inotify has to tell; at most so much that whoever fills incoming/ keeps
 * nothing else waiting. *more: it has more to tell. */
int claiming_take_alarms(struct site *site, const struct moment *now, bool *more);

/* What they tell is left to a scan: while nothing can be done they must not wake us again
 * and again. */
void claiming_pass_over_alarms(struct site *site);

/* Folders that were deleted and made again, or moved away, are found again. */
int claiming_find_folders(struct site *site);

/* Lists incoming/, sending/ and the reasons in failed/; tells the intakes. */
int claiming_scan(struct site *site, const struct moment *now);

/* Looks again at what was to be quiet, claims what is ready while the window is open,
 * reads what is claimed; at most so much that exchanges do not wait long for their turn.
 * *more: there is more to do at once. */
int claiming_work(struct site *site, const struct moment *now, bool *more);

/* When claiming_work() has something to do next; MSEC_NEVER: after an alarm or a scan. */
msec_t claiming_due(const struct site *site, const struct moment *now);

/* A drop is ready and there is room for it. */
bool claiming_is_pending(const struct site *site, const struct moment *now);

/* What is ready waits for others to be quiet: that nothing failed proves nothing yet. */
bool claiming_is_held_up(const struct site *site, const struct moment *now);

#endif
