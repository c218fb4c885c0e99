#ifndef GATEWAY_TOP_REFUSAL_H
#define GATEWAY_TOP_REFUSAL_H
/* SPDX-License-Identifier: MIT
 *
 * refusal - what stands in the way of one drop: said once, and looked at again
 *
 * Knows: which errors are the drop's own trouble, and what its owner can do about them.
 * Must not know: how drops are found and claimed.
 * Promises: one drop's trouble never stops the others.
 */
#include "top/site.h"

struct drop_at {
	enum folder folder;
	const char *name; /* borrowed */
};

/* It could not be claimed (r), though it may have been opened. 0: that is its own
 * trouble; else r, the machine's. */
int refusal_of(struct site *site, const struct moment *now, const struct drop_at *drop,
	bool may_read, int r);

/* The file system has damaged it (r). */
void refusal_set_aside(
	struct site *site, const struct moment *now, const struct drop_at *drop, int r);

/* It is no regular file. */
void refusal_pass_over(const struct site *site, const struct drop_at *drop, mode_t mode);

#endif
