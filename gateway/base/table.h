#ifndef GATEWAY_BASE_TABLE_H
#define GATEWAY_BASE_TABLE_H
/* SPDX-License-Identifier: MIT
 *
 * table - members found by a hash, without memory of their own
 *
 * The node is embedded in the member, so that a member costs one pointer and its hash.
 * A hash is compared before the owner's own equality; drops choose their names, so
 * hashes are keyed (table_hash) and cannot be made to collide on purpose.
 * Ownership: the table owns its buckets only. A member leaves before it is freed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_node {
	struct table_node *next;
	uint64_t hash;
};

struct table {
	struct table_node **buckets;
	size_t bucket_count; /* a power of two, or 0 before the first member */
	size_t count;
};

void table_done(struct table *t);

void table_add(struct table *t, struct table_node *node, uint64_t hash);
void table_remove(struct table *t, struct table_node *node);

/* Members with this hash, one after the other: first with NULL, then with the last. */
struct table_node *table_find(
	const struct table *t, uint64_t hash, const struct table_node *after);

/* Every member once, in no order: first with NULL. The member returned last may be
 * removed only after its successor was asked for. */
struct table_node *table_next(const struct table *t, const struct table_node *after);

/* A keyed hash of bytes (SipHash-1-3; the key is drawn by the kernel, once a run). */
uint64_t table_hash(const void *bytes, size_t len);

#define table_member(node, type, field)                                                  \
	((type *)(void *)((char *)(node)-offsetof(type, field)))

#endif
