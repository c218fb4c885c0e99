#ifndef GATEWAY_CORE_PAST_SHOP_H
#define GATEWAY_CORE_PAST_SHOP_H
/* SPDX-License-Identifier: MIT
 *
 * past_shop - what the journal's records say of the shop: history's other memory
 *
 * Knows: which hold goes on, how much the shop has stored, and which comments it refused
 * in succession, so that a hold, a series and the counting of attempts go on over runs.
 * Must not know: claims, and what becomes of a comment (posted).
 * Ownership: the texts are its own.
 */
#include <stdint.h>

#include "base/times.h"
#include "core/series.h"

struct record;

struct past_shop {
	char *hold;         /* the reason of the hold that goes on; NULL: it is open */
	char *message;      /* what the shop said then, or NULL */
	char *boot;         /* by whose clock these count, or NULL: not told */
	msec_t since, wait; /* wait: from then on, by the shop's own wish; 0: none */
	struct series refused;
	uint32_t stored, stored_mail;
};

void past_shop_hold(struct past_shop *shop, const struct record *record);
void past_shop_open(struct past_shop *shop);
void past_shop_outcome(struct past_shop *shop, const struct record *record);
/* As a complete checkpoint has it. */
void past_shop_restate(struct past_shop *shop, const struct record *record);
void past_shop_done(struct past_shop *shop);

#endif
