#ifndef GATEWAY_BASE_SLOTS_H
#define GATEWAY_BASE_SLOTS_H
/* SPDX-License-Identifier: MIT
 *
 * slots - very many small things of unequal sizes, each found by 32 bits
 *
 * Knows: slots of multiples of eight bytes, side by side in blocks that never move, so
 * that a pointer stays good for the life of its slot. Must not know: what is in them.
 * Promises: nothing is kept beside a slot; one that was given back is taken again for the
 * same size; when none is left the blocks are freed but for one. A slot's number is never
 * 0. Ownership: all of it ends with slots_done().
 */
#include <stddef.h>
#include <stdint.h>

enum { SLOT_UNIT = 8, SLOT_MAX_BYTES = 512, SLOT_SIZES = SLOT_MAX_BYTES / SLOT_UNIT + 1 };

/* Zeros make an empty one. */
struct slots {
	char **blocks;
	size_t block_count, block_room;
	uint32_t next; /* the first unit that was never used */
	uint32_t
		given[SLOT_SIZES]; /* back, by size in units: the first of a list, or 0 */
	size_t count;
};

void slots_done(struct slots *s);

/* Eight bytes' alignment, whatever is in it. */
uint32_t slots_take(struct slots *s, size_t size);
/* size: as it was taken with. */
void slots_give(struct slots *s, uint32_t slot, size_t size);
void *slots_at(const struct slots *s, uint32_t slot);

#endif
