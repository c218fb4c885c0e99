/* SPDX-License-Identifier: MIT */
#include "core/letter.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

enum { LINE_CHARS = 80, SENTENCE_MAX_BYTES = 8192 };

static size_t chars_of(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t at = 0; at < len; count++) {
		size_t step = text_char_len(text + at, len - at);
		at += step ? step : 1;
	}
	return count;
}

/* The words that fit, but one at least. */
static size_t line_len(const char *text, size_t max_chars)
{
	size_t len = strcspn(text, " ");
	size_t chars = chars_of(text, len);

	while (text[len]) {
		size_t word = 1 + strcspn(text + len + 1, " ");
		chars += chars_of(text + len, word);
		if (chars > max_chars)
			break;
		len += word;
	}
	return len;
}

void letter_add(struct buf *out, const struct margin *margin, const char *text)
{
	const char *left = margin->first;

	while (*text) {
		size_t len = line_len(text, LINE_CHARS - strlen(left));
		buf_add_text(out, left);
		buf_add(out, text, len);
		buf_add_char(out, '\n');
		text += len;
		text += *text == ' ';
		left = margin->rest;
	}
}

void letter_say(struct buf *out, const struct margin *margin, const char *format, ...)
{
	va_list args;
	char text[SENTENCE_MAX_BYTES];

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	letter_add(out, margin, text);
}
