#ifndef GATEWAY_TOOL_TRACE_H
#define GATEWAY_TOOL_TRACE_H
/* SPDX-License-Identifier: MIT
 *
 * trace - whether a number stands in a file that is no valid document
 *
 * Knows: that of such bytes nothing can be trusted, so a number counts wherever it is all
 * that an element holds, or all that is left of it where the file breaks off. UTF-16 is
 * read by leaving its zero bytes out. What is written by references to characters is not
 * found. Must not know: which element should hold which number.
 * Errors: -errno; -EFBIG: too much to be looked into.
 */
#include <stdbool.h>
#include <stddef.h>

#include "system/spool.h"

struct trace {
	char *bytes; /* without zero bytes */
	size_t len;
};

int trace_open(const struct spool *spool, enum folder folder, const char *name,
	struct trace *trace);
void trace_done(struct trace *trace);

/* NULL stands in every file. */
bool trace_has(const struct trace *trace, const char *number);

#endif
