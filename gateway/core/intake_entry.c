/* SPDX-License-Identifier: MIT */
#include "core/intake_entry.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/table.h"

enum { FIRST_BUCKETS = 64, ROOM_KEPT = 64 };

static struct entry *entry_at(const struct entries *set, uint32_t slot)
{
	return slots_at(&set->slots, slot);
}

/* --- the table of names --- */

static uint32_t hash_of(const char *name)
{
	return (uint32_t)table_hash(name, strlen(name));
}

static uint32_t *bucket_of(const struct entries *set, uint32_t hash)
{
	return &set->buckets[hash & (set->bucket_count - 1)];
}

static void link_entry(struct entries *set, uint32_t slot)
{
	struct entry *e = entry_at(set, slot);
	uint32_t *bucket = bucket_of(set, e->hash);
	e->next = *bucket;
	*bucket = slot;
}

static void grow(struct entries *set)
{
	auto_free uint32_t *old = set->buckets;
	size_t old_count = set->bucket_count;
	set->bucket_count = old_count ? old_count * 2 : FIRST_BUCKETS;
	set->buckets = xcalloc(set->bucket_count, sizeof(uint32_t));
	for (size_t i = 0; i < old_count; i++) {
		for (uint32_t slot = old[i], next; slot; slot = next) {
			next = entry_at(set, slot)->next;
			link_entry(set, slot);
		}
	}
}

void entries_done(struct entries *set)
{
	slots_done(&set->slots);
	free(set->buckets);
	*set = (struct entries){0};
}

struct entry *entries_find(const struct entries *set, const char *name)
{
	uint32_t hash = hash_of(name);
	uint32_t slot = set->bucket_count ? *bucket_of(set, hash) : 0;
	while (slot) {
		struct entry *e = entry_at(set, slot);
		if (e->hash == hash && !strcmp(e->name, name))
			return e;
		slot = e->next;
	}
	return NULL;
}

static size_t size_for(size_t name_len)
{
	return offsetof(struct entry, name) + name_len + 1;
}

struct entry *entries_add(struct entries *set, const char *name)
{
	size_t len = strlen(name);
	if (set->count++ >= set->bucket_count)
		grow(set);
	uint32_t slot = slots_take(&set->slots, size_for(len));
	struct entry *e = entry_at(set, slot);
	*e = (struct entry){.hash = hash_of(name), .place = slot};
	memcpy(e->name, name, len + 1);
	link_entry(set, slot);
	return e;
}

void entries_drop(struct entries *set, struct entry *e)
{
	uint32_t slot = e->place;
	uint32_t *link = bucket_of(set, e->hash);
	assert(entry_at(set, slot) == e);
	while (*link != slot)
		link = &entry_at(set, *link)->next;
	*link = e->next;
	slots_give(&set->slots, slot, size_for(strlen(e->name)));
	/* A backlog of millions comes once; its table need not stay. */
	if (--set->count == 0 && set->bucket_count > FIRST_BUCKETS)
		entries_done(set);
}

struct entry *entries_next(const struct entries *set, const struct entry *after)
{
	if (after && after->next)
		return entry_at(set, after->next);
	size_t i = after ? (after->hash & (set->bucket_count - 1)) + 1 : 0;
	while (i < set->bucket_count && !set->buckets[i])
		i++;
	return i < set->bucket_count ? entry_at(set, set->buckets[i]) : NULL;
}

/* --- a heap --- */

static struct entry *at_place(const struct heap *h, size_t place)
{
	return entry_at(h->set, h->places[place]);
}

static void put(struct heap *h, size_t place, uint32_t slot)
{
	h->places[place] = slot;
	entry_at(h->set, slot)->place = (uint32_t)place;
}

static void rise(struct heap *h, size_t place, uint32_t slot)
{
	const struct entry *e = entry_at(h->set, slot);
	while (place) {
		size_t parent = (place - 1) / 2;
		if (!h->is_before(e, at_place(h, parent)))
			break;
		put(h, place, h->places[parent]);
		place = parent;
	}
	put(h, place, slot);
}

/* To the ground by one comparison a level, then up again: what is put in the place of
 * another came from the ground, and goes back there more often than not. */
static void sink(struct heap *h, size_t place, uint32_t slot)
{
	for (;;) {
		size_t child = place * 2 + 1;
		if (child >= h->count)
			break;
		if (child + 1 < h->count &&
			h->is_before(at_place(h, child + 1), at_place(h, child)))
			child++;
		put(h, place, h->places[child]);
		place = child;
	}
	rise(h, place, slot);
}

/* A backlog goes from one heap to another: it must not have its room in both. */
static void shrink(struct heap *h)
{
	if (h->room <= ROOM_KEPT || h->count > h->room / 4)
		return;
	h->room /= 2;
	h->places = xrealloc(h->places, h->room, sizeof(uint32_t));
}

void heap_done(struct heap *h)
{
	free(h->places);
	h->places = NULL;
	h->count = h->room = 0;
}

void heap_add(struct heap *h, struct entry *e)
{
	h->places = xgrow(h->places, &h->room, h->count + 1, sizeof(uint32_t));
	rise(h, h->count++, e->place);
}

void heap_remove(struct heap *h, struct entry *e)
{
	size_t place = e->place;
	assert(place < h->count && at_place(h, place) == e);
	e->place = h->places[place];
	uint32_t last = h->places[--h->count];
	if (last != e->place)
		sink(h, place, last);
	shrink(h);
}

struct entry *heap_first(const struct heap *h)
{
	return h->count ? at_place(h, 0) : NULL;
}
