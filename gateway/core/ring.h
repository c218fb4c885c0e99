#ifndef GATEWAY_CORE_RING_H
#define GATEWAY_CORE_RING_H
/* SPDX-License-Identifier: MIT
 *
 * ring - members in a line, each leaving from anywhere at no cost
 *
 * The link is embedded in the member; the ring's own link stands between last and first.
 */
#include <stdbool.h>
#include <stddef.h>

struct link {
	struct link *prev;
	struct link *next;
};

static inline void ring_init(struct link *ring)
{
	ring->prev = ring->next = ring;
}

static inline bool ring_is_empty(const struct link *ring)
{
	return ring->next == ring;
}

static inline void ring_add_after(struct link *at, struct link *member)
{
	member->prev = at;
	member->next = at->next;
	at->next->prev = member;
	at->next = member;
}

static inline void ring_add_first(struct link *ring, struct link *member)
{
	ring_add_after(ring, member);
}

static inline void ring_add_last(struct link *ring, struct link *member)
{
	ring_add_after(ring->prev, member);
}

static inline void ring_remove(struct link *member)
{
	member->prev->next = member->next;
	member->next->prev = member->prev;
}

#define ring_member(link, type, field)                                                   \
	((type *)(void *)((char *)(link)-offsetof(type, field)))

#endif
