#ifndef GATEWAY_TOOL_WRITER_H
#define GATEWAY_TOOL_WRITER_H
/* SPDX-License-Identifier: MIT
 *
 * writer - JSON within JSON on standard output, printed as it comes
 *
 * For what a listing (print.h) is too flat for. Each value has its field's name, or NULL
 * within an array and at the top. Every object in the outermost array begins a line.
 * Bytes that are no UTF-8 become U+FFFD. A field that is told of an object is told of each
 * of its kind: with null, where it is not known or does not apply.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/times.h"

struct writer {
	unsigned depth;
	bool has_before; /* something stands before in the innermost array or object */
};

/* bracket: '{' or '['; closed by the same. */
void writer_open(struct writer *w, const char *field, char bracket);
void writer_close(struct writer *w, char bracket);
void writer_text(struct writer *w, const char *field, const char *text); /* or null */
void writer_number(struct writer *w, const char *field, int64_t number);
void writer_count(struct writer *w, const char *field, size_t count); /* 0: null */
void writer_bool(struct writer *w, const char *field, bool truth);
void writer_time(struct writer *w, const char *field, usec_t at); /* 0: null */

#endif
