#ifndef GATEWAY_CORE_INTAKE_ENTRY_H
#define GATEWAY_CORE_INTAKE_ENTRY_H
/* SPDX-License-Identifier: MIT
 *
 * intake_entry - how an intake keeps very many names in little memory
 *
 * Knows: the entries, found by name, and heaps of them. An entry is in no heap, or in
 * one; entries_add() makes it in none. Must not know: what a state means.
 * Promises: an entry stays where it is until entries_drop(). Memory: 48 bytes and its
 * name for each, with its places in a heap and in the table.
 */
#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slots.h"
#include "base/times.h"

/* Nothing is wider than it must be: others are known by the number of their slot. */
struct entry {
	int64_t order;        /* BACKLOG: ctime; READY: that, or a running number */
	uint32_t next;        /* of the same bucket, or 0 */
	uint32_t hash;        /* of the name */
	uint32_t fingerprint; /* of inode, size and times */
	uint32_t place;       /* in its heap; while it is in none, its own slot */
	uint32_t due_low;     /* SETTLING: entry_due(), in 40 bits: 34 years */
	uint8_t due_high;
	uint8_t state;
	uint8_t link_looks;
	bool is_backlog : 1; /* found by a scan, untouched since */
	bool is_seen : 1;    /* by the scan under way */
	bool is_told : 1;    /* that it cannot be read */
	bool is_doubted : 1; /* only quiet makes it ready */
	bool is_quiet : 1;   /* READY because it was quiet */
	char name[];
};

static_assert(offsetof(struct entry, name) == 32, "see Memory");
static_assert(offsetof(struct entry, name) + NAME_MAX + 1 <= SLOT_MAX_BYTES, "all fit");

static inline msec_t entry_due(const struct entry *e)
{
	return (msec_t)e->due_high << 32 | e->due_low;
}

static inline void entry_set_due(struct entry *e, msec_t at)
{
	e->due_low = (uint32_t)at;
	e->due_high = (uint8_t)(at >> 32);
}

/* Zeros make an empty set. */
struct entries {
	struct slots slots;
	uint32_t *buckets;
	size_t bucket_count; /* a power of two, or 0 before the first entry */
	size_t count;
};

void entries_done(struct entries *set);
struct entry *entries_find(const struct entries *set, const char *name);
struct entry *entries_add(struct entries *set, const char *name);
void entries_drop(struct entries *set, struct entry *e);
/* Every entry once, in no order: first with NULL. The one returned last may be dropped
 * only after its successor was asked for. */
struct entry *entries_next(const struct entries *set, const struct entry *after);

typedef bool (*entry_before)(const struct entry *a, const struct entry *b);

struct heap {
	const struct entries *set;
	entry_before is_before;
	uint32_t *places; /* slots */
	size_t count, room;
};

void heap_done(struct heap *h);
void heap_add(struct heap *h, struct entry *e);
void heap_remove(struct heap *h, struct entry *e);
struct entry *heap_first(const struct heap *h); /* NULL: it is empty */

#endif
