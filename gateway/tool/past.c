/* SPDX-License-Identifier: MIT */
#include "tool/past.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "core/history.h"
#include "system/audit.h"
#include "system/io.h"
#include "system/spool.h"
#include "tool/place.h"

enum { LINE_MAX_BYTES = 4096 };

/* As the reason has it: on one line, and clean. */
static char *clean_prefix(const char *name)
{
	auto_buf struct buf b = {.max_bytes = LINE_MAX_BYTES};
	text_add_clean(&b, name, strlen(name), NAME_MAX);
	buf_add_text(&b, ": ");
	return buf_take(&b);
}

char *past_headline(const struct spool *spool, const char *name, usec_t *written)
{
	char reason[2 * NAME_MAX];
	char line[LINE_MAX_BYTES] = "";
	struct stat st;
	size_t got = 0;
	int opened = -1;
	if (written)
		*written = 0;
	snprintf(reason, sizeof(reason), "%s" SPOOL_REASON, name);
	if (spool_peek(spool, FOLDER_FAILED, reason, &opened, &st) < 0)
		return xstrdup("");
	auto_close int fd = opened;
	if (io_read(fd, line, sizeof(line) - 1, &got) < 0)
		return xstrdup("");
	line[strcspn(line, "\n")] = '\0';
	if (written)
		*written = (usec_t)st.st_mtim.tv_sec * USEC_SECOND +
			   st.st_mtim.tv_nsec / 1000;
	auto_free char *prefix = clean_prefix(name);
	size_t len = strlen(prefix);
	return xstrdup(strncmp(line, prefix, len) != 0 ? line : line + len);
}

static void feed(void *context, const char *line, size_t len)
{
	(void)history_feed(context, line, len); /* a torn line tells nothing */
}

static void close_audit(struct audit **audit)
{
	audit_free(*audit);
}

/* As the next start does: what somebody took out of sending/ leaves its doubts. One that
 * is settled has none, and there may be a day of those. */
static void withdraw_missing(struct history *history, const struct spool *spool)
{
	struct place place;
	const struct past_claim *claim = history_next_claim(history, NULL);
	while (claim) {
		const struct past_claim *next = history_next_claim(history, claim);
		if (!claim->is_settling && !place_find_in(spool, FOLDER_SENDING,
						   claim->stamp, claim->drop, &place))
			history_withdraw(history, claim->stamp);
		claim = next;
	}
}

struct history *past_open(const struct spool *spool)
{
	auto_with(close_audit) struct audit *audit = audit_new(spool);
	auto_with(past_close) struct history *history = history_new();
	if (audit_replay(audit, feed, history) < 0)
		return NULL;
	history_finish(history);
	withdraw_missing(history, spool);
	return take_ptr(history);
}

void past_close(struct history **history)
{
	history_free(*history);
}
