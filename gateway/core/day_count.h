#ifndef GATEWAY_CORE_DAY_COUNT_H
#define GATEWAY_CORE_DAY_COUNT_H
/* SPDX-License-Identifier: MIT
 *
 * day_count - how many files were filed in sent/ on the latest day that one was
 *
 * Knows: what sent/DAY/NAME says of a day. Must not know: which day it is, and why a file
 * is filed (settling) or was (history).
 * Promises: constant memory and cost. A file of another day begins a new count, also of
 * an earlier one: a clock was set back.
 */
#include <stddef.h>

enum { DAY_COUNT_LEN = sizeof("2026-11-23") - 1 };

struct day_count {
	char day[DAY_COUNT_LEN + 1]; /* "": none so far */
	size_t files;
};

/* to: "sent/DAY", and whatever follows. What lies elsewhere, or NULL, is no file of it. */
void day_count_add(struct day_count *c, const char *to, size_t files);
/* 0, unless that is the day that it has. */
size_t day_count_on(const struct day_count *c, const char *day);

#endif
