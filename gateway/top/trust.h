#ifndef GATEWAY_TOP_TRUST_H
#define GATEWAY_TOP_TRUST_H
/* SPDX-License-Identifier: MIT
 *
 * trust - how far the end of the journal can be believed
 *
 * Knows: that a loss of power may take the last lines with it, as somebody may who removes
 * the latest file; that then nothing may be sent before unknown_wait has passed, once, and
 * whatever restarts come between.
 * Must not know: claims, and what the journal says of them (recovery).
 */
#include "top/site.h"

/* After the journal was read, and before anything is sent. Says so if it is to be quiet. */
void trust_keep_quiet(struct site *site, const struct moment *now);

#endif
