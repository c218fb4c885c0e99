#ifndef GATEWAY_BASE_BUF_H
#define GATEWAY_BASE_BUF_H
/* SPDX-License-Identifier: MIT
 *
 * buf - growing bytes with a cap
 *
 * Promises: never holds more than max_bytes; what would go over is dropped and
 * remembered, so that a caller appends freely and asks once, by buf_finish().
 * The bytes are always followed by a NUL that does not count.
 * Ownership: the buffer owns its bytes until buf_take().
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct buf {
	char *bytes;
	size_t len;
	size_t room;
	size_t max_bytes;
	bool overflow;
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_done(struct buf *b);
void buf_clear(struct buf *b);

/* Room for len more bytes at once, as far as max_bytes goes: growing step by step copies,
 * and leaves holes. */
void buf_make_room(struct buf *b, size_t len);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_text(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_add_number(struct buf *b, uint64_t number); /* in decimal */
void buf_add_signed(struct buf *b, int64_t number);
void buf_add_format(struct buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Takes the first len bytes away: what a partial write has disposed of. */
void buf_shift(struct buf *b, size_t len);

/* 0, or -EMSGSIZE if anything was dropped since the last buf_clear(). */
int buf_finish(const struct buf *b);

/* The bytes as a C string; "" when nothing was added. Borrowed until the next change. */
const char *buf_peek(const struct buf *b);

/* Hands the bytes over (to be freed by the caller) and leaves the buffer empty. */
char *buf_take(struct buf *b);

#define auto_buf auto_with(buf_done)

#endif
