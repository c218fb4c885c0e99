/* SPDX-License-Identifier: MIT */
#include "tool/namesakes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/times.h"
#include "system/spool_name.h"
#include "tool/folder.h"

/* One walk through a folder. */
struct search {
	struct namesakes *namesakes;
	enum folder folder;
	const char *given;
};

static bool may_have_become(const char *given, const char *drop)
{
	auto_buf struct buf claimed = {.max_bytes = NAME_MAX};
	if (strlen(given) > NAME_MAX)
		return false;
	spool_name_shorten(&claimed, given, CLAIM_DROP_MAX);
	return spool_name_may_be(buf_peek(&claimed), drop);
}

static bool is_meant(const char *given, const char *name)
{
	const char *stamp = NULL;
	const char *drop = spool_drop_name(name, &stamp);
	if (!strcmp(given, name))
		return true;
	if (!stamp)
		return false;
	if (!strncmp(given, stamp, TIMES_STAMP_LEN)) {
		given += TIMES_STAMP_LEN;
		if (!*given)
			return true;
		given += *given == '_';
	}
	return may_have_become(given, drop);
}

static void take(void *context, const struct folder_entry *entry)
{
	const struct search *search = context;
	struct namesakes *n = search->namesakes;
	if (!is_meant(search->given, entry->name))
		return;
	n->list = xgrow(n->list, &n->room, n->count + 1, sizeof(*n->list));
	struct place *place = &n->list[n->count++];
	place->folder = search->folder;
	snprintf(place->name, sizeof(place->name), "%s%s%s", entry->day ? entry->day : "",
		entry->day ? "/" : "", entry->name);
}

int namesakes_add(struct namesakes *n, const struct spool *spool, enum folder folder,
	const char *given)
{
	const struct folder_choice choice = {.folder = folder};
	struct search search = {n, folder, given};
	return folder_walk(spool, &choice, take, &search);
}

const char *namesake_name(const struct place *place)
{
	const char *slash = strrchr(place->name, '/');
	return slash ? slash + 1 : place->name;
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(namesake_name(a), namesake_name(b));
}

void namesakes_sort(struct namesakes *n)
{
	if (n->count)
		qsort(n->list, n->count, sizeof(*n->list), by_name);
}

void namesakes_done(struct namesakes *n)
{
	free(n->list);
	*n = (struct namesakes){0};
}
