/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/words.h"
#include "core/page_parts.h"

enum {
	TEXT_CHARS = 600, /* of one text; more than names and a shop's words have */
	TEXT_MAX_BYTES = 4096,
	TIME_MAX_BYTES = 64,
	DAY_LEN = sizeof("2026-11-23") - 1,
	CLOCK_LEN = sizeof("11:15:30") - 1,
	SECONDS_LEN = sizeof(":30") - 1,
};

static const char *entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void page_add_text(struct buf *out, const char *text)
{
	auto_buf struct buf clean = {.max_bytes = TEXT_MAX_BYTES};
	text_add_clean(&clean, text, strlen(text), TEXT_CHARS);
	for (const char *c = buf_peek(&clean); *c; c++) {
		const char *entity = entity_of(*c);
		if (entity)
			buf_add_text(out, entity);
		else
			buf_add_char(out, *c);
	}
}

void page_say(struct buf *out, const char *format, ...)
{
	va_list args;
	char text[TEXT_MAX_BYTES];

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	page_add_text(out, text);
}

void page_add_element(struct buf *out, const char *tag, const char *text)
{
	buf_add_format(out, "<%s>", tag);
	page_add_text(out, text);
	buf_add_format(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

void page_add_time(struct buf *out, usec_t at, usec_t now)
{
	auto_buf struct buf local = {.max_bytes = TIME_MAX_BYTES};
	auto_buf struct buf today = {.max_bytes = TIME_MAX_BYTES};
	times_add_local(&local, at);
	times_add_local_day(&today, now);
	const char *text = buf_peek(&local);
	buf_add_text(out, "<time datetime=\"");
	times_add_utc(out, at - at % USEC_SECOND);
	buf_add_text(out, "\">");
	if (!strncmp(text, buf_peek(&today), DAY_LEN))
		buf_add(out, text + DAY_LEN + 1, CLOCK_LEN);
	else
		buf_add(out, text, DAY_LEN + 1 + CLOCK_LEN - SECONDS_LEN);
	buf_add_text(out, "</time>");
}

void page_add_span(struct buf *out, int64_t seconds)
{
	unsigned long minutes = (unsigned long)seconds / 60;
	unsigned long hours = minutes / 60;
	unsigned long days = hours / 24;

	if (days > 1)
		page_say(out, words_count("%lu day", "%lu days", days), days);
	else if (hours > 1)
		page_say(out, words_count("%lu hour", "%lu hours", hours), hours);
	else if (minutes)
		page_say(out, words_count("%lu minute", "%lu minutes", minutes), minutes);
	else
		page_say(out, "%s", _("less than a minute"));
}
