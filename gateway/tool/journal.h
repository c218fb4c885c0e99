#ifndef GATEWAY_TOOL_JOURNAL_H
#define GATEWAY_TOOL_JOURNAL_H
/* SPDX-License-Identifier: MIT
 *
 * journal - the audit trail of a site, searched
 *
 * Knows: one file a day (UTC) in audit/, and that its bytes may be wrong in any way.
 * Must not know: what records add up to.
 * Promises: constant memory, but for the places of bad lines. A line is parsed only if it holds what is searched for, as
 * bytes; the others cost a memmem(3). The files may grow, end or go meanwhile.
 * Errors: a line that holds what is searched for and is no record, one with a number that
 * no comment can have, or one that is longer than any record, is told on standard error (file:line), once, and passed over;
 * so is a day that cannot be read, with who may read it. journal_is_partial() tells
 * whether any was.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/times.h"

struct journal;
struct record;
struct tool_site;

enum { JOURNAL_NEEDLES = 2 };

struct journal_search {
	const char *needles[JOURNAL_NEEDLES]; /* each must be in a line; the first is
						 looked for, so the rarest. NULL: none */
	/* Whether a line that holds them is worth parsing. NULL: each is. */
	bool (*wants)(void *context, const char *line, size_t len);
	usec_t since;      /* older days are left out, but for one; 0: none is */
	bool newest_first; /* the days; lines of a day come in their order always */
	/* Of one record; the record is gone afterwards. */
	void (*take)(void *context, const struct record *record);
	/* After each day: whether the next one is wanted. NULL: all are. */
	bool (*goes_on)(void *context);
	void *context;
};

/* The site is borrowed. */
struct journal *journal_open(const struct tool_site *site);
void journal_close(struct journal *j);

static inline void journal_cleanup(struct journal **j)
{
	journal_close(*j);
}

void journal_search(struct journal *j, const struct journal_search *search);
bool journal_is_partial(const struct journal *j);

/* A needle for a text field of a record: "order":"WEB-77" as bytes; to be freed. */
char *journal_needle(const char *field, const char *value);

#endif
