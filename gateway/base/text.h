#ifndef GATEWAY_BASE_TEXT_H
#define GATEWAY_BASE_TEXT_H
/* SPDX-License-Identifier: MIT
 *
 * text - foreign bytes made fit to be shown
 *
 * Knows: UTF-8 (RFC 3629), and which characters may change what a terminal, a log line
 * or a JSON reader makes of a text.
 * Promises: the output is valid UTF-8 whatever the input was. Nothing here loses bytes
 * that matter: these are for eyes and records, never for what is sent.
 */
#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Bytes of the well-formed UTF-8 character at text, or 0 if there is none. */
size_t text_char_len(const char *text, size_t len);

/* True for what must not reach a terminal: C0, DEL, C1, bidi and line controls. */
bool text_is_control(const char *text, size_t char_len);

/* One line of clean text: controls and broken bytes become '?'; cut after max_chars
 * characters with an ellipsis. */
void text_add_clean(struct buf *b, const char *text, size_t len, size_t max_chars);

/* A JSON string with its quotes (RFC 8259); broken bytes become U+FFFD. */
void text_add_json(struct buf *b, const char *text, size_t len);

/* Number of characters of well-formed UTF-8. */
size_t text_count(const char *text);

#endif
