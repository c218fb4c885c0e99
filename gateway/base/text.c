/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

/* What the lead byte promises: how many bytes, and the first value that needs so many. */
static size_t promised_len(unsigned char lead, uint32_t *bits, uint32_t *least)
{
	if (lead >= 0xC2 && lead <= 0xDF) {
		*bits = lead & 0x1FU;
		*least = 0x80;
		return 2;
	}
	if (lead >= 0xE0 && lead <= 0xEF) {
		*bits = lead & 0x0FU;
		*least = 0x800;
		return 3;
	}
	if (lead >= 0xF0 && lead <= 0xF4) {
		*bits = lead & 0x07U;
		*least = 0x10000;
		return 4;
	}
	return 0;
}

/* Reads one character; returns its length in bytes, or 0 if it is not well-formed. */
static size_t decode(const char *text, size_t len, uint32_t *point)
{
	if (!len)
		return 0;
	unsigned char lead = (unsigned char)text[0];
	if (lead < 0x80) {
		*point = lead;
		return 1;
	}

	uint32_t value = 0;
	uint32_t least = 0;
	size_t need = promised_len(lead, &value, &least);
	if (!need || need > len)
		return 0;
	for (size_t i = 1; i < need; i++) {
		unsigned char next = (unsigned char)text[i];
		if ((next & 0xC0U) != 0x80)
			return 0;
		value = value << 6 | (next & 0x3FU);
	}
	if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
		return 0;
	*point = value;
	return need;
}

static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0x061C ||
	       (point >= 0x200E && point <= 0x200F) ||
	       (point >= 0x2028 && point <= 0x202E) ||
	       (point >= 0x2066 && point <= 0x2069) || point == 0xFEFF;
}

size_t text_char_len(const char *text, size_t len)
{
	uint32_t point = 0;
	return decode(text, len, &point);
}

bool text_is_control(const char *text, size_t char_len)
{
	uint32_t point = 0;
	return decode(text, char_len, &point) && is_control(point);
}

/* x: visible ASCII and the space, but the two that JSON escapes */
static const char plain[256] = "--------------------------------"
			       "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			       "xxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxx"
			       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-";

/* Bytes from here on that need no look at them: most of what is written is ASCII. */
static size_t plain_run(const char *text, size_t len)
{
	size_t run = 0;
	while (run < len && plain[(unsigned char)text[run]] == 'x')
		run++;
	return run;
}

void text_add_clean(struct buf *b, const char *text, size_t len, size_t max_chars)
{
	for (size_t at = 0; at < len;) {
		size_t rest = len - at < max_chars ? len - at : max_chars;
		size_t run = plain_run(text + at, rest);
		buf_add(b, text + at, run);
		at += run;
		max_chars -= run;
		if (at == len)
			return;
		if (!max_chars--) {
			buf_add_text(b, "…");
			return;
		}
		uint32_t point = 0;
		size_t step = decode(text + at, len - at, &point);
		if (!step || is_control(point))
			buf_add_char(b, '?');
		else
			buf_add(b, text + at, step);
		at += step ? step : 1;
	}
}

static void add_json_char(struct buf *b, const char *text, size_t step, uint32_t point)
{
	if (point == '"' || point == '\\') {
		buf_add_char(b, '\\');
		buf_add_char(b, (char)point);
	} else if (is_control(point)) {
		buf_add_format(b, "\\u%04x", point);
	} else {
		buf_add(b, text, step);
	}
}

void text_add_json(struct buf *b, const char *text, size_t len)
{
	buf_add_char(b, '"');
	for (size_t at = 0; at < len;) {
		size_t run = plain_run(text + at, len - at);
		buf_add(b, text + at, run);
		at += run;
		if (at == len)
			break;
		uint32_t point = 0xFFFD;
		size_t step = decode(text + at, len - at, &point);
		if (step)
			add_json_char(b, text + at, step, point);
		else
			buf_add_text(b, "\xEF\xBF\xBD");
		at += step ? step : 1;
	}
	buf_add_char(b, '"');
}

size_t text_count(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += ((unsigned char)*text & 0xC0U) != 0x80;
	return count;
}
