#ifndef GATEWAY_CORE_PAST_SHOP_H
#define GATEWAY_CORE_PAST_SHOP_H
/* SPDX-License-Identifier: MIT
 *
 * past_shop - what the journal's records say of the shop: history's other memory
 *
 * Knows: which hold goes on, whether nothing may be sent since a loss of power, how much
 * the shop has stored, and which comments it refused in succession: so that all of this
 * goes on over runs.
 * Must not know: claims, and what becomes of a comment (posted).
 * Ownership: the texts are its own.
 */
#include <stdint.h>

#include "base/times.h"
#include "core/series.h"

struct record;

/* As a hold's result and reason: nothing is sent, as the journal's end may be lost. */
#define PAST_SHOP_POWER_LOSS "power-loss"

struct past_shop {
	char *hold;         /* the reason of the hold that goes on; NULL: it is open */
	char *message;      /* what the shop said then, or NULL */
	char *boot;         /* by whose clock these count, or NULL: not told */
	msec_t since, wait; /* wait: from then on, by the shop's own wish; 0: none */
	char *quiet_boot;   /* in which a loss of power was found, or NULL */
	msec_t quiet_since, quiet_seen; /* quiet_seen: how far that boot is known to go */
	struct series refused;
	uint32_t stored, stored_mail;
};

/* A hold, or the quiet after a loss of power. */
void past_shop_hold(struct past_shop *shop, const struct record *record);
void past_shop_open(struct past_shop *shop);
/* Any record tells how long its boot has lasted. boot: NULL if none is known. */
void past_shop_note_time(struct past_shop *shop, const char *boot, msec_t up);
void past_shop_outcome(struct past_shop *shop, const struct record *record);
/* As a complete checkpoint has it. */
void past_shop_restate(struct past_shop *shop, const struct record *record);
void past_shop_done(struct past_shop *shop);

#endif
