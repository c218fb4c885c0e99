/* SPDX-License-Identifier: MIT */
#include "tool/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

/* A character takes six bytes at most. */
static void print_text(const char *text)
{
	size_t len = strlen(text);
	auto_buf struct buf out = {.max_bytes = 6 * len + 2};
	text_add_json(&out, text, len);
	fwrite(buf_peek(&out), 1, out.len, stdout);
}

static void begin(struct writer *w, const char *field)
{
	if (w->has_before)
		putchar(',');
	if (w->depth == 1)
		putchar('\n');
	w->has_before = true;
	if (!field)
		return;
	print_text(field);
	putchar(':');
}

void writer_open(struct writer *w, const char *field, char bracket)
{
	begin(w, field);
	putchar(bracket);
	w->depth++;
	w->has_before = false;
}

void writer_close(struct writer *w, char bracket)
{
	if (w->depth == 1 && w->has_before)
		putchar('\n');
	putchar(bracket == '{' ? '}' : ']');
	w->has_before = true;
	if (--w->depth == 0)
		putchar('\n');
}

void writer_text(struct writer *w, const char *field, const char *text)
{
	begin(w, field);
	if (text)
		print_text(text);
	else
		fputs("null", stdout);
}

void writer_number(struct writer *w, const char *field, int64_t number)
{
	begin(w, field);
	printf("%" PRId64, number);
}

void writer_count(struct writer *w, const char *field, size_t count)
{
	if (count)
		writer_number(w, field, (int64_t)count);
	else
		writer_text(w, field, NULL);
}

void writer_bool(struct writer *w, const char *field, bool truth)
{
	begin(w, field);
	fputs(truth ? "true" : "false", stdout);
}

void writer_time(struct writer *w, const char *field, usec_t at)
{
	auto_buf struct buf text = {.max_bytes = 64};
	if (at)
		times_add_utc(&text, at);
	writer_text(w, field, at ? buf_peek(&text) : NULL);
}
