#ifndef GATEWAY_SYSTEM_COMPLAINT_H
#define GATEWAY_SYSTEM_COMPLAINT_H
/* SPDX-License-Identifier: MIT
 *
 * complaint - everything that is wrong with a file, gathered and told at once
 *
 * Promises: told in the order of lines, each once, the first fifty with a count of the
 * rest. Line 0 is the file as a whole.
 */
#include <stdbool.h>
#include <stddef.h>

struct buf;

enum { COMPLAINTS_TOLD = 50 };

struct complaint {
	unsigned line;
	char *text;
};

struct complaints {
	struct complaint *list;
	size_t count;
	size_t room;
};

/* The text is one line: foreign parts of it were cleaned by the caller. */
void complaints_add(struct complaints *c, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A line each: "PATH:LINE: text" */
void complaints_tell(struct complaints *c, const char *path, struct buf *out);
void complaints_done(struct complaints *c);

#endif
