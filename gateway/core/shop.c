/* SPDX-License-Identifier: MIT */
#include "core/shop.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/table.h"

enum { FIRST_SWEEP = 1024 };

/* Orders and numbers share one table; this keeps equal hashes of the two apart. */
#define ORDER_SALT UINT64_C(0x6f72646572206f66)

struct mark {
	struct table_node node;
	msec_t until;
	bool is_busy;
};

struct shop {
	struct table marks;
	size_t sweep_at;
	uint64_t releases;
};

static struct mark *find(const struct shop *shop, uint64_t key)
{
	struct table_node *node = table_find(&shop->marks, key, NULL);
	return node ? table_member(node, struct mark, node) : NULL;
}

static void forget(struct shop *shop, struct mark *mark)
{
	table_remove(&shop->marks, &mark->node);
	free(mark);
}

static struct mark *obtain(struct shop *shop, uint64_t key)
{
	struct mark *mark = find(shop, key);
	if (!mark) {
		mark = xcalloc(1, sizeof(*mark));
		table_add(&shop->marks, &mark->node, key);
	}
	return mark;
}

/* Doubts that nobody asks about again (a withdrawn drop) would stay for ever. Swept when
 * the table has doubled, so that a mark pays for one look at another. */
static void sweep(struct shop *shop, msec_t now)
{
	if (shop->marks.count < shop->sweep_at)
		return;
	struct table_node *node = table_next(&shop->marks, NULL);
	while (node) {
		struct mark *mark = table_member(node, struct mark, node);
		node = table_next(&shop->marks, node);
		if (!mark->is_busy && mark->until <= now)
			forget(shop, mark);
	}
	shop->sweep_at = 2 * shop->marks.count + FIRST_SWEEP;
}

static bool take(struct shop *shop, uint64_t key)
{
	struct mark *mark = obtain(shop, key);
	bool was_doubted = mark->until > 0;
	assert(!mark->is_busy);
	mark->is_busy = true;
	mark->until = 0;
	return was_doubted;
}

static void release(struct shop *shop, uint64_t key)
{
	struct mark *mark = find(shop, key);
	assert(mark && mark->is_busy);
	mark->is_busy = false;
	if (!mark->until)
		forget(shop, mark);
}

static void doubt(struct shop *shop, uint64_t key, msec_t until)
{
	struct mark *mark = obtain(shop, key);
	if (mark->until < until)
		mark->until = until;
}

static msec_t free_at(const struct shop *shop, uint64_t key, msec_t now)
{
	const struct mark *mark = find(shop, key);
	if (!mark)
		return 0;
	if (mark->is_busy)
		return MSEC_NEVER;
	return mark->until > now ? mark->until : 0;
}

struct shop *shop_new(void)
{
	struct shop *shop = xcalloc(1, sizeof(*shop));
	shop->sweep_at = FIRST_SWEEP;
	return shop;
}

void shop_free(struct shop *shop)
{
	if (!shop)
		return;
	struct table_node *node = table_next(&shop->marks, NULL);
	while (node) {
		struct mark *mark = table_member(node, struct mark, node);
		node = table_next(&shop->marks, node);
		free(mark);
	}
	table_done(&shop->marks);
	free(shop);
}

void shop_doubt(struct shop *shop, uint64_t order, uint64_t id, msec_t until)
{
	doubt(shop, order ^ ORDER_SALT, until);
	doubt(shop, id, until);
}

msec_t shop_doubted_until(const struct shop *shop, uint64_t id, msec_t now)
{
	const struct mark *mark = find(shop, id);
	return mark && mark->until > now ? mark->until : 0;
}

msec_t shop_free_at(const struct shop *shop, uint64_t order, uint64_t id, msec_t now)
{
	msec_t order_at = free_at(shop, order ^ ORDER_SALT, now);
	msec_t id_at = free_at(shop, id, now);
	return order_at > id_at ? order_at : id_at;
}

bool shop_take(struct shop *shop, uint64_t order, uint64_t id, msec_t now)
{
	sweep(shop, now);
	(void)take(shop, order ^ ORDER_SALT);
	return take(shop, id);
}

void shop_release(struct shop *shop, uint64_t order, uint64_t id)
{
	release(shop, order ^ ORDER_SALT);
	release(shop, id);
	shop->releases++;
}

uint64_t shop_releases(const struct shop *shop)
{
	return shop->releases;
}
