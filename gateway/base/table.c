/* SPDX-License-Identifier: MIT */
#include "base/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"

enum { FIRST_BUCKETS = 64 };

static struct table_node **bucket_of(const struct table *t, uint64_t hash)
{
	return &t->buckets[hash & (t->bucket_count - 1)];
}

static void grow(struct table *t)
{
	struct table old = *t;
	t->bucket_count = old.bucket_count ? old.bucket_count * 2 : FIRST_BUCKETS;
	t->buckets = xcalloc(t->bucket_count, sizeof(struct table_node *));
	for (size_t i = 0; i < old.bucket_count; i++) {
		for (struct table_node *node = old.buckets[i], *next; node; node = next) {
			next = node->next;
			struct table_node **bucket = bucket_of(t, node->hash);
			node->next = *bucket;
			*bucket = node;
		}
	}
	free((void *)old.buckets);
}

void table_done(struct table *t)
{
	free((void *)t->buckets);
	*t = (struct table){0};
}

void table_add(struct table *t, struct table_node *node, uint64_t hash)
{
	if (t->count >= t->bucket_count)
		grow(t);
	node->hash = hash;
	struct table_node **bucket = bucket_of(t, hash);
	node->next = *bucket;
	*bucket = node;
	t->count++;
}

void table_remove(struct table *t, struct table_node *node)
{
	struct table_node **link = bucket_of(t, node->hash);
	while (*link != node) {
		assert(*link);
		link = &(*link)->next;
	}
	*link = node->next;
	t->count--;
}

struct table_node *table_find(
	const struct table *t, uint64_t hash, const struct table_node *after)
{
	if (!t->bucket_count)
		return NULL;
	struct table_node *node = after ? after->next : *bucket_of(t, hash);
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct table_node *table_next(const struct table *t, const struct table_node *after)
{
	if (after && after->next)
		return after->next;
	size_t i = after ? (after->hash & (t->bucket_count - 1)) + 1 : 0;
	while (i < t->bucket_count && !t->buckets[i])
		i++;
	return i < t->bucket_count ? t->buckets[i] : NULL;
}

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static const uint64_t *key(void)
{
	static uint64_t drawn[2];
	if (!drawn[0] && getrandom(drawn, sizeof(drawn), 0) != sizeof(drawn))
		abort(); /* 16 bytes never come short (getrandom(2)) */
	return drawn;
}

uint64_t table_hash(const void *bytes, size_t len)
{
	const uint64_t *k = key();
	uint64_t v[4] = {
		k[0] ^ UINT64_C(0x736f6d6570736575),
		k[1] ^ UINT64_C(0x646f72616e646f6d),
		k[0] ^ UINT64_C(0x6c7967656e657261),
		k[1] ^ UINT64_C(0x7465646279746573),
	};
	const char *at = bytes;
	for (size_t left = len;; left -= 8, at += 8) {
		uint64_t word = left < 8 ? (uint64_t)len << 56 : 0;
		memcpy(&word, at, left < 8 ? left : 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
		if (left < 8)
			break;
	}
	v[2] ^= 0xFF;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
