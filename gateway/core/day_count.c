/* SPDX-License-Identifier: MIT */
#include "core/day_count.h"

#include <string.h>

static const char sent[] = "sent/";

void day_count_add(struct day_count *c, const char *to, size_t files)
{
	const char *day = to ? to + sizeof(sent) - 1 : NULL;
	if (!to || strncmp(to, sent, sizeof(sent) - 1) != 0 ||
		strlen(day) < DAY_COUNT_LEN)
		return;
	if (strncmp(c->day, day, DAY_COUNT_LEN) != 0) {
		memcpy(c->day, day, DAY_COUNT_LEN);
		c->files = 0;
	}
	c->files += files;
}

size_t day_count_on(const struct day_count *c, const char *day)
{
	return strcmp(c->day, day) == 0 ? c->files : 0;
}
