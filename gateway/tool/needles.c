/* SPDX-License-Identifier: MIT */
#include "tool/needles.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "tool/journal.h"

struct needle {
	struct table_node node;
	struct needle *before;
	size_t len;
	char *bytes; /* "comment":"4711" */
};

static bool is_known(
	const struct needles *n, uint64_t hash, const char *bytes, size_t len)
{
	struct table_node *node = NULL;
	while ((node = table_find(&n->table, hash, node))) {
		const struct needle *one = table_member(node, struct needle, node);
		if (one->len == len && !memcmp(one->bytes, bytes, len))
			return true;
	}
	return false;
}

void needles_init(struct needles *n, const char *field)
{
	*n = (struct needles){.begin = journal_needle(field, "")};
	n->begin_len = strlen(n->begin) - 1;
}

void needles_add(struct needles *n, const char *value)
{
	auto_buf struct buf whole = {.max_bytes = n->begin_len + 6 * strlen(value) + 2};
	buf_add(&whole, n->begin, n->begin_len - 1);
	text_add_json(&whole, value, strlen(value));
	size_t len = whole.len;
	const char *bytes = buf_peek(&whole);
	uint64_t hash = table_hash(bytes, len);
	if (is_known(n, hash, bytes, len))
		return;
	struct needle *needle = xcalloc(1, sizeof(*needle));
	needle->len = len;
	needle->bytes = buf_take(&whole);
	needle->before = n->last;
	n->last = needle;
	table_add(&n->table, &needle->node, hash);
}

/* Up to the quote that ends a text, and with it; NULL: none does. */
static const char *end_of_text(const char *at, const char *end)
{
	for (; at < end && *at != '"'; at++)
		at += *at == '\\';
	return at < end ? at + 1 : NULL;
}

bool needles_has_one(const struct needles *n, const char *line, size_t len)
{
	const char *at = memmem(line, len, n->begin, n->begin_len);
	const char *end = at ? end_of_text(at + n->begin_len, line + len) : NULL;
	if (!end)
		return false;
	size_t whole = (size_t)(end - at);
	return is_known(n, table_hash(at, whole), at, whole);
}

void needles_done(struct needles *n)
{
	for (struct needle *needle = n->last; needle;) {
		struct needle *before = needle->before;
		free(needle->bytes);
		free(needle);
		needle = before;
	}
	table_done(&n->table);
	free(n->begin);
}
