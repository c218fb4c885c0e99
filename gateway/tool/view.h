#ifndef GATEWAY_TOOL_VIEW_H
#define GATEWAY_TOOL_VIEW_H
/* SPDX-License-Identifier: MIT
 *
 * view - all about one file: its comments, what became of each, and its history
 *
 * Knows: how file and journal are put side by side, in words and as JSON. Must not know:
 * how the file was found. Order: the caller fills in what it found, opens the view, tells
 * it, and ends it. Ownership: site, judge and story are borrowed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "core/document.h"
#include "tool/place.h"

struct fact;
struct judge;
struct story;
struct tool_site;
struct writer;

/* One claim, or a file without one. */
struct view {
	const struct tool_site *site;
	const struct judge *judge; /* NULL: files cannot be read */
	const struct story *story; /* without facts: the journal knows nothing */
	bool has_file, has_rest;
	struct place file, rest;
	/* What view_open() finds. */
	struct stat st;
	int trouble; /* -errno: the file cannot be read */
	struct reading reading;
	const struct fact **facts; /* by number of the comment */
	size_t fact_count;
	const struct fact **named; /* those that are, by order and comment */
	size_t named_count;
};

void view_open(struct view *v);
void view_print(const struct view *v);
void view_write(const struct view *v, struct writer *w);
void view_done(struct view *v);

#endif
