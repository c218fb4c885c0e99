/* SPDX-License-Identifier: MIT */
#include "system/complaint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"

void complaints_add(struct complaints *c, unsigned line, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, format);
	int len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		abort(); /* formats are ours, so only memory can be missing */

	c->list = xgrow(c->list, &c->room, c->count + 1, sizeof(*c->list));
	c->list[c->count++] = (struct complaint){.line = line, .text = text};
}

/* Equal ones become neighbours: what all sites inherit is found wrong for each of them.
 */
static int compare(const void *a, const void *b)
{
	const struct complaint *one = a;
	const struct complaint *other = b;
	if (one->line != other->line)
		return one->line < other->line ? -1 : 1;
	return strcmp(one->text, other->text);
}

void complaints_tell(struct complaints *c, const char *path, struct buf *out)
{
	if (c->count)
		qsort(c->list, c->count, sizeof(*c->list), compare);
	size_t different = 0;
	for (size_t i = 0; i < c->count; i++) {
		const struct complaint *complaint = &c->list[i];
		if (i && !compare(complaint - 1, complaint))
			continue;
		if (different++ >= COMPLAINTS_TOLD)
			continue;
		buf_add_text(out, path);
		if (complaint->line)
			buf_add_format(out, ":%u", complaint->line);
		buf_add_format(out, ": %s\n", complaint->text);
	}
	if (different > COMPLAINTS_TOLD)
		buf_add_format(out,
			words_count("%s: and %zu more\n", "%s: and %zu more\n",
				different - COMPLAINTS_TOLD),
			path, different - COMPLAINTS_TOLD);
}

void complaints_done(struct complaints *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->list[i].text);
	free(c->list);
	*c = (struct complaints){0};
}
