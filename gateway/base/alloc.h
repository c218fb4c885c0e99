#ifndef GATEWAY_BASE_ALLOC_H
#define GATEWAY_BASE_ALLOC_H
/* SPDX-License-Identifier: MIT
 *
 * alloc - memory, or an end
 *
 * Promises: these never return NULL. Without memory they abort: the spool is the
 * queue and survives a crash, so error paths for memory would be code that never
 * runs. That is honest only because every input is capped before it is allocated.
 */
#include <stddef.h>

void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t count, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len);

/* Grows a vector so that `need` members fit; at least doubles, so appends are cheap. */
void *xgrow(void *vector, size_t *room, size_t need, size_t size);

#endif
