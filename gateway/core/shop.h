#ifndef GATEWAY_CORE_SHOP_H
#define GATEWAY_CORE_SHOP_H
/* SPDX-License-Identifier: MIT
 *
 * shop - what one URL must not be sent again yet, over all sites that share it
 *
 * Knows: which orders and which CommentIds are under way there, and which of them the
 * shop may still be storing (a doubt: a request ended without an answer). The shop checks
 * for a number and stores it in two steps without a lock: the same number twice at one
 * moment is stored twice, so neither ever goes while it is busy or in doubt.
 * Orders and numbers are known by their hashes: two that collide merely wait for each
 * other.
 * Promises: O(1) for every call; what is neither busy nor in doubt takes no memory for
 * long.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/times.h"

struct shop;

struct shop *shop_new(void);
void shop_free(struct shop *shop); /* after the schedules that share it */

/* A posting whose outcome is unknown: its number and its order wait until then. */
void shop_doubt(struct shop *shop, uint64_t order, uint64_t id, msec_t until);
/* 0: the number is not in doubt. */
msec_t shop_doubted_until(const struct shop *shop, uint64_t id, msec_t now);

/* 0 if both are free, MSEC_NEVER if either is under way, else when the doubt ends. */
msec_t shop_free_at(const struct shop *shop, uint64_t order, uint64_t id, msec_t now);
/* True if the number was in doubt before, as far as that is still remembered. */
bool shop_take(struct shop *shop, uint64_t order, uint64_t id, msec_t now);
void shop_release(struct shop *shop, uint64_t order, uint64_t id);

/* Changes with every release: who was refused by a busy shop asks again then. */
uint64_t shop_releases(const struct shop *shop);

#endif
