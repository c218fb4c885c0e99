/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *or_abort(void *p)
{
	if (!p)
		abort();
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	return or_abort(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *old, size_t count, size_t size)
{
	return or_abort(reallocarray(old, count ? count : 1, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return or_abort(strdup(s));
}

char *xstrndup(const char *s, size_t len)
{
	return or_abort(strndup(s, len));
}

void *xgrow(void *vector, size_t *room, size_t need, size_t size)
{
	if (need <= *room)
		return vector;

	size_t more = *room ? *room * 2 : 16;
	if (more < need)
		more = need;
	vector = xrealloc(vector, more, size);
	*room = more;
	return vector;
}
