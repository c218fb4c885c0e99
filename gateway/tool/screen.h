#ifndef GATEWAY_TOOL_SCREEN_H
#define GATEWAY_TOOL_SCREEN_H
/* SPDX-License-Identifier: MIT
 *
 * screen - a snapshot of each site as lines of text for a person
 *
 * Knows: what a person wants to know first, words for states, bars. Colours and bars only
 * on a terminal (print.h); lines are no longer than `width`, but for a word that is.
 * Must not know: when it is shown, and for how long.
 */
#include <stddef.h>

#include "base/times.h"

struct buf;
struct snapshot;

/* How a backlog drains, as a watcher saw it; all 0: not known. */
struct drain {
	uint64_t peak, left; /* files that waited at most, since then, and now */
	double rate;         /* files a second */
};

void screen_add_site(
	struct buf *out, const struct snapshot *snapshot, usec_t now, size_t width);
/* One line; nothing where nothing drains. */
void screen_add_drain(struct buf *out, const struct drain *drain, size_t width);

#endif
