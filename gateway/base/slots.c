/* SPDX-License-Identifier: MIT */
#include "base/slots.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { BLOCK_UNITS = 8192 };

static uint32_t units_of(size_t size)
{
	assert(size > 0 && size <= SLOT_MAX_BYTES);
	return (uint32_t)((size + SLOT_UNIT - 1) / SLOT_UNIT);
}

static void free_blocks(struct slots *s, size_t kept)
{
	while (s->block_count > kept)
		free(s->blocks[--s->block_count]);
}

void slots_done(struct slots *s)
{
	free_blocks(s, 0);
	free((void *)s->blocks);
	*s = (struct slots){0};
}

void *slots_at(const struct slots *s, uint32_t slot)
{
	size_t at = (size_t)(slot % BLOCK_UNITS) * SLOT_UNIT;
	return s->blocks[slot / BLOCK_UNITS] + at;
}

static void add_block(struct slots *s)
{
	s->blocks = xgrow(
		(void *)s->blocks, &s->block_room, s->block_count + 1, sizeof(char *));
	s->next = (uint32_t)(s->block_count * BLOCK_UNITS);
	s->next += !s->next; /* 0 is no slot */
	s->blocks[s->block_count++] = xrealloc(NULL, BLOCK_UNITS, SLOT_UNIT);
	assert(s->block_count <= UINT32_MAX / BLOCK_UNITS);
}

uint32_t slots_take(struct slots *s, size_t size)
{
	uint32_t units = units_of(size);
	uint32_t slot = s->given[units];
	s->count++;
	if (slot) {
		memcpy(&s->given[units], slots_at(s, slot), sizeof(slot));
		return slot;
	}
	if (s->next + units > s->block_count * BLOCK_UNITS)
		add_block(s);
	slot = s->next;
	s->next += units;
	return slot;
}

void slots_give(struct slots *s, uint32_t slot, size_t size)
{
	uint32_t units = units_of(size);
	assert(s->count);
	memcpy(slots_at(s, slot), &s->given[units], sizeof(slot));
	s->given[units] = slot;
	if (--s->count)
		return;
	free_blocks(s, 1);
	memset(s->given, 0, sizeof(s->given));
	s->next = 1;
}
