#ifndef GATEWAY_TOOL_NAMESAKES_H
#define GATEWAY_TOOL_NAMESAKES_H
/* SPDX-License-Identifier: MIT
 *
 * namesakes - the files of a spool that a person may mean by a name
 *
 * Knows: a file is meant by its own name, by its stamp, and by the name that it was
 * dropped under, with or without the stamp; since then it may have been shortened or
 * numbered. Must not know: the journal. Ownership: the list, until namesakes_done().
 */
#include <stdbool.h>
#include <stddef.h>

#include "tool/place.h"

struct namesakes {
	struct place *list;
	size_t count, room;
};

/* Adds those of a folder, or of all days of sent/. 0, or -errno. */
int namesakes_add(struct namesakes *n, const struct spool *spool, enum folder folder,
	const char *given);
/* By their names, which is the order of their time. */
void namesakes_sort(struct namesakes *n);
/* Its name without the day. */
const char *namesake_name(const struct place *place);
void namesakes_done(struct namesakes *n);

#endif
