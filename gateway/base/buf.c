/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){.max_bytes = max_bytes};
}

void buf_done(struct buf *b)
{
	free(b->bytes);
	*b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->overflow = false;
	if (b->bytes)
		b->bytes[0] = '\0';
}

/* Of most that is written the first lines grow to this at least; each doubling on the way
 * costs more than the writing. */
enum { FIRST_ROOM = 128 };

/* Room for len more bytes and the NUL, or false and a mark that some are missing. */
static bool buf_reserve(struct buf *b, size_t len)
{
	if (len > b->max_bytes - b->len) {
		b->overflow = true;
		return false;
	}
	size_t need = b->len + len + 1;
	if (need > b->room)
		b->bytes = xgrow(
			b->bytes, &b->room, need < FIRST_ROOM ? FIRST_ROOM : need, 1);
	return true;
}

void buf_make_room(struct buf *b, size_t len)
{
	size_t most = b->max_bytes - b->len;
	(void)buf_reserve(b, len < most ? len : most);
	b->bytes[b->len] = '\0';
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (!buf_reserve(b, len))
		return;
	if (len)
		memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
	b->bytes[b->len] = '\0';
}

void buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_add_char(struct buf *b, char c)
{
	if (!buf_reserve(b, 1))
		return;
	b->bytes[b->len++] = c;
	b->bytes[b->len] = '\0';
}

void buf_add_number(struct buf *b, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_add_signed(struct buf *b, int64_t number)
{
	if (number < 0)
		buf_add_char(b, '-');
	buf_add_number(b, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

void buf_add_format(struct buf *b, const char *format, ...)
{
	va_list args;
	auto_free char *text = NULL;

	va_start(args, format);
	int len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		abort(); /* formats are ours, so only memory can be missing */
	buf_add(b, text, (size_t)len);
}

void buf_shift(struct buf *b, size_t len)
{
	assert(len <= b->len);
	if (!len)
		return;
	b->len -= len;
	memmove(b->bytes, b->bytes + len, b->len + 1);
}

int buf_finish(const struct buf *b)
{
	return b->overflow ? -EMSGSIZE : 0;
}

const char *buf_peek(const struct buf *b)
{
	return b->bytes ? b->bytes : "";
}

char *buf_take(struct buf *b)
{
	char *bytes = b->bytes ? b->bytes : xstrdup("");
	*b = (struct buf){.max_bytes = b->max_bytes};
	return bytes;
}
