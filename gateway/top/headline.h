#ifndef GATEWAY_TOP_HEADLINE_H
#define GATEWAY_TOP_HEADLINE_H
/* SPDX-License-Identifier: MIT
 *
 * headline - what the whole gateway does, in one line for `systemctl status`
 *
 *   2 sites open, 14 waiting
 *   boutique held: key refused, next try 14:32; 1 site open, 14 waiting
 *
 * Sites that are not well come first, at most a few of them in words. Times are of this
 * server's own clock.
 */
#include <stddef.h>

#include "top/site.h"

struct buf;

void headline_write(struct buf *line, struct site *const *sites, size_t count,
	const struct moment *now);

#endif
