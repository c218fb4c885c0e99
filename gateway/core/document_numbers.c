/* SPDX-License-Identifier: MIT
 *
 * A shop knows a comment again by its number alone, and takes a second one of the same
 * number for a repetition: it would be lost without a word.
 */
#include "core/document_reader.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/table.h"

enum { NUMBER_ROOM = 24 };

struct number_seen {
	struct table_node node;
	const struct draft *draft;
};

static const char *text_of(const struct reader *r, const struct draft *d, enum field f)
{
	return r->store.bytes + d->texts[f];
}

static bool is_same(const struct reader *r, const struct draft *a, const struct draft *b)
{
	for (enum field f = FIELD_ORDER_NUMBER; f <= FIELD_DATE; f++)
		if (strcmp(text_of(r, a, f), text_of(r, b, f)) != 0)
			return false;
	return a->send_mail == b->send_mail && a->visible == b->visible;
}

static const struct draft *find_number(const struct reader *r, const struct table *table,
	const struct draft *d, uint64_t hash)
{
	const char *id = text_of(r, d, FIELD_ID);
	struct table_node *node = NULL;
	while ((node = table_find(table, hash, node))) {
		const struct draft *other =
			table_member(node, struct number_seen, node)->draft;
		if (strcmp(text_of(r, other, FIELD_ID), id) == 0)
			return other;
	}
	return NULL;
}

static void add_repeated(
	struct reader *r, const struct draft *d, const struct draft *first)
{
	char number[NUMBER_ROOM];
	char line[NUMBER_ROOM];
	(void)snprintf(number, sizeof(number), "%zu", (size_t)(first - r->drafts) + 1);
	(void)snprintf(line, sizeof(line), "%u", first->id_line);
	struct fault fault = {
		.say = SAY_SHOP_TWICE,
		.line = d->id_line,
		.comment = (unsigned)(d - r->drafts) + 1,
		.field = field_names[FIELD_ID],
		.value = text_of(r, d, FIELD_ID),
		.first = number,
		.second = line,
	};
	size_t kept = r->problems->kept_count;
	reader_add(r, &fault);
	problems_name_order(r->problems, kept, text_of(r, d, FIELD_WEB_ORDER_NUMBER));
}

void reader_finish(struct reader *r)
{
	if (!r->rules->shop_limits || r->draft_count < 2)
		return;
	struct table auto_with(table_done) table = {0};
	auto_free struct number_seen *seen = xcalloc(r->draft_count, sizeof(*seen));
	for (size_t i = 0; i < r->draft_count; i++) {
		const struct draft *d = &r->drafts[i];
		if (d->seen != (1U << COMMENT_FIELDS) - 1)
			continue;
		const char *id = text_of(r, d, FIELD_ID);
		uint64_t hash = table_hash(id, strlen(id));
		const struct draft *first = find_number(r, &table, d, hash);
		if (first && !is_same(r, d, first))
			add_repeated(r, d, first);
		if (first)
			continue;
		seen[i].draft = d;
		table_add(&table, &seen[i].node, hash);
	}
}
