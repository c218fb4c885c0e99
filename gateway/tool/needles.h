#ifndef GATEWAY_TOOL_NEEDLES_H
#define GATEWAY_TOOL_NEEDLES_H
/* SPDX-License-Identifier: MIT
 *
 * needles - many values of one field, looked for in a line of the journal at once
 *
 * For a search that wants few of very many records: a line that has none of the values is
 * told from one that has by its bytes, which costs far less than to parse it. Must not
 * know: records. Ownership: everything belongs to the needles, until needles_done().
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/table.h"

struct needle;

struct needles {
	char *begin; /* "comment":" */
	size_t begin_len;
	struct table table;
	struct needle *last;
};

void needles_init(struct needles *n, const char *field);
void needles_add(struct needles *n, const char *value);
bool needles_has_one(const struct needles *n, const char *line, size_t len);
void needles_done(struct needles *n);

#endif
