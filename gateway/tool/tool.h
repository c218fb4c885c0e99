#ifndef GATEWAY_TOOL_TOOL_H
#define GATEWAY_TOOL_TOOL_H
/* SPDX-License-Identifier: MIT
 *
 * tool - what every command of opensi-spool is given
 *
 * Knows: the options that were asked for, the sites, the names on the command line.
 * Must not know: any command. Commands look at spools by system/spool.h and at the
 * journal by core/record.h, as the gateway does, and race with a running gateway by
 * rename alone: what is gone when they come to it has moved, and they say so.
 *
 * Exit status: 0; 1 not found, or failed for some; EX_USAGE, EX_CANTCREAT, EX_CONFIG.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/times.h"
#include "system/config.h"
#include "system/spool.h"

struct buf;

struct tool_options {
	const char *config;
	const char *site; /* NULL: all of them */
	const char *order, *comment;
	const char *older_than;
	const char *warning, *critical;
	bool json;
	bool watch;
	bool check;
	bool all;
	bool yes;
	bool null; /* names that list and find write, and - reads, end in a NUL */
	bool help, version;
};

/* A site that was asked for, with its folders open. */
struct tool_site {
	const struct site_config *config;
	struct spool *spool; /* not locked; folders are not made */
};

struct tool {
	struct tool_options options;
	char **names; /* the arguments that are left */
	size_t name_count;
	struct config *configuration; /* NULL: there is none, and none is needed */
	struct tool_site *sites;
	size_t site_count;
};

/* The next name: of the arguments, or of standard input where that is "-". NULL: no more,
 * or *status is not 0. Borrowed until the next call; start with *at = 0. */
const char *tool_next_name(struct tool *tool, size_t *at, int *status);

/* "opensi-spool: " and the sentence on standard error. */
void tool_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The sentence that came last, for whoever does not see standard error; or "". */
const char *tool_last_complaint(void);

/* An age as the options have it: with a unit always. False: it is none. */
bool tool_read_age(const char *text, msec_t *age);

/* Says who may read what was refused to us: a file or a folder, or what it lies in. */
void tool_say_unreadable(const char *path);

/* The usual words about one name that is not where it was looked for: where it is now, if
 * it is in another folder of a site. */
void tool_add_moved(const struct tool *tool, const char *name, struct buf *out);

#endif
