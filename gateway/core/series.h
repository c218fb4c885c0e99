#ifndef GATEWAY_CORE_SERIES_H
#define GATEWAY_CORE_SERIES_H
/* SPDX-License-Identifier: MIT
 *
 * series - the comments that the shop refused alone, in succession, while it was well
 *
 * Knows: that no comment is in it twice, and when it is long enough (hold.h). The journal
 * and the gateway keep one each, in words, so that a series goes on over runs.
 * Must not know: what follows from it, what ends it.
 * Ownership: the texts are its own.
 */
#include "core/hold.h"

/* What a checkpoint says of each of them. */
#define SERIES_REFUSED "refused"

struct series {
	struct refused {
		char *order, *id;
	} list[HOLD_SILENT_REFUSALS];
	unsigned count;
};

void series_add(struct series *series, const char *order, const char *id);
void series_end(struct series *series);

#endif
